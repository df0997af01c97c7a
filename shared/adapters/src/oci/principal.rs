//! Who the function is to Oracle Cloud.

use std::sync::Arc;

use async_trait::async_trait;
use causeway_cloud::{Principal, PrincipalCheck};
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::{AuthReport, Chain, Effects, Error, Link, Outcome, REPORT_LIMIT, report};
use serde_json::Value;

/// The credentials that the environment describes; see [`Chain`]. Nothing is read or sent before the first
/// check.
#[derive(Debug, Clone)]
pub struct Identity {
    effects: Effects,
    chain: Arc<Chain>,
    endpoints: Endpoints,
}

impl Identity {
    /// The identity that these effects describe.
    ///
    /// # Errors
    /// [`Error::BadVariable`] for a variable that cannot be used.
    pub fn new(effects: Effects) -> Result<Self, Error> {
        let endpoints = Endpoints::new(effects.clone())?;
        let chain = Chain::from_environment(effects.clone())?.with_endpoints(endpoints.clone());
        Ok(Self::of(effects, Arc::new(chain), endpoints))
    }

    /// The identity behind credentials that others use too.
    pub(super) fn of(effects: Effects, chain: Arc<Chain>, endpoints: Endpoints) -> Self {
        Self { effects, chain, endpoints }
    }
}

#[async_trait]
impl Principal for Identity {
    async fn check(&self) -> PrincipalCheck {
        outcome(&report(&self.effects, &self.chain, &self.endpoints, REPORT_LIMIT).await)
    }
}

/// Nothing configured, or credentials switched off, is no failure: such a deployment signs nothing. A chain without
/// links was not looked at to its end, so nobody knows.
fn outcome(report: &AuthReport) -> PrincipalCheck {
    let is_absent = |link: &Link| link.provider == "none" || matches!(link.outcome, Outcome::NotConfigured(_));
    let detail = serde_json::to_value(report).unwrap_or(Value::Null);
    if !report.ok && !report.chain.is_empty() && report.chain.iter().all(is_absent) {
        return PrincipalCheck::NotUsed { detail };
    }
    match &report.error {
        None => PrincipalCheck::Works { principal: report.provider.unwrap_or_default().to_owned(), detail },
        Some(error) => PrincipalCheck::Fails { reason: error.clone(), detail },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    async fn check(variables: &[(&str, &str)]) -> PrincipalCheck {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = Arc::new(pairs.collect::<HashMap<_, _>>());
        let identity = Identity::new(Effects { environment, ..Effects::default() });
        identity.unwrap_or_else(|error| panic!("{error}")).check().await
    }

    #[tokio::test]
    async fn a_deployment_without_credentials_uses_none() {
        for (variables, links) in [(&[][..], 5), (&[("CAUSEWAY_OCI_AUTH", "none")][..], 1)] {
            let PrincipalCheck::NotUsed { detail } = check(variables).await else { panic!("used: {variables:?}") };
            assert_eq!(detail["chain"].as_array().map(Vec::len), Some(links), "{detail}");
        }
    }

    #[tokio::test]
    async fn a_look_that_did_not_end_is_a_failure() {
        let effects = Effects::default();
        let chain = Chain::from_environment(effects.clone()).unwrap_or_else(|error| panic!("{error}"));
        let endpoints = Endpoints::new(effects.clone()).unwrap_or_else(|error| panic!("{error}"));
        let mut found = report(&effects, &chain, &endpoints, REPORT_LIMIT).await;
        found.chain.clear();
        let PrincipalCheck::Fails { reason, .. } = outcome(&found) else { panic!("no failure") };
        assert!(reason.starts_with("no credentials"), "{reason}");
    }

    #[tokio::test]
    async fn a_broken_resource_principal_is_a_failure_with_its_reason() {
        let version = ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2");
        let PrincipalCheck::Fails { reason, detail } = check(&[version]).await else { panic!("no failure") };
        assert_eq!(reason, "OCI_RESOURCE_PRINCIPAL_RPST is not set");
        assert_eq!(detail["chain"][0]["outcome"], "failed", "{detail}");
    }
}

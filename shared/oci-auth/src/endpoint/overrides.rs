//! Endpoints from variables.

use std::collections::BTreeMap;

use super::{Service, origin};
use crate::{Effects, Error};

const ALL: &str = "CAUSEWAY_OCI_ENDPOINT";
/// The Go SDK's name for the endpoint of federation.
const GO_AUTH: &str = "OCI_SDK_AUTH_CLIENT_REGION_URL";
/// The CLI's name for the same; its value has the path of the call.
const CLI_AUTH: &str = "OCI_CLI_FEDERATION_ENDPOINT";
const CLI: &str = "OCI_CLI_ENDPOINT";

/// What overrides the endpoint of each service.
#[derive(Debug, Clone, Default)]
pub(super) struct Overrides {
    one: BTreeMap<Service, String>,
    all: Option<String>,
    auth: Option<String>,
    others: Option<String>,
}

impl Overrides {
    pub(super) fn read(effects: &Effects) -> Result<Self, Error> {
        let mut one = BTreeMap::new();
        for service in Service::ALL {
            let name = format!("{ALL}_{}", service.name().to_ascii_uppercase());
            if let Some(origin) = read(effects, &name, |text| text)? {
                one.insert(service, origin);
            }
        }
        let go = read(effects, GO_AUTH, |text| text)?;
        let cli = read(effects, CLI_AUTH, |text| text.trim_end_matches('/').trim_end_matches("/v1/x509"))?;
        let all = read(effects, ALL, |text| text)?;
        Ok(Self { one, all, auth: go.or(cli), others: read(effects, CLI, without_version)? })
    }

    pub(super) fn of(&self, service: Service) -> Option<&str> {
        let rest = if service == Service::Auth { &self.auth } else { &self.others };
        let one = self.one.get(&service).or(self.all.as_ref()).or(rest.as_ref());
        one.map(String::as_str)
    }
}

/// A variable's endpoint after `cut` took off what is no part of it. Set to nothing counts as not set.
fn read(effects: &Effects, name: &str, cut: fn(&str) -> &str) -> Result<Option<String>, Error> {
    let text = effects.text(name)?.unwrap_or_default();
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let named = |error| match error {
        Error::BadEndpoint { endpoint, reason } => {
            Error::BadVariable { name: name.to_owned(), reason: format!("endpoint {endpoint:?}: {reason}") }
        }
        other => other,
    };
    origin(cut(text)).map(Some).map_err(named)
}

/// The CLI wants the API version at the end of its endpoint.
fn without_version(text: &str) -> &str {
    let text = text.trim_end_matches('/');
    let is_version = |last: &str| last.len() == 8 && last.bytes().all(|byte| byte.is_ascii_digit());
    text.rsplit_once('/').filter(|(_, last)| is_version(last)).map_or(text, |(origin, _)| origin)
}

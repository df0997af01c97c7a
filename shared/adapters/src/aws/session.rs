//! Region and credentials of AWS, found at the first call.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use causeway_cloud::{Invoker, Metrics, Notifier, Objects, Secrets, Usage};
use causeway_oci_auth::Effects;
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use tokio::sync::OnceCell;

use super::call::Tries;
use super::chat::Model;
use super::http_client;
use super::invoker::Functions;
use super::metrics::CloudWatch;
use super::notifier::Topic;
use super::objects::Bucket;
use super::secrets::Vault;
use super::usage::CostExplorer;
use crate::chat::Wire;

/// What the clients of all services have in common. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    network: Option<reqwest::Client>,
    has_own_endpoint: bool,
    config: OnceCell<SdkConfig>,
}

impl Session {
    /// Region and credentials as the SDK finds them (variables, profile, container, instance), looked for at the
    /// first call. `has_own_endpoint` says that `AWS_ENDPOINT_URL` or its like names another server than Amazon's.
    #[must_use]
    pub fn of_process(network: reqwest::Client, has_own_endpoint: bool) -> Self {
        Self { inner: Arc::new(Inner { network: Some(network), has_own_endpoint, config: OnceCell::new() }) }
    }

    /// A configuration that is complete.
    #[must_use]
    pub fn of(config: SdkConfig) -> Self {
        let has_own_endpoint = config.endpoint_url().is_some();
        Self { inner: Arc::new(Inner { network: None, has_own_endpoint, config: OnceCell::new_with(Some(config)) }) }
    }

    /// Whether another server than Amazon's plays AWS.
    pub(crate) fn has_own_endpoint(&self) -> bool {
        self.inner.has_own_endpoint
    }

    /// The configuration of every client.
    pub(crate) async fn config(&self) -> &SdkConfig {
        let loaded = self.inner.config.get_or_init(async || {
            let loader = aws_config::defaults(BehaviorVersion::latest());
            match &self.inner.network {
                Some(network) => loader.http_client(http_client(network.clone())).load().await,
                None => loader.load().await,
            }
        });
        loaded.await
    }

    /// The configuration, as far as it comes within the time of a call.
    ///
    /// # Errors
    /// [`Kind::Timeout`], and [`Kind::NotConfigured`] without a region. Nothing was sent to the service.
    pub(super) async fn ready(&self, tries: &Tries) -> Result<&SdkConfig, ServiceFailure> {
        let operation = tries.operation();
        let config = match tries.deadline().moment() {
            Some(moment) => tokio::time::timeout_at(moment.into(), self.config()).await,
            None => Ok(self.config().await),
        };
        let config =
            config.map_err(|_| operation.fails(Kind::Timeout, "region and credentials were not found in time"))?;
        let missing = || ServiceFailure::not_configured(operation.service, "no region: set AWS_REGION");
        config.region().map(|_| config).ok_or_else(missing)
    }
}

/// All ports on AWS.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    session: Session,
}

impl Aws {
    /// Nothing is read or sent before the first call.
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    pub(crate) fn bucket(&self, name: &str) -> Objects {
        Arc::new(Bucket::of_session(self.session.clone(), name))
    }

    pub(crate) fn metrics(&self) -> Arc<dyn Metrics> {
        Arc::new(CloudWatch::new(self.session.clone()))
    }

    pub(crate) fn usage(&self) -> Arc<dyn Usage> {
        Arc::new(CostExplorer::new(self.session.clone()))
    }

    /// `None` when `arn` is none of a topic.
    pub(crate) fn notifier(&self, arn: String) -> Option<Arc<dyn Notifier>> {
        Some(Arc::new(Topic::new(self.session.clone(), arn)?))
    }

    pub(crate) fn invoker(&self, prefix: String) -> Arc<dyn Invoker> {
        Arc::new(Functions::new(self.session.clone(), prefix))
    }

    /// A model of Bedrock. Its requests do not go through the SDK, so they need a network of their own.
    pub(crate) fn model(
        &self,
        effects: Effects,
        name: String,
        region: Option<String>,
        endpoint: Option<String>,
    ) -> Box<dyn Wire> {
        Box::new(Model::new(effects, self.session.clone(), name, region, endpoint))
    }

    pub(crate) fn secrets(&self) -> Arc<dyn Secrets> {
        Arc::new(Vault::new(self.session.clone()))
    }
}

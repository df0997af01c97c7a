//! Region and credentials of AWS, found at the first call.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use causeway_cloud::Objects;
use tokio::sync::OnceCell;

use super::http_client;
use super::objects::Bucket;

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
}

/// All ports on AWS.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    session: Session,
}

impl Aws {
    /// Nothing is read or sent before the first call.
    pub(crate) fn new(network: reqwest::Client, has_own_endpoint: bool) -> Self {
        Self { session: Session::of_process(network, has_own_endpoint) }
    }

    pub(crate) fn bucket(&self, name: &str) -> Objects {
        Arc::new(Bucket::of_session(self.session.clone(), name))
    }
}

//! Oracle Cloud.

mod chat;
mod fleet;
mod invoker;
mod metrics;
mod notifier;
mod openai;
mod principal;
mod results_ords;
mod results_retention;
mod secrets;
mod usage;
mod vantage;

use std::sync::Arc;
use std::time::Instant;

use causeway_cloud::{Fleet, Invoker, Metrics, Notifier, Objects, Problem, Secrets, Usage, Vantage};
use causeway_oci_auth::effects::HttpClient;
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::{Chain, Effects, Provider};
use causeway_oci_client::Client;
use causeway_oci_client::generative_ai::ApiFormat;
use causeway_oci_client::object_storage::ObjectStorage;
use causeway_oci_client::store::Bucket;
use causeway_resilience::retry::Policy;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

use crate::chat::{Key, Watch, Wire};

pub use principal::Identity;
pub(crate) use results_ords::Ords;

/// One principal and one client for all ports.
#[derive(Debug, Clone)]
pub(crate) struct Oci {
    identity: Identity,
    client: Client,
    provider: Arc<Chain>,
    compartment: Option<String>,
    namespace: Option<String>,
    effects: Effects,
    endpoints: Endpoints,
    network: HttpClient,
}

impl Oci {
    /// Nothing is read or sent before the first call.
    pub(crate) fn new(
        effects: Effects,
        network: &HttpClient,
        compartment: Option<String>,
        namespace: Option<String>,
    ) -> Result<Self, Problem> {
        let endpoints = Endpoints::new(effects.clone())?;
        let provider = Arc::new(Chain::from_environment(effects.clone())?.with_endpoints(endpoints.clone()));
        let transport = Arc::new(network.services());
        let identity = Identity::of(effects.clone(), Arc::clone(&provider), endpoints.clone());
        let credentials = Arc::clone(&provider) as Arc<dyn Provider>;
        let client = Client::new(effects.clone(), credentials, endpoints.clone(), transport);
        let network = network.clone();
        Ok(Self { identity, client, provider, compartment, namespace, effects, endpoints, network })
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    pub(crate) fn bucket(&self, name: &str) -> Objects {
        Arc::new(Bucket::new(self.storage(&self.client), name))
    }

    /// A bucket with other rules of retrying.
    pub(crate) fn bucket_with(&self, name: &str, policy: Policy) -> Objects {
        Arc::new(Bucket::new(self.storage(&self.client.with_policy(policy)), name))
    }

    pub(crate) fn metrics(&self) -> Arc<dyn Metrics> {
        Arc::new(self.clone())
    }

    pub(crate) fn fleet(&self) -> Arc<dyn Fleet> {
        Arc::new(self.clone())
    }

    pub(crate) fn usage(&self) -> Arc<dyn Usage> {
        Arc::new(self.clone())
    }

    pub(crate) fn vantage(&self) -> Arc<dyn Vantage> {
        Arc::new(self.clone())
    }

    pub(crate) fn secrets(&self) -> Arc<dyn Secrets> {
        Arc::new(self.clone())
    }

    pub(crate) fn notifier(&self, topic: String) -> Arc<dyn Notifier> {
        Arc::new(notifier::Topic::new(self.client.clone(), topic))
    }

    pub(crate) fn model(&self, name: &str, format: Option<ApiFormat>) -> Box<dyn Wire> {
        Box::new(chat::Model::new(self.clone(), name, format))
    }

    pub(crate) fn openai_model(&self, name: String, path: String, key: Option<Key>) -> Box<dyn Wire> {
        Box::new(openai::OpenAiModel::new(self.clone(), name, path, key))
    }

    pub(crate) fn invoker(&self, application: Option<String>) -> Arc<dyn Invoker> {
        Arc::new(invoker::Functions::new(self.clone(), application))
    }

    /// The client for calls that end with the deadline. Nothing begins after it: what is sent then and not waited for
    /// would have an unknown fate.
    fn until(&self, deadline: Deadline, service: &str) -> Result<Client, ServiceFailure> {
        in_time(deadline, service)?;
        Ok(self.client.until(deadline))
    }

    /// Object Storage in the namespace that is set, or that of the tenancy.
    fn storage(&self, client: &Client) -> ObjectStorage {
        let storage = client.object_storage();
        match &self.namespace {
            Some(namespace) => storage.in_namespace(namespace),
            None => storage,
        }
    }

    /// A client over a network that is watched, for calls whose tries are counted elsewhere: each is made once.
    fn watched(&self, watch: Arc<Watch>, deadline: Deadline) -> Client {
        let effects = Effects { http: watch, ..self.effects.clone() };
        let credentials = Arc::clone(&self.provider) as Arc<dyn Provider>;
        let client = Client::new(effects, credentials, self.endpoints.clone(), Arc::new(self.network.services()));
        client.with_policy(Policy::never()).until(deadline)
    }

    /// The compartment that is named, or that is set, or that of the principal.
    async fn compartment(
        &self,
        named: Option<&str>,
        deadline: Deadline,
        service: &str,
    ) -> Result<String, ServiceFailure> {
        if let Some(compartment) = named.or(self.compartment.as_deref()) {
            return Ok(compartment.to_owned());
        }
        let snapshot = self.snapshot(deadline, service).await?;
        let reason = "no compartment: set CAUSEWAY_COMPARTMENT";
        snapshot.compartment.clone().ok_or_else(|| ServiceFailure::not_configured(service, reason))
    }

    /// The tenancy of the principal.
    async fn tenancy(&self, deadline: Deadline, service: &str) -> Result<String, ServiceFailure> {
        let snapshot = self.snapshot(deadline, service).await?;
        let reason = "the principal does not say its tenancy";
        snapshot.tenancy.clone().ok_or_else(|| ServiceFailure::not_configured(service, reason))
    }

    async fn snapshot(
        &self,
        deadline: Deadline,
        service: &str,
    ) -> Result<Arc<causeway_oci_auth::Snapshot>, ServiceFailure> {
        let failed = |kind: Kind, reason: String| ServiceFailure::new(kind, service, "credentials", reason);
        let snapshot = match deadline.moment() {
            Some(moment) => tokio::time::timeout_at(moment.into(), self.provider.snapshot()).await,
            None => Ok(self.provider.snapshot().await),
        };
        let snapshot = snapshot.map_err(|_| failed(Kind::Timeout, "they did not come in time".to_owned()))?;
        snapshot.map_err(|error| failed(Kind::Unauthenticated, error.to_string()))
    }
}

fn in_time(deadline: Deadline, service: &str) -> Result<(), ServiceFailure> {
    if !deadline.is_over(Instant::now()) {
        return Ok(());
    }
    Err(ServiceFailure::new(Kind::Timeout, service, "begin", "no time was left"))
}

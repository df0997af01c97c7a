//! What the tables of a bucket or folder say about money, work and customers.
//!
//! Trigger: a direct or HTTP call with a [`Request`], the event of a written object, which analyses that object, or
//! a schedule, which analyses everything. The request may hold or name a result of the discovery agent; without one
//! the first rows of each object are looked at. Needs read access to the objects and nothing else; it writes
//! nothing, so a repeated delivery does no harm. A figure that cannot be computed is `null` with its reason
//! (`partial`), and what the time does not allow is deferred; only a request that cannot be served at all is an
//! error. The rules are in `causeway-decisioning`.

use std::sync::Arc;

use causeway_cloud::{Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_decisioning::intelligence::{Answer, Limits, METRICS, Request, analyse};
use causeway_runtime::{AuthCheck, Context, Error, Event, Handler};
use jiff::Timestamp;
use serde_json::{Value, json};

mod config;

pub use config::Config;

/// The intelligence agent over one bucket.
pub struct IntelligenceAgent {
    objects: Objects,
    principal: Arc<dyn Principal>,
    default_source: Option<String>,
    limits: Limits,
}

impl IntelligenceAgent {
    /// An agent over the given objects, which acts as `principal`.
    #[must_use]
    pub fn new(objects: Objects, principal: Arc<dyn Principal>, config: Config) -> Self {
        Self { objects, principal, default_source: config.prefix, limits: config.limits }
    }

    /// Takes the deployment's bucket, or the directory that stands in for it.
    ///
    /// # Errors
    ///
    /// There is neither, or the directory cannot be opened.
    pub fn connect(config: Config, ports: &dyn Ports) -> Result<Self, Problem> {
        Ok(Self::new(ports.objects()?, ports.principal()?, config))
    }

    /// Sources of the request, else the configured prefix, else everything. A catalogue names its own objects.
    fn with_default_source(&self, mut request: Request) -> Request {
        if request.data_sources.is_empty() && request.catalogue.is_none() {
            request.data_sources.extend(self.default_source.clone());
        }
        request
    }
}

impl Handler for IntelligenceAgent {
    const NAME: &'static str = "intelligence-agent";
    const ABOUT: &'static str = "Computes what tables say about money, work and customers, with source and formula.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, request: Request, context: &Context) -> Result<Answer, Error> {
        let request = self.with_default_source(request);
        let now = Timestamp::now();
        let deadline = context.budget.remaining().and_then(|left| now.checked_add(left).ok());
        let analysed = analyse(&self.objects, &request, &self.limits, &Timestamp::now, deadline).await;
        analysed.map_err(|wrong| Error::invalid_request(wrong.message).at(wrong.path))
    }

    /// An object that was written is analysed by itself, in our bucket: the one that the event names is not compared
    /// with it, as a local directory, which has no name, can stand in for it.
    fn request_of_event(&self, event: Event) -> Result<Request, Error> {
        let Some(object) = event.object else {
            let text = format!("events of type {} name no object to analyse", event.event_type);
            return Err(Error::client(422, "unsupported_event", text));
        };
        if is_deletion(&event.event_type) {
            let text = format!("the object is gone: events of type {} cannot be served", event.event_type);
            return Err(Error::client(422, "object_deleted", text));
        }
        Ok(Request { data_sources: vec![object.key], ..Request::default() })
    }

    async fn check_auth(&self) -> AuthCheck {
        match self.principal.check().await {
            PrincipalCheck::NotUsed { detail } => AuthCheck::NotUsed { detail },
            PrincipalCheck::Works { principal, detail } => AuthCheck::Ok { principal, detail },
            PrincipalCheck::Fails { reason, detail } => AuthCheck::Failed { reason, detail },
        }
    }

    fn capabilities(&self) -> Value {
        json!({
            "figures": METRICS.iter().map(|definition| definition.metric).collect::<Vec<_>>(),
            "inputs": ["catalogue"],
            "limits": self.limits,
        })
    }
}

/// `ObjectRemoved:Delete`, `Object Deleted`, `LifecycleExpiration:Delete` and
/// `com.oraclecloud.objectstorage.deleteobject` all tell of objects that are not there any more.
fn is_deletion(event_type: &str) -> bool {
    let event_type = event_type.to_ascii_lowercase();
    event_type.contains("delete") || event_type.contains("objectremoved")
}

#[cfg(test)]
mod tests;

//! Profiles the tables of a bucket or folder: columns, quality, keys, links and personal data.
//!
//! Trigger: a direct or HTTP call with a [`Request`], the event of a written object, which surveys that
//! object, or a schedule, which surveys everything. Needs read access to the objects and nothing else; it
//! writes nothing, so a repeated delivery does no harm. What cannot be read is flagged in the result, and what
//! the time does not allow is deferred (`partial`); only a request that cannot be served at all is an error.
//! The rules are in `causeway-decisioning`.

use std::sync::Arc;

use causeway_cloud::{Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_decisioning::discovery::{Answer, Limits, Request, survey};
use causeway_runtime::{AuthCheck, Context, Error, Event, Handler};
use jiff::Timestamp;
use serde_json::{Value, json};

mod config;

pub use config::Config;

/// The discovery agent over one bucket.
pub struct DiscoveryAgent {
    objects: Objects,
    principal: Arc<dyn Principal>,
    default_source: Option<String>,
    limits: Limits,
}

impl DiscoveryAgent {
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

    /// Sources of the request, else the configured prefix, else everything.
    fn with_default_source(&self, mut request: Request) -> Request {
        if request.data_sources.is_empty() {
            request.data_sources.extend(self.default_source.clone());
        }
        request
    }
}

impl Handler for DiscoveryAgent {
    const NAME: &'static str = "discovery-agent";
    const ABOUT: &'static str =
        "Profiles the tables of a bucket or folder: columns, quality, keys, links and personal data.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, request: Request, context: &Context) -> Result<Answer, Error> {
        let request = self.with_default_source(request);
        let now = Timestamp::now();
        let deadline = context.budget.remaining().and_then(|left| now.checked_add(left).ok());
        let surveyed = survey(&self.objects, &request, &self.limits, &Timestamp::now, deadline).await;
        surveyed.map_err(|wrong| Error::invalid_request(wrong.message).at(wrong.path))
    }

    /// An object that was written is surveyed by itself, in our bucket: the one that the event names is not compared
    /// with it, as a local directory, which has no name, can stand in for it.
    fn request_of_event(&self, event: Event) -> Result<Request, Error> {
        let Some(object) = event.object else {
            let text = format!("events of type {} name no object to survey", event.event_type);
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
            "formats": ["csv", "tsv", "json", "json_lines", "parquet"],
            "compression": ["gzip"],
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

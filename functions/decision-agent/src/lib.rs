//! Decisions in order of score, health of the business and an executive summary, from the results of earlier agents.
//!
//! Trigger: a direct or HTTP call with a [`Request`], which holds or names these results. Needs read access to the
//! objects and nothing else; it writes nothing, so a repeated delivery does no harm. The rules are data in
//! `causeway-decisioning`; a request may bring rules of its own.

use std::sync::Arc;

use causeway_cloud::{Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_decisioning::decision::request::HealthAs;
use causeway_decisioning::decision::synthesise::synthesise;
use causeway_decisioning::decision::{Answer, Request};
use causeway_decisioning::strategy::previous::LoadError;
use causeway_runtime::{AuthCheck, Context, Error, Handler};
use jiff::Timestamp;
use serde_json::{Value, json};

mod config;

pub use config::Config;

/// The decision agent over one bucket.
pub struct DecisionAgent {
    objects: Objects,
    principal: Arc<dyn Principal>,
    business_health_as: HealthAs,
}

impl DecisionAgent {
    /// An agent over the given objects, which acts as `principal`.
    #[must_use]
    pub fn new(objects: Objects, principal: Arc<dyn Principal>, config: &Config) -> Self {
        Self { objects, principal, business_health_as: config.business_health_as }
    }

    /// Takes the deployment's bucket, or the directory that stands in for it.
    ///
    /// # Errors
    ///
    /// There is neither, or the directory cannot be opened.
    pub fn connect(config: &Config, ports: &dyn Ports) -> Result<Self, Problem> {
        Ok(Self::new(ports.objects()?, ports.principal()?, config))
    }
}

impl Handler for DecisionAgent {
    const NAME: &'static str = "decision-agent";
    const ABOUT: &'static str =
        "Ranks decisions by money at stake, probability and effort, and scores business health.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, mut request: Request, _: &Context) -> Result<Answer, Error> {
        request.config.business_health_as.get_or_insert(self.business_health_as);
        synthesise(&self.objects, &request, &Timestamp::now).await.map_err(failed)
    }

    /// A decision needs the results of earlier agents, which a schedule does not bring.
    fn request_of_tick(&self) -> Result<Request, Error> {
        Err(Error::client(422, "unsupported_event", "a schedule names no result to decide on"))
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
            "prioritization_frameworks": ["business_impact"],
            "decision_matrices": ["risk_reward"],
            "inputs": ["discovery", "intelligence", "strategy"],
        })
    }
}

fn failed(error: LoadError) -> Error {
    match error {
        LoadError::Request(wrong) => Error::invalid_request(wrong.message).at(wrong.path),
        LoadError::Store(source) => Error::upstream("objects", None, "objects_failed").with_source(source),
    }
}

#[cfg(test)]
mod tests;

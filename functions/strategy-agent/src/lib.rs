//! Trends, anomalies, risks and opportunities, from the figures of the intelligence agent.
//!
//! Trigger: a direct or HTTP call with a [`Request`], which holds or names the results of earlier agents, or a
//! schedule. Where there is no result of the intelligence agent the tables are analysed on the spot, so that both
//! agents can run at the same time. Needs read access to the objects and nothing else; it writes nothing, so a
//! repeated delivery does no harm. The rules are in `causeway-decisioning`.

use std::sync::Arc;

use causeway_cloud::{Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_decisioning::intelligence::Limits;
use causeway_decisioning::strategy::plan::plan;
use causeway_decisioning::strategy::previous::LoadError;
use causeway_decisioning::strategy::{Answer, Request};
use causeway_runtime::{AuthCheck, Context, Error, Handler};
use jiff::Timestamp;
use serde_json::{Value, json};

mod config;

pub use config::Config;

/// The strategy agent over one bucket.
pub struct StrategyAgent {
    objects: Objects,
    principal: Arc<dyn Principal>,
    default_source: Option<String>,
    limits: Limits,
}

impl StrategyAgent {
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

impl Handler for StrategyAgent {
    const NAME: &'static str = "strategy-agent";
    const ABOUT: &'static str =
        "Finds trends, anomalies, risks and opportunities in the figures of the intelligence agent.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, request: Request, context: &Context) -> Result<Answer, Error> {
        let request = self.with_default_source(request);
        let now = Timestamp::now();
        let deadline = context.budget.remaining().and_then(|left| now.checked_add(left).ok());
        let planned = plan(&self.objects, &request, &self.limits, &Timestamp::now, deadline).await;
        planned.map_err(failed)
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
            "models": ["trend_analysis", "anomaly_detection", "risk_assessment"],
            "inputs": ["discovery", "intelligence"],
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

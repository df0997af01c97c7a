//! Trends, anomalies, risks and opportunities, from the figures of the intelligence agent.
//!
//! Trigger: a direct or HTTP call with a [`Request`], which holds or names the results of earlier agents, or a
//! schedule. Where there is no result of the intelligence agent the tables are analysed on the spot, so that both
//! agents can run at the same time. Needs read access to the objects; it changes none, so a repeated delivery does no
//! harm. Where it may write to the state, what a flow asks for is worked out once and kept with the run. The
//! rules are in `causeway-decisioning`.

use std::sync::Arc;

use causeway_cloud::state::Answers;
use causeway_cloud::{Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_decisioning::intelligence::Limits;
use causeway_decisioning::sources::sources_or;
use causeway_decisioning::strategy::plan::plan;
use causeway_decisioning::strategy::{Answer, Request};
use causeway_runtime::{Context, Error, Handler, Idempotency};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

mod config;

pub use config::Config;

/// The strategy agent over one bucket.
pub struct StrategyAgent {
    objects: Objects,
    principal: Arc<dyn Principal>,
    answers: Option<Answers>,
    default_source: Option<String>,
    limits: Limits,
}

impl StrategyAgent {
    /// An agent over the given objects, which acts as `principal`.
    #[must_use]
    pub fn new(objects: Objects, principal: Arc<dyn Principal>, config: Config) -> Self {
        Self { objects, principal, answers: None, default_source: config.prefix, limits: config.limits }
    }

    /// Takes the deployment's bucket, or the directory that stands in for it.
    ///
    /// # Errors
    ///
    /// There is neither, or the directory cannot be opened.
    pub fn connect(config: Config, ports: &impl Ports) -> Result<Self, Problem> {
        let answers = Answers::of(ports).map(|answers| answers.leased(config.answer_lease));
        Ok(Self { answers, ..Self::new(ports.objects()?, ports.principal()?, config) })
    }

    /// What an answer depends on, as another bucket or source has another one.
    fn asked(&self, request: &Request) -> impl Serialize {
        (request, self.objects.to_string(), &self.default_source)
    }
}

impl Handler for StrategyAgent {
    const NAME: &'static str = "strategy-agent";
    const ABOUT: &'static str =
        "Finds trends, anomalies, risks and opportunities in the figures of the intelligence agent.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, mut request: Request, context: &Context) -> Result<Answer, Error> {
        request.data_sources = sources_or(request.data_sources, self.default_source.as_deref());
        let deadline = context.budget.deadline_at(Timestamp::now());
        Ok(plan(&self.objects, &request, &self.limits, &Timestamp::now, deadline).await?)
    }

    /// What a flow asks for is worked out once.
    fn idempotency(&self, request: &Request, _: &Context) -> Result<Option<Idempotency<'_>>, Error> {
        let (Some(answers), Some(run), Some(stage)) = (&self.answers, &request.run_id, &request.stage) else {
            return Ok(None);
        };
        Idempotency::harmless(answers.of_run(run), stage, &self.asked(request)).map(Some)
    }

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn capabilities(&self) -> Value {
        json!({
            "models": ["trend_analysis", "anomaly_detection", "risk_assessment"],
            "inputs": ["discovery", "intelligence"],
        })
    }
}

#[cfg(test)]
mod tests;

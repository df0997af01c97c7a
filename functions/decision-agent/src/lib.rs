//! Decisions in order of score, health of the business and an executive summary, from the results of earlier agents.
//!
//! Trigger: a direct or HTTP call with a [`Request`], which holds or names these results. Needs read access to the
//! objects; it changes none, so a repeated delivery does no harm. Where it may write to the state, what a flow asks for
//! is worked out once and kept with the run. The rules are data in `causeway-decisioning`; a request may bring rules of
//! its own.
//!
//! Where `DECISION_NARRATIVE` is `on`, a language model phrases the figures; it also needs leave to ask the model then.
//! The text is checked against the figures and dropped when it disagrees. A model that fails or is slow costs the
//! narrative and never the answer: `data.coverage.narrative` has the reason.

use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_cloud::state::Answers;
use causeway_cloud::{ChatModel, Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_decisioning::decision::request::HealthAs;
use causeway_decisioning::decision::synthesise::synthesise;
use causeway_decisioning::decision::{Answer, Request};
use causeway_decisioning::narrative::{self, Dropped, narrate};
use causeway_resilience::Deadline;
use causeway_runtime::{Context, Error, Handler, Idempotency, until};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

mod config;

pub use config::Config;

/// Longest time for a narrative.
const NARRATIVE_TIME: Duration = Duration::from_secs(30);

/// The decision agent over one bucket.
pub struct DecisionAgent {
    objects: Objects,
    principal: Arc<dyn Principal>,
    answers: Option<Answers>,
    narrator: Option<Arc<dyn ChatModel>>,
    business_health_as: HealthAs,
}

impl DecisionAgent {
    /// An agent over the given objects, which acts as `principal`, and asks `narrator` for a narrative where there is
    /// one.
    #[must_use]
    pub fn new(
        objects: Objects,
        principal: Arc<dyn Principal>,
        narrator: Option<Arc<dyn ChatModel>>,
        config: &Config,
    ) -> Self {
        Self { objects, principal, answers: None, narrator, business_health_as: config.business_health_as }
    }

    /// Takes the deployment's bucket, or the directory that stands in for it, and its language model where a
    /// narrative is wanted.
    ///
    /// # Errors
    ///
    /// One of them is not configured, or the directory cannot be opened.
    pub fn connect(config: &Config, ports: &impl Ports) -> Result<Self, Problem> {
        let narrator = config.has_narrative.then(|| ports.chat_model()).transpose()?;
        let agent = Self::new(ports.objects()?, ports.principal()?, narrator, config);
        Ok(Self { answers: Answers::of(ports).map(|answers| answers.leased(config.answer_lease)), ..agent })
    }

    /// Adds a narrative, or the reason why there is none.
    async fn add_narrative(&self, answer: &mut Answer, model: &dyn ChatModel, context: &Context) {
        let start = Instant::now();
        let deadline = context.budget.deadline().earlier(Deadline::within(start, Some(NARRATIVE_TIME)));
        // A model is trusted with nothing, not with keeping the time either.
        let told = until(deadline, narrate(&answer.data, model, deadline)).await;
        narrative::enter(&mut answer.data, told.unwrap_or(Err(Dropped::Late)));
        answer.execution_time += start.elapsed().as_secs_f64();
    }

    /// What an answer depends on, as another bucket has another one.
    fn asked(&self, request: &Request) -> impl Serialize {
        (request, self.objects.to_string())
    }
}

impl Handler for DecisionAgent {
    const NAME: &'static str = "decision-agent";
    const ABOUT: &'static str =
        "Ranks decisions by money at stake, probability and effort, and scores business health.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, mut request: Request, context: &Context) -> Result<Answer, Error> {
        request.config.business_health_as.get_or_insert(self.business_health_as);
        let mut answer = synthesise(&self.objects, &request, &Timestamp::now).await?;
        if let Some(model) = &self.narrator {
            self.add_narrative(&mut answer, model.as_ref(), context).await;
        }
        Ok(answer)
    }

    /// What a flow asks for is worked out once.
    fn idempotency(&self, request: &Request, _: &Context) -> Result<Option<Idempotency<'_>>, Error> {
        let (Some(answers), Some(run), Some(stage)) = (&self.answers, &request.run_id, &request.stage) else {
            return Ok(None);
        };
        Idempotency::harmless(answers.of_run(run), stage, &self.asked(request)).map(Some)
    }

    /// A decision needs the results of earlier agents, which a schedule does not bring.
    fn request_of_tick(&self) -> Result<Request, Error> {
        Err(Error::client(422, "unsupported_event", "a schedule names no result to decide on"))
    }

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn capabilities(&self) -> Value {
        json!({
            "prioritization_frameworks": ["business_impact"],
            "decision_matrices": ["risk_reward"],
            "inputs": ["discovery", "intelligence", "strategy"],
            "narrative": self.narrator.as_ref().map(|model| model.name()),
        })
    }
}

#[cfg(test)]
mod tests;

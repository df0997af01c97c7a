//! What the tables of a bucket or folder say about money, work and customers.
//!
//! Trigger: a direct or HTTP call with a [`Request`], the event of a written object, which analyses that object, or
//! a schedule, which analyses everything. The request may hold or name a result of the discovery agent; without one
//! the first rows of each object are looked at. Needs read access to the objects; it changes none, so a repeated
//! delivery does no harm. Where it may write to the state, what a flow asks for is worked out once and kept with the
//! run. A figure that cannot be computed is `null` with its reason (`partial`), and what the time does not allow is
//! deferred; only a request that cannot be served at all is an error. The rules are in `causeway-decisioning`.

use std::sync::Arc;

use causeway_cloud::state::Answers;
use causeway_cloud::{Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_decisioning::intelligence::{Answer, Limits, METRICS, Request, analyse};
use causeway_decisioning::sources::sources_or;
use causeway_runtime::{Context, Error, Event, Handler, Idempotency};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

mod config;

pub use config::Config;

/// The intelligence agent over one bucket.
pub struct IntelligenceAgent {
    objects: Objects,
    principal: Arc<dyn Principal>,
    answers: Option<Answers>,
    default_source: Option<String>,
    limits: Limits,
}

impl IntelligenceAgent {
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

impl Handler for IntelligenceAgent {
    const NAME: &'static str = "intelligence-agent";
    const ABOUT: &'static str = "Computes what tables say about money, work and customers, with source and formula.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, mut request: Request, context: &Context) -> Result<Answer, Error> {
        // A catalogue names its own objects.
        if request.catalogue.is_none() {
            request.data_sources = sources_or(request.data_sources, self.default_source.as_deref());
        }
        let deadline = context.budget.deadline_at(Timestamp::now());
        let analysed = analyse(&self.objects, &request, &self.limits, &Timestamp::now, deadline).await;
        analysed.map_err(|wrong| Error::invalid_request(wrong.message).at(wrong.path))
    }

    /// What a flow asks for is worked out once.
    fn idempotency(&self, request: &Request, _: &Context) -> Result<Option<Idempotency<'_>>, Error> {
        let (Some(answers), Some(run), Some(stage)) = (&self.answers, &request.run_id, &request.stage) else {
            return Ok(None);
        };
        Idempotency::harmless(answers.of_run(run), stage, &self.asked(request)).map(Some)
    }

    /// An object that was written is analysed by itself, in our bucket: the one that the event names is not compared
    /// with it, as a local directory, which has no name, can stand in for it.
    fn request_of_event(&self, event: Event) -> Result<Request, Error> {
        Ok(Request { data_sources: vec![event.written_object()?.key], ..Request::default() })
    }

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn capabilities(&self) -> Value {
        json!({
            "figures": METRICS.iter().map(|definition| definition.metric).collect::<Vec<_>>(),
            "inputs": ["catalogue"],
            "limits": self.limits,
        })
    }
}

#[cfg(test)]
mod tests;

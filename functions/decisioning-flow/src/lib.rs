//! Runs the decisioning agents in the order that a flow says, keeps what each of them finds, and sums it up.
//!
//! Trigger: a direct or HTTP call with a [`Request`], a schedule, or itself: a run takes up to half an hour and an
//! invocation five minutes, so at four fifths of its time the function writes down where it is, calls itself and
//! answers `partial`. Each agent's result is kept before the next stage begins; whatever ends an invocation, the next
//! call with the same run id goes on after the last result that was kept. A call that was under way is made again: an
//! agent keeps its answer with the run, and says so while it is still at work; one that died computes the same from the
//! same data, and of two results the first that is kept counts. A finished run answers with the bytes it answered with
//! before. A run that is being carried out is not carried out twice (409).
//!
//! An invocation that dies, or whose call of itself is lost, leaves a run that nobody carries on. A schedule that sends
//! `{"kind": "tick", "sweep": true}` finds such runs within its interval and calls the function for each. The time during
//! which nobody carried a run on counts neither for it nor for its agents.
//!
//! What is kept of a run goes after its flow's `retention_days`: everything in `CAUSEWAY_BUCKET` and the state's bucket,
//! and rows of results, by finished runs and sweeps, once a day. Its dashboard is part of that where
//! `FLOW_DASHBOARDS_PREFIX` is the visualization agent's `VISUALIZATION_PREFIX`. The bucket of the results has one rule
//! for all, which `setup` sets to the days of the deployment's flow.
//!
//! Where the storage has a second side ([`causeway_cloud::side`]), a run belongs to one of the two for ever, which its name
//! says: everything of it that is written once, its lease among that, is there and nowhere else. A run without a `run_id`
//! begins on the first side, and while that is out on the second (`side2.…`); one that was begun before waits for its side.
//! A caller may choose by a `run_id` of that form. Results of the second side are brought to the first when it is back.
//!
//! Needs: to call the agents and itself, to read, write, list and delete in `CAUSEWAY_BUCKET` and the state's bucket,
//! and to write to the bucket or database of the results. [`flow`] is the language of flows, [`run`] what comes next
//! in a run, [`summary`] the page for executives, [`report`] the document.

use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::results::Results;
use causeway_cloud::state::Clock;
use causeway_cloud::{Invoker, Ports, Principal, PrincipalCheck, Problem};
use causeway_runtime::{Context, Error, Handler};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub mod condition;
pub mod flow;
pub mod report;
pub mod run;
pub mod sql;
pub mod summary;

mod agents;
mod begin;
mod config;
mod drive;
mod expiry;
mod failure;
mod invocation;
mod request;
mod setup;
mod store;
mod sweep;
mod time;

pub use config::Config;
pub use request::{FlowFrom, Request};
pub use setup::SetupReport;
pub use sweep::SweepReport;

use report::FlowResult;
use store::RunStore;

/// The flow and what it works with.
pub struct DecisioningFlow {
    store: RunStore,
    objects: causeway_cloud::Objects,
    invoker: Arc<dyn Invoker>,
    results: Arc<dyn Results>,
    principal: Arc<dyn Principal>,
    clock: Arc<dyn Clock>,
    random: fn() -> f64,
    has_second_side: bool,
    config: Config,
}

/// What the flow works with.
pub struct Parts {
    /// The function's bucket: flows, and the results of single agents.
    pub objects: causeway_cloud::Objects,
    /// States of runs.
    pub documents: causeway_cloud::state::Documents,
    /// The agents.
    pub invoker: Arc<dyn Invoker>,
    /// Where results go.
    pub results: Arc<dyn Results>,
    /// Who the function is.
    pub principal: Arc<dyn Principal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// A number from 0 to 1, drawn anew at each call.
    pub random: fn() -> f64,
    /// Whether a run can begin on a second side of the storage while the first is out.
    pub has_second_side: bool,
}

impl DecisioningFlow {
    /// A flow over these parts.
    #[must_use]
    pub fn new(parts: Parts, config: Config) -> Self {
        let Parts { objects, documents, invoker, results, principal, clock, random, has_second_side } = parts;
        let prefixes = (config.runs_prefix.clone(), config.dashboards_prefix.clone());
        let store = RunStore::new(Arc::clone(&objects), documents, prefixes);
        Self { store, objects, invoker, results, principal, clock, random, has_second_side, config }
    }

    /// Takes the deployment's ports.
    ///
    /// # Errors
    /// One of them is not configured.
    pub fn connect(config: Config, ports: &impl Ports, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let parts = Parts {
            objects: ports.objects()?,
            documents: ports.documents(Self::NAME)?,
            invoker: ports.invoker()?,
            results: ports.results(&config.results)?,
            principal: ports.principal()?,
            clock,
            random: rand::random::<f64>,
            has_second_side: ports.has_second_side(),
        };
        Ok(Self::new(parts, config))
    }
}

/// The reply: the document of a run, as the bytes that were stored, or of a setup or sweep.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Reply(pub Box<RawValue>);

/// What a reply can be, for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum ReplyForm {
    Run(Box<FlowResult>),
    Setup(SetupReport),
    Sweep(SweepReport),
}

impl JsonSchema for Reply {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reply".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        ReplyForm::json_schema(generator)
    }
}

impl Handler for DecisioningFlow {
    const NAME: &'static str = "decisioning-flow";
    const ABOUT: &'static str = "Runs the decisioning agents as a flow says, and resumes a run where it was cut.";
    type Config = Config;
    type Request = Request;
    type Reply = Reply;

    async fn handle(&self, request: Request, context: &Context) -> Result<Reply, Error> {
        request.check()?;
        if request.setup {
            self.set_up(&request, context).await
        } else if request.sweep {
            self.sweep(context).await
        } else {
            self.carry_on(&request, context).await
        }
    }

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn capabilities(&self) -> Value {
        let results = &self.config.results;
        json!({
            "analyses": ["strategic_business_health", "operational_efficiency", "financial_health"],
            "flow": self.config.definition.as_deref().unwrap_or("built-in"),
            "results": { "objects": results.objects, "database": results.database.is_some() },
            "lease_seconds": self.config.lease.as_secs(),
        })
    }
}

/// Longest wait of a continuation for the invocation that called it to let go of the run.
const HAND_OVER: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;

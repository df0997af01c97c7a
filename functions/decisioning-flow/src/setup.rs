//! Making the places of the results ready.

use causeway_cloud::results::{Mode, StepOutcome};
use causeway_runtime::{Context, Error};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::{DecisioningFlow, Reply, Request};

/// What a setup did, or would do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SetupReport {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// The steps in their order.
    pub steps: Vec<SetupStep>,
}

/// A step.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SetupStep {
    /// What it does.
    pub what: String,
    /// `planned`, `done`, `already_done` or `not_here`.
    pub outcome: &'static str,
    /// What to do instead of a step that cannot be done here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

impl DecisioningFlow {
    /// Tables, and the rule by which objects go after the days that the deployment's flow says. It changes
    /// infrastructure, so it only says what it would do unless the request has `"dry_run": false`.
    pub(crate) async fn set_up(&self, request: &Request, context: &Context) -> Result<Reply, Error> {
        let dry_run = request.dry_run.unwrap_or(true);
        let mode = if dry_run { Mode::Plan } else { Mode::Apply };
        let (_, flow) = self.flow(None).await?;
        let steps = self.results.prepare(flow.retention_days, mode, context.budget.deadline()).await?;
        let step = |step: causeway_cloud::results::Step| {
            let (outcome, instead) = match step.outcome {
                StepOutcome::Planned => ("planned", None),
                StepOutcome::Done => ("done", None),
                StepOutcome::AlreadyDone => ("already_done", None),
                StepOutcome::NotHere(instead) => ("not_here", Some(instead)),
            };
            SetupStep { what: step.what, outcome, instead }
        };
        let report = SetupReport { dry_run, steps: steps.into_iter().map(step).collect() };
        to_raw_value(&report).map(Reply).map_err(|error| Error::internal("reply", error.to_string()))
    }
}

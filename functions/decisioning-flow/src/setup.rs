//! Making the places of the results ready, and removing what is too old.

use causeway_cloud::results::{Mode, StepOutcome};
use causeway_runtime::{Context, Error};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::failure::of_state;
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
        let mut steps: Vec<_> = steps.into_iter().map(step).collect();
        steps.push(self.old_runs_step(flow.retention_days, dry_run, context).await?);
        let report = SetupReport { dry_run, steps };
        to_raw_value(&report).map(Reply).map_err(|error| Error::internal("reply", error.to_string()))
    }

    /// The parts of runs in the function's own buckets, which the flow removes itself.
    async fn old_runs_step(&self, days: u32, dry_run: bool, context: &Context) -> Result<SetupStep, Error> {
        let removed = self.remove_old(days, dry_run, context.budget.deadline()).await;
        let (count, is_all) = removed.map_err(of_state)?;
        let what = format!(
            "remove {count} runs below {}/ that are older than {days} days, or than their own flow says; finished runs do \
             so once a day",
            self.store.prefix()
        );
        let outcome = match (count, dry_run) {
            (0, _) => "already_done",
            (_, true) => "planned",
            (_, false) => "done",
        };
        let instead = (!is_all).then(|| "there was no time for more: call again".to_owned());
        Ok(SetupStep { what, outcome, instead })
    }
}

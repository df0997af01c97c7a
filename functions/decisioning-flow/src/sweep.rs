//! Runs that nobody carries on: their invocation died, or its call of itself was lost.

use std::time::Duration;

use causeway_cloud::state::StateError;
use causeway_cloud::state::lease::Acquired;
use causeway_runtime::{Context, Error, Handler};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::failure::of_state;
use crate::time::Time;
use crate::{DecisioningFlow, HAND_OVER, Reply};

/// Most open runs that one sweep looks at.
const MOST_OPEN: usize = 1000;
/// Most runs that one sweep has carried on: each of them is an invocation.
const MOST: usize = 20;
/// How long a run is held to see whether it is free.
const HOLD: Duration = Duration::from_secs(5);
/// A run that is not written down by then never will be: no lease lasts so long.
const NEVER_BEGUN: Duration = Duration::from_secs(3600);

/// What a sweep found.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct SweepReport {
    /// Runs that this function was called for, the one that was left first before all others.
    pub continued: Vec<String>,
    /// Runs that it could not be called for, or that could not be looked at; the next sweep tries again.
    pub failed: Vec<String>,
    /// Runs that have had all their invocations. They are carried on by hand only.
    pub given_up: Vec<String>,
    /// Whether there may be more: the sweep had no time for them, or has called for as many as it may.
    pub is_cut: bool,
}

/// How an open run stands.
enum Open {
    /// Somebody has it, or had it a moment ago.
    Alive,
    /// Nobody carries it on since this moment, in Unix milliseconds.
    Left(u64),
    /// It has had all its invocations.
    GivenUp,
    /// It is finished, or never began.
    Over,
}

impl DecisioningFlow {
    /// Has runs carried on that nobody carries on.
    ///
    /// # Errors
    /// The store's, when not even the open runs can be listed.
    pub(crate) async fn sweep(&self, context: &Context) -> Result<Reply, Error> {
        let time = Time::new(self.clock.clone());
        let stop = context.budget.deadline();
        let (mut report, mut left) = (SweepReport::default(), Vec::new());
        let open = self.store.open_runs(MOST_OPEN).await.map_err(of_state)?;
        report.is_cut = open.len() == MOST_OPEN;
        for (run, began) in open {
            if stop.is_over(time.instant()) {
                report.is_cut = true;
                break;
            }
            match self.look_at(&run, began, &time, context).await {
                Ok(Open::Left(since)) => left.push((since, run)),
                Ok(Open::GivenUp) => report.given_up.push(run),
                Ok(Open::Alive | Open::Over) => {}
                Err(error) => {
                    tracing::error!(%error, run, "an open run could not be looked at");
                    report.failed.push(run);
                }
            }
        }
        left.sort();
        report.is_cut |= left.len() > MOST;
        for (_, run) in left.into_iter().take(MOST) {
            let is_continued = self.ask_to_continue(&run, context).await;
            if is_continued { report.continued.push(run) } else { report.failed.push(run) }
        }
        self.remove_old_once_a_day(&time, stop).await;
        to_raw_value(&report).map(Reply).map_err(|error| Error::internal("reply", error.to_string()))
    }

    async fn look_at(&self, run: &str, began: u64, time: &Time, context: &Context) -> Result<Open, StateError> {
        let age = Duration::from_millis(time.unix_millis().saturating_sub(began));
        let state = match self.store.state(run).await? {
            None if age < NEVER_BEGUN => return Ok(Open::Alive),
            Some((state, _)) if !state.is_finished => state,
            _ => return self.store.close(run).await.map(|()| Open::Over),
        };
        if state.invocations > self.config.max_invocations {
            return Ok(Open::GivenUp);
        }
        // A call for the next invocation may be on its way.
        let since = Duration::from_millis(time.unix_millis().saturating_sub(state.written_unix_ms));
        if since < HAND_OVER {
            return Ok(Open::Alive);
        }
        let owner = format!("{} sweep {}", Self::NAME, context.request_id);
        let Acquired::Held(lease) = self.store.take(run, &owner, HOLD).await? else { return Ok(Open::Alive) };
        lease.release(self.store.documents()).await?;
        Ok(Open::Left(state.written_unix_ms))
    }
}

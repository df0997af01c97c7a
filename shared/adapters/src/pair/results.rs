//! Results of runs on the side that the run belongs to; those of the second side also go to the first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::results::{Mode, ObjectResults, Results, RunResult, Step};
use causeway_cloud::side::OF_SECOND;
use causeway_cloud::state::StateError;
use causeway_cloud::{Objects, object_path};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};

use super::answer::error;
use super::chains::{Chains, Folders, Side};

/// Results that wait and are looked at by one call.
const MOST: usize = 1_000;
/// Failures after which a call leaves the others to the next one: a side is out.
const FAILURES: usize = 3;
/// Longest work of a call on results that are not its own, and the time that has to be left after it.
const BUDGET: Duration = Duration::from_secs(2);

/// Two places of results: a run's name says which is its own. Whoever reads the results of the first side finds all of
/// them there when it works again.
pub(crate) struct SidedResults {
    first: ObjectResults,
    second: ObjectResults,
    /// Results that have to go to the first side.
    pending: Objects,
    /// Results that the first side never takes.
    refused: Objects,
    chains: Arc<Chains>,
}

/// A result as it waits.
#[derive(Serialize, Deserialize)]
struct Waiting {
    run_id: String,
    analysis_type: String,
    status: String,
    started: Timestamp,
    ended: Timestamp,
    business_health: Option<f64>,
    document: String,
    retention_days: u32,
}

impl SidedResults {
    /// `second` is the folder of the results' bucket on the second side; `make` makes the results of a bucket.
    pub(crate) fn new(
        first: ObjectResults,
        second: &Objects,
        make: impl FnOnce(Objects) -> ObjectResults,
        chains: Arc<Chains>,
    ) -> Self {
        let Folders { own, pending_results, refused_results, .. } = Folders::of(second);
        Self { first, second: make(own), pending: pending_results, refused: refused_results, chains }
    }

    async fn store_on_second(&self, result: &RunResult, deadline: Deadline) -> Result<(), ServiceFailure> {
        let (at, bytes) = (waiting_name(&result.run_id)?, Waiting::of(result)?);
        // Only what is kept waits. Whoever dies in between has stored nothing yet, and does it again.
        self.keep(Side::Second, result, deadline).await?;
        self.chains.alone(Side::Second, "put", self.pending.put(&at, bytes.into())).await.map(drop).map_err(of_store)
    }

    /// The result and its line in the index are several calls, behind the breaker of their side as one.
    async fn keep(&self, side: Side, result: &RunResult, deadline: Deadline) -> Result<(), ServiceFailure> {
        let place = if side == Side::First { &self.first } else { &self.second };
        let most = self.chains.rules.try_time.saturating_mul(2);
        let time = deadline.remaining(Instant::now()).map_or(most, |left| left.min(most));
        let stored = async { place.store(result, deadline).await.map_err(error) };
        self.chains.within(side, "store", time, stored).await.map_err(of_store)
    }

    /// Takes what waits to the first side, for a short time and only where enough is left. What fails waits on.
    async fn bring_back(&self, deadline: Deadline) {
        let now = Instant::now();
        if deadline.remaining(now).is_some_and(|left| left < BUDGET * 2) {
            return;
        }
        let budget = Deadline::within(now, Some(BUDGET));
        let listed = self.pending.list(None).map_ok(|meta| meta.location).take(MOST).try_collect::<Vec<_>>();
        let mut waiting = match self.chains.within(Side::Second, "list", BUDGET, listed).await {
            Ok(waiting) if waiting.is_empty() => return,
            Ok(waiting) => waiting,
            Err(error) => return tracing::warn!(%error, "results that wait on the second side cannot be listed"),
        };
        // Each call begins elsewhere, so that a few that fail do not keep all others.
        let begin = usize::try_from(self.chains.clock.unix_millis() / 1_000).unwrap_or_default() % waiting.len();
        waiting.rotate_left(begin);
        let mut failures = 0;
        for at in waiting {
            if budget.is_over(Instant::now()) || failures == FAILURES {
                return;
            }
            if let Err(error) = self.bring_back_one(&at, budget).await {
                failures += 1;
                tracing::warn!(%error, result = %at, "a result on the second side cannot go to the first yet");
            }
        }
    }

    async fn bring_back_one(&self, at: &Path, deadline: Deadline) -> Result<(), ServiceFailure> {
        let read = async { self.pending.get(at).await?.bytes().await };
        let bytes: Bytes = match self.chains.alone(Side::Second, "get", read).await {
            Err(Error::NotFound { .. }) => return Ok(()),
            found => found.map_err(of_store)?,
        };
        let kept = match serde_json::from_slice::<Waiting>(&bytes) {
            Ok(waiting) => self.keep(Side::First, &waiting.result(), deadline).await,
            Err(malformed) => Err(wrong(&malformed.to_string())),
        };
        match kept {
            Ok(()) => tracing::info!(result = %at, "a result of the second side is on the first too"),
            Err(refused) if refused.kind() == Kind::Invalid => self.put_aside(at, bytes, &refused).await?,
            Err(other) => return Err(other),
        }
        match self.chains.alone(Side::Second, "delete", self.pending.delete(at)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(other) => Err(of_store(other)),
        }
    }

    /// What the first side will never take is for people to look at.
    async fn put_aside(&self, at: &Path, bytes: Bytes, refused: &ServiceFailure) -> Result<(), ServiceFailure> {
        tracing::warn!(error = %refused, result = %at, "the first side refuses a result of the second: it is put aside");
        self.chains.alone(Side::Second, "put", self.refused.put(at, bytes.into())).await.map(drop).map_err(of_store)
    }
}

impl Waiting {
    fn of(result: &RunResult) -> Result<Vec<u8>, ServiceFailure> {
        let text = std::str::from_utf8(&result.document);
        let document = text.map_err(|error| wrong(&error.to_string()))?.to_owned();
        let waiting = Self {
            run_id: result.run_id.clone(),
            analysis_type: result.analysis_type.clone(),
            status: result.status.clone(),
            started: result.started,
            ended: result.ended,
            business_health: result.business_health,
            document,
            retention_days: result.retention_days,
        };
        serde_json::to_vec(&waiting).map_err(|error| wrong(&error.to_string()))
    }

    fn result(&self) -> RunResult {
        RunResult {
            run_id: self.run_id.clone(),
            analysis_type: self.analysis_type.clone(),
            status: self.status.clone(),
            started: self.started,
            ended: self.ended,
            // They are for tables; objects have them in the document.
            agent_results: String::new(),
            executive_summary: String::new(),
            business_health: self.business_health,
            document: self.document.clone().into(),
            retention_days: self.retention_days,
        }
    }
}

#[async_trait]
impl Results for SidedResults {
    async fn store(&self, result: &RunResult, deadline: Deadline) -> Result<(), ServiceFailure> {
        if result.run_id.starts_with(OF_SECOND) {
            self.store_on_second(result, deadline).await?;
        } else {
            self.keep(Side::First, result, deadline).await?;
        }
        self.bring_back(deadline).await;
        Ok(())
    }

    async fn prepare(&self, days: u32, mode: Mode, deadline: Deadline) -> Result<Vec<Step>, ServiceFailure> {
        let mut steps = self.first.prepare(days, mode, deadline).await?;
        let theirs = self.second.prepare(days, mode, deadline).await?;
        let named = |step: Step| Step { what: format!("{} on the second side", step.what), ..step };
        steps.extend(theirs.into_iter().map(named));
        Ok(steps)
    }

    async fn remove_old(&self, deadline: Deadline) -> Result<(), ServiceFailure> {
        self.bring_back(deadline).await;
        self.first.remove_old(deadline).await?;
        self.second.remove_old(deadline).await
    }
}

fn waiting_name(run_id: &str) -> Result<Path, ServiceFailure> {
    object_path(&format!("{run_id}.json")).map_err(|error| wrong(&error.to_string()))
}

fn wrong(reason: &str) -> ServiceFailure {
    ServiceFailure::new(Kind::Invalid, "results", "store", reason)
}

/// The failure that it was made of, where there is one.
fn of_store(error: Error) -> ServiceFailure {
    let made_of = match &error {
        Error::Generic { source, .. } => source.downcast_ref::<ServiceFailure>().cloned(),
        _ => None,
    };
    made_of.unwrap_or_else(|| StateError::Store(error).into())
}

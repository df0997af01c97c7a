//! What is kept of runs goes after the days that their flow says.
//!
//! The places of results have rules of their own ([`crate::setup`]). The parts of a run are the flow's: its agents'
//! results, its document and its dashboard in the function's bucket, its state and its agents' kept answers in the
//! bucket of documents. A finished invocation looks for old ones once a day, for a few seconds at most, and goes on the
//! next day where it stopped.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{ObjectMeta, ObjectStore};
use causeway_cloud::state::StateError;
use causeway_cloud::state::lease::Acquired;
use causeway_resilience::Deadline;
use causeway_runtime::Handler;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};

use crate::DecisioningFlow;
use crate::store::{RunStore, days_of_mark};
use crate::time::Time;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Longest search beside a run.
const LONGEST: Duration = Duration::from_secs(5);
/// Most objects that one search looks at, about eight of a run.
const MOST_OBJECTS: usize = 20_000;
/// Document of the searches.
const SEARCH: &str = "search-for-old-runs";
/// How long a run is held while it is removed.
const HOLD: Duration = Duration::from_secs(60);

/// When the next search is due, and where it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Turn {
    next_unix_ms: u64,
    /// The last object that was looked at; none when all were.
    after: Option<String>,
}

/// What a search found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Old {
    /// Runs by name, with their objects.
    pub(crate) runs: BTreeMap<String, Vec<Path>>,
    /// The last object that was looked at, when there are more.
    after: Option<String>,
}

impl DecisioningFlow {
    /// Removes old runs when it is time to. What fails is told and tried again the next day.
    pub(crate) async fn remove_old_once_a_day(&self, time: &Time, left: Deadline) {
        let until = Deadline::within(time.instant(), Some(LONGEST)).earlier(left);
        if let Err(error) = self.remove_in_turn(time, until).await {
            tracing::warn!(%error, "old runs could not be removed");
        }
    }

    async fn remove_in_turn(&self, time: &Time, until: Deadline) -> Result<(), StateError> {
        let documents = self.store.documents();
        let now = time.unix_millis();
        let found = documents.get::<Turn>(SEARCH).await?;
        let turn = found.as_ref().map(|found| found.value.clone()).unwrap_or_default();
        if turn.next_unix_ms > now {
            return Ok(());
        }
        let mut next = Turn { next_unix_ms: now.saturating_add(millis(DAY)), ..turn };
        let taken = match &found {
            Some(found) => documents.replace(SEARCH, &next, &found.version).await,
            None => documents.create(SEARCH, &next).await,
        };
        let version = match taken {
            Ok(version) => version,
            // Somebody else has taken this day's turn.
            Err(StateError::Conflict(_)) => return Ok(()),
            Err(other) => return Err(other),
        };
        if let Err(failure) = self.results.remove_old(Deadline::within(time.instant(), Some(LONGEST))).await {
            tracing::warn!(error = %failure, "old results could not be removed");
        }
        let Ok((_, flow)) = self.flow(None).await else { return Ok(()) };
        let old = self.store.old_runs(now, flow.retention_days, next.after.as_deref()).await?;
        next.after = old.after;
        let mut failure = None;
        for (run, objects) in &old.runs {
            if until.is_over(time.instant()) {
                // From this run on, the next time.
                next.after = Some(format!("{run}/"));
                break;
            }
            self.try_to_remove(run, objects, &mut failure).await;
        }
        let written = documents.replace(SEARCH, &next, &version).await.map(drop);
        failure.map_or(written, Err)
    }

    /// Removes a run; one that cannot be removed does not keep others from it. The first failure is kept.
    async fn try_to_remove(&self, run: &str, objects: &[Path], failure: &mut Option<StateError>) {
        if let Err(error) = self.store.remove_run(run, objects).await {
            tracing::warn!(%error, run, "an old run could not be removed");
            failure.get_or_insert(error);
        }
    }

    /// Removes old runs, or counts them; how many, and whether there was time for all.
    ///
    /// # Errors
    /// The store's. Of runs that could not be removed it is the first one's, after all others.
    pub(crate) async fn remove_old(
        &self,
        days: u32,
        is_plan: bool,
        until: Deadline,
    ) -> Result<(usize, bool), StateError> {
        let time = Time::new(self.clock.clone());
        let (mut count, mut after, mut failure) = (0, None, None);
        loop {
            let old = self.store.old_runs(time.unix_millis(), days, after.as_deref()).await?;
            for (run, objects) in &old.runs {
                if until.is_over(time.instant()) {
                    return failure.map_or(Ok((count, false)), Err);
                }
                count += 1;
                if !is_plan {
                    self.try_to_remove(run, objects, &mut failure).await;
                }
            }
            after = old.after;
            if after.is_none() {
                return failure.map_or(Ok((count, true)), Err);
            }
        }
    }
}

impl RunStore {
    /// Runs whose youngest object is older than their flow keeps them; `days` is for those that do not say. `after` is
    /// where an earlier search stopped.
    pub(crate) async fn old_runs(&self, now: u64, days: u32, after: Option<&str>) -> Result<Old, StateError> {
        let folder = Path::from(self.prefix());
        let from = after.map(|after| Path::from(format!("{}/{after}", self.prefix())));
        let mut listed = match &from {
            Some(from) => self.objects().list_with_offset(Some(&folder), from),
            None => self.objects().list(Some(&folder)),
        };
        let (mut runs, mut looked_at) = (BTreeMap::<String, Run>::new(), 0);
        while let Some(object) = listed.try_next().await.map_err(StateError::Store)? {
            looked_at += 1;
            let Some(name) = run_of(&folder, &object.location) else { continue };
            if looked_at > MOST_OBJECTS && !runs.contains_key(&name) {
                // After all of that run's names.
                let after = runs.keys().next_back().map(|last| format!("{last}/zzz"));
                return Ok(Old { after, runs: old(runs, now, days) });
            }
            runs.entry(name).or_default().add(object);
        }
        Ok(Old { after: None, runs: old(runs, now, days) })
    }

    /// Removes a run that nobody has: its dashboard, its objects, its documents, and last of all what tells that there
    /// was one, so that a removal that is cut goes on the next time.
    pub(crate) async fn remove_run(&self, run: &str, objects: &[Path]) -> Result<(), StateError> {
        let Acquired::Held(_) = self.take(run, DecisioningFlow::NAME, HOLD).await? else { return Ok(()) };
        self.remove_dashboard(run).await?;
        let (marks, others): (Vec<_>, Vec<_>) = objects.iter().partition(|object| days_of_mark(object).is_some());
        for object in others {
            self.delete(object).await?;
        }
        self.close(run).await?;
        self.remove_documents(run).await?;
        for mark in marks {
            self.delete(mark).await?;
        }
        Ok(())
    }

    async fn remove_dashboard(&self, run: &str) -> Result<(), StateError> {
        let folder = self.dashboard(run)?;
        let mut files = self.objects().list(Some(&folder));
        while let Some(file) = files.try_next().await.map_err(StateError::Store)? {
            self.delete(&file.location).await?;
        }
        Ok(())
    }
}

/// What is seen of a run.
#[derive(Default)]
struct Run {
    objects: Vec<Path>,
    youngest_unix_ms: u64,
    /// How long its flow keeps it.
    days: Option<u32>,
}

impl Run {
    fn add(&mut self, object: ObjectMeta) {
        let changed = u64::try_from(object.last_modified.timestamp_millis()).unwrap_or_default();
        self.youngest_unix_ms = self.youngest_unix_ms.max(changed);
        self.days = self.days.max(days_of_mark(&object.location));
        self.objects.push(object.location);
    }
}

/// The folder of an object directly below that of all runs.
fn run_of(folder: &Path, object: &Path) -> Option<String> {
    let mut parts = object.prefix_match(folder)?;
    let run = parts.next()?;
    // Something in the folder itself is of nobody.
    parts.next().map(|_| run.as_ref().to_owned())
}

fn old(runs: BTreeMap<String, Run>, now: u64, days: u32) -> BTreeMap<String, Vec<Path>> {
    let is_old = |run: &Run| {
        let age = millis(DAY).saturating_mul(run.days.unwrap_or(days).into());
        run.youngest_unix_ms.saturating_add(age) <= now
    };
    runs.into_iter().filter(|(_, run)| is_old(run)).map(|(name, run)| (name, run.objects)).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

//! Which agents have answered so far, as the bucket shows it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::progress::Progress;
use crate::oci::Oci;
use crate::oci::target::Target;

/// Where the flow keeps what its agents answer, unless `FLOW_RUNS_PREFIX` says something else.
const RUNS: &str = "causeway-state/decisioning-flow-runs";
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// The agents of one run.
pub(super) struct Stages<'a> {
    oci: &'a Oci,
    target: &'a Target,
    folder: String,
    shown: BTreeSet<String>,
}

impl<'a> Stages<'a> {
    pub(super) fn new(oci: &'a Oci, target: &'a Target, run: &str) -> Self {
        Self { oci, target, folder: format!("{RUNS}/{run}/stages/"), shown: BTreeSet::new() }
    }

    /// Tells of each agent when its answer is there.
    pub(super) async fn shown_during<T>(mut self, work: impl Future<Output = T>, progress: &Progress) -> T {
        let started = Instant::now();
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        tokio::pin!(work);
        for number in 0.. {
            tokio::select! {
                done = &mut work => {
                    self.look(started, progress).await;
                    return done;
                }
                _ = ticks.tick() => {
                    self.look(started, progress).await;
                    progress.tick(number, started.elapsed(), "running");
                }
            }
        }
        work.await
    }

    async fn look(&mut self, started: Instant, progress: &Progress) {
        // A look that fails tells nothing; the run goes on without it.
        for name in self.oci.names(self.target, &self.folder).await.unwrap_or_default() {
            let agent = name.rsplit('/').next().unwrap_or(&name).trim_end_matches(".json").to_owned();
            if self.shown.insert(name) {
                progress.step(&agent, &format!("answered after {:.2} s", started.elapsed().as_secs_f64()));
            }
        }
    }
}

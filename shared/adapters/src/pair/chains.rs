//! Who is asked: the two sides with their breakers, and what is left when neither answers.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_cloud::Objects;
use causeway_cloud::breaker::{Breakers, Fallbacks, PlanError, Sharing, Ways};
use causeway_cloud::state::{Clock, Documents};
use causeway_resilience::breaker::Config;
use causeway_resilience::fallback::{Plan, ServedBy};
use causeway_resilience::retry::Idempotency;
use causeway_resilience::{Deadline, Invalid};
use object_store::Result;
use object_store::prefix::PrefixStore;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::answer::{Answer, Given, error, judged};

/// Calls of one side that are under way at once in one process: surveys read many objects side by side.
const CONCURRENCY: u32 = 64;
/// A side is asked only when so much time is left, in milliseconds.
const LEAST_MS: u64 = 50;
/// Folder of the breakers' documents below that of all documents. By its name it belongs to the second side, which can
/// be asked when the first cannot.
const BREAKERS: &str = "side2.breakers";

/// One of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    First,
    Second,
}

/// How the sides are used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rules {
    /// Names of the two in logs, alerts and on the status page.
    pub(crate) names: [String; 2],
    /// Longest time until one side begins to answer.
    pub(crate) try_time: Duration,
    /// Oldest answer of this process that is given when neither does; zero for none.
    pub(crate) cache: Duration,
    /// Whether the second side has a copy of everything, so that lists of it are whole.
    pub(crate) has_copy: bool,
}

/// The folders of a bucket on the second side.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    pub(super) copy: Objects,
    pub(super) own: Objects,
    /// Results that have to go to the first side, and those that it never takes.
    pub(super) pending_results: Objects,
    pub(super) refused_results: Objects,
}

impl Folders {
    pub(super) fn of(bucket: &Objects) -> Self {
        let folder = |name: &str| Arc::new(PrefixStore::new(Arc::clone(bucket), name)) as Objects;
        let (pending_results, refused_results) = (folder("pending-results"), folder("refused-results"));
        Self { copy: folder("copy"), own: folder("own"), pending_results, refused_results }
    }
}

/// The breakers of the storage's two sides, as all functions of a deployment share them. `second` is the bucket of the
/// second side, `bucket` the name of the documents' bucket on the first, `prefix` the folder of all documents in it.
///
/// # Errors
/// Rules that make no sense.
pub fn storage_breakers(
    second: &Objects,
    (bucket, prefix): (&str, &str),
    rules: Config,
    clock: Arc<dyn Clock>,
) -> std::result::Result<Breakers, Invalid> {
    let folder = Arc::new(PrefixStore::new(Arc::clone(second), bucket)) as Objects;
    let documents = Documents::new(Folders::of(&folder).own, format!("{prefix}/{BREAKERS}"), clock);
    Breakers::shared(documents, rules, Sharing::default())
}

/// The sides with their breakers, one for all buckets: a service is out as a whole.
pub(crate) struct Chains {
    pub(crate) rules: Rules,
    pub(super) clock: Arc<dyn Clock>,
    both: Fallbacks,
    first: Fallbacks,
    second: Fallbacks,
    /// Calls of each side wait here for their turn: a side with much to do is not ill, and no reason for another.
    turns: [Semaphore; 2],
}

impl Chains {
    /// # Errors
    /// Names that cannot be.
    pub(crate) fn new(
        rules: Rules,
        breakers: &Breakers,
        clock: Arc<dyn Clock>,
    ) -> std::result::Result<Self, PlanError> {
        let plan = |name: &str| Plan { concurrency: CONCURRENCY, least_ms: LEAST_MS, ..Plan::new(name) };
        let [first, second] = &rules.names;
        let both = plan(first).with_secondary(second).with_degraded();
        let chain = |plan| Fallbacks::new(plan, "", breakers);
        let (both, first, second) = (chain(both)?, chain(plan(first))?, chain(plan(second))?);
        let turns = [(); 2].map(|()| Semaphore::new(CONCURRENCY as usize));
        Ok(Self { rules, clock, both, first, second, turns })
    }

    /// A call that one side alone may answer.
    pub(super) async fn alone<T: Send>(
        &self,
        side: Side,
        operation: &'static str,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.within(side, operation, self.rules.try_time, call).await
    }

    /// The same with another time.
    pub(super) async fn within<T: Send>(
        &self,
        side: Side,
        operation: &'static str,
        time: Duration,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let (chain, name) = match side {
            Side::First => (&self.first, &self.rules.names[0]),
            Side::Second => (&self.second, &self.rules.names[1]),
        };
        let _turn = self.turn(side).await;
        let ways = Ways::new(Idempotency::Idempotent, |_| async move { judged(name, operation, call.await) });
        chain.serve(ways, deadline(time)).await.map_err(error)?.value.answer()
    }

    /// A call that may be answered by the first side, the second or neither.
    ///
    /// # Errors
    /// Neither does; an answer of a side that says no is one.
    pub(super) async fn serve<T: Send>(&self, ways: Ways<'_, Given<T>>) -> Result<(Answer<T>, ServedBy)> {
        let _turn = self.turn(Side::First).await;
        let served = self.both.serve(ways, deadline(self.rules.try_time.saturating_mul(2))).await.map_err(error)?;
        Ok((served.value.answer(), served.served_by))
    }

    /// `None` is for a queue that has been closed, which nobody does.
    async fn turn(&self, side: Side) -> Option<SemaphorePermit<'_>> {
        self.turns[side as usize].acquire().await.ok()
    }
}

fn deadline(time: Duration) -> Deadline {
    Deadline::within(Instant::now(), Some(time))
}

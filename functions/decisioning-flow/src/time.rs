//! Time of one invocation, by the clock that was handed in.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_cloud::state::Clock;
use causeway_resilience::Deadline;
use futures_util::future::{Either, select};

/// The time of an invocation: the wall's at its beginning, and from there on what has gone by. A wall clock that is set
/// meanwhile ends no agent's time and lengthens none.
#[derive(Clone)]
pub(crate) struct Time {
    clock: Arc<dyn Clock>,
    start: (u64, Instant),
}

impl Time {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let start = (clock.unix_millis(), clock.instant());
        Self { clock, start }
    }

    pub(crate) fn unix_millis(&self) -> u64 {
        let (unix_millis, instant) = self.start;
        let since = self.instant().saturating_duration_since(instant);
        unix_millis.saturating_add(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// Now, as deadlines have it.
    pub(crate) fn instant(&self) -> Instant {
        self.clock.instant()
    }

    /// That moment, as a deadline.
    pub(crate) fn deadline_at(&self, unix_millis: u64) -> Deadline {
        let left = Duration::from_millis(unix_millis.saturating_sub(self.unix_millis()));
        Deadline::within(self.instant(), Some(left))
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    /// The outcome of `work`, or `None` when it is not there within `left`.
    pub(crate) async fn within<T>(&self, left: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
        let Some(left) = left else { return Some(work.await) };
        match select(pin!(work), self.clock.sleep(left)).await {
            Either::Left((outcome, _)) => Some(outcome),
            Either::Right(_) => None,
        }
    }
}

//! Deadlines as budgets: how long work may go on so that state is written and an answer leaves in time.

use std::time::{Duration, Instant, SystemTime};

use causeway_resilience::Deadline;
use jiff::Timestamp;

/// Share of the time left after which a handler should stop taking up work.
const SOFT_SHARE: f64 = 0.8;
/// Most that is kept back for our own timeout answer; it must come before the host's.
const MAX_MARGIN: Duration = Duration::from_millis(500);
const MARGIN_SHARE: f64 = 0.15;
/// A deadline further ahead is a mistake of the host (one emulator sends a month), not a long run.
const ABSURD: Duration = Duration::from_secs(24 * 3600);
/// Longest run of any host: a detached OCI call may take an hour.
const LONGEST: Duration = Duration::from_secs(3600);

/// Time that one call may use. Cheap to copy; `start` is the arrival of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    start: Instant,
    total: Option<Duration>,
}

impl Budget {
    /// No deadline, as on the command line.
    #[must_use]
    pub fn unlimited(start: Instant) -> Self {
        Self { start, total: None }
    }

    /// A fixed time from `start` on.
    #[must_use]
    pub fn of(start: Instant, total: Duration) -> Self {
        Self { start, total: Some(total) }
    }

    /// Until `deadline`, seen at `now`, but at most `longest`. A deadline in the past or more than a day ahead
    /// is not believed (an emulator sends 1970, another one a month ahead) and `fallback` is taken in its place.
    #[must_use]
    pub fn until(start: Instant, deadline: SystemTime, now: SystemTime, longest: Duration, fallback: Duration) -> Self {
        let left = deadline.duration_since(now).ok().filter(|left| !left.is_zero());
        Self::of(start, left.filter(|left| *left <= ABSURD).map_or(fallback, |left| left.min(longest.min(LONGEST))))
    }

    /// Time left, zero when it is over; `None` without a deadline.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.total?.saturating_sub(self.start.elapsed()))
    }

    /// The moment at which no time is left, when it is `now`; `None` without a deadline, or with one that no calendar
    /// can express.
    #[must_use]
    pub fn deadline_at(&self, now: Timestamp) -> Option<Timestamp> {
        now.checked_add(self.remaining()?).ok()
    }

    /// When to stop taking up work: 80 % of the whole, `None` without a deadline.
    #[must_use]
    pub fn stop_at(&self) -> Option<Instant> {
        Some(self.start + self.total?.mul_f64(SOFT_SHARE))
    }

    /// [`Budget::stop_at`] as the deadline of calls to services, so that time is left to write state and to answer.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.stop_at().map_or(Deadline::NONE, Deadline::at)
    }

    /// Whether 80 % are used up: finish, write state, answer `partial` and list what was deferred.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.stop_at().is_some_and(|stop| Instant::now() >= stop)
    }

    /// Time after which the runtime ends the call itself: what is left less 15 % or half a second.
    #[must_use]
    pub(crate) fn hard_limit(&self) -> Option<Duration> {
        let total = self.total?;
        let limit = total - MAX_MARGIN.min(total.mul_f64(MARGIN_SHARE));
        Some(limit.saturating_sub(self.start.elapsed()))
    }
}

/// What comes of `work` by `deadline`; `None` when the time is up, and the work is dropped then.
pub async fn until<F: Future>(deadline: Deadline, work: F) -> Option<F::Output> {
    match deadline.moment() {
        Some(moment) => tokio::time::timeout_at(moment.into(), work).await.ok(),
        None => Some(work.await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn total(ahead_seconds: i64) -> Option<Duration> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let shift = Duration::from_secs(ahead_seconds.unsigned_abs());
        let deadline = if ahead_seconds < 0 { now - shift } else { now + shift };
        Budget::until(Instant::now(), deadline, now, 15 * MINUTE, MINUTE).total
    }

    #[test]
    fn long_deadlines_are_clamped_and_unbelievable_ones_replaced() {
        assert_eq!(total(10), Some(Duration::from_secs(10)));
        assert_eq!(total(900), Some(15 * MINUTE));
        assert_eq!(total(901), Some(15 * MINUTE));
        assert_eq!(total(86_400), Some(15 * MINUTE));
        assert_eq!(total(86_401), Some(MINUTE));
        assert_eq!(total(0), Some(MINUTE));
        assert_eq!(total(-999_400), Some(MINUTE));
        assert_eq!(total(34 * 86_400), Some(MINUTE));
    }

    #[test]
    fn soft_limit_comes_before_hard_limit() {
        for total in [Duration::from_millis(10), Duration::from_secs(1), 5 * MINUTE] {
            let budget = Budget::of(Instant::now(), total);
            let hard = budget.start + total - MAX_MARGIN.min(total.mul_f64(MARGIN_SHARE));
            assert!(budget.stop_at().unwrap() < hard);
            assert!(budget.hard_limit().unwrap() <= total.mul_f64(1.0));
        }
    }

    #[test]
    fn no_deadline_is_not_zero_time() {
        let budget = Budget::unlimited(Instant::now());
        assert_eq!(budget.remaining(), None);
        assert_eq!(budget.deadline_at(Timestamp::UNIX_EPOCH), None);
        assert!(!budget.is_exhausted());
    }

    #[test]
    fn the_deadline_stands_where_the_clock_of_the_caller_says() {
        let check = |now: Timestamp, total: Duration, earliest: Option<Timestamp>| {
            let found = Budget::of(Instant::now(), total).deadline_at(now);
            assert_eq!(found.is_some(), earliest.is_some(), "{total:?}");
            assert!(found <= earliest && found.is_none_or(|found| found >= now), "{found:?}");
        };
        let day = Duration::from_secs(86_400);
        check(Timestamp::UNIX_EPOCH, day, Timestamp::from_second(86_400).ok());
        check(Timestamp::UNIX_EPOCH, Duration::ZERO, Some(Timestamp::UNIX_EPOCH));
        check(Timestamp::MAX, day, None);
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_dropped_when_the_time_is_up() {
        let deadline = Deadline::at(Instant::now() + Duration::from_secs(1));
        assert_eq!(until(deadline, async { 1 }).await, Some(1));
        assert_eq!(until(Deadline::NONE, async { 2 }).await, Some(2));
        assert_eq!(until(deadline, std::future::pending::<()>()).await, None);
    }
}

//! How long work may go on, with the clock passed in.
//!
//! [`Budget`] says when to stop so that there is still time to answer; [`yield_now`] lets other tasks
//! of a single-threaded runtime run between two pieces of work, whichever runtime that is.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use jiff::{SignedDuration, Timestamp};

/// Share of the time between start and deadline after which no new work is begun.
pub const WORK_SHARE: f64 = 0.8;

/// Share of that time after which work is ended that rounds off what was begun.
pub const CLOSING_SHARE: f64 = 0.9;

/// Where the present moment comes from; tests pass a fixed one.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp + Send + Sync> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

/// The part of a deadline that may be spent on work.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    clock: &'a dyn Clock,
    start: Timestamp,
    deadline: Option<Timestamp>,
}

impl<'a> Budget<'a> {
    /// Work stops after [`WORK_SHARE`] of what is left until `deadline`; `None` never stops it.
    #[must_use]
    pub fn until(clock: &'a dyn Clock, deadline: Option<Timestamp>) -> Self {
        Self { clock, start: clock.now(), deadline }
    }

    /// Whether the time for work is used up.
    #[must_use]
    pub fn exhausted(&self) -> bool {
        self.is_past(WORK_SHARE)
    }

    /// Whether also the time for rounding off is used up ([`CLOSING_SHARE`]).
    #[must_use]
    pub fn closed(&self) -> bool {
        self.is_past(CLOSING_SHARE)
    }

    fn is_past(&self, share: f64) -> bool {
        self.deadline.is_some_and(|deadline| {
            let left = self.start.duration_until(deadline).max(SignedDuration::ZERO);
            self.clock.now() >= self.start.saturating_add(left.mul_f64(share)).unwrap_or(deadline)
        })
    }

    /// When the work began.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.start
    }

    /// Seconds since the work began, never negative.
    #[must_use]
    pub fn elapsed_seconds(&self) -> f64 {
        self.start.duration_until(self.clock.now()).as_secs_f64().max(0.0)
    }
}

/// Gives way to other tasks once.
pub async fn yield_now() {
    struct Once(bool);
    impl Future for Once {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }
    Once(false).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(elapsed_s: i64, deadline_s: Option<i64>, expected: (bool, bool)) {
        let now = std::sync::atomic::AtomicI64::new(0);
        let clock = || Timestamp::from_second(now.load(std::sync::atomic::Ordering::Relaxed)).unwrap();
        let budget = Budget::until(&clock, deadline_s.map(|s| Timestamp::from_second(s).unwrap()));
        now.store(elapsed_s, std::sync::atomic::Ordering::Relaxed);
        assert_eq!((budget.exhausted(), budget.closed()), expected, "{elapsed_s} of {deadline_s:?}");
    }

    #[test]
    fn work_stops_at_four_fifths() {
        check(7, Some(10), (false, false));
        check(8, Some(10), (true, false));
        check(9, Some(10), (true, true));
        check(0, Some(-5), (true, true));
        check(1_000_000, None, (false, false));
    }
}

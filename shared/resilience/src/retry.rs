//! Whether, and when, a failed call is tried again.
//!
//! [`Retry`] holds what happened to one call so far. Each failure goes in as a [`Failure`] with the time and a random
//! number, and a [`Decision`] comes out; the caller sleeps and sends.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use causeway_resilience::Deadline;
//! use causeway_resilience::retry::{Decision, Failure, Idempotency, Policy, Reason, Retry};
//!
//! let now = Instant::now();
//! let deadline = Deadline::within(now, Some(Duration::from_secs(25)));
//! let mut retry = Retry::new(Policy::oci_default(), Idempotency::Idempotent, now, deadline);
//!
//! // One loop: `retry.try_time(now)` bounds the try, the decision says how long to sleep before the next.
//! let busy = Failure::status(503);
//! assert_eq!(retry.next(&busy, now, 0.5), Decision::Retry { after: Duration::from_millis(1_500) });
//!
//! // A time that the server asks for is kept, unless the deadline comes first.
//! let later = Failure::status(429).with_retry_after(Some(Duration::from_secs(60)));
//! let after = Duration::from_secs(60);
//! assert_eq!(retry.next(&later, now, 0.5), Decision::GiveUp { reason: Reason::Deadline { after } });
//! ```

mod after;
mod backoff;
mod failure;
mod policy;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub use after::retry_after;
pub use backoff::{Backoff, Jitter};
pub use failure::{Failure, Idempotency};
pub use policy::Policy;

use crate::Deadline;

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Sleep, then try again.
    Retry {
        /// How long to sleep. Time is left for a try after that.
        after: Duration,
    },
    /// Report the failure.
    GiveUp {
        /// Why there is no further try.
        reason: Reason,
    },
}

/// Why a call is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The same request would fail the same way.
    #[error("the failure is permanent")]
    Permanent,
    /// The request may have taken effect, and it must not take effect twice.
    #[error("the request may have taken effect and is not idempotent")]
    MayHaveHappened,
    /// All tries are used up.
    #[error("all tries are used up")]
    Attempts,
    /// The wait would last until the deadline or longer.
    #[error("the next try would come after the deadline")]
    Deadline {
        /// The wait that would have been needed: what a caller may be told as `Retry-After`.
        after: Duration,
    },
}

/// One call and its tries so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    policy: Policy,
    idempotency: Idempotency,
    deadline: Deadline,
    failed: u32,
}

impl Retry {
    /// A call that starts at `now`. It ends at `deadline` or after the policy's total time, whichever comes first.
    #[must_use]
    pub fn new(policy: Policy, idempotency: Idempotency, now: Instant, deadline: Deadline) -> Self {
        let deadline = deadline.earlier(Deadline::within(now, Some(policy.total)));
        Self { policy, idempotency, deadline, failed: 0 }
    }

    /// Number of the current try, from 1 on: for logs.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.failed.saturating_add(1)
    }

    /// When all must be over.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// How long the try that starts at `now` may last. Zero means that it must not start.
    ///
    /// It is the policy's time per try, but never more than what is left, and never so much that fewer than
    /// [`Policy::room_for`] tries fit.
    #[must_use]
    pub fn try_time(&self, now: Instant) -> Duration {
        let tries_to_fit = self.policy.room_for.min(self.policy.attempts).saturating_sub(self.failed);
        let share = self.deadline.share(now, tries_to_fit);
        share.map_or(self.policy.per_try, |share| share.min(self.policy.per_try))
    }

    /// Counts a failed try that ended at `now` and decides about the next one.
    ///
    /// `random01` is a number from 0 to 1, drawn anew for every call; anything else counts as 1.
    pub fn next(&mut self, failure: &Failure, now: Instant, random01: f64) -> Decision {
        self.failed = self.failed.saturating_add(1);
        match self.refusal(failure) {
            Some(reason) => Decision::GiveUp { reason },
            None => self.wait(failure, now, random01),
        }
    }

    fn refusal(&self, failure: &Failure) -> Option<Reason> {
        if !self.policy.retries(failure) {
            return Some(Reason::Permanent);
        }
        if !self.idempotency.permits(failure) {
            return Some(Reason::MayHaveHappened);
        }
        (self.failed >= self.policy.attempts).then_some(Reason::Attempts)
    }

    fn wait(&self, failure: &Failure, now: Instant, random01: f64) -> Decision {
        let own = self.policy.backoff.delay(self.failed, random01);
        let after = failure.retry_after().map_or(own, |asked| asked.max(own));
        match self.deadline.remaining(now) {
            Some(left) if after >= left => Decision::GiveUp { reason: Reason::Deadline { after } },
            _ => Decision::Retry { after },
        }
    }
}

//! Waiting for a service that refuses for the moment.

use std::future::Future;
use std::time::{Duration, Instant};

use causeway_cloud::state::Clock;
use causeway_resilience::retry::{Backoff, Decision, Failure, Idempotency, Jitter, Policy, Retry};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

/// Repeats calls on top of the client, which gives up after some seconds: a tick has minutes, and a service that
/// throttles a whole fleet needs them.
pub(crate) struct Patience<'a> {
    pub(crate) clock: &'a dyn Clock,
    /// A number from 0 to 1, drawn anew at each call.
    pub(crate) random: fn() -> f64,
    /// Nothing begins after it.
    pub(crate) deadline: Deadline,
}

/// Up to 16 rounds with full jitter from 1 s up to 20 s; the deadline ends them before.
fn policy() -> Policy {
    let backoff =
        Backoff { base: Duration::from_secs(1), growth: 2, cap: Duration::from_secs(20), jitter: Jitter::Full };
    Policy { attempts: 16, backoff, total: Duration::from_secs(900), ..Policy::function() }
}

impl Patience<'_> {
    /// Whether no work may begin any more.
    pub(crate) fn is_over(&self) -> bool {
        self.deadline.is_over(Instant::now())
    }

    /// Repeats a call that reads, or that the service recognises by its retry token.
    ///
    /// # Errors
    /// The last failure.
    pub(crate) async fn call<T, F>(&self, mut call: impl FnMut(Deadline) -> F) -> Result<T, ServiceFailure>
    where
        F: Future<Output = Result<T, ServiceFailure>>,
    {
        let mut retry = Retry::new(policy(), Idempotency::Idempotent, Instant::now(), self.deadline);
        loop {
            let failure = match call(self.deadline).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let Some(passing) = passing(&failure) else { return Err(failure) };
            match retry.next(&passing, Instant::now(), (self.random)()) {
                Decision::Retry { after } => self.clock.sleep(after).await,
                Decision::GiveUp { .. } => return Err(failure),
            }
        }
    }
}

/// The failure as the rules of retrying see it; `None` for one that stays.
fn passing(failure: &ServiceFailure) -> Option<Failure> {
    // A full data centre is no failure that passes within a tick.
    if is_capacity(failure) {
        return None;
    }
    match failure.kind() {
        Kind::Throttled => Some(Failure::status(429).with_retry_after(failure.retry_after())),
        Kind::Unavailable => Some(Failure::status(503).with_retry_after(failure.retry_after())),
        Kind::Timeout => Some(Failure::Timeout { sent: failure.may_have_happened() }),
        _ => None,
    }
}

/// Whether there is no room for the size: a limit, a quota, or no host with so much left. Oracle's page "API Errors"
/// names the first two. A full host comes as 500 with the code `InternalError`, which no other failure has: theirs is
/// `InternalServerError`.
pub(crate) fn is_capacity(failure: &ServiceFailure) -> bool {
    const CODES: [&str; 4] = ["LimitExceeded", "QuotaExceeded", "OutOfHostCapacity", "InternalError"];
    failure.code().is_some_and(|code| CODES.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes() {
        let check = |kind, code: Option<&str>, reason: &str, expected: bool| {
            let failure = ServiceFailure::new(kind, "compute", "UpdateInstance", reason);
            let failure = failure.with_answer(None, code.map(str::to_owned));
            assert_eq!(passing(&failure).is_some(), expected, "{kind:?} {code:?} {reason}");
        };
        check(Kind::Throttled, Some("TooManyRequests"), "429", true);
        check(Kind::Unavailable, Some("InternalServerError"), "500", true);
        check(Kind::Timeout, None, "", true);
        check(Kind::Unavailable, Some("InternalError"), "500", false);
        check(Kind::Invalid, Some("LimitExceeded"), "", false);
        check(Kind::Conflict, Some("IncorrectState"), "", false);
        check(Kind::NotFound, None, "", false);
        check(Kind::Denied, None, "", false);
    }
}

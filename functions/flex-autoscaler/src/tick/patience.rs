//! Waiting for a service that refuses for the moment.

use std::future::Future;
use std::time::{Duration, Instant};

use causeway_cloud::fleet::OUT_OF_HOST_CAPACITY;
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
    /// The last failure. It [may have happened](ServiceFailure::may_have_happened) when any of the rounds may have.
    pub(crate) async fn call<T, F>(&self, mut call: impl FnMut(Deadline) -> F) -> Result<T, ServiceFailure>
    where
        F: Future<Output = Result<T, ServiceFailure>>,
    {
        let mut retry = Retry::new(policy(), Idempotency::Idempotent, Instant::now(), self.deadline);
        let mut may_have_happened = false;
        loop {
            let failure = match call(self.deadline).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            // That there is no room is an answer, whatever its status.
            may_have_happened |= failure.may_have_happened() && !is_capacity(&failure);
            let failure = failure.with_unknown_effect(may_have_happened);
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

/// Whether there is no room for the size: a limit, a quota (Oracle's page "API Errors"), or no host with so much left.
pub(crate) fn is_capacity(failure: &ServiceFailure) -> bool {
    const CODES: [&str; 3] = ["LimitExceeded", "QuotaExceeded", OUT_OF_HOST_CAPACITY];
    failure.code().is_some_and(|code| CODES.contains(&code))
}

/// Whether it is the quota of a compartment, which others may not have reached.
pub(crate) fn is_quota(failure: &ServiceFailure) -> bool {
    failure.code() == Some("QuotaExceeded")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::tick::tests::Hands;

    #[tokio::test]
    async fn what_an_earlier_round_may_have_done_is_not_forgotten() {
        let failure = |kind| ServiceFailure::new(kind, "compute", "UpdateInstance", "");
        for (first, last, expected) in
            [(true, Kind::Throttled, true), (true, Kind::Denied, true), (false, Kind::Denied, false)]
        {
            let clock = Hands::at(1_000);
            let deadline = Deadline::within(Instant::now(), Some(Duration::from_secs(60)));
            let patience = Patience { clock: &clock, random: || 0.0, deadline };
            let rounds = Arc::new(AtomicUsize::new(0));
            let answer = patience.call(|_| {
                let round = rounds.fetch_add(1, Ordering::SeqCst);
                let of_round =
                    if round == 0 { failure(Kind::Timeout).with_unknown_effect(first) } else { failure(last) };
                async move { Err::<(), _>(of_round) }
            });
            let found = answer.await.map_err(|failure| (failure.kind(), failure.may_have_happened()));
            assert_eq!(found, Err((last, expected)), "{first} {last:?}");
        }
    }

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
        check(Kind::Unavailable, Some("InternalError"), "500", true);
        check(Kind::Unavailable, Some(OUT_OF_HOST_CAPACITY), "500", false);
        check(Kind::Invalid, Some("LimitExceeded"), "", false);
        check(Kind::Conflict, Some("IncorrectState"), "", false);
        check(Kind::NotFound, None, "", false);
        check(Kind::Denied, None, "", false);
    }
}

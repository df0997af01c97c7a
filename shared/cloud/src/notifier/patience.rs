//! Trying again while the claim is held.

use std::sync::Arc;
use std::time::Duration;

use causeway_resilience::retry::{Backoff, Decision, Failure, Idempotency, Jitter, Policy, Retry};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

use super::{Message, Notifier};
use crate::state::{Clock, UnixMillis};

/// Full jitter from 1 s up to 20 s.
const BACKOFF: Backoff =
    Backoff { base: Duration::from_secs(1), growth: 2, cap: Duration::from_secs(20), jitter: Jitter::Full };
const TRIES: u32 = 5;
const TOTAL: Duration = Duration::from_secs(120);

/// Time and chance of the pauses.
#[derive(Clone)]
pub(super) struct Patience {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: fn() -> f64,
}

impl Patience {
    pub(super) fn unix_ms(&self) -> UnixMillis {
        self.clock.unix_millis()
    }

    /// Publishes, again while the service says that it has not.
    pub(super) async fn publish(
        &self,
        notifier: &dyn Notifier,
        message: &Message,
        claim: Duration,
        deadline: Deadline,
    ) -> Result<String, ServiceFailure> {
        // Beyond its claim somebody else would send it too.
        let policy = Policy { attempts: TRIES, backoff: BACKOFF, total: TOTAL.min(claim / 2), ..Policy::function() };
        let mut retry = Retry::new(policy, Idempotency::Idempotent, self.clock.instant(), deadline);
        loop {
            let failure = match notifier.publish(message, deadline).await {
                Err(failure) => failure,
                done => return done,
            };
            let Some(passing) = passing(&failure) else { return Err(failure) };
            match retry.next(&passing, self.clock.instant(), (self.random)()) {
                Decision::Retry { after } => self.clock.sleep(after).await,
                Decision::GiveUp { .. } => return Err(failure),
            }
        }
    }
}

/// The failure as the rules of retrying see it; `None` for one that stays, or after which the message may be out.
///
/// A service that answers 500 or 503 says that it has not done it. Should it have: whoever finds the claim over sends it
/// again as well. What a gateway says of a service behind it (502, 504), and no answer at all, are waited out.
fn passing(failure: &ServiceFailure) -> Option<Failure> {
    let status = match (failure.status(), failure.kind()) {
        (Some(answered @ (500 | 503)), _) => answered,
        _ if failure.may_have_happened() => return None,
        (_, Kind::Throttled) => 429,
        (_, Kind::Unavailable) => 503,
        _ => return None,
    };
    Some(Failure::status(status).with_retry_after(failure.retry_after()))
}

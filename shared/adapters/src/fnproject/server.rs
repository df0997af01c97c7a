//! Requests to a Fn server: each tried again by the rules that calls of OCI Functions have.

use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{Exchange, Http, Route};
use causeway_resilience::retry::{Decision, Idempotency, Policy, Retry};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use http::{Request, Response};

use super::answer;
use crate::chat::{Refused, Said, Watch, Where};

/// One Fn server.
pub(super) struct Server {
    effects: Effects,
    /// The URL before `/v2` and `/invoke`, without a slash at its end.
    base: String,
}

/// How a request is made.
pub(super) struct How {
    pub(super) whose: Where,
    pub(super) policy: Policy,
    pub(super) idempotency: Idempotency,
    /// Largest answer, in bytes.
    pub(super) max_bytes: usize,
}

/// A request that was given up.
pub(super) struct GivenUp {
    pub(super) failure: ServiceFailure,
    /// What the server answered to the last try.
    pub(super) answer: Option<Response<Bytes>>,
}

impl Server {
    pub(super) fn new(effects: Effects, base: String) -> Self {
        Self { effects, base }
    }

    pub(super) fn url(&self, target: &str) -> String {
        format!("{}{target}", self.base)
    }

    /// The answer with a status of 200 to 299.
    pub(super) async fn send(
        &self,
        request: &Request<Bytes>,
        how: &How,
        deadline: Deadline,
    ) -> Result<Response<Bytes>, GivenUp> {
        let mut retry = Retry::new(how.policy.clone(), how.idempotency, now(), deadline);
        let mut unknown_effect = false;
        loop {
            let (refused, answer) = match self.once(request.clone(), how, retry.try_time(now())).await {
                Ok((answer, None)) => return Ok(answer),
                Ok((answer, Some(refused))) => (refused, Some(answer)),
                Err(refused) => (refused, None),
            };
            unknown_effect |= refused.failure.may_have_happened();
            match refused.again.as_ref().map(|failure| retry.next(failure, now(), self.chance())) {
                Some(Decision::Retry { after }) => self.effects.clock.sleep(after).await,
                Some(Decision::GiveUp { .. }) | None => {
                    return Err(GivenUp { failure: refused.failure.with_unknown_effect(unknown_effect), answer });
                }
            }
        }
    }

    /// One try: an answer, with a refusal where it is one.
    async fn once(
        &self,
        request: Request<Bytes>,
        how: &How,
        time: Duration,
    ) -> Result<(Response<Bytes>, Option<Refused>), Refused> {
        if time.is_zero() {
            // What is sent then and not waited for would have an unknown fate.
            return Err(how.whose.fails(Kind::Timeout, "no time was left").into());
        }
        let network = Watch::new(&self.effects, Some(how.whose));
        let exchange = Exchange { timeout: time, max_bytes: how.max_bytes, route: Route::Service };
        let answer = network.send(request, &exchange).await.map_err(|error| how.whose.lost(&error))?;
        if answer.status().is_success() {
            return Ok((answer, None));
        }
        let refused = how.whose.refused(Said {
            status: answer.status().as_u16(),
            request_id: answer::call_id(&answer),
            retry_after: network.retry_after(),
            ..Said::default()
        });
        Ok((answer, Some(refused)))
    }

    /// A number from 0 to 1 for jitter; the middle without a source.
    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        let filled = self.effects.random.fill(&mut bytes);
        filled.map_or(0.5, |()| f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX))
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

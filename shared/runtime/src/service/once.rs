//! Carrying a call out once.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use causeway_resilience::ledger::{Begun, Claim};
use futures_util::future::{Either, select};
use tokio::time::{Instant, timeout_at};

use super::{Function, reply};
use crate::{Context, Error, Handler, Idempotency, Reply, telemetry};

/// How long a claim holds that has no deadline: the longest run of any host.
const LONGEST: Duration = Duration::from_secs(3600);

impl<H: Handler> Function<H> {
    /// The handler's answer, or the one that it gave before.
    pub(super) async fn handled(&self, request: H::Request, context: &Context) -> Result<Reply, Error> {
        let Some(once) = self.handler.idempotency(&request, context)? else {
            return self.unclaimed(request, context).await;
        };
        let Idempotency { ledger, key, payload, is_harmless } = once;
        let key = format!("{}#{key}", H::NAME);
        let left = context.budget.remaining().unwrap_or(LONGEST);
        let begun = match ledger.begin(&key, &payload, left).await {
            Err(failure) if is_harmless => {
                tracing::warn!(kind = failure.kind().name(), error = %failure, "the call is carried out unclaimed");
                return self.unclaimed(request, context).await;
            }
            begun => begun?,
        };
        match begun {
            Begun::Work(claim) => self.claimed(request, context, claim).await,
            Begun::Done(text) => replayed(text),
            Begun::DoneWithoutReply if is_harmless => self.unclaimed(request, context).await,
            Begun::DoneWithoutReply => {
                let text = "this call was carried out before; its reply is not kept any more";
                Err(Error::client(409, "already_done", text))
            }
            Begun::InProgress { left } => Err(Error::in_progress(left)),
            Begun::OtherPayload => {
                let text = "this key was used before with another request";
                Err(Error::client(422, "key_reused", text))
            }
        }
    }

    async fn unclaimed(&self, request: H::Request, context: &Context) -> Result<Reply, Error> {
        reply(&self.handler.handle(request, context).await?)
    }

    async fn claimed<'a>(
        &self,
        request: H::Request,
        context: &Context,
        mut claim: Box<dyn Claim<'a> + 'a>,
    ) -> Result<Reply, Error> {
        let work = self.unclaimed(request, context);
        let outcome = match claim.beat() {
            None => work.await,
            Some(beat) => match renewing(work, claim.as_mut(), beat).await {
                Some(outcome) => outcome,
                None => return Err(Error::in_progress(beat)),
            },
        };
        // The work is done or has failed; that it could not be written down changes nothing about that. A repetition
        // then works again when the claim is over, which is what handlers are told to expect.
        let noted = match &outcome {
            Ok(done) => claim.complete(done.text().to_owned()).await,
            Err(_) => claim.abandon().await,
        };
        if let Err(failure) = noted {
            telemetry::not_remembered(&failure);
        }
        outcome
    }
}

/// The outcome of `work`, during which its claim is renewed. `None` when the claim was lost: then somebody else does
/// the work, and this is not carried on. A ledger that fails is asked again at the next beat, which is counted from the
/// beginning of the last renewal. Work that is done does not wait for a renewal: that one is cut.
pub async fn renewing<'a, T>(
    work: impl Future<Output = T>,
    claim: &mut (dyn Claim<'a> + 'a),
    beat: Duration,
) -> Option<T> {
    let mut work = pin!(work);
    let mut last = Instant::now();
    loop {
        if let Ok(outcome) = timeout_at(last + beat, work.as_mut()).await {
            return Some(outcome);
        }
        last = Instant::now();
        let renewed = match select(work.as_mut(), claim.renew()).await {
            Either::Left((outcome, _)) => return Some(outcome),
            Either::Right((renewed, _)) => renewed,
        };
        match renewed {
            Ok(true) => {}
            Ok(false) => return None,
            Err(failure) => tracing::warn!(error = %failure, "the call's claim could not be renewed"),
        }
    }
}

fn replayed(text: String) -> Result<Reply, Error> {
    Reply::of_text(text).map_err(|error| Error::internal("stored_reply_not_json", error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use causeway_resilience::ledger::Pending;
    use tokio::time::{sleep, timeout};

    use super::*;

    /// Notes when its renewals begin; they take so long, or for ever.
    struct Slow {
        since: Instant,
        begun: Vec<u64>,
        takes: Option<Duration>,
    }

    impl<'a> Claim<'a> for Slow {
        fn renew(&mut self) -> Pending<'_, bool> {
            self.begun.push(self.since.elapsed().as_secs());
            let takes = self.takes;
            Box::pin(async move {
                match takes {
                    Some(time) => sleep(time).await,
                    None => pending().await,
                }
                Ok(true)
            })
        }

        fn complete(self: Box<Self>, _: String) -> Pending<'a, ()> {
            Box::pin(ready(Ok(())))
        }

        fn abandon(self: Box<Self>) -> Pending<'a, ()> {
            Box::pin(ready(Ok(())))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn renewals_are_counted_from_their_beginning_and_work_waits_for_none() {
        let seconds = Duration::from_secs;
        for (takes, expected) in
            [(Some(seconds(0)), vec![20, 40, 60]), (Some(seconds(15)), vec![20, 40, 60]), (None, vec![20])]
        {
            let mut claim = Slow { since: Instant::now(), begun: Vec::new(), takes };
            let outcome = timeout(seconds(600), renewing(sleep(seconds(65)), &mut claim, seconds(20))).await;
            assert_eq!((outcome, claim.since.elapsed()), (Ok(Some(())), seconds(65)), "{takes:?}");
            assert_eq!(claim.begun, expected, "{takes:?}");
        }
    }
}

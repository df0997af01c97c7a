//! Carrying a call out once.

use std::time::Duration;

use causeway_resilience::ledger::{Begun, Claim};

use super::{Function, reply};
use crate::{Context, Error, Handler, Idempotency, Reply, telemetry};

/// How long a claim holds that has no deadline: the longest run of any host.
const LONGEST: Duration = Duration::from_secs(3600);

impl<H: Handler> Function<H> {
    /// The handler's answer, or the one that it gave before.
    pub(super) async fn handled(&self, request: H::Request, context: &Context) -> Result<Reply, Error> {
        let Some(once) = self.handler.idempotency(&request, context)? else {
            return reply(&self.handler.handle(request, context).await?);
        };
        let Idempotency { ledger, key, payload } = once;
        let key = format!("{}#{key}", H::NAME);
        let left = context.budget.remaining().unwrap_or(LONGEST);
        match ledger.begin(&key, &payload, left).await? {
            Begun::Work(claim) => self.claimed(request, context, claim).await,
            Begun::Done(text) => replayed(text),
            Begun::DoneWithoutReply => {
                let text = "this call was carried out before; its reply was too large to keep";
                Err(Error::client(409, "already_done", text))
            }
            Begun::InProgress { left } => Err(Error::in_progress(left)),
            Begun::OtherPayload => {
                let text = "this key was used before with another request";
                Err(Error::client(422, "key_reused", text))
            }
        }
    }

    async fn claimed<'a>(
        &self,
        request: H::Request,
        context: &Context,
        claim: Box<dyn Claim<'a> + 'a>,
    ) -> Result<Reply, Error> {
        let outcome = self.handler.handle(request, context).await.and_then(|done| reply(&done));
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

fn replayed(text: String) -> Result<Reply, Error> {
    Reply::of_text(text).map_err(|error| Error::internal("stored_reply_not_json", error.to_string()))
}

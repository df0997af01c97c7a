//! Answers about pictures that came with their request: the same bytes are paid for once.
//!
//! A request that is sent again (callers and gateways do so when an answer was lost) finds what the model said. Of the
//! picture itself only a digest is kept.

use causeway_resilience::Deadline;
use causeway_resilience::ledger::{Begun, Claim, Ledger};
use causeway_runtime::{Error, renewing};
use sha2::{Digest, Sha256};

use super::ask::Asked;
use super::said::Said;
use super::timings::Timings;
use super::{LONGEST, in_progress};
use crate::handler::Vision;
use crate::picture::Prepared;

/// What tells that two pictures are the same and are asked about alike.
pub(crate) fn key(bytes: &[u8], asked: &str) -> String {
    format!("{:x}#{asked}", Sha256::digest(bytes))
}

impl Vision {
    /// Asks the model, unless it has been asked under this key or `anew` is wished.
    ///
    /// # Errors
    /// As [`Vision::ask`]; 409 while somebody else asks the same. A memory that fails is no reason not to ask.
    pub(crate) async fn ask_once(
        &self,
        key: Option<&str>,
        prepared: &Prepared,
        samples: u32,
        deadline: Deadline,
        timings: &mut Timings,
    ) -> Result<Asked, Error> {
        let is_asked = prepared.gate.passed && self.model.ready().is_ok();
        let Some((memory, key)) = self.inline.as_ref().zip(key).filter(|_| is_asked) else {
            return self.ask(prepared, samples, deadline, timings).await;
        };
        let begun = Ledger::begin(memory, key, "", LONGEST).await;
        timings.step("memory");
        match begun {
            Ok(Begun::Work(claim)) => self.ask_claimed(claim, prepared, samples, deadline, timings).await,
            Ok(Begun::InProgress { left }) => Err(in_progress(left)),
            Ok(Begun::Done(text)) => match self.remembered(&text) {
                Some(asked) => Ok(asked),
                None => self.ask(prepared, samples, deadline, timings).await,
            },
            Ok(Begun::DoneWithoutReply | Begun::OtherPayload) => self.ask(prepared, samples, deadline, timings).await,
            Err(failure) => {
                tracing::warn!(error = %failure, "answers about this picture are not remembered");
                self.ask(prepared, samples, deadline, timings).await
            }
        }
    }

    fn remembered(&self, text: &str) -> Option<Asked> {
        serde_json::from_str::<Said>(text).ok().and_then(|said| said.again(self.now()))
    }

    async fn ask_claimed<'a>(
        &self,
        mut claim: Box<dyn Claim<'a> + 'a>,
        prepared: &Prepared,
        samples: u32,
        deadline: Deadline,
        timings: &mut Timings,
    ) -> Result<Asked, Error> {
        let beat = claim.beat().unwrap_or(LONGEST);
        let asking = self.ask(prepared, samples, deadline, timings);
        let Some(outcome) = renewing(asking, claim.as_mut(), beat).await else {
            return Err(in_progress(beat));
        };
        let settled = outcome.as_ref().ok().filter(|asked| asked.is_settled());
        let kept = match settled.and_then(|asked| serde_json::to_string(&Said::of(asked)).ok()) {
            Some(text) => claim.complete(text).await,
            None => claim.abandon().await,
        };
        if let Err(failure) = kept {
            tracing::warn!(error = %failure, "answers about this picture are not remembered");
        }
        outcome
    }
}

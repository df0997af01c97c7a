//! Telling people, once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use causeway_resilience::{Deadline, ServiceFailure};

use crate::state::once::{Begun, Once};
use crate::state::{Clock, Documents, StateError};

mod patience;
mod sent;

use patience::Patience;
pub use sent::Sent;

/// Time after which an alert whose sender died is sent by the next one, unless [`Alerts::claimed_for`] says another.
const CLAIM: Duration = Duration::from_secs(600);

/// A topic that people have subscribed to.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Publishes, and gives the service's id of the message. Neither cloud recognises a repetition: see [`Alerts`].
    ///
    /// # Errors
    /// The service's; [`ServiceFailure::may_have_happened`] says whether the message may be out all the same.
    async fn publish(&self, message: &Message, deadline: Deadline) -> Result<String, ServiceFailure>;
}

/// What people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Subject of the mail. What the service cannot carry in a subject (line breaks, more than 100 characters) is
    /// left out by the adapter.
    pub title: String,
    /// The text, at most 64 KiB on OCI.
    pub body: String,
}

/// Alerts that are sent once each, however many invocations find the same thing: claimed, published, marked as sent.
///
/// An invocation that dies between claim and publication holds the alert up for ten minutes, or as long as
/// [`Alerts::claimed_for`] says; then the next one sends it. When the fate of a publication is unknown the alert is held
/// up likewise and then sent again: twice is better than never.
#[derive(Clone)]
pub struct Alerts {
    notifier: Arc<dyn Notifier>,
    once: Once,
    claim: Duration,
    patience: Option<Patience>,
}

/// What became of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alerted {
    /// It was published now.
    Sent {
        /// The service's id of the message.
        message_id: String,
    },
    /// It had been before.
    AlreadySent,
    /// Somebody else is at it, or died at it: to be asked again after this moment.
    Claimed {
        /// Milliseconds since 1970.
        until_unix_ms: u64,
    },
}

/// Why an alert is not known to be out.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The state could not be read or written.
    #[error("the state of the alert cannot be used")]
    State(#[from] StateError),
    /// The service failed. The alert will be sent by a later call with the same key: at once when it is certainly not
    /// out, else when the claim is over.
    #[error("the alert could not be published")]
    Publish(#[source] ServiceFailure),
}

impl Alerts {
    /// Alerts through `notifier`, remembered in `documents` for `keep`; choose it longer than an alert can be found
    /// again under the same key.
    #[must_use]
    pub fn new(notifier: Arc<dyn Notifier>, documents: Documents, keep: Duration) -> Self {
        Self { notifier, once: Once::new(documents, keep), claim: CLAIM, patience: None }
    }

    /// The same with claims of another length than ten minutes. Whoever is called again with the same event soon and a
    /// few times only (AWS Lambda repeats one after a minute and after two more) takes the longest time of a
    /// publication and a margin, or the repetitions come too early and the alert is lost.
    #[must_use]
    pub fn claimed_for(self, claim: Duration) -> Self {
        Self { claim, ..self }
    }

    /// The same that tries again while its claim is held, when the topic throttles, is not there, or answers 500 or 503:
    /// five times in all, with pauses, for half of the claim at most. `random` draws a number from 0 to 1. When each
    /// alert was sent is remembered too, see [`Alerts::sent`].
    #[must_use]
    pub fn patient(self, clock: Arc<dyn Clock>, random: fn() -> f64) -> Self {
        Self { patience: Some(Patience { clock, random }), ..self }
    }

    /// Sends `message` unless an alert with this key was sent before. The text may differ from the one that was sent:
    /// the key alone tells alerts apart.
    ///
    /// # Errors
    /// See [`AlertError`].
    pub async fn send(&self, key: &str, message: &Message, deadline: Deadline) -> Result<Alerted, AlertError> {
        let claim = match self.once.begin(key, "", self.claim).await? {
            Begun::Work(claim) => claim,
            Begun::InProgress { until_unix_ms } => return Ok(Alerted::Claimed { until_unix_ms }),
            Begun::Done(_) | Begun::DoneWithoutReply | Begun::OtherPayload => return Ok(Alerted::AlreadySent),
        };
        match self.publish(message, deadline).await {
            Ok(message_id) => {
                let sent = Sent { message_id, unix_ms: self.patience.as_ref().map(Patience::unix_ms) };
                // A mark that cannot be written does not undo the message: the claim then runs out and it is sent
                // once more.
                claim.complete(&self.once, &sent.to_reply()).await?;
                Ok(Alerted::Sent { message_id: sent.message_id })
            }
            Err(failure) => {
                if !failure.may_have_happened() {
                    claim.abandon(&self.once).await?;
                }
                Err(AlertError::Publish(failure))
            }
        }
    }

    /// The mark of an alert with this key, if one is out. It is a look that claims and writes nothing.
    ///
    /// # Errors
    /// The state could not be read.
    pub async fn sent(&self, key: &str) -> Result<Option<Sent>, StateError> {
        Ok(match self.once.look(key, "").await? {
            Some(Begun::Done(reply)) => Some(Sent::of_reply(&reply)),
            Some(Begun::DoneWithoutReply | Begun::OtherPayload) => Some(Sent::of_reply("")),
            Some(Begun::Work(_) | Begun::InProgress { .. }) | None => None,
        })
    }

    async fn publish(&self, message: &Message, deadline: Deadline) -> Result<String, ServiceFailure> {
        match &self.patience {
            Some(patience) => patience.publish(self.notifier.as_ref(), message, self.claim, deadline).await,
            None => self.notifier.publish(message, deadline).await,
        }
    }
}

#[cfg(test)]
mod tests;

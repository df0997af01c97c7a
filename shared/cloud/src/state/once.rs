//! Calls that happen once, however often they are delivered.
//!
//! The caller names a key (a message id, a retry token). The first call claims it, works and stores its reply;
//! a repetition gets that reply, one that comes while the first is at work is told so, and the same key with
//! another payload is refused. A claim whose holder died is free again after the holder's deadline; one that
//! is renewed while the work goes on, soon after the last renewal. Whoever lost a claim can neither renew nor
//! complete it.

use std::time::Duration;

use causeway_resilience::ledger::{self, Ledger, Pending};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::clock::after;
use super::{Documents, StateError, UnixMillis, Version, write_id};

/// Largest reply that is kept in its record; a larger one is an object of its own beside it.
const MAX_REPLY_BYTES: usize = 1 << 20;
/// Renewals within the time of a claim: two may fail or be late.
const BEATS: u32 = 3;
/// Writes of a holder until it is heard. All but the last meet a write of its own that arrived late.
const ATTEMPTS: u32 = 3;

/// The stored form.
#[derive(Serialize, Deserialize)]
struct Record {
    /// SHA-256 of the payload, in hex.
    payload: String,
    /// Id of the claim.
    #[serde(default)]
    holder: String,
    state: State,
    /// While in progress: from when on the holder counts as dead. When complete: until when the reply is kept.
    expires_unix_ms: UnixMillis,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    InProgress,
    /// Without a text the reply is not known any more.
    Complete(Option<String>),
    /// The reply is the text of this name.
    CompleteIn(String),
}

/// What to do with a call.
#[derive(Debug)]
pub enum Begun {
    /// Work, then [`Claim::complete`] or [`Claim::abandon`].
    Work(Claim),
    /// It is done; this was the reply.
    Done(String),
    /// It is done; there is no reply any more.
    DoneWithoutReply,
    /// Somebody is at it, until this moment at the latest.
    InProgress {
        /// When the claim ends.
        until_unix_ms: UnixMillis,
    },
    /// The key was used for something else: a mistake of the caller (409 or 422).
    OtherPayload,
}

/// The right to do the work of one key.
#[derive(Debug)]
pub struct Claim {
    key: String,
    payload: String,
    holder: String,
    version: Version,
}

/// Remembers calls below one prefix.
#[derive(Clone)]
pub struct Once {
    documents: Documents,
    keep: Duration,
    /// How long a claim holds without a renewal; until the deadline without this.
    lease: Option<Duration>,
}

impl Once {
    /// Replies are kept for `keep`; a repetition after that works again. Choose it longer than the sender's
    /// last retry: OCI's retry tokens are good for 24 h, Lambda retries events for 6 h.
    #[must_use]
    pub fn new(documents: Documents, keep: Duration) -> Self {
        Self { documents, keep, lease: None }
    }

    /// Claims hold for `lease` only and are renewed while the work goes on, so that work whose holder died can
    /// soon be begun again. Choose it longer than the work may keep its thread busy at one go, and than clocks
    /// differ.
    #[must_use]
    pub fn renewed(self, lease: Duration) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// Claims `key` for the work on `payload`, which has `left` until this invocation's deadline.
    ///
    /// # Errors
    /// The store's. Nothing may be done then: whether somebody else has the claim is unknown.
    pub async fn begin(&self, key: &str, payload: &str, left: Duration) -> Result<Begun, StateError> {
        let (name, payload) = (digest(key), digest(payload));
        let now = self.documents.clock().unix_millis();
        let found = self.documents.get::<Record>(&name).await?;
        if let Some(found) = found.as_ref().filter(|found| found.value.holds(now)) {
            return self.answer(&found.value, &payload).await;
        }
        let expires_unix_ms = after(now, self.lease.unwrap_or(left));
        let holder = write_id::new();
        let record =
            Record { payload: payload.clone(), holder: holder.clone(), state: State::InProgress, expires_unix_ms };
        let written = match &found {
            Some(found) => self.documents.replace(&name, &record, &found.version).await,
            None => self.documents.create(&name, &record).await,
        };
        match written {
            Ok(version) => Ok(Begun::Work(Claim { key: name, payload, holder, version })),
            Err(StateError::Conflict(_)) => self.lost_the_race(&name, &payload).await,
            Err(other) => Err(other),
        }
    }

    /// What [`Once::begin`] would answer now, without a claim and without a write: `None` where it would claim.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(&self, key: &str, payload: &str) -> Result<Option<Begun>, StateError> {
        let found = self.documents.get::<Record>(&digest(key)).await?;
        let now = self.documents.clock().unix_millis();
        match found.filter(|found| found.value.holds(now)) {
            Some(found) => self.answer(&found.value, &digest(payload)).await.map(Some),
            None => Ok(None),
        }
    }

    async fn lost_the_race(&self, name: &str, payload: &str) -> Result<Begun, StateError> {
        let winner = self.documents.get::<Record>(name).await?;
        let winner = winner.ok_or_else(|| StateError::Conflict(name.to_owned()))?;
        self.answer(&winner.value, payload).await
    }

    async fn answer(&self, record: &Record, payload: &str) -> Result<Begun, StateError> {
        Ok(match &record.state {
            _ if record.payload != payload => Begun::OtherPayload,
            State::InProgress => Begun::InProgress { until_unix_ms: record.expires_unix_ms },
            State::Complete(reply) => reply.clone().map_or(Begun::DoneWithoutReply, Begun::Done),
            State::CompleteIn(name) => self.documents.text(name).await?.map_or(Begun::DoneWithoutReply, Begun::Done),
        })
    }
}

impl Record {
    /// Whether it still says something: nobody else may begin until then.
    fn holds(&self, now: UnixMillis) -> bool {
        self.expires_unix_ms > now
    }
}

/// Names and payloads as they are stored, whatever characters they have.
fn digest(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

impl Claim {
    /// Holds it for the ledger's lease from now on; where there is none it holds until its deadline anyway. It may be
    /// cut, also by the claim's end: what it wrote is recognised, however late it arrives.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when somebody else took it. Or the store's; then it may be tried again.
    pub async fn renew(&mut self, once: &Once) -> Result<(), StateError> {
        let Some(lease) = once.lease else { return Ok(()) };
        let expires_unix_ms = after(once.documents.clock().unix_millis(), lease);
        self.write(once, State::InProgress, expires_unix_ms).await.1
    }

    /// Stores the reply of the finished work.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when the claim ran out and somebody else took it: then the work may have been
    /// done twice, and the other's reply counts. Or the store's.
    pub async fn complete(mut self, once: &Once, reply: &str) -> Result<(), StateError> {
        let state = if reply.len() <= MAX_REPLY_BYTES {
            State::Complete(Some(reply.to_owned()))
        } else {
            // A name of its own, so that a late holder does not write over its successor's.
            let name = format!("{}-{}", self.key, write_id::new());
            once.documents.create_text(&name, reply).await?;
            State::CompleteIn(name)
        };
        let expires_unix_ms = after(once.documents.clock().unix_millis(), once.keep);
        let (state, written) = self.write(once, state, expires_unix_ms).await;
        if let (Err(StateError::Conflict(_)), State::CompleteIn(name)) = (&written, &state) {
            once.documents.remove(name).await?;
        }
        written
    }

    /// Frees the key after work that failed and left nothing behind, so that a repetition may try again at once.
    ///
    /// # Errors
    /// The store's; then the claim runs out by itself.
    pub async fn abandon(mut self, once: &Once) -> Result<(), StateError> {
        match self.write(once, State::InProgress, 0).await.1 {
            Ok(()) | Err(StateError::Conflict(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Writes that state, which it gives back with what came of it.
    async fn write(
        &mut self,
        once: &Once,
        state: State,
        expires_unix_ms: UnixMillis,
    ) -> (State, Result<(), StateError>) {
        let (payload, holder) = (self.payload.clone(), self.holder.clone());
        let record = Record { payload, holder, state, expires_unix_ms };
        let written = self.replace(&once.documents, &record).await;
        (record.state, written)
    }

    async fn replace(&mut self, documents: &Documents, record: &Record) -> Result<(), StateError> {
        for _ in 0..ATTEMPTS {
            match documents.replace(&self.key, record, &self.version).await {
                Ok(version) => {
                    self.version = version;
                    return Ok(());
                }
                Err(StateError::Conflict(_)) => self.read_again(documents).await?,
                Err(other) => return Err(other),
            }
        }
        Err(StateError::Conflict(self.key.clone()))
    }

    /// After a refusal: a renewal of ours that failed or was cut may have arrived since.
    async fn read_again(&mut self, documents: &Documents) -> Result<(), StateError> {
        let is_ours = |record: &Record| record.holder == self.holder && matches!(record.state, State::InProgress);
        let found = documents.get::<Record>(&self.key).await?.filter(|found| is_ours(&found.value));
        self.version = found.ok_or_else(|| StateError::Conflict(self.key.clone()))?.version;
        Ok(())
    }
}

/// A claim together with the memory that it is kept in.
struct Held<'a> {
    once: &'a Once,
    claim: Claim,
}

impl<'a> ledger::Claim<'a> for Held<'a> {
    fn beat(&self) -> Option<Duration> {
        self.once.lease.map(|lease| lease / BEATS)
    }

    fn renew(&mut self) -> Pending<'_, bool> {
        Box::pin(async move {
            match self.claim.renew(self.once).await {
                Ok(()) => Ok(true),
                Err(StateError::Conflict(_)) => Ok(false),
                Err(other) => Err(other.into()),
            }
        })
    }

    fn complete(self: Box<Self>, reply: String) -> Pending<'a, ()> {
        Box::pin(async move { Ok(self.claim.complete(self.once, &reply).await?) })
    }

    fn abandon(self: Box<Self>) -> Pending<'a, ()> {
        Box::pin(async move { Ok(self.claim.abandon(self.once).await?) })
    }
}

impl Ledger for Once {
    fn begin<'a>(&'a self, key: &'a str, payload: &'a str, left: Duration) -> Pending<'a, ledger::Begun<'a>> {
        Box::pin(async move {
            Ok(match Once::begin(self, key, payload, left).await? {
                Begun::Work(claim) => ledger::Begun::Work(Box::new(Held { once: self, claim })),
                Begun::Done(reply) => ledger::Begun::Done(reply),
                Begun::DoneWithoutReply => ledger::Begun::DoneWithoutReply,
                Begun::InProgress { until_unix_ms } => {
                    let now = self.documents.clock().unix_millis();
                    ledger::Begun::InProgress { left: Duration::from_millis(until_unix_ms.saturating_sub(now)) }
                }
                Begun::OtherPayload => ledger::Begun::OtherPayload,
            })
        })
    }
}

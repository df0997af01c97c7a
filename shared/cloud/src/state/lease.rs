//! Mutual exclusion among invocations, by a document with an expiry and an epoch.
//!
//! A holder that dies keeps nobody out for longer than the time to live. A holder that merely slept believes
//! that it still holds: so everything that it writes goes through [`Documents::write_fenced`] with its epoch,
//! and is refused once a successor has written there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::after;
use super::{Documents, StateError, UnixMillis, Version};

/// Writes of a holder until it is heard. All but the last meet a write of its own that arrived late.
const ATTEMPTS: u32 = 3;

/// The stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    owner: String,
    epoch: u64,
    /// The lease is over at this moment; 0 after a release.
    expires_unix_ms: UnixMillis,
}

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    key: String,
    record: Record,
    version: Version,
}

/// Outcome of [`acquire`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    /// It is ours.
    Held(Lease),
    /// Somebody else has it.
    Busy {
        /// Who, as they called themselves.
        owner: String,
        /// When it ends unless they renew it.
        expires_unix_ms: UnixMillis,
    },
}

impl Lease {
    /// Grows with every holder. Goes into every write that the lease protects.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.record.epoch
    }

    /// When it ends.
    #[must_use]
    pub fn expires_unix_ms(&self) -> UnixMillis {
        self.record.expires_unix_ms
    }

    /// Holds it for `time_to_live` from now on; a late renewal is as good as one in time while nobody has taken the
    /// lease. It may be cut and tried again: what an earlier try wrote is recognised, however late it arrives.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when it was lost, or no time to live is left; or the store's, and then it may still be
    /// ours.
    pub async fn renew(&mut self, documents: &Documents, time_to_live: Duration) -> Result<(), StateError> {
        if time_to_live.is_zero() {
            return Err(StateError::Conflict(self.key.clone()));
        }
        self.write(documents, after(documents.clock().unix_millis(), time_to_live)).await
    }

    /// Gives it back. One that was lost already is fine.
    ///
    /// # Errors
    /// The store's; then the lease runs out by itself.
    pub async fn release(mut self, documents: &Documents) -> Result<(), StateError> {
        match self.write(documents, 0).await {
            Ok(()) | Err(StateError::Conflict(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn write(&mut self, documents: &Documents, expires_unix_ms: UnixMillis) -> Result<(), StateError> {
        let record = Record { expires_unix_ms, ..self.record.clone() };
        for _ in 0..ATTEMPTS {
            match documents.replace(&self.key, &record, &self.version).await {
                Ok(version) => {
                    (self.version, self.record) = (version, record);
                    return Ok(());
                }
                Err(StateError::Conflict(_)) => self.read_again(documents).await?,
                Err(other) => return Err(other),
            }
        }
        Err(StateError::Conflict(self.key.clone()))
    }

    /// After a refusal: a write of ours that failed may have arrived since. Every other holder has another epoch.
    async fn read_again(&mut self, documents: &Documents) -> Result<(), StateError> {
        let found = documents.get::<Record>(&self.key).await?.filter(|found| self.is_ours(&found.value));
        self.version = found.ok_or_else(|| StateError::Conflict(self.key.clone()))?.version;
        Ok(())
    }

    fn is_ours(&self, found: &Record) -> bool {
        (found.epoch, &found.owner) == (self.record.epoch, &self.record.owner) && found.expires_unix_ms > 0
    }
}

/// Takes the lease `key` for `owner` (any text that tells an operator who it is; two invocations must not
/// share one) when it is free, over or given back. It counts as over a moment after its end by this clock, so
/// clocks that differ by more than the time to live would break it; the epoch then still protects the writes.
///
/// # Errors
/// The store's. Losing the race for a free lease is [`Acquired::Busy`], not an error.
pub async fn acquire(
    documents: &Documents,
    key: &str,
    owner: &str,
    time_to_live: Duration,
) -> Result<Acquired, StateError> {
    let now = documents.clock().unix_millis();
    let found = documents.get::<Record>(key).await?;
    if let Some(found) = found.as_ref().filter(|found| found.value.expires_unix_ms > now) {
        return Ok(busy(&found.value));
    }
    let epoch = found.as_ref().map_or(1, |found| found.value.epoch + 1);
    let record = Record { owner: owner.to_owned(), epoch, expires_unix_ms: after(now, time_to_live) };
    let written = match &found {
        Some(found) => documents.replace(key, &record, &found.version).await,
        None => documents.create(key, &record).await,
    };
    match written {
        Ok(version) => Ok(Acquired::Held(Lease { key: key.to_owned(), record, version })),
        Err(StateError::Conflict(_)) => lost_the_race(documents, key).await,
        Err(other) => Err(other),
    }
}

async fn lost_the_race(documents: &Documents, key: &str) -> Result<Acquired, StateError> {
    let winner = documents.get::<Record>(key).await?;
    winner.map(|found| busy(&found.value)).ok_or_else(|| StateError::Conflict(key.to_owned()))
}

fn busy(record: &Record) -> Acquired {
    Acquired::Busy { owner: record.owner.clone(), expires_unix_ms: record.expires_unix_ms }
}

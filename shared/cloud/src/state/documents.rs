//! JSON documents with compare-and-swap.

mod listing;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Clock, StateError, write_id};
use crate::{Objects, object_path};

pub(crate) use listing::{Found, chance, unique_name};

/// Largest document in bytes. State is read whole at every call.
const MAX_BYTES: u64 = 4 << 20;
/// Largest text in bytes. Both clouds end replies of functions at 6 MB.
const MAX_TEXT_BYTES: u64 = 16 << 20;
/// Attempts of [`Documents::update`].
const ATTEMPTS: u32 = 64;
/// Longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Documents below one prefix of a bucket.
#[derive(Clone)]
pub struct Documents {
    objects: Objects,
    prefix: String,
    clock: Arc<dyn Clock>,
}

/// State of a document that somebody read; what a replacement is conditional on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    e_tag: UpdateVersion,
    epoch: u64,
}

/// A document and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// Its content.
    pub value: T,
    /// For the replacement.
    pub version: Version,
}

/// What is stored.
#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    write_id: String,
    /// Epoch of the lease under which it was written; 0 without one.
    #[serde(default)]
    epoch: u64,
    value: T,
}

impl Documents {
    /// Documents below `prefix` of the bucket.
    #[must_use]
    pub fn new(objects: Objects, prefix: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { objects, prefix: prefix.into(), clock }
    }

    /// Documents in a folder of these.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        Self { prefix: format!("{}/{folder}", self.prefix), ..self.clone() }
    }

    /// The clock that leases on these documents use.
    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Reads a document; `None` when there is none.
    ///
    /// # Errors
    /// [`StateError::Malformed`], [`StateError::TooLarge`], [`StateError::BadKey`], [`StateError::Store`].
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Versioned<T>>, StateError> {
        let read = self.read(key).await?;
        Ok(read.map(|(envelope, version)| Versioned { value: envelope.value, version }))
    }

    /// Writes a document that must not exist yet.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when it exists, else as [`Documents::get`].
    pub async fn create<T: Serialize>(&self, key: &str, value: &T) -> Result<Version, StateError> {
        self.write(key, value, PutMode::Create, 0).await
    }

    /// Replaces the document that was read as `version`.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when it is another by now or gone, else as [`Documents::get`].
    pub async fn replace<T: Serialize>(&self, key: &str, value: &T, version: &Version) -> Result<Version, StateError> {
        self.write(key, value, PutMode::Update(version.e_tag.clone()), version.epoch).await
    }

    /// Writes under a lease: with `None` a document that must not exist yet, else the replacement of that
    /// version. A document that a later holder has written refuses an earlier one.
    ///
    /// # Errors
    /// [`StateError::Fenced`], else as [`Documents::replace`].
    pub async fn write_fenced<T: Serialize>(
        &self,
        key: &str,
        value: &T,
        version: Option<&Version>,
        epoch: u64,
    ) -> Result<Version, StateError> {
        let Some(version) = version else { return self.write(key, value, PutMode::Create, epoch).await };
        if version.epoch > epoch {
            return Err(StateError::Fenced { key: key.to_owned(), ours: epoch, theirs: version.epoch });
        }
        self.write(key, value, PutMode::Update(version.e_tag.clone()), epoch).await
    }

    /// Reads, changes and writes until no one was in between. `change` gets the present content and gives the
    /// new one; it runs again after every conflict, up to 64 times with random pauses.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when it was always too late, what `change` gives, or as [`Documents::get`].
    pub async fn update<T, E>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> Result<T, E>,
    ) -> Result<Versioned<T>, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<StateError>,
    {
        for attempt in 1.. {
            let found = self.get(key).await?;
            let (old, version) = found.map_or((None, None), |found| (Some(found.value), Some(found.version)));
            let value = change(old)?;
            let written = match &version {
                Some(version) => self.replace(key, &value, version).await,
                None => self.create(key, &value).await,
            };
            match written {
                Ok(version) => return Ok(Versioned { value, version }),
                Err(StateError::Conflict(_)) if attempt < ATTEMPTS => self.pause(attempt).await,
                Err(other) => return Err(other.into()),
            }
        }
        Err(StateError::Conflict(key.to_owned()).into())
    }

    /// Removes a document, whoever wrote it last. One that is not there is fine.
    ///
    /// # Errors
    /// [`StateError::BadKey`], [`StateError::Store`].
    pub async fn remove(&self, key: &str) -> Result<(), StateError> {
        match self.objects.delete(&self.path(key)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(other) => Err(StateError::Store(other)),
        }
    }

    /// Removes everything in a folder of these.
    ///
    /// # Errors
    /// [`StateError::BadKey`], [`StateError::Store`]; what is left goes with the next call.
    pub async fn remove_below(&self, folder: &str) -> Result<(), StateError> {
        let bad = || StateError::BadKey(folder.to_owned());
        if folder.is_empty() || folder.ends_with('/') {
            return Err(bad());
        }
        let folder = object_path(&format!("{}/{folder}", self.prefix)).map_err(|_| bad())?;
        let found = self.objects.list(Some(&folder)).map_ok(|object| object.location);
        for object in found.try_collect::<Vec<_>>().await.map_err(StateError::Store)? {
            match self.objects.delete(&object).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(other) => return Err(StateError::Store(other)),
            }
        }
        Ok(())
    }

    /// Writes a text of up to 16 MiB that must not exist yet, as it is.
    pub(super) async fn create_text(&self, key: &str, text: &str) -> Result<(), StateError> {
        fits(key, text.len() as u64, MAX_TEXT_BYTES)?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&self.path(key)?, text.to_owned().into(), options).await {
            Ok(_) => Ok(()),
            // Names are drawn anew for each text: what is there is ours.
            Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(other) => Err(StateError::Store(other)),
        }
    }

    /// A text that was written so; `None` when there is none.
    pub(super) async fn text(&self, key: &str) -> Result<Option<String>, StateError> {
        let Some((bytes, _)) = self.bytes(key, MAX_TEXT_BYTES).await? else { return Ok(None) };
        let malformed = |_| StateError::Malformed { key: key.to_owned(), reason: "no UTF-8".to_owned() };
        String::from_utf8(bytes.into()).map(Some).map_err(malformed)
    }

    async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(Envelope<T>, Version)>, StateError> {
        let Some((bytes, e_tag)) = self.bytes(key, MAX_BYTES).await? else { return Ok(None) };
        let envelope: Envelope<T> = serde_json::from_slice(&bytes).map_err(|error| malformed(key, &error))?;
        let version = Version { e_tag, epoch: envelope.epoch };
        Ok(Some((envelope, version)))
    }

    /// What a document or a text consists of. It knows no type, so that a program has it once.
    async fn bytes(&self, key: &str, max: u64) -> Result<Option<(Bytes, UpdateVersion)>, StateError> {
        let found = match self.objects.get(&self.path(key)?).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(other) => return Err(StateError::Store(other)),
        };
        fits(key, found.meta.size, max)?;
        let e_tag = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        Ok(Some((found.bytes().await.map_err(StateError::Store)?, e_tag)))
    }

    async fn write<T: Serialize>(
        &self,
        key: &str,
        value: &T,
        mode: PutMode,
        epoch: u64,
    ) -> Result<Version, StateError> {
        let write_id = write_id::new();
        let envelope = Envelope { write_id: write_id.clone(), epoch, value };
        let bytes = serde_json::to_vec(&envelope).map_err(|error| malformed(key, &error))?;
        self.put(key, bytes, &write_id, mode, epoch).await
    }

    async fn put(
        &self,
        key: &str,
        bytes: Vec<u8>,
        write_id: &str,
        mode: PutMode,
        epoch: u64,
    ) -> Result<Version, StateError> {
        fits(key, bytes.len() as u64, MAX_BYTES)?;
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.objects.put_opts(&self.path(key)?, bytes.into(), options).await {
            Ok(put) => Ok(Version { e_tag: UpdateVersion { e_tag: put.e_tag, version: put.version }, epoch }),
            Err(failure) => self.was_it_ours(key, write_id, epoch, failure).await,
        }
    }

    /// After a refusal or a failure: whether our own write is what is there now.
    async fn was_it_ours(&self, key: &str, id: &str, epoch: u64, failure: Error) -> Result<Version, StateError> {
        let refused =
            matches!(failure, Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotFound { .. });
        match self.read::<serde::de::IgnoredAny>(key).await {
            Ok(Some((found, version))) if found.write_id == id => Ok(version),
            Ok(Some((found, _))) if found.epoch > epoch && epoch > 0 => {
                Err(StateError::Fenced { key: key.to_owned(), ours: epoch, theirs: found.epoch })
            }
            _ if refused => Err(StateError::Conflict(key.to_owned())),
            _ => Err(StateError::Store(failure)),
        }
    }

    /// Between nothing and a time that doubles: writers that met once do not meet again.
    async fn pause(&self, attempt: u32) {
        let longest = LONGEST_PAUSE.min(Duration::from_millis(1 << attempt.min(16)));
        self.clock.sleep(longest.mul_f64(unit())).await;
    }

    fn path(&self, key: &str) -> Result<Path, StateError> {
        let bad = || StateError::BadKey(key.to_owned());
        if key.is_empty() || key.ends_with('/') {
            return Err(bad());
        }
        object_path(&format!("{}/{key}.json", self.prefix)).map_err(|_| bad())
    }
}

/// A random number from 0 to 1.
fn unit() -> f64 {
    let random = u64::from_str_radix(&write_id::new()[..12], 16).unwrap_or_default();
    random as f64 / (1u64 << 48) as f64
}

fn fits(key: &str, bytes: u64, max: u64) -> Result<(), StateError> {
    let too_large = || StateError::TooLarge { key: key.to_owned(), bytes, max };
    if bytes > max { Err(too_large()) } else { Ok(()) }
}

/// The position and kind of the fault; the message of serde_json may quote content.
fn malformed(key: &str, error: &serde_json::Error) -> StateError {
    let reason = format!("{:?} at line {} column {}", error.classify(), error.line(), error.column());
    StateError::Malformed { key: key.to_owned(), reason }
}

//! Looking at many documents, at damaged ones, and at the store's clock.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::TryStreamExt;
use object_store::{Error, ObjectStoreExt, UpdateVersion};
use serde::de::DeserializeOwned;

use super::{Documents, Version, Versioned, unit};
use crate::object_path;
use crate::state::{Clock, StateError, write_id};

/// A document, or what stands in its place.
pub(crate) enum Found<T> {
    /// It can be read.
    Whole(Versioned<T>),
    /// It cannot; a replacement of this version repairs it.
    Damaged(Version, StateError),
}

impl Documents {
    /// Keys of the documents in a folder of these, in the order of their names, at most so many.
    ///
    /// # Errors
    /// [`StateError::BadKey`], [`StateError::Store`].
    pub(crate) async fn keys_below(&self, folder: &str, most: usize) -> Result<Vec<String>, StateError> {
        let bad = || StateError::BadKey(folder.to_owned());
        let base = object_path(&self.prefix).map_err(|_| bad())?;
        let folder = object_path(&format!("{}/{folder}", self.prefix)).map_err(|_| bad())?;
        let mut keys = Vec::new();
        let mut found = self.objects.list(Some(&folder)).map_ok(|object| object.location);
        while let Some(location) = found.try_next().await.map_err(StateError::Store)? {
            let below = location.prefix_match(&base).map(|parts| parts.map(|part| part.as_ref().to_owned()));
            let key = below.map(|parts| parts.collect::<Vec<_>>().join("/"));
            keys.extend(key.as_deref().and_then(|key| key.strip_suffix(".json")).map(str::to_owned));
            if keys.len() >= most {
                break;
            }
        }
        keys.sort();
        Ok(keys)
    }

    /// A document, also where it is damaged or too large.
    pub(crate) async fn find<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Found<T>>, StateError> {
        match self.get(key).await {
            Err(StateError::Malformed { .. } | StateError::TooLarge { .. }) => self.find_damaged(key).await,
            found => Ok(found?.map(Found::Whole)),
        }
    }

    /// The version comes before the second look: where somebody repairs the document meanwhile, either the look finds
    /// it whole or the version is over.
    async fn find_damaged<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Found<T>>, StateError> {
        let meta = match self.objects.head(&self.path(key)?).await {
            Ok(meta) => meta,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(other) => return Err(StateError::Store(other)),
        };
        let version = Version { e_tag: UpdateVersion { e_tag: meta.e_tag, version: meta.version }, epoch: 0 };
        match self.get(key).await {
            Err(error @ (StateError::Malformed { .. } | StateError::TooLarge { .. })) => {
                Ok(Some(Found::Damaged(version, error)))
            }
            found => Ok(found?.map(Found::Whole)),
        }
    }

    /// The time by the store's clock, to the second: the document `key` is written for it, whatever it was.
    pub(crate) async fn store_time(&self, key: &str) -> Result<SystemTime, StateError> {
        let path = self.path(key)?;
        self.objects.put(&path, "{}".into()).await.map_err(StateError::Store)?;
        Ok(self.objects.head(&path).await.map_err(StateError::Store)?.last_modified.into())
    }

    /// The clock that these documents use.
    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}

/// A name that nothing else has.
pub(crate) fn unique_name() -> String {
    write_id::new()
}

/// A random number from 0 to 1.
pub(crate) fn chance() -> f64 {
    unit()
}

//! Small objects that this process read lately, for the time when neither side answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use causeway_cloud::breaker::{Answers, Kept};
use causeway_cloud::state::UnixMillis;
use futures_util::{StreamExt, stream};
use object_store::path::Path;
use object_store::{Attributes, GetResult, GetResultPayload, ObjectMeta, Result};

/// Objects that are kept.
const MOST: usize = 64;
/// Largest of them, in bytes.
const LARGEST: u64 = 256 << 10;

/// A whole object.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    bytes: Bytes,
    meta: ObjectMeta,
    attributes: Attributes,
}

/// What was read, and what is known to be gone.
pub(super) struct Cache {
    answers: Option<Arc<Answers<Option<Whole>>>>,
    max_age_ms: u64,
    /// How many changes have begun or ended: what was read across one may be from before it.
    changes: AtomicU64,
}

/// A change under way, also one whose caller gives up.
pub(super) struct Change<'a> {
    cache: &'a Cache,
    at: &'a Path,
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.cache.forget(self.at);
    }
}

impl Cache {
    pub(super) fn new(max_age: Duration) -> Self {
        let answers = (!max_age.is_zero()).then(|| Arc::new(Answers::new(MOST)));
        Self { answers, max_age_ms: u64::try_from(max_age.as_millis()).unwrap_or(u64::MAX), changes: AtomicU64::new(0) }
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Keeps what was read, unless something changed since there were so many changes.
    pub(super) fn keep(&self, at: &Path, whole: Whole, now: UnixMillis, changes: u64) {
        if let Some(answers) = self.answers.as_ref().filter(|_| self.changes() == changes) {
            answers.keep(at.as_ref(), Some(whole), now);
        }
    }

    /// It is written or deleted until this ends: what is read before then is no answer any more.
    pub(super) fn change<'a>(&'a self, at: &'a Path) -> Change<'a> {
        self.forget(at);
        Change { cache: self, at }
    }

    fn forget(&self, at: &Path) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        if let Some(answers) = &self.answers
            && let Some(Kept { at_unix_ms, .. }) = answers.get(at.as_ref())
        {
            answers.keep(at.as_ref(), None, at_unix_ms);
        }
    }

    /// What was read last, with its age in milliseconds.
    pub(super) fn get(&self, at: &Path, now: UnixMillis) -> Option<(Whole, u64)> {
        let Kept { value, at_unix_ms } = self.answers.as_ref()?.get(at.as_ref())?;
        let age_ms = now.checked_sub(at_unix_ms)?;
        value.filter(|_| age_ms <= self.max_age_ms).map(|whole| (whole, age_ms))
    }
}

impl Whole {
    /// Reads a small object to its end, so that a body that breaks off is a failure of its side; larger ones are left
    /// to the reader.
    pub(super) async fn read(found: GetResult) -> Result<(GetResult, Option<Self>)> {
        if found.meta.size > LARGEST || found.range != (0..found.meta.size) {
            return Ok((found, None));
        }
        let (meta, attributes) = (found.meta.clone(), found.attributes.clone());
        let whole = Self { bytes: found.bytes().await?, meta, attributes };
        Ok((whole.clone().result(), Some(whole)))
    }

    pub(super) fn result(self) -> GetResult {
        let Self { bytes, meta, attributes } = self;
        let (range, body) = (0..meta.size, stream::once(async move { Ok(bytes) }).boxed());
        let payload = GetResultPayload::Stream(body);
        GetResult { payload, meta, range, attributes, extensions: Default::default() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use object_store::memory::InMemory;
    use object_store::{GetOptions, ObjectStore, ObjectStoreExt};

    use super::*;

    /// A read that began before a change ended may have seen what was there before it.
    #[tokio::test]
    async fn what_was_read_across_a_change_is_not_kept() {
        let (store, at, cache) = (InMemory::new(), Path::from("a"), Cache::new(Duration::from_secs(60)));
        store.put(&at, "1".into()).await.unwrap();
        let (_, whole) = Whole::read(store.get_opts(&at, GetOptions::default()).await.unwrap()).await.unwrap();
        let whole = whole.unwrap();
        let kept = || cache.get(&at, 5).is_some();
        let before = cache.changes();
        let change = cache.change(&at);
        let within = cache.changes();
        for changes in [before, within] {
            cache.keep(&at, whole.clone(), 5, changes);
            assert_eq!(kept(), changes == within);
        }
        drop(change);
        assert!(!kept());
        cache.keep(&at, whole.clone(), 5, within);
        assert!(!kept());
        cache.keep(&at, whole, 5, cache.changes());
        assert!(kept());
    }
}

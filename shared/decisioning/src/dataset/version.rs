//! An object that is read range by range, in one version.

use std::ops::Range;

use bytes::Bytes;
use causeway_cloud::Objects;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{Error, GetOptions, GetRange, GetResult, ObjectMeta, Result};
use causeway_resilience::fallback::{Link, ServedBy};

/// The version of an object that was there at the first read. Ranges of another are errors: half of the one and half of
/// the other would be rows that nobody has written.
pub(crate) struct Version<'a> {
    objects: &'a Objects,
    meta: ObjectMeta,
    is_copy: bool,
}

impl<'a> Version<'a> {
    /// Reads the first bytes, at most so many, and stays with the version that they are of.
    ///
    /// # Errors
    /// The store fails, or the object has another size than when it was listed.
    pub(crate) async fn begin(objects: &'a Objects, listed: &ObjectMeta, bytes: u64) -> Result<(Self, Bytes)> {
        let options = options(0..listed.size.min(bytes), None);
        let found = objects.get_opts(&listed.location, options).await?;
        if found.meta.size != listed.size {
            return Err(changed(&listed.location));
        }
        // A store may write the versions in its lists otherwise than in its answers.
        let meta = ObjectMeta { location: listed.location.clone(), ..found.meta.clone() };
        let is_copy = found.extensions.get::<ServedBy>().is_some_and(|by| by.link != Link::Primary);
        Ok((Self { objects, meta, is_copy }, found.bytes().await?))
    }

    /// Whether it is what another side of the storage has of the object, which may be older.
    pub(crate) fn is_copy(&self) -> bool {
        self.is_copy
    }

    pub(crate) fn size(&self) -> u64 {
        self.meta.size
    }

    /// Some of its bytes.
    ///
    /// # Errors
    /// The store fails, or the object is not the same any more.
    pub(crate) async fn bytes(&self, range: Range<u64>) -> Result<Bytes> {
        self.get(range).await?.bytes().await
    }

    /// The same, as they come.
    ///
    /// # Errors
    /// The store fails, or the object is not the same any more.
    pub(crate) async fn get(&self, range: Range<u64>) -> Result<GetResult> {
        let found = self.objects.get_opts(&self.meta.location, options(range, self.meta.e_tag.clone())).await?;
        if self.is(&found.meta) { Ok(found) } else { Err(changed(&self.meta.location)) }
    }

    /// Whether an answer is of this version. A copy on the other side of a storage has no name of its version, and the time
    /// of its change in its place.
    fn is(&self, meta: &ObjectMeta) -> bool {
        let Self { meta: ours, .. } = self;
        let is_same_time = ours.e_tag.is_some() || ours.last_modified == meta.last_modified;
        ours.e_tag == meta.e_tag && ours.size == meta.size && is_same_time
    }
}

fn options(range: Range<u64>, if_match: Option<String>) -> GetOptions {
    GetOptions { range: Some(GetRange::Bounded(range)), if_match, ..GetOptions::default() }
}

fn changed(at: &Path) -> Error {
    Error::Precondition { path: at.to_string(), source: "it was replaced while it was read".into() }
}

//! Object storage with two sides: one cloud's, and another's that stands in while the first is out.
//!
//! Each side has a circuit breaker that all processes share (its documents are on the second side, which is the one that
//! can be asked when the first cannot) and a time for each try. What becomes of a call depends on what it promises:
//!
//! | call | where |
//! |---|---|
//! | read | the first side; else a copy on the second; else an answer of this process that is young enough. [`ServedBy`](causeway_resilience::fallback::ServedBy) in the result's extensions says which |
//! | list | the first side, else the copy where it is said to be whole; with the names of the second side |
//! | write, deletion, copy | the side that the name belongs to ([`causeway_cloud::side`]), or not at all |
//!
//! So a name has one side, whatever works at the moment: a lease or a claim can never be had twice, and nothing has to be
//! put in order when a side is back, which clocks of two stores could not do. What has to be written while the first side
//! is out takes a name of the second. Documents of the state have no other answers than those of their side at all.
//!
//! On the second side `copy/` is filled by whoever keeps the copy (a replication, a nightly synchronisation), and `own/`
//! holds names that belong to the second side. An answer of the copy is as old as the copy, and has no version: one of the
//! copy's would be taken for one of the object's.

mod answer;
mod cache;
mod chains;
mod list;
mod merge;
mod read;
mod results;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use causeway_cloud::Objects;
use causeway_cloud::side::is_of_second;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use cache::Cache;
pub use chains::storage_breakers;
pub(crate) use chains::{Chains, Rules};
use chains::{Folders, Side};
pub(crate) use results::SidedResults;

/// Deletions under way at a time.
const DELETIONS: usize = 8;

/// One bucket and its second side. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Pair {
    inner: Arc<Inner>,
}

struct Inner {
    first: Objects,
    second: Folders,
    chains: Arc<Chains>,
    holds: Holds,
    cache: Cache,
}

/// What a pair holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Data, which may be read from elsewhere.
    Data,
    /// Documents and leases, of which there is one truth.
    State,
}

impl Pair {
    /// `second` is the folder of this bucket on the second side.
    pub(crate) fn new(first: Objects, second: &Objects, chains: Arc<Chains>, holds: Holds) -> Self {
        let second = Folders::of(second);
        let cache = Cache::new(chains.rules.cache);
        Self { inner: Arc::new(Inner { first, second, chains, holds, cache }) }
    }

    fn chains(&self) -> &Chains {
        &self.inner.chains
    }

    fn is_state(&self) -> bool {
        self.inner.holds == Holds::State
    }

    /// The store where a name belongs.
    fn home(&self, at: &Path) -> (Side, Objects) {
        match is_of_second(at) {
            true => (Side::Second, Arc::clone(&self.inner.second.own)),
            false => (Side::First, Arc::clone(&self.inner.first)),
        }
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// As the first side: a name of the same data does not depend on what stands in for it.
impl fmt::Display for Pair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.inner.first)
    }
}

#[async_trait]
impl ObjectStore for Pair {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.put(at, payload, options).await
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.begin_parts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.get(at, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let pair = self.clone();
        let deletions = locations.map(move |at| {
            let pair = pair.clone();
            async move { pair.delete_one(at?).await }
        });
        deletions.buffered(DELETIONS).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.all(prefix.cloned(), None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.all(prefix.cloned(), Some(offset.clone()))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.folder(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.copy_one(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.rename_one(from, to, options).await
    }
}

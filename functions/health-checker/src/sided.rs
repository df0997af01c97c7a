//! For tests: a storage of two sides, of which the first can be out.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use causeway_cloud::side::is_of_second;
use causeway_resilience::fallback::{Link, ServedBy};
use futures_util::stream::{self, BoxStream, StreamExt};

/// How the first side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// It answers.
    Well,
    /// It does not, and the second side gives copies of objects.
    Copied,
    /// It does not, and there is no copy.
    Out,
}

/// The storage.
#[derive(Debug, Clone)]
pub(crate) struct Sided {
    pub(crate) first: Arc<InMemory>,
    pub(crate) second: Arc<InMemory>,
    state: Arc<AtomicU8>,
}

impl Sided {
    pub(crate) fn new(first: First) -> Self {
        let sided = Self { first: Arc::default(), second: Arc::default(), state: Arc::default() };
        sided.is(first);
        sided
    }

    pub(crate) fn is(&self, first: First) {
        self.state.store(first as u8, Ordering::SeqCst);
    }

    fn is_well(&self) -> bool {
        self.state.load(Ordering::SeqCst) == First::Well as u8
    }

    /// The side of a name, where it answers.
    fn home(&self, at: &Path) -> Result<&InMemory> {
        match is_of_second(at) {
            true => Ok(&self.second),
            false if self.is_well() => Ok(&self.first),
            false => Err(out()),
        }
    }
}

fn out() -> Error {
    Error::Generic { store: "sided", source: "the first side is out".into() }
}

impl fmt::Display for Sided {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sided")
    }
}

#[async_trait]
impl ObjectStore for Sided {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.home(at)?.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.home(at)?.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let is_copied = !is_of_second(at) && self.state.load(Ordering::SeqCst) == First::Copied as u8;
        let mut found = if is_copied { &self.first } else { self.home(at)? }.get_opts(at, options).await?;
        let (link, name) = if is_copied { (Link::Secondary, "second-s3") } else { (Link::Primary, "first") };
        found.extensions.insert(ServedBy { link, name: name.to_owned(), age_ms: None });
        Ok(found)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.first.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match prefix.map(|prefix| self.home(prefix)) {
            Some(Ok(home)) => home.list(prefix),
            None if self.is_well() => self.first.list(None).chain(self.second.list(None)).boxed(),
            _ => stream::iter([Err(out())]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.home(prefix.unwrap_or(&Path::default()))?.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.home(to)?.copy_opts(from, to, options).await
    }
}

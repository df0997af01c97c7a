//! A directory of objects that counts, waits and fails.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use causeway_cloud::local::Store;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::Notify;

use super::wait;

/// What becomes of calls about objects whose name has a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Writing fails.
    Put(&'static str),
    /// Reading fails.
    Get(&'static str),
    /// Writing fails, the first time excepted.
    LaterPuts(&'static str),
    /// Writing never ends.
    Stuck(&'static str),
    /// Reading and listing never end.
    Silent(&'static str),
}

#[derive(Debug)]
pub(crate) struct Disk {
    inner: Store,
    latency: Duration,
    pub(crate) troubles: Mutex<Vec<Trouble>>,
    pub(crate) reached: Notify,
    written: Mutex<BTreeMap<String, usize>>,
    gets: AtomicUsize,
    puts: AtomicUsize,
    lists: AtomicUsize,
}

impl Disk {
    pub(super) fn new(inner: Store, latency: Duration) -> Self {
        let (gets, puts, lists) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let (troubles, written, reached) = (Mutex::default(), Mutex::default(), Notify::new());
        Self { inner, latency, troubles, reached, written, gets, puts, lists }
    }

    pub(crate) fn puts(&self) -> usize {
        self.puts.load(Ordering::SeqCst)
    }

    pub(crate) fn calls(&self) -> usize {
        self.puts() + self.gets.load(Ordering::SeqCst) + self.lists.load(Ordering::SeqCst)
    }

    fn is_first(&self, name: &str) -> bool {
        let mut written = self.written.lock().unwrap();
        let count = written.entry(name.to_owned()).or_default();
        *count += 1;
        *count == 1
    }

    fn is_silent(&self, name: &str) -> bool {
        self.has(|trouble| matches!(trouble, Trouble::Silent(part) if name.contains(part)))
    }

    fn has(&self, is_it: impl Fn(&Trouble) -> bool) -> bool {
        self.troubles.lock().unwrap().iter().any(is_it)
    }
}

fn broken() -> Error {
    Error::Generic { store: "disk", source: "scripted".into() }
}

impl std::fmt::Display for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("disk")
    }
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.puts.fetch_add(1, Ordering::SeqCst);
        wait(self.latency).await;
        let name = location.as_ref();
        if self.has(|trouble| matches!(trouble, Trouble::Stuck(part) if name.contains(part))) {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
        let is_first = self.is_first(name);
        let fails = |trouble: &Trouble| match trouble {
            Trouble::Put(part) => name.contains(part),
            Trouble::LaterPuts(part) => name.contains(part) && !is_first,
            Trouble::Get(_) | Trouble::Stuck(_) | Trouble::Silent(_) => false,
        };
        if self.has(fails) {
            return Err(broken());
        }
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        wait(self.latency).await;
        let name = location.as_ref();
        if self.has(|trouble| matches!(trouble, Trouble::Get(part) if name.contains(part))) {
            return Err(broken());
        }
        if self.is_silent(name) {
            std::future::pending::<()>().await;
        }
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.lists.fetch_add(1, Ordering::SeqCst);
        if prefix.is_some_and(|prefix| self.is_silent(prefix.as_ref())) {
            return stream::pending().boxed();
        }
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

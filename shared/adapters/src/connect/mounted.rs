//! A directory that may come and go, such as one of a file system that other machines share.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use causeway_cloud::local::Store;
use futures_util::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use once_cell::sync::OnceCell;

/// The directory. While it is not there every call fails as that of a service does that is out, and the next call looks
/// again.
#[derive(Debug)]
pub(super) struct Mounted {
    root: PathBuf,
    store: OnceCell<Store>,
    is_told: AtomicBool,
}

impl Mounted {
    /// A directory that is not there is told in the log, and is no error.
    ///
    /// # Errors
    /// What is there can be no directory of objects.
    pub(super) fn new(root: PathBuf) -> std::result::Result<Self, causeway_cloud::Error> {
        let mounted = Self { root, store: OnceCell::new(), is_told: AtomicBool::new(false) };
        let wrong = mounted.store().err().filter(|_| mounted.root.exists());
        wrong.map_or(Ok(mounted), Err)
    }

    fn store(&self) -> std::result::Result<&Store, causeway_cloud::Error> {
        let opened = self.store.get_or_try_init(|| Store::open(&self.root));
        match &opened {
            Err(error) if !self.is_told.swap(true, Ordering::Relaxed) => {
                tracing::warn!(%error, "the second side of the storage is not there: the first goes on without it");
            }
            Ok(_) if self.is_told.swap(false, Ordering::Relaxed) => {
                tracing::info!("the second side of the storage is there again");
            }
            _ => {}
        }
        opened
    }

    fn open(&self) -> Result<&Store> {
        self.store().map_err(|error| Error::Generic { store: "directory", source: Box::new(error) })
    }
}

impl fmt::Display for Mounted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for Mounted {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.open()?.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.open()?.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.open()?.get_opts(at, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.open() {
            Ok(store) => store.delete_stream(locations),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.open() {
            Ok(store) => store.list(prefix),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.open()?.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.open()?.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use object_store::ObjectStoreExt;

    use super::*;

    #[tokio::test]
    async fn a_directory_that_comes_later_is_used_then() {
        let folder = tempfile::tempdir().unwrap();
        let (root, at) = (folder.path().join("second"), Path::from("a/b"));
        let mounted = Mounted::new(root.clone()).unwrap();
        for error in [mounted.put(&at, "1".into()).await.unwrap_err(), mounted.get(&at).await.unwrap_err()] {
            assert!(matches!(error, Error::Generic { .. }), "{error}");
        }
        assert!(mounted.list(None).next().await.unwrap().is_err());
        std::fs::create_dir(&root).unwrap();
        mounted.put(&at, "1".into()).await.unwrap();
        assert_eq!(mounted.get(&at).await.unwrap().bytes().await.unwrap().as_ref(), b"1");
    }

    #[test]
    fn what_can_be_no_directory_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert!(Mounted::new(file).is_err());
        assert!(Mounted::new(PathBuf::from("/")).is_err());
    }
}

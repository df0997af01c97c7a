//! An [`object_store::ObjectStore`] on a bucket of Object Storage.
//!
//! Conditional writes are the service's own, so a bucket can hold state that several writers change. Large bodies go
//! up in parts, bodies that break on their way down are continued, lists hold one page in memory.

mod error;
mod list;
mod read;
mod upload;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, GetOptions, GetResult, ListResult, MultipartId, MultipartUpload, ObjectMeta, ObjectStore,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, RenameTargetMode, Result,
    UploadPart,
};

use crate::Client;
use crate::object_storage::{Attributes, Condition, CopyObject, NewUpload, ObjectStorage, RenameObject, Stored};
use error::{failed, refused, unsupported};

/// Deletions under way at a time.
const DELETIONS: usize = 8;
/// Name of the store in errors.
const STORE: &str = "OCI Object Storage";
/// Bodies above this size go up in parts, in bytes; Oracle advises it above 100 MiB.
pub const MULTIPART_ABOVE: usize = 100 << 20;

/// One bucket. Cloning shares the client.
#[derive(Debug, Clone)]
pub struct Bucket {
    storage: ObjectStorage,
    name: Arc<str>,
    multipart_above: usize,
    versions: bool,
}

impl Bucket {
    /// The bucket `name` in the storage's namespace.
    #[must_use]
    pub fn new(storage: ObjectStorage, name: &str) -> Self {
        Self { storage, name: name.into(), multipart_above: MULTIPART_ABOVE, versions: false }
    }

    /// The same for a bucket that keeps older versions: what is written and read then says its version. The service
    /// names versions in all buckets, but elsewhere they cannot be read any more after the next write.
    #[must_use]
    pub fn versioned(self) -> Self {
        Self { versions: true, ..self }
    }

    /// The same with another size, in bytes, above which bodies go up in parts.
    #[must_use]
    pub fn multipart_above(self, bytes: usize) -> Self {
        Self { multipart_above: bytes, ..self }
    }

    /// The same on a client with other settings, such as the deadline of an invocation.
    #[must_use]
    pub fn on(&self, client: &Client) -> Self {
        Self { storage: self.storage.on(client), ..self.clone() }
    }

    /// The calls that it is made of, for what an object store does not have.
    #[must_use]
    pub fn storage(&self) -> &ObjectStorage {
        &self.storage
    }

    /// Name of the bucket.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn put_result(&self, stored: Stored) -> PutResult {
        let version = stored.version_id.filter(|_| self.versions);
        PutResult { e_tag: Some(stored.etag), version, extensions: Default::default() }
    }

    /// 404 is an answer of the port: nothing is deleted twice in silence.
    async fn delete_one(&self, location: Path) -> Result<Path> {
        let deleted = self.storage.delete(&self.name, location.as_ref(), None).await;
        deleted.map_err(|error| failed(&location, error))?;
        Ok(location)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STORE} bucket {}", self.name)
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let condition = condition(&opts.mode)?;
        let attributes = attributes(&opts.attributes)?;
        let done = if payload.content_length() > self.multipart_above {
            upload::in_parts(self, location, payload, attributes, &condition).await
        } else {
            let chunks = payload.into_iter().collect::<Vec<Bytes>>();
            self.storage.put(&self.name, location.as_ref(), chunks, &attributes, &condition).await
        };
        done.map(|stored| self.put_result(stored)).map_err(|error| refused(location, error, &condition))
    }

    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let id = self.create_multipart_opts(at, opts).await?;
        Ok(Box::new(upload::Parts::new(self.clone(), at.clone(), id)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        read::get(self, location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let bucket = self.clone();
        let deletions = locations.map(move |location| {
            let bucket = bucket.clone();
            async move { bucket.delete_one(location?).await }
        });
        deletions.buffered(DELETIONS).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        list::all(self, prefix, None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        list::all(self, prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        list::folder(self, prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let condition = match options.mode {
            CopyMode::Overwrite => Condition::None,
            CopyMode::Create => Condition::Absent,
        };
        let copy = CopyObject {
            source: from.to_string(),
            source_etag: None,
            bucket: self.name.to_string(),
            object: to.to_string(),
            region: None,
            namespace: None,
            condition,
        };
        match self.storage.copy(&self.name, &copy).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.why_not_copied(from, to, error, &copy.condition).await),
        }
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let condition = match options.target_mode {
            RenameTargetMode::Overwrite => Condition::None,
            RenameTargetMode::Create => Condition::Absent,
        };
        let (source, object) = (from.to_string(), to.to_string());
        let rename = RenameObject { source, source_etag: None, object, condition };
        let renamed = self.storage.rename(&self.name, &rename).await;
        renamed.map(drop).map_err(|error| {
            let at = if error.is_precondition_failed() { to } else { from };
            refused(at, error, &rename.condition)
        })
    }
}

impl Bucket {
    /// A copy fails when it is carried out, and the report's code is not documented: what is there tells more.
    async fn why_not_copied(
        &self,
        from: &Path,
        to: &Path,
        error: crate::Error,
        condition: &Condition,
    ) -> object_store::Error {
        let is_late = matches!(*error.cause, crate::Cause::Work { .. });
        if !is_late {
            let at = if error.is_precondition_failed() { to } else { from };
            return refused(at, error, condition);
        }
        let there = async |at: &Path| self.storage.head(&self.name, at.as_ref(), &Default::default()).await;
        if *condition == Condition::Absent && there(to).await.is_ok() {
            return object_store::Error::AlreadyExists { path: to.to_string(), source: Box::new(error) };
        }
        match there(from).await {
            Err(missing) if missing.is_not_found() => failed(from, missing),
            _ => failed(from, error),
        }
    }
}

#[async_trait]
impl MultipartStore for Bucket {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.create_multipart_opts(path, PutMultipartOptions::default()).await
    }

    async fn create_multipart_opts(&self, path: &Path, opts: PutMultipartOptions) -> Result<MultipartId> {
        let new = NewUpload { attributes: attributes(&opts.attributes)?, condition: Condition::None };
        let started = self.storage.start_upload(&self.name, path.as_ref(), &new).await;
        Ok(started.map_err(|error| failed(path, error))?.upload_id)
    }

    async fn put_part(&self, path: &Path, id: &MultipartId, part_idx: usize, data: PutPayload) -> Result<PartId> {
        let number = upload::number(part_idx)?;
        let chunks = data.into_iter().collect::<Vec<Bytes>>();
        let part = self.storage.upload_part(&self.name, path.as_ref(), id, number, chunks).await;
        Ok(PartId { content_id: part.map_err(|error| failed(path, error))?.etag })
    }

    async fn complete_multipart(&self, path: &Path, id: &MultipartId, parts: Vec<PartId>) -> Result<PutResult> {
        let mut committed = Vec::with_capacity(parts.len().max(1));
        for (index, part) in parts.into_iter().enumerate() {
            committed.push(crate::object_storage::Part { number: upload::number(index)?, etag: part.content_id });
        }
        let done = upload::commit(self, path, id, committed, &Condition::None).await;
        done.map(|stored| self.put_result(stored)).map_err(|error| failed(path, error))
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        let aborted = self.storage.abort_upload(&self.name, path.as_ref(), id).await;
        aborted.map_err(|error| failed(path, error))
    }
}

fn condition(mode: &PutMode) -> Result<Condition> {
    match mode {
        PutMode::Overwrite => Ok(Condition::None),
        PutMode::Create => Ok(Condition::Absent),
        PutMode::Update(version) => match &version.e_tag {
            Some(etag) => Ok(Condition::Match(etag.clone())),
            None => Err(unsupported("a conditional write without an ETag")),
        },
    }
}

fn attributes(given: &object_store::Attributes) -> Result<Attributes> {
    use object_store::Attribute;
    let mut kept = Attributes::default();
    for (name, value) in given {
        let value = value.as_ref().to_owned();
        match name {
            Attribute::ContentType => kept.content_type = Some(value),
            Attribute::ContentEncoding => kept.content_encoding = Some(value),
            Attribute::ContentLanguage => kept.content_language = Some(value),
            Attribute::ContentDisposition => kept.content_disposition = Some(value),
            Attribute::CacheControl => kept.cache_control = Some(value),
            Attribute::StorageClass => kept.storage_tier = Some(value),
            Attribute::Metadata(key) => drop(kept.metadata.insert(key.to_string(), value)),
            other => return Err(unsupported(&format!("the attribute {other:?}"))),
        }
    }
    Ok(kept)
}

/// Kept out of the trait's way: a part under way owns all it needs.
fn part_future(parts: &upload::Parts, number: usize, data: PutPayload) -> UploadPart {
    let (bucket, at, id, done) = parts.shared();
    Box::pin(async move {
        let part = bucket.put_part(&at, &id, number, data).await?;
        done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(number, part);
        Ok(())
    })
}

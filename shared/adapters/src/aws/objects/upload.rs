//! Objects in parts.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use futures_util::FutureExt;
use object_store::path::Path;
use object_store::{Attributes, GetOptions, MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use super::error::{failed, unexpected};
use super::{Bucket, Headers, body, read, refused};

/// An upload under way. Parts but the last must have 5 MiB or more.
#[derive(Debug)]
pub(super) struct Upload {
    bucket: Bucket,
    location: Path,
    id: String,
    /// Number of the next part; S3 counts from 1.
    next: i32,
    /// Parts that arrived, in the order of their arrival.
    done: Arc<Mutex<Vec<CompletedPart>>>,
}

impl Upload {
    pub(super) async fn start(bucket: &Bucket, location: &Path, attributes: &Attributes) -> Result<Self> {
        let headers = Headers::of(attributes)?;
        let create = bucket.client().await.create_multipart_upload().bucket(bucket.name()).key(location.as_ref());
        let create = create.set_content_type(headers.content_type).set_content_encoding(headers.content_encoding);
        let create = create.set_content_language(headers.content_language).set_cache_control(headers.cache_control);
        let create = create.set_content_disposition(headers.content_disposition).set_metadata(headers.metadata);
        let created = create.send().await.map_err(|error| failed(location, error))?;
        let id = created.upload_id.ok_or_else(|| unexpected("an upload without an id"))?;
        let (bucket, location) = (bucket.clone(), location.clone());
        Ok(Self { bucket, location, id, next: 1, done: Arc::default() })
    }

    /// Makes the object of the parts; with `create` only if it does not exist.
    async fn finish(&self, create: bool) -> Result<PutResult> {
        let mut parts = std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner));
        parts.sort_by_key(CompletedPart::part_number);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.bucket.client().await.complete_multipart_upload().bucket(self.bucket.name());
        let complete = complete.key(self.location.as_ref()).upload_id(&self.id).multipart_upload(parts);
        let complete = complete.set_if_none_match(create.then(|| "*".to_owned()));
        let done = complete.send().await.map_err(|error| failed(&self.location, error))?;
        Ok(PutResult { e_tag: done.e_tag, version: done.version_id, extensions: Default::default() })
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let number = self.next;
        self.next += 1;
        let (bucket, id, body) = (self.bucket.clone(), self.id.clone(), body(&data));
        let (location, done) = (self.location.clone(), Arc::clone(&self.done));
        async move {
            let put = bucket.client().await.upload_part().bucket(bucket.name()).key(location.as_ref());
            let put = put
                .upload_id(id)
                .part_number(number)
                .body(body)
                .send()
                .await
                .map_err(|error| failed(&location, error))?;
            let part = CompletedPart::builder().part_number(number).set_e_tag(put.e_tag);
            let part = part.set_checksum_crc32(put.checksum_crc32).build();
            done.lock().unwrap_or_else(PoisonError::into_inner).push(part);
            Ok(())
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        // S3 refuses an upload without parts; an empty object has one empty part.
        if self.next == 1 {
            self.put_part(PutPayload::default()).await?;
        }
        let arrived = self.done.lock().unwrap_or_else(PoisonError::into_inner).len();
        if i32::try_from(arrived).ok() != Some(self.next - 1) {
            return Err(unexpected("parts of the upload are missing"));
        }
        self.finish(false).await
    }

    async fn abort(&mut self) -> Result<()> {
        let abort = self.bucket.client().await.abort_multipart_upload().bucket(self.bucket.name());
        let abort = abort.key(self.location.as_ref()).upload_id(&self.id);
        abort.send().await.map(drop).map_err(|error| failed(&self.location, error))
    }
}

/// Copies where nothing may be yet. A plain copy knows no such condition, the end of an upload does; the bytes
/// stay inside S3. Objects up to 5 GiB.
pub(super) async fn copy_new(bucket: &Bucket, from: &Path, to: &Path) -> Result<()> {
    let attributes = read::head(bucket, from, &GetOptions::default()).await?.attributes;
    let mut upload = Upload::start(bucket, to, &attributes).await?;
    let copied = copy_part(&upload, from).await;
    let finished = match copied {
        Ok(()) => upload.finish(true).await.map_err(|error| refused(error, &object_store::PutMode::Create)),
        Err(error) => Err(error),
    };
    if finished.is_err() {
        // The refusal is what the caller must hear; parts that stay are swept by the bucket's lifecycle rule.
        let _ = upload.abort().await;
    }
    finished.map(drop)
}

async fn copy_part(upload: &Upload, from: &Path) -> Result<()> {
    let bucket = &upload.bucket;
    let copy = bucket.client().await.upload_part_copy().bucket(bucket.name()).key(upload.location.as_ref());
    let copy = copy.upload_id(&upload.id).part_number(1).copy_source(bucket.source(from));
    let copied = copy.send().await.map_err(|error| failed(from, error))?;
    let e_tag = copied.copy_part_result.and_then(|result| result.e_tag);
    let part = CompletedPart::builder().part_number(1).set_e_tag(e_tag).build();
    upload.done.lock().unwrap_or_else(PoisonError::into_inner).push(part);
    Ok(())
}

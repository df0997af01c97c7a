//! Objects in parts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use super::error::{unexpected, unsupported};
use super::{Bucket, part_future};
use crate::Error;
use crate::object_storage::{Attributes, Condition, NewUpload, Part, Stored};

/// Size of a part of a body that is cut by us, in bytes.
const PART: usize = 32 << 20;
/// Parts under way at a time.
const PARALLEL: usize = 3;
/// Highest number of a part.
const MAX_PARTS: u32 = 10_000;

type Done = Arc<Mutex<BTreeMap<usize, PartId>>>;

/// An upload under way.
#[derive(Debug)]
pub(super) struct Parts {
    bucket: Bucket,
    location: Path,
    id: String,
    /// Index of the next part, from 0 on.
    next: usize,
    done: Done,
}

impl Parts {
    pub(super) fn new(bucket: Bucket, location: Path, id: String) -> Self {
        Self { bucket, location, id, next: 0, done: Done::default() }
    }

    pub(super) fn shared(&self) -> (Bucket, Path, String, Done) {
        (self.bucket.clone(), self.location.clone(), self.id.clone(), Arc::clone(&self.done))
    }
}

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let index = self.next;
        self.next += 1;
        part_future(self, index, data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if done.len() != self.next {
            return Err(unexpected("parts of the upload are missing"));
        }
        self.bucket.complete_multipart(&self.location, &self.id, done.into_values().collect()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.bucket.abort_multipart(&self.location, &self.id).await
    }
}

/// The service counts from 1.
pub(super) fn number(index: usize) -> Result<u32> {
    let number = u32::try_from(index).ok().and_then(|index| index.checked_add(1));
    number.filter(|number| *number <= MAX_PARTS).ok_or_else(|| unsupported("more than 10,000 parts"))
}

/// The service refuses an upload without parts; an empty object has one empty part.
pub(super) async fn commit(
    bucket: &Bucket,
    at: &Path,
    id: &str,
    mut parts: Vec<Part>,
    condition: &Condition,
) -> Result<Stored, Error> {
    if parts.is_empty() {
        parts.push(bucket.storage.upload_part(&bucket.name, at.as_ref(), id, 1, Vec::<Bytes>::new()).await?);
    }
    bucket.storage.commit_upload(&bucket.name, at.as_ref(), id, &parts, &[], condition).await
}

/// One body in parts, without copying it. What was begun is dropped when it fails.
pub(super) async fn in_parts(
    bucket: &Bucket,
    at: &Path,
    payload: PutPayload,
    attributes: Attributes,
    condition: &Condition,
) -> Result<Stored, Error> {
    let new = NewUpload { attributes, condition: condition.clone() };
    let id = bucket.storage.start_upload(&bucket.name, at.as_ref(), &new).await?.upload_id;
    let done = send_all(bucket, at, &id, payload, condition).await;
    if let Err(error) = &done
        && (error.operation != "CommitMultipartUpload" || error.status().is_some())
    {
        // A commit without an answer may still happen, so its parts stay; what is left falls to a lifecycle rule.
        let _ = bucket.storage.abort_upload(&bucket.name, at.as_ref(), &id).await;
    }
    done
}

async fn send_all(
    bucket: &Bucket,
    at: &Path,
    id: &str,
    payload: PutPayload,
    condition: &Condition,
) -> Result<Stored, Error> {
    let size = PART.max(payload.content_length().div_ceil(MAX_PARTS as usize));
    let parts = stream::iter((1_u32..).zip(cut(payload, size)))
        .map(|(number, chunks)| bucket.storage.upload_part(&bucket.name, at.as_ref(), id, number, chunks));
    let parts: Vec<_> = parts.buffered(PARALLEL).try_collect().await?;
    commit(bucket, at, id, parts, condition).await
}

/// Pieces of `size` bytes, the last one smaller; each of slices of what is there.
fn cut(payload: PutPayload, size: usize) -> Vec<Vec<Bytes>> {
    let mut parts: Vec<Vec<Bytes>> = Vec::new();
    let mut room = 0;
    for mut chunk in payload {
        while !chunk.is_empty() {
            if room == 0 {
                parts.push(Vec::new());
                room = size;
            }
            let piece = chunk.split_to(room.min(chunk.len()));
            room -= piece.len();
            if let Some(part) = parts.last_mut() {
                part.push(piece);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_parts() {
        assert_eq!(number(0).unwrap(), 1);
        assert_eq!(number(9_999).unwrap(), 10_000);
        assert!(number(10_000).is_err() && number(usize::MAX).is_err());
    }

    proptest! {
        #[test]
        fn cutting_keeps_every_byte_and_every_size(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..8), size in 1_usize..50,
        ) {
            let whole = chunks.concat();
            let parts = cut(chunks.into_iter().map(Bytes::from).collect(), size);
            let parts: Vec<_> = parts.iter().map(|part| part.concat()).collect();
            prop_assert_eq!(parts.concat(), whole);
            prop_assert!(parts.iter().rev().skip(1).all(|part| part.len() == size));
            prop_assert!(parts.last().is_none_or(|last| !last.is_empty() && last.len() <= size));
        }
    }
}

//! Deleting many objects with one request.

use causeway_resilience::retry::Idempotency;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ObjectStorage;
use crate::Error;

/// Most objects of one batch.
pub const MAX_BATCH: usize = 1000;

/// One object of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchEntry {
    /// Its name.
    pub object_name: String,
    /// Only while it has this etag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_match: Option<String>,
}

impl BatchEntry {
    /// An object, whatever it is like.
    #[must_use]
    pub fn new(object_name: impl Into<String>) -> Self {
        Self { object_name: object_name.into(), if_match: None }
    }
}

/// What became of a batch. An object is in one of the lists.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BatchOutcome {
    /// Those that are deleted.
    pub deleted: Vec<BatchDeleted>,
    /// Those that are not.
    #[serde(default)]
    pub failed: Vec<BatchFailure>,
}

/// An object that was deleted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchDeleted {
    /// Its name.
    pub object_name: String,
    /// When it was deleted.
    pub time_last_modified: Option<Timestamp>,
}

/// An object that was not deleted. After a repeated request 404 may mean that an earlier try has done it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchFailure {
    /// Its name.
    pub object_name: String,
    /// What `DeleteObject` would have answered, such as 404 or 412.
    pub status_code: u16,
    /// For people.
    pub error_message: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Batch<'a> {
    objects: &'a [BatchEntry],
    is_skip_deleted_result: bool,
}

impl ObjectStorage {
    /// `BatchDeleteObjects`: 1 to [`MAX_BATCH`] objects. Objects fail one by one; the call succeeds all the same.
    ///
    /// # Errors
    /// [`Error`] when the batch as a whole was refused or got no answer.
    pub async fn delete_batch(&self, bucket: &str, objects: &[BatchEntry]) -> Result<BatchOutcome, Error> {
        let template = "/b/{b}/actions/batchDeleteObjects";
        let mut ask = self.ask("BatchDeleteObjects", Method::POST, template, &[("b", bucket)]).await?;
        if !(1..=MAX_BATCH).contains(&objects.len()) {
            ask.wrong(format!("a batch has 1 to {MAX_BATCH} objects, not {}", objects.len()));
        }
        let batch = Batch { objects, is_skip_deleted_result: false };
        ask.idempotency(Idempotency::Idempotent).json(&batch).send().await?.json()
    }
}

//! Copying, which the service does later, and renaming, which it does at once.

use std::time::Duration;

use causeway_resilience::Deadline;
use causeway_resilience::retry::{Idempotency, retry_after};
use http::Method;
use serde::{Deserialize, Serialize};

use super::{Condition, ObjectStorage, Stored};
use crate::Error;
use crate::error::Cause;
use crate::site::Site;

/// Longest time that a copy is waited for when there is no deadline.
const PATIENCE: Duration = Duration::from_secs(600);
/// Shortest and longest time between two looks.
const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// A copy within the region or into another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyObject {
    /// Name of the object that is copied.
    pub source: String,
    /// The source must have this etag.
    pub source_etag: Option<String>,
    /// Bucket of the copy.
    pub bucket: String,
    /// Name of the copy.
    pub object: String,
    /// Region of the copy; the client's when absent.
    pub region: Option<String>,
    /// Namespace of the copy; the same when absent.
    pub namespace: Option<String>,
    /// What the copy's place must be like.
    pub condition: Condition,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CopyDetails<'a> {
    source_object_name: &'a str,
    #[serde(rename = "sourceObjectIfMatchETag", skip_serializing_if = "Option::is_none")]
    source_etag: Option<&'a str>,
    destination_region: &'a str,
    destination_namespace: &'a str,
    destination_bucket: &'a str,
    destination_object_name: &'a str,
    #[serde(rename = "destinationObjectIfMatchETag", skip_serializing_if = "Option::is_none")]
    if_match: Option<&'a str>,
    #[serde(rename = "destinationObjectIfNoneMatchETag", skip_serializing_if = "Option::is_none")]
    if_none_match: Option<&'a str>,
}

/// A new name for an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenameObject {
    /// Its name now.
    pub source: String,
    /// It must have this etag.
    pub source_etag: Option<String>,
    /// Its name then.
    pub object: String,
    /// What must be there under the new name.
    pub condition: Condition,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RenameDetails<'a> {
    source_name: &'a str,
    new_name: &'a str,
    #[serde(rename = "srcObjIfMatchETag", skip_serializing_if = "Option::is_none")]
    source_etag: Option<&'a str>,
    #[serde(rename = "newObjIfMatchETag", skip_serializing_if = "Option::is_none")]
    if_match: Option<&'a str>,
    #[serde(rename = "newObjIfNoneMatchETag", skip_serializing_if = "Option::is_none")]
    if_none_match: Option<&'a str>,
}

/// Work that the service does later.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkRequest {
    /// `ACCEPTED`, `IN_PROGRESS`, `FAILED`, `COMPLETED`, `CANCELING` or `CANCELED`.
    pub status: String,
    /// Such as `COPY_OBJECT`.
    pub operation_type: Option<String>,
    /// How much of it is done.
    pub percent_complete: Option<f64>,
}

/// Why work failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WorkReport {
    /// OCI's error code.
    pub code: Option<String>,
    /// For people.
    pub message: Option<String>,
}

impl ObjectStorage {
    /// `CopyObject`: the id of the work request. The service must be allowed to manage the bucket's objects by a policy.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn start_copy(&self, bucket: &str, copy: &CopyObject) -> Result<String, Error> {
        let region = match &copy.region {
            Some(region) => region.clone(),
            None => {
                let named = self.client.region_name().await;
                named.map_err(|error| Error::new("object_storage", "CopyObject", Cause::Credentials(error)))?
            }
        };
        let details = CopyDetails {
            source_object_name: &copy.source,
            source_etag: copy.source_etag.as_deref(),
            destination_region: &region,
            destination_namespace: match &copy.namespace {
                Some(namespace) => namespace,
                None => self.namespace().await?,
            },
            destination_bucket: &copy.bucket,
            destination_object_name: &copy.object,
            if_match: copy.condition.if_match(),
            if_none_match: copy.condition.if_none_match(),
        };
        let ask = self.ask("CopyObject", Method::POST, "/b/{b}/actions/copyObject", &[("b", bucket)]).await?;
        let answer = ask.idempotency(copy.condition.idempotency()).json(&details).send().await?;
        answer.required("opc-work-request-id")
    }

    /// `CopyObject`, waited for: up to the client's deadline, or ten minutes.
    ///
    /// # Errors
    /// [`Error`]; [`Cause::Work`] when the service could not do it, [`Cause::Unfinished`] when the time is up.
    pub async fn copy(&self, bucket: &str, copy: &CopyObject) -> Result<(), Error> {
        let id = self.start_copy(bucket, copy).await?;
        let started = now();
        let deadline = self.client.deadline().earlier(Deadline::within(started, Some(PATIENCE)));
        let mut pause = LOOKS.0;
        loop {
            // The copy was accepted, whatever becomes of the question.
            let (work, asked) = self.work_request(&id).await.map_err(|error| error.after_uncertain(true))?;
            match work.status.as_str() {
                "COMPLETED" => return Ok(()),
                "FAILED" | "CANCELED" => return Err(self.ended(&id, work.status).await),
                _ => {}
            }
            // The service asks for whole seconds, which is long for a small object.
            let wait = asked.map_or(pause, |asked| asked.min(pause));
            if deadline.remaining(now()).is_some_and(|left| left <= wait) {
                return Err(Error::new("object_storage", "CopyObject", Cause::Unfinished));
            }
            self.client.inner.effects.clock.sleep(wait).await;
            pause = (pause * 2).min(LOOKS.1);
        }
    }

    async fn ended(&self, id: &str, status: String) -> Error {
        // The reports explain; without them it has failed all the same.
        let reports = self.work_errors(id).await.unwrap_or_default();
        let code = reports.into_iter().find_map(|report| report.code);
        Error::new("object_storage", "CopyObject", Cause::Work { status, code })
    }

    /// `GetWorkRequest`, and when to look again.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn work_request(&self, id: &str) -> Result<(WorkRequest, Option<Duration>), Error> {
        let site = Site::Namespace(self.namespace().await?.to_owned());
        let ask = self.client.ask(site, "GetWorkRequest", Method::GET).path("/workRequests/{w}", &[("w", id)]);
        let answer = ask.send().await?;
        let clock = &self.client.inner.effects.clock;
        let asked = answer.header("retry-after").and_then(|text| retry_after(text, clock.now()));
        Ok((answer.json()?, asked))
    }

    /// The first page of `ListWorkRequestErrors`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn work_errors(&self, id: &str) -> Result<Vec<WorkReport>, Error> {
        let site = Site::Namespace(self.namespace().await?.to_owned());
        let ask = self.client.ask(site, "ListWorkRequestErrors", Method::GET);
        ask.path("/workRequests/{w}/errors", &[("w", id)]).send().await?.json()
    }

    /// `RenameObject`: in one step, without moving bytes. Not repeated when its fate is unknown.
    ///
    /// # Errors
    /// [`Error`]; 404 without the source, 412 when a condition does not hold.
    pub async fn rename(&self, bucket: &str, rename: &RenameObject) -> Result<Stored, Error> {
        let details = RenameDetails {
            source_name: &rename.source,
            new_name: &rename.object,
            source_etag: rename.source_etag.as_deref(),
            if_match: rename.condition.if_match(),
            if_none_match: rename.condition.if_none_match(),
        };
        let ask = self.ask("RenameObject", Method::POST, "/b/{b}/actions/renameObject", &[("b", bucket)]).await?;
        let answer = ask.idempotency(Idempotency::NotIdempotent).json(&details).send().await?;
        Stored::of(&answer)
    }
}

fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

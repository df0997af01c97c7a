//! Objects in parts.

use std::collections::BTreeMap;

use causeway_oci_auth::encode::Query;
use causeway_resilience::retry::Idempotency;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::object::META;
use super::{Attributes, Condition, ObjectStorage, Stored, digest};
use crate::transport::Chunks;
use crate::{Error, pages};

/// An upload to be started.
#[derive(Debug, Clone, Default)]
pub struct NewUpload {
    /// Headers that are kept with the object.
    pub attributes: Attributes,
    /// Must hold when the upload starts.
    pub condition: Condition,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    object: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_encoding: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_disposition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, &'a str>,
}

impl<'a> Details<'a> {
    fn of(object: &'a str, kept: &'a Attributes) -> Self {
        // Here the keys have their prefix.
        let metadata = kept.metadata.iter().map(|(key, value)| (format!("{META}{key}"), value.as_str()));
        Self {
            object,
            content_type: kept.content_type.as_deref(),
            content_language: kept.content_language.as_deref(),
            content_encoding: kept.content_encoding.as_deref(),
            content_disposition: kept.content_disposition.as_deref(),
            cache_control: kept.cache_control.as_deref(),
            storage_tier: kept.storage_tier.as_deref(),
            metadata: metadata.collect(),
        }
    }
}

/// An upload under way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// Its id.
    pub upload_id: String,
    /// Name of the object.
    pub object: String,
    /// When it was started.
    pub time_created: Option<Timestamp>,
}

/// A part to be put into the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// 1 to 10,000; the object is made in the order of these.
    #[serde(rename = "partNum")]
    pub number: u32,
    /// What `UploadPart` answered.
    pub etag: String,
}

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedPart {
    /// Its number.
    #[serde(rename = "partNumber")]
    pub number: u32,
    /// For [`Part::etag`].
    pub etag: String,
    /// Size in bytes.
    pub size: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Commit<'a> {
    parts_to_commit: &'a [Part],
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    parts_to_exclude: &'a [u32],
}

const UPLOAD: &str = "/b/{b}/u/{o}";

impl ObjectStorage {
    /// `CreateMultipartUpload`. Started twice by a repeated request it leaves an empty upload, which costs nothing and
    /// falls to a lifecycle rule; so it is repeated.
    ///
    /// # Errors
    /// [`Error`]; 412 when the condition does not hold.
    pub async fn start_upload(&self, bucket: &str, object: &str, new: &NewUpload) -> Result<Upload, Error> {
        let ask = self.ask("CreateMultipartUpload", Method::POST, "/b/{b}/u", &[("b", bucket)]).await?;
        let ask = new.condition.on(ask).idempotency(Idempotency::Idempotent);
        ask.json(&Details::of(object, &new.attributes)).send().await?.json()
    }

    /// `UploadPart`: part 1 to 10,000, with its MD5. Sending a number again replaces the part.
    ///
    /// # Errors
    /// [`Error`]; 404 when the upload was ended.
    pub async fn upload_part(
        &self,
        bucket: &str,
        object: &str,
        upload_id: &str,
        number: u32,
        body: impl Into<Chunks>,
    ) -> Result<Part, Error> {
        let ask = self.ask("UploadPart", Method::PUT, UPLOAD, &[("b", bucket), ("o", object)]).await?;
        let query = Query::new().text("uploadId", upload_id).text("uploadPartNum", &number.to_string());
        let ask = ask.query(&query).header("content-type", Some("application/octet-stream"));
        let body = body.into();
        let ask = ask.header("content-md5", Some(&digest::content_md5(&body).await));
        let answer = ask.pieces(body).send().await?;
        Ok(Part { number, etag: answer.required("etag")? })
    }

    /// `CommitMultipartUpload`: makes the object. Every part that has arrived must be committed or excluded. Not
    /// repeated when its fate is unknown: the second commit of an upload is refused.
    ///
    /// # Errors
    /// [`Error`]; 412 when the condition does not hold: the upload is still there then.
    pub async fn commit_upload(
        &self,
        bucket: &str,
        object: &str,
        upload_id: &str,
        parts: &[Part],
        exclude: &[u32],
        condition: &Condition,
    ) -> Result<Stored, Error> {
        let mut parts = parts.to_vec();
        parts.sort_by_key(|part| part.number);
        let ask = self.ask("CommitMultipartUpload", Method::POST, UPLOAD, &[("b", bucket), ("o", object)]).await?;
        let ask = condition.on(ask.query(&Query::new().text("uploadId", upload_id)));
        let ask = ask.idempotency(Idempotency::NotIdempotent);
        let answer = ask.json(&Commit { parts_to_commit: &parts, parts_to_exclude: exclude }).send().await?;
        Stored::of(&answer)
    }

    /// `AbortMultipartUpload`: drops the upload and its parts.
    ///
    /// # Errors
    /// [`Error`]; 404 when there is no such upload.
    pub async fn abort_upload(&self, bucket: &str, object: &str, upload_id: &str) -> Result<(), Error> {
        let ask = self.ask("AbortMultipartUpload", Method::DELETE, UPLOAD, &[("b", bucket), ("o", object)]).await?;
        ask.query(&Query::new().text("uploadId", upload_id)).send().await.map(drop)
    }

    /// `ListMultipartUploads`.
    #[must_use]
    pub fn uploads(&self, bucket: &str) -> BoxStream<'static, Result<Upload, Error>> {
        let (storage, bucket) = (self.clone(), bucket.to_owned());
        let listed = async move {
            let namespace = storage.namespace().await?.to_owned();
            let ask = move || {
                let parameters = [("b", bucket.as_str())];
                storage.ask_in(&namespace, "ListMultipartUploads", Method::GET, "/b/{b}/u", &parameters)
            };
            Ok::<_, Error>(pages::by_header(Query::new(), ask))
        };
        stream::once(listed).try_flatten().boxed()
    }

    /// `ListMultipartUploadParts`.
    #[must_use]
    pub fn parts(
        &self,
        bucket: &str,
        object: &str,
        upload_id: &str,
    ) -> BoxStream<'static, Result<UploadedPart, Error>> {
        let (storage, bucket, object) = (self.clone(), bucket.to_owned(), object.to_owned());
        let query = Query::new().text("uploadId", upload_id);
        let listed = async move {
            let namespace = storage.namespace().await?.to_owned();
            let ask = move || {
                let parameters = [("b", bucket.as_str()), ("o", object.as_str())];
                storage.ask_in(&namespace, "ListMultipartUploadParts", Method::GET, UPLOAD, &parameters)
            };
            Ok::<_, Error>(pages::by_header(query, ask))
        };
        stream::once(listed).try_flatten().boxed()
    }
}

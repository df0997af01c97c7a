//! Objects: put, get, head and delete.

use std::collections::BTreeMap;

use causeway_oci_auth::encode::Query;
use causeway_resilience::retry::Idempotency;
use http::Method;
use jiff::Timestamp;

use super::{Download, ObjectStorage, digest};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::transport::Chunks;
use crate::{Error, object_storage::download};

/// What an object must be for a write to happen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Condition {
    /// Anything.
    #[default]
    None,
    /// It must not exist.
    Absent,
    /// It must have this etag.
    Match(String),
}

impl Condition {
    pub(super) fn if_match(&self) -> Option<&str> {
        if let Self::Match(etag) = self { Some(etag) } else { None }
    }

    pub(super) fn if_none_match(&self) -> Option<&'static str> {
        (*self == Self::Absent).then_some("*")
    }

    /// A repeated unconditional write ends the same; a conditional one would be refused because of itself.
    pub(super) fn idempotency(&self) -> Idempotency {
        if *self == Self::None { Idempotency::Idempotent } else { Idempotency::NotIdempotent }
    }

    pub(super) fn on(&self, ask: Ask) -> Ask {
        let ask = ask.header("if-match", self.if_match()).header("if-none-match", self.if_none_match());
        ask.idempotency(self.idempotency())
    }
}

/// Headers that are kept with an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `Content-Type`; the service's default is `application/octet-stream`.
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// Metadata by key, without the prefix `opc-meta-`. Keys come back in lower case.
    pub metadata: BTreeMap<String, String>,
    /// `Standard`, `InfrequentAccess` or `Archive`; the bucket's tier when absent.
    pub storage_tier: Option<String>,
}

/// Prefix of the headers of metadata.
pub(super) const META: &str = "opc-meta-";

impl Attributes {
    fn on(&self, ask: Ask) -> Ask {
        let type_ = self.content_type.as_deref().unwrap_or("application/octet-stream");
        let ask = ask.header("content-type", Some(type_));
        let ask = ask.header("content-encoding", self.content_encoding.as_deref());
        let ask = ask.header("content-language", self.content_language.as_deref());
        let ask = ask.header("content-disposition", self.content_disposition.as_deref());
        let ask = ask.header("cache-control", self.cache_control.as_deref());
        let ask = ask.header("storage-tier", self.storage_tier.as_deref());
        self.metadata.iter().fold(ask, |ask, (key, value)| ask.header(&format!("{META}{key}"), Some(value)))
    }

    fn of(answer: &Answer) -> Self {
        let metadata = answer.headers().iter().filter_map(|(name, value)| {
            Some((name.as_str().strip_prefix(META)?.to_owned(), value.to_str().ok()?.to_owned()))
        });
        Self {
            content_type: answer.text("content-type"),
            content_encoding: answer.text("content-encoding"),
            content_language: answer.text("content-language"),
            content_disposition: answer.text("content-disposition"),
            cache_control: answer.text("cache-control"),
            metadata: metadata.collect(),
            storage_tier: answer.text("storage-tier"),
        }
    }
}

/// What is known of an object without its body.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectHead {
    /// Size of the whole object in bytes, also in the answer to a range.
    pub size: u64,
    /// Names its content, for conditions.
    pub etag: Option<String>,
    /// When it was written last; the service's clock, whole seconds.
    pub last_modified: Option<Timestamp>,
    /// Its version, in buckets that keep them.
    pub version_id: Option<String>,
    /// MD5 of the body in base64; absent for objects that were written in parts.
    pub content_md5: Option<String>,
    /// `Archived`, `Restoring` or `Restored`, for objects in the Archive tier.
    pub archival_state: Option<String>,
    /// Kept headers.
    pub attributes: Attributes,
}

impl ObjectHead {
    pub(super) fn of(answer: &Answer, size: u64) -> Self {
        Self {
            size,
            etag: answer.text("etag"),
            last_modified: answer.date("last-modified"),
            version_id: answer.text("version-id"),
            content_md5: answer.text("content-md5"),
            archival_state: answer.text("archival-state"),
            attributes: Attributes::of(answer),
        }
    }
}

/// A stretch of a body, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first number up to, not including, the second.
    Between(u64, u64),
    /// From this number on.
    From(u64),
    /// The last so many.
    Last(u64),
}

impl ByteRange {
    pub(super) fn header(self) -> String {
        match self {
            Self::Between(start, end) => format!("bytes={start}-{}", end.saturating_sub(1)),
            Self::From(start) => format!("bytes={start}-"),
            Self::Last(count) => format!("bytes=-{count}"),
        }
    }

    fn is_empty(self) -> bool {
        matches!(self, Self::Between(start, end) if start >= end) || self == Self::Last(0)
    }
}

/// Which object is read, and when.
#[derive(Debug, Clone, Default)]
pub struct GetObject {
    /// A stretch of it; all when absent.
    pub range: Option<ByteRange>,
    /// Only while it has this etag; 412 otherwise.
    pub if_match: Option<String>,
    /// Only when its etag is another; 304 otherwise. `*` is not allowed.
    pub if_none_match: Option<String>,
    /// An older version.
    pub version_id: Option<String>,
}

/// What a write left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Names the new content.
    pub etag: String,
    /// Its version, in buckets that keep them.
    pub version_id: Option<String>,
}

impl Stored {
    pub(super) fn of(answer: &Answer) -> Result<Self, Error> {
        Ok(Self { etag: answer.required("etag")?, version_id: answer.text("version-id") })
    }
}

const OBJECT: &str = "/b/{b}/o/{o}";

impl ObjectStorage {
    /// `PutObject`. The body is sent piece by piece, without being put together, with its MD5: a body that was damaged on
    /// its way is not stored. An unconditional put is repeated when
    /// its fate is unknown, a conditional one is not: it might be refused because of itself.
    ///
    /// # Errors
    /// [`Error`]; 412 when the condition does not hold.
    pub async fn put(
        &self,
        bucket: &str,
        object: &str,
        body: impl Into<Chunks>,
        attributes: &Attributes,
        condition: &Condition,
    ) -> Result<Stored, Error> {
        let ask = self.ask("PutObject", Method::PUT, OBJECT, &[("b", bucket), ("o", object)]).await?;
        let body = body.into();
        let ask = condition.on(attributes.on(ask)).header("content-md5", Some(&digest::content_md5(&body).await));
        let ask = ask.pieces(body);
        Stored::of(&ask.send().await?)
    }

    /// `GetObject`. The body comes as it arrives; when the connection breaks it is continued where it ended, as long
    /// as the object is the same.
    ///
    /// # Errors
    /// [`Error`]; 304 and 412 by the conditions, 416 when the range has nothing of the object, 404, and 409
    /// `NotRestored` for an archived object.
    pub async fn get(&self, bucket: &str, object: &str, options: &GetObject) -> Result<Download, Error> {
        download::start(self, bucket, object, options).await
    }

    /// `HeadObject`.
    ///
    /// # Errors
    /// [`Error`] without a code, since such answers have no body.
    pub async fn head(&self, bucket: &str, object: &str, options: &GetObject) -> Result<ObjectHead, Error> {
        let answer = self.ask_object("HeadObject", Method::HEAD, bucket, object, options).await?.send().await?;
        let size =
            answer.number("content-length").ok_or_else(|| answer.unusable("header content-length is missing"))?;
        Ok(ObjectHead::of(&answer, size))
    }

    /// `DeleteObject`, only while it has the etag when one is given.
    ///
    /// # Errors
    /// [`Error`]; 404 when there is nothing to delete, unless an earlier try of this call may have done it.
    pub async fn delete(&self, bucket: &str, object: &str, if_match: Option<&str>) -> Result<(), Error> {
        let ask = self.ask("DeleteObject", Method::DELETE, OBJECT, &[("b", bucket), ("o", object)]).await?;
        match ask.header("if-match", if_match).send().await {
            Err(error) if error.code() == Some("ObjectNotFound") && error.may_have_happened() => Ok(()),
            other => other.map(drop),
        }
    }

    pub(super) async fn ask_object(
        &self,
        operation: &'static str,
        method: Method,
        bucket: &str,
        object: &str,
        options: &GetObject,
    ) -> Result<Ask, Error> {
        let mut ask = self.ask(operation, method, OBJECT, &[("b", bucket), ("o", object)]).await?;
        if options.range.is_some_and(ByteRange::is_empty) {
            ask.wrong("the range is empty".to_owned());
        }
        let ask = ask.query(&Query::new().maybe("versionId", options.version_id.as_deref()));
        let ask = ask.header("if-match", options.if_match.as_deref());
        let ask = ask.header("if-none-match", options.if_none_match.as_deref()).header("accept", Some("*/*"));
        Ok(ask.header("range", options.range.map(ByteRange::header).as_deref()))
    }
}

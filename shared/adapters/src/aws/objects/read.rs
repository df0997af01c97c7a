//! Reading.

use std::collections::HashMap;
use std::ops::Range;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::DateTime;
use bytes::Bytes;
use chrono::Utc;
use futures_util::stream::{self, StreamExt};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, Result,
};

use super::error::{failed, unexpected};
use super::{Bucket, STORE};

pub(super) async fn get(bucket: &Bucket, location: &Path, options: &GetOptions) -> Result<GetResult> {
    let get = bucket.client().await.get_object().bucket(bucket.name()).key(location.as_ref());
    let get = get.set_if_match(options.if_match.clone()).set_if_none_match(options.if_none_match.clone());
    let get = get.set_if_modified_since(options.if_modified_since.map(smithy));
    let get = get.set_if_unmodified_since(options.if_unmodified_since.map(smithy));
    let get = get.set_range(options.range.as_ref().map(header)).set_version_id(options.version.clone());
    let found = get.send().await.map_err(|error| failed(location, error))?;
    let whole = length(found.content_length)?;
    let (range, size) = match found.content_range.as_deref() {
        Some(text) => content_range(text).ok_or_else(|| unexpected("a content range that cannot be read"))?,
        None if options.range.is_some() => return Err(unexpected("the whole object for a range of it")),
        None => (0..whole, whole),
    };
    let meta = meta(location, size, found.last_modified, found.e_tag.clone(), found.version_id.clone())?;
    let attributes = attributes_of_get(&found);
    Ok(GetResult { payload: payload(found), meta, range, attributes, extensions: Default::default() })
}

pub(super) async fn head(bucket: &Bucket, location: &Path, options: &GetOptions) -> Result<GetResult> {
    let head = bucket.client().await.head_object().bucket(bucket.name()).key(location.as_ref());
    let head = head.set_if_match(options.if_match.clone()).set_if_none_match(options.if_none_match.clone());
    let head = head.set_if_modified_since(options.if_modified_since.map(smithy));
    let head = head.set_if_unmodified_since(options.if_unmodified_since.map(smithy));
    let found = head.set_version_id(options.version.clone()).send().await.map_err(|error| failed(location, error))?;
    let size = length(found.content_length)?;
    let meta = meta(location, size, found.last_modified, found.e_tag.clone(), found.version_id.clone())?;
    let payload = GetResultPayload::Stream(stream::empty().boxed());
    Ok(GetResult {
        payload,
        meta,
        range: 0..size,
        attributes: attributes_of_head(&found),
        extensions: Default::default(),
    })
}

fn payload(found: GetObjectOutput) -> GetResultPayload {
    let chunks = stream::unfold(found.body, async |mut body| {
        let chunk: Result<Bytes> = match body.next().await? {
            Ok(chunk) => Ok(chunk),
            Err(source) => Err(Error::Generic { store: STORE, source: Box::new(source) }),
        };
        Some((chunk, body))
    });
    GetResultPayload::Stream(chunks.fuse().boxed())
}

fn length(header: Option<i64>) -> Result<u64> {
    header.and_then(|length| u64::try_from(length).ok()).ok_or_else(|| unexpected("no content length"))
}

/// `bytes 3-6/10`.
fn content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?..last.parse::<u64>().ok()?.checked_add(1)?, size.parse().ok()?))
}

fn header(range: &GetRange) -> String {
    match range {
        GetRange::Bounded(range) => format!("bytes={}-{}", range.start, range.end.saturating_sub(1)),
        GetRange::Offset(offset) => format!("bytes={offset}-"),
        GetRange::Suffix(length) => format!("bytes=-{length}"),
    }
}

pub(super) fn meta(
    location: &Path,
    size: u64,
    modified: Option<DateTime>,
    e_tag: Option<String>,
    version: Option<String>,
) -> Result<ObjectMeta> {
    let modified = modified.and_then(|time| chrono::DateTime::from_timestamp(time.secs(), time.subsec_nanos()));
    let last_modified = modified.ok_or_else(|| unexpected("no time of change"))?;
    Ok(ObjectMeta { location: location.clone(), last_modified, size, e_tag, version })
}

fn smithy(time: chrono::DateTime<Utc>) -> DateTime {
    DateTime::from_secs_and_nanos(time.timestamp(), time.timestamp_subsec_nanos())
}

fn attributes_of_get(found: &GetObjectOutput) -> Attributes {
    let headers = [
        (Attribute::ContentType, found.content_type()),
        (Attribute::ContentEncoding, found.content_encoding()),
        (Attribute::ContentLanguage, found.content_language()),
        (Attribute::ContentDisposition, found.content_disposition()),
        (Attribute::CacheControl, found.cache_control()),
    ];
    attributes(headers, found.metadata())
}

fn attributes_of_head(found: &HeadObjectOutput) -> Attributes {
    let headers = [
        (Attribute::ContentType, found.content_type()),
        (Attribute::ContentEncoding, found.content_encoding()),
        (Attribute::ContentLanguage, found.content_language()),
        (Attribute::ContentDisposition, found.content_disposition()),
        (Attribute::CacheControl, found.cache_control()),
    ];
    attributes(headers, found.metadata())
}

fn attributes(headers: [(Attribute, Option<&str>); 5], metadata: Option<&HashMap<String, String>>) -> Attributes {
    let mut attributes = Attributes::new();
    for (name, value) in headers {
        if let Some(value) = value {
            attributes.insert(name, value.to_owned().into());
        }
    }
    for (key, value) in metadata.into_iter().flatten() {
        attributes.insert(Attribute::Metadata(key.clone().into()), value.clone().into());
    }
    attributes
}

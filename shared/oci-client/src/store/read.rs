//! Reading.

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, Result,
};

use super::error::{failed, unexpected};
use super::{Bucket, STORE};
use crate::object_storage::{self, ByteRange, GetObject, ObjectHead};

pub(super) async fn get(bucket: &Bucket, location: &Path, options: GetOptions) -> Result<GetResult> {
    let mut wanted = wanted(&options)?;
    if options.head || !is_native(&options) {
        let head = head(bucket, location, &options).await?;
        if options.head {
            return Ok(head);
        }
        // The conditions were about this content.
        (wanted.if_match, wanted.if_none_match) = (head.meta.e_tag, None);
    }
    let found = bucket.storage.get(&bucket.name, location.as_ref(), &wanted).await;
    let found = found.map_err(|error| failed(location, error))?;
    let meta = meta(bucket, location, &found.head)?;
    let (range, attributes) = (found.range.clone(), attributes(&found.head.attributes));
    let pieces = found.into_stream();
    let at = location.clone();
    let pieces = pieces.map(move |piece| piece.map_err(|error| failed(&at, error)));
    Ok(GetResult {
        payload: GetResultPayload::Stream(pieces.boxed()),
        meta,
        range,
        attributes,
        extensions: Default::default(),
    })
}

/// The service compares etags, but no times, and `*` only where it writes.
fn is_native(options: &GetOptions) -> bool {
    let any = |tag: &Option<String>| tag.as_deref() == Some("*");
    options.if_modified_since.is_none()
        && options.if_unmodified_since.is_none()
        && !any(&options.if_match)
        && !any(&options.if_none_match)
}

async fn head(bucket: &Bucket, location: &Path, options: &GetOptions) -> Result<GetResult> {
    let native = is_native(options);
    let wanted = GetObject {
        range: None,
        if_match: options.if_match.clone().filter(|_| native),
        if_none_match: options.if_none_match.clone().filter(|_| native),
        version_id: options.version.clone(),
    };
    let found = bucket.storage.head(&bucket.name, location.as_ref(), &wanted).await;
    let found = found.map_err(|error| failed(location, error))?;
    let meta = meta(bucket, location, &found)?;
    options.check_preconditions(&meta)?;
    let range = match &options.range {
        Some(range) => range.as_range(meta.size).map_err(|source| generic(Box::new(source)))?,
        None => 0..meta.size,
    };
    let payload = GetResultPayload::Stream(stream::empty().boxed());
    let attributes = attributes(&found.attributes);
    Ok(GetResult { payload, meta, range, attributes, extensions: Default::default() })
}

fn wanted(options: &GetOptions) -> Result<GetObject> {
    if let Some(range) = &options.range {
        range.is_valid().map_err(|source| generic(Box::new(source)))?;
    }
    let range = options.range.as_ref().map(|range| match range {
        GetRange::Bounded(range) => ByteRange::Between(range.start, range.end),
        GetRange::Offset(start) => ByteRange::From(*start),
        GetRange::Suffix(count) => ByteRange::Last(*count),
    });
    let (if_match, if_none_match) = (options.if_match.clone(), options.if_none_match.clone());
    Ok(GetObject { range, if_match, if_none_match, version_id: options.version.clone() })
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: STORE, source }
}

fn meta(bucket: &Bucket, location: &Path, head: &ObjectHead) -> Result<ObjectMeta> {
    let modified = head.last_modified.and_then(moment);
    let last_modified = modified.ok_or_else(|| unexpected("an object without a time of change"))?;
    let (e_tag, version) = (head.etag.clone(), head.version_id.clone().filter(|_| bucket.versions));
    Ok(ObjectMeta { location: location.clone(), last_modified, size: head.size, e_tag, version })
}

pub(super) fn moment(time: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.as_second(), u32::try_from(time.subsec_nanosecond()).ok()?)
}

/// The usual tier is not told: some answers have it and some do not.
fn attributes(kept: &object_storage::Attributes) -> Attributes {
    let tier = kept.storage_tier.clone().filter(|tier| tier != "Standard");
    let headers = [
        (Attribute::ContentType, &kept.content_type),
        (Attribute::ContentEncoding, &kept.content_encoding),
        (Attribute::ContentLanguage, &kept.content_language),
        (Attribute::ContentDisposition, &kept.content_disposition),
        (Attribute::CacheControl, &kept.cache_control),
        (Attribute::StorageClass, &tier),
    ];
    let mut attributes = Attributes::new();
    for (name, value) in headers {
        if let Some(value) = value {
            attributes.insert(name, value.clone().into());
        }
    }
    for (key, value) in &kept.metadata {
        attributes.insert(Attribute::Metadata(key.clone().into()), value.clone().into());
    }
    attributes
}

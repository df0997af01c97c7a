//! Reading objects.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Response, StatusCode};
use jiff::Timestamp;

use super::model::{Access, Archival, Object, find, object_not_found};
use super::{condition, put, range, versions};
use crate::Emulator;
use crate::call::Call;
use crate::clock::{http_date, rfc3339_ms};
use crate::error::Error;
use crate::reply::{Reply, ReplyExt};
use crate::store::{Reader, outflow};

/// GetObject.
pub(super) fn object(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (bucket, _) = emulator.bucket(&reader, call, Access::Read)?;
    read(emulator, call, &reader, &bucket, call.param("obj"))
}

/// HeadObject.
pub(super) fn head(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (bucket, _) = emulator.bucket(&reader, call, Access::Read)?;
    describe(call, &reader, &bucket, call.param("obj"))
}

/// The object's body or a range of it, from a bucket that the caller may read.
pub(super) fn read(emulator: &Emulator, call: &Call, reader: &Reader, bucket: &str, name: &str) -> Reply {
    let object = wanted(call, reader, bucket, name)?;
    if let Some(unchanged) = condition::unchanged(call, &object.etag)? {
        return Ok(unchanged);
    }
    if matches!(object.archival(call.now.as_millisecond()), Some(Archival::Archived | Archival::Restoring)) {
        return Err(Error::new(409, "NotRestored", "The object is archived and must be restored before it is read."));
    }
    let stretch = range::parse(call.header("range"), object.size)?;
    let whole = 0..object.size;
    let body = object.body.ok_or_else(|| object_not_found(call.param("bk"), name))?;
    let bytes = stretch.clone().unwrap_or(whole);
    let length = (bytes.end - bytes.start).to_string();
    let content = outflow(reader, &emulator.store.bodies, body, bytes.clone())?;
    let reply = with_headers(Ok(Response::new(content)), &object, call).header("content-length", &length);
    // OCI has a host name for objects alone. Here they share one with the admin routes, which a stored page that is
    // opened in a browser must not be able to call.
    let reply = reply.header("content-security-policy", "sandbox").header("x-content-type-options", "nosniff");
    match stretch {
        Some(bytes) => reply
            .status(StatusCode::PARTIAL_CONTENT)
            .header("content-range", &format!("bytes {}-{}/{}", bytes.start, bytes.end - 1, object.size)),
        None => reply,
    }
}

/// What [`read`] says in its headers.
pub(super) fn describe(call: &Call, reader: &Reader, bucket: &str, name: &str) -> Reply {
    let object = wanted(call, reader, bucket, name)?;
    if let Some(unchanged) = condition::unchanged(call, &object.etag)? {
        return Ok(unchanged);
    }
    with_headers(Ok(Response::new(Body::empty())), &object, call).header("content-length", &object.size.to_string())
}

fn wanted(call: &Call, reader: &Reader, bucket: &str, name: &str) -> Result<Object, Error> {
    let found = match call.query("versionId") {
        Some(version) => versions::find(reader, bucket, name, version)?.map(|(_, object)| object),
        None => find(reader, bucket, name)?,
    };
    let missing = || object_not_found(call.param("bk"), name);
    let object = found.filter(|object| !object.is_delete_marker()).ok_or_else(missing)?;
    if object.customer_key.is_some() && put::customer_key(call)? != object.customer_key {
        return Err(Error::invalid("The object is encrypted with another key than the request's."));
    }
    Ok(object)
}

fn with_headers(reply: Reply, object: &Object, call: &Call) -> Reply {
    let texts = &object.texts;
    // A signed caller may ask for other values of these headers.
    let or = |query: &str, kept: &Option<String>| call.query(query).map(str::to_owned).or_else(|| kept.clone());
    let content_type = or("httpResponseContentType", &texts.content_type);
    let modified = Timestamp::from_millisecond(object.modified_ms).unwrap_or_default();
    let now = call.now.as_millisecond();
    let mut reply = reply
        .header("content-type", content_type.as_deref().unwrap_or("application/octet-stream"))
        .header("etag", &object.etag)
        .header("last-modified", &http_date(modified))
        .header("accept-ranges", "bytes")
        .header("x-api-id", "native")
        .header("version-id", &object.version)
        .header("storage-tier", object.tier.name())
        .maybe("content-md5", object.md5.map(|md5| BASE64_STANDARD.encode(md5)).as_deref())
        .maybe("opc-multipart-md5", object.multipart_md5.as_deref())
        .maybe("content-language", or("httpResponseContentLanguage", &texts.content_language).as_deref())
        .maybe("content-encoding", or("httpResponseContentEncoding", &texts.content_encoding).as_deref())
        .maybe("content-disposition", or("httpResponseContentDisposition", &texts.content_disposition).as_deref())
        .maybe("cache-control", or("httpResponseCacheControl", &texts.cache_control).as_deref())
        .maybe("expires", call.query("httpResponseExpires"))
        .maybe("archival-state", object.archival(now).map(Archival::name));
    if let (Some(Archival::Restored), Some((_, until))) = (object.archival(now), object.readable) {
        reply = reply.header("time-of-archival", &rfc3339_ms(until));
    }
    for (name, value) in &object.checksums {
        reply = reply.header(put::static_checksum(name), value);
    }
    with_metadata(reply, &texts.meta)
}

fn with_metadata(mut reply: Reply, meta: &[(String, String)]) -> Reply {
    if let Ok(response) = &mut reply {
        for (name, value) in meta {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
    }
    reply
}

//! Writing objects.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use ring::digest::{SHA256, digest};

use super::condition::Precondition;
use super::model::{Access, Bucket, Object, Texts, Tier, Versioning, check_object_name, count, find, object_key};
use super::retention;
use super::versions::keep_version;
use crate::Emulator;
use crate::call::Call;
use crate::clock::http_date;
use crate::error::Error;
use crate::pending::Pending;
use crate::reply::{Reply, ReplyExt, empty};
use crate::store::{BodyId, Checks, Intake, Stored, Table, Writer};

/// Bytes of an object that comes in one piece, and of a part.
pub(super) const MAX_PIECE: u64 = 50 << 30;
/// Bytes of an object's metadata, names and values.
const MAX_METADATA: usize = 4000;

/// PutObject.
pub(super) fn object(emulator: Emulator, call: Call, body: Pending) -> BoxFuture<'static, Reply> {
    async move {
        // What can be refused is refused before the body comes.
        emulator.bucket(&emulator.store.read()?, &call, Access::Manage)?;
        let name = call.param("obj").to_owned();
        store(&emulator, &call, &name, body).await
    }
    .boxed()
}

/// Receives a body and makes it the object of this name in the bucket of the path, which has been checked.
pub(super) async fn store(emulator: &Emulator, call: &Call, name: &str, body: Pending) -> Reply {
    check_object_name(name)?;
    let precondition = Precondition::of(call)?;
    let bucket = super::model::bucket_key(call.param("ns"), call.param("bk"));
    precondition.check(find(&emulator.store.read()?, &bucket, name)?.as_ref())?;
    let texts = texts_of(&call.headers)?;
    let customer_key = customer_key(call)?;
    let tier = call.header("storage-tier").map(Tier::parse).transpose()?;
    let (stored, checksums) = receive(emulator, call, body, false).await?;
    let object = NewObject { texts, tier, checksums, customer_key, stored: &stored };
    let written = emulator.store.write(|writer| object.write(emulator, writer, call, &bucket, name, &precondition))?;
    let md5 = BASE64_STANDARD.encode(stored.md5);
    stored.keep();
    let mut reply = empty(http::StatusCode::OK)
        .header("etag", &written.etag)
        .header("last-modified", &http_date(call.now))
        .header("opc-content-md5", &md5)
        .header("version-id", &written.version);
    for (name, value) in &written.checksums {
        reply = reply.header(static_checksum(name), value);
    }
    reply
}

/// A received body and its place among the objects.
struct NewObject<'a> {
    texts: Texts,
    tier: Option<Tier>,
    checksums: Vec<(String, String)>,
    customer_key: Option<String>,
    stored: &'a Stored,
}

impl NewObject<'_> {
    fn write(
        &self,
        emulator: &Emulator,
        writer: &Writer,
        call: &Call,
        key: &str,
        name: &str,
        precondition: &Precondition,
    ) -> Result<Object, Error> {
        let bucket: Option<Bucket> = crate::store::Read::get(writer, Table::Buckets, key.as_bytes())?;
        let missing = || super::model::bucket_not_found(call.param("ns"), call.param("bk"));
        let bucket = bucket.ok_or_else(missing)?;
        let body: BodyId = emulator.ids.number();
        let now = call.now.as_millisecond();
        writer.keep_body(body, &self.stored.content)?;
        let object = Object {
            size: self.stored.size,
            etag: emulator.ids.etag(),
            md5: Some(self.stored.md5),
            multipart_md5: None,
            texts: self.texts.clone(),
            tier: self.tier.unwrap_or(bucket.storage_tier),
            readable: None,
            created_ms: now,
            modified_ms: now,
            version: emulator.ids.etag(),
            body: Some(body),
            checksums: self.checksums.clone(),
            customer_key: self.customer_key.clone(),
        };
        place(emulator, writer, (key, &bucket), name, &object, precondition)?;
        Ok(object)
    }
}

/// Puts an object under its name, in place of or on top of what is there. Its body is already kept.
pub(super) fn place(
    emulator: &Emulator,
    writer: &Writer,
    (key, bucket): (&str, &Bucket),
    name: &str,
    object: &Object,
    precondition: &Precondition,
) -> Result<(), Error> {
    let present = find(writer, key, name)?;
    precondition.check(present.as_ref())?;
    if let Some(present) = present {
        if bucket.versioning == Versioning::Enabled {
            keep_version(emulator, writer, key, name, &present)?;
        } else {
            retention::check(bucket, &present, object.modified_ms)?;
            release(writer, key, &present)?;
        }
    }
    let size = i64::try_from(object.size).unwrap_or(i64::MAX);
    count(writer, key, 1, size)?;
    Ok(writer.put_bytes(Table::Objects, &object_key(key, name), &object.encode()?)?)
}

/// Gives up an object's body and its place in the counters.
pub(super) fn release(writer: &Writer, key: &str, object: &Object) -> Result<(), Error> {
    if let Some(body) = object.body {
        writer.drop_body(body)?;
        count(writer, key, -1, -i64::try_from(object.size).unwrap_or(i64::MAX))?;
    }
    Ok(())
}

/// The headers of a request that an object keeps.
pub(super) fn texts_of(headers: &HeaderMap) -> Result<Texts, Error> {
    let text = |name: &str| match headers.get(name).map(|value| value.to_str()) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value.to_owned())),
        Some(Err(_)) => Err(Error::invalid(format!("The header {name} is not plain text."))),
    };
    let mut meta = Vec::new();
    for name in headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("opc-meta-")) {
        meta.extend(text(name)?.map(|value| (name.to_owned(), value)));
    }
    check_metadata(&meta)?;
    Ok(Texts {
        content_type: text("content-type")?,
        content_language: text("content-language")?,
        content_encoding: text("content-encoding")?,
        content_disposition: text("content-disposition")?,
        cache_control: text("cache-control")?,
        meta,
    })
}

pub(super) fn check_metadata(meta: &[(String, String)]) -> Result<(), Error> {
    let size: usize = meta.iter().map(|(name, value)| name.len() + value.len()).sum();
    (size <= MAX_METADATA).then_some(()).ok_or_else(|| Error::invalid("The object's metadata is over 4000 bytes."))
}

const CHECKSUMS: [(&str, &str); 3] =
    [("CRC32C", "opc-content-crc32c"), ("SHA256", "opc-content-sha256"), ("SHA384", "opc-content-sha384")];

/// The header of a stored checksum.
pub(super) fn static_checksum(name: &str) -> &'static str {
    CHECKSUMS.into_iter().map(|(_, header)| header).find(|header| *header == name).unwrap_or("opc-content-crc32c")
}

/// Receives a body and compares it with every hash that the request states.
pub(super) async fn receive(
    emulator: &Emulator,
    call: &Call,
    body: Pending,
    part: bool,
) -> Result<(Stored, Vec<(String, String)>), Error> {
    let asked = call.header("opc-checksum-algorithm");
    if let Some(name) = asked.filter(|name| !CHECKSUMS.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))) {
        return Err(Error::invalid(format!("There is no checksum algorithm {name}.")));
    }
    let wanted = |(algorithm, header): (&str, &str)| {
        asked.is_some_and(|asked| asked.eq_ignore_ascii_case(algorithm)) || call.headers.contains_key(header)
    };
    let [crc32c, sha256, sha384] = CHECKSUMS.map(wanted);
    let checks = Checks { crc32c, sha256: sha256 || call.signed_sha256.is_some(), sha384 };
    check_length(call)?;
    let intake = Intake::new(&emulator.store.bodies, emulator.ids.number(), part, checks);
    let stored = intake.receive(body.take(), MAX_PIECE).await?;
    check_md5(call, &stored)?;
    if call.signed_sha256.is_some() && call.signed_sha256 != stored.sha256 {
        return Err(Error::not_authenticated("The x-content-sha256 header does not match the request body."));
    }
    let sums = [crc32c.then_some(&stored.crc32c), sha256.then_some(&stored.sha256), sha384.then_some(&stored.sha384)];
    let mut checksums = Vec::new();
    for ((_, header), sum) in CHECKSUMS.into_iter().zip(sums) {
        let Some(Some(sum)) = sum else { continue };
        if call.header(header).is_some_and(|stated| stated != sum) {
            let message =
                format!("The computed checksum of the request body ({sum}) does not match the {header} header");
            return Err(Error::new(400, "UnmatchedContentChecksum", message));
        }
        checksums.push((header.to_owned(), sum.clone()));
    }
    Ok((stored, checksums))
}

/// A length that is too large is refused before the body comes.
fn check_length(call: &Call) -> Result<(), Error> {
    let length = call.header("content-length").and_then(|length| length.parse::<u64>().ok());
    match length.is_some_and(|length| length > MAX_PIECE) {
        true => Err(Error::new(413, "PayloadTooLarge", "A single upload has at most 50 GiB.")),
        false => Ok(()),
    }
}

fn check_md5(call: &Call, stored: &Stored) -> Result<(), Error> {
    let Some(stated) = call.header("content-md5") else { return Ok(()) };
    let computed = BASE64_STANDARD.encode(stored.md5);
    let message =
        format!("The computed MD5 of the request body ({computed}) does not match the Content-MD5 header ({stated})");
    (computed == stated).then_some(()).ok_or_else(|| Error::new(400, "UnmatchedContentMD5", message))
}

/// The SHA-256 of the key that a customer encrypts with, from the three headers of SSE-C.
pub(super) fn customer_key(call: &Call) -> Result<Option<String>, Error> {
    let names = ["opc-sse-customer-algorithm", "opc-sse-customer-key", "opc-sse-customer-key-sha256"];
    let [Some(algorithm), Some(key), Some(sha256)] = names.map(|name| call.header(name)) else {
        return match names.iter().any(|name| call.headers.contains_key(*name)) {
            true => Err(Error::invalid("The three opc-sse-customer headers belong together.")),
            false => Ok(None),
        };
    };
    let key = BASE64_STANDARD.decode(key).ok().filter(|key| key.len() == 32);
    let fits = key.is_some_and(|key| BASE64_STANDARD.encode(digest(&SHA256, &key)) == sha256);
    match fits && algorithm == "AES256" {
        true => Ok(Some(sha256.to_owned())),
        false => Err(Error::invalid("The customer's encryption key is not a 256-bit key with its SHA-256.")),
    }
}

//! Uploads in parts.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::StatusCode;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::condition::Precondition;
use super::model::{Access, Object, Texts, Tier, bucket_key, check_object_name, find, name_in, object_key};
use super::put::{self, check_metadata, place};
use crate::Emulator;
use crate::call::Call;
use crate::clock::{http_date, rfc3339, rfc3339_ms};
use crate::error::Error;
use crate::page;
use crate::pending::Pending;
use crate::reply::{self, Reply, ReplyExt, empty, no_content};
use crate::store::{Read, Span, Table, Writer};

const PAGE: (usize, usize) = (1000, 1000);
/// Highest number of a part.
const MAX_PART: u32 = 10_000;
/// Bytes of an object.
const MAX_OBJECT: u64 = 10 << 40;

/// An upload under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) object: String,
    pub(super) created_ms: i64,
    texts: Texts,
    tier: Option<Tier>,
    precondition: (Option<String>, bool),
}

/// A part of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    number: u32,
    etag: String,
    md5: [u8; 16],
    size: u64,
    body: u64,
    modified_ms: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    object: String,
    content_type: Option<String>,
    content_language: Option<String>,
    content_encoding: Option<String>,
    content_disposition: Option<String>,
    cache_control: Option<String>,
    storage_tier: Option<String>,
    metadata: Option<BTreeMap<String, String>>,
}

/// CreateMultipartUpload.
pub(super) fn create(emulator: &Emulator, call: &Call) -> Reply {
    emulator.bucket(&emulator.store.read()?, call, Access::Manage)?;
    let details: Details = call.json()?;
    let meta: Vec<(String, String)> = details.metadata.unwrap_or_default().into_iter().collect();
    if let Some((name, _)) = meta.iter().find(|(name, _)| !name.to_ascii_lowercase().starts_with("opc-meta-")) {
        return Err(Error::invalid(format!("The metadata name {name} does not start with opc-meta-.")));
    }
    check_metadata(&meta)?;
    let texts = Texts {
        content_type: details.content_type,
        content_language: details.content_language,
        content_encoding: details.content_encoding,
        content_disposition: details.content_disposition,
        cache_control: details.cache_control,
        meta: meta.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
    };
    let tier = details.storage_tier.as_deref().map(Tier::parse).transpose()?;
    let upload = start(emulator, call, &details.object, texts, tier)?;
    let location = format!("{}/n/{}/b/{}/u/{}", call.base_url, call.param("ns"), call.param("bk"), upload.object);
    reply::json(&shown(call, &upload)).header("location", &location)
}

/// Starts an upload in the bucket of the path, which the caller may write to.
pub(super) fn start(
    emulator: &Emulator,
    call: &Call,
    object: &str,
    texts: Texts,
    tier: Option<Tier>,
) -> Result<Upload, Error> {
    check_object_name(object)?;
    let precondition = Precondition::of(call)?;
    let key = bucket_key(call.param("ns"), call.param("bk"));
    let upload = Upload {
        id: emulator.ids.etag(),
        object: object.to_owned(),
        created_ms: call.now.as_millisecond(),
        texts,
        tier,
        precondition: (precondition.if_match.clone(), precondition.absent),
    };
    emulator.store.write(|writer| {
        precondition.check(find(writer, &key, object)?.as_ref())?;
        Ok(writer.put(Table::Uploads, &object_key(&key, &upload.id), &upload)?)
    })?;
    Ok(upload)
}

fn shown(call: &Call, upload: &Upload) -> Value {
    json!({
        "namespace": call.param("ns"),
        "bucket": call.param("bk"),
        "object": upload.object,
        "uploadId": upload.id,
        "timeCreated": rfc3339_ms(upload.created_ms),
        "storageTier": upload.tier.unwrap_or(Tier::Standard).name(),
    })
}

fn find_upload(reader: &impl Read, bucket: &str, id: &str, object: &str) -> Result<Upload, Error> {
    let upload: Option<Upload> = reader.get(Table::Uploads, &object_key(bucket, id))?;
    let missing = || Error::new(404, "NoSuchUpload", format!("There is no upload {id} of the object '{object}'."));
    upload.filter(|upload| upload.object == object).ok_or_else(missing)
}

fn part_key(upload: &str, number: u32) -> Vec<u8> {
    [upload.as_bytes(), &[0], &number.to_be_bytes()].concat()
}

fn parts_of(reader: &impl Read, upload: &str) -> Result<Vec<Part>, Error> {
    let span = Span::prefix(&[upload.as_bytes(), &[0]].concat());
    let parts = reader.list::<Part>(Table::Parts, &span, usize::MAX, |_| true)?;
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

fn upload_id(call: &Call) -> Result<String, Error> {
    call.required_query("uploadId").map(str::to_owned)
}

/// UploadPart.
pub(super) fn upload_part(emulator: Emulator, call: Call, body: Pending) -> BoxFuture<'static, Reply> {
    async move {
        emulator.bucket(&emulator.store.read()?, &call, Access::Manage)?;
        let number = call.required_query("uploadPartNum")?.parse::<u32>();
        let number = number.map_err(|_| Error::invalid("uploadPartNum must be a number."))?;
        let (id, object) = (upload_id(&call)?, call.param("obj").to_owned());
        receive_part(&emulator, &call, &object, &id, number, body).await
    }
    .boxed()
}

/// Receives a part of an upload in the bucket of the path, which the caller may write to.
pub(super) async fn receive_part(
    emulator: &Emulator,
    call: &Call,
    object: &str,
    id: &str,
    number: u32,
    body: Pending,
) -> Reply {
    if !(1..=MAX_PART).contains(&number) {
        return Err(Error::invalid(format!("uploadPartNum must be from 1 to {MAX_PART}.")));
    }
    let bucket = bucket_key(call.param("ns"), call.param("bk"));
    find_upload(&emulator.store.read()?, &bucket, id, object)?;
    let (stored, checksums) = put::receive(emulator, call, body, true).await?;
    let part = Part {
        number,
        etag: emulator.ids.etag(),
        md5: stored.md5,
        size: stored.size,
        body: emulator.ids.number(),
        modified_ms: call.now.as_millisecond(),
    };
    emulator.store.write(|writer| {
        // It may have been committed or aborted while the part came in.
        find_upload(writer, &bucket, id, object)?;
        let key = part_key(id, number);
        if let Some(earlier) = writer.get::<Part>(Table::Parts, &key)? {
            writer.drop_body(earlier.body)?;
        }
        writer.keep_body(part.body, &stored.content)?;
        Ok(writer.put(Table::Parts, &key, &part)?)
    })?;
    stored.keep();
    let mut reply =
        empty(StatusCode::OK).header("etag", &part.etag).header("opc-content-md5", &BASE64_STANDARD.encode(part.md5));
    for (name, value) in &checksums {
        reply = reply.header(put::static_checksum(name), value);
    }
    reply
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    parts_to_commit: Vec<CommitPart>,
    #[serde(default)]
    parts_to_exclude: Option<Vec<u32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitPart {
    part_num: u32,
    etag: String,
}

/// CommitMultipartUpload.
pub(super) fn commit(emulator: &Emulator, call: &Call) -> Reply {
    emulator.bucket(&emulator.store.read()?, call, Access::Manage)?;
    let commit: Commit = call.json()?;
    let id = upload_id(call)?;
    finish(emulator, call, call.param("obj"), &id, |parts| choose(parts, &commit))
}

/// The parts in the order of their numbers; every part must be named in exactly one of the lists.
fn choose(parts: &[Part], commit: &Commit) -> Result<Vec<Part>, Error> {
    let invalid = |text: String| Error::new(400, "InvalidUploadPart", text);
    let mut wanted: Vec<&CommitPart> = commit.parts_to_commit.iter().collect();
    wanted.sort_by_key(|part| part.part_num);
    if wanted.windows(2).any(|pair| pair[0].part_num == pair[1].part_num) {
        return Err(invalid("A part is named twice.".to_owned()));
    }
    let excluded = commit.parts_to_exclude.as_deref().unwrap_or_default();
    let excluded: BTreeSet<u32> = excluded.iter().copied().collect();
    let present: BTreeMap<u32, &Part> = parts.iter().map(|part| (part.number, part)).collect();
    let mut chosen = Vec::with_capacity(wanted.len());
    for CommitPart { part_num, etag } in &wanted {
        let part = present.get(part_num).filter(|part| part.etag == etag.trim_matches('"'));
        let part = part.ok_or_else(|| invalid(format!("There is no part {part_num} with the etag {etag}.")))?;
        if excluded.contains(part_num) {
            return Err(invalid(format!("Part {part_num} is to be committed and excluded.")));
        }
        chosen.push(Part::clone(part));
    }
    let committed: BTreeSet<u32> = wanted.iter().map(|part| part.part_num).collect();
    let named = |number: u32| excluded.contains(&number) || committed.contains(&number);
    match parts.iter().find(|part| !named(part.number)) {
        Some(part) => Err(invalid(format!("Part {} is neither committed nor excluded.", part.number))),
        None if chosen.is_empty() => Err(invalid("There is no part to commit.".to_owned())),
        None => Ok(chosen),
    }
}

/// All parts, as a commit through a pre-authenticated request takes them.
pub(super) fn commit_all(emulator: &Emulator, call: &Call, object: &str, id: &str) -> Reply {
    finish(emulator, call, object, id, |parts| match parts {
        [] => Err(Error::new(400, "InvalidUploadPart", "There is no part to commit.")),
        parts => Ok(parts.to_vec()),
    })
}

fn finish(
    emulator: &Emulator,
    call: &Call,
    name: &str,
    id: &str,
    choose: impl FnOnce(&[Part]) -> Result<Vec<Part>, Error>,
) -> Reply {
    let key = bucket_key(call.param("ns"), call.param("bk"));
    let object = emulator.store.write(|writer| {
        let upload = find_upload(writer, &key, id, name)?;
        let bucket = writer.get(Table::Buckets, key.as_bytes())?;
        let missing = || super::model::bucket_not_found(call.param("ns"), call.param("bk"));
        let bucket: super::model::Bucket = bucket.ok_or_else(missing)?;
        let parts = parts_of(writer, id)?;
        let chosen = choose(&parts)?;
        let object = joined(emulator, call, &upload, &chosen, bucket.storage_tier)?;
        let mut precondition = Precondition::of(call)?;
        precondition.if_match = precondition.if_match.or(upload.precondition.0);
        precondition.absent |= upload.precondition.1;
        let kept: BTreeSet<u32> = chosen.iter().map(|part| part.number).collect();
        for part in &parts {
            writer.delete(Table::Parts, &part_key(id, part.number))?;
            if !kept.contains(&part.number) {
                writer.drop_body(part.body)?;
            }
        }
        let bodies: Vec<u64> = chosen.iter().map(|part| part.body).collect();
        writer.join_bodies(&bodies, object.body.unwrap_or_default())?;
        writer.delete(Table::Uploads, &object_key(&key, id))?;
        place(emulator, writer, (&key, &bucket), name, &object, &precondition)?;
        Ok(object)
    })?;
    empty(StatusCode::OK)
        .header("etag", &object.etag)
        .maybe("opc-multipart-md5", object.multipart_md5.as_deref())
        .header("last-modified", &http_date(call.now))
        .header("version-id", &object.version)
}

fn joined(emulator: &Emulator, call: &Call, upload: &Upload, parts: &[Part], tier: Tier) -> Result<Object, Error> {
    let size: u64 = parts.iter().map(|part| part.size).sum();
    if size > MAX_OBJECT {
        return Err(Error::new(400, "EntityTooLarge", "An object has at most 10 TiB."));
    }
    let digests: Vec<u8> = parts.iter().flat_map(|part| part.md5).collect();
    let now = call.now.as_millisecond();
    Ok(Object {
        size,
        etag: emulator.ids.etag(),
        md5: None,
        multipart_md5: Some(format!("{}-{}", BASE64_STANDARD.encode(Md5::digest(&digests)), parts.len())),
        texts: upload.texts.clone(),
        tier: upload.tier.unwrap_or(tier),
        readable: None,
        created_ms: now,
        modified_ms: now,
        version: emulator.ids.etag(),
        body: Some(emulator.ids.number()),
        checksums: Vec::new(),
        customer_key: None,
    })
}

/// AbortMultipartUpload.
pub(super) fn abort(emulator: &Emulator, call: &Call) -> Reply {
    emulator.bucket(&emulator.store.read()?, call, Access::Manage)?;
    abort_one(emulator, call, call.param("obj"), &upload_id(call)?)
}

/// Gives up an upload in the bucket of the path, which the caller may write to.
pub(super) fn abort_one(emulator: &Emulator, call: &Call, object: &str, id: &str) -> Reply {
    let key = bucket_key(call.param("ns"), call.param("bk"));
    emulator.store.write(|writer| {
        find_upload(writer, &key, id, object)?;
        remove(writer, &key, id)
    })?;
    no_content()
}

fn remove(writer: &Writer, bucket: &str, id: &str) -> Result<(), Error> {
    for part in parts_of(writer, id)? {
        writer.delete(Table::Parts, &part_key(id, part.number))?;
        writer.drop_body(part.body)?;
    }
    writer.delete(Table::Uploads, &object_key(bucket, id))?;
    Ok(())
}

/// Gives up the uploads of a bucket that are old enough.
pub(super) fn abort_old(writer: &Writer, bucket: &str, old: impl Fn(&str, i64) -> bool) -> Result<(), Error> {
    let span = Span::prefix(&object_key(bucket, ""));
    let due =
        writer.list(Table::Uploads, &span, usize::MAX, |upload: &Upload| old(&upload.object, upload.created_ms))?;
    due.iter().try_for_each(|(key, _)| remove(writer, bucket, name_in(bucket, key)))
}

/// ListMultipartUploads.
pub(super) fn list_uploads(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (key, _) = emulator.bucket(&reader, call, Access::Manage)?;
    let span = Span::prefix(&object_key(&key, ""));
    page::of_table(&reader, Table::Uploads, span, call, PAGE, |_: &Upload| true)?.reply(|upload| shown(call, upload))
}

/// ListMultipartUploadParts.
pub(super) fn list_parts(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (key, _) = emulator.bucket(&reader, call, Access::Manage)?;
    let id = upload_id(call)?;
    find_upload(&reader, &key, &id, call.param("obj"))?;
    let span = Span::prefix(&[id.as_bytes(), &[0]].concat());
    page::of_table(&reader, Table::Parts, span, call, PAGE, |_: &Part| true)?.reply(|part| {
        json!({
            "partNumber": part.number,
            "etag": part.etag,
            "md5": BASE64_STANDARD.encode(part.md5),
            "size": part.size,
        })
    })
}

/// When an upload was started, as it is shown to holders of a pre-authenticated request.
pub(super) fn shown_by_par(call: &Call, upload: &Upload, access_uri: &str) -> Value {
    let mut shown = shown(call, upload);
    shown["accessUri"] = access_uri.into();
    shown["timeCreated"] = rfc3339(call.now).into();
    shown
}

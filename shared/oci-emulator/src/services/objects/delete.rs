//! Deleting objects and versions of them.

use serde::Deserialize;
use serde_json::json;

use super::condition::Precondition;
use super::model::{Access, Bucket, Object, Texts, Tier, Versioning, find, object_key, object_not_found};
use super::put::release;
use super::retention;
use super::versions::{self, Place, keep_version, promote};
use crate::Emulator;
use crate::call::Call;
use crate::clock::{http_date, rfc3339};
use crate::error::Error;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::{Read, Table, Writer};

/// Objects of one batch, at most.
const MAX_BATCH: usize = 1000;

/// What a deletion did.
struct Deleted {
    version: String,
    marker: bool,
}

/// DeleteObject.
pub(super) fn object(emulator: &Emulator, call: &Call) -> Reply {
    let precondition = Precondition::new(call.header("if-match"), None)?;
    let deleted = emulator.store.write(|writer| {
        let (key, bucket) = emulator.bucket(writer, call, Access::Manage)?;
        let name = call.param("obj");
        match call.query("versionId") {
            Some(version) => delete_version(writer, (&key, &bucket), name, version, call),
            None => delete_current(emulator, writer, (&key, &bucket), name, &precondition, call),
        }
    })?;
    no_content()
        .header("last-modified", &http_date(call.now))
        .header("version-id", &deleted.version)
        .maybe("is-delete-marker", deleted.marker.then_some("true"))
}

fn delete_current(
    emulator: &Emulator,
    writer: &Writer,
    (key, bucket): (&str, &Bucket),
    name: &str,
    precondition: &Precondition,
    call: &Call,
) -> Result<Deleted, Error> {
    let present = find(writer, key, name)?.ok_or_else(|| object_not_found(&bucket.name, name))?;
    precondition.check(Some(&present))?;
    let now_ms = call.now.as_millisecond();
    remove(emulator, writer, (key, bucket), name, &present, now_ms)
}

/// Removes the current object, or covers it with a mark where versions are kept.
fn remove(
    emulator: &Emulator,
    writer: &Writer,
    (key, bucket): (&str, &Bucket),
    name: &str,
    present: &Object,
    now_ms: i64,
) -> Result<Deleted, Error> {
    writer.delete(Table::Objects, &object_key(key, name))?;
    if bucket.versioning == Versioning::Enabled {
        keep_version(emulator, writer, key, name, present)?;
        let mark = marker(emulator, now_ms);
        keep_version(emulator, writer, key, name, &mark)?;
        return Ok(Deleted { version: mark.version, marker: true });
    }
    retention::check(bucket, present, now_ms)?;
    release(writer, key, present)?;
    Ok(Deleted { version: present.version.clone(), marker: false })
}

/// Removes an object because of a life-cycle rule; one that must be retained stays.
pub(super) fn expire(
    emulator: &Emulator,
    writer: &Writer,
    bucket: (&str, &Bucket),
    name: &str,
    now_ms: i64,
) -> Result<(), Error> {
    match find(writer, bucket.0, name)? {
        Some(present) if retention::check(bucket.1, &present, now_ms).is_ok() => {
            remove(emulator, writer, bucket, name, &present, now_ms).map(|_| ())
        }
        _ => Ok(()),
    }
}

fn marker(emulator: &Emulator, now_ms: i64) -> Object {
    Object {
        size: 0,
        etag: emulator.ids.etag(),
        md5: None,
        multipart_md5: None,
        texts: Texts::default(),
        tier: Tier::Standard,
        readable: None,
        created_ms: now_ms,
        modified_ms: now_ms,
        version: emulator.ids.etag(),
        body: None,
        checksums: Vec::new(),
        customer_key: None,
    }
}

fn delete_version(
    writer: &Writer,
    (key, bucket): (&str, &Bucket),
    name: &str,
    version: &str,
    call: &Call,
) -> Result<Deleted, Error> {
    let found = versions::find(writer, key, name, version)?;
    let (place, object) = found.ok_or_else(|| object_not_found(&bucket.name, name))?;
    retention::check(bucket, &object, call.now.as_millisecond())?;
    match place {
        Place::Current => writer.delete(Table::Objects, &object_key(key, name))?,
        Place::Earlier(earlier) => writer.delete(Table::Versions, &earlier)?,
    };
    release(writer, key, &object)?;
    promote(writer, key, name)?;
    Ok(Deleted { version: version.to_owned(), marker: object.is_delete_marker() })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    objects: Vec<BatchEntry>,
    #[serde(default)]
    is_skip_deleted_result: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchEntry {
    object_name: String,
    if_match: Option<String>,
}

/// BatchDeleteObjects: each for itself.
pub(super) fn batch(emulator: &Emulator, call: &Call) -> Reply {
    let batch: Batch = call.json()?;
    if !(1..=MAX_BATCH).contains(&batch.objects.len()) {
        return Err(Error::invalid(format!("A batch has 1 to {MAX_BATCH} objects.")));
    }
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    emulator.store.write(|writer| {
        let (key, bucket) = emulator.bucket(writer, call, Access::Manage)?;
        for BatchEntry { object_name, if_match } in &batch.objects {
            let precondition = Precondition::new(if_match.as_deref(), None)?;
            let checked = check_one(writer, (&key, &bucket), object_name, &precondition, call);
            match checked {
                Ok(present) => {
                    remove(emulator, writer, (&key, &bucket), object_name, &present, call.now.as_millisecond())?;
                    deleted.push(json!({ "objectName": object_name, "timeLastModified": rfc3339(call.now) }));
                }
                // A failure of the store is one of the whole call.
                Err(error) if error.status.is_server_error() => return Err(error),
                Err(error) => failed.push(json!({
                    "objectName": object_name,
                    "statusCode": error.status.as_u16(),
                    "errorCode": error.code,
                    "errorMessage": error.message,
                })),
            }
        }
        Ok(())
    })?;
    if batch.is_skip_deleted_result {
        deleted.clear();
    }
    reply::json(&json!({ "deleted": deleted, "failed": failed }))
}

/// Whether an object can be deleted, before anything is changed for it.
fn check_one(
    writer: &impl Read,
    (key, bucket): (&str, &Bucket),
    name: &str,
    precondition: &Precondition,
    call: &Call,
) -> Result<Object, Error> {
    let present = find(writer, key, name)?.ok_or_else(|| object_not_found(&bucket.name, name))?;
    precondition.check(Some(&present))?;
    if bucket.versioning != Versioning::Enabled {
        retention::check(bucket, &present, call.now.as_millisecond())?;
    }
    Ok(present)
}

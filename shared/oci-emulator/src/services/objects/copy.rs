//! Copying, which happens later, and renaming, which happens at once. Neither moves bytes.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::condition::Precondition;
use super::model::{
    Access, Archival, Bucket, Object, Tier, bucket_key, bucket_not_found, check_object_name, count, find, object_key,
    object_not_found,
};
use super::versions;
use super::work::{self, Outcome};
use super::{put, retention};
use crate::Emulator;
use crate::call::Call;
use crate::clock::http_date;
use crate::error::Error;
use crate::jobs::Job;
use crate::regions;
use crate::reply::{Reply, ReplyExt, empty};
use crate::store::{Read, Table, Writer};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    source_object_name: String,
    destination_region: String,
    destination_namespace: String,
    destination_bucket: String,
    destination_object_name: String,
    source_object_if_match_e_tag: Option<String>,
    source_version_id: Option<String>,
    destination_object_if_match_e_tag: Option<String>,
    destination_object_if_none_match_e_tag: Option<String>,
    destination_object_metadata: Option<BTreeMap<String, String>>,
    destination_object_storage_tier: Option<String>,
}

/// A copy that has been accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CopyJob {
    work_request: String,
    source_namespace: String,
    source_bucket: String,
    details: Details,
}

/// CopyObject: checks what can be checked and answers with a work request.
pub(super) fn copy(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    check_object_name(&details.destination_object_name)?;
    regions::by_name(&details.destination_region)
        .filter(|region| region.name == emulator.region())
        .ok_or_else(|| Error::invalid(format!("This emulator has no region {}.", details.destination_region)))?;
    if let Some(tier) = &details.destination_object_storage_tier {
        Tier::parse(tier)?;
    }
    let id = emulator.store.write(|writer| {
        let (source, bucket) = emulator.bucket(writer, call, Access::Manage)?;
        let object = source_object(writer, &source, call.param("bk"), &details)?;
        source_condition(&details)?.check(Some(&object))?;
        check_readable(&object, call.now.as_millisecond())?;
        destination(writer, &details)?;
        let job = CopyJob {
            work_request: emulator.ids.ocid("objectstorageworkrequest"),
            source_namespace: call.param("ns").to_owned(),
            source_bucket: call.param("bk").to_owned(),
            details: details.clone(),
        };
        work::accept(writer, &job.work_request, "COPY_OBJECT", &bucket.compartment_id, &resources(&job), call)?;
        let id = job.work_request.clone();
        emulator.plan(writer, call.now.as_millisecond() + emulator.options.step_ms, &Job::Copy(Box::new(job)))?;
        Ok(id)
    })?;
    empty(StatusCode::ACCEPTED).header("opc-work-request-id", &id)
}

fn resources(job: &CopyJob) -> Vec<work::Resource> {
    let details = &job.details;
    let object = |action, namespace: &str, bucket: &str, name: &str| work::Resource {
        action,
        // Both ends: there is one region only.
        region: details.destination_region.clone(),
        namespace: namespace.to_owned(),
        bucket: bucket.to_owned(),
        object: name.to_owned(),
    };
    vec![
        object("READ", &job.source_namespace, &job.source_bucket, &details.source_object_name),
        object(
            "WRITTEN",
            &details.destination_namespace,
            &details.destination_bucket,
            &details.destination_object_name,
        ),
    ]
}

fn source_object(reader: &impl Read, key: &str, bucket: &str, details: &Details) -> Result<Object, Error> {
    let name = &details.source_object_name;
    let found = match &details.source_version_id {
        Some(version) => versions::find(reader, key, name, version)?.map(|(_, object)| object),
        None => find(reader, key, name)?,
    };
    found.filter(|object| !object.is_delete_marker()).ok_or_else(|| object_not_found(bucket, name))
}

fn source_condition(details: &Details) -> Result<Precondition, Error> {
    Precondition::new(details.source_object_if_match_e_tag.as_deref(), None)
}

fn check_readable(object: &Object, now_ms: i64) -> Result<(), Error> {
    match object.archival(now_ms) {
        Some(Archival::Archived | Archival::Restoring) => {
            Err(Error::new(409, "NotRestored", "The object is archived and must be restored before it is copied."))
        }
        _ => Ok(()),
    }
}

fn destination(reader: &impl Read, details: &Details) -> Result<(String, Bucket), Error> {
    let key = bucket_key(&details.destination_namespace, &details.destination_bucket);
    let bucket: Option<Bucket> = reader.get(Table::Buckets, key.as_bytes())?;
    let missing = || bucket_not_found(&details.destination_namespace, &details.destination_bucket);
    Ok((key, bucket.ok_or_else(missing)?))
}

/// Carries an accepted copy out; its failure is the work request's.
pub(crate) fn run_copy(emulator: &Emulator, writer: &Writer, due_ms: i64, job: &CopyJob) -> Result<(), Error> {
    if work::is_cancelled(writer, &job.work_request)? {
        return Ok(());
    }
    // Everything is checked before the first change, so that a refusal leaves nothing half done.
    let outcome = match prepare(emulator, writer, due_ms, job) {
        Ok((key, bucket, object, precondition)) => {
            if let Some(body) = object.body {
                writer.share_body(body)?;
            }
            let name = &job.details.destination_object_name;
            put::place(emulator, writer, (&key, &bucket), name, &object, &precondition)?;
            Outcome::Completed
        }
        Err(error) if error.status.is_server_error() => return Err(error),
        Err(error) => Outcome::Failed(error.code.into_owned(), error.message),
    };
    work::finish(writer, &job.work_request, due_ms, outcome)
}

fn prepare(
    emulator: &Emulator,
    writer: &Writer,
    now_ms: i64,
    job: &CopyJob,
) -> Result<(String, Bucket, Object, Precondition), Error> {
    let details = &job.details;
    let source = bucket_key(&job.source_namespace, &job.source_bucket);
    let mut object = source_object(writer, &source, &job.source_bucket, details)?;
    source_condition(details)?.check(Some(&object))?;
    let (key, bucket) = destination(writer, details)?;
    let precondition = Precondition::new(
        details.destination_object_if_match_e_tag.as_deref(),
        details.destination_object_if_none_match_e_tag.as_deref(),
    )?;
    let present = find(writer, &key, &details.destination_object_name)?;
    precondition.check(present.as_ref())?;
    if let Some(present) = &present {
        retention::check(&bucket, present, now_ms)?;
    }
    if let Some(metadata) = &details.destination_object_metadata {
        object.texts.meta = metadata.clone().into_iter().collect();
        put::check_metadata(&object.texts.meta)?;
    }
    object.tier = match &details.destination_object_storage_tier {
        Some(tier) => Tier::parse(tier)?,
        None => object.tier,
    };
    object.etag = emulator.ids.etag();
    object.version = emulator.ids.etag();
    object.readable = None;
    (object.created_ms, object.modified_ms) = (now_ms, now_ms);
    Ok((key, bucket, object, precondition))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rename {
    source_name: String,
    new_name: String,
    src_obj_if_match_e_tag: Option<String>,
    new_obj_if_match_e_tag: Option<String>,
    new_obj_if_none_match_e_tag: Option<String>,
}

/// RenameObject.
pub(super) fn rename(emulator: &Emulator, call: &Call) -> Reply {
    let wanted: Rename = call.json()?;
    check_object_name(&wanted.new_name)?;
    if wanted.source_name == wanted.new_name {
        return Err(Error::invalid("The new name is the old one."));
    }
    let source_condition = Precondition::new(wanted.src_obj_if_match_e_tag.as_deref(), None)?;
    let condition =
        Precondition::new(wanted.new_obj_if_match_e_tag.as_deref(), wanted.new_obj_if_none_match_e_tag.as_deref())?;
    let renamed = emulator.store.write(|writer| {
        let (key, bucket) = emulator.bucket(writer, call, Access::Manage)?;
        let found = find(writer, &key, &wanted.source_name)?;
        let mut object = found.ok_or_else(|| object_not_found(call.param("bk"), &wanted.source_name))?;
        source_condition.check(Some(&object))?;
        retention::check(&bucket, &object, call.now.as_millisecond())?;
        writer.delete(Table::Objects, &object_key(&key, &wanted.source_name))?;
        // It is counted again in its new place.
        count(writer, &key, -1, -i64::try_from(object.size).unwrap_or(i64::MAX))?;
        object.etag = emulator.ids.etag();
        object.version = emulator.ids.etag();
        object.modified_ms = call.now.as_millisecond();
        put::place(emulator, writer, (&key, &bucket), &wanted.new_name, &object, &condition)?;
        Ok(object)
    })?;
    empty(StatusCode::OK)
        .header("etag", &renamed.etag)
        .header("last-modified", &http_date(call.now))
        .header("version-id", &renamed.version)
}

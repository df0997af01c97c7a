//! Buckets and namespaces.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::condition;
use super::model::{Access, Bucket, Tier, Versioning, bucket_key, bucket_not_found, counted};
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::{Read, Reader, Span, Table, Writer};

/// Buckets of a page, at most and when nothing is said.
const PAGE: (usize, usize) = (1000, 1000);
/// Bytes of a bucket's metadata, names and values.
const MAX_METADATA: usize = 4000;

/// The namespace of the caller's tenancy, as a bare JSON string.
pub(super) fn namespace(emulator: &Emulator, call: &Call) -> Reply {
    if let Some(compartment) = call.query("compartmentId") {
        emulator.check_compartment(&call.principal, compartment)?;
    }
    reply::json(&emulator.namespace_of(&call.principal.tenancy))
}

pub(super) fn namespace_metadata(emulator: &Emulator, call: &Call) -> Reply {
    emulator.check_namespace(call)?;
    let root = &call.principal.tenancy;
    let namespace = call.param("ns");
    reply::json(&json!({ "namespace": namespace, "defaultS3CompartmentId": root, "defaultSwiftCompartmentId": root }))
}

/// The body of a create or update call; absent members keep what is there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    name: Option<String>,
    namespace: Option<String>,
    compartment_id: Option<String>,
    metadata: Option<BTreeMap<String, String>>,
    public_access_type: Option<String>,
    storage_tier: Option<String>,
    object_events_enabled: Option<bool>,
    versioning: Option<Versioning>,
    auto_tiering: Option<String>,
    kms_key_id: Option<String>,
    is_bucket_key_enabled: Option<bool>,
    bucket_scope: Option<String>,
    freeform_tags: Option<BTreeMap<String, String>>,
    defined_tags: Option<Map<String, Value>>,
}

pub(super) fn create(emulator: &Emulator, call: &Call) -> Reply {
    emulator.check_namespace(call)?;
    let details: Details = call.json()?;
    let name = details.name.clone().ok_or_else(|| Error::missing("name"))?;
    check_name(&name)?;
    let compartment = details.compartment_id.clone().ok_or_else(|| Error::missing("compartmentId"))?;
    emulator.check_compartment(&call.principal, &compartment)?;
    let mut bucket = blank(emulator, call, &name, compartment);
    if let Some(tier) = &details.storage_tier {
        bucket.storage_tier = bucket_tier(tier)?;
    }
    bucket.bucket_scope = one_of(details.bucket_scope.as_ref(), &["NAMESPACE", "REGION"], &bucket.bucket_scope)?;
    details.apply(&mut bucket)?;
    let key = bucket_key(call.param("ns"), &name);
    emulator.store.write(|writer| {
        if writer.bytes(Table::Buckets, key.as_bytes())?.is_some() {
            return Err(exists(call.param("ns"), &name));
        }
        Ok(writer.put(Table::Buckets, key.as_bytes(), &bucket)?)
    })?;
    let location = format!("{}/n/{}/b/{name}", call.base_url, call.param("ns"));
    show(&bucket, &Map::new()).header("location", &location)
}

fn exists(namespace: &str, name: &str) -> Error {
    let message = format!(
        "Either the bucket '{name}' in namespace '{namespace}' already exists or you are not authorized to create it"
    );
    Error::new(409, "BucketAlreadyExists", message)
}

fn blank(emulator: &Emulator, call: &Call, name: &str, compartment_id: String) -> Bucket {
    Bucket {
        id: emulator.ids.ocid("bucket"),
        namespace: call.param("ns").to_owned(),
        name: name.to_owned(),
        compartment_id,
        metadata: BTreeMap::new(),
        created_by: call.principal.id.clone(),
        time_created: rfc3339(call.now),
        etag: emulator.ids.etag(),
        public_access_type: "NoPublicAccess".to_owned(),
        storage_tier: Tier::Standard,
        object_events_enabled: false,
        versioning: Versioning::Disabled,
        auto_tiering: "Disabled".to_owned(),
        kms_key_id: None,
        is_bucket_key_enabled: false,
        bucket_scope: "NAMESPACE".to_owned(),
        freeform_tags: BTreeMap::new(),
        defined_tags: Map::new(),
        lifecycle: None,
        retention: Vec::new(),
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let refusal = || {
        let message = "A bucket name has 1 to 256 letters, digits, hyphens, underscores and periods.";
        Error::new(400, "InvalidBucketName", message)
    };
    (plain && (1..=256).contains(&name.len())).then_some(()).ok_or_else(refusal)
}

fn bucket_tier(name: &str) -> Result<Tier, Error> {
    match Tier::parse(name)? {
        Tier::InfrequentAccess => Err(Error::new(400, "InvalidStorageTier", "A bucket is Standard or Archive.")),
        tier => Ok(tier),
    }
}

fn one_of(value: Option<&String>, allowed: &[&str], present: &str) -> Result<String, Error> {
    match value {
        Some(value) if !allowed.contains(&value.as_str()) => {
            Err(Error::invalid(format!("{value} is not one of {}.", allowed.join(", "))))
        }
        value => Ok(value.map_or(present, String::as_str).to_owned()),
    }
}

impl Details {
    fn apply(self, bucket: &mut Bucket) -> Result<(), Error> {
        let access = ["NoPublicAccess", "ObjectRead", "ObjectReadWithoutList"];
        bucket.public_access_type = one_of(self.public_access_type.as_ref(), &access, &bucket.public_access_type)?;
        let tiering = ["Disabled", "InfrequentAccess"];
        bucket.auto_tiering = one_of(self.auto_tiering.as_ref(), &tiering, &bucket.auto_tiering)?;
        if bucket.auto_tiering == "InfrequentAccess" && bucket.storage_tier != Tier::Standard {
            return Err(Error::invalid("Auto-tiering needs a bucket whose default tier is Standard."));
        }
        if let Some(metadata) = self.metadata {
            let size: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
            (size <= MAX_METADATA).then_some(()).ok_or_else(|| Error::invalid("The metadata is over 4000 bytes."))?;
            bucket.metadata = metadata;
        }
        bucket.versioning = versioning(bucket.versioning, self.versioning, !bucket.retention.is_empty())?;
        bucket.object_events_enabled = self.object_events_enabled.unwrap_or(bucket.object_events_enabled);
        bucket.is_bucket_key_enabled = self.is_bucket_key_enabled.unwrap_or(bucket.is_bucket_key_enabled);
        bucket.kms_key_id = self.kms_key_id.or(bucket.kms_key_id.take()).filter(|id| !id.is_empty());
        bucket.freeform_tags = self.freeform_tags.unwrap_or_else(|| std::mem::take(&mut bucket.freeform_tags));
        bucket.defined_tags = self.defined_tags.unwrap_or_else(|| std::mem::take(&mut bucket.defined_tags));
        Ok(())
    }
}

/// Once enabled, versioning can only be suspended; with retention rules it cannot be enabled.
fn versioning(present: Versioning, wanted: Option<Versioning>, retention: bool) -> Result<Versioning, Error> {
    match (present, wanted) {
        (present, None) => Ok(present),
        (Versioning::Enabled | Versioning::Suspended, Some(Versioning::Disabled)) => {
            Err(Error::invalid("Versioning that has been enabled can only be suspended."))
        }
        (_, Some(Versioning::Enabled)) if retention => {
            Err(Error::incorrect_state("A bucket with retention rules cannot be versioned."))
        }
        (Versioning::Disabled, Some(Versioning::Suspended)) => {
            Err(Error::invalid("Versioning is not enabled, so it cannot be suspended."))
        }
        (_, Some(wanted)) => Ok(wanted),
    }
}

fn show(bucket: &Bucket, more: &Map<String, Value>) -> Reply {
    let mut body = serde_json::to_value(bucket).map_err(|error| Error::internal(error.to_string()))?;
    if let Value::Object(members) = &mut body {
        let policy = members.remove("lifecycle").and_then(|policy| policy.get("etag").cloned());
        members.insert("objectLifecyclePolicyEtag".to_owned(), policy.unwrap_or_default());
        // Reported on request only.
        for hidden in ["retention", "autoTiering"] {
            members.remove(hidden);
        }
        members.insert("isReadOnly".to_owned(), false.into());
        members.insert("replicationEnabled".to_owned(), false.into());
        members.extend(more.clone());
    }
    reply::json(&body).header("etag", &bucket.etag)
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (key, bucket) = emulator.bucket(&reader, call, Access::Manage)?;
    if let Some(unchanged) = condition::unchanged(call, &bucket.etag)? {
        return Ok(unchanged);
    }
    show(&bucket, &wanted_fields(&reader, call, &key, &bucket)?)
}

fn wanted_fields(reader: &Reader, call: &Call, key: &str, bucket: &Bucket) -> Result<Map<String, Value>, Error> {
    let mut fields = Map::new();
    let (objects, bytes) = counted(reader, key)?;
    for name in call.query("fields").unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
        let value = match name {
            "approximateCount" => objects.into(),
            "approximateSize" => bytes.into(),
            "autoTiering" => bucket.auto_tiering.clone().into(),
            _ => return Err(Error::invalid(format!("There is no field {name}."))),
        };
        fields.insert(name.to_owned(), value);
    }
    Ok(fields)
}

pub(super) fn head(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (_, bucket) = emulator.bucket(&reader, call, Access::Manage)?;
    match condition::unchanged(call, &bucket.etag)? {
        Some(unchanged) => Ok(unchanged),
        None => reply::empty(http::StatusCode::OK).header("etag", &bucket.etag),
    }
}

pub(super) fn update(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    if details.name.as_deref().is_some_and(|name| name != call.param("bk"))
        || details.namespace.as_deref().is_some_and(|namespace| namespace != call.param("ns"))
    {
        return Err(Error::invalid("A bucket can be neither renamed nor moved to another namespace."));
    }
    if let Some(compartment) = &details.compartment_id {
        emulator.check_compartment(&call.principal, compartment)?;
    }
    let bucket = change(emulator, call, |bucket, _| {
        condition::check_bucket(call, &bucket.etag)?;
        if let Some(compartment) = details.compartment_id.clone() {
            bucket.compartment_id = compartment;
        }
        details.apply(bucket)
    })?;
    show(&bucket, &Map::new())
}

/// Changes the bucket of the path and gives it a new etag.
pub(super) fn change(
    emulator: &Emulator,
    call: &Call,
    change: impl FnOnce(&mut Bucket, &Writer) -> Result<(), Error>,
) -> Result<Bucket, Error> {
    emulator.store.write(|writer| {
        let (key, mut bucket) = emulator.bucket(writer, call, Access::Manage)?;
        change(&mut bucket, writer)?;
        bucket.etag = emulator.ids.etag();
        writer.put(Table::Buckets, key.as_bytes(), &bucket)?;
        Ok(bucket)
    })
}

pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let (key, bucket) = emulator.bucket(writer, call, Access::Manage)?;
        condition::check_bucket(call, &bucket.etag)?;
        let below = Span::prefix(format!("{key}\0").as_bytes());
        let contents = [
            (Table::Objects, "objects"),
            (Table::Versions, "object versions"),
            (Table::Uploads, "uploads"),
            (Table::Pars, "preauthenticated requests"),
        ];
        for (table, what) in contents {
            let mut empty = true;
            writer.scan(table, &below, |_, _| {
                empty = false;
                Ok(false)
            })?;
            if !empty {
                let message = format!("Bucket named '{}' is not empty. It has {what}.", bucket.name);
                return Err(Error::new(409, "BucketNotEmpty", message));
            }
        }
        writer.delete(Table::Counters, key.as_bytes())?;
        match writer.delete(Table::Buckets, key.as_bytes())? {
            true => Ok(()),
            false => Err(bucket_not_found(call.param("ns"), call.param("bk"))),
        }
    })?;
    no_content()
}

pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    emulator.check_namespace(call)?;
    let compartment = emulator.compartment_of(call)?;
    let tags = match call.query("fields") {
        None | Some("") => false,
        Some("tags") => true,
        Some(other) => return Err(Error::invalid(format!("There is no field {other}."))),
    };
    let span = Span::prefix(format!("{}\0", call.param("ns")).as_bytes());
    let reader = emulator.store.read()?;
    let keep = |bucket: &Bucket| bucket.compartment_id == compartment;
    let page = page::of_table(&reader, Table::Buckets, span, call, PAGE, keep)?;
    page.reply(|bucket| {
        let mut shown = json!({
            "namespace": bucket.namespace, "name": bucket.name, "compartmentId": bucket.compartment_id,
            "createdBy": bucket.created_by, "timeCreated": bucket.time_created, "etag": bucket.etag,
        });
        if tags {
            shown["freeformTags"] = json!(bucket.freeform_tags);
            shown["definedTags"] = json!(bucket.defined_tags);
        }
        shown
    })
}

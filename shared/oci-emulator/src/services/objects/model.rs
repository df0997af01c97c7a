//! What is stored of buckets and objects, and under which keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::retention::Rule;
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::store::{Read, StoreError, Table, Writer};

/// A bucket. Names of members are those of the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bucket {
    pub(super) id: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) compartment_id: String,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) created_by: String,
    pub(super) time_created: String,
    pub(super) etag: String,
    pub(super) public_access_type: String,
    pub(super) storage_tier: Tier,
    pub(super) object_events_enabled: bool,
    pub(super) versioning: Versioning,
    pub(super) auto_tiering: String,
    pub(super) kms_key_id: Option<String>,
    pub(super) is_bucket_key_enabled: bool,
    pub(super) bucket_scope: String,
    pub(super) freeform_tags: BTreeMap<String, String>,
    pub(super) defined_tags: Map<String, Value>,
    pub(super) lifecycle: Option<super::lifecycle::Policy>,
    pub(super) retention: Vec<Rule>,
}

/// Whether overwritten objects are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Versioning {
    Enabled,
    Suspended,
    Disabled,
}

/// Where an object's bytes are, in price and speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Tier {
    Standard,
    InfrequentAccess,
    Archive,
}

impl Tier {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::InfrequentAccess => "InfrequentAccess",
            Self::Archive => "Archive",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self, Error> {
        let all = [Self::Standard, Self::InfrequentAccess, Self::Archive];
        let found = all.into_iter().find(|tier| tier.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::new(400, "InvalidStorageTier", format!("There is no storage tier {name}.")))
    }
}

/// Whether an archived object can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Archival {
    Archived,
    Restoring,
    Restored,
}

impl Archival {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Archived => "Archived",
            Self::Restoring => "Restoring",
            Self::Restored => "Restored",
        }
    }
}

/// The text headers that an object keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Texts {
    pub(super) content_type: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) cache_control: Option<String>,
    /// `opc-meta-` headers by their full names.
    pub(super) meta: Vec<(String, String)>,
}

/// An object, or a mark that it has been deleted. Stored in a compact form; add members at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Object {
    /// Bytes.
    pub(super) size: u64,
    pub(super) etag: String,
    /// Of an object that came in one piece.
    pub(super) md5: Option<[u8; 16]>,
    /// `<base64>-<parts>` of one that came in parts.
    pub(super) multipart_md5: Option<String>,
    pub(super) texts: Texts,
    pub(super) tier: Tier,
    /// When a restored object can be read, from and until, in milliseconds since 1970.
    pub(super) readable: Option<(i64, i64)>,
    /// Milliseconds since 1970.
    pub(super) created_ms: i64,
    pub(super) modified_ms: i64,
    pub(super) version: String,
    /// Number of the body; none for a delete marker.
    pub(super) body: Option<u64>,
    /// Checksum headers, such as `opc-content-crc32c`.
    pub(super) checksums: Vec<(String, String)>,
    /// Base64 SHA-256 of the customer's key.
    pub(super) customer_key: Option<String>,
}

impl Object {
    pub(super) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        postcard::to_stdvec(self).map_err(|error| unreadable(&error))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        postcard::from_bytes(bytes).map_err(|error| unreadable(&error))
    }

    pub(super) fn is_delete_marker(&self) -> bool {
        self.body.is_none()
    }

    /// `None` for what was never archived.
    pub(super) fn archival(&self, now_ms: i64) -> Option<Archival> {
        (self.tier == Tier::Archive).then_some(match self.readable {
            Some((from, _)) if now_ms < from => Archival::Restoring,
            Some((_, until)) if now_ms < until => Archival::Restored,
            _ => Archival::Archived,
        })
    }
}

fn unreadable(error: &postcard::Error) -> StoreError {
    StoreError::Entry { table: Table::Objects.name(), reason: error.to_string() }
}

/// The key of a bucket.
pub(super) fn bucket_key(namespace: &str, bucket: &str) -> String {
    format!("{namespace}\0{bucket}")
}

/// The key of an object; with an empty name, what the keys of all objects of the bucket start with.
pub(super) fn object_key(bucket: &str, name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(bucket.len() + name.len() + 1);
    key.extend_from_slice(bucket.as_bytes());
    key.push(0);
    key.extend_from_slice(name.as_bytes());
    key
}

/// The name in an object's key.
pub(super) fn name_in<'a>(bucket: &str, key: &'a [u8]) -> &'a str {
    key.get(bucket.len() + 1..).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
}

/// The current object of this name, if it is not deleted.
pub(super) fn find(reader: &impl Read, bucket: &str, name: &str) -> Result<Option<Object>, StoreError> {
    let bytes = reader.bytes(Table::Objects, &object_key(bucket, name))?;
    bytes.map(|bytes| Object::decode(&bytes)).transpose()
}

/// Adds to the numbers of objects and bytes of a bucket.
pub(super) fn count(writer: &Writer, bucket: &str, objects: i64, bytes: i64) -> Result<(), StoreError> {
    let (old_objects, old_bytes) = counted(writer, bucket)?;
    let new = (old_objects.saturating_add_signed(objects), old_bytes.saturating_add_signed(bytes));
    writer.put(Table::Counters, bucket.as_bytes(), &new)
}

/// Objects and bytes of a bucket.
pub(super) fn counted(reader: &impl Read, bucket: &str) -> Result<(u64, u64), StoreError> {
    Ok(reader.get(Table::Counters, bucket.as_bytes())?.unwrap_or_default())
}

/// Refuses a name that no object can have.
pub(super) fn check_object_name(name: &str) -> Result<(), Error> {
    let usable = (1..=1024).contains(&name.len()) && !name.contains(['\0', '\r', '\n']);
    let refusal = || Error::new(400, "InvalidObjectName", "An object name has 1 to 1024 bytes without NUL, CR or LF.");
    usable.then_some(()).ok_or_else(refusal)
}

pub(super) fn bucket_not_found(namespace: &str, bucket: &str) -> Error {
    Error::new(
        404,
        "BucketNotFound",
        format!(
            "Either the bucket named '{bucket}' does not exist in the namespace '{namespace}' or you are not \
             authorized to access it"
        ),
    )
}

pub(super) fn object_not_found(bucket: &str, name: &str) -> Error {
    Error::new(404, "ObjectNotFound", format!("The object '{name}' was not found in the bucket '{bucket}'"))
}

/// What an unsigned caller may do in a public bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    List,
    /// Nothing.
    Manage,
}

impl Emulator {
    /// Refuses the namespace of another tenancy.
    pub(super) fn check_namespace(&self, call: &Call) -> Result<(), Error> {
        let namespace = call.param("ns");
        if call.principal.is_anonymous() || namespace == self.namespace_of(&call.principal.tenancy) {
            return Ok(());
        }
        let message = "You do not have authorization to perform this request, or the requested resource could not be \
                       found.";
        Err(Error::new(404, "NamespaceNotFound", message))
    }

    /// The bucket of the path, its key with it, if the caller may use it so.
    pub(super) fn bucket(&self, reader: &impl Read, call: &Call, access: Access) -> Result<(String, Bucket), Error> {
        self.check_namespace(call)?;
        let (namespace, name) = (call.param("ns"), call.param("bk"));
        let key = bucket_key(namespace, name);
        let bucket: Option<Bucket> = reader.get(Table::Buckets, key.as_bytes())?;
        let bucket = bucket.ok_or_else(|| bucket_not_found(namespace, name))?;
        let open = match access {
            Access::Read => bucket.public_access_type != "NoPublicAccess",
            Access::List => bucket.public_access_type == "ObjectRead",
            Access::Manage => false,
        };
        match call.principal.is_anonymous() && !open {
            true => Err(bucket_not_found(namespace, name)),
            false => Ok((key, bucket)),
        }
    }
}

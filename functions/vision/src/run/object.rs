//! Objects: what the store says of them, then their bytes.

use bytes::Bytes;
use causeway_cloud::object_store::{
    Attribute, Attributes, Error as StoreError, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt,
};
use causeway_cloud::{Objects, object_path};
use causeway_runtime::Error;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use crate::request::Expectations;

/// An object before it is read.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) meta: ObjectMeta,
    /// As it was uploaded.
    pub(crate) content_type: Option<String>,
    /// What its metadata (`opc-meta-*`, `x-amz-meta-*`) say was expected.
    pub(crate) expectations: Expectations,
    /// Why its metadata say nothing.
    pub(crate) metadata_problem: Option<String>,
    /// Where it is: `oci`, `aws` or `local`.
    pub(crate) source: &'static str,
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// An object.
    Object(&'a Found),
    /// What a request brought: its name, and how many bytes.
    Inline(&'a str, usize),
}

impl Found {
    /// What tells this version of the object from others.
    pub(crate) fn version_key(&self) -> String {
        version_key(&self.meta)
    }

    pub(crate) fn name(&self) -> &str {
        self.meta.location.as_ref()
    }
}

fn version_key(meta: &ObjectMeta) -> String {
    match &meta.e_tag {
        Some(tag) => tag.clone(),
        None => format!("{}-{}", meta.last_modified.timestamp_micros(), meta.size),
    }
}

/// Looks at the head of an object, and refuses one that is too large before a byte of it is read.
///
/// # Errors
/// 404, 413, or the store's.
pub(crate) async fn find(objects: &Objects, name: &str, max_bytes: usize) -> Result<Found, Error> {
    let path = object_path(name).map_err(|error| Error::invalid_request(error.to_string()).at("object_name"))?;
    let head = GetOptions { head: true, ..GetOptions::default() };
    let got = objects.get_opts(&path, head).await.map_err(|error| failed(name, error))?;
    if got.meta.size > max_bytes as u64 {
        let text = format!("the object has {} bytes; the limit is {max_bytes}", got.meta.size);
        return Err(Error::client(413, "object_too_large", text));
    }
    if got.meta.size == 0 {
        return Err(Error::client(400, "empty_file", "the object has no bytes"));
    }
    let content_type = got.attributes.get(&Attribute::ContentType).map(|value| value.as_ref().to_owned());
    let read = Expectations::of_details(&metadata(&got.attributes));
    let metadata_problem = read.as_ref().err().map(ToString::to_string);
    let expectations = read.unwrap_or_default();
    Ok(Found { meta: got.meta, content_type, expectations, metadata_problem, source: source_of(objects) })
}

/// The bytes of the version that was found.
///
/// # Errors
/// 409 when it is another by now, or the store's.
pub(crate) async fn read(objects: &Objects, found: &Found) -> Result<Bytes, Error> {
    let same = GetOptions { if_match: found.meta.e_tag.clone(), ..GetOptions::default() };
    let got = objects.get_opts(&found.meta.location, same).await.map_err(|error| failed(found.name(), error))?;
    let mut bytes = Vec::with_capacity(usize::try_from(found.meta.size).unwrap_or_default());
    let mut pieces = got.into_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| failed(found.name(), error))?;
        // Without an etag the object may have grown.
        if bytes.len() as u64 + piece.len() as u64 > found.meta.size {
            return Err(changed());
        }
        bytes.extend_from_slice(&piece);
    }
    if bytes.len() as u64 == found.meta.size { Ok(bytes.into()) } else { Err(changed()) }
}

pub(crate) fn changed() -> Error {
    Error::client(409, "object_changed", "the object was replaced while it was looked at; ask again")
}

/// Everything that somebody wrote at an object, by its key.
fn metadata(attributes: &Attributes) -> Value {
    let mut all = Map::new();
    for (name, value) in attributes {
        if let Attribute::Metadata(key) = name {
            all.insert(key.to_string(), Value::from(value.as_ref()));
        }
    }
    Value::Object(all)
}

/// What became of a request to the store, for the caller and for the log.
pub(crate) fn failed(name: &str, error: StoreError) -> Error {
    match error {
        StoreError::NotFound { .. } => Error::client(404, "object_not_found", format!("there is no object {name}")),
        StoreError::Precondition { .. } | StoreError::NotModified { .. } => changed(),
        other => Error::upstream("objects", None, "objects_failed").with_source(other),
    }
}

/// The stores name themselves.
pub(crate) fn source_of(objects: &Objects) -> &'static str {
    let name = objects.to_string();
    if name.starts_with("local directory") {
        "local"
    } else if name.starts_with("S3") {
        "aws"
    } else {
        "oci"
    }
}

/// An object of at most so many bytes; of a larger one only what the store says of it.
///
/// # Errors
/// The store's.
pub(crate) async fn get(
    objects: &Objects,
    name: &str,
    max_bytes: u64,
) -> Result<Option<(ObjectMeta, Option<Bytes>)>, Error> {
    let path = object_path(name).map_err(|error| Error::invalid_request(error.to_string()).at("object_name"))?;
    let got = match objects.get(&path).await {
        Ok(got) => got,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(failed(name, error)),
    };
    let meta = got.meta.clone();
    if meta.size > max_bytes {
        return Ok(Some((meta, None)));
    }
    let bytes = got.bytes().await.map_err(|error| failed(name, error))?;
    Ok(Some((meta, Some(bytes))))
}

/// Whether the object is still the version that was found.
///
/// # Errors
/// The store's.
pub(crate) async fn is_current(objects: &Objects, found: &Found) -> Result<bool, Error> {
    let head = GetOptions { head: true, ..GetOptions::default() };
    match objects.get_opts(&found.meta.location, head).await {
        Ok(got) => Ok(version_key(&got.meta) == found.version_key()),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(failed(found.name(), error)),
    }
}

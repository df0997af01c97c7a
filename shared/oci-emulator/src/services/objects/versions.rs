//! Earlier versions of objects and marks of their deletion.

use serde_json::{Value, json};

use super::list::Names;
use super::model::{Access, Object, name_in, object_key};
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339_ms;
use crate::error::Error;
use crate::page;
use crate::reply::Reply;
use crate::store::{Read, Span, StoreError, Table, Writer};

/// Entries of a page, at most and when nothing is said.
const PAGE: (usize, usize) = (1000, 1000);

/// Where a version is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Current,
    /// Its key among the earlier versions.
    Earlier(Vec<u8>),
}

/// What the keys of all earlier versions of an object start with.
fn versions_key(bucket: &str, name: &str) -> Vec<u8> {
    let mut key = object_key(bucket, name);
    key.push(0);
    key
}

/// Keeps an object as an earlier version; the newest sorts first.
pub(super) fn keep_version(
    emulator: &Emulator,
    writer: &Writer,
    bucket: &str,
    name: &str,
    object: &Object,
) -> Result<(), StoreError> {
    let mut key = versions_key(bucket, name);
    key.extend_from_slice(&(u64::MAX - emulator.ids.number()).to_be_bytes());
    writer.put_bytes(Table::Versions, &key, &object.encode()?)
}

/// The version of this id.
pub(super) fn find(
    reader: &impl Read,
    bucket: &str,
    name: &str,
    version: &str,
) -> Result<Option<(Place, Object)>, StoreError> {
    if let Some(current) = super::model::find(reader, bucket, name)?
        && current.version == version
    {
        return Ok(Some((Place::Current, current)));
    }
    let mut found = None;
    reader.scan(Table::Versions, &Span::prefix(&versions_key(bucket, name)), |key, value| {
        let object = Object::decode(value)?;
        if object.version == version {
            found = Some((Place::Earlier(key.to_vec()), object));
        }
        Ok(found.is_none())
    })?;
    Ok(found)
}

/// Makes the newest earlier version the current one, unless there is a current one or it is a mark.
pub(super) fn promote(writer: &Writer, bucket: &str, name: &str) -> Result<(), StoreError> {
    if super::model::find(writer, bucket, name)?.is_some() {
        return Ok(());
    }
    let mut newest = None;
    writer.scan(Table::Versions, &Span::prefix(&versions_key(bucket, name)), |key, value| {
        newest = Some((key.to_vec(), Object::decode(value)?));
        Ok(false)
    })?;
    match newest {
        Some((key, object)) if !object.is_delete_marker() => {
            writer.delete(Table::Versions, &key)?;
            writer.put_bytes(Table::Objects, &object_key(bucket, name), &object.encode()?)
        }
        _ => Ok(()),
    }
}

/// ListObjectVersions: by name, the newest of each first.
pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (bucket, _) = emulator.bucket(&reader, call, Access::Manage)?;
    if call.query("delimiter").is_some() {
        return Err(Error::new(501, "MethodNotImplemented", "Versions are listed without a delimiter."));
    }
    let names = Names::of(call)?;
    let (limit, after) = (call.limit(PAGE.0, PAGE.1)?, page::start(call)?);
    let mut found: Vec<(Vec<u8>, Value)> = Vec::new();
    for table in [Table::Objects, Table::Versions] {
        // Both tables give a page and one entry more; what follows cannot be on the page.
        let most = found.len() + limit + 1;
        let mut span = Span::prefix(&object_key(&bucket, "")).starting_at(&object_key(&bucket, &names.first()));
        if let Some(after) = &after {
            // A current object's place ends in the mark that its versions' keys have before their number.
            let last = if table == Table::Objects {
                after.split_last_chunk::<9>().map_or(after.as_slice(), |(key, _)| key)
            } else {
                after
            };
            span = span.starting_after(last);
        }
        reader.scan(table, &span, |key, value| {
            let (name_key, order) = match table {
                Table::Versions => key.split_at(key.len().saturating_sub(9)),
                _ => (key, [].as_slice()),
            };
            let name = name_in(&bucket, name_key);
            if !names.has(name) {
                return Ok(!names.ended_by(name));
            }
            let place = if order.is_empty() { [name_key, &[0; 9]].concat() } else { [name_key, order].concat() };
            found.push((place, shown(name, &Object::decode(value)?)));
            Ok(found.len() < most)
        })?;
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(place, _)| page::token(place));
    let items: Vec<&Value> = found.iter().map(|(_, shown)| shown).collect();
    let reply = crate::reply::json(&json!({ "items": items, "prefixes": [] }));
    crate::reply::ReplyExt::maybe(reply, "opc-next-page", next.as_deref())
}

fn shown(name: &str, object: &Object) -> Value {
    use base64::Engine;
    let md5 = object.md5.map(|md5| base64::prelude::BASE64_STANDARD.encode(md5));
    json!({
        "name": name,
        "size": object.size,
        "md5": md5,
        "etag": object.etag,
        "timeCreated": rfc3339_ms(object.created_ms),
        "timeModified": rfc3339_ms(object.modified_ms),
        "storageTier": object.tier.name(),
        "versionId": object.version,
        "isDeleteMarker": object.is_delete_marker(),
    })
}

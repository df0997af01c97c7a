//! Storage tiers: moving objects and restoring archived ones.

use http::StatusCode;
use serde::Deserialize;

use super::model::{Access, Archival, Object, Tier, object_key, object_not_found};
use super::versions::{self, Place};
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::reply::{Reply, empty};
use crate::store::Table;

const HOUR_MS: i64 = 3_600_000;
/// A restored object can be read for this long when nothing is said, and at most, in hours.
const DEFAULT_HOURS: i64 = 24;
const MAX_HOURS: i64 = 240;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Restore {
    object_name: String,
    hours: Option<i64>,
    version_id: Option<String>,
}

/// RestoreObjects: readable an hour later, the time that the service promises at most.
pub(super) fn restore(emulator: &Emulator, call: &Call) -> Reply {
    let wanted: Restore = call.json()?;
    let hours = wanted.hours.unwrap_or(DEFAULT_HOURS);
    if !(1..=MAX_HOURS).contains(&hours) {
        return Err(Error::invalid(format!("hours must be from 1 to {MAX_HOURS}.")));
    }
    let now = call.now.as_millisecond();
    change(emulator, call, &wanted.object_name, wanted.version_id.as_deref(), |object| match object.archival(now) {
        None => Err(Error::incorrect_state("The object is not archived.")),
        Some(Archival::Restoring) => Err(Error::incorrect_state("The object is being restored.")),
        Some(Archival::Restored) => {
            object.readable = object.readable.map(|(from, _)| (from, now + hours * HOUR_MS));
            Ok(())
        }
        Some(Archival::Archived) => {
            object.readable = Some((now + HOUR_MS, now + (hours + 1) * HOUR_MS));
            Ok(())
        }
    })?;
    empty(StatusCode::ACCEPTED)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Move {
    object_name: String,
    storage_tier: String,
    version_id: Option<String>,
}

/// UpdateObjectStorageTier; nothing leaves the archive this way.
pub(super) fn update(emulator: &Emulator, call: &Call) -> Reply {
    let wanted: Move = call.json()?;
    let tier = Tier::parse(&wanted.storage_tier)?;
    let now = call.now.as_millisecond();
    change(emulator, call, &wanted.object_name, wanted.version_id.as_deref(), |object| {
        let stuck = object.archival(now).is_some_and(|state| state != Archival::Restored);
        if stuck && tier != Tier::Archive {
            return Err(Error::new(
                409,
                "NotRestored",
                "The object is archived and must be restored before it is moved.",
            ));
        }
        object.tier = tier;
        object.readable = None;
        Ok(())
    })?;
    empty(StatusCode::OK)
}

fn change(
    emulator: &Emulator,
    call: &Call,
    name: &str,
    version: Option<&str>,
    change: impl FnOnce(&mut Object) -> Result<(), Error>,
) -> Result<(), Error> {
    emulator.store.write(|writer| {
        let (bucket, _) = emulator.bucket(writer, call, Access::Manage)?;
        let found = match version {
            Some(version) => versions::find(writer, &bucket, name, version)?,
            None => super::model::find(writer, &bucket, name)?.map(|object| (Place::Current, object)),
        };
        let found = found.filter(|(_, object)| !object.is_delete_marker());
        let (place, mut object) = found.ok_or_else(|| object_not_found(call.param("bk"), name))?;
        change(&mut object)?;
        let value = object.encode()?;
        match place {
            Place::Current => writer.put_bytes(Table::Objects, &object_key(&bucket, name), &value)?,
            Place::Earlier(key) => writer.put_bytes(Table::Versions, &key, &value)?,
        }
        Ok(())
    })
}

//! The emulator's own routes under `/_causeway/`: clocks, faults, keys, compartments, seeds.
//!
//! They are not signed. A page of another site that is open in a browser on this machine must not reach
//! them, so requests that a browser has marked as foreign are refused.

use std::collections::BTreeMap;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::Emulator;
use crate::call::parse_json;
use crate::clock::{ClockSetting, rfc3339};
use crate::dispatch::read_whole;
use crate::error::Error;
use crate::faults::Fault;
use crate::marks::Mark;
use crate::reply::{Reply, json, no_content};
use crate::{services, trusted};

/// Where the routes are.
pub(crate) const PREFIX: &str = "/_causeway/";
/// Seeds can be long.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Answers one admin request.
pub(crate) async fn answer(emulator: &Emulator, parts: &Parts, body: Body) -> Reply {
    if is_foreign(&parts.headers) {
        return Err(Error::new(403, "NotAllowed", "Calls from other sites' pages are refused."));
    }
    let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    if let Some(path) = path.strip_prefix("oci").filter(|path| path.starts_with('/')) {
        return trusted::answer(emulator, path, parts, body).await;
    }
    let body = read_whole(body, MAX_BODY).await?;
    match Mark::of(&parts.headers)? {
        Some(mark) => mark.once(emulator, || carry_out(emulator, parts, path, &body)),
        None => carry_out(emulator, parts, path, &body),
    }
}

fn carry_out(emulator: &Emulator, parts: &Parts, path: &str, body: &Bytes) -> Reply {
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    match (&parts.method, segments.as_slice()) {
        (&Method::GET, ["clock"]) => clock(emulator),
        (&Method::PUT | &Method::POST, ["clock"]) => move_clock(emulator, &parse_json(body)?),
        (&Method::DELETE, ["clock"]) => reset_clock(emulator),
        (&Method::GET, ["faults"]) => json(&emulator.faults.list()),
        (&Method::POST, ["faults"]) => add_fault(emulator, parse_json(body)?),
        (&Method::DELETE, ["faults"]) => json(&json!({ "removed": emulator.faults.remove(None) })),
        (&Method::DELETE, ["faults", id]) => remove_fault(emulator, id),
        (&Method::GET, ["keys"]) => json(&emulator.keys.ids()),
        (&Method::POST, ["keys"]) => add_key(emulator, &parse_json(body)?),
        (&Method::DELETE, ["keys", ..]) => remove_key(emulator, &segments[1..].join("/")),
        (&Method::POST, ["compartments"]) => add_compartment(emulator, parse_json(body)?),
        (&Method::GET, ["about"]) => about(emulator),
        (&Method::POST, ["principals", "rotate"]) => rotate(emulator),
        (method, segments) => services::administer(emulator, method, segments, body)
            .unwrap_or_else(|| Err(Error::new(404, "NotFound", "There is no such admin route."))),
    }
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let marked = headers.get_all("sec-fetch-site").iter().any(|site| site != "none" && site != "same-origin");
    marked || headers.contains_key("origin")
}

fn about(emulator: &Emulator) -> Reply {
    let functions = services::functions::infos(emulator).into_iter().map(|info| {
        let id = emulator.function_ocid(&info.name);
        (info.name, id)
    });
    let functions: BTreeMap<_, _> = functions.collect();
    json(&json!({
        "region": emulator.region(),
        "tenancy": emulator.tenancy(),
        "namespace": emulator.namespace_of(emulator.tenancy()),
        "compartment": emulator.default_compartment(),
        "user": emulator.developer(),
        "application": emulator.application_ocid(),
        "functions": functions,
    }))
}

fn clock(emulator: &Emulator) -> Reply {
    let setting: ClockSetting = emulator.clock.setting();
    json(&json!({
        "now": rfc3339(emulator.clock.now()),
        "gateNow": rfc3339(emulator.clock.gate_now()),
        "setting": setting,
    }))
}

/// Any combination; `now` before `advanceSeconds`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Move {
    now: Option<Timestamp>,
    advance_seconds: Option<i64>,
    #[serde(default)]
    stop: bool,
    gate_skew_seconds: Option<i64>,
}

fn move_clock(emulator: &Emulator, wanted: &Move) -> Reply {
    if wanted.now.is_some() || wanted.stop {
        emulator.clock.set(wanted.now.unwrap_or(emulator.clock.now()), wanted.stop);
    }
    if let Some(seconds) = wanted.advance_seconds {
        emulator.clock.advance(SignedDuration::from_secs(seconds));
    }
    if let Some(seconds) = wanted.gate_skew_seconds {
        emulator.clock.skew_gate(SignedDuration::from_secs(seconds));
    }
    emulator.keep_clock()?;
    emulator.settle(emulator.clock.now());
    clock(emulator)
}

fn reset_clock(emulator: &Emulator) -> Reply {
    emulator.clock.restore(ClockSetting::default());
    emulator.keep_clock()?;
    clock(emulator)
}

fn add_fault(emulator: &Emulator, fault: Fault) -> Reply {
    fault.check().map_err(Error::invalid)?;
    json(&json!({ "id": emulator.add_fault(fault) }))
}

fn remove_fault(emulator: &Emulator, id: &str) -> Reply {
    let id = id.parse().map_err(|_| Error::invalid("The id of a fault is a number."))?;
    match emulator.faults.remove(Some(id)) {
        0 => Err(Error::not_found()),
        _ => no_content(),
    }
}

/// A user's public key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewKey {
    tenancy: Option<String>,
    user: String,
    /// PEM.
    public_key: String,
}

fn add_key(emulator: &Emulator, key: &NewKey) -> Reply {
    let tenancy = key.tenancy.as_deref().unwrap_or(emulator.tenancy());
    let id = emulator.register_key(tenancy, &key.user, &key.public_key).map_err(Error::invalid)?;
    json(&json!({ "keyId": id }))
}

fn remove_key(emulator: &Emulator, id: &str) -> Reply {
    match emulator.keys.remove(&emulator.store, id)? {
        true => no_content(),
        false => Err(Error::not_found()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCompartment {
    id: Option<String>,
    name: String,
    tenancy: Option<String>,
}

fn add_compartment(emulator: &Emulator, new: NewCompartment) -> Reply {
    let id = new.id.unwrap_or_else(|| emulator.ids.global_ocid("compartment", &new.name));
    let tenancy = new.tenancy.as_deref().unwrap_or(emulator.tenancy());
    json(&emulator.add_compartment(tenancy, &id, &new.name)?)
}

fn rotate(emulator: &Emulator) -> Reply {
    let rotated = emulator.rotate_principals().map_err(|error| Error::internal(error.to_string()))?;
    json(&json!({ "rotated": rotated }))
}

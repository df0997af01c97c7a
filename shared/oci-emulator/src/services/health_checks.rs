//! Health Checks: monitors and probes. No connection is opened: targets are well unless the admin route has
//! said otherwise.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Emulator;
use crate::call::{Call, parse_json};
use crate::clock::rfc3339;
use crate::documents;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::route::{Route, Service};
use crate::store::Read;

const MONITOR: &str = "httpmonitor";
const PROBE: &str = "httpprobe";
const PING_MONITOR: &str = "pingmonitor";
const PING_PROBE: &str = "pingprobe";
const TARGET: &str = "healthtarget";
const PAGE: (usize, usize) = (50, 1000);
const VANTAGE_POINTS: [&str; 3] = ["aws-iad", "goo-chs", "azr-iad"];
/// Runs of a monitor that are reported, at most, newest first.
const MAX_RUNS: i64 = 100;

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "healthchecks",
    hosts: &["healthchecks"],
    bases: &["/20180501"],
    routes: &[
        Route::post("CreateOnDemandHttpProbe", "/httpProbeResults", probe).repeatable(),
        Route::get("ListHttpProbeResults", "/httpProbeResults/{id}", results),
        Route::post("CreateHttpMonitor", "/httpMonitors", create).repeatable(),
        Route::get("ListHttpMonitors", "/httpMonitors", list),
        Route::get("GetHttpMonitor", "/httpMonitors/{id}", get),
        Route::put("UpdateHttpMonitor", "/httpMonitors/{id}", update),
        Route::delete("DeleteHttpMonitor", "/httpMonitors/{id}", delete),
        Route::post("CreateOnDemandPingProbe", "/pingProbeResults", probe_by_ping).repeatable(),
        Route::get("ListPingProbeResults", "/pingProbeResults/{id}", results_of_ping),
        Route::post("CreatePingMonitor", "/pingMonitors", create_ping).repeatable(),
        Route::get("ListPingMonitors", "/pingMonitors", list_pings),
        Route::get("GetPingMonitor", "/pingMonitors/{id}", get_ping),
        Route::put("UpdatePingMonitor", "/pingMonitors/{id}", update_ping),
        Route::delete("DeletePingMonitor", "/pingMonitors/{id}", delete_ping),
        Route::get("ListHealthChecksVantagePoints", "/vantagePoints", vantage_points),
    ],
};

fn is_ping(kind: &str) -> bool {
    kind == PING_MONITOR || kind == PING_PROBE
}

fn check(details: &Map<String, Value>, kind: &str) -> Result<(), Error> {
    let monitor = kind == MONITOR || kind == PING_MONITOR;
    let one_of = |name: &str, allowed: &[&str]| match details.get(name).and_then(Value::as_str) {
        Some(value) if allowed.contains(&value) => Ok(()),
        _ => Err(Error::invalid(format!("{name} must be one of {}.", allowed.join(", ")))),
    };
    one_of("protocol", if is_ping(kind) { &["ICMP", "TCP"] } else { &["HTTP", "HTTPS"] })?;
    if details.contains_key("method") {
        one_of("method", &["GET", "HEAD"])?;
    }
    let targets = details.get("targets").and_then(Value::as_array);
    let named = targets.is_some_and(|targets| !targets.is_empty() && targets.iter().all(Value::is_string));
    named.then_some(()).ok_or_else(|| Error::missing("targets"))?;
    let numbers = |name: &str, allowed: &[u64]| {
        let given = details.get(name).filter(|value| !value.is_null());
        given.is_none_or(|value| value.as_u64().is_some_and(|value| allowed.contains(&value)))
    };
    if !numbers("timeoutInSeconds", &[10, 20, 30, 60]) || !numbers("intervalInSeconds", &[10, 30, 60]) {
        return Err(Error::invalid("Times out after 10, 20, 30 or 60 seconds; repeats after 10, 30 or 60."));
    }
    let headers = details.get("headers").and_then(Value::as_object);
    if headers.is_some_and(|headers| headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"))) {
        return Err(Error::invalid("A probe sends no Authorization header."));
    }
    let points = details.get("vantagePointNames").and_then(Value::as_array).into_iter().flatten();
    for point in points {
        let known = VANTAGE_POINTS.iter().any(|name| point == name);
        known.then_some(()).ok_or_else(|| Error::invalid(format!("There is no vantage point {point}.")))?;
    }
    for name in if monitor { ["displayName", "intervalInSeconds"].as_slice() } else { &[] } {
        details.get(*name).filter(|value| !value.is_null()).ok_or_else(|| Error::missing(name))?;
    }
    Ok(())
}

/// Stores a new monitor or probe.
fn add(emulator: &Emulator, call: &Call, kind: &str) -> Result<Value, Error> {
    let mut details: Map<String, Value> = call.json()?;
    let compartment =
        details.get("compartmentId").and_then(Value::as_str).ok_or_else(|| Error::missing("compartmentId"))?;
    emulator.check_compartment(&call.principal, compartment)?;
    check(&details, kind)?;
    let mut defaults = json!({ "timeoutInSeconds": 30, "isEnabled": true, "vantagePointNames": [VANTAGE_POINTS[0]] });
    if !is_ping(kind) {
        let port = if details["protocol"] == "HTTPS" { 443 } else { 80 };
        (defaults["port"], defaults["method"]) = (port.into(), "HEAD".into());
        (defaults["path"], defaults["headers"]) = ("/".into(), json!({}));
    }
    for (name, value) in defaults.as_object().into_iter().flatten() {
        details.entry(name).or_insert(value.clone());
    }
    let id = emulator.ids.ocid(kind);
    let folder = if is_ping(kind) { "pingProbeResults" } else { "httpProbeResults" };
    details.insert("resultsUrl".into(), format!("{}/20180501/{folder}/{id}", call.base_url).into());
    details.insert("homeRegion".into(), emulator.region().into());
    details.insert("timeCreated".into(), rfc3339(call.now).into());
    details.insert("createdMs".into(), call.now.as_millisecond().into());
    details.insert("etag".into(), emulator.ids.etag().into());
    details.insert("id".into(), id.clone().into());
    let added = Value::Object(details);
    emulator.store.write(|writer| Ok(documents::put(writer, kind, &id, &added)?))?;
    Ok(added)
}

/// Without what is only kept here.
fn visible(value: &Value) -> Value {
    let mut shown = value.clone();
    if let Some(members) = shown.as_object_mut() {
        members.remove("createdMs");
        members.remove("etag");
    }
    shown
}

fn show(value: &Value) -> Reply {
    reply::json(&visible(value)).header("etag", value["etag"].as_str().unwrap_or_default())
}

fn probe(emulator: &Emulator, call: &Call) -> Reply {
    probe_of(emulator, call, PROBE)
}

fn probe_by_ping(emulator: &Emulator, call: &Call) -> Reply {
    probe_of(emulator, call, PING_PROBE)
}

fn probe_of(emulator: &Emulator, call: &Call, kind: &str) -> Reply {
    let probe = add(emulator, call, kind)?;
    show(&probe).header("location", probe["resultsUrl"].as_str().unwrap_or_default())
}

fn create(emulator: &Emulator, call: &Call) -> Reply {
    show(&add(emulator, call, MONITOR)?)
}

fn create_ping(emulator: &Emulator, call: &Call) -> Reply {
    show(&add(emulator, call, PING_MONITOR)?)
}

fn find(emulator: &Emulator, reader: &impl Read, call: &Call, kinds: &[&str]) -> Result<Value, Error> {
    for kind in kinds {
        if let Some(found) = documents::find::<Value>(reader, kind, call.param("id"))? {
            emulator.check_compartment(&call.principal, found["compartmentId"].as_str().unwrap_or_default())?;
            return Ok(found);
        }
    }
    Err(Error::not_found())
}

fn get(emulator: &Emulator, call: &Call) -> Reply {
    show(&find(emulator, &emulator.store.read()?, call, &[MONITOR])?)
}

fn get_ping(emulator: &Emulator, call: &Call) -> Reply {
    show(&find(emulator, &emulator.store.read()?, call, &[PING_MONITOR])?)
}

fn list(emulator: &Emulator, call: &Call) -> Reply {
    list_of(emulator, call, MONITOR)
}

fn list_pings(emulator: &Emulator, call: &Call) -> Reply {
    list_of(emulator, call, PING_MONITOR)
}

fn list_of(emulator: &Emulator, call: &Call, kind: &str) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let keep = |one: &Value| {
        one["compartmentId"] == compartment && call.query("displayName").is_none_or(|name| one["displayName"] == name)
    };
    documents::page(emulator, call, kind, PAGE, keep)?.reply(visible)
}

fn update(emulator: &Emulator, call: &Call) -> Reply {
    update_of(emulator, call, MONITOR)
}

fn update_ping(emulator: &Emulator, call: &Call) -> Reply {
    update_of(emulator, call, PING_MONITOR)
}

fn update_of(emulator: &Emulator, call: &Call, kind: &str) -> Reply {
    let given: Map<String, Value> = call.json()?;
    let updated = emulator.store.write(|writer| {
        let present = find(emulator, writer, call, &[kind])?;
        call.check_if_match(present["etag"].as_str().unwrap_or_default())?;
        let mut members = present.as_object().cloned().unwrap_or_default();
        let fixed = ["id", "compartmentId", "etag", "timeCreated", "createdMs", "resultsUrl", "homeRegion"];
        members.extend(given.into_iter().filter(|(name, value)| !fixed.contains(&name.as_str()) && !value.is_null()));
        check(&members, kind)?;
        members.insert("etag".into(), emulator.ids.etag().into());
        let updated = Value::Object(members);
        documents::put(writer, kind, call.param("id"), &updated)?;
        Ok(updated)
    })?;
    show(&updated)
}

fn delete(emulator: &Emulator, call: &Call) -> Reply {
    delete_of(emulator, call, MONITOR)
}

fn delete_ping(emulator: &Emulator, call: &Call) -> Reply {
    delete_of(emulator, call, PING_MONITOR)
}

fn delete_of(emulator: &Emulator, call: &Call, kind: &str) -> Reply {
    emulator.store.write(|writer| {
        let present = find(emulator, writer, call, &[kind])?;
        call.check_if_match(present["etag"].as_str().unwrap_or_default())?;
        Ok(documents::remove(writer, kind, call.param("id"))?)
    })?;
    no_content()
}

fn vantage_points(_: &Emulator, call: &Call) -> Reply {
    let shown = |name: &&str| json!({ "name": name, "displayName": name, "providerName": &name[..3] });
    page::of_list(VANTAGE_POINTS.iter().map(shown).collect(), call, PAGE)?.reply(Value::clone)
}

/// What a probe finds at a target.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Target {
    target: String,
    is_healthy: bool,
    #[serde(default)]
    is_timed_out: bool,
    status_code: Option<u16>,
    error_category: Option<String>,
    error_message: Option<String>,
    /// Milliseconds.
    duration: Option<f64>,
}

/// Results of a probe a step after it, or of the monitor's runs so far.
fn results(emulator: &Emulator, call: &Call) -> Reply {
    results_of(emulator, call, &[PROBE, MONITOR], by_http)
}

fn results_of_ping(emulator: &Emulator, call: &Call) -> Reply {
    results_of(emulator, call, &[PING_PROBE, PING_MONITOR], by_ping)
}

fn results_of(emulator: &Emulator, call: &Call, kinds: &[&str], more: fn(Option<&Target>, i64) -> Value) -> Reply {
    let reader = emulator.store.read()?;
    let source = find(emulator, &reader, call, kinds)?;
    let created = source["createdMs"].as_i64().unwrap_or_default();
    let now = call.now.as_millisecond();
    let first = created + emulator.options.step_ms;
    let runs: Vec<i64> = match source["intervalInSeconds"].as_i64() {
        None => (first <= now).then_some(first).into_iter().collect(),
        Some(_) if source["isEnabled"] == false => Vec::new(),
        Some(seconds) => {
            let (step, last) = (seconds.max(1) * 1000, now - first);
            let newest = if last < 0 { -1 } else { last / step };
            (0..=newest).rev().take(usize::try_from(MAX_RUNS).unwrap_or(0)).map(|run| first + run * step).collect()
        }
    };
    let known: Vec<Target> = documents::all(&reader, TARGET, |_| true)?;
    let mut shown = Vec::new();
    for at in runs.into_iter().filter(|at| within(call, *at)) {
        for target in source["targets"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if call.query("target").is_some_and(|wanted| wanted != target) {
                continue;
            }
            for point in source["vantagePointNames"].as_array().into_iter().flatten() {
                let found = known.iter().find(|one| one.target == target);
                let mut result = result(&source, target, point, at, found);
                for (name, value) in more(found, at).as_object().into_iter().flatten() {
                    result[name] = value.clone();
                }
                shown.push(result);
            }
        }
    }
    page::of_list(shown, call, PAGE)?.reply(Value::clone)
}

fn within(call: &Call, at_ms: i64) -> bool {
    let bound = |name: &str| call.query(name).and_then(|text| text.parse::<f64>().ok());
    bound("startTimeGreaterThanOrEqualTo").is_none_or(|from| at_ms as f64 >= from)
        && bound("startTimeLessThanOrEqualTo").is_none_or(|to| at_ms as f64 <= to)
}

fn result(source: &Value, target: &str, point: &Value, at_ms: i64, found: Option<&Target>) -> Value {
    let healthy = found.is_none_or(|found| found.is_healthy);
    let category = found.and_then(|found| found.error_category.clone());
    json!({
        "key": format!("{}-{at_ms}-{target}", point.as_str().unwrap_or_default()),
        "probeConfigurationId": source["id"],
        "startTime": at_ms as f64,
        "target": target,
        "vantagePointName": point,
        "protocol": source["protocol"],
        "isTimedOut": found.is_some_and(|found| found.is_timed_out),
        "isHealthy": healthy,
        "errorCategory": category.unwrap_or_else(|| if healthy { "NONE" } else { "TRANSPORT" }.to_owned()),
        "errorMessage": found.and_then(|found| found.error_message.clone()),
    })
}

fn duration(found: Option<&Target>) -> f64 {
    found.and_then(|found| found.duration).unwrap_or(25.0)
}

/// What a result has besides, where the target was asked by HTTP.
fn by_http(found: Option<&Target>, at_ms: i64) -> Value {
    let end = at_ms as f64 + duration(found);
    let status = found.map_or(Some(200), |found| found.status_code);
    json!({ "statusCode": status, "duration": duration(found), "responseStart": end, "responseEnd": end })
}

/// The same where it was pinged.
fn by_ping(found: Option<&Target>, _: i64) -> Value {
    let is_healthy = found.is_none_or(|found| found.is_healthy);
    json!({ "latencyInMs": duration(found), "icmpCode": is_healthy.then_some(0) })
}

/// Says how a target fares, by the admin route.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let target: Target = parse_json(body)?;
    emulator.store.write(|writer| Ok(documents::put(writer, TARGET, &target.target, &target)?))?;
    reply::json(&target)
}

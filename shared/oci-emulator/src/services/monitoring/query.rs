//! SummarizeMetricsData.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::eval::{Scope, Series, evaluate};
use super::parse::{interval, parse};
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::reply::{self, Reply};
use crate::store::{Read, Span, Table};
use crate::tenancy::Compartment;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    namespace: String,
    query: String,
    resource_group: Option<String>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    resolution: Option<String>,
}

/// The compartments that a request is about.
pub(super) fn compartments(emulator: &Emulator, call: &Call) -> Result<Vec<String>, Error> {
    let root = emulator.compartment_of(call)?.to_owned();
    if !call.flag("compartmentIdInSubtree")? {
        return Ok(vec![root]);
    }
    if root != call.principal.tenancy {
        return Err(Error::invalid("compartmentIdInSubtree can only be true for the root compartment."));
    }
    let own = |one: &Compartment| one.tenancy == call.principal.tenancy;
    let below = emulator.store.read()?.list(Table::Compartments, &Span::all(), usize::MAX, own)?;
    Ok(std::iter::once(root).chain(below.into_iter().map(|(_, compartment)| compartment.id)).collect())
}

/// SummarizeMetricsData.
pub(super) fn summarize(emulator: &Emulator, call: &Call) -> Reply {
    let compartments = compartments(emulator, call)?;
    let details: Details = call.json()?;
    let expr = parse(&details.query).map_err(|error| Error::invalid(format!("Invalid query: {error}.")))?;
    let interval_ms = expr.interval_ms().unwrap_or(MINUTE_MS);
    let resolution_ms = match &details.resolution {
        Some(text) => interval(text).ok_or_else(|| Error::invalid(format!("The resolution {text} is not valid.")))?,
        None => interval_ms,
    };
    if resolution_ms > interval_ms {
        return Err(Error::invalid("The resolution must not be longer than the interval."));
    }
    let (start, end) = span(&details, call.now)?;
    // How far back data of an interval is kept, counted from now.
    let reach = match interval_ms / MINUTE_MS {
        ..=4 => 7 * DAY_MS,
        5..=59 => 30 * DAY_MS,
        _ => super::streams::RETENTION_MS,
    };
    if start < call.now.as_millisecond() - reach {
        return Err(Error::invalid("The time range goes back further than data of this interval is kept."));
    }
    let reader = emulator.store.read()?;
    let scope = Scope {
        reader: &reader,
        compartments,
        namespace: &details.namespace,
        resource_group: details.resource_group.as_deref(),
        from_ms: start,
        to_ms: end,
        resolution_ms,
    };
    let found = evaluate(&expr, &scope)?;
    let resolution = details.resolution.clone().unwrap_or_else(|| short(resolution_ms));
    let shown: Vec<Value> = found.iter().map(|series| show(series, &details.namespace, &resolution)).collect();
    reply::json(&shown)
}

/// The last three hours when nothing is said.
fn span(details: &Details, now: Timestamp) -> Result<(i64, i64), Error> {
    let end = details.end_time.unwrap_or(now);
    let default = now.saturating_sub(SignedDuration::from_hours(3)).unwrap_or(now);
    let start = details.start_time.unwrap_or(default);
    if start >= end {
        return Err(Error::invalid("startTime must be before endTime."));
    }
    // There are no points further ahead, and windows without an end would be counted for ever.
    let last = now.as_millisecond() + 60 * MINUTE_MS;
    Ok((start.as_millisecond(), end.as_millisecond().min(last)))
}

fn short(ms: i64) -> String {
    match ms / MINUTE_MS {
        1440 => "1d".to_owned(),
        minutes if minutes % 60 == 0 => format!("{}h", minutes / 60),
        minutes => format!("{minutes}m"),
    }
}

fn show(series: &Series, namespace: &str, resolution: &str) -> Value {
    let time = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default().to_string();
    let points: Vec<Value> =
        series.points.iter().map(|(at, value)| json!({ "timestamp": time(*at), "value": value })).collect();
    json!({
        "namespace": namespace,
        "compartmentId": series.compartment,
        "name": series.name,
        "resourceGroup": series.resource_group,
        "dimensions": series.dimensions,
        "metadata": series.metadata,
        "resolution": resolution,
        "aggregatedDatapoints": points,
    })
}

//! PostMetricData, and the admin route that puts service metrics there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::streams::{Point, RETENTION_MS, Stream, append};
use crate::Emulator;
use crate::auth::Principal;
use crate::call::{Call, parse_json};
use crate::error::Error;
use crate::reply::{self, Reply};

/// Streams of one call, at most.
const MAX_STREAMS: usize = 50;
const MINUTE_MS: i64 = 60_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    metric_data: Vec<Metric>,
    batch_atomicity: Option<Atomicity>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Atomicity {
    Atomic,
    NonAtomic,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    namespace: String,
    compartment_id: String,
    name: String,
    dimensions: BTreeMap<String, String>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    resource_group: Option<String>,
    datapoints: Vec<Datapoint>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Datapoint {
    timestamp: Timestamp,
    value: f64,
    #[serde(default)]
    count: Option<f64>,
}

/// Who posts, and how far from now times may be.
struct Rules<'a> {
    principal: Option<&'a Principal>,
    oldest_ms: i64,
    newest_ms: i64,
}

/// PostMetricData: what is wrong with one metric is reported with it, or refuses all of them.
pub(super) fn post(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    let now = call.now.as_millisecond();
    let rules =
        Rules { principal: Some(&call.principal), oldest_ms: now - 120 * MINUTE_MS, newest_ms: now + 10 * MINUTE_MS };
    let streams: BTreeSet<_> = details
        .metric_data
        .iter()
        .map(|m| (&m.compartment_id, &m.namespace, &m.name, &m.resource_group, &m.dimensions))
        .collect();
    if !(1..=MAX_STREAMS).contains(&streams.len()) {
        return Err(Error::invalid(format!("A call posts 1 to {MAX_STREAMS} metric streams.")));
    }
    store(emulator, &details, &rules, now)
}

/// Puts metrics of any namespace and age there.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let details: Details = parse_json(body)?;
    let now = emulator.clock.now().as_millisecond();
    let rules = Rules { principal: None, oldest_ms: now - RETENTION_MS, newest_ms: i64::MAX };
    store(emulator, &details, &rules, now)
}

fn store(emulator: &Emulator, details: &Details, rules: &Rules<'_>, now_ms: i64) -> Reply {
    let mut failed = Vec::new();
    for metric in &details.metric_data {
        if let Err(error) = check(emulator, metric, rules) {
            if details.batch_atomicity == Some(Atomicity::Atomic) {
                return Err(error);
            }
            failed.push((metric, error.message));
        }
    }
    let refused: Vec<*const Metric> = failed.iter().map(|(metric, _)| std::ptr::from_ref(*metric)).collect();
    emulator.store.write(|writer| {
        for metric in details.metric_data.iter().filter(|metric| !refused.contains(&std::ptr::from_ref(*metric))) {
            append(emulator, writer, metric.stream(), &metric.points(), now_ms)?;
        }
        Ok(())
    })?;
    let failures: Vec<_> =
        failed.iter().map(|(metric, message)| json!({ "message": message, "metricData": metric })).collect();
    reply::json(&json!({ "failedMetricsCount": failures.len(), "failedMetrics": failures }))
}

impl Metric {
    fn stream(&self) -> Stream {
        Stream {
            id: 0,
            compartment: self.compartment_id.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            resource_group: self.resource_group.clone(),
            dimensions: self.dimensions.clone(),
            metadata: self.metadata.clone().unwrap_or_default(),
        }
    }

    fn points(&self) -> Vec<Point> {
        let point = |one: &Datapoint| Point {
            at_ms: one.timestamp.as_millisecond(),
            value: one.value,
            count: one.count.unwrap_or(1.0),
        };
        self.datapoints.iter().map(point).collect()
    }
}

fn check(emulator: &Emulator, metric: &Metric, rules: &Rules<'_>) -> Result<(), Error> {
    let ensure = |holds: bool, message: &str| holds.then_some(()).ok_or_else(|| Error::invalid(message));
    if let Some(principal) = rules.principal {
        emulator.check_compartment(principal, &metric.compartment_id)?;
        let reserved = ["oci_", "oracle_"].iter().any(|prefix| metric.namespace.starts_with(prefix));
        ensure(!reserved, "A namespace must not start with oci_ or oracle_.")?;
    }
    let named = |name: &str, more: &str| {
        let inner = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || more.as_bytes().contains(&b));
        name.len() <= 256 && inner && name.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    ensure(named(&metric.namespace, ""), "A namespace has letters, digits and underscores and starts with a letter.")?;
    ensure(named(&metric.name, ".-$"), "A name has letters, digits, and . _ - $, and starts with a letter.")?;
    if let Some(group) = &metric.resource_group {
        ensure(named(group, ".-$"), "A resource group has letters, digits, and . _ - $, and starts with a letter.")?;
    }
    ensure((1..=20).contains(&metric.dimensions.len()), "A metric has 1 to 20 dimensions.")?;
    let key = |text: &str| (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    let value = |text: &str| (1..=512).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let dimensions = metric.dimensions.iter().all(|(name, text)| key(name) && value(text));
    ensure(dimensions, "A dimension has a key of 1 to 256 printable characters and a value of 1 to 512.")?;
    let metadata = metric.metadata.iter().flatten().all(|(name, text)| name.len() <= 256 && text.len() <= 256);
    ensure(metadata, "Metadata keys and values have up to 256 characters.")?;
    ensure(!metric.datapoints.is_empty(), "A metric has at least one data point.")?;
    metric.datapoints.iter().try_for_each(|point| check_point(point, rules))
}

fn check_point(point: &Datapoint, rules: &Rules<'_>) -> Result<(), Error> {
    let at = point.timestamp.as_millisecond();
    if !(rules.oldest_ms..=rules.newest_ms).contains(&at) {
        let message = format!("The timestamp {} is more than 2 hours past or 10 minutes ahead.", point.timestamp);
        return Err(Error::invalid(message));
    }
    let counted = point.count.is_none_or(|count| count > 0.0 && count.is_finite());
    counted.then_some(()).ok_or_else(|| Error::invalid("The count of a data point must be positive."))
}

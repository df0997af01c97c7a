//! Measurements in requests that CloudWatch takes.
//!
//! It refuses a request as a whole, so what it would refuse is sorted out before.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use causeway_cloud::metrics::{Measurement, Point, Published};
use causeway_resilience::ServiceFailure;
use jiff::{SignedDuration, Timestamp};

/// Most data of one request (API reference of `PutMetricData`).
const MAX_DATA: usize = 1000;
/// Most bytes of one request, of the 1 MB that are allowed. Sizes are estimates from above.
const MAX_BYTES: usize = 900_000;
const MAX_DIMENSIONS: usize = 30;
/// Age of the oldest measurement that is taken, and how far ahead of the clock one may be.
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);
const NEWEST: SignedDuration = SignedDuration::from_hours(2);
/// 2^360.
const LARGEST: f64 = 2.348_542_582_773_833_3e108;
/// Bytes of names and of the framing of one datum, and of one dimension, beside their texts.
const DATUM: usize = 160;
const DIMENSION: usize = 24;

/// One request.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) namespace: String,
    pub(super) data: Vec<MetricDatum>,
    bytes: usize,
}

impl Batch {
    fn new(namespace: &str) -> Self {
        Self { namespace: namespace.to_owned(), data: Vec::new(), bytes: 0 }
    }

    /// That the service refused it, for each of its metrics.
    pub(super) fn refused(&self, failure: &ServiceFailure) -> Vec<String> {
        let names: BTreeSet<&str> = self.data.iter().filter_map(MetricDatum::metric_name).collect();
        names.into_iter().map(|name| format!("{name}: {}", failure.reason())).collect()
    }
}

/// Requests, one or more for each namespace, and what is in none of them.
pub(super) fn batches(measurements: &[Measurement], now: Timestamp) -> (Vec<Batch>, Published) {
    let (mut batches, mut outcome) = (Vec::new(), Published::default());
    let mut open: BTreeMap<&str, Batch> = BTreeMap::new();
    for measurement in measurements {
        if let Some(reason) = objection(measurement) {
            outcome.rejected.push(format!("{}: {reason}", shown(&measurement.name)));
            continue;
        }
        let bytes = size(measurement);
        let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
        for point in &measurement.points {
            if let Some(reason) = objection_to(point, now) {
                *refused.entry(reason).or_default() += 1;
                continue;
            }
            let namespace = measurement.namespace.as_str();
            let batch = open.entry(namespace).or_insert_with(|| Batch::new(namespace));
            if batch.data.len() == MAX_DATA || batch.bytes + bytes > MAX_BYTES {
                batches.push(std::mem::replace(batch, Batch::new(namespace)));
            }
            batch.bytes += bytes;
            batch.data.push(datum(measurement, point));
        }
        let told = |(reason, count)| format!("{}: {reason} ({count} points)", measurement.name);
        outcome.rejected.extend(refused.into_iter().map(told));
    }
    batches.extend(open.into_values().filter(|batch| !batch.data.is_empty()));
    (batches, outcome)
}

fn datum(measurement: &Measurement, point: &Point) -> MetricDatum {
    let dimension = |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
    let dimensions = measurement.dimensions.iter().map(dimension).collect();
    let datum = MetricDatum::builder().metric_name(&measurement.name).set_dimensions(Some(dimensions));
    let datum = datum.timestamp(DateTime::from_millis(point.at.as_millisecond())).value(point.value);
    datum.set_unit(measurement.unit.as_deref().and_then(unit)).build()
}

/// CloudWatch has a list of units; others are not sent.
fn unit(text: &str) -> Option<StandardUnit> {
    let name = match text {
        "s" => "Seconds",
        "ms" => "Milliseconds",
        "us" => "Microseconds",
        "%" => "Percent",
        other => other,
    };
    let known = StandardUnit::values().iter().find(|unit| unit.eq_ignore_ascii_case(name));
    known.map(|unit| StandardUnit::from(*unit))
}

fn size(measurement: &Measurement) -> usize {
    let pair = |(name, value): (&String, &String)| name.len() + value.len() + DIMENSION;
    DATUM + measurement.name.len() + measurement.dimensions.iter().map(pair).sum::<usize>()
}

fn objection(measurement: &Measurement) -> Option<&'static str> {
    let Measurement { namespace, name, dimensions, .. } = measurement;
    let is_word = |text: &str, most: usize| !text.trim().is_empty() && text.is_ascii() && text.len() <= most;
    let is_printed = |text: &str| !text.bytes().any(|byte| byte.is_ascii_control());
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#: ".contains(&byte);
    if !is_word(namespace, 255) || !namespace.bytes().all(is_known) || namespace.starts_with(':') {
        Some("the namespace must have 1 to 255 letters, digits and .-_/#:")
    } else if namespace.starts_with("AWS/") {
        Some("a namespace beginning with AWS/ is Amazon's own")
    } else if !is_word(name, 255) || !is_printed(name) {
        Some("the name must have 1 to 255 characters of ASCII")
    } else if dimensions.len() > MAX_DIMENSIONS {
        Some("there are more than 30 dimensions")
    } else if dimensions.keys().any(|name| !is_word(name, 255) || !is_printed(name) || name.starts_with(':')) {
        Some("the name of a dimension must have 1 to 255 characters of ASCII, the first no colon")
    } else if dimensions.values().any(|value| !is_word(value, 1024) || !is_printed(value)) {
        Some("the value of a dimension must have 1 to 1,024 characters of ASCII")
    } else {
        None
    }
}

fn objection_to(point: &Point, now: Timestamp) -> Option<&'static str> {
    let age = now.duration_since(point.at);
    if !point.value.is_finite() || point.value.abs() > LARGEST {
        Some("a value is no finite number up to 2^360")
    } else if age > OLDEST {
        Some("a measurement is older than two weeks")
    } else if -age > NEWEST {
        Some("a measurement is more than two hours ahead")
    } else {
        None
    }
}

/// A name that was refused may be anything.
fn shown(name: &str) -> String {
    name.chars().filter(|each| !each.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests;

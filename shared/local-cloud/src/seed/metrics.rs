//! Metrics: their points in pieces, each of which is stored once.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::format::Metric;
use super::instances;
use super::load::{Load, digest};
use super::report::Outcome;
use super::series::{Point, Series};
use crate::oci::target::SendError;

/// Points of one request.
const PIECE: usize = 5_000;
const RETENTION_MS: i64 = 90 * 86_400_000;
/// What the agent of an instance sends with each metric.
const AGENT_DIMENSIONS: [(&str, &str); 6] = [
    ("resourceId", "id"),
    ("resourceDisplayName", "displayName"),
    ("shape", "shape"),
    ("availabilityDomain", "availabilityDomain"),
    ("faultDomain", "faultDomain"),
    ("imageId", "imageId"),
];

/// Stores a metric's points.
pub(super) async fn load(load: &mut Load<'_>, metric: &Metric, series: &Series) -> Result<(), SendError> {
    let dimensions = dimensions(load, metric).await?;
    let stream = json!([metric.namespace, metric.name, metric.compartment_id, metric.resource_group, dimensions]);
    let shift = series.shift(load.now);
    for (index, points) in series.points.chunks(PIECE).enumerate() {
        let part = format!("metric/{stream} {index}");
        let outcome = piece(load, metric, &dimensions, points, shift, &part).await?;
        load.count("metric points", outcome, points.len());
    }
    Ok(())
}

async fn dimensions(load: &mut Load<'_>, metric: &Metric) -> Result<BTreeMap<String, String>, SendError> {
    let mut dimensions = metric.dimensions.clone();
    let Some(name) = &metric.instance else { return Ok(dimensions) };
    if !load.instances.contains_key(name) {
        let found = instances::by_name(load, name, metric.compartment_id.as_ref(), None).await?;
        let found = found.ok_or_else(|| SendError::Broken(format!("there is no instance {name:?}")))?;
        load.instances.insert(name.clone(), found);
    }
    let shown = load.instances.get(name).unwrap_or(&Value::Null);
    for (dimension, member) in AGENT_DIMENSIONS {
        if let Some(value) = shown[member].as_str() {
            dimensions.entry(dimension.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    dimensions.entry("region".to_owned()).or_insert_with(|| load.region.clone());
    Ok(dimensions)
}

async fn piece(
    load: &Load<'_>,
    metric: &Metric,
    dimensions: &BTreeMap<String, String>,
    points: &[Point],
    shift: i64,
    part: &str,
) -> Result<Outcome, SendError> {
    let mut shown = Vec::with_capacity(points.len());
    // The content before it is moved: a trace that ends now is the same trace a minute later.
    let mut content = format!("{:?} {:?}", metric.metadata, metric.ends_at);
    for point in points {
        let at_ms = point.at_ms + shift;
        let timestamp =
            Timestamp::from_millisecond(at_ms).ok().filter(|_| at_ms > load.now.as_millisecond() - RETENTION_MS);
        let Some(timestamp) = timestamp else {
            let text =
                "a point is older than the 90 days that metrics are kept; move the series with \"endsAt\": \"now\"";
            return Err(SendError::Broken(text.to_owned()));
        };
        let _ = write!(content, " {} {} {:?}", point.at_ms, point.value, point.count);
        let mut one = json!({ "timestamp": timestamp, "value": point.value });
        if let Some(count) = point.count {
            one["count"] = count.into();
        }
        shown.push(one);
    }
    let body = json!({
        "batchAtomicity": "ATOMIC",
        "metricData": [{
            "namespace": metric.namespace,
            "name": metric.name,
            "compartmentId": load.compartment_or(metric.compartment_id.as_ref()),
            "resourceGroup": metric.resource_group,
            "dimensions": dimensions,
            "metadata": metric.metadata,
            "datapoints": shown,
        }],
    });
    load.once("metrics", part, &digest(&content), &body).await
}

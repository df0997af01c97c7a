//! Figures of a run. A number that is not known is no figure.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::Metrics;
use causeway_cloud::metrics::{Measurement, Point};
use causeway_resilience::Deadline;
use causeway_runtime::{Metrics as Recorder, Unit, until};
use jiff::Timestamp;

use crate::reply::{Outcome, Reply};

const RUN_DURATION: &str = "EgressRunDuration";
const SCOPE: &str = "scope";

/// One number.
#[derive(Debug, PartialEq)]
struct Figure {
    name: &'static str,
    value: f64,
    unit: Unit,
}

fn figures(reply: &Reply) -> Vec<Figure> {
    let report = &reply.report;
    let forecast = report.forecast.as_ref();
    let sent = reply.published.iter().filter(|published| published.outcome == Outcome::Sent).count();
    let numbers = [
        ("EgressUsed", report.used_gb, Unit::Gigabytes),
        ("EgressUsedPercent", report.percent, Unit::Percent),
        ("EgressNowcast", report.nowcast.as_ref().map(|nowcast| nowcast.gb), Unit::Gigabytes),
        ("EgressForecastP50", forecast.map(|forecast| forecast.p50_percent), Unit::Percent),
        ("EgressForecastP80", forecast.map(|forecast| forecast.p80_percent), Unit::Percent),
        ("EgressLagHours", report.lag_hours, Unit::None),
        ("EgressAlerts", Some(sent as f64), Unit::Count),
    ];
    let known = numbers.into_iter().filter_map(|(name, value, unit)| Some(Figure { name, value: value?, unit }));
    known.filter(|figure| figure.value.is_finite()).collect()
}

/// Records the figures in the call's own log line.
pub(super) fn record(metrics: &Recorder, reply: &Reply, took: Duration) {
    metrics.duration(RUN_DURATION, took, &[]);
    for Figure { name, value, unit } in figures(reply) {
        metrics.gauge(name, value, unit, &[(SCOPE, reply.report.scope.as_str())]);
    }
}

/// Publishes the same figures as custom metrics, at the moment `now`.
///
/// # Errors
/// A sentence for people: figures that are missing do not make a run fail.
pub(super) async fn publish(
    metrics: &dyn Metrics,
    namespace: &str,
    reply: &Reply,
    now: Timestamp,
    deadline: Deadline,
) -> Result<(), String> {
    let measurement = |figure: &Figure| Measurement {
        namespace: namespace.to_owned(),
        name: figure.name.to_owned(),
        dimensions: BTreeMap::from([(SCOPE.to_owned(), reply.report.scope.clone())]),
        unit: Some(figure.unit.name().to_lowercase()),
        compartment: None,
        points: vec![Point { at: now, value: figure.value }],
    };
    let all: Vec<Measurement> = figures(reply).iter().map(measurement).collect();
    match until(deadline, metrics.publish(&all, deadline)).await {
        Some(Ok(published)) if published.rejected.is_empty() => Ok(()),
        Some(Ok(published)) => Err(format!("metrics were rejected: {}", published.rejected.join(", "))),
        Some(Err(failure)) => Err(format!("metrics were not published: {failure}")),
        None => Err("metrics were not published: there was no more time".to_owned()),
    }
}

//! Figures of a tick.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::Metrics;
use causeway_cloud::metrics::{Measurement, Point};
use causeway_resilience::Deadline;
use causeway_runtime::{Metrics as Recorder, Unit};

use crate::reply::Reply;

/// Records `Decisions` by kind, `Resizes` by answer, `Deferred` and `TickDuration`.
pub(crate) fn record(metrics: &Recorder, reply: &Reply, took: Duration) {
    metrics.duration("TickDuration", took, &[]);
    for resize in &reply.resizes {
        metrics.counter("Resizes", 1, Unit::Count, &[("answer", resize.answer)]);
    }
    let Some(record) = &reply.record else { return };
    for (kind, count) in &record.counts {
        metrics.counter("Decisions", *count as u64, Unit::Count, &[("decision", kind.name())]);
    }
    metrics.counter("Deferred", record.deferred.len() as u64, Unit::Count, &[]);
}

/// Publishes the same figures as custom metrics.
///
/// # Errors
/// A sentence for people: figures that are missing do not make a tick fail.
pub(crate) async fn publish(
    metrics: &dyn Metrics,
    namespace: &str,
    reply: &Reply,
    took: Duration,
    deadline: Deadline,
) -> Result<(), String> {
    let Some(record) = &reply.record else { return Ok(()) };
    let one = |name: &str, key: &str, value: &str, number: f64, unit: &str| Measurement {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: BTreeMap::from([(key.to_owned(), value.to_owned())]),
        unit: Some(unit.to_owned()),
        compartment: None,
        points: vec![Point { at: record.now, value: number }],
    };
    let mut figures = vec![
        one("TickDuration", "service", "flex-autoscaler", took.as_secs_f64(), "seconds"),
        one("Deferred", "service", "flex-autoscaler", record.deferred.len() as f64, "count"),
    ];
    figures.extend(
        record.counts.iter().map(|(kind, count)| one("Decisions", "decision", kind.name(), *count as f64, "count")),
    );
    let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
    for resize in &reply.resizes {
        *answers.entry(resize.answer).or_default() += 1;
    }
    figures.extend(answers.into_iter().map(|(answer, count)| one("Resizes", "answer", answer, count as f64, "count")));
    match metrics.publish(&figures, deadline).await {
        Ok(published) if published.rejected.is_empty() => Ok(()),
        Ok(published) => Err(format!("metrics were rejected: {}", published.rejected.join(", "))),
        Err(failure) => Err(format!("metrics were not published: {failure}")),
    }
}

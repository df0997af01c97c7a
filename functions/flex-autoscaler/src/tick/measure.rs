//! Figures of a tick.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::Metrics;
use causeway_cloud::metrics::{Measurement, Point};
use causeway_resilience::Deadline;
use causeway_runtime::{Metrics as Recorder, Unit};

use crate::reply::Reply;

const TICK_DURATION: &str = "TickDuration";

/// A number of things.
#[derive(Debug, PartialEq, Eq)]
struct Count {
    name: &'static str,
    /// Name and value of a dimension.
    of: Option<(&'static str, &'static str)>,
    number: u64,
}

/// `Deferred`, `Decisions` by kind, and `Resizes` by answer.
fn counts(reply: &Reply) -> Vec<Count> {
    let mut counts = Vec::new();
    if let Some(record) = &reply.record {
        counts.push(Count { name: "Deferred", of: None, number: record.deferred.len() as u64 });
        let by_kind = record.counts.iter().map(|(kind, count)| (kind.name(), *count as u64));
        counts.extend(by_kind.map(|(kind, number)| Count { name: "Decisions", of: Some(("decision", kind)), number }));
    }
    let mut answers: BTreeMap<&'static str, u64> = BTreeMap::new();
    for resize in &reply.resizes {
        *answers.entry(resize.answer).or_default() += 1;
    }
    let by_answer = answers.into_iter();
    counts.extend(by_answer.map(|(answer, number)| Count { name: "Resizes", of: Some(("answer", answer)), number }));
    counts
}

/// Records the counts and `TickDuration`.
pub(crate) fn record(metrics: &Recorder, reply: &Reply, took: Duration) {
    metrics.duration(TICK_DURATION, took, &[]);
    for Count { name, of, number } in counts(reply) {
        metrics.counter(name, number, Unit::Count, of.as_slice());
    }
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
    let one = |name: &str, of: Option<(&str, &str)>, value: f64, unit: &str| {
        let (key, of) = of.unwrap_or(("service", "flex-autoscaler"));
        Measurement {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: BTreeMap::from([(key.to_owned(), of.to_owned())]),
            unit: Some(unit.to_owned()),
            compartment: None,
            points: vec![Point { at: record.now, value }],
        }
    };
    let mut figures = vec![one(TICK_DURATION, None, took.as_secs_f64(), "seconds")];
    figures.extend(counts(reply).iter().map(|count| one(count.name, count.of, count.number as f64, "count")));
    match metrics.publish(&figures, deadline).await {
        Ok(published) if published.rejected.is_empty() => Ok(()),
        Ok(published) => Err(format!("metrics were rejected: {}", published.rejected.join(", "))),
        Err(failure) => Err(format!("metrics were not published: {failure}")),
    }
}

//! Figures of a call.

use std::collections::BTreeMap;

use causeway_cloud::Metrics;
use causeway_cloud::metrics::{Measurement, Point};
use causeway_resilience::Deadline;
use causeway_runtime::{Metrics as Recorder, Unit};
use jiff::Timestamp;

use crate::reply::ItemStatus;
use crate::report::contract::Verdict;
use crate::run::Looked;

/// Counts of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Pictures by what they came to.
    pub(crate) pictures: BTreeMap<&'static str, u64>,
    /// Questions to a model.
    pub(crate) model_calls: u64,
    /// Results that a person has to look at.
    pub(crate) reviews: u64,
    /// Alerts that went out or are to go out.
    pub(crate) alerts: u64,
}

impl Counts {
    /// Those of one picture.
    pub(crate) fn of(looked: &Looked) -> Self {
        let mut counts = Self::default();
        counts.add(looked.status(), Some(looked));
        counts
    }

    /// Name, status, number.
    fn all(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>, u64)> {
        let pictures = self.pictures.iter().map(|(status, number)| ("Pictures", Some(*status), *number));
        let others = [("ModelCalls", self.model_calls), ("Reviews", self.reviews), ("Alerts", self.alerts)];
        pictures.chain(others.map(|(name, number)| (name, None, number)))
    }

    /// One more picture.
    pub(crate) fn add(&mut self, status: ItemStatus, looked: Option<&Looked>) {
        *self.pictures.entry(status.word()).or_default() += 1;
        if let Some(looked) = looked {
            self.model_calls += u64::from(looked.model_calls);
            self.reviews += u64::from(looked.document.report.assessment.status == Verdict::Review);
            self.alerts += u64::from(looked.alert.is_some());
        }
    }
}

/// `Pictures` by status, `ModelCalls`, `Reviews`, `Alerts`.
pub(crate) fn record(metrics: &Recorder, counts: &Counts) {
    for (name, status, number) in counts.all() {
        let of = status.map(|status| ("status", status));
        metrics.counter(name, number, Unit::Count, of.as_slice());
    }
}

/// Publishes the same figures as custom metrics.
///
/// # Errors
/// A sentence for people: figures that are missing do not make a call fail.
pub(crate) async fn publish(
    metrics: &dyn Metrics,
    namespace: &str,
    counts: &Counts,
    now: Timestamp,
    deadline: Deadline,
) -> Result<(), String> {
    let one = |(name, status, number): (&str, Option<&str>, u64)| {
        let (key, of) = status.map_or(("service", "vision"), |status| ("status", status));
        Measurement {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: BTreeMap::from([(key.to_owned(), of.to_owned())]),
            unit: Some("count".to_owned()),
            compartment: None,
            points: vec![Point { at: now, value: number as f64 }],
        }
    };
    let figures: Vec<Measurement> = counts.all().map(one).collect();
    match metrics.publish(&figures, deadline).await {
        Ok(published) if published.rejected.is_empty() => Ok(()),
        Ok(published) => Err(format!("metrics were rejected: {}", published.rejected.join(", "))),
        Err(failure) => Err(format!("metrics were not published: {failure}")),
    }
}

//! Figures of a call.

use std::collections::BTreeMap;

use causeway_cloud::Metrics;
use causeway_cloud::metrics::{Measurement, Point};
use causeway_resilience::Deadline;
use causeway_runtime::{Metrics as Recorder, Unit};
use jiff::Timestamp;

use crate::reply::{AlertState, ItemStatus};
use crate::report::contract::Verdict;
use crate::run::Looked;

/// Counts of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Pictures by what they came to.
    pub(crate) pictures: BTreeMap<ItemStatus, u64>,
    /// Questions to a model.
    pub(crate) model_calls: u64,
    /// Pictures about which a model did not say all that it was asked for.
    pub(crate) model_failures: u64,
    /// Results that a person has to look at.
    pub(crate) reviews: u64,
    /// Alerts that went out now; into the log where no topic is set.
    pub(crate) alerts: u64,
    /// Alerts that are not known to be out.
    pub(crate) alerts_open: u64,
    /// The last name that was taken of a folder that has more.
    pub(crate) cut_after: Option<String>,
}

impl Counts {
    /// Those of one picture.
    pub(crate) fn of(looked: &Looked) -> Self {
        let mut counts = Self::default();
        counts.add(looked.status(), Some(looked));
        counts
    }

    /// Whether a repetition may bring more.
    pub(crate) fn is_open(&self) -> bool {
        self.alerts_open > 0 || self.pictures.keys().any(|status| status.is_open())
    }

    /// Name, status, number.
    fn all(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>, u64)> {
        let pictures = self.pictures.iter().map(|(status, number)| ("Pictures", Some(status.word()), *number));
        let others = [
            ("ModelCalls", self.model_calls),
            ("ModelFailures", self.model_failures),
            ("Reviews", self.reviews),
            ("Alerts", self.alerts),
            ("AlertsOpen", self.alerts_open),
        ];
        pictures.chain(others.map(|(name, number)| (name, None, number)))
    }

    /// One more picture.
    pub(crate) fn add(&mut self, status: ItemStatus, looked: Option<&Looked>) {
        *self.pictures.entry(status).or_default() += 1;
        if let Some(looked) = looked {
            self.model_calls += u64::from(looked.model_calls);
            self.reviews += u64::from(looked.document.report.assessment.status == Verdict::Review);
            self.model_failures += u64::from(!looked.is_settled);
            let is_out = match looked.alert {
                Some(AlertState::Sent) => true,
                Some(AlertState::NoTopic) => !looked.replayed,
                _ => false,
            };
            self.alerts += u64::from(is_out);
            self.alerts_open += u64::from(looked.alert.is_some_and(AlertState::is_open));
        }
    }
}

/// `Pictures` by status, `ModelCalls`, `ModelFailures`, `Reviews`, `Alerts`, `AlertsOpen`.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use causeway_resilience::service::Kind;
    use serde_json::{Value, json};

    use super::*;
    use crate::run::Looked;
    use crate::tests::world::{COFFEE, Says, World, damaged};

    async fn looked(world: &World, request: Value) -> Looked {
        let (vision, deadline) = (world.vision(), Deadline::NONE);
        let request = serde_json::from_value(request).unwrap();
        match &request {
            crate::Request { image: Some(text), .. } => {
                crate::inline::assess(&vision, &request, text, deadline).await.unwrap()
            }
            _ => vision.look(&vision.job(&request, "a.jpg").unwrap(), deadline).await.unwrap(),
        }
    }

    #[tokio::test]
    async fn what_happened_now_is_counted() {
        let world = World::new([Says::Fails(Kind::Unavailable), damaged(&[("leakage", "severe")])]);
        world.put("a.jpg", COFFEE).await;
        let check = async |request: Value, status: ItemStatus, expected: [u64; 4]| {
            let counts = Counts::of(&looked(&world, request).await);
            let found = [counts.model_calls, counts.model_failures, counts.alerts, counts.alerts_open];
            assert_eq!((found, counts.pictures), (expected, BTreeMap::from([(status, 1)])));
        };
        check(json!({ "object_name": "a.jpg" }), ItemStatus::Unsettled, [1, 1, 0, 0]).await;
        *world.topic.fails.lock().unwrap() = 1;
        check(json!({ "object_name": "a.jpg" }), ItemStatus::Assessed, [1, 0, 0, 1]).await;
        check(json!({ "object_name": "a.jpg" }), ItemStatus::Replayed, [0, 0, 1, 0]).await;
        check(json!({ "object_name": "a.jpg" }), ItemStatus::Replayed, [0, 0, 0, 0]).await;
        check(json!({ "image": STANDARD.encode(COFFEE) }), ItemStatus::Assessed, [1, 0, 0, 0]).await;
    }
}

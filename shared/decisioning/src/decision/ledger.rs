//! Keeps account of what could be judged.

use crate::intelligence::data::MetricStatus;
use crate::strategy::data::Metric;

/// The account.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) metrics: Vec<Metric>,
}

impl Ledger {
    /// Enters something that was judged, or why it could not be.
    pub(super) fn enter(&mut self, metric: &str, pointer: &str, found: Result<(), String>) {
        let (status, reason) = match found {
            Ok(()) => (MetricStatus::Computed, None),
            Err(reason) => (MetricStatus::Absent, Some(reason)),
        };
        self.metrics.push(Metric { metric: metric.to_owned(), status, reason, pointer: pointer.to_owned() });
    }

    /// Enters something that the data are not about.
    pub(super) fn not_applicable(&mut self, metric: &str, pointer: &str, reason: String) {
        let status = MetricStatus::NotApplicable;
        let entry = Metric { metric: metric.to_owned(), status, reason: Some(reason), pointer: pointer.to_owned() };
        self.metrics.push(entry);
    }

    /// What counts as asked for, and what was judged.
    pub(super) fn counts(&self) -> (u64, u64) {
        let count = |status: MetricStatus| self.metrics.iter().filter(|metric| metric.status == status).count() as u64;
        let computed = count(MetricStatus::Computed);
        (computed + count(MetricStatus::Absent), computed)
    }
}

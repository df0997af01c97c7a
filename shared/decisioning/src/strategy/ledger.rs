//! Keeps account of figures and tests while they are computed.

use super::data::{Metric, Test};
use super::previous::Missing;
use crate::intelligence::data::MetricStatus;
use crate::statistics::false_discovery::benjamini_hochberg;

/// Periods that a trend takes to count fully: two years of months.
pub(super) const N_REQUIRED: u64 = 24;

/// The account.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) metrics: Vec<Metric>,
    pub(super) tests: Vec<Test>,
}

impl Ledger {
    fn enter(&mut self, metric: &str, pointer: &str, status: MetricStatus, reason: Option<String>) {
        let entry = Metric { metric: metric.to_owned(), status, reason, pointer: pointer.to_owned() };
        self.metrics.push(entry);
    }

    /// Enters a figure and hands it on.
    pub(super) fn figure<T>(&mut self, metric: &str, pointer: &str, found: Result<T, Missing>) -> Option<T> {
        match found {
            Ok(value) => {
                self.enter(metric, pointer, MetricStatus::Computed, None);
                Some(value)
            }
            Err(Missing::Unknown(reason)) => {
                self.enter(metric, pointer, MetricStatus::Absent, Some(reason));
                None
            }
            Err(Missing::NotApplicable(reason)) => {
                self.not_applicable(metric, pointer, &reason);
                None
            }
        }
    }

    /// Enters a figure that the data are not about.
    pub(super) fn not_applicable(&mut self, metric: &str, pointer: &str, reason: &str) {
        self.enter(metric, pointer, MetricStatus::NotApplicable, Some(reason.to_owned()));
    }

    /// Enters a test whose result counts.
    pub(super) fn test(&mut self, test: &str, pointer: String, n: usize, p_value: f64) {
        self.tests.push(Test { test: test.to_owned(), pointer, n: n as u64, p_value, ..Test::default() });
    }

    /// Adjusts the p-values of all tests.
    pub(super) fn adjust(&mut self, rate: f64) {
        let raw: Vec<f64> = self.tests.iter().map(|test| test.p_value).collect();
        for (test, adjusted) in self.tests.iter_mut().zip(benjamini_hochberg(&raw)) {
            test.p_adjusted = adjusted.unwrap_or(1.0);
            test.is_significant = test.p_adjusted <= rate;
        }
    }

    /// The test whose result is at a pointer.
    pub(super) fn find(&self, pointer: &str) -> Option<&Test> {
        self.tests.iter().find(|test| test.pointer == pointer)
    }

    /// Figures that count as asked for, and those computed.
    pub(super) fn counts(&self) -> (u64, u64) {
        let count = |status: MetricStatus| self.metrics.iter().filter(|metric| metric.status == status).count() as u64;
        let computed = count(MetricStatus::Computed);
        (computed + count(MetricStatus::Absent), computed)
    }

    /// The least share of the needed observations over all tests; 0 without a test.
    pub(super) fn adequacy(&self) -> f64 {
        let share = |test: &Test| (test.n as f64 / N_REQUIRED as f64).min(1.0);
        self.tests.iter().map(share).reduce(f64::min).unwrap_or(0.0)
    }
}

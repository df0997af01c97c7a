//! Calls of tenants, from the cloud's metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::metrics::{MetricQuery, Series, Statistic};
use causeway_resilience::{Deadline, ServiceFailure};
use jiff::{SignedDuration, Timestamp};

use crate::handler::HealthChecker;
use crate::rollback::{Hour, Minute, start_of_past};
use crate::settings::Calls;

/// Minutes that are read: those of the longest burn rate and the lag of the metrics.
const MINUTES: i64 = 370;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A stretch of time, in intervals.
#[derive(Clone, Copy)]
struct Stretch {
    from: Timestamp,
    to: Timestamp,
    interval: Duration,
}

impl HealthChecker {
    /// The newest minutes that are older than the lag of the metrics: counts of younger ones are still coming in, one
    /// metric before the other.
    pub(super) async fn minutes(
        &self,
        calls: &Calls,
        lag_minutes: u32,
        deadline: Deadline,
    ) -> Result<Vec<Minute>, String> {
        let settled = (self.now() - SignedDuration::from_mins(i64::from(lag_minutes))).as_second();
        let to = Timestamp::from_second(settled.div_euclid(60) * 60).unwrap_or_default();
        let stretch = Stretch { from: to - SignedDuration::from_mins(MINUTES), to, interval: MINUTE };
        let total = self.series(calls, &calls.total, Statistic::Sum, stretch, deadline).await?;
        let bad = self.series(calls, &calls.failed, Statistic::Sum, stretch, deadline).await?;
        let times = match &calls.duration {
            Some(name) => self.series(calls, name, Statistic::Percentile(95.0), stretch, deadline).await?,
            None => Vec::new(),
        };
        Ok(joined(&total, &bad, &times, calls.absent_failures_are_none))
    }

    /// The hours of two weeks up to `end`; none where no response times are measured.
    pub(super) async fn hours(&self, calls: &Calls, end: Timestamp, deadline: Deadline) -> Result<Vec<Hour>, String> {
        let Some(name) = &calls.duration else { return Ok(Vec::new()) };
        let stretch = Stretch { from: start_of_past(end), to: end, interval: HOUR };
        let total = self.series(calls, &calls.total, Statistic::Sum, stretch, deadline).await?;
        let times = self.series(calls, name, Statistic::Percentile(95.0), stretch, deadline).await?;
        let (total, times) = (folded(&total, |one, other| one + other), folded(&times, f64::max));
        let hour = |(at, p95_ms): (&Timestamp, &f64)| {
            Some(Hour { at: *at, calls: total.get(at)?.round() as u64, p95_ms: *p95_ms })
        };
        Ok(times.iter().filter_map(hour).collect())
    }

    async fn series(
        &self,
        calls: &Calls,
        metric: &str,
        statistic: Statistic,
        stretch: Stretch,
        deadline: Deadline,
    ) -> Result<Vec<Series>, String> {
        let query = MetricQuery {
            namespace: calls.namespace.clone(),
            metric: metric.to_owned(),
            statistic,
            interval: stretch.interval,
            from: stretch.from,
            to: stretch.to,
            dimensions: calls.dimensions.clone(),
            group_by: Vec::new(),
            compartment: calls.compartment.clone(),
        };
        let failed = |failure: ServiceFailure| failure.to_string();
        self.metrics.as_ref()?.query(&query, deadline).await.map_err(failed)
    }
}

/// Minutes of which calls and failures are both known, and do not contradict each other. Of several series counts are
/// added, and the longest time counts.
fn joined(total: &[Series], failed: &[Series], times: &[Series], absent_is_none: bool) -> Vec<Minute> {
    let (total, failed) = (folded(total, |one, other| one + other), folded(failed, |one, other| one + other));
    let times = folded(times, f64::max);
    let minute = |(at, calls): (&Timestamp, &f64)| {
        let failed = failed.get(at).copied().or(absent_is_none.then_some(0.0))?;
        let (calls, failed) = (calls.round() as u64, failed.round() as u64);
        Some(Minute { at: *at, ok: calls.checked_sub(failed)?, failed, p95_ms: times.get(at).copied() })
    };
    total.iter().filter_map(minute).collect()
}

fn folded(series: &[Series], put: fn(f64, f64) -> f64) -> BTreeMap<Timestamp, f64> {
    let mut folded: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for point in series.iter().flat_map(|series| &series.points) {
        if point.value.is_finite() && point.value >= 0.0 {
            let value = folded.entry(point.at).or_insert(0.0);
            *value = put(*value, point.value);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use causeway_cloud::metrics::Point;

    use super::*;

    fn series(points: &[(i64, f64)]) -> Series {
        let point = |(minute, value): &(i64, f64)| Point {
            at: Timestamp::from_second(minute * 60).unwrap_or_default(),
            value: *value,
        };
        Series { dimensions: BTreeMap::new(), unit: None, points: points.iter().map(point).collect() }
    }

    #[test]
    fn a_minute_needs_both_counts() {
        let (total, failed) =
            ([series(&[(1, 100.0), (2, 90.0), (3, 5.0)]), series(&[(1, 10.0)])], [series(&[(1, 7.0)])]);
        let counts = |absent_is_none: bool| {
            let all = joined(&total, &failed, &[series(&[(1, 80.0)]), series(&[(1, 120.0)])], absent_is_none);
            all.iter().map(|minute| (minute.ok, minute.failed, minute.p95_ms)).collect::<Vec<_>>()
        };
        assert_eq!(counts(false), [(103, 7, Some(120.0))]);
        assert_eq!(counts(true), [(103, 7, Some(120.0)), (90, 0, None), (5, 0, None)]);
        // More failures than calls is no reading.
        let strange = [(1, 3.0), (2, -1.0), (3, 5.0)];
        let strange = joined(&[series(&strange)], &[series(&[(1, 5.0), (2, f64::NAN), (3, 5.0)])], &[], true);
        assert_eq!(strange.iter().map(|minute| (minute.ok, minute.failed)).collect::<Vec<_>>(), [(0, 5)]);
        assert_eq!(strange[0].at.as_second(), 180);
    }
}

//! Calls of tenants, from the cloud's metrics.

use std::collections::{BTreeMap, BTreeSet};
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
        joined(&total, &bad, &times, calls.absent_failures_are_none)
    }

    /// The hours of two weeks up to `end`; none where no response times are measured.
    pub(super) async fn hours(&self, calls: &Calls, end: Timestamp, deadline: Deadline) -> Result<Vec<Hour>, String> {
        let Some(name) = &calls.duration else { return Ok(Vec::new()) };
        let stretch = Stretch { from: start_of_past(end), to: end, interval: HOUR };
        let total = self.series(calls, &calls.total, Statistic::Sum, stretch, deadline).await?;
        let times = self.series(calls, name, Statistic::Percentile(95.0), stretch, deadline).await?;
        let (total, times) = (BySource::of(&total), BySource::of(&times));
        let hour = |at: Timestamp| {
            let calls = total.at(at)?;
            let p95_ms = longest(&total, &calls, times.at(at)?)?;
            Some(Hour { at, calls: calls.values().sum::<f64>().round() as u64, p95_ms })
        };
        Ok(total.moments().into_iter().filter_map(hour).collect())
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
/// added once each has its failures, and the longest time counts.
///
/// # Errors
/// There is no such minute, and there are failures that belong to no series of calls: settings ask for metrics that do
/// not fit each other, and no later minute will be measured either.
fn joined(total: &[Series], failed: &[Series], times: &[Series], absent_is_none: bool) -> Result<Vec<Minute>, String> {
    let (total, failed, times) = (BySource::of(total), BySource::of(failed), BySource::of(times));
    let minute = |at: Timestamp| {
        let calls = total.at(at)?;
        let failures = failed.at(at)?;
        let owners = failures.keys().map(|source| total.owner(source)).collect::<Option<BTreeSet<_>>>()?;
        let is_whole = absent_is_none || owners.len() == calls.len();
        let has_calls = is_whole && owners.iter().all(|owner| calls.contains_key(owner));
        let failed = has_calls.then(|| failures.values().sum::<f64>().round() as u64)?;
        let ok = (calls.values().sum::<f64>().round() as u64).checked_sub(failed)?;
        Some(Minute { at, ok, failed, p95_ms: times.at(at).and_then(|times| longest(&total, &calls, times)) })
    };
    let minutes: Vec<Minute> = total.moments().into_iter().filter_map(minute).collect();
    if minutes.is_empty()
        && let Some(stray) = failed.without_owner(&total)
    {
        return Err(format!("failures of {stray:?} belong to no series of calls"));
    }
    Ok(minutes)
}

type Dimensions = BTreeMap<String, String>;
/// A value of each source that has one.
type ByDimensions<'a> = BTreeMap<&'a Dimensions, f64>;

/// Values of each source. One that makes no sense is there, and no number.
struct BySource<'a>(BTreeMap<&'a Dimensions, BTreeMap<Timestamp, f64>>);

impl<'a> BySource<'a> {
    fn of(series: &'a [Series]) -> Self {
        let mut all: BTreeMap<_, BTreeMap<Timestamp, f64>> = BTreeMap::new();
        for one in series {
            let values = all.entry(&one.dimensions).or_default();
            for point in &one.points {
                let is_count = point.value.is_finite() && point.value >= 0.0;
                *values.entry(point.at).or_insert(0.0) += if is_count { point.value } else { f64::NAN };
            }
        }
        Self(all)
    }

    fn moments(&self) -> BTreeSet<Timestamp> {
        self.0.values().flat_map(BTreeMap::keys).copied().collect()
    }

    /// The values of a moment; `None` where one makes no sense.
    fn at(&self, at: Timestamp) -> Option<ByDimensions<'a>> {
        let found = self.0.iter().filter_map(|(source, values)| Some((*source, *values.get(&at)?)));
        let found: ByDimensions<'_> = found.collect();
        found.values().all(|value| value.is_finite()).then_some(found)
    }

    /// The source with these dimensions, or fewer: failures may be told apart further. A single one has no other.
    fn owner(&self, of: &Dimensions) -> Option<&'a Dimensions> {
        let is_owner = |owner: &Dimensions| owner.iter().all(|(name, value)| of.get(name) == Some(value));
        let mut all = self.0.keys().copied();
        if self.0.len() == 1 { all.next() } else { all.filter(|owner| is_owner(owner)).max_by_key(|owner| owner.len()) }
    }

    /// A source that has values and no owner, where there are values that it could belong to.
    fn without_owner(&self, owners: &BySource<'_>) -> Option<&'a Dimensions> {
        let have_values = owners.0.values().any(|values| !values.is_empty());
        let is_stray = |source: &Dimensions| have_values && owners.owner(source).is_none();
        self.0.iter().find(|(source, values)| !values.is_empty() && is_stray(source)).map(|(source, _)| *source)
    }
}

/// The longest of a moment's times; `None` where a source that has calls then has no time.
fn longest(sources: &BySource<'_>, calls: &ByDimensions<'_>, times: ByDimensions<'_>) -> Option<f64> {
    let timed: BTreeSet<_> = times.keys().filter_map(|source| sources.owner(source)).collect();
    let is_whole = calls.iter().all(|(source, count)| *count <= 0.0 || timed.contains(source));
    times.into_values().reduce(f64::max).filter(|_| is_whole)
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

    fn of(node: &str, points: &[(i64, f64)]) -> Series {
        Series { dimensions: BTreeMap::from([("node".to_owned(), node.to_owned())]), ..series(points) }
    }

    fn counts(total: &[Series], failed: &[Series], absent_is_none: bool) -> Vec<(i64, u64, u64)> {
        let all = joined(total, failed, &[], absent_is_none).unwrap();
        all.iter().map(|minute| (minute.at.as_second() / 60, minute.ok, minute.failed)).collect()
    }

    #[test]
    fn a_minute_needs_both_counts_of_each_series() {
        let total = [of("a", &[(1, 100.0), (2, 90.0), (3, 5.0)]), of("b", &[(1, 10.0), (2, 10.0)])];
        let failed = [of("a", &[(1, 7.0), (2, 9.0)]), of("b", &[(1, 1.0)])];
        assert_eq!(counts(&total, &failed, false), [(1, 102, 8)]);
        assert_eq!(counts(&total, &failed, true), [(1, 102, 8), (2, 91, 9), (3, 5, 0)]);
        // Failures of a series that has no calls there are no reading either way.
        let strange = [of("a", &[(3, 1.0)]), of("b", &[(3, 2.0)]), of("c", &[(1, 3.0)])];
        let two = [of("a", &[(1, 9.0), (2, 9.0), (3, 9.0)]), of("b", &[(1, 9.0), (3, 9.0)])];
        assert_eq!(counts(&two, &strange, true), [(2, 9, 0), (3, 15, 3)]);
        assert_eq!(counts(&two, &[of("b", &[(2, 1.0)])], true), [(1, 18, 0), (3, 18, 0)]);
    }

    #[test]
    fn failures_may_be_told_apart_further_than_calls() {
        let mut by_code = [of("a", &[(1, 2.0)]), of("a", &[(1, 3.0)]), of("b", &[(1, 0.0)])];
        by_code[0].dimensions.insert("code".to_owned(), "500".to_owned());
        by_code[1].dimensions.insert("code".to_owned(), "503".to_owned());
        assert_eq!(counts(&[of("a", &[(1, 10.0)]), of("b", &[(1, 10.0)])], &by_code, false), [(1, 15, 5)]);
        assert_eq!(counts(&[series(&[(1, 20.0)])], &by_code, false), [(1, 15, 5)]);
    }

    #[test]
    fn failures_that_belong_to_no_calls_are_a_problem_once_no_minute_is_left() {
        let total = [of("a", &[(1, 10.0), (2, 10.0)]), of("b", &[(1, 10.0), (2, 10.0)])];
        let told = |failed: &[Series], absent_is_none| joined(&total, failed, &[], absent_is_none).unwrap_err();
        for absent_is_none in [false, true] {
            let whole = told(&[series(&[(1, 2.0), (2, 0.0)])], absent_is_none);
            assert_eq!(whole, "failures of {} belong to no series of calls");
        }
        let other = told(&[of("c", &[(1, 2.0), (2, 0.0)])], true);
        assert_eq!(other, r#"failures of {"node": "c"} belong to no series of calls"#);
        // Minutes that are measured, calls that nobody made and failures that are not there yet are no such thing.
        let stray = of("c", &[(2, 1.0)]);
        assert_eq!(counts(&total, &[of("a", &[(1, 2.0)]), stray.clone()], true), [(1, 18, 2)]);
        assert_eq!(counts(&[of("a", &[]), of("b", &[])], &[stray], true), []);
        assert_eq!(counts(&total, &[of("a", &[(1, 2.0)]), of("c", &[])], false), []);
    }

    #[test]
    fn counts_that_contradict_each_other_are_no_reading() {
        let (total, failed) =
            ([(1, 3.0), (2, -1.0), (3, 5.0), (4, 5.0)], [(1, 5.0), (2, 0.0), (3, 5.0), (4, f64::NAN)]);
        for absent_is_none in [false, true] {
            assert_eq!(counts(&[series(&total)], &[series(&failed)], absent_is_none), [(3, 0, 5)]);
        }
    }

    #[test]
    fn the_longest_time_is_known_once_every_series_with_calls_has_one() {
        let total = [of("a", &[(1, 9.0), (2, 9.0), (3, 9.0)]), of("b", &[(1, 9.0), (2, 9.0), (3, 0.0)])];
        let times = [of("a", &[(1, 80.0), (2, 80.0), (3, 80.0)]), of("b", &[(1, 120.0)])];
        let found: Vec<Option<f64>> =
            joined(&total, &[], &times, true).unwrap().iter().map(|minute| minute.p95_ms).collect();
        assert_eq!(found, [Some(120.0), None, Some(80.0)]);
    }
}

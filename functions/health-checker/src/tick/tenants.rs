//! What is read of tenants: their calls from the cloud's metrics, and looks at the other side.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::metrics::{MetricQuery, Series, Statistic};
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::until;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::Looked;
use crate::handler::HealthChecker;
use crate::health::Verdict;
use crate::rollback::{Minute, Target, TargetProbe, TenantInput};
use crate::settings::{Calls, Settings, Tenant};

/// Minutes that are read: those of the longest burn rate and the lag of the metrics.
const MINUTES: i64 = 370;

/// What was read.
pub(super) struct Read {
    pub(super) inputs: Vec<TenantInput>,
    pub(super) problems: Vec<String>,
}

impl HealthChecker {
    pub(super) async fn tenants(&self, settings: &Settings, looked: &Looked, deadline: Deadline) -> Read {
        let read = settings.tenants.iter().map(|tenant| async move {
            let Some(calls) = &tenant.calls else { return Ok(Vec::new()) };
            let read = until(deadline, self.minutes(calls, deadline)).await;
            let text = |why: String| format!("the calls of {} could not be read: {why}", tenant.id);
            match read {
                Some(Ok(minutes)) => Ok(minutes),
                Some(Err(why)) => Err(text(why)),
                None => Err(text("there was no time left".to_owned())),
            }
        });
        let mut all = Read { inputs: Vec::new(), problems: Vec::new() };
        for (tenant, read) in settings.tenants.iter().zip(join_all(read).await) {
            let oci = read.unwrap_or_else(|problem| {
                all.problems.push(problem);
                Vec::new()
            });
            all.inputs.push(input(tenant, oci, looked));
        }
        all
    }

    async fn minutes(&self, calls: &Calls, deadline: Deadline) -> Result<Vec<Minute>, String> {
        let metrics = self.metrics.as_ref()?;
        let to = self.now();
        let query = |metric: &str, statistic: Statistic| MetricQuery {
            namespace: calls.namespace.clone(),
            metric: metric.to_owned(),
            statistic,
            interval: Duration::from_secs(60),
            from: to - SignedDuration::from_mins(MINUTES),
            to,
            dimensions: calls.dimensions.clone(),
            group_by: Vec::new(),
            compartment: calls.compartment.clone(),
        };
        let failed = |failure: ServiceFailure| failure.to_string();
        let total = metrics.query(&query(&calls.total, Statistic::Sum), deadline).await.map_err(failed)?;
        let bad = metrics.query(&query(&calls.failed, Statistic::Sum), deadline).await.map_err(failed)?;
        let times = match &calls.duration {
            Some(name) => metrics.query(&query(name, Statistic::Percentile(95.0)), deadline).await.map_err(failed)?,
            None => Vec::new(),
        };
        Ok(joined(&total, &bad, &times, calls.absent_failures_are_none))
    }
}

fn input(tenant: &Tenant, oci: Vec<Minute>, looked: &Looked) -> TenantInput {
    let target = tenant.target_check.as_deref();
    let looks = looked.findings.iter().filter(|finding| target == Some(finding.check.as_str()));
    // What the checker could not see says nothing about the other side.
    let known = looks.filter(|finding| finding.verdict != Verdict::Unknown);
    let probes = known.map(|finding| TargetProbe { at: finding.at, is_ok: finding.verdict != Verdict::Fail }).collect();
    TenantInput {
        serving: tenant.serving,
        oci,
        target: Target {
            probes,
            cutover_at: tenant.cutover_at,
            retained_until: tenant.retained_until,
            is_removed: false,
        },
        ..TenantInput::nothing(&tenant.id)
    }
}

/// Minutes of which calls and failures are both known. Of several series counts are added, and the longest time counts.
fn joined(total: &[Series], failed: &[Series], times: &[Series], absent_is_none: bool) -> Vec<Minute> {
    let (total, failed) = (folded(total, |one, other| one + other), folded(failed, |one, other| one + other));
    let times = folded(times, f64::max);
    let minute = |(at, calls): (&Timestamp, &f64)| {
        let failed = failed.get(at).copied().or(absent_is_none.then_some(0.0))?;
        // Counts of two metrics may be cut at different moments.
        let (calls, failed) = (calls.max(failed).round() as u64, failed.round() as u64);
        Some(Minute { at: *at, ok: calls - failed, failed, p95_ms: times.get(at).copied() })
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
        let strange = joined(&[series(&[(1, 3.0), (2, -1.0)])], &[series(&[(1, 5.0), (2, f64::NAN)])], &[], true);
        assert_eq!(strange.iter().map(|minute| (minute.ok, minute.failed)).collect::<Vec<_>>(), [(0, 5)]);
    }
}

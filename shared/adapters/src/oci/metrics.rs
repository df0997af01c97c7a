//! Monitoring.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use causeway_cloud::Metrics;
use causeway_cloud::metrics::{Measurement, MetricQuery, Point, Published, Series, Statistic};
use causeway_oci_client::monitoring as api;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

use super::Oci;

const SERVICE: &str = "monitoring";
/// The service's most metrics per call.
const BATCH: usize = 50;

#[async_trait]
impl Metrics for Oci {
    async fn query(&self, query: &MetricQuery, deadline: Deadline) -> Result<Vec<Series>, ServiceFailure> {
        let client = self.until(deadline, SERVICE)?;
        let compartment = self.compartment(query.compartment.as_deref(), deadline, SERVICE).await?;
        let interval = interval(query.interval)?;
        let question = api::SummarizeMetrics {
            namespace: query.namespace.clone(),
            query: expression(query, &interval)?,
            start_time: Some(query.from),
            end_time: Some(query.to),
            resolution: Some(interval),
            resource_group: None,
        };
        let found = client.monitoring().summarize(&compartment, false, &question).await?;
        Ok(found.into_iter().map(series).collect())
    }

    async fn publish(&self, measurements: &[Measurement], deadline: Deadline) -> Result<Published, ServiceFailure> {
        let monitoring = self.until(deadline, SERVICE)?.monitoring();
        let mut outcome = Published::default();
        for batch in measurements.chunks(BATCH) {
            let mut posted = Vec::with_capacity(batch.len());
            for measurement in batch {
                posted.push(self.posted(measurement, deadline).await?);
            }
            let points: usize = batch.iter().map(|measurement| measurement.points.len()).sum();
            let answer = monitoring.post(&posted, api::BatchAtomicity::NonAtomic).await;
            let answer = answer.map_err(|error| {
                let failure = ServiceFailure::from(error);
                let may_have_happened = failure.may_have_happened() || outcome.accepted > 0;
                failure.with_unknown_effect(may_have_happened)
            })?;
            outcome.rejected.extend(answer.failed().iter().map(rejection));
            outcome.accepted += points.saturating_sub(answer.failed().iter().map(points_of).sum());
        }
        Ok(outcome)
    }
}

impl Oci {
    async fn posted(&self, measurement: &Measurement, deadline: Deadline) -> Result<api::PostedMetric, ServiceFailure> {
        let point = |point: &Point| api::Datapoint { timestamp: point.at, value: point.value, count: None };
        Ok(api::PostedMetric {
            namespace: measurement.namespace.clone(),
            compartment_id: self.compartment(measurement.compartment.as_deref(), deadline, SERVICE).await?,
            name: measurement.name.clone(),
            dimensions: measurement.dimensions.clone(),
            metadata: measurement.unit.iter().map(|unit| ("unit".to_owned(), unit.clone())).collect(),
            resource_group: None,
            datapoints: measurement.points.iter().map(point).collect(),
        })
    }
}

/// The question in Monitoring's query language:
/// `metric[interval]{dimension = "value"}.groupBy(dimension).statistic()`.
fn expression(query: &MetricQuery, interval: &str) -> Result<String, ServiceFailure> {
    let mut text = format!("{}[{interval}]", word(&query.metric)?);
    if !query.dimensions.is_empty() {
        let filters: Result<Vec<_>, _> = query.dimensions.iter().map(|(name, value)| filter(name, value)).collect();
        text.push_str(&format!("{{{}}}", filters?.join(", ")));
    }
    if !query.group_by.is_empty() {
        let names: Result<Vec<_>, _> = query.group_by.iter().map(|name| word(name)).collect();
        text.push_str(&format!(".groupBy({})", names?.join(", ")));
    }
    text.push_str(&statistic(query.statistic)?);
    Ok(text)
}

fn statistic(statistic: Statistic) -> Result<String, ServiceFailure> {
    Ok(match statistic {
        Statistic::Mean => ".mean()".to_owned(),
        Statistic::Min => ".min()".to_owned(),
        Statistic::Max => ".max()".to_owned(),
        Statistic::Sum => ".sum()".to_owned(),
        Statistic::Count => ".count()".to_owned(),
        Statistic::Percentile(of) if of > 0.0 && of < 100.0 => format!(".percentile({})", of / 100.0),
        Statistic::Percentile(of) => return Err(wrong(format!("{of} is no percentile"))),
    })
}

fn filter(name: &str, value: &str) -> Result<String, ServiceFailure> {
    // The language has no way to write a quotation mark in a value.
    if value.contains(['"', '\\']) || value.chars().any(char::is_control) {
        return Err(wrong(format!("the value of dimension {name} cannot be written in a query")));
    }
    Ok(format!("{} = \"{value}\"", word(name)?))
}

/// A name that cannot end the place where it stands.
fn word(name: &str) -> Result<&str, ServiceFailure> {
    let plain = |each: char| each.is_alphanumeric() || "_-.$/:".contains(each);
    let good = !name.is_empty() && name.chars().all(plain);
    if good { Ok(name) } else { Err(wrong(format!("{name:?} cannot be written in a query"))) }
}

fn interval(interval: Duration) -> Result<String, ServiceFailure> {
    let seconds = interval.as_secs();
    match (seconds / 60, seconds / 3600) {
        _ if interval.subsec_nanos() != 0 || !seconds.is_multiple_of(60) => {
            Err(wrong("an interval has whole minutes".to_owned()))
        }
        (minutes @ 1..=60, _) => Ok(format!("{minutes}m")),
        (_, 24) if seconds == 86_400 => Ok("1d".to_owned()),
        (_, hours @ 1..=24) if seconds.is_multiple_of(3600) => Ok(format!("{hours}h")),
        _ => Err(wrong("an interval is 1 to 60 minutes, 1 to 24 hours or a day".to_owned())),
    }
}

fn wrong(reason: String) -> ServiceFailure {
    ServiceFailure::new(Kind::Invalid, "monitoring", "SummarizeMetricsData", reason)
}

fn series(data: api::MetricData) -> Series {
    let point = |point: api::AggregatedDatapoint| {
        let value = point.value.filter(|value| value.is_finite())?;
        Some(Point { at: point.timestamp, value })
    };
    Series {
        unit: data.metadata.as_ref().and_then(|metadata| metadata.get("unit").cloned()),
        points: data.aggregated_datapoints.into_iter().filter_map(point).collect(),
        dimensions: BTreeMap::from_iter(data.dimensions),
    }
}

/// Why, with the name of the metric; the service repeats what was sent.
fn rejection(failed: &api::FailedMetric) -> String {
    let name = failed.metric_data.as_ref().and_then(|data| data["name"].as_str());
    format!("{}: {}", name.unwrap_or("unnamed"), failed.message)
}

fn points_of(failed: &api::FailedMetric) -> usize {
    let points = failed.metric_data.as_ref().and_then(|data| data["datapoints"].as_array());
    points.map_or(1, Vec::len)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn query() -> MetricQuery {
        MetricQuery {
            namespace: "oci_computeagent".to_owned(),
            metric: "CpuUtilization".to_owned(),
            statistic: Statistic::Mean,
            interval: Duration::from_secs(300),
            from: Timestamp::UNIX_EPOCH,
            to: Timestamp::UNIX_EPOCH,
            dimensions: BTreeMap::new(),
            group_by: Vec::new(),
            compartment: None,
        }
    }

    #[test]
    fn expressions() {
        let check = |query: &MetricQuery, expected: &str| {
            assert_eq!(expression(query, "5m").unwrap_or_else(|error| panic!("{error}")), expected);
        };
        check(&query(), "CpuUtilization[5m].mean()");
        let dimensions: BTreeMap<_, _> = [("resourceId".to_owned(), "ocid1.instance.oc1.iad.x".to_owned())].into();
        let one = MetricQuery { dimensions, statistic: Statistic::Percentile(95.0), ..query() };
        check(&one, "CpuUtilization[5m]{resourceId = \"ocid1.instance.oc1.iad.x\"}.percentile(0.95)");
        let group_by = vec!["resourceId".to_owned(), "shape".to_owned()];
        check(&MetricQuery { group_by, ..query() }, "CpuUtilization[5m].groupBy(resourceId, shape).mean()");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let hostile: BTreeMap<_, _> = [("a".to_owned(), "x\"}.sum() || b[1m]{c = \"".to_owned())].into();
        let check = |query: MetricQuery| assert!(expression(&query, "5m").is_err(), "{query:?}");
        check(MetricQuery { dimensions: hostile, ..query() });
        check(MetricQuery { metric: "a[1m].sum() + b".to_owned(), ..query() });
        check(MetricQuery { group_by: vec!["a) || (".to_owned()], ..query() });
        check(MetricQuery { statistic: Statistic::Percentile(100.0), ..query() });
    }

    #[test]
    fn intervals() {
        let check = |seconds, expected: Option<&str>| {
            assert_eq!(interval(Duration::from_secs(seconds)).ok().as_deref(), expected, "{seconds}");
        };
        check(60, Some("1m"));
        check(3600, Some("60m"));
        check(7200, Some("2h"));
        check(86_400, Some("1d"));
        for wrong in [0, 59, 90, 3660, 90_000] {
            check(wrong, None);
        }
        assert!(interval(Duration::from_millis(60_500)).is_err());
    }
}

//! The metrics port.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use jiff::{SignedDuration, Timestamp};

use super::{Finding, expect, refused, works};
use crate::Metrics;
use crate::metrics::{Measurement, MetricQuery, Point, Series, Statistic};
use crate::state::Clock;

/// Interval of the questions.
const INTERVAL: Duration = Duration::from_secs(300);
/// How long published measurements may take to show, and the pause between two looks. Live services need minutes.
const LOOKS: u32 = 60;
const PAUSE: Duration = Duration::from_secs(5);

/// Where the checks measure.
#[derive(Clone)]
pub struct Place<'a> {
    /// A namespace that is used for nothing else.
    pub namespace: &'a str,
    /// Now, by the service's clock.
    pub now: Timestamp,
    /// For the wait until measurements show.
    pub clock: &'a dyn Clock,
    /// Of each call.
    pub deadline: Deadline,
}

/// Runs every check.
///
/// # Errors
///
/// The first finding.
pub async fn all(metrics: &dyn Metrics, place: &Place<'_>) -> Finding {
    measurements_come_back(metrics, place).await?;
    series_are_told_apart(metrics, place).await?;
    the_unmeasured_is_absent(metrics, place).await?;
    the_bad_is_rejected_and_the_good_is_taken(metrics, place).await?;
    values_cannot_widen_a_question(metrics, place).await?;
    wrong_questions_are_refused(metrics, place).await
}

/// What was published is computed as each statistic says, in intervals that begin where the question does.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn measurements_come_back(metrics: &dyn Metrics, place: &Place<'_>) -> Finding {
    let (name, from) = ("round_trip", place.start());
    let points = [(0, 1.0), (60, 4.0), (300, 7.0)].map(|(second, value)| at(from, second, value)).to_vec();
    let published = place.measurement(name, &[("host", "a")], points);
    let done = works("publishing", metrics.publish(&[published], place.deadline).await)?;
    expect(done.accepted == 3 && done.rejected.is_empty(), || format!("published {done:?}"))?;
    for (statistic, first, second) in [
        (Statistic::Mean, 2.5, 7.0),
        (Statistic::Min, 1.0, 7.0),
        (Statistic::Max, 4.0, 7.0),
        (Statistic::Sum, 5.0, 7.0),
        (Statistic::Count, 2.0, 1.0),
    ] {
        let query = MetricQuery { statistic, ..place.query(name, &[("host", "a")], &[]) };
        let found = seen(metrics, &query, place, 2).await?;
        let [series] = &found[..] else { return Err(format!("{statistic:?} gave {} series", found.len())) };
        let values: Vec<_> = series.points.iter().map(|point| (point.at, point.value)).collect();
        let expected = [(from, first), (from + SignedDuration::from_secs(300), second)];
        expect(values == expected, || format!("{statistic:?} gave {values:?}, not {expected:?}"))?;
        expect(series.dimensions.get("host").is_some_and(|host| host == "a"), || format!("{series:?}"))?;
    }
    Ok(())
}

/// Percentiles are computed.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn percentiles(metrics: &dyn Metrics, place: &Place<'_>) -> Finding {
    let name = "percentiles";
    let points = (1..=4).map(|number| at(place.start(), 60 * (i64::from(number) - 1), f64::from(number))).collect();
    let published = place.measurement(name, &[("host", "a")], points);
    works("publishing", metrics.publish(&[published], place.deadline).await)?;
    let query = MetricQuery { statistic: Statistic::Percentile(90.0), ..place.query(name, &[("host", "a")], &[]) };
    let found = seen(metrics, &query, place, 1).await?;
    let value = found[0].points[0].value;
    expect((3.0..=4.0).contains(&value), || format!("the 90th percentile of 1 to 4 was {value}"))
}

/// A filter keeps series whole and apart; a group puts together what differs in other dimensions.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn series_are_told_apart(metrics: &dyn Metrics, place: &Place<'_>) -> Finding {
    let name = "told_apart";
    let measured = [("a", "1", 1.0), ("a", "2", 2.0), ("b", "1", 5.0)];
    let measurements = measured.map(|(host, disk, value)| {
        place.measurement(name, &[("host", host), ("disk", disk)], vec![at(place.start(), 0, value)])
    });
    works("publishing", metrics.publish(&measurements, place.deadline).await)?;
    let sums = |found: Vec<Series>, dimension: &str| -> BTreeMap<String, f64> {
        let named = |series: Series| (series.dimensions.get(dimension).cloned().unwrap_or_default(), series.points);
        found
            .into_iter()
            .map(named)
            .map(|(name, points)| (name, points.iter().map(|point| point.value).sum()))
            .collect()
    };
    let pairs = |pairs: &[(&str, f64)]| -> BTreeMap<String, f64> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    };
    let each = sums(seen(metrics, &place.query(name, &[("host", "a")], &[]), place, 2).await?, "disk");
    expect(each == pairs(&[("1", 1.0), ("2", 2.0)]), || format!("disks of host a: {each:?}"))?;
    let hosts = sums(seen(metrics, &place.query(name, &[], &["host"]), place, 2).await?, "host");
    expect(hosts == pairs(&[("a", 3.0), ("b", 5.0)]), || format!("hosts: {hosts:?}"))?;
    let one = sums(seen(metrics, &place.query(name, &[("disk", "1")], &["host"]), place, 2).await?, "host");
    expect(one == pairs(&[("a", 1.0), ("b", 5.0)]), || format!("hosts of disk 1: {one:?}"))
}

/// Nobody measured: no series, and nothing that looks like zero.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn the_unmeasured_is_absent(metrics: &dyn Metrics, place: &Place<'_>) -> Finding {
    let published = place.measurement("sparse", &[("host", "a")], vec![at(place.start(), 300, 0.0)]);
    works("publishing", metrics.publish(&[published], place.deadline).await)?;
    let found = seen(metrics, &place.query("sparse", &[("host", "a")], &[]), place, 1).await?;
    let points: Vec<_> = found.iter().flat_map(|series| &series.points).collect();
    let is_one = matches!(points[..], [point] if point.value == 0.0 && point.at > place.start());
    expect(is_one, || format!("one measurement of zero gave {points:?}"))?;
    for (name, dimensions) in [("never", &[("host", "a")][..]), ("sparse", &[("host", "other")]), ("never", &[])] {
        let query = place.query(name, dimensions, &[]);
        let found = works("a question without an answer", metrics.query(&query, place.deadline).await)?;
        expect(found.iter().all(|series| series.points.is_empty()), || format!("{name} {dimensions:?}: {found:?}"))?;
    }
    Ok(())
}

/// A measurement that is too old is rejected with its name, and the others of the same call are taken.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn the_bad_is_rejected_and_the_good_is_taken(metrics: &dyn Metrics, place: &Place<'_>) -> Finding {
    let old = place.measurement("old", &[("host", "a")], vec![at(place.now, -60 * 86_400, 1.0)]);
    let good = place.measurement("good", &[("host", "a")], vec![at(place.start(), 0, 1.0)]);
    let done = works("publishing", metrics.publish(&[old, good], place.deadline).await)?;
    expect(done.accepted == 1, || format!("{} of one good point accepted", done.accepted))?;
    let is_named = matches!(&done.rejected[..], [reason] if reason.contains("old"));
    expect(is_named, || format!("rejected: {:?}", done.rejected))?;
    seen(metrics, &place.query("good", &[("host", "a")], &[]), place, 1).await?;
    let nothing = works("publishing nothing", metrics.publish(&[], place.deadline).await)?;
    expect(nothing.accepted == 0 && nothing.rejected.is_empty(), || format!("nothing was published as {nothing:?}"))
}

/// A value that looks like the end of a filter is a value, or is refused.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn values_cannot_widen_a_question(metrics: &dyn Metrics, place: &Place<'_>) -> Finding {
    let published = place.measurement("private", &[("host", "a")], vec![at(place.start(), 0, 1.0)]);
    works("publishing", metrics.publish(&[published], place.deadline).await)?;
    seen(metrics, &place.query("private", &[("host", "a")], &[]), place, 1).await?;
    for value in ["x\"}.sum() || private[5m]{host = \"a", "*", "x|a", "\" OR host=\"a", "x', 'Sum', 300)"] {
        match metrics.query(&place.query("private", &[("host", value)], &[]), place.deadline).await {
            Ok(found) => {
                expect(found.iter().all(|series| series.points.is_empty()), || format!("{value:?} gave {found:?}"))?;
            }
            outcome => drop(refused(&format!("the value {value:?}"), outcome, &[Kind::Invalid])?),
        }
    }
    Ok(())
}

/// Intervals and percentiles that do not exist are refused.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn wrong_questions_are_refused(metrics: &dyn Metrics, place: &Place<'_>) -> Finding {
    let query = || place.query("round_trip", &[("host", "a")], &[]);
    let wrong = [
        MetricQuery { interval: Duration::from_secs(90), ..query() },
        MetricQuery { interval: Duration::ZERO, ..query() },
        MetricQuery { statistic: Statistic::Percentile(100.0), ..query() },
        MetricQuery { statistic: Statistic::Percentile(f64::NAN), ..query() },
    ];
    for query in wrong {
        let what = format!("{:?} of {:?}", query.statistic, query.interval);
        refused(&what, metrics.query(&query, place.deadline).await, &[Kind::Invalid])?;
    }
    Ok(())
}

impl Place<'_> {
    /// Beginning of the question: a whole interval, recent enough for every service.
    fn start(&self) -> Timestamp {
        let interval = i64::try_from(INTERVAL.as_secs()).unwrap_or(i64::MAX);
        let whole = self.now.as_second().div_euclid(interval) * interval;
        Timestamp::from_second(whole - 3 * interval).unwrap_or(self.now)
    }

    fn measurement(&self, name: &str, dimensions: &[(&str, &str)], points: Vec<Point>) -> Measurement {
        let (namespace, name) = (self.namespace.to_owned(), name.to_owned());
        Measurement { namespace, name, dimensions: map(dimensions), unit: None, compartment: None, points }
    }

    fn query(&self, metric: &str, dimensions: &[(&str, &str)], group_by: &[&str]) -> MetricQuery {
        MetricQuery {
            namespace: self.namespace.to_owned(),
            metric: metric.to_owned(),
            statistic: Statistic::Sum,
            interval: INTERVAL,
            from: self.start(),
            to: self.start() + SignedDuration::from_mins(10),
            dimensions: map(dimensions),
            group_by: group_by.iter().map(|name| (*name).to_owned()).collect(),
            compartment: None,
        }
    }
}

/// The answer, as soon as it has that many points.
async fn seen(
    metrics: &dyn Metrics,
    query: &MetricQuery,
    place: &Place<'_>,
    points: usize,
) -> Result<Vec<Series>, String> {
    for _ in 0..LOOKS {
        let found = works("a question", metrics.query(query, place.deadline).await)?;
        if found.iter().map(|series| series.points.len()).sum::<usize>() >= points {
            return Ok(found);
        }
        place.clock.sleep(PAUSE).await;
    }
    Err(format!("{} {:?} does not show {points} points", query.metric, query.dimensions))
}

fn at(from: Timestamp, seconds: i64, value: f64) -> Point {
    Point { at: from + SignedDuration::from_secs(seconds), value }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

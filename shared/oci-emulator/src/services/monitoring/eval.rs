//! Answering a query.

use std::collections::BTreeMap;

use super::aggregate::reduce;
use super::mql::{Expr, Filter, Grouping, Operator, Statistic, Window};
use super::streams::{Point, Stream, find, points};
use crate::error::Error;
use crate::store::Reader;

/// Streams and points that a query may give (Oracle's limits of SummarizeMetricsData).
const MAX_STREAMS: usize = 2_000;
const MAX_POINTS: usize = 100_000;
/// The same for one operator within a query; what follows may leave most of it out.
const MAX_JOINED_STREAMS: usize = 10 * MAX_STREAMS;
const MAX_JOINED_POINTS: usize = 10 * MAX_POINTS;
/// Stored points that one stream may contribute; keeps a query's memory bounded.
const MAX_RAW: usize = 500_000;

/// What a query is about. Times are milliseconds since 1970; the end does not belong to it.
pub(super) struct Scope<'a> {
    pub(super) reader: &'a Reader,
    pub(super) compartments: Vec<String>,
    pub(super) namespace: &'a str,
    pub(super) resource_group: Option<&'a str>,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) resolution_ms: i64,
}

/// A stream of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) compartment: String,
    pub(super) dimensions: BTreeMap<String, String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) resource_group: Option<String>,
    /// Values by the start of their window.
    pub(super) points: BTreeMap<i64, f64>,
}

/// The series of a query; a number alone has none.
pub(super) fn evaluate(expr: &Expr, scope: &Scope<'_>) -> Result<Vec<Series>, Error> {
    let found = series(expr, scope)?;
    let total: usize = found.iter().map(|one| one.points.len()).sum();
    if found.len() > MAX_STREAMS || total > MAX_POINTS {
        return Err(too_much(found.len(), total));
    }
    Ok(found)
}

fn too_much(streams: usize, points: usize) -> Error {
    Error::invalid(format!(
        "The query gives {streams} streams with {points} points; at most {MAX_STREAMS} and {MAX_POINTS} are returned."
    ))
}

fn series(expr: &Expr, scope: &Scope<'_>) -> Result<Vec<Series>, Error> {
    match expr {
        Expr::Number(_) => Ok(Vec::new()),
        Expr::Metric { name, filters, window } => metric(name, filters, window, scope),
        Expr::Nested { inner, window } => {
            // The inner query has windows of its own length, whatever the answer's resolution.
            let resolution_ms = inner.interval_ms().unwrap_or(scope.resolution_ms);
            let inside = Scope { resolution_ms, compartments: scope.compartments.clone(), ..*scope };
            Ok(group(nested(series(inner, &inside)?), window, scope))
        }
        Expr::Binary { operator, left, right } => binary(*operator, left, right, scope),
        Expr::Compared { inner, predicate } => {
            let mut found = series(inner, scope)?;
            for one in &mut found {
                one.points.retain(|_, value| predicate.holds(*value));
            }
            found.retain(|one| !one.points.is_empty());
            Ok(found)
        }
    }
}

/// A stream or an inner series with its points, before they are reduced.
struct Raw {
    head: Series,
    points: Vec<Point>,
}

fn metric(name: &str, filters: &[Filter], window: &Window, scope: &Scope<'_>) -> Result<Vec<Series>, Error> {
    let fits = |stream: &Stream| {
        let holds = |filter: &Filter| filter.holds(stream.dimensions.get(&filter.dimension).map(String::as_str));
        stream.resource_group.as_deref() == scope.resource_group && filters.iter().all(holds)
    };
    let mut raw = Vec::new();
    for compartment in &scope.compartments {
        for stream in find(scope.reader, compartment, scope.namespace, Some(name), MAX_STREAMS * 5, fits)? {
            // Differences need the value before the first window.
            let from = scope.from_ms - window.interval_ms;
            let points = points(scope.reader, stream.id, from, scope.to_ms, MAX_RAW)?;
            raw.push(Raw { head: head(stream), points });
        }
    }
    if raw.is_empty() && matches!(window.statistic, Statistic::Absent(_)) {
        // Nothing was ever there: that is what is asked.
        let head = Series { name: name.to_owned(), compartment: scope.compartments.concat(), ..Series::default() };
        raw.push(Raw { head, points: Vec::new() });
    }
    Ok(group(raw, window, scope))
}

fn head(stream: Stream) -> Series {
    Series {
        name: stream.name,
        compartment: stream.compartment,
        dimensions: stream.dimensions,
        metadata: stream.metadata,
        resource_group: stream.resource_group,
        points: BTreeMap::new(),
    }
}

fn nested(inner: Vec<Series>) -> Vec<Raw> {
    let raw = |mut head: Series| {
        let points = std::mem::take(&mut head.points);
        Raw { head, points: points.into_iter().map(|(at_ms, value)| Point { at_ms, value, count: 1.0 }).collect() }
    };
    inner.into_iter().map(raw).collect()
}

/// Puts streams together and reduces their windows.
fn group(raw: Vec<Raw>, window: &Window, scope: &Scope<'_>) -> Vec<Series> {
    let mut groups: BTreeMap<Vec<String>, Vec<Raw>> = BTreeMap::new();
    for (index, one) in raw.into_iter().enumerate() {
        let key = match &window.grouping {
            Grouping::Each => vec![format!("{index:08}")],
            Grouping::All => Vec::new(),
            // A stream without the dimension belongs to no group.
            Grouping::By(names) => {
                let values: Option<Vec<String>> =
                    names.iter().map(|name| one.head.dimensions.get(name).cloned()).collect();
                match values {
                    Some(values) => values,
                    None => continue,
                }
            }
        };
        groups.entry(key).or_default().push(one);
    }
    let reduced = groups.into_values().filter_map(|members| reduce_group(members, window, scope));
    reduced.filter(|series| !series.points.is_empty()).collect()
}

fn reduce_group(members: Vec<Raw>, window: &Window, scope: &Scope<'_>) -> Option<Series> {
    let mut series = members.first()?.head.clone();
    match &window.grouping {
        Grouping::Each => {}
        Grouping::All => series.dimensions.clear(),
        Grouping::By(names) => series.dimensions.retain(|name, _| names.contains(name)),
    }
    let differs = matches!(window.statistic, Statistic::Increment | Statistic::Rate);
    series.points = if differs {
        // Counters of different streams must not be mixed: each is reduced, then they are added.
        let mut sums = BTreeMap::new();
        for member in &members {
            for (at, value) in windows(&member.points, window, scope) {
                *sums.entry(at).or_insert(0.0) += value;
            }
        }
        sums
    } else {
        let mut points: Vec<Point> = members.into_iter().flat_map(|member| member.points).collect();
        points.sort_by_key(|point| point.at_ms);
        windows(&points, window, scope)
    };
    Some(series)
}

/// The values of all windows, each at the start of its window.
fn windows(points: &[Point], window: &Window, scope: &Scope<'_>) -> BTreeMap<i64, f64> {
    let length = match window.statistic {
        Statistic::Absent(Some(period)) => period,
        _ => window.interval_ms,
    };
    let step = scope.resolution_ms;
    let mut values = BTreeMap::new();
    let mut start = scope.from_ms.div_euclid(step) * step;
    while start < scope.to_ms {
        let from = points.partition_point(|point| point.at_ms < start.max(scope.from_ms));
        let to = points.partition_point(|point| point.at_ms < start + length);
        let before = from.checked_sub(1).map(|index| points[index].value);
        let value = reduce(window.statistic, &points[from..to.max(from)], before, length);
        values.extend(value.filter(|value| value.is_finite()).map(|value| (start, value)));
        start += step;
        if values.len() > MAX_POINTS {
            break;
        }
    }
    values
}

fn binary(operator: Operator, left: &Expr, right: &Expr, scope: &Scope<'_>) -> Result<Vec<Series>, Error> {
    let found = match (left, right) {
        (Expr::Number(a), Expr::Number(_)) => return Err(Error::invalid(format!("{a} is no metric."))),
        (Expr::Number(number), other) => scaled(series(other, scope)?, |value| apply(operator, *number, value)),
        (other, Expr::Number(number)) => scaled(series(other, scope)?, |value| apply(operator, value, *number)),
        (left, right) => joined(operator, &series(left, scope)?, &series(right, scope)?)?,
    };
    Ok(found.into_iter().filter(|one| !one.points.is_empty()).collect())
}

fn scaled(mut found: Vec<Series>, change: impl Fn(f64) -> Option<f64>) -> Vec<Series> {
    for one in &mut found {
        let points = std::mem::take(&mut one.points);
        one.points = points.into_iter().filter_map(|(at, value)| Some((at, change(value)?))).collect();
    }
    found
}

/// Series with the same dimensions belong together; one without any belongs to all.
fn joined(operator: Operator, left: &[Series], right: &[Series]) -> Result<Vec<Series>, Error> {
    let mut found = Vec::new();
    let mut total = 0;
    for one in left {
        let fits = |other: &&Series| {
            other.dimensions == one.dimensions || other.dimensions.is_empty() || one.dimensions.is_empty()
        };
        for other in right.iter().filter(fits) {
            let mut series = if one.dimensions.is_empty() { other.clone() } else { one.clone() };
            series.points = combine(operator, &one.points, &other.points);
            total += series.points.len();
            found.push(series);
            // Streams of the same dimensions in several compartments multiply with each operator.
            if found.len() > MAX_JOINED_STREAMS || total > MAX_JOINED_POINTS {
                return Err(too_much(found.len(), total));
            }
        }
    }
    if operator == Operator::Or {
        let alone = |one: &&Series, others: &[Series]| !others.iter().any(|other| other.dimensions == one.dimensions);
        found.extend(left.iter().filter(|one| alone(one, right)).cloned());
        found.extend(right.iter().filter(|one| alone(one, left)).cloned());
    }
    Ok(found)
}

fn combine(operator: Operator, left: &BTreeMap<i64, f64>, right: &BTreeMap<i64, f64>) -> BTreeMap<i64, f64> {
    if operator == Operator::Or {
        return right.iter().chain(left).map(|(at, value)| (*at, *value)).collect();
    }
    let both = left.iter().filter_map(|(at, value)| Some((*at, apply(operator, *value, *right.get(at)?)?)));
    both.collect()
}

/// `None` where there is no result, such as a division by zero.
fn apply(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let value = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Remainder => left % right,
        Operator::And | Operator::Or => left,
    };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn joins_do_not_multiply_without_end() {
        let series = Series { points: BTreeMap::from([(0, 1.0)]), ..Series::default() };
        let check = |left: usize, right: usize, expected: Option<usize>| {
            let found = joined(Operator::And, &vec![series.clone(); left], &vec![series.clone(); right]);
            assert_eq!(found.ok().map(|found| found.len()), expected, "{left} {right}");
        };
        check(1, 1, Some(1));
        check(100, 200, Some(20_000));
        check(100, 201, None);
        check(20_000, 20_000, None);
    }
}

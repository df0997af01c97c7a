//! Putting results together.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{MetricDataResult, StatusCode};
use causeway_cloud::metrics::{Point, Statistic};
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use jiff::Timestamp;

use super::{GET, MAX_VALUES, QUERIES};

/// One statistic of one metric, page after page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Values {
    at: BTreeMap<Timestamp, f64>,
    /// Whether the service said so of the last page that had it.
    is_complete: bool,
}

impl Values {
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    #[cfg(test)]
    pub(super) fn of(pairs: &[(i64, f64)]) -> Self {
        let at = pairs.iter().map(|(second, value)| (Timestamp::from_second(*second).unwrap_or_default(), *value));
        Self { at: at.collect(), is_complete: true }
    }
}

/// Id of the query with this number; ids begin with a small letter.
pub(super) fn id(number: usize) -> String {
    format!("m{number}")
}

/// Takes one result of a page over.
pub(super) fn add(found: &mut [Values], result: &MetricDataResult) -> Result<(), ServiceFailure> {
    let wrong = |reason: &str| GET.fails(Kind::BadAnswer, reason);
    let number = result.id().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
    let values =
        number.and_then(|number| found.get_mut(number)).ok_or_else(|| wrong("a result that nobody asked for"))?;
    if result.timestamps().len() != result.values().len() {
        return Err(wrong("times and values do not belong together"));
    }
    match result.status_code() {
        None | Some(StatusCode::Complete) => values.is_complete = true,
        Some(StatusCode::PartialData) => values.is_complete = false,
        Some(StatusCode::Forbidden) => return Err(GET.fails(Kind::Denied, "one of the metrics may not be read")),
        Some(_) => return Err(GET.fails(Kind::Unavailable, "one of the metrics could not be read")),
    }
    for (time, value) in result.timestamps().iter().zip(result.values()) {
        let at = time.to_millis().ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let at = at.ok_or_else(|| wrong("a time that no calendar has"))?;
        if value.is_finite() {
            values.at.insert(at, *value);
        }
    }
    let too_many = || GET.fails(Kind::Invalid, format!("more than {MAX_VALUES} values: ask for less"));
    if found.iter().map(Values::len).sum::<usize>() > MAX_VALUES { Err(too_many()) } else { Ok(()) }
}

/// Part of an answer is none.
pub(super) fn complete(found: &[Values]) -> Result<(), ServiceFailure> {
    debug_assert!(found.len() <= QUERIES);
    let missing = found.iter().filter(|values| !values.is_complete).count();
    if missing == 0 {
        return Ok(());
    }
    Err(GET.fails(Kind::BadAnswer, format!("the values of {missing} metrics are not complete")))
}

/// Points of a series whose metrics were read in this order; a mean has sum and number of each.
pub(super) fn points(statistic: Statistic, read: &[Values]) -> Vec<Point> {
    if statistic == Statistic::Mean {
        return means(read);
    }
    let fold = match statistic {
        Statistic::Min => f64::min,
        Statistic::Max => f64::max,
        _ => |one: f64, other: f64| one + other,
    };
    let mut at: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for (time, value) in read.iter().flat_map(|values| &values.at) {
        at.entry(*time).and_modify(|folded| *folded = fold(*folded, *value)).or_insert(*value);
    }
    of(at.into_iter())
}

fn means(read: &[Values]) -> Vec<Point> {
    let mut at: BTreeMap<Timestamp, (f64, f64)> = BTreeMap::new();
    for pair in read.chunks_exact(2) {
        for (time, sum) in &pair[0].at {
            // A sum without its number says nothing.
            let Some(count) = pair[1].at.get(time) else { continue };
            let folded = at.entry(*time).or_default();
            *folded = (folded.0 + sum, folded.1 + count);
        }
    }
    of(at.into_iter().filter(|(_, (_, count))| *count > 0.0).map(|(time, (sum, count))| (time, sum / count)))
}

fn of(at: impl Iterator<Item = (Timestamp, f64)>) -> Vec<Point> {
    at.filter(|(_, value)| value.is_finite()).map(|(at, value)| Point { at, value }).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::primitives::DateTime;

    use super::*;

    fn seen(points: &[Point]) -> Vec<(i64, f64)> {
        points.iter().map(|point| (point.at.as_second(), point.value)).collect()
    }

    #[test]
    fn metrics_are_put_together_by_what_the_statistic_means() {
        let (one, two) = (Values::of(&[(0, 1.0), (60, 5.0)]), Values::of(&[(0, 3.0), (120, 7.0)]));
        let check = |statistic, expected: &[(i64, f64)]| {
            assert_eq!(seen(&points(statistic, &[one.clone(), two.clone()])), expected, "{statistic:?}");
        };
        check(Statistic::Min, &[(0, 1.0), (60, 5.0), (120, 7.0)]);
        check(Statistic::Max, &[(0, 3.0), (60, 5.0), (120, 7.0)]);
        check(Statistic::Sum, &[(0, 4.0), (60, 5.0), (120, 7.0)]);
        check(Statistic::Count, &[(0, 4.0), (60, 5.0), (120, 7.0)]);
    }

    #[test]
    fn a_mean_is_weighted_by_the_number_of_measurements() {
        let sums = [Values::of(&[(0, 10.0), (60, 4.0)]), Values::of(&[(0, 2.0)])];
        let counts = [Values::of(&[(0, 1.0)]), Values::of(&[(0, 2.0), (60, 9.0)])];
        let read = [sums[0].clone(), counts[0].clone(), sums[1].clone(), counts[1].clone()];
        assert_eq!(seen(&points(Statistic::Mean, &read)), [(0, 4.0)]);
    }

    fn result(id: &str, status: StatusCode, pairs: &[(i64, f64)]) -> MetricDataResult {
        let result = MetricDataResult::builder().id(id).status_code(status);
        let result = result.set_timestamps(Some(pairs.iter().map(|pair| DateTime::from_secs(pair.0)).collect()));
        result.set_values(Some(pairs.iter().map(|pair| pair.1).collect())).build()
    }

    #[test]
    fn pages_of_one_metric_are_one_and_part_of_it_is_none() {
        let mut found = vec![Values::default(); 2];
        add(&mut found, &result("m0", StatusCode::PartialData, &[(60, 2.0), (0, 1.0)])).unwrap();
        add(&mut found, &result("m1", StatusCode::Complete, &[])).unwrap();
        assert_eq!(complete(&found).unwrap_err().kind(), Kind::BadAnswer);
        add(&mut found, &result("m0", StatusCode::Complete, &[(120, f64::NAN), (180, 3.0)])).unwrap();
        complete(&found).unwrap();
        assert_eq!(found[0], Values::of(&[(0, 1.0), (60, 2.0), (180, 3.0)]));
    }

    #[test]
    fn results_that_cannot_be_used_are_failures() {
        let check = |result: &MetricDataResult, kind: Kind| {
            assert_eq!(add(&mut [Values::default()], result).unwrap_err().kind(), kind, "{result:?}");
        };
        check(&result("m1", StatusCode::Complete, &[]), Kind::BadAnswer);
        check(&result("other", StatusCode::Complete, &[]), Kind::BadAnswer);
        check(&result("m0", StatusCode::Forbidden, &[]), Kind::Denied);
        check(&result("m0", StatusCode::InternalError, &[]), Kind::Unavailable);
        let uneven = MetricDataResult::builder().id("m0").values(1.0).build();
        check(&uneven, Kind::BadAnswer);
    }
}

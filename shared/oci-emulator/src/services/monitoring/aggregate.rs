//! Reducing the points of a window to one value.

use super::mql::Statistic;
use super::streams::Point;

/// The value of a window, from points in order of time; `None` for a window without a value.
///
/// `before` is the last value before the window, for differences; `window_ms` the window's length.
pub(super) fn reduce(statistic: Statistic, points: &[Point], before: Option<f64>, window_ms: i64) -> Option<f64> {
    if let Statistic::Absent(_) = statistic {
        return Some(if points.is_empty() { 1.0 } else { 0.0 });
    }
    let (first, last) = (points.first()?, points.last()?);
    let count: f64 = points.iter().map(|point| point.count).sum();
    let sum: f64 = points.iter().map(|point| point.value * point.count).sum();
    let change = || last.value - before.unwrap_or(first.value);
    let values = || points.iter().map(|point| point.value);
    Some(match statistic {
        Statistic::Absent(_) => return None,
        Statistic::Count => count,
        Statistic::First => first.value,
        Statistic::Last => last.value,
        Statistic::Max => values().fold(f64::NEG_INFINITY, f64::max),
        Statistic::Min => values().fold(f64::INFINITY, f64::min),
        Statistic::Mean => sum / count,
        Statistic::Sum => sum,
        Statistic::Increment => change(),
        Statistic::Rate => change() / (window_ms as f64 / 1000.0),
        Statistic::Percentile(part) => percentile(points, part, count),
    })
}

/// Nearest rank, each value as often as it occurred.
fn percentile(points: &[Point], part: f64, count: f64) -> f64 {
    let mut sorted: Vec<&Point> = points.iter().collect();
    sorted.sort_by(|a, b| a.value.total_cmp(&b.value));
    let rank = part * count;
    let mut seen = 0.0;
    let found = sorted.iter().find(|point| {
        seen += point.count;
        seen >= rank
    });
    found.or(sorted.last()).map_or(f64::NAN, |point| point.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_a_window() {
        let points: Vec<Point> =
            [(1.0, 1.0), (4.0, 2.0), (3.0, 1.0)].map(|(value, count)| Point { at_ms: 0, value, count }).to_vec();
        let check = |statistic: Statistic, expected: f64| {
            assert_eq!(reduce(statistic, &points, Some(0.5), 60_000), Some(expected), "{statistic:?}");
        };
        check(Statistic::Count, 4.0);
        check(Statistic::Sum, 12.0);
        check(Statistic::Mean, 3.0);
        check(Statistic::Min, 1.0);
        check(Statistic::Max, 4.0);
        check(Statistic::First, 1.0);
        check(Statistic::Last, 3.0);
        check(Statistic::Increment, 2.5);
        check(Statistic::Rate, 2.5 / 60.0);
        check(Statistic::Percentile(0.5), 3.0);
        check(Statistic::Percentile(0.9), 4.0);
        check(Statistic::Absent(None), 0.0);
        assert_eq!(reduce(Statistic::Mean, &[], None, 60_000), None);
        assert_eq!(reduce(Statistic::Absent(None), &[], None, 60_000), Some(1.0));
    }
}

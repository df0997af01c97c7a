//! The Mann-Kendall test: plain (Mann 1945, Kendall 1975), with the variance of Hamed and Rao (1998) for
//! autocorrelated series, and by season (Hirsch, Slack and Smith 1982).

use super::pairs::{descents, pairs, ties};
use super::{all_finite, by_season, theil_sen, two_sided_normal};
use crate::statistics::describe::ranks;

/// Longest lag whose autocorrelation corrects the variance; keeps long series within O(n) memory and time.
const MAX_LAG: usize = 1_000;
/// Deviate of the 95 % bounds within which an autocorrelation counts as none.
const BOUND: f64 = 1.959_963_984_540_054;
/// Fewest values.
const LEAST: usize = 3;

/// The result of a test for a monotone trend.
#[derive(Debug, Clone, PartialEq)]
pub struct MannKendall {
    /// Values.
    pub n: usize,
    /// Rising pairs less falling pairs.
    pub s: f64,
    /// `s` as a share of all pairs, -1 to 1.
    pub tau: f64,
    /// Variance of `s` without a trend.
    pub variance: f64,
    /// Standardised `s`, corrected by one for continuity; 0 when all values are equal.
    pub z: f64,
    /// Two-sided.
    pub p_value: f64,
}

/// The plain test with the correction for ties. `None` below three values or with one that is not finite.
#[must_use]
pub fn mann_kendall(series: &[f64]) -> Option<MannKendall> {
    let score = Score::of(series);
    usable(series).then(|| score.test(series.len(), 1.0))
}

/// The test with the variance that Hamed and Rao give for autocorrelated values: autocorrelations of the ranks of
/// the detrended values, where they differ from 0 at 5 %, up to lag n - 1 or 1,000.
///
/// `None` as for [`mann_kendall`], and when the corrected variance is not positive.
#[must_use]
pub fn hamed_rao(series: &[f64]) -> Option<MannKendall> {
    let slope = theil_sen(series, 0.05)?.per_step;
    let rest: Vec<f64> = series.iter().enumerate().map(|(step, value)| value - slope * step as f64).collect();
    let n = series.len() as f64;
    let centred: Vec<f64> = ranks(&rest).iter().map(|rank| rank - (n + 1.0) / 2.0).collect();
    let whole: f64 = centred.iter().map(|rank| rank * rank).sum();
    let weight = |lag: usize| {
        let shared: f64 = centred.iter().zip(&centred[lag..]).map(|(a, b)| a * b).sum();
        let (r, l) = (shared / whole, lag as f64);
        if r.abs() > BOUND / n.sqrt() { (n - l) * (n - l - 1.0) * (n - l - 2.0) * r } else { 0.0 }
    };
    // Detrended values that are all equal have no autocorrelation to correct for.
    let lags = if whole > 0.0 { 1..series.len().min(MAX_LAG + 1) } else { 0..0 };
    let weighted: f64 = lags.map(weight).sum();
    let factor = 1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * weighted;
    (factor > 0.0).then(|| Score::of(series).test(series.len(), factor))
}

/// The test by season: scores and variances of the seasons are added up.
///
/// `None` as for [`mann_kendall`], for periods below 2 and for less than two full periods.
#[must_use]
pub fn seasonal(series: &[f64], period: usize) -> Option<MannKendall> {
    if period < 2 || series.len() / 2 < period || !usable(series) {
        return None;
    }
    let whole = by_season(series, period).iter().map(|season| Score::of(season)).fold(Score::default(), Score::plus);
    Some(whole.test(series.len(), 1.0))
}

fn usable(series: &[f64]) -> bool {
    series.len() >= LEAST && all_finite(series)
}

/// What one sequence, or several together, say about a trend.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    s: f64,
    variance: f64,
    pairs: f64,
}

impl Score {
    fn of(series: &[f64]) -> Self {
        let groups = ties(series);
        let all = pairs(series.len() as u64) as f64;
        let tied: f64 = groups.iter().map(|size| pairs(*size) as f64).sum();
        let spread = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
        let within: f64 = groups.iter().map(|size| spread(*size as f64)).sum();
        let s = all - tied - 2.0 * descents(series) as f64;
        Self { s, variance: ((spread(series.len() as f64) - within) / 18.0).max(0.0), pairs: all }
    }

    fn plus(self, other: Self) -> Self {
        Self { s: self.s + other.s, variance: self.variance + other.variance, pairs: self.pairs + other.pairs }
    }

    fn test(self, n: usize, factor: f64) -> MannKendall {
        let variance = self.variance * factor;
        let corrected = (self.s.abs() - 1.0).max(0.0) * self.s.signum();
        let z = if variance > 0.0 { corrected / variance.sqrt() } else { 0.0 };
        let tau = if self.pairs > 0.0 { self.s / self.pairs } else { 0.0 };
        MannKendall { n, s: self.s, tau, variance, z, p_value: two_sided_normal(z) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inputs_that_say_nothing() {
        for series in [&[][..], &[1.0], &[1.0, 2.0], &[1.0, f64::NAN, 3.0, 4.0], &[1.0, f64::INFINITY, 3.0]] {
            assert_eq!(
                (mann_kendall(series), hamed_rao(series), seasonal(series, 2)),
                (None, None, None),
                "{series:?}"
            );
        }
        let constant = mann_kendall(&[5.0; 9]).unwrap();
        assert_eq!((constant.s, constant.tau, constant.z, constant.p_value), (0.0, 0.0, 0.0, 1.0));
        assert_eq!(hamed_rao(&[5.0; 9]).unwrap().p_value, 1.0);
        assert_eq!(seasonal(&[1.0; 5], 1), None);
    }

    #[test]
    fn a_straight_line_rises_with_every_pair() {
        let line: Vec<f64> = (0..10).map(f64::from).collect();
        let test = mann_kendall(&line).unwrap();
        assert_eq!((test.s, test.tau, test.variance), (45.0, 1.0, 125.0));
        assert!((test.z - 44.0 / 125.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(mann_kendall(&line.iter().rev().copied().collect::<Vec<_>>()).unwrap().s, -45.0);
    }

    /// A pair forms 5 billion times here; the test would not end if they were formed.
    #[test]
    fn a_hundred_thousand_values() {
        let series: Vec<f64> = (0..100_000_u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) % 1_000)).collect();
        let test = mann_kendall(&series).unwrap();
        assert!(test.tau.abs() < 0.01 && (0.0..=1.0).contains(&test.p_value));
    }

    proptest! {
        #[test]
        fn reversing_turns_the_sign(values in proptest::collection::vec(-1e6_f64..1e6, 3..40)) {
            let forwards = mann_kendall(&values).unwrap();
            let backwards = mann_kendall(&values.iter().rev().copied().collect::<Vec<_>>()).unwrap();
            prop_assert_eq!(forwards.s, -backwards.s);
            prop_assert_eq!(forwards.p_value, backwards.p_value);
            prop_assert!((-1.0..=1.0).contains(&forwards.tau));
        }

        #[test]
        fn results_are_numbers(values in proptest::collection::vec(-1e300_f64..1e300, 3..40), period in 2_usize..8) {
            for test in [mann_kendall(&values), hamed_rao(&values), seasonal(&values, period)].into_iter().flatten() {
                prop_assert!(test.z.is_finite() && (0.0..=1.0).contains(&test.p_value));
            }
        }
    }
}

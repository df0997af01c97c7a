//! The Theil-Sen slope (Theil 1950, Sen 1968): the median slope over all pairs, with a rank interval.

use statrs::distribution::{ContinuousCDF, Normal};

use super::pairs::{descents, pairs, ties};
use super::{all_finite, by_season};
use crate::statistics::describe::median;

/// Pairs up to which slopes are formed and sorted; above, the slope is found by counting pairs (1 MiB).
const MAX_FORMED: u64 = 1 << 17;
/// Halvings of the interval in which a slope is looked for; 2^-60 of its width is below the rounding of the values.
const HALVINGS: usize = 60;

/// A slope with its confidence interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// Change per step of time; of [`seasonal_slope`], per whole period.
    pub per_step: f64,
    /// Lower bound of the interval.
    pub lower: f64,
    /// Upper bound of the interval.
    pub upper: f64,
    /// Level at step 0: the line goes through the medians of values and steps.
    pub intercept: f64,
}

/// The median slope over all pairs, with the interval at confidence 1 - `alpha`.
///
/// `None` below two values, with one that is not finite, or when slopes are too large for a number. With more than
/// 512 values the slopes are exact to about 1e-12 of the largest one.
#[must_use]
pub fn theil_sen(series: &[f64], alpha: f64) -> Option<Slope> {
    let (per_step, lower, upper) = of(&[series.to_vec()], alpha)?;
    let steps = (series.len() as f64 - 1.0) / 2.0;
    Some(Slope { per_step, lower, upper, intercept: median(series)? - steps * per_step })
}

/// The median slope over all pairs of the same season, per whole period.
///
/// `None` as for [`theil_sen`], for periods below 2 and for less than two full periods.
#[must_use]
pub fn seasonal_slope(series: &[f64], period: usize, alpha: f64) -> Option<Slope> {
    if period < 2 || series.len() / 2 < period {
        return None;
    }
    let (per_step, lower, upper) = of(&by_season(series, period), alpha)?;
    let steps = (series.len() as f64 - 1.0) / 2.0 / period as f64;
    Some(Slope { per_step, lower, upper, intercept: median(series)? - steps * per_step })
}

/// Median and bounds of the slopes within each group.
fn of(groups: &[Vec<f64>], alpha: f64) -> Option<(f64, f64, f64)> {
    if !groups.iter().all(|group| all_finite(group)) {
        return None;
    }
    let count: u64 = groups.iter().map(|group| pairs(group.len() as u64)).sum();
    let slopes = Slopes::new(groups, count)?;
    let reach = half_width(groups, alpha)?;
    let last = count - 1;
    let place = |rank: f64| rank.round().clamp(0.0, last as f64) as u64;
    let median = (slopes.at(last / 2) + slopes.at(count / 2)) / 2.0;
    let lower = slopes.at(place((count as f64 - reach) / 2.0 - 1.0)).min(median);
    let upper = slopes.at(place((count as f64 + reach) / 2.0)).max(median);
    (median.is_finite() && lower.is_finite() && upper.is_finite()).then_some((median, lower, upper))
}

/// Ranks between the bounds: the deviate of `alpha` times the standard deviation of Kendall's score.
fn half_width(groups: &[Vec<f64>], alpha: f64) -> Option<f64> {
    let spread = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0) / 18.0;
    let of_group = |group: &Vec<f64>| {
        let tied: f64 = ties(group).iter().map(|size| spread(*size as f64)).sum();
        spread(group.len() as f64) - tied
    };
    let variance: f64 = groups.iter().map(of_group).sum();
    let deviate = Normal::standard().inverse_cdf(1.0 - alpha.clamp(1e-12, 1.0) / 2.0);
    Some(deviate * variance.max(0.0).sqrt()).filter(|reach| reach.is_finite())
}

/// The slopes of all pairs in rising order, formed or not.
enum Slopes<'a> {
    Formed(Vec<f64>),
    Counted { groups: &'a [Vec<f64>], least: f64, most: f64 },
}

impl<'a> Slopes<'a> {
    /// `None` without any pair.
    fn new(groups: &'a [Vec<f64>], count: u64) -> Option<Self> {
        if count <= MAX_FORMED {
            let mut slopes: Vec<f64> = groups.iter().flat_map(|group| formed(group)).collect();
            slopes.sort_unstable_by(f64::total_cmp);
            return (!slopes.is_empty()).then_some(Self::Formed(slopes));
        }
        // No pair is steeper than the steepest neighbours.
        let neighbours = || groups.iter().flat_map(|group| group.windows(2).map(|pair| pair[1] - pair[0]));
        let (least, most) =
            (neighbours().fold(f64::INFINITY, f64::min), neighbours().fold(f64::NEG_INFINITY, f64::max));
        (least.is_finite() && most.is_finite()).then_some(Self::Counted { groups, least, most })
    }

    /// The slope with this rank, from 0.
    fn at(&self, rank: u64) -> f64 {
        match self {
            Self::Formed(slopes) => slopes.get(rank as usize).copied().unwrap_or(f64::NAN),
            Self::Counted { groups, least, most } => search(groups, *least, *most, rank),
        }
    }
}

fn formed(group: &[f64]) -> impl Iterator<Item = f64> {
    let from = move |i: usize| (i + 1..group.len()).map(move |j| (group[j] - group[i]) / (j - i) as f64);
    (0..group.len()).flat_map(from)
}

/// Halves an interval until it holds no more than the slope with this rank.
fn search(groups: &[Vec<f64>], least: f64, most: f64, rank: u64) -> f64 {
    let (mut low, mut high) = (least, most);
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if below(groups, middle) > rank { high = middle } else { low = middle }
    }
    low + (high - low) / 2.0
}

/// Pairs whose slope is below `slope`: those that fall once the slope is taken away.
fn below(groups: &[Vec<f64>], slope: f64) -> u64 {
    let level = |group: &Vec<f64>| -> Vec<f64> {
        group.iter().enumerate().map(|(step, value)| value - slope * step as f64).collect()
    };
    groups.iter().map(|group| descents(&level(group))).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inputs_that_say_nothing() {
        for series in [&[][..], &[1.0], &[1.0, f64::NAN], &[-1e308, 1e308, -1e308]] {
            assert_eq!(theil_sen(series, 0.05), None, "{series:?}");
        }
        let constant = theil_sen(&[4.0; 7], 0.05).unwrap();
        assert_eq!((constant.per_step, constant.lower, constant.upper, constant.intercept), (0.0, 0.0, 0.0, 4.0));
        assert_eq!(seasonal_slope(&[1.0, 2.0, 3.0], 2, 0.05), None);
    }

    #[test]
    fn a_line_with_one_wild_value() {
        let mut line: Vec<f64> = (0..20).map(|step| 3.0 + 2.0 * f64::from(step)).collect();
        line[19] = 1e6;
        let slope = theil_sen(&line, 0.05).unwrap();
        assert_eq!((slope.per_step, slope.intercept), (2.0, 3.0));
    }

    #[test]
    fn counting_agrees_with_forming() {
        let noise = |step: u32| f64::from(step.wrapping_mul(2_654_435_761) >> 12) / 1e4;
        let series: Vec<f64> = (0..600).map(|step| noise(step) + 0.25 * f64::from(step)).collect();
        let counted = theil_sen(&series, 0.05).unwrap();
        let mut slopes: Vec<f64> = formed(&series).collect();
        slopes.sort_unstable_by(f64::total_cmp);
        let exact = (slopes[slopes.len() / 2] + slopes[(slopes.len() - 1) / 2]) / 2.0;
        assert!((counted.per_step - exact).abs() < 1e-9, "{} {exact}", counted.per_step);
        assert!(counted.lower < exact && exact < counted.upper);
    }

    proptest! {
        #[test]
        fn bounds_hold_the_slope(values in proptest::collection::vec(-1e9_f64..1e9, 2..60)) {
            let slope = theil_sen(&values, 0.05).unwrap();
            prop_assert!(slope.lower <= slope.per_step && slope.per_step <= slope.upper);
        }
    }
}

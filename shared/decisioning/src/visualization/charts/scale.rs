//! From values to pixels, with round ticks; the arithmetic is the library's.

use plotters::coord::ranged1d::{BoldPoints, Ranged};
use plotters::coord::types::RangedCoordf64;

/// Values between two pixels.
pub(crate) struct Scale {
    range: RangedCoordf64,
    low: f64,
    high: f64,
    /// What the values are divided by, so that no size of number troubles the library.
    unit: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// A scale over all finite values and zero where `with_zero`, drawn from pixel `from` to pixel `to`.
    pub(crate) fn over(values: impl Iterator<Item = f64>, with_zero: bool, from: f64, to: f64) -> Self {
        let start = if with_zero { (0.0, 0.0) } else { (f64::INFINITY, f64::NEG_INFINITY) };
        let (low, high) =
            values.filter(|v| v.is_finite()).fold(start, |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let largest = low.abs().max(high.abs());
        let unit = if largest > 0.0 { 10_f64.powf(largest.log10().floor()) } else { 1.0 };
        let unit = if unit.is_finite() && unit > 0.0 { unit } else { 1.0 };
        let (low, high) = (low / unit, high / unit);
        let (low, high) = if high - low > 1e-9 { (low, high) } else { (low - 0.5, high + 0.5) };
        Self { range: (low..high).into(), low, high, unit, from, to }
    }

    /// The pixel of a value.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = (value / self.unit - self.low) / (self.high - self.low);
        self.from + share.clamp(-0.05, 1.05) * (self.to - self.from)
    }

    /// Round values, about `most` of them.
    pub(crate) fn ticks(&self, most: usize) -> Vec<f64> {
        self.range.key_points(BoldPoints(most)).into_iter().map(|value| value * self.unit).collect()
    }
}

/// Places of at most `most` labels among `count`, evenly apart, the first included.
pub(crate) fn label_places(count: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..count).step_by(count.div_ceil(most.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_values_fall_between_the_pixels() {
        let scale = Scale::over([14_236.9, 118_447.8].into_iter(), true, 100.0, 0.0);
        let ticks = scale.ticks(6);
        assert!(ticks.iter().all(|tick| (tick / 10_000.0).fract().abs() < 1e-9), "{ticks:?}");
        assert!((3..=7).contains(&ticks.len()), "{ticks:?}");
        assert!((scale.at(0.0) - 100.0).abs() < 1e-9 && scale.at(118_447.8).abs() < 1e-9);
    }

    #[test]
    fn no_numbers_are_too_strange() {
        for values in [vec![], vec![5.0; 3], vec![0.0], vec![f64::NAN], vec![f64::MAX, -f64::MAX], vec![1e-300, 2e-300]]
        {
            let scale = Scale::over(values.iter().copied(), true, 0.0, 100.0);
            assert!(scale.ticks(5).len() < 20, "{values:?}");
            assert!(values.iter().filter(|v| v.is_finite()).all(|v| scale.at(*v).is_finite()), "{values:?}");
        }
    }
}

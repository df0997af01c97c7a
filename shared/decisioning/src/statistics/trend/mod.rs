//! Monotone trends: the Mann-Kendall test in three forms and the Theil-Sen slope.
//!
//! Values are taken in order of time, one step apart. Nothing is computed over values that are not finite: the
//! caller decides what an absent value means. Time is O(n log n) and memory O(n), also for the slope over all
//! n(n - 1)/2 pairs.

mod kendall;
mod pairs;
mod slope;

pub use kendall::{MannKendall, hamed_rao, mann_kendall, seasonal};
pub use slope::{Slope, seasonal_slope, theil_sen};

use statrs::function::erf::erfc;

/// Values of each season in order of time; season 0 is that of the first value.
fn by_season(series: &[f64], period: usize) -> Vec<Vec<f64>> {
    (0..period.min(series.len())).map(|first| series[first..].iter().step_by(period).copied().collect()).collect()
}

/// Whether every value is a number.
fn all_finite(series: &[f64]) -> bool {
    series.iter().all(|value| value.is_finite())
}

/// The probability of a standard normal deviate at least as far from 0 as `z`.
#[must_use]
pub fn two_sided_normal(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2).clamp(0.0, 1.0)
}

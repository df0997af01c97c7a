//! Seasonal-trend decomposition by LOESS (Cleveland, Cleveland, McRae and Terpenning 1990), with every setting
//! written out: libraries differ in their defaults.

use super::describe::{mean, variance};

/// Longest period.
const MAX_PERIOD: usize = 100_000;

/// Windows are numbers of points, jumps the distance of the points that are smoothed rather than interpolated.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Window and jump of the seasonal smoother.
    pub seasonal: (usize, usize),
    /// Degree of the seasonal smoother, 0 or 1.
    pub seasonal_degree: u8,
    /// Window and jump of the trend smoother, whose degree is 1.
    pub trend: (usize, usize),
    /// Window and jump of the low-pass filter, whose degree is 1.
    pub low_pass: (usize, usize),
    /// Loops within one set of robustness weights.
    pub inner_loops: usize,
    /// Loops over robustness weights; 0 is not robust.
    pub outer_loops: usize,
    /// Whether the seasonal part is replaced by its mean over the periods.
    pub is_periodic: bool,
}

impl Settings {
    /// The settings of R's `stl(s.window = "periodic", robust = TRUE)` for `n` values.
    #[must_use]
    pub fn periodic(n: usize, period: usize) -> Self {
        let seasonal = 10 * n + 1;
        let trend = odd((1.5 * period as f64 / (1.0 - 1.5 / seasonal as f64)).ceil() as usize);
        let with_jump = |window: usize| (window, window.div_ceil(10));
        Self {
            seasonal: with_jump(seasonal),
            seasonal_degree: 0,
            trend: with_jump(trend),
            low_pass: with_jump(odd(period)),
            inner_loops: 1,
            outer_loops: 15,
            is_periodic: true,
        }
    }

    /// A season that changes over `seasonal_window` periods, smoothed at every point, not robust.
    #[must_use]
    pub fn changing(period: usize, seasonal_window: usize) -> Self {
        let trend = odd((1.5 * period as f64 / (1.0 - 1.5 / seasonal_window.max(3) as f64)).ceil() as usize);
        Self {
            seasonal: (seasonal_window, 1),
            seasonal_degree: 1,
            trend: (trend, 1),
            low_pass: (odd(period + 1), 1),
            inner_loops: 5,
            outer_loops: 0,
            is_periodic: false,
        }
    }
}

fn odd(window: usize) -> usize {
    window | 1
}

/// A series as a sum of three parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// What repeats from period to period.
    pub seasonal: Vec<f64>,
    /// What changes slowly.
    pub trend: Vec<f64>,
    /// The rest.
    pub remainder: Vec<f64>,
}

impl Decomposition {
    /// Strength of the trend, 0 to 1: 1 - var(remainder) / var(trend + remainder) (Wang, Smith and Hyndman 2006).
    /// `None` where neither varies.
    #[must_use]
    pub fn trend_strength(&self) -> Option<f64> {
        self.strength(&self.trend)
    }

    /// Strength of the season, 0 to 1, likewise.
    #[must_use]
    pub fn seasonal_strength(&self) -> Option<f64> {
        self.strength(&self.seasonal)
    }

    fn strength(&self, part: &[f64]) -> Option<f64> {
        let both: Vec<f64> = self.remainder.iter().zip(part).map(|(r, p)| r + p).collect();
        let values = self.trend.iter().chain(&self.seasonal).chain(&self.remainder);
        let scale = values.fold(0.0_f64, |most, value| most.max(value.abs()));
        // Rounding of the decomposition is not variation.
        let whole = variance(&both).filter(|v| *v > (scale * 1e-12).powi(2))?;
        Some((1.0 - variance(&self.remainder)? / whole).clamp(0.0, 1.0))
    }
}

/// Decomposes a series.
///
/// `None` for periods below 2 or above 100,000, for less than two full periods, for values that are not finite or
/// too large to be smoothed.
#[must_use]
pub fn decompose(series: &[f64], period: usize, settings: &Settings) -> Option<Decomposition> {
    let is_usable = (2..=MAX_PERIOD).contains(&period) && series.len() / 2 >= period;
    if !is_usable || !series.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut params = stlrs::params();
    params
        .seasonal_length(settings.seasonal.0)
        .seasonal_jump(settings.seasonal.1.max(1))
        .seasonal_degree(i32::from(settings.seasonal_degree.min(1)))
        .trend_length(settings.trend.0)
        .trend_jump(settings.trend.1.max(1))
        .trend_degree(1)
        .low_pass_length(settings.low_pass.0)
        .low_pass_jump(settings.low_pass.1.max(1))
        .low_pass_degree(1)
        .inner_loops(settings.inner_loops.max(1))
        .outer_loops(settings.outer_loops)
        .robust(settings.outer_loops > 0);
    let (mut seasonal, trend, _, _) = params.fit(series, period).ok()?.into_parts();
    if settings.is_periodic {
        seasonal = cycle_means(&seasonal, period);
    }
    let remainder: Vec<f64> = (0..series.len()).map(|i| series[i] - seasonal[i] - trend[i]).collect();
    remainder.iter().all(|value| value.is_finite()).then_some(Decomposition { seasonal, trend, remainder })
}

fn cycle_means(seasonal: &[f64], period: usize) -> Vec<f64> {
    let of_place = |place: usize| -> f64 {
        let values: Vec<f64> = seasonal[place..].iter().step_by(period).copied().collect();
        mean(&values).unwrap_or(0.0)
    };
    let means: Vec<f64> = (0..period.min(seasonal.len())).map(of_place).collect();
    (0..seasonal.len()).map(|i| means[i % period]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inputs_that_cannot_be_decomposed() {
        let check = |series: &[f64], period| {
            let settings = Settings::periodic(series.len(), period);
            assert_eq!(decompose(series, period, &settings), None, "{series:?} {period}");
        };
        check(&[], 2);
        check(&[1.0], 1);
        check(&[1.0, 2.0, 3.0], 2);
        check(&[1.0; 20], 1);
        check(&[1.0; 20], 0);
        check(&[1.0, 2.0, f64::NAN, 4.0], 2);
    }

    #[test]
    fn a_constant_has_neither_trend_nor_season() {
        let parts = decompose(&[7.0; 24], 12, &Settings::periodic(24, 12)).unwrap();
        assert!(parts.remainder.iter().all(|r| r.abs() < 1e-9));
        assert_eq!((parts.trend_strength(), parts.seasonal_strength()), (None, None));
    }

    #[test]
    fn a_pure_season_is_strong() {
        let series: Vec<f64> = (0..60).map(|i| f64::from(i % 12) + f64::from(i % 5) / 100.0).collect();
        let parts = decompose(&series, 12, &Settings::periodic(60, 12)).unwrap();
        assert!(parts.seasonal_strength().unwrap() > 0.99);
    }

    #[test]
    fn the_windows_of_r() {
        let settings = Settings::periodic(14_398, 1_440);
        assert_eq!(
            (settings.seasonal, settings.trend, settings.low_pass),
            ((143_981, 14_399), (2_161, 217), (1_441, 145))
        );
    }

    proptest! {
        #[test]
        fn the_parts_add_up(values in proptest::collection::vec(-1e6_f64..1e6, 8..80), period in 2_usize..5) {
            let parts = decompose(&values, period, &Settings::periodic(values.len(), period)).unwrap();
            for (i, value) in values.iter().enumerate() {
                prop_assert!((parts.seasonal[i] + parts.trend[i] + parts.remainder[i] - value).abs() < 1e-3);
            }
            let strengths = [parts.trend_strength(), parts.seasonal_strength()];
            prop_assert!(strengths.into_iter().flatten().all(|s| (0.0..=1.0).contains(&s)));
        }
    }
}

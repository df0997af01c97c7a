//! Forecasts from earlier points of a series, compared with what came.

use super::{Accuracy, Method, RANGE_SHARE, auto_ets, seasonal_naive};
use crate::statistics::describe::{mean, quantile};

/// Most origins.
const ORIGINS: usize = 6;

/// Absolute errors of both methods at the same points, and the scale of each origin.
#[derive(Debug, Default)]
pub(super) struct Errors {
    origins: usize,
    baseline: Vec<Scaled>,
    smoothing: Vec<Scaled>,
    /// Whether smoothing could not be fitted at some origin.
    is_unfitted: bool,
}

#[derive(Debug, Clone, Copy)]
struct Scaled {
    error: f64,
    scale: f64,
}

/// Forecasts from up to six origins, the last of which leaves a whole horizon. `None` without an origin whose
/// history is long enough and varies.
pub(super) fn origins(series: &[f64], period: usize, horizon: usize) -> Option<Errors> {
    let least = (2 * period + 2).max(8);
    let last = series.len().checked_sub(horizon).filter(|last| *last >= least)?;
    let step = ((last - least) / (ORIGINS - 1)).max(1);
    let mut errors = Errors::default();
    for origin in (least..=last).rev().step_by(step).take(ORIGINS) {
        errors.compare(&series[..origin], &series[origin..origin + horizon], period);
    }
    (errors.origins > 0).then_some(errors)
}

impl Errors {
    fn compare(&mut self, known: &[f64], came: &[f64], period: usize) {
        let steps: Vec<f64> = known.iter().zip(&known[period..]).map(|(a, b)| (b - a).abs()).collect();
        let Some(scale) = mean(&steps).filter(|scale| *scale > 0.0 && scale.is_finite()) else { return };
        let scaled = |points: &[f64]| -> Vec<Scaled> {
            points.iter().zip(came).map(|(point, value)| Scaled { error: (point - value).abs(), scale }).collect()
        };
        self.origins += 1;
        self.baseline.extend(scaled(&seasonal_naive(known, period, came.len())));
        let smoothed = auto_ets(known, period).map(|model| model.forecast(came.len()));
        match smoothed.filter(|points| points.iter().all(|point| point.is_finite())) {
            Some(points) => self.smoothing.extend(scaled(&points)),
            None => self.is_unfitted = true,
        }
    }

    pub(super) fn accuracy(&self) -> Tried {
        Tried {
            baseline_mase: mase(&self.baseline),
            smoothing_mase: if self.is_unfitted { None } else { Some(mase(&self.smoothing)) },
            baseline_range: range(&self.baseline),
            smoothing_range: range(&self.smoothing),
            origins: self.origins,
            compared: self.baseline.len(),
        }
    }
}

fn mase(errors: &[Scaled]) -> f64 {
    mean(&errors.iter().map(|e| e.error / e.scale).collect::<Vec<f64>>()).unwrap_or(f64::INFINITY)
}

fn range(errors: &[Scaled]) -> f64 {
    quantile(&errors.iter().map(|e| e.error).collect::<Vec<f64>>(), RANGE_SHARE).unwrap_or(0.0)
}

/// How both methods did.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) baseline_mase: f64,
    pub(super) smoothing_mase: Option<f64>,
    baseline_range: f64,
    smoothing_range: f64,
    origins: usize,
    compared: usize,
}

impl Tried {
    /// The account of the method that was kept.
    pub(super) fn of(&self, method: &Method) -> Accuracy {
        let (mase, range) = match method {
            Method::SeasonalNaive => (self.baseline_mase, self.baseline_range),
            Method::Smoothing(_) => (self.smoothing_mase.unwrap_or(self.baseline_mase), self.smoothing_range),
        };
        Accuracy {
            origins: self.origins,
            compared: self.compared,
            mase,
            baseline_mase: self.baseline_mase,
            smoothing_mase: self.smoothing_mase,
            range,
        }
    }
}

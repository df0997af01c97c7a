//! The states of exponential smoothing: level, trend and season, and how an error moves them (Hyndman, Koehler, Ord
//! and Snyder 2008).

use super::smoothing::{Form, Season, Trend};

/// How far an error moves the states.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weights {
    /// Of the level, 0 to 1.
    pub alpha: f64,
    /// Of the trend, 0 to alpha.
    pub beta: f64,
    /// Of the season, 0 to 1 - alpha.
    pub gamma: f64,
    /// Damping of the trend per step; 1 is none.
    pub phi: f64,
}

/// Level, trend and the seasons to come.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct States {
    pub(super) level: f64,
    pub(super) trend: f64,
    /// One entry per point of the period; empty without season. `next` is that of the next point.
    pub(super) seasons: Vec<f64>,
    pub(super) next: usize,
}

impl States {
    fn base(&self, weights: &Weights) -> f64 {
        self.level + weights.phi * self.trend
    }

    fn expected(&self, base: f64, season: Season) -> f64 {
        match season {
            Season::None => base,
            Season::Additive => base + self.seasons[self.next],
            Season::Multiplicative => base * self.seasons[self.next],
        }
    }

    /// Takes in a value; gives what was expected.
    pub(super) fn step(&mut self, value: f64, form: Form, weights: &Weights) -> f64 {
        let base = self.base(weights);
        let expected = self.expected(base, form.season);
        let error = value - expected;
        let of_base = match form.season {
            // The error as it would be without the season.
            Season::Multiplicative => error / self.seasons[self.next],
            _ => error,
        };
        self.level = base + weights.alpha * of_base;
        if form.trend != Trend::None {
            self.trend = weights.phi * self.trend + weights.beta * of_base;
        }
        match form.season {
            Season::None => {}
            Season::Additive => self.seasons[self.next] += weights.gamma * error,
            Season::Multiplicative => self.seasons[self.next] += weights.gamma * error / base,
        }
        if !self.seasons.is_empty() {
            self.next = (self.next + 1) % self.seasons.len();
        }
        expected
    }

    /// The next points if no error occurs.
    pub(super) fn ahead(&self, form: Form, weights: &Weights, horizon: usize) -> Vec<f64> {
        let mut states = self.clone();
        let still = Weights { alpha: 0.0, beta: 0.0, gamma: 0.0, phi: weights.phi };
        (0..horizon)
            .map(|_| {
                let expected = states.expected(states.base(&still), form.season);
                states.step(expected, form, &still);
                expected
            })
            .collect()
    }

    /// First guess: seasons from the first whole periods, level and trend from a line through what they leave.
    ///
    /// `None` where multiplicative seasons would not be positive.
    pub(super) fn guess(series: &[f64], form: Form, period: usize) -> Option<Self> {
        let seasons = match form.season {
            Season::None => Vec::new(),
            season => first_seasons(series, period, season)?,
        };
        let at = |i: usize| match form.season {
            Season::None => series[i],
            Season::Additive => series[i] - seasons[i % period],
            Season::Multiplicative => series[i] / seasons[i % period],
        };
        let count = series.len().min(10.max(period));
        let first: Vec<f64> = (0..count).map(at).collect();
        let (level, slope) = line(&first);
        let trend = if form.trend == Trend::None { 0.0 } else { slope };
        let level = if form.trend == Trend::None { level + slope * (count as f64 - 1.0) / 2.0 } else { level - slope };
        Some(Self { level, trend, seasons, next: 0 })
    }
}

/// Seasons of the first up to three whole periods, each against a line through the means of the periods.
fn first_seasons(series: &[f64], period: usize, season: Season) -> Option<Vec<f64>> {
    let whole = (series.len() / period).min(3);
    let means: Vec<f64> =
        (0..whole).map(|p| series[p * period..(p + 1) * period].iter().sum::<f64>() / period as f64).collect();
    let (first, slope) = line(&means);
    let middle = (period as f64 - 1.0) / 2.0;
    let level = |i: usize| first + slope * (i as f64 - middle) / period as f64;
    let against = |i: usize| match season {
        Season::Multiplicative => series[i] / level(i),
        _ => series[i] - level(i),
    };
    let mut seasons: Vec<f64> =
        (0..period).map(|place| (0..whole).map(|p| against(p * period + place)).sum::<f64>() / whole as f64).collect();
    let mean = seasons.iter().sum::<f64>() / period as f64;
    match season {
        Season::Multiplicative => seasons.iter_mut().for_each(|s| *s /= mean),
        _ => seasons.iter_mut().for_each(|s| *s -= mean),
    }
    let is_usable = |s: &f64| s.is_finite() && (season != Season::Multiplicative || *s > 1e-3);
    seasons.iter().all(is_usable).then_some(seasons)
}

/// Start and slope of the least-squares line.
fn line(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let (mean_x, mean_y) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n);
    let across: f64 = values.iter().enumerate().map(|(x, y)| (x as f64 - mean_x) * (y - mean_y)).sum();
    let along: f64 = (0..values.len()).map(|x| (x as f64 - mean_x).powi(2)).sum();
    let slope = if along > 0.0 { across / along } else { 0.0 };
    (mean_y - slope * mean_x, slope)
}

//! Exponential smoothing in state-space form, with the form chosen by the corrected information criterion.
//!
//! Forms with multiplicative season have multiplicative errors and need positive values. Weights, level and trend at
//! the start are found by maximum likelihood; the seasons at the start are those of the first periods.

use super::states::{States, Weights};
use crate::statistics::describe::deviation;
use crate::statistics::optimise::nelder_mead;

/// How the level moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// It stays.
    None,
    /// By a constant step, but for errors.
    Additive,
    /// By a step that fades.
    Damped,
}

/// How the season acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Season {
    /// Not at all.
    None,
    /// It is added.
    Additive,
    /// It multiplies.
    Multiplicative,
}

/// The form of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// How the level moves on.
    pub trend: Trend,
    /// How the season acts.
    pub season: Season,
}

impl Form {
    /// Its usual name by error, trend and season, such as `ETS(A,Ad,N)`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.trend, self.season) {
            (Trend::None, Season::None) => "ETS(A,N,N)",
            (Trend::Additive, Season::None) => "ETS(A,A,N)",
            (Trend::Damped, Season::None) => "ETS(A,Ad,N)",
            (Trend::None, Season::Additive) => "ETS(A,N,A)",
            (Trend::Additive, Season::Additive) => "ETS(A,A,A)",
            (Trend::Damped, Season::Additive) => "ETS(A,Ad,A)",
            (Trend::None, Season::Multiplicative) => "ETS(M,N,M)",
            (Trend::Additive, Season::Multiplicative) => "ETS(M,A,M)",
            (Trend::Damped, Season::Multiplicative) => "ETS(M,Ad,M)",
        }
    }

    fn has_relative_errors(self) -> bool {
        self.season == Season::Multiplicative
    }

    /// Parameters: weights, states at the start, and the variance.
    fn parameters(self, period: usize) -> usize {
        let trend = match self.trend {
            Trend::None => 0,
            Trend::Additive => 2,
            Trend::Damped => 3,
        };
        3 + trend + if self.season == Season::None { 0 } else { period }
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothing {
    /// Its form.
    pub form: Form,
    /// How far errors move its states.
    pub weights: Weights,
    /// Twice the negative log-likelihood, up to a constant that all forms share.
    pub deviance: f64,
    /// The corrected information criterion.
    pub aicc: f64,
    /// States after the last value.
    states: States,
}

impl Smoothing {
    /// The next points.
    #[must_use]
    pub fn forecast(&self, horizon: usize) -> Vec<f64> {
        self.states.ahead(self.form, &self.weights, horizon)
    }
}

/// Fits every form that suits the series and gives that with the least criterion; `period` below 2 is without season.
///
/// `None` when no form can be fitted: too few values, one that is not finite, or all equal.
#[must_use]
pub fn auto_ets(series: &[f64], period: usize) -> Option<Smoothing> {
    let is_seasonal = period > 1 && series.len() >= 2 * period;
    let is_positive = series.iter().all(|value| *value > 0.0);
    let seasons =
        [(Season::None, true), (Season::Additive, is_seasonal), (Season::Multiplicative, is_seasonal && is_positive)];
    let forms = seasons
        .into_iter()
        .filter(|(_, suits)| *suits)
        .flat_map(|(season, _)| [Trend::None, Trend::Additive, Trend::Damped].map(|trend| Form { trend, season }));
    forms.filter_map(|form| fit(series, period, form)).min_by(|a, b| a.aicc.total_cmp(&b.aicc))
}

/// Fits one form by maximum likelihood. `None` as for [`auto_ets`].
#[must_use]
pub fn fit(series: &[f64], period: usize, form: Form) -> Option<Smoothing> {
    let parameters = form.parameters(period);
    let spare = series.len().checked_sub(parameters + 1).filter(|spare| *spare > 0)?;
    let spread = deviation(series).filter(|spread| *spread > 0.0 && spread.is_finite())?;
    let guess = States::guess(series, form, period)?;
    let scale = Scale { form, spread, guess };
    let minimum = nelder_mead(&scale.start(), 0.5, |point| {
        let (weights, mut states) = scale.read(point);
        deviance(series, form, &weights, &mut states)
    });
    let (weights, mut states) = scale.read(&minimum.at);
    let deviance = deviance(series, form, &weights, &mut states);
    let k = parameters as f64;
    let aicc = deviance + 2.0 * k + 2.0 * k * (k + 1.0) / spare as f64;
    aicc.is_finite().then_some(Smoothing { form, weights, deviance, aicc, states })
}

/// Runs through the series; infinite where relative errors have nothing positive to refer to.
fn deviance(series: &[f64], form: Form, weights: &Weights, states: &mut States) -> f64 {
    let (mut squares, mut logarithms, mut size) = (0.0, 0.0, 0.0_f64);
    for value in series {
        let expected = states.step(*value, form, weights);
        size = size.max(value.abs());
        if form.has_relative_errors() {
            if expected <= 0.0 || states.seasons.iter().any(|season| *season <= 0.0) {
                return f64::INFINITY;
            }
            squares += ((value - expected) / expected).powi(2);
            logarithms += expected.ln();
        } else {
            squares += (value - expected).powi(2);
        }
    }
    let n = series.len() as f64;
    // A perfect fit is as good as rounding lets it be.
    let least = if form.has_relative_errors() { 1e-24 } else { 1e-24 * size * size };
    n * (squares / n).max(least).ln() + 2.0 * logarithms
}

/// Reads weights and states at the start out of a point of the search, in which every direction has about one size.
struct Scale {
    form: Form,
    spread: f64,
    guess: States,
}

impl Scale {
    fn start(&self) -> Vec<f64> {
        let trend = match self.form.trend {
            Trend::None => 0,
            Trend::Additive => 2,
            Trend::Damped => 3,
        };
        // Alpha near 0.3, beta and gamma small, at the guessed level.
        let mut point = vec![-0.8, 0.0];
        point.extend([-2.0, 0.0, 0.0].iter().take(trend));
        point.extend((self.form.season != Season::None).then_some(-2.0));
        point
    }

    fn read(&self, point: &[f64]) -> (Weights, States) {
        let share = |place: usize| 1.0 / (1.0 + (-point[place]).exp());
        let alpha = 1e-4 + (1.0 - 2e-4) * share(0);
        let mut weights = Weights { alpha, beta: 0.0, gamma: 0.0, phi: 1.0 };
        let mut states = self.guess.clone();
        states.level += self.spread * point[1];
        if self.form.trend != Trend::None {
            weights.beta = alpha * share(2);
            states.trend += self.spread * 0.1 * point[3];
        }
        if self.form.trend == Trend::Damped {
            weights.phi = 0.8 + 0.18 * share(4);
        }
        if self.form.season != Season::None {
            weights.gamma = (1.0 - alpha) * share(point.len() - 1);
        }
        (weights, states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Annual oil production in Saudi Arabia, 1996-2007 (BP Statistical Review), a textbook example of simple smoothing.
    const OIL: [f64; 12] = [
        446.6565, 454.4733, 455.663, 423.6322, 456.2713, 440.5881, 425.3325, 485.1494, 506.0482, 526.792, 514.2689,
        494.211,
    ];

    #[test]
    fn the_textbook_example_of_simple_smoothing() {
        let model = fit(&OIL, 1, Form { trend: Trend::None, season: Season::None }).unwrap();
        assert!((model.weights.alpha - 0.892).abs() < 1e-3, "{}", model.weights.alpha);
        let forecast = model.forecast(2);
        assert!((forecast[0] - 496.5).abs() < 0.1 && forecast[0] == forecast[1], "{forecast:?}");
    }

    #[test]
    fn inputs_that_cannot_be_fitted() {
        for series in
            [&[][..], &[1.0], &[1.0; 30], &[f64::NAN; 30], &[f64::MAX, f64::MIN, f64::MAX, 0.0, 1.0, 2.0, 3.0]]
        {
            assert_eq!(auto_ets(series, 4), None, "{series:?}");
        }
    }

    #[test]
    fn the_form_follows_the_series() {
        let noise = |i: u32| f64::from(i.wrapping_mul(2_654_435_761) >> 24) / 256.0;
        let season = [0.6, 0.8, 1.0, 1.6];
        let growing: Vec<f64> = (0..60_u32)
            .map(|i| (100.0 + 4.0 * f64::from(i)) * season[i as usize % 4] * (1.0 + 0.02 * noise(i)))
            .collect();
        let model = auto_ets(&growing, 4).unwrap();
        assert_eq!((model.form.season, model.form.trend != Trend::None), (Season::Multiplicative, true));
        let next = model.forecast(4);
        assert!((next[3] / (100.0 + 4.0 * 63.0) / 1.6 - 1.01).abs() < 0.03, "{next:?}");
        let level: Vec<f64> = (0..60).map(|i| 50.0 + noise(i)).collect();
        assert_eq!(auto_ets(&level, 4).unwrap().form, Form { trend: Trend::None, season: Season::None });
    }
}

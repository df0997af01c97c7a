//! From settled findings to one number. A number comes out only when all that it needs is known.

use super::cross_check::{Checked, Settled};
use super::observed::Indicators;
use super::settings::{Scoring, Settings};
use super::words::Tri;

/// What the damage makes of a package.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// From 0 to 1, higher is better, to three decimals.
    pub quality: Option<f64>,
    /// The best that it can be, given the damage that is known, when `quality` is not.
    pub at_most: Option<f64>,
}

/// The score of an answer.
///
/// `quality` needs a picture that passed the gate, a visible package, all four indicators, the severity of each that
/// is there, and an answer that nobody seems to have directed. The formulas are told at [`Scoring`].
#[must_use]
pub fn score(checked: &Checked, settings: &Settings) -> Score {
    let quality = if is_complete(checked) { quality(checked, settings) } else { None };
    let at_most = if quality.is_none() { at_most(checked, settings) } else { None };
    Score { quality, at_most }
}

fn is_complete(checked: &Checked) -> bool {
    checked.gate_passed
        && checked.package_visible == Tri::Yes
        && !checked.injection_suspected
        && !checked.is_open()
        && checked.indicators.iter().all(|(_, settled)| settled.present != Tri::Unknown)
}

fn quality(checked: &Checked, settings: &Settings) -> Option<f64> {
    match settings.scoring {
        Scoring::NoisyOr => Some(noisy_or(&checked.indicators, settings)),
        Scoring::LegacyWeighted => Some(legacy_weighted(&checked.indicators, settings)),
        Scoring::LegacyOverall => legacy_overall(checked, settings),
    }
}

/// `prod(1 - w s / w_max)` over the damage that is there, and never more than a package without damage has.
///
/// That bound keeps the rule that one more damage never helps, whatever the weights are.
fn noisy_or(indicators: &Indicators<Settled>, settings: &Settings) -> f64 {
    let heaviest = settings.damage_weights.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
    let whole = 1.0 - settings.severity_scores.none;
    let left = present(indicators, settings)
        .map(|(weight, score)| if heaviest > 0.0 { 1.0 - weight / heaviest * score } else { 1.0 - score });
    thousandths(left.product::<f64>().min(whole))
}

/// The original's weighted mean. It divides by the weights of the damage that is there, so that severe damage of one
/// kind scores .10 whatever its weight, one more minor damage can raise the score, and no damage at all scores 1.
fn legacy_weighted(indicators: &Indicators<Settled>, settings: &Settings) -> f64 {
    // Made to a sum of 1 first, and that sum in the original's order: the last bit decides how a tie is rounded.
    let all = &settings.damage_weights;
    let total = all.leakage + all.box_deformation + all.packaging_integrity + all.corner_damage;
    let (mut sum, mut weights) = (0.0, 0.0);
    for (weight, score) in present(indicators, settings) {
        sum += weight / total * score;
        weights += weight / total;
    }
    if weights == 0.0 {
        return 1.0;
    }
    thousandths((1.0 - sum / weights).max(0.0))
}

/// What the model says of the whole, if its own indicators bear it out and the score fits the severity.
fn legacy_overall(checked: &Checked, settings: &Settings) -> Option<f64> {
    let stated = &checked.observed.damage.overall;
    let is_borne_out =
        stated.severity == checked.severity() && settings.damage_bands.fit(stated.severity, stated.score);
    is_borne_out.then(|| thousandths((1.0 - stated.score).max(0.0)))
}

fn at_most(checked: &Checked, settings: &Settings) -> Option<f64> {
    let any = checked.indicators.iter().any(|(_, settled)| settled.present == Tri::Yes);
    (any && settings.scoring == Scoring::NoisyOr).then(|| noisy_or(&checked.indicators, settings))
}

/// Weight and score of each damage that is there; of unknown severity counts as minor, which it is at least.
fn present(indicators: &Indicators<Settled>, settings: &Settings) -> impl Iterator<Item = (f64, f64)> {
    let there = indicators.iter().filter(|(_, settled)| settled.present == Tri::Yes);
    there.map(|(indicator, settled)| {
        let score = settings.severity_scores.of(settled.severity).unwrap_or(settings.severity_scores.minor);
        (*settings.damage_weights.get(indicator), score)
    })
}

/// A number to three decimals, ties to the even digit of the exact value, as the original rounds.
pub(super) fn thousandths(value: f64) -> f64 {
    format!("{value:.3}").parse().unwrap_or(value)
}

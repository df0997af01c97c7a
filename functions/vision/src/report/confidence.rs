//! How far a report can be relied upon: a product of three parts, none of which is the model's own word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agree::Agreed;
use super::issue::{self, Issue};
use super::picture_facts::Picture;
use super::score::thousandths;

/// What the value is, and what it is not.
pub const NOTE: &str = "heuristic, uncalibrated";

/// How far a report can be relied upon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confidence {
    /// From 0 to 1; null when no model looked, or its answer could not be read.
    pub value: Option<f64>,
    /// The factors.
    pub parts: Parts,
    /// How the value is meant.
    pub note: String,
}

/// The factors of a confidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// Share of the answers that agree; .5 for a single answer.
    pub agreement: Option<f64>,
    /// How good the picture is.
    pub image_quality: Option<f64>,
    /// How well the answer stood its checks.
    pub validation: Option<f64>,
    /// How many answers were asked for.
    pub answers_asked: u32,
    /// How many of them could be read.
    pub answers_read: u32,
    /// What the model says of itself, from 0 to 1; in no factor.
    pub model_stated: Option<f64>,
}

/// Agreement of a single answer with itself, which nobody can know.
const SINGLE: f64 = 0.5;
/// Variance of the Laplacian from which on sharpness is no concern.
const SHARP: f64 = 150.0;
/// Standard deviation of luma from which on contrast is no concern.
const CONTRAST: f64 = 20.0;
/// Mean luma from which on darkness is no concern.
const BRIGHT: f64 = 40.0;
/// What remains after an answer had to be asked for again.
const REPAIRED: f64 = 0.8;
/// What remains after each contradiction.
const CONTRADICTED: f64 = 0.9;

/// Issues that tell of a contradiction within an answer, or of answers that differ.
const CONTRADICTIONS: [&str; 9] = [
    issue::EVIDENCE_NOT_VISIBLE,
    issue::EVIDENCE_CONTRADICTS,
    issue::SEVERITY_CONTRADICTS,
    issue::VISIBILITY_DISAGREES,
    issue::ITEM_UNKNOWN,
    issue::ITEM_REPEATED,
    issue::BOX_OUTSIDE,
    issue::OVERALL_DISAGREES,
    issue::INJECTION_SUSPECTED,
];

/// The confidence of a report for which no answer could be read.
pub(super) fn without_answer(picture: &Picture, asked: u32) -> Confidence {
    let parts = Parts { image_quality: image_quality(picture), answers_asked: asked, ..Parts::default() };
    Confidence { value: None, parts, note: NOTE.to_owned() }
}

/// The confidence of a report for which `read` of `asked` answers could be read.
pub(super) fn confidence(agreed: &Agreed, picture: &Picture, repaired: bool, asked: u32, read: u32) -> Confidence {
    let agreement = agreed.overall.unwrap_or(SINGLE);
    let image_quality = image_quality(picture);
    let validation = validation(&agreed.checked.issues, repaired);
    let value = image_quality.map(|quality| thousandths(agreement * quality * validation));
    let parts = Parts {
        agreement: Some(thousandths(agreement)),
        image_quality,
        validation: Some(thousandths(validation)),
        answers_asked: asked,
        answers_read: read,
        model_stated: Some(agreed.checked.observed.damage.stated_confidence),
    };
    Confidence { value, parts, note: NOTE.to_owned() }
}

fn validation(issues: &[Issue], repaired: bool) -> f64 {
    let contradictions = issues.iter().filter(|issue| CONTRADICTIONS.contains(&issue.code.as_str()));
    let start = if repaired { REPAIRED } else { 1.0 };
    contradictions.fold(start, |value, _| value * CONTRADICTED)
}

/// From sharpness, contrast, light and clipping; 0 for a picture that did not pass the gate.
fn image_quality(picture: &Picture) -> Option<f64> {
    let measures = picture.measures?;
    if !picture.gate_passed {
        return Some(0.0);
    }
    let share = |value: f64, enough: f64| if value.is_finite() { (value / enough).clamp(0.0, 1.0) } else { 0.0 };
    let unclipped = 1.0 - if measures.clipped_share.is_finite() { measures.clipped_share.clamp(0.0, 1.0) } else { 1.0 };
    let light = share(measures.luma_mean, BRIGHT) * unclipped;
    Some(thousandths(share(measures.sharpness, SHARP) * share(measures.contrast, CONTRAST) * light))
}

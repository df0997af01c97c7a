//! What stands between a report and the word `OK`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No model is configured.
pub const NO_VISION_MODEL: &str = "no_vision_model";
/// The picture is too poor to be judged.
pub const INSUFFICIENT_IMAGE: &str = "insufficient_image";
/// The model could not be asked, or gave no answer.
pub const MODEL_FAILED: &str = "model_failed";
/// The model's answer cannot be read, even after it was asked again.
pub const ANSWER_UNUSABLE: &str = "answer_unusable";
/// Some of the answers that were asked for are missing.
pub const ANSWERS_MISSING: &str = "answers_missing";
/// The answers to the same question differ.
pub const ANSWERS_DISAGREE: &str = "answers_disagree";
/// No package can be seen.
pub const PACKAGE_NOT_VISIBLE: &str = "package_not_visible";
/// Whether a package can be seen is not known.
pub const PACKAGE_VISIBILITY_UNKNOWN: &str = "package_visibility_unknown";
/// Description and damage report differ on whether a package can be seen.
pub const VISIBILITY_DISAGREES: &str = "visibility_disagrees";
/// A kind of damage could not be judged.
pub const INDICATOR_UNKNOWN: &str = "indicator_unknown";
/// A kind of damage is there and how bad it is could not be judged.
pub const SEVERITY_UNKNOWN: &str = "severity_unknown";
/// The surfaces that would show a damage cannot be seen, and the answer judges it all the same.
pub const EVIDENCE_NOT_VISIBLE: &str = "evidence_not_visible";
/// The evidence says the contrary of the answer.
pub const EVIDENCE_CONTRADICTS: &str = "evidence_contradicts_present";
/// Severity and presence contradict each other.
pub const SEVERITY_CONTRADICTS: &str = "severity_contradicts_present";
/// A damage is on an item that the answer does not list.
pub const ITEM_UNKNOWN: &str = "item_unknown";
/// Two items have the same name.
pub const ITEM_REPEATED: &str = "item_repeated";
/// A frame lies outside of the picture or has no area.
pub const BOX_OUTSIDE: &str = "box_outside_picture";
/// The model's overall severity is not the worst of its indicators.
pub const OVERALL_DISAGREES: &str = "overall_disagrees";
/// The model's overall score does not fit its severity.
pub const OVERALL_SCORE_OFF: &str = "overall_score_outside_band";
/// The answer repeats words that try to direct the model.
pub const INJECTION_SUSPECTED: &str = "prompt_injection_suspected";
/// A place is expected, and the picture tells none.
pub const GPS_MISSING: &str = "gps_missing";
/// The place that the picture tells cannot be.
pub const GPS_INVALID: &str = "gps_invalid";
/// A time was promised, and that of the delivery is not known.
pub const DELIVERY_TIME_MISSING: &str = "delivery_time_missing";
/// There is damage that calls for a person.
pub const DAMAGE_FOUND: &str = "damage_found";
/// The index is below the band that needs no review.
pub const LOW_QUALITY: &str = "low_quality";

/// Everything was judged, and the way of scoring in use makes no number of it.
pub const NO_SCORE: &str = "no_score";

/// Something that is wrong, missing or in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issue {
    /// Stable code in snake case.
    pub code: String,
    /// The same in words.
    pub detail: String,
}

impl Issue {
    /// An issue with this code, in words of its own.
    #[must_use]
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }
}

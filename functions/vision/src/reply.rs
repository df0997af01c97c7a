//! What a caller is told.

use std::collections::BTreeMap;

use causeway_runtime::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::picture::{Change, Faces, Format, Gate, ImageMetrics};
use crate::report::contract::{Band, Exif, Metadata, Report, Verdict};
use crate::report::words::Severity;

/// A reply: by what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "there is one of it in a call")]
pub enum Reply {
    /// One picture.
    Report(Answer),
    /// Several.
    Batch(Batch),
    /// A file without a judgement.
    Extracted(Extracted),
    /// A copy with blurred faces.
    Blurred(Blurred),
    /// An event that needs no work.
    Ignored(Ignored),
}

/// One picture: the members of the original's answer, and ours.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Answer {
    /// What is stored too.
    #[serde(flatten)]
    pub document: Document,
    /// The object with the result; absent for a picture that came with the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_object: Option<String>,
    /// This version of the object, or the picture of the request, had been looked at before: nobody was asked.
    pub replayed: bool,
    /// What became of telling people; absent where there was nothing to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertState>,
}

/// The report of a picture, with the facts that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// The original's members, and more about who looked and how far to rely on it.
    #[serde(flatten)]
    pub report: Report,
    /// Which version of the object.
    pub object: ObjectFacts,
    /// What was measured.
    pub picture: PictureFacts,
}

/// Which version of an object was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectFacts {
    /// Entity tag.
    pub etag: Option<String>,
    /// Version id, where the bucket keeps versions.
    pub version: Option<String>,
    /// What tells this version from others: the entity tag, where there is one.
    pub version_key: String,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PictureFacts {
    /// Pixels, upright.
    pub width: u32,
    /// Pixels, upright.
    pub height: u32,
    /// As the bytes tell it.
    pub format: Format,
    /// Only the first frame was looked at.
    pub animated: bool,
    /// Pixels of what a model is sent.
    pub sent_width: u32,
    /// Pixels of what a model is sent.
    pub sent_height: u32,
    /// Bytes of what a model is sent.
    pub sent_bytes: usize,
    /// Measures, by rules alone.
    pub metrics: ImageMetrics,
    /// Whether it is worth a model's call.
    pub gate: Gate,
    /// Faces, when they were looked for.
    pub faces: Option<Faces>,
    /// What changed since the reference picture, when there is one.
    pub change: Option<Change>,
}

/// What became of telling people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It was told now.
    Sent,
    /// It had been told before.
    AlreadySent,
    /// Somebody else is telling it, or died at it; a later call tells it.
    Claimed,
    /// It is not known to be out; a later call tells it.
    Failed,
    /// There is no topic: it is in the log.
    NoTopic,
}

impl AlertState {
    /// Whether people may not know.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Claimed | Self::Failed)
    }
}

/// Several pictures.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Batch {
    /// `ok` when every picture has its result, else `partial`.
    pub status: BatchStatus,
    /// How many pictures came to what.
    pub counts: BTreeMap<&'static str, usize>,
    /// Every picture, in the order of the request.
    pub items: Vec<Item>,
    /// Names of those that a repetition may help.
    pub failed_items: Vec<String>,
    /// Names that time did not reach.
    pub deferred: Vec<String>,
    /// What the request's folder has beyond the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
}

/// How a batch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Every picture has its result.
    Ok,
    /// Some have none, or one that a repetition may better: see `failed_items`, `deferred`, `left_out` and the items that were refused.
    Partial,
}

/// The rest of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Pictures of one request.
    pub limit: usize,
    /// The last name that was taken: `start_after` of the next request.
    pub next_start_after: String,
}

/// One picture of several.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Item {
    /// Name of the object.
    pub object_name: String,
    /// What it came to.
    pub status: ItemStatus,
    /// `OK` or `Review`; null when it has no result.
    pub assessment: Option<Verdict>,
    /// Codes of what is wrong or missing.
    pub issues: Vec<String>,
    /// The worst damage that is known.
    pub severity: Option<Severity>,
    /// Damage from 0 to 1; null when it is not known.
    pub damage_score: Option<f64>,
    /// From 0 to 1; null when it is not known.
    pub package_quality: Option<f64>,
    /// From 0 to 1; null when it is not known.
    pub quality_index: Option<f64>,
    /// Review band of the index, else of the package.
    pub band: Option<Band>,
    /// The picture in a sentence or two.
    pub caption_summary: Option<String>,
    /// The object with the result.
    pub result_object: Option<String>,
    /// What became of telling people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertState>,
    /// Why it has no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// What became of one picture of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// It was looked at.
    Assessed,
    /// It had been looked at before.
    Replayed,
    /// It was looked at, and the model failed or left out an answer: its result says so, and a repetition asks again.
    Unsettled,
    /// It cannot be looked at, also not later: no such object, no picture, too large.
    Refused,
    /// A service failed.
    Failed,
    /// Somebody else is looking at it.
    InProgress,
    /// Time did not reach it.
    Deferred,
}

impl Item {
    /// Whether a repetition may bring more.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status.is_open() || self.alert.is_some_and(AlertState::is_open)
    }
}

impl ItemStatus {
    /// Whether a repetition may bring more.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Unsettled | Self::Failed | Self::InProgress | Self::Deferred)
    }

    /// Stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Assessed => "assessed",
            Self::Replayed => "replayed",
            Self::Unsettled => "unsettled",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::InProgress => "in_progress",
            Self::Deferred => "deferred",
        }
    }
}

/// Why a picture has no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// In words.
    pub message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { code: error.code().to_owned(), message: error.message().to_owned() }
    }
}

/// A file without a judgement.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Extracted {
    /// `extract`.
    pub test_type: &'static str,
    /// `ok`.
    pub status: &'static str,
    /// The file.
    pub metadata: Metadata,
    /// What the camera wrote.
    pub exif: Exif,
    /// A sentence that is true without a model.
    pub description: String,
    /// What was measured.
    pub picture: PictureFacts,
    /// Milliseconds of each step.
    pub timings_ms: BTreeMap<String, f64>,
}

/// A copy with blurred faces, in the original's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Blurred {
    /// `success`.
    pub status: &'static str,
    /// Address of the copy: `oci://namespace/bucket/...` where both are known.
    pub blurred_image_path: String,
    /// Faces that were found; others may be there.
    pub faces_detected: usize,
    /// Name of the picture.
    pub original_object: String,
    /// Name of the copy.
    pub blurred_object: String,
    /// Namespace of the bucket, where it is known.
    pub namespace: Option<String>,
    /// Name of the bucket, where it is known.
    pub bucket: Option<String>,
    /// How faces are found.
    pub detection_method: &'static str,
}

/// An event that needs no work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ignored {
    /// True.
    pub ignored: bool,
    /// `own_result`, `own_blurred_copy`, `outside_of_delivery_prefix`, `not_a_picture` or `other_bucket`.
    pub reason: &'static str,
}

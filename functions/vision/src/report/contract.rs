//! The report: the members of the original tool's answer by their names, and ours beside them in snake case.
//!
//! What is not known is null or `unknown`. No member is left out for being unknown.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::confidence::Confidence;
use super::issue::Issue;
use super::observed::{Indicators, Overall};
use super::settings::Scoring;
use super::words::{Cell, Kind, Place, SceneType, Severity, TimeOfDay, Tri, Weather};

pub use super::words::Band;

/// A whole report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The file.
    pub metadata: Metadata,
    /// What the camera wrote.
    pub exif: Exif,
    /// What the picture shows.
    pub caption_json: Caption,
    /// The same in a sentence or two.
    pub caption_summary: String,
    /// The damage.
    pub damage_report: DamageReport,
    /// Scores from 0 to 1, higher is better.
    pub quality_metrics: QualityMetrics,
    /// What follows.
    pub assessment: Assessment,
    /// Who looked.
    pub provider: Provider,
    /// What was asked.
    pub prompt: PromptIdentity,
    /// How far the report can be relied upon.
    pub confidence: Confidence,
    /// Milliseconds of each step.
    pub timings_ms: BTreeMap<String, f64>,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// Media type as its first bytes tell it.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// Name of the object.
    pub object_name: String,
    /// When it was read, RFC 3339.
    pub retrieved_at: String,
    /// Where it was read: `oci`, `aws`, `local`, `inline`.
    pub source: String,
}

/// What the camera wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exif {
    /// The place, only on request: it is personal data.
    #[serde(rename = "GPSInfo", skip_serializing_if = "Option::is_none", default)]
    pub gps_info: Option<GpsInfo>,
    /// The time as the camera wrote it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timestamp: Option<String>,
    /// Whether the file tells a place.
    pub gps_present: bool,
}

/// A place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GpsInfo {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Metres above the sea.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub altitude: Option<f64>,
}

/// How far the work on a part came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A model looked and its answer could be read.
    Assessed,
    /// A model looked, and its answer was of no use even after it was asked again.
    Partial,
    /// No model is configured.
    NotAssessed,
    /// The picture is too poor to be judged, so no model was asked.
    InsufficientImage,
    /// The model could not be asked, or gave no answer.
    Failed,
}

/// What the picture shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Caption {
    /// How far the work came; `not_available` without a model.
    pub status: CaptionStatus,
    /// A sentence that is true without a model: what can be measured.
    pub text: String,
    /// Why there is no description: the code of the issue.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// The scene as a whole.
    pub scene_type: SceneType,
    /// Whether a package can be seen.
    pub package_visible: Option<bool>,
    /// The package in words.
    pub package_description: String,
    /// Where it lies.
    pub location: CaptionLocation,
    /// Weather and light.
    pub environment: CaptionEnvironment,
    /// How safe it lies there.
    pub safety_assessment: CaptionSafety,
    /// The scene in a sentence or two.
    pub overall_description: String,
    /// The things that were delivered.
    pub items: Vec<CaptionItem>,
}

/// How far the description came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptionStatus {
    /// A model described the picture.
    Described,
    /// Nobody did; `error` tells why.
    NotAvailable,
}

/// Where a package lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaptionLocation {
    /// Kind of place.
    #[serde(rename = "type")]
    pub place: Place,
    /// The place in words.
    pub description: String,
}

/// Weather and light.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaptionEnvironment {
    /// The weather.
    pub weather: Weather,
    /// The time of the day.
    pub time_of_day: TimeOfDay,
    /// Both in words.
    pub conditions: String,
}

/// How safe a package lies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaptionSafety {
    /// From rain and sun.
    pub protected: Option<bool>,
    /// From the street.
    pub visible: Option<bool>,
    /// From theft.
    pub secure: Option<bool>,
    /// The same in words.
    pub notes: String,
}

/// A thing that was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaptionItem {
    /// Name by which damage refers to it.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The thing in words.
    pub description: String,
    /// Where it is in the picture.
    #[serde(rename = "where")]
    pub position: ReportedPosition,
}

/// A place in the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedPosition {
    /// The ninth of the picture.
    pub cell: Cell,
    /// Left, top, right and bottom in thousandths of width and height.
    #[serde(rename = "box")]
    pub frame: Option<[f64; 4]>,
}

/// The damage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DamageReport {
    /// How far the work came.
    pub status: Status,
    /// All indicators together, recomputed from them.
    pub overall: ReportedOverall,
    /// The same as the model put it.
    #[serde(rename = "model_overall")]
    pub model_overall: Option<Overall>,
    /// Each kind of damage.
    pub indicators: Indicators<ReportedIndicator>,
    /// Whether a package can be seen.
    pub package_visible: Option<bool>,
    /// What could not be judged.
    pub uncertainties: String,
}

/// All indicators together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedOverall {
    /// The worst severity of those that are known.
    pub severity: Severity,
    /// The damage from 0 to 1; null when anything that it needs is missing.
    pub score: Option<f64>,
    /// What it rests on.
    pub rationale: String,
    /// Whether something could not be judged, so that it may be worse.
    pub at_least: bool,
}

/// One kind of damage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedIndicator {
    /// Whether it is there; null when it is not known.
    pub present: Option<bool>,
    /// How bad it is.
    pub severity: Severity,
    /// What the model saw of it.
    pub evidence: String,
    /// The item that has it.
    pub item: Option<String>,
    /// Where in the picture.
    #[serde(rename = "where")]
    pub position: Option<ReportedPosition>,
    /// What the model said, before its answer was checked.
    pub model_present: Tri,
    /// The code of the issue for which its answer does not count.
    pub set_aside: Option<String>,
    /// Share of the answers that agree, when several were asked for.
    pub agreement: Option<f64>,
}

/// Scores from 0 to 1, higher is better; null when not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QualityMetrics {
    /// How near to the expected place the picture was taken.
    pub location_accuracy: Option<f64>,
    /// How little too late it was.
    pub timeliness: Option<f64>,
    /// How whole the package is.
    pub package_quality: Option<f64>,
    /// The three, weighed. Null without `package_quality`.
    pub quality_index: Option<f64>,
    /// The best that the package can be, given the damage that is known, when something else is not.
    pub package_quality_at_most: Option<f64>,
    /// Metres between the expected place and that of the picture.
    pub distance_m: Option<f64>,
    /// Minutes after the promised time; 0 when in time.
    pub late_minutes: Option<f64>,
    /// Share of the weights whose parts are known.
    pub coverage: f64,
    /// The weights in use: of the known parts, with the sum 1.
    pub weights: UsedWeights,
    /// How the damage became one number.
    pub scoring: Scoring,
    /// The review bands.
    pub bands: Bands,
}

/// The weights in use; null for a part that is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsedWeights {
    /// Of the place.
    pub location_accuracy: Option<f64>,
    /// Of the time.
    pub timeliness: Option<f64>,
    /// Of the package.
    pub package_quality: Option<f64>,
}

/// The review bands of two scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bands {
    /// Of the package.
    pub package_quality: Band,
    /// Of the index.
    pub quality_index: Band,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// `OK` or `Review`.
    pub status: Verdict,
    /// Codes of all that is wrong or missing. Empty when the status is `OK`.
    pub issues: Vec<String>,
    /// The report in a sentence or two.
    pub insights: String,
    /// The issues in words.
    pub details: Vec<Issue>,
    /// What is worth knowing and wrong in no way.
    pub notes: Vec<String>,
}

/// What a person has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Verdict {
    /// Nothing.
    #[serde(rename = "OK")]
    Ok,
    /// Look.
    Review,
}

/// Who looked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provider {
    /// Name of the configuration, such as `oci_native`; `none` without a model.
    pub name: String,
    /// The model that answered.
    pub model: Option<String>,
    /// How the form of the answer was asked for: `json_schema`, `json_object`, `text`.
    pub structured_output: Option<String>,
    /// How many times it was called.
    pub attempts: u32,
    /// Whether the answer had to be asked for again.
    pub repaired: bool,
    /// What the provider says beside the answer, such as that the model will be withdrawn.
    pub notices: Vec<String>,
    /// The number to quote to its support.
    pub request_id: Option<String>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromptIdentity {
    /// Version of the words.
    pub version: String,
    /// SHA-256 of the words, in hexadecimal digits.
    pub sha256: String,
    /// Version of the schema.
    pub schema_version: String,
    /// SHA-256 of the schema, in hexadecimal digits.
    pub schema_sha256: String,
}

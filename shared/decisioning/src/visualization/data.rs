//! The shape of the visualization agent's `data`, and of the export.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alerts::AlertSystem;
use crate::{decision, discovery, intelligence, strategy};

/// What was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// Version of this shape.
    pub schema_version: String,
    /// The run.
    pub run_id: String,
    /// The parts of the page by name.
    pub dashboard_components: BTreeMap<String, Component>,
    /// The files in the order in which they are written.
    pub generated_artifacts: Vec<Artifact>,
    /// Where the page can be opened; `null` unless an address of the bucket is configured.
    pub dashboard_url: Option<String>,
    /// Whether the page renews itself.
    pub auto_refresh: AutoRefresh,
    /// Thresholds over figures.
    pub alert_system: AlertSystem,
    /// What could be shown.
    pub coverage: Coverage,
    /// JSON pointers into this object, one list per insight.
    pub evidence: Vec<Vec<String>>,
    /// JSON pointers into this object, one list per recommendation.
    pub recommendation_evidence: Vec<Vec<String>>,
    /// The parts whose product is the confidence score.
    pub confidence: Confidence,
}

/// A part of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// `gauge`, `kpi_cards`, `line_chart`, `bar_chart`, `curve`, `heat_table`, `matrix` or `table`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is on the page.
    pub anchor: String,
    /// What it shows, as JSON pointers into the export.
    pub metrics: Vec<String>,
    /// Whether there is something to show.
    pub is_available: bool,
    /// Why there is not.
    pub reason: Option<String>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// Its place, relative to the bucket.
    pub object: String,
    /// Its media type.
    pub content_type: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// `written`, `unchanged` (it was there already, byte for byte), `replaced` or `dry_run`.
    pub state: String,
}

/// Whether the page renews itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutoRefresh {
    /// Never: a page is written once per run.
    pub enabled: bool,
    /// Seconds between two versions; `null` while it is not enabled.
    pub interval_seconds: Option<u64>,
    /// Why.
    pub reason: String,
}

/// What could be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// How each agent's work ended; `null` without a result.
    pub agents: BTreeMap<String, Option<String>>,
    /// Figures of the page.
    pub figures: u64,
    /// Of these, those without a number.
    pub figures_absent: u64,
    /// Parts of the page that have nothing to show, and why.
    pub not_computed: Vec<NotShown>,
}

/// A part without content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotShown {
    /// The part.
    pub figure: String,
    /// Why it is empty.
    pub reason: String,
}

/// The parts whose product is the confidence score, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confidence {
    /// Parts of the page that have content, of all.
    pub coverage: f64,
    /// Figures with a number, of all figures on the page.
    pub completeness: f64,
    /// The lowest confidence of the agents whose results are shown.
    pub weakest_agent: f64,
}

/// `export.json`: everything that the page shows and more.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Export {
    /// Version of this shape.
    pub schema_version: String,
    /// What wrote it.
    pub generated_by: GeneratedBy,
    /// The run.
    pub run: Run,
    /// The agents' results as they came; absent ones are `null`.
    pub agent_results: Results,
    /// Thresholds over figures.
    pub alert_system: AlertSystem,
    /// The parts of the page by name.
    pub dashboard_components: BTreeMap<String, Component>,
}

/// What wrote a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratedBy {
    /// `causeway`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Its id.
    pub run_id: String,
    /// The kind of analysis, where it was named.
    pub analysis_type: Option<String>,
}

/// The results of the agents.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// Of the discovery agent.
    #[schemars(with = "Option<discovery::Answer>")]
    pub discovery: Value,
    /// Of the intelligence agent.
    #[schemars(with = "Option<intelligence::Answer>")]
    pub intelligence: Value,
    /// Of the strategy agent.
    #[schemars(with = "Option<strategy::Answer>")]
    pub strategy: Value,
    /// Of the decision agent.
    #[schemars(with = "Option<decision::Answer>")]
    pub decision: Value,
}

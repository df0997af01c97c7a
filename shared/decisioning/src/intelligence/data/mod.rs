//! The shape of the intelligence agent's `data`. Later agents take it as their typed input.
//!
//! A figure that cannot be computed is `null`; `coverage.metrics` has the reason. Money is in the currency of the
//! data, shares are 0 to 1 unless a name ends in `_percent`, days are whole or mean days.

mod customers;
mod financial;
mod operations;
mod series;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use customers::*;
pub use financial::*;
pub use operations::*;
pub use series::*;

use super::request::Group;

/// Everything that the analysis found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// Version of this shape.
    pub schema_version: String,
    /// Revenue, margin, growth, receivables.
    pub financial_intelligence: FinancialIntelligence,
    /// Deliveries, orders, projects.
    pub operational_intelligence: OperationalIntelligence,
    /// Who buys, how often, for how much.
    pub customer_intelligence: CustomerIntelligence,
    /// Standing among competitors; empty, because nothing in a company's own tables tells of it.
    pub competitive_positioning: BTreeMap<String, f64>,
    /// Sales by month and by day.
    pub series: Vec<Series>,
    /// The tables that were read, and what each served for.
    pub sources: Vec<Source>,
    /// Which figures were computed, from what, and why others were not.
    pub coverage: Coverage,
    /// What each insight rests on, in the order of the insights.
    pub evidence: Vec<Evidence>,
    /// What each recommendation rests on, in the order of the recommendations.
    pub recommendation_evidence: Vec<Evidence>,
    /// The parts whose product is the confidence score.
    pub confidence: Confidence,
    /// What the reader met, and what figures had to leave out.
    pub issues: Vec<Note>,
}

/// A table that was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The table.
    pub table: String,
    /// The object that holds it; the first one where it lies in several.
    pub object: String,
    /// All objects that it lies in, with the rows of each.
    #[serde(default)]
    pub parts: Vec<SourcePart>,
    /// What it served for: `sales`, `delivery`, `receivables`, `work`.
    pub areas: Vec<String>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows of other currencies than the one asked for, which were left out.
    pub rows_of_other_currencies: u64,
    /// Rows of orders that another part holds in the same words, which were left out.
    #[serde(default)]
    pub repeated_rows: u64,
    /// Whether all of the object was read.
    pub complete: bool,
    /// The columns that were used, with what was found in them.
    pub columns: Vec<SourceColumn>,
}

/// One of the objects that a table lies in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourcePart {
    /// The object.
    pub object: String,
    /// Its rows.
    pub rows: u64,
}

/// A column that was used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceColumn {
    /// The part that it plays.
    pub role: String,
    /// Its name.
    pub column: String,
    /// Cells with a value of the right kind.
    pub filled: u64,
    /// Cells whose value is of the wrong kind, implausible or too large; they count as absent.
    pub invalid: u64,
    /// Cells without a value.
    pub absent: u64,
}

/// Which figures were computed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The groups of figures that were asked for.
    pub groups: Vec<Group>,
    /// Figures that were asked for.
    pub requested: u64,
    /// Figures that were computed.
    pub computed: u64,
    /// Every figure that was asked for.
    pub metrics: Vec<MetricRecord>,
    /// Tables that were not used, and why.
    pub not_used: Vec<NotUsed>,
    /// Objects that were not read because the time was used up.
    pub deferred: Vec<String>,
    /// Lists of the result that were shortened to fit into the reply.
    pub shortened: Vec<String>,
}

/// A table that was not used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NotUsed {
    /// The object.
    pub object: String,
    /// Why.
    pub reason: String,
}

/// How the computation of a figure went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricStatus {
    /// It is there.
    Computed,
    /// It is `null`, for the given reason.
    #[default]
    Absent,
    /// The tables hold nothing of what it is about; it does not count as asked for.
    NotApplicable,
}

/// One figure: where it is and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricRecord {
    /// Its name.
    pub metric: String,
    /// Its group.
    pub group: Option<Group>,
    /// Whether it is there.
    pub status: MetricStatus,
    /// Why it is not there.
    pub reason: Option<String>,
    /// Where it is, as a JSON pointer into this object.
    pub pointer: String,
    /// The table that it comes from.
    pub table: Option<String>,
    /// The columns that it comes from.
    pub columns: Vec<String>,
    /// Rows, or other units, that it counts.
    pub n: u64,
    /// What `n` counts.
    pub n_of: String,
    /// How many of these it takes for a figure that can be relied on.
    pub n_required: u64,
    /// How it is computed.
    pub formula: String,
}

/// What a statement rests on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// JSON pointers into this object.
    pub pointers: Vec<String>,
    /// The figures, as `coverage.metrics` names them.
    pub metrics: Vec<String>,
    /// The table.
    pub table: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// What was counted.
    pub n: u64,
    /// How the figure is computed.
    pub formula: String,
}

/// The parts whose product is the confidence score, each 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confidence {
    /// Figures computed of those asked for.
    pub coverage: f64,
    /// Cells with a value of the right kind, of all cells of the columns used.
    pub completeness: f64,
    /// The least share of the needed number of observations that a computed figure has. A figure that could not be
    /// computed counts in `coverage` alone, so this rises when the least adequate one is lost.
    pub sample_adequacy: f64,
    /// The figure with that least share.
    pub least_adequate: Option<String>,
}

/// Something that the reader met, or that figures had to leave out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// The object it concerns; empty for the listing as a whole.
    pub object: String,
    /// A stable word for it.
    pub code: String,
    /// A sentence without any cell content.
    pub message: String,
    /// How often it occurred.
    pub count: u64,
    /// Whether content was left unread because of it.
    pub loses_data: bool,
}

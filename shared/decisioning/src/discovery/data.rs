//! The shape of the discovery agent's `data`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::domains::DomainMatch;
use super::drift::Drift;
use super::links::Link;
use super::profile::TableProfile;
use super::quality::Score;
use crate::dataset::Issue;

/// Everything that the survey found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Data {
    /// Version of this shape.
    pub schema_version: &'static str,
    /// The whole in four figures.
    pub data_ecosystem: DataEcosystem,
    /// What there is of each business domain.
    pub business_entities: BTreeMap<String, BusinessEntity>,
    /// How the tables hang together.
    pub data_relationships: DataRelationships,
    /// What stands out, one line each, at most 200.
    pub anomaly_flags: Vec<String>,
    /// The columns that speak for each domain, as `table.column`, at most 100 each.
    pub domain_columns: Vec<DomainMatch>,
    /// What has changed since an earlier survey; absent when the request names none, or it cannot be used.
    pub drift: Option<Drift>,
    /// Quality of the whole.
    pub quality: Ecosystem,
    /// What was read and computed, and what was not.
    pub coverage: Coverage,
    /// JSON pointers into this object, one list per insight.
    pub evidence: Vec<Vec<String>>,
    /// JSON pointers into this object, one list per recommendation.
    pub recommendation_evidence: Vec<Vec<String>>,
    /// The parts whose product is the confidence score.
    pub confidence: Confidence,
    /// What the reader met, at most 50 of each code; `coverage.issue_counts` has their numbers.
    pub issues: Vec<Issue>,
    /// The profiles. Where the reply has no room for all of them, they are shortened: first the quality of single
    /// columns is left out, then the last columns of tables, then the last tables.
    pub tables: Vec<TableProfile>,
}

/// The whole in four figures.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DataEcosystem {
    /// The object with the most cells.
    pub primary_source: Option<String>,
    /// Tables found.
    pub total_entities: usize,
    /// Domains found.
    pub business_domains: Vec<String>,
    /// 0 to 1; absent without tables.
    pub data_quality_score: Option<f64>,
}

/// What there is of a business domain.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BusinessEntity {
    /// Its tables, at most 100.
    pub tables: Vec<String>,
    /// Rows of these tables; of a table that was read in part, those that its object declares.
    pub total_records: u64,
    /// Figures of its columns, at most 100.
    pub key_metrics: Vec<KeyMetric>,
}

/// A figure of a column.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct KeyMetric {
    /// `sum`, `mean` or `distinct`.
    pub metric: &'static str,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The figure, in the column's own unit or as a count.
    pub value: f64,
    /// Whether all values were counted.
    pub exact: bool,
}

/// How the tables hang together.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DataRelationships {
    /// Accepted links.
    pub strong_links: usize,
    /// Mean share of rows whose reference exists, over the accepted links; absent when there are none.
    pub referential_integrity: Option<f64>,
    /// Who refers to whom.
    pub business_flow: Option<String>,
    /// The candidates, accepted ones first, at most 200.
    pub links: Vec<Link>,
}

/// Quality of the whole.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Ecosystem {
    /// Score and parts, weighted by cells.
    #[serde(flatten)]
    pub score: Score,
    /// Weights of the parts.
    pub weights: BTreeMap<&'static str, f64>,
}

/// What was read and computed, and what was not.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Coverage {
    /// Objects under the sources.
    pub objects_listed: u64,
    /// Tables among them.
    pub tables_profiled: usize,
    /// Tables that were read in full.
    pub tables_complete: usize,
    /// Objects that were not read, or not to the end, for want of time or because of a limit; the first 100.
    pub deferred: Vec<String>,
    /// How many those are.
    pub deferred_count: u64,
    /// How many issues of each code there are, listed in `issues` or not.
    pub issue_counts: BTreeMap<&'static str, u64>,
    /// Figures that are absent, at most 200.
    pub not_computed: Vec<NotComputed>,
    /// Lists of this object that end before what they list does.
    pub omitted: Vec<Omitted>,
}

/// A list that was shortened, or all lists of one place together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Omitted {
    /// JSON pointer to the list, with `*` for any index or name.
    pub list: &'static str,
    /// Entries that are there.
    pub shown: u64,
    /// Entries that there would be.
    pub total: u64,
}

/// An absent figure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NotComputed {
    /// Which.
    pub figure: String,
    /// Why.
    pub reason: String,
}

impl NotComputed {
    pub(crate) fn new(figure: &str, reason: &str) -> Self {
        Self { figure: figure.to_owned(), reason: reason.to_owned() }
    }
}

/// Three parts, each 0 to 1.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Confidence {
    /// Share of the listed objects that were read; half for those read in part.
    pub coverage: f64,
    /// Share of filled cells.
    pub completeness: f64,
    /// Mean over the tables of rows / 100, at most 1.
    pub sample_adequacy: f64,
}

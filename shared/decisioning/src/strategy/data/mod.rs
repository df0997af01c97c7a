//! The shape of the strategy agent's `data`. The decision agent reads it by pointer.
//!
//! A figure that cannot be computed is `null`; `coverage` has the reason. Money is in the currency of the data,
//! shares are 0 to 1.

mod anomalies;
mod trends;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use anomalies::*;
pub use trends::*;

use super::request::Model;
use crate::intelligence::data::MetricStatus;

/// Everything that the agent found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// Version of this shape.
    pub schema_version: String,
    /// How the business works, grows and is at risk.
    pub strategic_patterns: StrategicPatterns,
    /// Standing in the market; empty, because nothing in a company's own tables tells of it.
    pub market_positioning: BTreeMap<String, f64>,
    /// What could be done.
    pub transformation_opportunities: Opportunities,
    /// Trends of the series; absent when not asked for.
    pub trend_analysis: Option<TrendAnalysis>,
    /// Periods that stand out; absent when not asked for.
    pub anomaly_detection: Option<AnomalyDetection>,
    /// What may go wrong; absent when not asked for.
    pub risk_assessment: Option<RiskAssessment>,
    /// Every test whose result counts, with its adjusted p-value.
    pub tests: Vec<Test>,
    /// Which figures were computed, and why others were not.
    pub coverage: Coverage,
    /// What each insight rests on, in the order of the insights.
    pub evidence: Vec<Evidence>,
    /// What each recommendation rests on, in the order of the recommendations.
    pub recommendation_evidence: Vec<Evidence>,
    /// The parts whose product is the confidence score.
    pub confidence: Confidence,
}

/// How the business works, grows and is at risk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StrategicPatterns {
    /// How it earns its money.
    pub business_model_analysis: BusinessModel,
    /// How it grows.
    pub growth_patterns: GrowthPatterns,
    /// Where the risks lie.
    pub risk_patterns: RiskPatterns,
}

/// How a business earns its money.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BusinessModel {
    /// By repeat rate: `repeat` from 0.5, `mixed` from 0.2, else `one_off`.
    pub model: Option<String>,
    /// Revenue of all data.
    pub total_revenue: Option<f64>,
    /// Profit in percent of revenue.
    pub gross_margin: Option<f64>,
    /// By margin, as the intelligence agent names it.
    pub profitability_tier: Option<String>,
    /// Customers.
    pub customers: Option<f64>,
    /// Share of the customers who bought on more than one day.
    pub repeat_rate: Option<f64>,
    /// Median value of an order.
    pub order_value_median: Option<f64>,
    /// Revenue per customer so far.
    pub revenue_per_customer: Option<f64>,
}

/// How a business grows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GrowthPatterns {
    /// `rising`, `falling` or `none`, by the trend test of revenue.
    pub direction: Option<String>,
    /// Change of revenue per period by the trend line, as a share of the median period.
    pub slope_share: Option<f64>,
    /// Change of the last whole year.
    pub last_year_change: Option<f64>,
    /// Change of the last twelve months against the twelve before.
    pub trailing_12_change: Option<f64>,
    /// Yearly growth, compounded.
    pub compound_annual_rate: Option<f64>,
    /// Strength of the season of revenue, 0 to 1.
    pub seasonal_strength: Option<f64>,
    /// Calendar month with the highest season; absent unless revenue is seasonal.
    pub peak_month: Option<u8>,
    /// Calendar month with the lowest season.
    pub trough_month: Option<u8>,
    /// First period after a significant change of the level of revenue.
    pub level_changed_at: Option<String>,
}

/// Where the risks lie.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RiskPatterns {
    /// The risk with the highest score.
    pub highest: Option<String>,
    /// Risks by level.
    pub by_level: BTreeMap<String, u64>,
}

/// What could be done, the dearest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Opportunities {
    /// Within weeks, with what is there.
    pub quick_wins: Vec<Opportunity>,
    /// Within months.
    pub strategic_initiatives: Vec<Opportunity>,
    /// New ways of working.
    pub innovation_opportunities: Vec<Opportunity>,
}

/// Something that could be done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Opportunity {
    /// A stable name.
    pub id: String,
    /// A sentence over its figures.
    pub text: String,
    /// What it moves: `profit`, `cash`, `revenue` or `planning`.
    pub lever: String,
    /// Money at stake.
    pub amount: Option<f64>,
    /// How that is computed.
    pub amount_basis: String,
    /// What it rests on.
    pub evidence: Evidence,
}

/// What may go wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RiskAssessment {
    /// The register, the highest score first.
    pub risks: Vec<Risk>,
    /// Scores from which a level begins.
    pub levels: BTreeMap<String, f64>,
}

/// A risk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Risk {
    /// A stable name.
    pub id: String,
    /// A sentence over its figures.
    pub text: String,
    /// 0 to 1.
    pub likelihood: f64,
    /// How that is derived.
    pub likelihood_basis: String,
    /// What would be lost, as a share of revenue or of what it is about, 0 to 1.
    pub impact_share: f64,
    /// What would be lost in money, where that can be said.
    pub impact_amount: Option<f64>,
    /// How the impact is derived.
    pub impact_basis: String,
    /// Likelihood x impact share.
    pub score: f64,
    /// `high`, `medium` or `low` by the score.
    pub level: String,
    /// What it rests on.
    pub evidence: Evidence,
}

/// A test of the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Test {
    /// Its name.
    pub test: String,
    /// Where its result is, as a JSON pointer into this object.
    pub pointer: String,
    /// Observations.
    pub n: u64,
    /// As computed.
    pub p_value: f64,
    /// Adjusted over all tests of the run (Benjamini and Hochberg).
    pub p_adjusted: f64,
    /// Whether the adjusted value is at most the false discovery rate.
    pub is_significant: bool,
}

/// What a statement rests on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// JSON pointers into this object.
    pub pointers: Vec<String>,
    /// Figures of earlier agents, as `agent#pointer`.
    pub sources: Vec<String>,
    /// Observations.
    pub n: Option<u64>,
    /// The test.
    pub test: Option<String>,
    /// Its p-value, not adjusted.
    pub p_value: Option<f64>,
    /// Its adjusted p-value.
    pub p_adjusted: Option<f64>,
}

/// Which figures were computed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The parts that were asked for.
    pub models: Vec<Model>,
    /// Figures that were asked for and apply.
    pub requested: u64,
    /// Figures that were computed.
    pub computed: u64,
    /// Every figure.
    pub metrics: Vec<Metric>,
    /// Agents whose results were used, with their status; absent where the result names none.
    pub inputs: BTreeMap<String, Option<String>>,
}

/// How the computation of a figure went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// Its name.
    pub metric: String,
    /// Whether it is there.
    pub status: MetricStatus,
    /// Why it is not there.
    pub reason: Option<String>,
    /// Where it is, as a JSON pointer into this object.
    pub pointer: String,
}

/// The parts whose product is the confidence score, each 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confidence {
    /// Figures computed of those asked for.
    pub coverage: f64,
    /// Share of filled cells of the columns used, as the intelligence agent reports it; 0 when it does not.
    pub completeness: f64,
    /// The least share of the needed number of periods that a trend has, at most 1; 0 without a trend.
    pub sample_adequacy: f64,
    /// Observations that a test takes to count fully.
    pub n_required: u64,
}

//! The shape of the decision agent's `data`.
//!
//! A figure that cannot be computed is `null`; `coverage` has the reason. Money is in the currency of the data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::{Cost, Time};
use crate::strategy::data::Metric;

/// Everything that the agent decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// Version of this shape.
    pub schema_version: String,
    /// Decisions that are due, at once and later.
    pub strategic_decision_framework: DecisionFramework,
    /// The first decisions, as `priority_1` and so on.
    pub decision_priorities: BTreeMap<String, String>,
    /// How success is told.
    pub success_metrics: SuccessMetrics,
    /// Share of the effort by role.
    pub resource_allocation: BTreeMap<String, f64>,
    /// Health of the business.
    pub business_health: Health,
    /// What management reads.
    pub executive: Executive,
    /// How scores are made.
    pub scoring: Scoring,
    /// Which rules and axes could be judged, and why others could not.
    pub coverage: Coverage,
    /// What each insight rests on, in the order of the insights.
    pub evidence: Vec<Evidence>,
    /// What each recommendation rests on, in the order of the recommendations.
    pub recommendation_evidence: Vec<Evidence>,
    /// The parts whose product is the confidence score.
    pub confidence: Confidence,
    /// The figures in the words of a language model; only where the deployment asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrative: Option<Narrative>,
}

/// Figures in the words of a language model. Every number, direction and quotation in it was found among the figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Narrative {
    /// The text.
    pub text: String,
    /// Provider and model that were asked.
    pub model: String,
    /// The model that answered, as the provider names it.
    pub answered_by: String,
    /// SHA-256 of all that the model was told, in hexadecimal digits.
    pub prompt_sha256: String,
    /// JSON pointers into this object: the figures that the text states.
    pub evidence: Vec<String>,
}

/// Decisions that are due.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionFramework {
    /// Within 30 days, the highest score first.
    pub immediate_decisions: Vec<Decision>,
    /// Later, the highest score first.
    pub strategic_decisions: Vec<Decision>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Name of the rule.
    pub id: String,
    /// What to do.
    pub decision: String,
    /// Why.
    pub rationale: String,
    /// By when.
    pub timeline: String,
    /// What is at stake, in words.
    pub expected_impact: String,
    /// `low`, `medium` or `high`: that the money is not at stake.
    pub risk_level: String,
    /// The probability as confidence; absent where it is not known.
    pub confidence: Option<f64>,
    /// What it moves.
    pub lever: String,
    /// Who answers for it.
    pub owner: String,
    /// What it costs.
    pub cost: Cost,
    /// How long it takes.
    pub time: Time,
    /// Money at stake; absent where it cannot be computed.
    pub impact: Option<f64>,
    /// How likely the money is at stake, 0 to 1.
    pub probability: Option<f64>,
    /// Cost points x time points.
    pub effort: f64,
    /// Impact x probability / effort, each with its weight as exponent.
    pub score: Option<f64>,
    /// Why there is no score.
    pub score_reason: Option<String>,
    /// Place among all decisions, from 1.
    pub rank: u64,
    /// `do_now` (much reward, little risk), `prove_first` (much of both), `routine` (little of both) or `leave`;
    /// absent without a score.
    pub quadrant: Option<String>,
    /// Whether no other decision is better in impact, probability and effort together; absent without a score.
    pub is_on_pareto_front: Option<bool>,
    /// How the rank depends on the weights; absent without a score.
    pub sensitivity: Option<Sensitivity>,
    /// What it rests on.
    pub evidence: Evidence,
}

/// How a rank depends on the weights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sensitivity {
    /// Best rank when every weight is changed by up to 20 %.
    pub best_rank: u64,
    /// Worst rank.
    pub worst_rank: u64,
    /// Share of the changes that leave the rank as it is.
    pub stability: f64,
}

/// How success is told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuccessMetrics {
    /// Of immediate decisions.
    pub short_term: Vec<SuccessMetric>,
    /// Of the others.
    pub long_term: Vec<SuccessMetric>,
}

/// A measure of success.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuccessMetric {
    /// The measure.
    pub metric: String,
    /// Where it stands.
    pub current: Option<f64>,
    /// Where it should be, as the rule says; absent where none does.
    pub target: Option<f64>,
    /// The figure, as `agent#pointer`.
    pub source: String,
    /// The decisions that it is for.
    pub decisions: Vec<String>,
}

/// Health of the business.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// 0 to 100: mean of the axes that can be computed, which all weigh the same; absent without any.
    pub business_health_numeric: Option<f64>,
    /// `excellent` from 85, `good` from 75, `fair` from 60, else `poor`; `unknown` without a number.
    pub label: String,
    /// The five axes.
    pub axes: Vec<Axis>,
    /// Numbers from which a label begins.
    pub bands: BTreeMap<String, f64>,
}

/// An axis of health.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Axis {
    /// Its name.
    pub axis: String,
    /// 0 to 100: mean of its parts; absent without any.
    pub score: Option<f64>,
    /// Weight after axes without data were left out; 0 for these.
    pub weight: f64,
    /// The figures behind it.
    pub parts: Vec<AxisPart>,
}

/// A figure of an axis.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AxisPart {
    /// The figure, as `agent#pointer`.
    pub source: String,
    /// Its value.
    pub value: Option<f64>,
    /// 0 to 100.
    pub score: Option<f64>,
    /// The corners of the map from value to score.
    pub map: String,
    /// Why there is no value.
    pub reason: Option<String>,
}

/// What management reads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Executive {
    /// Where the business stands.
    pub situation_assessment: Situation,
    /// The first decisions.
    pub key_decisions_required: Vec<KeyDecision>,
    /// Where it stands in money, and what could be better.
    pub financial_projections: Projections,
    /// The first decisions in words.
    pub strategic_recommendations: Vec<String>,
}

/// Where the business stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Situation {
    /// A text with the label, or the number where the request asks for it; null as a number without one.
    #[schemars(with = "serde_json::Value")]
    pub business_health: serde_json::Value,
    /// 0 to 100.
    pub business_health_numeric: Option<f64>,
    /// Highest level of the risks: `high`, `medium`, `low` or `unknown`.
    pub urgency_level: String,
    /// By the trend of revenue: `growing`, `shrinking`, `steady` or `unknown`.
    pub strategic_position: String,
    /// The risk with the highest score.
    pub immediate_risk: Option<String>,
}

/// A decision for management.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeyDecision {
    /// Name of the rule.
    pub decision: String,
    /// What to do.
    pub action: String,
    /// By when.
    pub timeline: String,
    /// Who answers for it.
    pub owner: String,
    /// How success is told.
    pub success_metric: Option<String>,
}

/// Where the business stands in money.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Projections {
    /// By health: `stable` from 75, `at_risk` from 60, `critical` below, `unknown` without.
    pub current_state: String,
    /// The figures; null where they are not known.
    pub current_state_detail: BTreeMap<String, Option<f64>>,
    /// What one decision would change; `null` when no rule supports a scenario.
    pub projected_improvement: Option<Scenario>,
    /// Why there is no scenario.
    pub projected_improvement_reason: Option<String>,
}

/// Arithmetic under an assumption, not a forecast.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scenario {
    /// The decision.
    pub decision: String,
    /// What is assumed.
    pub assumption: String,
    /// Profit over all data as it is.
    pub gross_profit: f64,
    /// Gain under the assumption.
    pub gain: f64,
    /// Profit with the gain.
    pub gross_profit_then: f64,
    /// Gain as a share of the profit; absent where that is not positive.
    pub gain_share: Option<f64>,
    /// Why gains of other decisions are not added.
    pub note: String,
}

/// How scores are made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scoring {
    /// The formula.
    pub formula: String,
    /// Exponents in use.
    pub weights: BTreeMap<String, f64>,
    /// Share of revenue from which reward is much.
    pub reward_from: f64,
    /// Probability below which risk is much.
    pub risk_below: f64,
    /// Changes of the weights that the sensitivity is over.
    pub variations: u64,
}

/// Which rules and axes could be judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Rules, axes and scenarios that apply.
    pub requested: u64,
    /// Those that could be judged.
    pub computed: u64,
    /// Each of them.
    pub metrics: Vec<Metric>,
    /// Agents whose results were used, with their status; absent where the result names none.
    pub inputs: BTreeMap<String, Option<String>>,
    /// Why there is no narrative, where one was asked for; it does not count among the above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrative: Option<String>,
}

/// What a statement rests on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// JSON pointers into this object.
    pub pointers: Vec<String>,
    /// Figures of earlier agents, as `agent#pointer`.
    pub sources: Vec<String>,
}

/// The parts whose product is the confidence score, each 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confidence {
    /// Rules and axes judged of those that apply.
    pub coverage: f64,
    /// The least completeness that an earlier result reports; 0 when none does.
    pub completeness: f64,
    /// The least sample adequacy that an earlier result reports; 0 when none does.
    pub sample_adequacy: f64,
}

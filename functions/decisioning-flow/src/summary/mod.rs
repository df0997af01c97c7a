//! The executive summary: what the agents' results say, in one page. Pure.
//!
//! Nothing in it is estimated here. What no result supports is null, with the reason in `coverage`.
//!
//! | figure | comes from |
//! |---|---|
//! | `business_health_numeric` | decision: `data.business_health.business_health_numeric`, 0 to 100 |
//! | `business_health` | the band of that number: `excellent` from 85, `good` from 75, `fair` from 60, else `poor` |
//! | `urgency_level` | strategy: level of the first entry of `data.risk_assessment.risks`, the one with the highest score |
//! | `immediate_risk` | its text |
//! | `strategic_position` | strategy: `data.strategic_patterns.growth_patterns.direction`, as `growing`, `shrinking`, `steady` |
//! | `key_decisions_required` | decision: `data.executive.key_decisions_required` |
//! | `current_state` | decision: `data.executive.financial_projections.current_state`; without it see [`state_of`] |
//! | `current_state_detail` | intelligence: `data.financial_intelligence` |
//! | `projected_improvement` | decision: `data.executive.financial_projections.projected_improvement` |
//! | `strategic_recommendations` | all agents, merged by priority: see [`merged`] |

mod finder;
mod money;

use std::collections::BTreeMap;

use causeway_decisioning::result::Status;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::flow::Flow;
use crate::run::{Answers, RunState};
use finder::Finder;
pub use money::{CurrentState, FinancialProjections, StateDetail, state_of};

/// Most decisions and recommendations that are listed.
const MOST: usize = 20;

/// The summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutiveSummary {
    /// Where the business stands.
    pub situation_assessment: SituationAssessment,
    /// What has to be decided, the most urgent first; at most 20.
    pub key_decisions_required: Vec<KeyDecision>,
    /// Money.
    pub financial_projections: FinancialProjections,
    /// What the agents recommend, the highest priority first; at most 20.
    pub strategic_recommendations: Vec<String>,
    /// Why a figure above is null, by its path.
    pub coverage: BTreeMap<String, String>,
}

/// Where the business stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SituationAssessment {
    /// A word for the health, or the number where the deployment asks for it.
    pub business_health: Option<Health>,
    /// 0 to 100.
    pub business_health_numeric: Option<f64>,
    /// `low`, `medium` or `high`.
    pub urgency_level: Option<String>,
    /// `growing`, `shrinking` or `steady`.
    pub strategic_position: Option<String>,
    /// The gravest risk.
    pub immediate_risk: Option<String>,
}

/// The health as a word or a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Health {
    /// `excellent`, `good`, `fair` or `poor`.
    Label(String),
    /// 0 to 100.
    Number(f64),
}

/// Something that has to be decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeyDecision {
    /// What.
    pub decision: Option<String>,
    /// The first thing to do.
    pub action: Option<String>,
    /// By when.
    pub timeline: Option<String>,
    /// The role that decides.
    pub owner: Option<String>,
    /// How success shows.
    pub success_metric: Option<String>,
}

/// How `business_health` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthAs {
    /// A word.
    Label,
    /// The number, for queries that compare it.
    Number,
}

/// The summary, and its status: `error` when no agent answered, `partial` when something that was asked for is
/// missing, else `success`.
#[must_use]
pub fn summarise(flow: &Flow, state: &RunState, answers: &Answers, health_as: HealthAs) -> (ExecutiveSummary, Status) {
    let mut finder = Finder::new(flow, state, answers);
    let situation_assessment = situation(&mut finder, health_as);
    let financial_projections = money::projections(&mut finder, situation_assessment.business_health_numeric);
    let key_decisions_required = decisions(&mut finder);
    let strategic_recommendations = merged(flow, answers, "recommendations");
    let status = match (answers.is_empty(), finder.is_short) {
        (true, _) => Status::Error,
        (false, true) => Status::Partial,
        (false, false) => Status::Success,
    };
    let coverage = finder.coverage;
    let summary = ExecutiveSummary {
        situation_assessment,
        key_decisions_required,
        financial_projections,
        strategic_recommendations,
        coverage,
    };
    (summary, status)
}

fn situation(finder: &mut Finder<'_>, health_as: HealthAs) -> SituationAssessment {
    const PLACE: &str = "situation_assessment";
    let health = finder.number(
        &format!("{PLACE}.business_health_numeric"),
        "decision",
        "/data/business_health/business_health_numeric",
        0.0..=100.0,
    );
    finder.same_reason(&format!("{PLACE}.business_health"), &format!("{PLACE}.business_health_numeric"));
    let risk = gravest(finder, &format!("{PLACE}.immediate_risk"));
    finder.same_reason(&format!("{PLACE}.urgency_level"), &format!("{PLACE}.immediate_risk"));
    let text = |member: &str| risk.as_ref()?.get(member)?.as_str().map(str::to_owned);
    SituationAssessment {
        business_health: health.map(|health| match health_as {
            HealthAs::Label => Health::Label(band(health).to_owned()),
            HealthAs::Number => Health::Number(health),
        }),
        business_health_numeric: health,
        urgency_level: text("level"),
        strategic_position: position(finder, &format!("{PLACE}.strategic_position")),
        immediate_risk: text("text"),
    }
}

/// The first risk of the register; an empty register is an answer, not a gap.
fn gravest(finder: &mut Finder<'_>, path: &str) -> Option<Value> {
    let register = finder.list(path, "strategy", "/data/risk_assessment/risks")?;
    if register.is_empty() {
        finder.explain(path, "the register of risks is empty");
    }
    register.into_iter().next()
}

fn position(finder: &mut Finder<'_>, path: &str) -> Option<String> {
    let direction = finder.text(path, "strategy", "/data/strategic_patterns/growth_patterns/direction")?;
    let word = match direction.as_str() {
        "rising" => "growing",
        "falling" => "shrinking",
        "none" => "steady",
        _ => {
            finder.absent(path, "strategy gives a direction that is not known");
            return None;
        }
    };
    Some(word.to_owned())
}

/// The word for a health score; the bands of the dashboards' score card.
fn band(health: f64) -> &'static str {
    match health {
        85.0.. => "excellent",
        75.0.. => "good",
        60.0.. => "fair",
        _ => "poor",
    }
}

fn decisions(finder: &mut Finder<'_>) -> Vec<KeyDecision> {
    let found = finder.list("key_decisions_required", "decision", "/data/executive/key_decisions_required");
    found.iter().flatten().take(MOST).map(decision).collect()
}

fn decision(found: &Value) -> KeyDecision {
    let text = |member: &str| found.get(member).and_then(Value::as_str).map(str::to_owned);
    KeyDecision {
        decision: text("decision"),
        action: text("action"),
        timeline: text("timeline"),
        owner: text("owner"),
        success_metric: text("success_metric"),
    }
}

/// `merge_with_priority`: the statements of all agents in one list, those of the agent with the highest priority (the
/// lowest number) first, in the agent's own order; agents without a priority come last, in the order of the stages. Of
/// equal statements, compared without case and surrounding space, only the first stays.
#[must_use]
pub fn merged(flow: &Flow, answers: &Answers, member: &str) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let all = flow.agents_by_priority().into_iter().filter_map(|agent| answers.get(agent));
    let statements = all.flat_map(|answer| answer.texts(member));
    statements.filter(|text| seen.insert(text.trim().to_lowercase())).take(MOST).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;

//! The executive summary: what the agents' results say, in one page. Pure.
//!
//! Nothing in it is estimated here. What no result supports is null, with the reason in `coverage`.
//!
//! | figure | comes from |
//! |---|---|
//! | `business_health_numeric` | decision: `data.composite_health.business_health_numeric`, 0 to 100 |
//! | `business_health` | the band of that number: `strong` from 85, `good` from 75, `fair` from 60, else `weak` |
//! | `urgency_level` | the graver of the health band and the highest level of the risk register |
//! | `strategic_position` | strategy: `data.market_positioning.position` |
//! | `immediate_risk` | strategy: first entry of `data.strategic_patterns.risk_patterns.register`, its `risk` |
//! | `key_decisions_required` | decision: `data.strategic_decision_framework`, immediate ones first |
//! | `current_state` | see [`state_of`] |
//! | `projected_improvement` | decision: `data.projected_improvement` |
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
    /// `low`, `moderate`, `high` or `critical`.
    pub urgency_level: Option<String>,
    /// One sentence.
    pub strategic_position: Option<String>,
    /// The gravest risk.
    pub immediate_risk: Option<String>,
}

/// The health as a word or a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Health {
    /// `strong`, `good`, `fair` or `weak`.
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
pub fn summarise(
    flow: &Flow,
    state: &RunState,
    answers: &Answers,
    health_as: HealthAs,
) -> (ExecutiveSummary, Status) {
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
        "/data/composite_health/business_health_numeric",
        0.0..=100.0,
    );
    let business_health = health.map(|health| match health_as {
        HealthAs::Label => Health::Label(band(health).to_owned()),
        HealthAs::Number => Health::Number(health),
    });
    finder.same_reason(&format!("{PLACE}.business_health"), &format!("{PLACE}.business_health_numeric"));
    let register = "/data/strategic_patterns/risk_patterns/register";
    let risks = finder.list(&format!("{PLACE}.immediate_risk"), "strategy", register);
    let text = |risk: &Value, member: &str| risk.get(member).and_then(Value::as_str).map(str::to_owned);
    let worst = risks.iter().filter_map(|risk| text(risk, "level")).filter_map(|level| rank(&level)).max();
    let urgency = worst.max(health.map(rank_of_health));
    if urgency.is_none() {
        finder.explain(&format!("{PLACE}.urgency_level"), "neither a health score nor a level of risk is known");
    }
    let position = "/data/market_positioning/position";
    SituationAssessment {
        business_health,
        business_health_numeric: health,
        urgency_level: urgency.map(|rank| LEVELS[rank].to_owned()),
        strategic_position: finder.text(&format!("{PLACE}.strategic_position"), "strategy", position),
        immediate_risk: risks.first().and_then(|risk| text(risk, "risk")),
    }
}

/// The word for a health score; the bands of the dashboards' score card.
fn band(health: f64) -> &'static str {
    match health {
        85.0.. => "strong",
        75.0.. => "good",
        60.0.. => "fair",
        _ => "weak",
    }
}

const LEVELS: [&str; 4] = ["low", "moderate", "high", "critical"];

fn rank_of_health(health: f64) -> usize {
    match band(health) {
        "strong" => 0,
        "good" => 1,
        "fair" => 2,
        _ => 3,
    }
}

fn rank(level: &str) -> Option<usize> {
    let level = if level == "medium" { "moderate" } else { level };
    LEVELS.iter().position(|known| *known == level)
}

fn decisions(finder: &mut Finder<'_>) -> Vec<KeyDecision> {
    const PLACE: &str = "key_decisions_required";
    let framework = "/data/strategic_decision_framework";
    let mut found = finder.list(PLACE, "decision", &format!("{framework}/immediate_decisions"));
    if !finder.coverage.contains_key(PLACE) {
        found.extend(finder.list(PLACE, "decision", &format!("{framework}/strategic_decisions")));
    }
    found.iter().take(MOST).map(decision).collect()
}

fn decision(found: &Value) -> KeyDecision {
    let text = |members: &[&str]| {
        members.iter().find_map(|member| found.get(*member).and_then(Value::as_str)).map(str::to_owned)
    };
    KeyDecision {
        decision: text(&["decision"]),
        action: text(&["action"]),
        timeline: text(&["timeline"]),
        owner: text(&["owner", "owner_role"]),
        success_metric: text(&["success_metric"]),
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

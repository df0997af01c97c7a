//! What management reads: where the business stands, what is due, and what one decision would change.

use std::collections::BTreeMap;

use serde_json::json;

use super::data::{Decision, Executive, Health, KeyDecision, Projections, Scenario, Situation};
use super::figures::{Agent, Replies};
use super::health::state_of_health;
use super::ledger::Ledger;
use super::request::HealthAs;
use super::rules::Rule;
use crate::strategy::previous::Missing;

/// Decisions that management reads.
const MOST: usize = 5;
const PROFIT: &str = "/financial_intelligence/revenue_analysis/gross_profit";
/// Figures of the present state.
const DETAIL: [(&str, &str); 5] = [
    ("total_revenue", "/financial_intelligence/revenue_analysis/total_revenue"),
    ("gross_profit", PROFIT),
    ("gross_margin", "/financial_intelligence/revenue_analysis/gross_margin"),
    ("outstanding_ar", "/financial_intelligence/cash_flow_intelligence/outstanding_ar"),
    ("trailing_12_revenue", "/financial_intelligence/growth/trailing_12/revenue"),
];

pub(super) fn executive(
    replies: &Replies<'_>,
    rules: &[Rule],
    decisions: &[Decision],
    health: &Health,
    form: HealthAs,
    ledger: &mut Ledger,
) -> Executive {
    let first = || decisions.iter().take(MOST);
    Executive {
        situation_assessment: situation(replies, health, form),
        key_decisions_required: first().map(|decision| key_decision(decision, rules)).collect(),
        financial_projections: projections(replies, rules, decisions, health, ledger),
        strategic_recommendations: first().map(|d| format!("{} {}", d.decision, d.rationale)).collect(),
    }
}

fn situation(replies: &Replies<'_>, health: &Health, form: HealthAs) -> Situation {
    let strategy = replies.figures(Agent::Strategy);
    let number = health.business_health_numeric;
    let label = match number {
        Some(number) => format!("{} ({number:.1} of 100)", health.label),
        None => health.label.clone(),
    };
    let direction = strategy.text("/strategic_patterns/growth_patterns/direction");
    let position = match direction {
        Some("rising") => "growing",
        Some("falling") => "shrinking",
        Some("none") => "steady",
        _ => "unknown",
    };
    Situation {
        business_health: if form == HealthAs::Number { json!(number) } else { json!(label) },
        business_health_numeric: number,
        urgency_level: strategy.text("/risk_assessment/risks/0/level").unwrap_or("unknown").to_owned(),
        strategic_position: position.to_owned(),
        immediate_risk: strategy.text("/risk_assessment/risks/0/text").map(str::to_owned),
    }
}

fn key_decision(decision: &Decision, rules: &[Rule]) -> KeyDecision {
    let rule = rules.iter().find(|rule| rule.id == decision.id);
    KeyDecision {
        decision: decision.id.clone(),
        action: decision.decision.clone(),
        timeline: decision.timeline.clone(),
        owner: decision.owner.clone(),
        success_metric: rule.and_then(|rule| rule.success.as_ref()).map(|success| success.metric.clone()),
    }
}

fn projections(
    replies: &Replies<'_>,
    rules: &[Rule],
    decisions: &[Decision],
    health: &Health,
    ledger: &mut Ledger,
) -> Projections {
    let figures = replies.figures(Agent::Intelligence);
    let state = state_of_health(health.business_health_numeric);
    let detail = DETAIL.iter().map(|(name, pointer)| ((*name).to_owned(), figures.number(pointer).ok()));
    let improvement = scenario(replies, rules, decisions);
    const AT: &str = "/executive/financial_projections/projected_improvement";
    let reason = improvement.as_ref().err().cloned();
    match &reason {
        None => ledger.enter("projected_improvement", AT, Ok(())),
        Some(reason) => ledger.not_applicable("projected_improvement", AT, reason.clone()),
    }
    Projections {
        current_state: state.to_owned(),
        current_state_detail: detail.collect::<BTreeMap<_, _>>(),
        projected_improvement: improvement.ok(),
        projected_improvement_reason: reason,
    }
}

/// The largest gain that a rule gives an assumption for.
fn scenario(replies: &Replies<'_>, rules: &[Rule], decisions: &[Decision]) -> Result<Scenario, String> {
    let assumption = |decision: &Decision| rules.iter().find(|rule| rule.id == decision.id)?.assumption.clone();
    let gains = decisions.iter().filter_map(|decision| Some((decision, decision.impact?, assumption(decision)?)));
    let largest = gains.max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.id.cmp(&a.0.id)));
    let (decision, gain, assumption) = largest.ok_or("no decision gives a figure for a scenario")?;
    let profit = replies.figures(Agent::Intelligence).number(PROFIT).map_err(Missing::reason)?;
    Ok(Scenario {
        decision: decision.id.clone(),
        assumption,
        gross_profit: profit,
        gain,
        gross_profit_then: profit + gain,
        gain_share: (profit > 0.0).then(|| gain / profit),
        note: "the largest gain alone: gains of different decisions may be over the same sales".to_owned(),
    })
}

//! The facts of a decision: what its executive summary shows, and the figures behind it.

use super::fact::{Fact, Facts, Value};
use crate::decision::data::{Data, Decision, Health, Projections};

/// Names of the first decisions.
const ORDINALS: [&str; 3] = ["first", "second", "third"];
const UNKNOWN: &str = "unknown";

/// Figures of the axes: the end of their source, and their name. All of them are shares.
const SHARES: [(&str, &str); 7] = [
    ("/growth/compound_annual_rate", "yearly growth of revenue"),
    ("/overdue_share", "overdue share of the receivables"),
    ("/on_time_share", "share of the deliveries on time"),
    ("/fill_rate", "fill rate"),
    ("/return_rate/row_share", "return rate"),
    ("/completion_rate", "completion rate of the projects"),
    ("/repeat_rate", "repeat rate of the customers"),
];
const CHANGE: &str = "/growth/trailing_12/change";
const LAST_YEAR: &str = "revenue of the last twelve months";

/// The facts in a fixed order.
pub(super) fn facts(data: &Data) -> Vec<Fact> {
    let mut facts = Facts::default();
    health(&data.business_health, &mut facts);
    money(&data.executive.financial_projections, &mut facts);
    axes(&data.business_health, &mut facts);
    situation(data, &mut facts);
    decisions(data, &mut facts);
    facts.0
}

fn known(text: &str) -> Option<Value> {
    Some(text).filter(|text| *text != UNKNOWN).and_then(Value::text)
}

fn share(share: f64) -> Value {
    Value::Percent(share * 100.0)
}

fn health(health: &Health, facts: &mut Facts) {
    const NAME: &str = "health of the business";
    let points = health.business_health_numeric.map(Value::Points);
    facts.add(NAME, "/business_health/business_health_numeric", points);
    facts.add(NAME, "/business_health/label", known(&health.label));
}

/// A member of the present state, its name, and what it is.
type Named = (&'static str, &'static str, fn(f64) -> Value);

fn money(projections: &Projections, facts: &mut Facts) {
    const AT: &str = "/executive/financial_projections";
    let named: [Named; 5] = [
        ("total_revenue", "total revenue", Value::Money),
        ("gross_profit", "gross profit", Value::Money),
        ("gross_margin", "gross margin", Value::Percent),
        ("outstanding_ar", "outstanding receivables", Value::Money),
        ("trailing_12_revenue", LAST_YEAR, Value::Money),
    ];
    for (member, name, kind) in named {
        let figure = projections.current_state_detail.get(member).copied().flatten();
        facts.add(name, format!("{AT}/current_state_detail/{member}"), figure.map(kind));
    }
    let state = known(&projections.current_state.replace('_', " "));
    facts.add("state of the business", format!("{AT}/current_state"), state);
    let Some(scenario) = &projections.projected_improvement else { return };
    let at = |member: &str| format!("{AT}/projected_improvement/{member}");
    let then = Value::Money(scenario.gross_profit_then);
    facts.add("gross profit in the scenario", at("gross_profit_then"), Some(then));
    facts.add("gain in the scenario", at("gain"), Some(Value::Money(scenario.gain)));
    facts.add("gain in the scenario", at("gain_share"), scenario.gain_share.map(share));
    facts.add("assumption of the scenario", at("assumption"), Value::text(&scenario.assumption));
}

fn axes(health: &Health, facts: &mut Facts) {
    for (place, axis) in health.axes.iter().enumerate() {
        let at = format!("/business_health/axes/{place}");
        let name = format!("score of {}", axis.axis.replace('_', " "));
        facts.add(&name, format!("{at}/score"), axis.score.map(Value::Points));
        for (number, part) in axis.parts.iter().enumerate() {
            let (at, value) = (format!("{at}/parts/{number}/value"), part.value);
            if part.source.ends_with(CHANGE) {
                facts.add(LAST_YEAR, at, value.map(|change| Value::Change(change * 100.0)));
            } else if let Some((_, name)) = SHARES.iter().find(|(end, _)| part.source.ends_with(end)) {
                facts.add(name, at, value.map(share));
            }
        }
    }
}

fn situation(data: &Data, facts: &mut Facts) {
    const AT: &str = "/executive/situation_assessment";
    let situation = &data.executive.situation_assessment;
    let position = known(&situation.strategic_position);
    facts.add("position of the business", format!("{AT}/strategic_position"), position);
    facts.add("highest level of the risks", format!("{AT}/urgency_level"), known(&situation.urgency_level));
    let risk = situation.immediate_risk.as_deref().and_then(Value::text);
    facts.add("largest risk", format!("{AT}/immediate_risk"), risk);
}

fn decisions(data: &Data, facts: &mut Facts) {
    let framework = &data.strategic_decision_framework;
    let lists = [
        ("immediate_decisions", &framework.immediate_decisions, "number of decisions due within 30 days"),
        ("strategic_decisions", &framework.strategic_decisions, "number of later decisions"),
    ];
    for (list, all, name) in lists {
        facts.add(name, format!("/strategic_decision_framework/{list}"), Some(Value::Count(all.len() as u64)));
    }
    let placed = lists.iter().flat_map(|(list, all, _)| all.iter().enumerate().map(move |(n, one)| (list, n, one)));
    let placed: Vec<(String, &Decision)> =
        placed.map(|(list, n, one)| (format!("/strategic_decision_framework/{list}/{n}"), one)).collect();
    for (rank, ordinal) in (1..).zip(ORDINALS) {
        let Some((at, decision)) = placed.iter().find(|(_, decision)| decision.rank == rank) else { continue };
        let mut add = |name: String, member: &str, value| facts.add(&name, format!("{at}/{member}"), value);
        add(format!("{ordinal} decision"), "decision", Value::text(&decision.decision));
        add(format!("reason for the {ordinal} decision"), "rationale", Value::text(&decision.rationale));
        add(format!("owner of the {ordinal} decision"), "owner", Value::text(&decision.owner));
        add(format!("time for the {ordinal} decision"), "timeline", Value::text(&decision.timeline));
        let at_stake = decision.impact.map(Value::Money);
        add(format!("money at stake in the {ordinal} decision"), "impact", at_stake);
        add(format!("probability of the {ordinal} decision"), "probability", decision.probability.map(share));
    }
}

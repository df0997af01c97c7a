//! Judges each rule: whether it applies, what its texts say, and what its score is made of.

use super::data::{Decision, Evidence};
use super::figures::{Agent, Replies};
use super::ledger::Ledger;
use super::request::Weights;
use super::rules::{Condition, Format, Probability, Rule, Value};
use super::score::{Parts, is_on_front, ranking, sensitivity};
use crate::strategy::money::{percent, round};
use crate::strategy::previous::Missing;

/// Share of revenue from which reward is much.
pub(super) const REWARD_FROM: f64 = 0.01;
/// Probability below which risk is much.
pub(super) const RISK_BELOW: f64 = 0.5;
const REVENUE: &str = "/financial_intelligence/revenue_analysis/total_revenue";

/// A rule that applies, with its parts.
struct Applied<'r> {
    rule: &'r Rule,
    action: String,
    rationale: String,
    impact: Result<f64, String>,
    probability: Result<f64, String>,
    sources: Vec<String>,
}

/// Judges all rules; the decisions are in their final order.
pub(super) fn decisions(
    rules: &[Rule],
    replies: &Replies<'_>,
    weights: &Weights,
    ledger: &mut Ledger,
) -> Vec<Decision> {
    let mut applied: Vec<Applied<'_>> = Vec::new();
    for rule in rules {
        let (name, at) = (format!("rule.{}", rule.id), "/strategic_decision_framework");
        match apply(rule, replies) {
            Ok(Some(found)) => {
                ledger.enter(&name, at, Ok(()));
                applied.push(found);
            }
            Ok(None) => ledger.enter(&name, at, Ok(())),
            Err(Missing::Unknown(reason)) => ledger.enter(&name, at, Err(reason)),
            Err(Missing::NotApplicable(reason)) => ledger.not_applicable(&name, at, reason),
        }
    }
    applied.sort_by(|a, b| a.rule.id.cmp(&b.rule.id));
    let revenue = replies.figures(Agent::Intelligence).number(REVENUE).ok().filter(|revenue| *revenue > 0.0);
    ranked(applied, weights, revenue)
}

/// `None` when a condition does not hold.
fn apply<'r>(rule: &'r Rule, replies: &Replies<'_>) -> Result<Option<Applied<'r>>, Missing> {
    let mut sources = Vec::new();
    for condition in &rule.when {
        let (holds, source) = holds(condition, replies)?;
        if !holds {
            return Ok(None);
        }
        sources.push(source);
    }
    let action = fill(&rule.action, rule, replies, &mut sources)?;
    let rationale = fill(&rule.rationale, rule, replies, &mut sources)?;
    let impact = impact(rule, replies, &mut sources);
    let probability = probability(rule, replies, &mut sources);
    sources.sort();
    sources.dedup();
    Ok(Some(Applied { rule, action, rationale, impact, probability, sources }))
}

fn holds(condition: &Condition, replies: &Replies<'_>) -> Result<(bool, String), Missing> {
    if !condition.one_of.is_empty() {
        let (text, source) = replies.text(condition.agent, &condition.pointer)?;
        return Ok((condition.one_of.iter().any(|one| one == text), source));
    }
    let (number, source) = replies.number(condition.agent, &condition.pointer)?;
    let holds = condition.above.is_none_or(|bound| number > bound)
        && condition.at_least.is_none_or(|bound| number >= bound)
        && condition.below.is_none_or(|bound| number < bound);
    Ok((holds, source))
}

/// Puts values into a text.
fn fill(text: &str, rule: &Rule, replies: &Replies<'_>, sources: &mut Vec<String>) -> Result<String, Missing> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        if let Some(value) = rule.values.get(name) {
            let (shown, source) = show(value, replies)?;
            filled.push_str(&shown);
            sources.push(source);
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn show(value: &Value, replies: &Replies<'_>) -> Result<(String, String), Missing> {
    if value.format == Format::Text {
        return replies.text(value.agent, &value.pointer).map(|(text, source)| (text.to_owned(), source));
    }
    let (number, source) = replies.number(value.agent, &value.pointer)?;
    let shown = match value.format {
        Format::Amount | Format::Text => round(number),
        Format::Percent => percent(number),
        Format::Count => format!("{number:.0}"),
        Format::Number => format!("{number:.3}"),
    };
    Ok((shown, source))
}

fn impact(rule: &Rule, replies: &Replies<'_>, sources: &mut Vec<String>) -> Result<f64, String> {
    if rule.money.is_empty() {
        return Err("the rule names no money at stake".to_owned());
    }
    let mut product = 1.0;
    for figure in &rule.money {
        let (number, source) = replies.number(figure.agent, &figure.pointer).map_err(Missing::reason)?;
        product *= number;
        sources.push(source);
    }
    if product.is_finite() && product > 0.0 { Ok(product) } else { Err("no money is at stake".to_owned()) }
}

fn probability(rule: &Rule, replies: &Replies<'_>, sources: &mut Vec<String>) -> Result<f64, String> {
    let (figure, is_reversed) = match &rule.probability {
        Probability::Confidence(agent) => {
            let unknown = || format!("{} gives no confidence", agent.name());
            return replies.confidence(*agent).ok_or_else(unknown);
        }
        Probability::Share(figure) => (figure, false),
        Probability::OneMinus(figure) => (figure, true),
    };
    let (number, source) = replies.number(figure.agent, &figure.pointer).map_err(Missing::reason)?;
    sources.push(source);
    let number = number.clamp(0.0, 1.0);
    Ok(if is_reversed { 1.0 - number } else { number })
}

/// Scored decisions by score, then the others by probability and effort.
fn ranked(applied: Vec<Applied<'_>>, weights: &Weights, revenue: Option<f64>) -> Vec<Decision> {
    let parts_of = |one: &Applied<'_>| {
        let (impact, probability) = (*one.impact.as_ref().ok()?, *one.probability.as_ref().ok()?);
        Some(Parts { impact, probability, effort: effort(one.rule) })
    };
    let (scored, mut others): (Vec<_>, Vec<_>) = applied.into_iter().partition(|one| parts_of(one).is_some());
    let parts: Vec<Parts> = scored.iter().filter_map(parts_of).collect();
    let sensitivity = sensitivity(&parts, weights);
    let mut decisions = Vec::new();
    for place in ranking(&parts, weights) {
        let one = &parts[place];
        let mut decision = decision(&scored[place], decisions.len());
        decision.score = Some(one.score(weights)).filter(|score| score.is_finite());
        decision.quadrant = revenue.map(|revenue| quadrant(one, revenue).to_owned());
        decision.is_on_pareto_front = Some(is_on_front(place, &parts));
        decision.sensitivity = Some(sensitivity[place].clone());
        decisions.push(decision);
    }
    let certainty = |one: &Applied<'_>| one.probability.clone().unwrap_or(-1.0);
    others.sort_by(|a, b| certainty(b).total_cmp(&certainty(a)).then(effort(a.rule).total_cmp(&effort(b.rule))));
    for one in &others {
        let mut decision = decision(one, decisions.len());
        decision.score_reason = one.impact.as_ref().err().or(one.probability.as_ref().err()).cloned();
        decisions.push(decision);
    }
    decisions
}

fn effort(rule: &Rule) -> f64 {
    rule.cost.points() * rule.time.points()
}

fn quadrant(parts: &Parts, revenue: f64) -> &'static str {
    match (parts.impact / revenue >= REWARD_FROM, parts.probability < RISK_BELOW) {
        (true, false) => "do_now",
        (true, true) => "prove_first",
        (false, false) => "routine",
        (false, true) => "leave",
    }
}

fn decision(one: &Applied<'_>, before: usize) -> Decision {
    let rule = one.rule;
    let (impact, probability) = (one.impact.clone().ok(), one.probability.clone().ok());
    let expected = impact.map_or_else(
        || format!("{}; no amount can be computed", rule.lever),
        |impact| format!("{}: {} at stake over the data", rule.lever, round(impact)),
    );
    let risk = probability.map_or("unknown", |probability| match 1.0 - probability {
        risk if risk < 0.25 => "low",
        risk if risk < 0.5 => "medium",
        _ => "high",
    });
    Decision {
        id: rule.id.clone(),
        decision: one.action.clone(),
        rationale: one.rationale.clone(),
        timeline: rule.time.timeline().to_owned(),
        expected_impact: expected,
        risk_level: risk.to_owned(),
        confidence: probability,
        lever: rule.lever.clone(),
        owner: rule.owner.clone(),
        cost: rule.cost,
        time: rule.time,
        impact,
        probability,
        effort: effort(rule),
        score: None,
        score_reason: None,
        rank: before as u64 + 1,
        quadrant: None,
        is_on_pareto_front: None,
        sensitivity: None,
        evidence: Evidence { pointers: Vec::new(), sources: one.sources.clone() },
    }
}

//! The decision agent: what to do first, and how the business stands.
//!
//! [`decide`] is the whole job over results of earlier agents; [`synthesise::synthesise`] reads these first. Rules are
//! data (`rules.json`, and those of a request): a condition over earlier figures, an action, and what its score is
//! made of. Score = money at stake x probability / effort.

pub mod data;
pub mod figures;
pub mod request;
pub mod rules;
pub mod synthesise;

mod evaluate;
mod executive;
mod health;
mod ledger;
mod score;

use std::collections::BTreeMap;

use serde_json::json;

use crate::discovery::RequestError;
use crate::result::{AgentResult, Findings, Status};
use crate::strategy::status_name;
use data::{Confidence, Coverage, Data, Decision, DecisionFramework, Evidence, Scoring, SuccessMetric, SuccessMetrics};
pub use figures::{Agent, Replies};
pub use health::state_of_health;
use ledger::Ledger;
pub use request::Request;
use rules::{Rule, Time};

/// What the decision agent answers with.
pub type Answer = AgentResult<Data>;

/// Name of the agent in its envelope.
pub const AGENT: &str = "decision";
/// Version of the shape of `data`.
const SCHEMA_VERSION: &str = "1";
/// Decisions that are named as priorities.
const PRIORITIES: usize = 5;

/// Decides by the rules, the built-in ones and those of the request.
///
/// # Errors
///
/// [`RequestError`] for a rule of the request that cannot be used.
pub fn decide(request: &Request, replies: &Replies<'_>) -> Result<Findings, RequestError> {
    let rules = rules::rules(&request.config.rules)?;
    let mut ledger = Ledger::default();
    let mut data = compute(request, &rules, replies, &mut ledger);
    let (requested, computed) = ledger.counts();
    data.confidence = confidence(replies, requested, computed);
    data.coverage = Coverage { requested, computed, metrics: ledger.metrics, inputs: inputs(replies), narrative: None };
    let was_partial =
        Agent::ALL.iter().any(|agent| replies.reply(*agent).is_none_or(|r| r.status != Some(Status::Success)));
    let status = match computed {
        0 => Status::Error,
        _ if computed < requested || was_partial => Status::Partial,
        _ => Status::Success,
    };
    let (insights, evidence): (Vec<_>, Vec<_>) = insights(&data).into_iter().unzip();
    let (recommendations, rests_on): (Vec<_>, Vec<_>) = recommendations(&data).into_iter().unzip();
    (data.evidence, data.recommendation_evidence) = (evidence, rests_on);
    let parts = &data.confidence;
    Ok(Findings {
        status,
        confidence_score: parts.coverage * parts.completeness * parts.sample_adequacy,
        // The data holds only strings, finite numbers and maps with text keys, which always serialise.
        data: serde_json::to_value(&data).unwrap_or_else(|_| json!({})),
        insights,
        recommendations,
    })
}

fn compute(request: &Request, rules: &[Rule], replies: &Replies<'_>, ledger: &mut Ledger) -> Data {
    let weights = &request.config.weights;
    let health = health::health(replies, ledger);
    let decisions = evaluate::decisions(rules, replies, weights, ledger);
    let form = request.config.business_health_as.unwrap_or_default();
    let executive = executive::executive(replies, rules, &decisions, &health, form, ledger);
    let named = decisions.iter().take(PRIORITIES).enumerate();
    let mut data = Data {
        schema_version: SCHEMA_VERSION.to_owned(),
        decision_priorities: named.map(|(place, d)| (format!("priority_{}", place + 1), d.decision.clone())).collect(),
        success_metrics: success_metrics(rules, &decisions, replies),
        resource_allocation: allocation(&decisions),
        business_health: health,
        executive,
        scoring: scoring(request),
        ..Data::default()
    };
    let (immediate, strategic) = decisions.into_iter().partition(|decision| decision.time.is_immediate());
    data.strategic_decision_framework =
        DecisionFramework { immediate_decisions: immediate, strategic_decisions: strategic };
    data
}

fn scoring(request: &Request) -> Scoring {
    let weights = request.config.weights;
    let named = [("impact", weights.impact), ("probability", weights.probability), ("effort", weights.effort)];
    Scoring {
        formula: "impact ^ w1 x probability ^ w2 / (cost points x time points) ^ w3".to_owned(),
        weights: named.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect(),
        reward_from: evaluate::REWARD_FROM,
        risk_below: evaluate::RISK_BELOW,
        variations: score::VARIATIONS as u64,
    }
}

/// One entry per measure and term, with the decisions that it is for.
fn success_metrics(rules: &[Rule], decisions: &[Decision], replies: &Replies<'_>) -> SuccessMetrics {
    let of = |is_wanted: fn(Time) -> bool| {
        let mut metrics: Vec<SuccessMetric> = Vec::new();
        for decision in decisions.iter().filter(|decision| is_wanted(decision.time)) {
            let rule = rules.iter().find(|rule| rule.id == decision.id);
            let Some(success) = rule.and_then(|rule| rule.success.as_ref()) else { continue };
            let figure = &success.figure;
            let current = replies.number(figure.agent, &figure.pointer).ok().map(|(number, _)| number);
            let source = replies.figures(figure.agent).source(&figure.pointer);
            match metrics.iter_mut().find(|metric| metric.source == source && metric.target == success.target) {
                Some(metric) => metric.decisions.push(decision.id.clone()),
                None => metrics.push(SuccessMetric {
                    metric: success.metric.clone(),
                    current,
                    target: success.target,
                    source,
                    decisions: vec![decision.id.clone()],
                }),
            }
        }
        metrics
    };
    SuccessMetrics { short_term: of(Time::is_immediate), long_term: of(|time| !time.is_immediate()) }
}

/// Share of all effort by role.
fn allocation(decisions: &[Decision]) -> BTreeMap<String, f64> {
    let whole: f64 = decisions.iter().map(|decision| decision.effort).sum();
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    for decision in decisions {
        *shares.entry(decision.owner.clone()).or_default() += decision.effort;
    }
    shares.values_mut().for_each(|share| *share /= whole);
    shares
}

/// The least that any earlier result reports.
fn confidence(replies: &Replies<'_>, requested: u64, computed: u64) -> Confidence {
    let least = |pointer: &str| {
        let reported = Agent::ALL.iter().filter_map(|agent| replies.figures(*agent).number(pointer).ok());
        reported.reduce(f64::min).unwrap_or(0.0).clamp(0.0, 1.0)
    };
    Confidence {
        coverage: if requested == 0 { 0.0 } else { computed as f64 / requested as f64 },
        completeness: least("/confidence/completeness"),
        sample_adequacy: least("/confidence/sample_adequacy"),
    }
}

fn inputs(replies: &Replies<'_>) -> BTreeMap<String, Option<String>> {
    let used = Agent::ALL.iter().filter_map(|agent| Some((agent.name().to_owned(), replies.reply(*agent)?.status)));
    used.map(|(agent, status)| (agent, status.map(|status| status_name(status).to_owned()))).collect()
}

/// A sentence and what it rests on.
type Statement = (String, Evidence);

fn insights(data: &Data) -> Vec<Statement> {
    let mut said = Vec::new();
    let at = |pointer: &str| Evidence { pointers: vec![pointer.to_owned()], sources: Vec::new() };
    let health = &data.business_health;
    if let Some(number) = health.business_health_numeric {
        let axes = health.axes.iter().filter_map(|axis| Some(format!("{} {:.1}", axis.axis, axis.score?)));
        let text = format!(
            "Business health is {number:.1} of 100 ({}): {}.",
            health.label,
            axes.collect::<Vec<_>>().join(", ")
        );
        said.push((text, at("/business_health")));
    }
    if let Some(scenario) = &data.executive.financial_projections.projected_improvement {
        let text = format!(
            "Profit would be {:.2} instead of {:.2} if {}.",
            scenario.gross_profit_then, scenario.gross_profit, scenario.assumption
        );
        said.push((text, at("/executive/financial_projections/projected_improvement")));
    }
    let framework = &data.strategic_decision_framework;
    let (now, later) = (framework.immediate_decisions.len(), framework.strategic_decisions.len());
    if now + later > 0 {
        let text = format!("Decisions due within 30 days: {now}; later: {later}.");
        said.push((text, at("/strategic_decision_framework")));
    }
    said
}

fn recommendations(data: &Data) -> Vec<Statement> {
    let framework = &data.strategic_decision_framework;
    let lists = [
        ("immediate_decisions", &framework.immediate_decisions),
        ("strategic_decisions", &framework.strategic_decisions),
    ];
    let mut all: Vec<(u64, Statement)> = Vec::new();
    for (name, list) in lists {
        for (place, decision) in list.iter().enumerate() {
            let pointers = vec![format!("/strategic_decision_framework/{name}/{place}")];
            let evidence = Evidence { pointers, sources: decision.evidence.sources.clone() };
            all.push((decision.rank, (format!("{} {}", decision.decision, decision.rationale), evidence)));
        }
    }
    all.sort_by_key(|(rank, _)| *rank);
    all.into_iter().map(|(_, statement)| statement).collect()
}

#[cfg(test)]
mod tests;

//! The strategy agent: where the business is heading, what stands out, what may go wrong and what could be done.
//!
//! [`strategise`] is the whole job over results of earlier agents; [`plan::plan`] reads these first, or analyses the
//! tables itself where there is no result of the intelligence agent. Every text is a template over computed figures.
//!
//! | part | figures |
//! |---|---|
//! | trend analysis | Mann-Kendall, Theil-Sen, STL strengths, Pettitt, forecast with its error over rolling origins |
//! | anomaly detection | seasonal-hybrid ESD, robust scores, isolation forest over periods by their measures |
//! | risk assessment | likelihood x impact of seven risks |
//! | opportunities | nine, with the money at stake |

pub mod data;
pub mod plan;
pub mod previous;
pub mod request;
pub mod scale;

mod anomalies;
mod ledger;
mod losses;
pub(crate) mod money;
mod opportunities;
mod patterns;
mod risks;
mod series;
mod statements;
mod trends;

use serde_json::json;

use crate::result::{AgentResult, Findings, Status};
use data::{Confidence, Coverage, Data};
use ledger::{Ledger, N_REQUIRED};
use previous::{Figures, Reply};
pub use request::{Model, Request};

/// What the strategy agent answers with.
pub type Answer = AgentResult<Data>;

/// Name of the agent in its envelope.
pub const AGENT: &str = "strategy";
/// Version of the shape of `data`.
const SCHEMA_VERSION: &str = "1";
/// Months from which trends are over months; below, over days.
const LEAST_MONTHS: usize = 12;

/// Computes everything that a request asks for from results of earlier agents.
#[must_use]
pub fn strategise(request: &Request, discovery: Option<&Reply>, intelligence: Option<&Reply>) -> Findings {
    let mut ledger = Ledger::default();
    let mut data = compute(request, discovery, intelligence, &mut ledger);
    let (requested, computed) = ledger.counts();
    let figures = Figures::of("intelligence", intelligence);
    data.confidence = Confidence {
        coverage: if requested == 0 { 0.0 } else { computed as f64 / requested as f64 },
        completeness: figures.number("/confidence/completeness").unwrap_or(0.0).clamp(0.0, 1.0),
        sample_adequacy: ledger.adequacy(),
        n_required: N_REQUIRED,
    };
    let is_partial_before = intelligence.is_some_and(|reply| reply.status != Some(Status::Success));
    let status = match (computed, requested) {
        (0, _) => Status::Error,
        (computed, requested) if computed < requested || is_partial_before => Status::Partial,
        _ => Status::Success,
    };
    data.coverage = coverage(request, discovery, intelligence, &ledger);
    data.tests = ledger.tests;
    let (insights, evidence): (Vec<_>, Vec<_>) = statements::insights(&data).into_iter().unzip();
    let (recommendations, rests_on): (Vec<_>, Vec<_>) = statements::recommendations(&data).into_iter().unzip();
    (data.evidence, data.recommendation_evidence) = (evidence, rests_on);
    let confidence = &data.confidence;
    Findings {
        status,
        confidence_score: confidence.coverage * confidence.completeness * confidence.sample_adequacy,
        // The data holds only strings, finite numbers and maps with text keys, which always serialise.
        data: serde_json::to_value(&data).unwrap_or_else(|_| json!({})),
        insights,
        recommendations,
    }
}

fn compute(request: &Request, discovery: Option<&Reply>, intelligence: Option<&Reply>, ledger: &mut Ledger) -> Data {
    let figures = Figures::of("intelligence", intelligence);
    let (months, days) = (series::periods(figures, "month"), series::periods(figures, "day"));
    let mut data = Data { schema_version: SCHEMA_VERSION.to_owned(), ..Data::default() };
    if request.wants(Model::TrendAnalysis) {
        let is_long = months.as_ref().is_ok_and(|months| months.names.len() >= LEAST_MONTHS);
        let chosen = if is_long || days.is_err() { &months } else { &days };
        let mut trends = trends::analyse(chosen, &request.config, ledger);
        ledger.adjust(request.config.significance);
        trends::conclude(&mut trends, ledger);
        data.trend_analysis = Some(trends);
    }
    let all = [months, days];
    if request.wants(Model::AnomalyDetection) {
        data.anomaly_detection = Some(anomalies::detect(&all, &request.config, ledger));
    }
    let [months, _] = all;
    let trends = data.trend_analysis.as_ref();
    if request.wants(Model::RiskAssessment) {
        let discovery = Figures::of("discovery", discovery);
        let inputs = risks::Inputs { intelligence: figures, discovery, months: &months, trends };
        data.risk_assessment = Some(risks::assess(&inputs, ledger));
    }
    data.transformation_opportunities = opportunities::find(figures, trends, ledger);
    data.strategic_patterns = patterns::find(figures, &months, trends, data.risk_assessment.as_ref(), ledger);
    const MARKET: &str = "nothing in a company's own tables tells of its market";
    ledger.not_applicable("market_positioning", "/market_positioning", MARKET);
    data
}

fn coverage(request: &Request, discovery: Option<&Reply>, intelligence: Option<&Reply>, ledger: &Ledger) -> Coverage {
    let all = [Model::TrendAnalysis, Model::AnomalyDetection, Model::RiskAssessment];
    let (requested, computed) = ledger.counts();
    let used = [("discovery", discovery), ("intelligence", intelligence)];
    Coverage {
        models: all.into_iter().filter(|model| request.wants(*model)).collect(),
        requested,
        computed,
        metrics: ledger.metrics.clone(),
        inputs: used
            .into_iter()
            .filter_map(|(agent, reply)| {
                Some((agent.to_owned(), reply?.status.map(|status| status_name(status).to_owned())))
            })
            .collect(),
    }
}

/// A status as it stands in JSON.
pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Success => "success",
        Status::Partial => "partial",
        Status::Error => "error",
    }
}

#[cfg(test)]
mod tests;

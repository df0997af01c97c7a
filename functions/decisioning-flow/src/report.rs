//! The document of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use causeway_cloud::results::RunResult;
use causeway_decisioning::dataset::read::READ_FROM_COPY;
use causeway_decisioning::result::{AgentResult, Findings, Status};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::flow::Flow;
use crate::request::sha256;
use crate::run::{Answers, Progress, RunState, status};
use crate::summary::{ExecutiveSummary, HealthAs, summarise};

/// Name of the flow's own entry among the agents' results.
const EXECUTIVE: &str = "executive";
/// Most data sources that are listed.
const MOST_SOURCES: usize = 200;

/// The result of a run, or of what there is of it so far.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowResult {
    /// The run.
    pub workflow_run: WorkflowRun,
    /// Results as the agents gave them, by agent, and the flow's own as `executive`. An agent without a result is
    /// absent here; `workflow_run.agents` says why.
    #[schemars(with = "BTreeMap<String, AgentResult>")]
    pub agent_results: BTreeMap<String, Box<RawValue>>,
    /// The summary; null while agents are left.
    pub executive_summary: Option<ExecutiveSummary>,
    /// Who made this, of what.
    pub metadata: Metadata,
}

/// A run.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowRun {
    /// Its name.
    pub run_id: String,
    /// The kind of analysis.
    pub analysis_type: String,
    /// When it began, ISO 8601 in UTC.
    pub start_time: String,
    /// When its last agent ended; null while agents are left.
    pub end_time: Option<String>,
    /// Seconds between the two.
    pub execution_time: Option<f64>,
    /// What was asked for, else the tables that discovery found; at most 200.
    pub data_sources_used: Vec<String>,
    /// Agents that were called, in order.
    pub agents_deployed: Vec<String>,
    /// `success`, `partial` or `error`.
    pub status: Status,
    /// Insights of all agents.
    pub total_insights: usize,
    /// Recommendations of all agents.
    pub total_recommendations: usize,
    /// What became of each agent.
    pub agents: BTreeMap<String, AgentEnd>,
    /// Agents that are left for a later invocation.
    pub deferred: Vec<String>,
    /// What the run could only have from memory or from a copy, because the side of the storage that has it did not answer.
    /// Such a run is at best `partial`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
    /// Whether that invocation was asked for; if not, call again with this run id and `continue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_continued: Option<bool>,
}

/// What became of an agent.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgentEnd {
    /// `success`, `partial`, `error`, `skipped`, `running` or `waiting`.
    pub status: String,
    /// Code of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who made a document, of what.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// This function.
    pub generated_by: String,
    /// Its version.
    pub version: String,
    /// End of the run; of an unfinished one its beginning.
    pub timestamp: String,
    /// Name of the flow.
    pub flow: String,
    /// SHA-256 of the flow's text, in hex.
    pub flow_sha256: String,
    /// How statements of the agents are merged.
    pub aggregation_strategy: String,
    /// Days that the result is kept.
    pub retention_days: u32,
    /// The object with `agent_results`, when they are too large for a reply and are left out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_results_object: Option<String>,
}

/// The document of a finished run. It depends on nothing but the run's state and answers, so an invocation that comes
/// after a crash writes the same bytes.
///
/// # Errors
/// Something cannot be written as JSON.
pub fn document(
    flow: &Flow,
    state: &RunState,
    answers: &Answers,
    health_as: HealthAs,
) -> Result<Bytes, serde_json::Error> {
    let mut result = so_far(flow, state, answers);
    let (summary, summary_status) = summarise(flow, state, answers, health_as);
    let end = ended(flow, state, answers);
    let executive = executive(flow, answers, &summary, summary_status, time(end));
    result.agent_results.insert(EXECUTIVE.to_owned(), to_raw_value(&executive)?);
    let run = &mut result.workflow_run;
    run.end_time = Some(time(end).to_string());
    run.execution_time = Some(Duration::from_millis(end.saturating_sub(state.started_unix_ms)).as_secs_f64());
    run.status = match (status(flow, state), summary_status) {
        (Status::Success, Status::Partial | Status::Error) => Status::Partial,
        (Status::Success, Status::Success) if run.degraded.is_some() => Status::Partial,
        (other, _) => other,
    };
    result.executive_summary = Some(summary);
    result.metadata.timestamp = time(end).to_string();
    serde_json::to_vec(&result).map(Bytes::from)
}

/// What there is of a run that goes on later.
#[must_use]
pub fn so_far(flow: &Flow, state: &RunState, answers: &Answers) -> FlowResult {
    let in_order: Vec<&str> = flow.agents_in_order().map(|(_, agent)| agent).collect();
    let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        in_order.iter().filter(|agent| wanted(agent)).map(|agent| (*agent).to_owned()).collect()
    };
    let was_called = |agent: &str| {
        let progress = state.agents.get(agent);
        progress.is_some_and(|progress| !matches!(progress, Progress::Skipped { .. }))
    };
    let count = |member: &str| answers.values().map(|answer| answer.texts(member).count()).sum();
    let start_time = time(state.started_unix_ms).to_string();
    let workflow_run = WorkflowRun {
        run_id: state.run_id.clone(),
        analysis_type: state.asked.analysis_type.name().to_owned(),
        start_time: start_time.clone(),
        end_time: None,
        execution_time: None,
        data_sources_used: sources(state, answers),
        agents_deployed: of(&was_called),
        status: Status::Partial,
        total_insights: count("insights"),
        total_recommendations: count("recommendations"),
        agents: in_order.iter().map(|agent| ((*agent).to_owned(), agent_end(state.agents.get(*agent)))).collect(),
        deferred: of(&|agent| !state.is_settled(agent)),
        degraded: degraded(state, answers),
        is_continued: None,
    };
    let agent_results = answers.iter().map(|(agent, answer)| (agent.clone(), answer.text.clone())).collect();
    FlowResult { workflow_run, agent_results, executive_summary: None, metadata: metadata(flow, state, start_time) }
}

/// What was read in place of what should have been: by the flow itself, and by its agents.
fn degraded(state: &RunState, answers: &Answers) -> Option<String> {
    let issues = answers.values().filter_map(|answer| answer.view.pointer("/data/issues")?.as_array()).flatten();
    let copies = issues.filter(|issue| issue["code"] == READ_FROM_COPY).filter_map(|issue| issue["object"].as_str());
    let copies: BTreeSet<&str> = copies.collect();
    let first = copies.first().map(|first| match copies.len() - 1 {
        0 => format!("{first} was read from a copy, which may be older"),
        others => format!("{first} and {others} more were read from copies, which may be older"),
    });
    let all: Vec<String> = state.degraded.clone().into_iter().chain(first).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn metadata(flow: &Flow, state: &RunState, timestamp: String) -> Metadata {
    Metadata {
        generated_by: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        timestamp,
        flow: flow.name.clone(),
        flow_sha256: sha256(&state.flow),
        aggregation_strategy: "merge_with_priority".to_owned(),
        retention_days: flow.retention_days,
        agent_results_object: None,
    }
}

fn agent_end(progress: Option<&Progress>) -> AgentEnd {
    let of = |status: &str| AgentEnd { status: status.to_owned(), code: None, reason: None };
    match progress {
        None => of("waiting"),
        Some(Progress::Running { .. }) => of("running"),
        Some(Progress::Answered { status }) => of(status_name(*status)),
        Some(Progress::Failed { code, message, .. }) => {
            AgentEnd { code: Some(code.clone()), reason: Some(message.clone()), ..of("error") }
        }
        Some(Progress::Skipped { reason }) => AgentEnd { reason: Some(reason.clone()), ..of("skipped") },
    }
}

/// The status as results write it.
#[must_use]
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::Success => "success",
        Status::Partial => "partial",
        Status::Error => "error",
    }
}

fn sources(state: &RunState, answers: &Answers) -> Vec<String> {
    if !state.asked.data_sources.is_empty() {
        return state.asked.data_sources.iter().take(MOST_SOURCES).cloned().collect();
    }
    let tables = answers.get("discovery").and_then(|answer| answer.view.pointer("/data/tables")?.as_array());
    let object = |table: &serde_json::Value| table.get("object")?.as_str().map(str::to_owned);
    let mut found: Vec<_> = tables.into_iter().flatten().filter_map(object).take(MOST_SOURCES).collect();
    found.dedup();
    found
}

/// When the last agent ended, by its own word, or was given up; never before the run began. A time after the end of the
/// run's is that of a clock that is wrong.
fn ended(flow: &Flow, state: &RunState, answers: &Answers) -> u64 {
    let last = state.ends_unix_ms(flow.timeout);
    let answered = answers.values().filter_map(crate::run::Answer::ended_unix_ms).filter(|ended| *ended <= last);
    let failed = state.agents.values().filter_map(|progress| match progress {
        Progress::Failed { at_unix_ms, .. } => Some(*at_unix_ms),
        _ => None,
    });
    answered.chain(failed).max().unwrap_or_default().max(state.started_unix_ms)
}

fn time(unix_ms: u64) -> Timestamp {
    let signed = i64::try_from(unix_ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(signed).unwrap_or(Timestamp::MAX)
}

/// The flow's own entry. Its confidence is the lowest of the agents' that answered, times the share of the agents that
/// did. It takes no time worth measuring, and a measured one would make equal runs differ.
fn executive(flow: &Flow, answers: &Answers, summary: &ExecutiveSummary, status: Status, at: Timestamp) -> AgentResult {
    let score = |answer: &crate::run::Answer| answer.view.get("confidence_score")?.as_f64();
    let lowest = answers.values().filter_map(score).fold(1.0, f64::min);
    let share = answers.len() as f64 / flow.agents.len().max(1) as f64;
    let findings = Findings {
        status,
        data: serde_json::to_value(summary).unwrap_or_default(),
        insights: crate::summary::merged(flow, answers, "insights"),
        recommendations: summary.strategic_recommendations.clone(),
        confidence_score: lowest * share,
    };
    AgentResult::close(EXECUTIVE, at, 0.0, findings)
}

/// What the places of results get of a finished run's document.
///
/// # Errors
/// The document is none of ours.
pub fn run_result(document: &Bytes) -> Result<RunResult, serde_json::Error> {
    let parsed: FlowResult = serde_json::from_slice(document)?;
    let run = &parsed.workflow_run;
    let moment = |text: &str| text.parse::<Timestamp>().map_err(serde::de::Error::custom);
    let health =
        parsed.executive_summary.as_ref().and_then(|summary| summary.situation_assessment.business_health_numeric);
    Ok(RunResult {
        run_id: run.run_id.clone(),
        analysis_type: run.analysis_type.clone(),
        status: status_name(run.status).to_owned(),
        started: moment(&run.start_time)?,
        ended: moment(run.end_time.as_deref().unwrap_or(&run.start_time))?,
        agent_results: serde_json::to_string(&parsed.agent_results)?,
        executive_summary: serde_json::to_string(&parsed.executive_summary)?,
        business_health: health,
        document: document.clone(),
        retention_days: parsed.metadata.retention_days,
    })
}

/// The document as a reply: itself, or without the agents' results when it is larger than `max_bytes`; then it names
/// the object that has them.
///
/// # Errors
/// The document is none of ours.
pub fn reply(document: &Bytes, max_bytes: usize, object: &str) -> Result<Box<RawValue>, serde_json::Error> {
    if document.len() <= max_bytes {
        return serde_json::from_slice(document);
    }
    let mut parsed: FlowResult = serde_json::from_slice(document)?;
    parsed.agent_results.clear();
    parsed.metadata.agent_results_object = Some(object.to_owned());
    to_raw_value(&parsed)
}

#[cfg(test)]
mod tests;

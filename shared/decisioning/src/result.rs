//! The envelope that every agent answers with: nine keys, the same for all.

use std::marker::PhantomData;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an agent's work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything that was asked for is in `data`.
    Success,
    /// Nothing useful could be computed; `data` says why.
    Error,
    /// Some input was not read in full or some figure could not be computed; `data` lists which.
    Partial,
}

/// What an agent found. `D` is what the schema says of `data`; in memory `data` is JSON whatever the agent,
/// because the next agent takes it as it came over the wire.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
pub struct AgentResult<D = serde_json::Value> {
    /// The agent, for example `discovery`.
    pub agent_name: String,
    /// `<agent>_<Unix seconds at the start>`.
    pub task_id: String,
    /// How the work ended.
    pub status: Status,
    /// The findings; the same input always gives the same bytes here.
    #[schemars(with = "D")]
    pub data: serde_json::Value,
    /// Statements about `data`, each with a pointer in `data.evidence`.
    pub insights: Vec<String>,
    /// What to do about them.
    pub recommendations: Vec<String>,
    /// When the work began, ISO 8601 in UTC.
    pub timestamp: String,
    /// How long the work took, in seconds.
    pub execution_time: f64,
    /// How far the findings can be relied on, 0 to 1; its parts are in `data.confidence`.
    pub confidence_score: f64,
    #[serde(skip)]
    shape: PhantomData<fn() -> D>,
}

/// The findings before the envelope is closed around them.
#[derive(Debug, Clone)]
pub struct Findings {
    /// How the work ended.
    pub status: Status,
    /// The agent's data.
    pub data: serde_json::Value,
    /// Statements about the data.
    pub insights: Vec<String>,
    /// What to do about them.
    pub recommendations: Vec<String>,
    /// 0 to 1.
    pub confidence_score: f64,
}

impl<D> AgentResult<D> {
    /// Closes the envelope; `started` gives the task id and the time stamp.
    #[must_use]
    pub fn close(agent: &str, started: Timestamp, execution_time: f64, findings: Findings) -> Self {
        Self {
            agent_name: agent.to_owned(),
            task_id: format!("{agent}_{}", started.as_second()),
            status: findings.status,
            data: findings.data,
            insights: findings.insights,
            recommendations: findings.recommendations,
            timestamp: started.to_string(),
            execution_time,
            confidence_score: findings.confidence_score.clamp(0.0, 1.0),
            shape: PhantomData,
        }
    }
}

//! What is stored of a run between invocations.

use std::collections::BTreeMap;

use causeway_decisioning::result::Status;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::flow::Analysis;

/// What was asked for; all that the agents' work depends on, besides the flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Which agents run.
    pub analysis_type: Analysis,
    /// Objects or prefixes.
    pub data_sources: Vec<String>,
    /// The day against which the data are judged.
    pub as_of: Option<Date>,
    /// Members of the requests of single agents.
    pub config: BTreeMap<String, Map<String, Value>>,
    /// SHA-256 of the flow's text, in hex.
    pub flow_sha256: String,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunState {
    /// Its name.
    pub run_id: String,
    /// What was asked for.
    pub asked: Asked,
    /// The text of its flow: a run goes on with the flow that it began with.
    pub flow: String,
    /// When it began.
    pub started_unix_ms: u64,
    /// Invocations that have worked on it.
    pub invocations: u32,
    /// What has become of each agent so far; agents whose turn has not come are absent.
    pub agents: BTreeMap<String, Progress>,
    /// Whether the result is stored wherever it belongs.
    pub is_finished: bool,
}

/// What has become of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum Progress {
    /// It was called, or is to be called.
    Running {
        /// When its turn came.
        since_unix_ms: u64,
        /// Tries that failed so far.
        failed_tries: u32,
    },
    /// It answered, and the answer is stored.
    Answered {
        /// The status of its answer.
        status: Status,
    },
    /// It did not answer, or not with a result.
    Failed {
        /// Stable name of the reason.
        code: String,
        /// For an operator.
        message: String,
        /// When it was given up.
        at_unix_ms: u64,
    },
    /// It was not called.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl RunState {
    /// A run that begins now.
    #[must_use]
    pub fn begin(run_id: String, asked: Asked, flow: String, now_unix_ms: u64) -> Self {
        let agents = BTreeMap::new();
        Self { run_id, asked, flow, started_unix_ms: now_unix_ms, invocations: 0, agents, is_finished: false }
    }

    /// Whether nothing is left to do for this agent.
    #[must_use]
    pub fn is_settled(&self, agent: &str) -> bool {
        !matches!(self.agents.get(agent), None | Some(Progress::Running { .. }))
    }
}

//! What is stored of a run between invocations.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_decisioning::result::Status;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::flow::Analysis;

/// What was asked for; all that the agents' work depends on, besides the flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Which agents run.
    pub analysis_type: Analysis,
    /// Objects or prefixes.
    pub data_sources: Vec<String>,
    /// Whether they are the deployment's, because the request named none.
    #[serde(default)]
    pub has_default_sources: bool,
    /// The day against which the data are judged.
    pub as_of: Option<Date>,
    /// Members of the requests of single agents.
    pub config: BTreeMap<String, Map<String, Value>>,
    /// SHA-256 of the flow's text, in hex.
    pub flow_sha256: String,
}

/// A run. Members that this version does not know are those of a newer one that worked on the run during a rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// Its name.
    pub run_id: String,
    /// What was asked for.
    pub asked: Asked,
    /// The text of its flow: a run goes on with the flow that it began with.
    pub flow: String,
    /// Why the flow may be an old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
    /// When it began.
    pub started_unix_ms: u64,
    /// When this was written; 0 where no version that wrote it knew.
    #[serde(default)]
    pub written_unix_ms: u64,
    /// Milliseconds during which nobody carried it on. They count neither for its time nor for its agents'.
    #[serde(default)]
    pub idle_ms: u64,
    /// Invocations that have worked on it.
    pub invocations: u32,
    /// What has become of each agent so far; agents whose turn has not come are absent.
    pub agents: BTreeMap<String, Progress>,
    /// Whether the result is stored wherever it belongs.
    pub is_finished: bool,
}

/// What has become of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    /// It was called, or is to be called.
    Running {
        /// When its turn came, and later by the time during which nobody carried the run on since.
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
        Self {
            run_id,
            asked,
            flow,
            degraded: None,
            started_unix_ms: now_unix_ms,
            written_unix_ms: now_unix_ms,
            idle_ms: 0,
            invocations: 0,
            agents: BTreeMap::new(),
            is_finished: false,
        }
    }

    /// Takes the run up again. Nobody carried it on since it was written, as far as anybody knows: an invocation that
    /// died may have worked on for a while, and what it did not finish has its time anew.
    pub fn resume(&mut self, now_unix_ms: u64) {
        self.invocations = self.invocations.saturating_add(1);
        if self.written_unix_ms == 0 {
            return;
        }
        let idle = now_unix_ms.saturating_sub(self.written_unix_ms);
        self.idle_ms = self.idle_ms.saturating_add(idle);
        for progress in self.agents.values_mut() {
            if let Progress::Running { since_unix_ms, .. } = progress {
                *since_unix_ms = since_unix_ms.saturating_add(idle);
            }
        }
    }

    /// When its time is over.
    #[must_use]
    pub fn ends_unix_ms(&self, timeout: Duration) -> u64 {
        let all = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self.started_unix_ms.saturating_add(self.idle_ms).saturating_add(all)
    }

    /// Whether nothing is left to do for this agent.
    #[must_use]
    pub fn is_settled(&self, agent: &str) -> bool {
        !matches!(self.agents.get(agent), None | Some(Progress::Running { .. }))
    }
}

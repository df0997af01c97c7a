//! Flows: which agents run, in which order, under which conditions, and how long.

mod analysis;
mod check;
mod document;
mod moved;
mod sequence;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::condition::{Condition, Replaced};
pub use analysis::Analysis;
pub(crate) use check::OWN_MEMBERS;

/// The flow that runs when nothing else is said.
pub const DEFAULT_FLOW: &str = include_str!("../../flows/default.yaml");

/// What is wrong with the text of a flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct FlowError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

/// A flow that can be run: every name in it is known, every condition looks back.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Time for a run, over all its invocations.
    pub timeout: Duration,
    /// Tries of an agent after the first.
    pub max_retries: u32,
    /// Factor by which waits between tries grow.
    pub backoff_multiplier: u32,
    /// Whether a partial result counts as success in conditions.
    pub accepts_partial: bool,
    /// Agents by name.
    pub agents: BTreeMap<String, Agent>,
    /// Stages in their order.
    pub stages: Vec<Stage>,
    /// Bucket of the results.
    pub bucket: String,
    /// Days that results are kept.
    pub retention_days: u32,
}

/// An agent of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// The function that is called.
    pub function: String,
    /// Time for all its tries together.
    pub timeout: Duration,
    /// Members of its request.
    pub config: Map<String, Value>,
    /// Members of its request that are results of earlier agents.
    pub inputs: BTreeMap<String, String>,
    /// Whose statements come first when results are merged; 1 before 2. Agents without one come last.
    pub priority: u32,
}

/// A stage of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Its agents in order.
    pub agents: Vec<String>,
    /// Whether it is run.
    pub condition: Condition,
    /// The condition as it was written.
    pub condition_text: String,
    /// Whether its agents run at the same time.
    pub is_parallel: bool,
    /// Whether a run without it is merely partial.
    pub is_optional: bool,
}

impl Flow {
    /// Reads and checks the text of a flow.
    ///
    /// # Errors
    /// [`FlowError`]: the first thing that is wrong.
    pub fn read(text: &str) -> Result<Self, FlowError> {
        check::flow(text, document::read(text)?)
    }

    /// The part of the flow that an analysis needs.
    ///
    /// What a stage waits for may be left out. In the place of comparisons about such an agent comes the condition of
    /// the agent's own stage, so that the stage still waits for whatever the agent would have waited for; below a
    /// `NOT` they are dropped. A condition of which nothing is left holds.
    ///
    /// `None` when no agent of the flow belongs to the analysis.
    #[must_use]
    pub fn for_analysis(&self, analysis: Analysis) -> Option<Self> {
        let is_wanted = |agent: &str| analysis.needs(agent);
        let mut conditions: BTreeMap<&str, Condition> = BTreeMap::new();
        let mut stages = Vec::new();
        for stage in &self.stages {
            let replacement = |agent: &str| match conditions.get(agent) {
                _ if is_wanted(agent) => Replaced::Kept,
                Some(Condition::Always) | None => Replaced::Dropped,
                Some(condition) => Replaced::By(condition.clone()),
            };
            let condition = stage.condition.replacing(&replacement).unwrap_or(Condition::Always);
            let agents: Vec<_> = stage.agents.iter().filter(|agent| is_wanted(agent)).cloned().collect();
            conditions.extend(stage.agents.iter().map(|agent| (agent.as_str(), condition.clone())));
            if !agents.is_empty() {
                stages.push(Stage { agents, condition, ..stage.clone() });
            }
        }
        let is_left = |name: &str| stages.iter().any(|stage| stage.agents.iter().any(|agent| agent == name));
        let mut agents = self.agents.clone();
        agents.retain(|name, _| is_left(name));
        for agent in agents.values_mut() {
            agent.inputs.retain(|_, from| is_left(from));
        }
        (!stages.is_empty()).then(|| Self { agents, stages, ..self.clone() })
    }

    /// Agents in the order of the stages.
    pub fn agents_in_order(&self) -> impl Iterator<Item = (&Stage, &str)> {
        self.stages.iter().flat_map(|stage| stage.agents.iter().map(move |agent| (stage, agent.as_str())))
    }

    /// Agents by priority, those of equal priority in the order of the stages.
    #[must_use]
    pub fn agents_by_priority(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.agents_in_order().map(|(_, agent)| agent).collect();
        names.sort_by_key(|name| self.agents.get(*name).map_or(u32::MAX, |agent| agent.priority));
        names
    }
}

#[cfg(test)]
mod tests;

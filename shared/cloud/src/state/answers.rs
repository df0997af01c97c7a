//! Answers of agents that a flow calls, kept with the flow's run.
//!
//! A flow that dies while an agent works calls that agent again; the agent then gives the answer that it gave, or
//! says that it is at work. The flow removes a run's answers with the run.

use std::time::Duration;

use super::once::Once;
use super::{Documents, StateError};
use crate::Ports;

/// Prefix of the documents in which the decisioning flow keeps its runs.
const FLOW: &str = "decisioning-flow";
/// Folder of a run's answers, below the run's.
const FOLDER: &str = "answers";
/// How long an agent that gives no sign of life counts as alive. A claim is renewed at each third of it.
const LEASE: Duration = Duration::from_secs(15);

/// Answers by run, in the documents of a flow.
#[derive(Clone)]
pub struct Answers(Documents);

impl Answers {
    /// Those of the decisioning flow's runs. `None` where a deployment has no state: an agent then works at each call.
    #[must_use]
    pub fn of(ports: &dyn Ports) -> Option<Self> {
        ports.documents(FLOW).ok().map(Self::new)
    }

    /// Answers in these documents, which are the flow's.
    #[must_use]
    pub fn new(documents: Documents) -> Self {
        Self(documents)
    }

    /// Those of one run. They are kept until the run is removed.
    #[must_use]
    pub fn of_run(&self, run: &str) -> Once {
        Once::new(self.0.below(&folder(run)), Duration::MAX).renewed(LEASE)
    }

    /// Removes those of one run.
    ///
    /// # Errors
    /// As [`Documents::remove_below`].
    pub async fn remove(&self, run: &str) -> Result<(), StateError> {
        self.0.remove_below(&folder(run)).await
    }
}

fn folder(run: &str) -> String {
    format!("{run}/{FOLDER}")
}

//! Answers of agents that a flow calls, kept with the flow's run.
//!
//! A flow that dies while an agent works calls that agent again; the agent then gives the answer that it gave, or
//! says that it is at work. Answers are given for two days, and the flow removes a run's with the run.

use std::time::Duration;

use super::once::Once;
use super::{Documents, StateError};
use crate::Ports;

/// Prefix of the documents in which the decisioning flow keeps its runs.
const FLOW: &str = "decisioning-flow";
/// Folder of a run's answers, below the run's.
const FOLDER: &str = "answers";
/// How long an answer is given again. A run is resumed within its own time, which is at most half an hour, or soon
/// after by hand; a caller who names a run by hand does not get an old answer for ever.
const KEPT: Duration = Duration::from_secs(2 * 24 * 3600);

/// Answers by run, in the documents of a flow.
#[derive(Clone)]
pub struct Answers {
    documents: Documents,
    lease: Duration,
}

impl Answers {
    /// How long an agent that gives no sign of life counts as alive, unless the deployment says otherwise: more than
    /// one slow renewal takes.
    pub const LEASE: Duration = Duration::from_secs(60);

    /// Those of the decisioning flow's runs. `None` where a deployment has no state: an agent then works at each call.
    #[must_use]
    pub fn of(ports: &impl Ports) -> Option<Self> {
        ports.documents(FLOW).ok().map(Self::new)
    }

    /// Answers in these documents, which are the flow's.
    #[must_use]
    pub fn new(documents: Documents) -> Self {
        Self { documents, lease: Self::LEASE }
    }

    /// With another time after which an agent that gives no sign of life counts as dead. A claim is renewed at each
    /// third of it.
    #[must_use]
    pub fn leased(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Those of one run.
    #[must_use]
    pub fn of_run(&self, run: &str) -> Once {
        Once::new(self.documents.below(&folder(run)), KEPT).renewed(self.lease)
    }

    /// Removes those of one run.
    ///
    /// # Errors
    /// As [`Documents::remove_below`].
    pub async fn remove(&self, run: &str) -> Result<(), StateError> {
        self.documents.remove_below(&folder(run)).await
    }
}

fn folder(run: &str) -> String {
    format!("{run}/{FOLDER}")
}

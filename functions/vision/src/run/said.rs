//! What a model said, in a form that outlives the call.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ask::Asked;
use crate::report::assess::Outcome;
use crate::report::contract::Provider;
use crate::report::fault::Fault;
use crate::report::observed::Observed;

/// What a model said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// The answers that could be read.
    answers: Vec<Observed>,
    /// What is wrong with the answer, when none could be read.
    #[serde(default)]
    faults: Vec<Fault>,
    /// How many answers were asked for.
    count: u32,
    /// Who answered.
    provider: Provider,
    /// Until when it stands although answers are missing: asking at once would bring the same.
    #[serde(default)]
    held_until: Option<Timestamp>,
}

impl Said {
    pub(crate) fn of(asked: &Asked) -> Self {
        let provider = asked.provider.clone();
        let held_until = asked.held_until;
        let all = Self { provider, held_until, ..Self::default() };
        match &asked.outcome {
            Outcome::Answered { answers, asked } => Self { answers: answers.clone(), count: *asked, ..all },
            Outcome::Unusable { faults } => Self { faults: faults.clone(), ..all },
            Outcome::Failed { .. } | Outcome::NotAsked | Outcome::NoModel => all,
        }
    }

    /// Whether there are answers, as many as were asked for.
    pub(crate) fn is_whole(&self) -> bool {
        !self.answers.is_empty() && self.answers.len() >= self.count as usize
    }

    /// Whether asking now would bring the same, although answers are missing.
    pub(crate) fn is_held(&self, now: Timestamp) -> bool {
        self.held_until.is_some_and(|until| now < until)
    }

    /// Whether it was to stand for a time although answers are missing.
    pub(crate) fn has_hold(&self) -> bool {
        self.held_until.is_some()
    }

    /// What stands in place of another question: all of the answers, or what is held.
    pub(crate) fn again(&self, now: Timestamp) -> Option<Asked> {
        if !self.is_whole() && !self.is_held(now) {
            return None;
        }
        let outcome = match (self.answers.is_empty(), self.faults.is_empty()) {
            (false, _) => Outcome::Answered { answers: self.answers.clone(), asked: self.count },
            (true, false) => Outcome::Unusable { faults: self.faults.clone() },
            (true, true) => return None,
        };
        let provider = self.provider.clone();
        Some(Asked { outcome, provider, held_until: self.held_until, is_remembered: true })
    }
}

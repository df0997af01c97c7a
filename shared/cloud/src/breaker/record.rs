//! The stored forms.

use std::collections::BTreeMap;

use causeway_resilience::breaker::{Config, Event, Report, State, Step, record};
use serde::{Deserialize, Serialize};

use super::Dependency;

/// Changes that are kept so that they can be told by others when their author died.
const MOST_TOLD: usize = 16;
/// Instances whose writes are recognised.
const MOST_MARKS: usize = 128;
/// After so long without a write, an instance's mark is forgotten, and what it left behind is too old to count.
pub(super) const REMEMBERED_MS: u64 = 15 * 60_000;
/// Reports that could not be written for so long are given up: whether they are counted could soon not be told, and no
/// window is longer.
pub(super) const WORTH_MS: u64 = 10 * 60_000;

/// The document of one breaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) dependency: Dependency,
    pub(super) state: State,
    /// By instance: what of it has arrived.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) marks: BTreeMap<String, Mark>,
    /// The last changes, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) told: Vec<Told>,
}

/// The last writes of one instance that are in the document. A write whose answer was lost is recognised by it, also
/// when others have written since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Number of the last batch of reports.
    #[serde(default)]
    pub(super) reports: u64,
    /// Number of the last admission or order.
    #[serde(default)]
    pub(super) step: u64,
    pub(super) at_ms: u64,
}

/// A change and the instance that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) instance: String,
    pub(super) event: Event,
}

/// Reports that found no way into the document because others were always faster. Never changed once it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Late {
    pub(super) instance: String,
    pub(super) number: u64,
    pub(super) at_ms: u64,
    pub(super) reports: Vec<Report>,
}

/// Reports of one instance that are written together, with a number that grows.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) number: u64,
    pub(super) since_ms: u64,
    pub(super) reports: Vec<Report>,
    /// Whether it lies in a [`Late`] document too.
    pub(super) is_late: bool,
}

/// Who writes, by which rules and when.
pub(super) struct Writer<'a> {
    pub(super) instance: &'a str,
    pub(super) config: &'a Config,
    pub(super) now_ms: u64,
    pub(super) random01: f64,
}

impl Record {
    /// In place of one that is missing or damaged.
    pub(super) fn recovered(dependency: &Dependency, now_ms: u64) -> Self {
        let state = State::recovered(now_ms);
        Self { dependency: dependency.clone(), state, marks: BTreeMap::new(), told: Vec::new() }
    }

    pub(super) fn mark(&self, instance: &str) -> Mark {
        self.marks.get(instance).copied().unwrap_or_default()
    }

    /// Takes the next state over.
    pub(super) fn take<D>(&mut self, writer: &Writer<'_>, step: Step<D>) -> D {
        self.state = step.state;
        let told = step.events.into_iter().map(|event| Told { instance: writer.instance.to_owned(), event });
        self.told.extend(told);
        self.told.drain(..self.told.len().saturating_sub(MOST_TOLD));
        step.decision
    }

    /// What time alone brings about. A change without an event is not worth a write.
    pub(super) fn settle(&mut self, writer: &Writer<'_>) {
        let step = record(&self.state, writer.config, &[], writer.now_ms, writer.random01);
        if !step.events.is_empty() {
            self.take(writer, step);
        }
    }

    /// Takes over a step of the writer's own, under a number by which it is recognised later.
    pub(super) fn take_own<D>(&mut self, writer: &Writer<'_>, number: u64, step: Step<D>) -> D {
        let decision = self.take(writer, step);
        self.set_mark(writer, writer.instance, |mark| mark.step = number);
        decision
    }

    /// Counts reports of `instance`, unless they were counted before.
    pub(super) fn count(&mut self, writer: &Writer<'_>, instance: &str, number: u64, reports: &[Report]) {
        if self.mark(instance).reports >= number {
            return;
        }
        let step = record(&self.state, writer.config, reports, writer.now_ms, writer.random01);
        self.take(writer, step);
        self.set_mark(writer, instance, |mark| mark.reports = number);
    }

    pub(super) fn set_mark(&mut self, writer: &Writer<'_>, instance: &str, set: impl FnOnce(&mut Mark)) {
        let mark = self.marks.entry(instance.to_owned()).or_default();
        set(mark);
        mark.at_ms = writer.now_ms;
        let oldest_ms = writer.now_ms.saturating_sub(REMEMBERED_MS);
        self.marks.retain(|_, mark| mark.at_ms >= oldest_ms);
        while self.marks.len() > MOST_MARKS {
            let oldest = self.marks.iter().min_by_key(|(_, mark)| mark.at_ms).map(|(name, _)| name.clone());
            self.marks.remove(oldest.as_deref().unwrap_or_default());
        }
    }
}

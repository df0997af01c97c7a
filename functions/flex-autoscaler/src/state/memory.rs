//! What an audit keeps of the state: the changes of machines. Whoever has lost the state has them from there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Change, Commanded, Entry, State};

/// Changes of machines that are under way or not long ago.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Memory {
    commanded: BTreeMap<String, Commanded>,
    changes: BTreeMap<String, Vec<Change>>,
}

/// A change of one machine, as a line of an audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(crate) enum Fact {
    /// One that was asked for and is not seen yet.
    Changing {
        /// OCID.
        id: String,
        /// The change.
        #[serde(flatten)]
        commanded: Commanded,
    },
    /// One that was seen.
    Changed {
        /// OCID.
        id: String,
        /// The change.
        #[serde(flatten)]
        change: Change,
    },
}

impl State {
    /// The changes that are under way and those that were seen after a moment, in order of machines and then of time.
    pub(crate) fn facts(&self, oldest: Timestamp) -> impl Iterator<Item = Fact> {
        self.instances.iter().flat_map(move |(id, entry)| {
            let changing = entry.commanded.iter().cloned();
            let changing = changing.map(|commanded| Fact::Changing { id: id.clone(), commanded });
            let young = entry.changes.iter().filter(move |change| change.at > oldest);
            let changed = young.map(|change| Fact::Changed { id: id.clone(), change: *change });
            changing.chain(changed)
        })
    }
}

impl Memory {
    /// From facts.
    ///
    /// # Errors
    /// The first machine whose sizes cannot be.
    pub(crate) fn new(facts: impl IntoIterator<Item = Fact>) -> Result<Self, String> {
        let mut memory = Self::default();
        for fact in facts {
            match fact {
                Fact::Changing { id, commanded } => drop(memory.commanded.insert(id, commanded)),
                Fact::Changed { id, change } => memory.changes.entry(id).or_default().push(change),
            }
        }
        memory.changes.values_mut().for_each(|changes| changes.sort_by_key(|change| change.at));
        let is_sound = |id: &&String| super::read::is_sound(&memory.entry(id, Timestamp::UNIX_EPOCH));
        let wrong = memory.ids().find(|id| !is_sound(id)).map(|id| format!("a size of {id} cannot be"));
        wrong.map_or(Ok(memory), Err)
    }

    /// Machines of which a change is known.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &String> {
        self.commanded.keys().chain(self.changes.keys())
    }

    /// What a machine's entry is with nothing else known.
    pub(crate) fn entry(&self, id: &str, now: Timestamp) -> Entry {
        let changes = self.changes.get(id).cloned().unwrap_or_default();
        Entry::recalled(self.commanded.get(id).cloned(), changes, now)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use serde_json::{Value, json};

    use super::*;

    const THEN: &str = "2026-03-11T11:40:00Z";
    const NOW: &str = "2026-03-11T12:00:00Z";

    fn facts(from: f64) -> Vec<Value> {
        let size = |ocpus: f64| json!({"ocpus": ocpus, "memory_gb": 16.0 * ocpus});
        vec![
            json!({"line": "changing", "id": "a", "at": NOW, "epoch": 7, "kind": "EMERGENCY_UP", "from": size(from),
                "to": size(28.0), "token": "t", "if_match": "e", "may_restart": false, "status": "intended"}),
            json!({"line": "changed", "id": "b", "begun": THEN, "at": NOW, "from": size(from), "to": size(20.0)}),
        ]
    }

    fn memory(facts: &[Value]) -> Result<Memory, String> {
        Memory::new(facts.iter().map(|fact| serde_json::from_value(fact.clone()).unwrap()))
    }

    #[test]
    fn what_was_written_down_is_what_is_recalled() {
        let written = facts(16.0);
        let now: Timestamp = NOW.parse().unwrap();
        let memory = memory(&written).unwrap();
        let mut state = State::new(now);
        state.instances = memory.ids().map(|id| (id.clone(), memory.entry(id, now))).collect();
        let again: Vec<Value> =
            state.facts(Timestamp::UNIX_EPOCH).map(|fact| serde_json::to_value(fact).unwrap()).collect();
        assert_eq!(again, written);
        let entry = memory.entry("c", now);
        assert!(entry.is_lost && entry.changes.is_empty() && entry.commanded.is_none(), "it has not changed");
    }

    #[test]
    fn sizes_that_cannot_be_are_no_memory() {
        for size in [-1.0, 0.0] {
            assert!(memory(&facts(size)).unwrap_err().contains(" a "), "{size}");
        }
    }
}

//! What one tick leaves for the next: decisions and cooldowns. Measurements are asked for again.
//!
//! Start with [`State`]. It is one document, or several with a part of the machines each ([`State::split`]). What
//! cannot be read is [`StateRead::Corrupt`], never an error that stops a tick and never an empty state that shrinks
//! machines.

mod apply;
pub(crate) use apply::minutes as apply_minutes;
mod entry;
mod memory;
mod read;
mod room;
mod shards;

pub use apply::{Answer, Correction};
pub use entry::{Change, Commanded, Entry, Fired, Infeasible, NeedsReboot, Recommendation, Status, WindowMark};
pub(crate) use memory::{Fact, Memory};
pub use read::StateRead;
pub use room::NoRoom;
pub(crate) use room::place_of;
pub use shards::shard_of;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the document that this code reads and writes.
pub const VERSION: u32 = 1;

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// Version of the document.
    pub version: u32,
    /// When this memory began. Each machine has its own beginning, and shrinks only some hours after it.
    pub since: Timestamp,
    /// Highest epoch that wrote it.
    #[serde(default)]
    pub epoch: u64,
    /// Machines by OCID.
    #[serde(default)]
    pub instances: BTreeMap<String, Entry>,
    /// Machines whose change had to wait; they come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<String>,
    /// Growth that was refused for want of room, by shape and availability domain with a `/` between them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub no_room: BTreeMap<String, NoRoom>,
    /// Alerts that were told, and when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alerts: BTreeMap<String, Timestamp>,
    /// Alerts that are not known to be out, and when they were first to be told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unsent: BTreeMap<String, Timestamp>,
}

impl State {
    /// One that remembers nothing, beginning now.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            version: VERSION,
            since: now,
            epoch: 0,
            instances: BTreeMap::new(),
            deferred: Vec::new(),
            no_room: BTreeMap::new(),
            alerts: BTreeMap::new(),
            unsent: BTreeMap::new(),
        }
    }

    /// Takes back that an alert was told `now`, because it is not known to be out: the next tick finds it again and tells
    /// it under the key that it had at first. `before` is the state before it was told.
    pub fn alert_failed(&mut self, topic: &str, before: Option<&Self>, now: Timestamp) {
        let told = before.and_then(|before| before.alerts.get(topic)).copied();
        match told {
            Some(at) => drop(self.alerts.insert(topic.to_owned(), at)),
            None => drop(self.alerts.remove(topic)),
        }
        let first = before.and_then(|before| before.unsent.get(topic)).copied();
        self.unsent.insert(topic.to_owned(), first.unwrap_or(now));
    }

    /// Remembers of these machines that what was known of them is lost, and what is known of their changes all the same.
    pub(crate) fn doubt<'a>(&mut self, ids: impl Iterator<Item = &'a str>, recalled: Option<&Memory>, now: Timestamp) {
        for id in ids {
            let unknown = || Entry { is_lost: true, ..Entry::new(now) };
            let lost = || recalled.map_or_else(unknown, |memory| memory.entry(id, now));
            self.instances.entry(id.to_owned()).or_insert_with(lost);
        }
    }
}

//! Every number of the rules, with its unit in the name and the default of the rule that uses it.
//!
//! Start with [`Policy`]: it is read from JSON or YAML, checked once ([`Policy::check`]) and resolved for each machine
//! ([`Effective`]), because tags and compartments may have numbers of their own.

mod check;
mod overrides;
mod sections;
mod windows;

pub use check::Problem;
pub use overrides::{Effective, Override, Selector};
pub use sections::*;
pub use windows::{Preset, PresetName, Window};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::forecast::Tuning;

/// The rules' numbers. An empty object is the default policy: it recommends and changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// What is done with decisions. Default `recommend`.
    pub mode: Mode,
    /// Whether a machine may be restarted for another size. Default false: sizes change only where the cloud does it
    /// live, and what it refuses is remembered.
    pub allow_reboot: bool,
    /// Sizes that are allowed.
    pub limits: Limits,
    /// When points are good enough to act on.
    pub freshness: Freshness,
    /// When and how far a machine grows.
    pub up: Up,
    /// When it grows at once.
    pub emergency: Emergency,
    /// When and how far it shrinks.
    pub down: Down,
    /// Pauses between changes.
    pub cooldown: Cooldown,
    /// Changes that are under way.
    pub in_flight: InFlight,
    /// Times of day with sizes of their own.
    pub schedule: Schedule,
    /// What the past says about the next hours.
    pub predictive: Predictive,
    /// Whether a change that costs a restart earns it back.
    pub payback: Payback,
    /// How the past is weighed where the size is chosen by its cost.
    pub cost: Tuning,
    /// Most money in a month.
    pub budget: Budget,
    /// What things cost.
    pub prices: Prices,
    /// Guards over all machines of a tick.
    pub fleet: Fleet,
    /// After the cloud had no room.
    pub capacity: Capacity,
    /// Kinds of machines that are left alone unless switched on here.
    pub support: Support,
    /// Names of tags.
    pub tags: TagNames,
    /// How often the same thing is told.
    pub alerts: AlertTimes,
    /// Other numbers for machines with certain tags or in certain compartments; later ones win.
    pub overrides: Vec<Override>,
}

/// What is done with decisions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing is decided.
    Off,
    /// Decisions are recorded and told; machines stay as they are.
    #[default]
    Recommend,
    /// The same decisions as `enforce`, and nothing is written anywhere.
    DryRun,
    /// Machines are resized.
    Enforce,
}

impl Policy {
    /// A short fingerprint of everything but the mode, so that a dry run has the decisions of the real one to the byte.
    #[must_use]
    pub fn hash(&self) -> String {
        let same_mode = Self { mode: Mode::default(), ..self.clone() };
        let bytes = serde_json::to_vec(&same_mode).unwrap_or_default();
        format!("{:.16x}", Sha256::digest(bytes))
    }
}

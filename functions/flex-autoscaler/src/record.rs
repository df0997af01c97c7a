//! What was decided, and why: the reply of a tick, its line in the audit and what a replay counts.
//!
//! Start with [`Record`]. Numbers are rounded (see each member), lists are in order of the machines' ids, so the same
//! input gives the same bytes.

mod alert;
mod table;

pub use alert::{Alert, Severity};
pub use table::table;

use std::collections::BTreeMap;

use causeway_cloud::fleet::Size;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::input::schema;
use crate::policy::{Mode, Problem};

/// The decisions of a tick.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Record {
    /// Number of the tick: five-minute intervals since 1970.
    pub tick: i64,
    /// The moment of the decision.
    pub now: Timestamp,
    /// Seconds since 1970 when the tick began to decide. Retry tokens are made of it.
    pub epoch: u64,
    /// What is done with the decisions.
    pub mode: Mode,
    /// Fingerprint of the policy without its mode.
    pub config_hash: String,
    /// What is wrong with the policy. With anything here, nothing is decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy_problems: Vec<Problem>,
    /// How many machines got which decision.
    pub counts: BTreeMap<Kind, usize>,
    /// Whether something had to wait for the next tick.
    pub partial: bool,
    /// Machines whose change had to wait, in the order in which they come.
    pub deferred: Vec<String>,
    /// One decision for each machine.
    pub decisions: Vec<Decision>,
    /// What people are told.
    pub alerts: Vec<Alert>,
}

/// The decision about one machine.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Decision {
    /// OCID.
    pub id: String,
    /// The name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is to be done.
    pub decision: Kind,
    /// The main reason, such as `cooldown`; one of the codes of `reasons`.
    pub reason: &'static str,
    /// Its size; absent when unknown.
    #[schemars(with = "Option<schema::Size>")]
    pub from: Option<Size>,
    /// The size that it is to have; the same as `from` when nothing is to be done.
    #[schemars(with = "Option<schema::Size>")]
    pub to: Option<Size>,
    /// Every rule that had a part in it, the main one first.
    pub reasons: Vec<Reason>,
    /// What was known.
    pub inputs: Known,
    /// Bounds that made the size another one.
    pub clamps: Vec<Clamp>,
    /// Sizes that were looked at and not taken.
    pub rejected: Vec<Rejected>,
    /// Change of the price in an hour, to six decimals.
    pub price_delta_per_hour: f64,
    /// Time that the machine will be away, in minutes; 0 where restarts are not allowed.
    pub expected_downtime_minutes: f64,
    /// Seconds since 1970 when the tick began to decide. Retry tokens are made of it.
    pub epoch: u64,
    /// Fingerprint of the policy of this machine, without its mode.
    pub config_hash: String,
}

/// What is to be done with a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// It grows at once.
    EmergencyUp,
    /// It grows to the floor of a window.
    ScheduledUp,
    /// It grows to the floor of a forecast.
    PredictedUp,
    /// It grows to the least size that is allowed.
    RaiseToMin,
    /// It grows.
    Up,
    /// It shrinks because a window is over.
    ScheduledDown,
    /// It shrinks.
    Down,
    /// Nothing.
    Hold,
    /// It should change and must not.
    Blocked,
    /// It is forgotten.
    Dropped,
}

/// A rule's part in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reason {
    /// The rule, `R1` to `R24`.
    pub rule: &'static str,
    /// A stable word for it.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

/// What was known about a machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Known {
    /// Its CPU.
    pub cpu: Measured,
    /// Its memory.
    pub memory: Measured,
    /// The floor of the windows in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Size>")]
    pub window_floor: Option<Size>,
    /// The floor of the forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Size>")]
    pub predicted_floor: Option<Size>,
    /// Minutes since it got its size, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged_minutes: Option<f64>,
    /// Since when the load has been at another level, where it has changed for good in the days that are remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_changed_at: Option<Timestamp>,
}

/// What was measured. Utilizations are in percent of the present size, to three decimals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Measured {
    /// Age of the newest point in minutes, to one decimal; absent without a valid point.
    pub age_minutes: Option<f64>,
    /// Valid points in the window for growing.
    pub points: usize,
    /// Valid points in the window for shrinking.
    pub window_points: usize,
    /// Points that were thrown away: not a percentage, from the future, too old, repeated.
    pub invalid_points: usize,
    /// The percentile that is compared.
    pub percentile: Option<f64>,
    /// The highest point of the window for growing.
    pub peak: Option<f64>,
    /// The highest point of the window for shrinking.
    pub window_max: Option<f64>,
    /// The highest of the day, for memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_max: Option<f64>,
}

/// A bound that made a size another one.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Clamp {
    /// The rule.
    pub rule: &'static str,
    /// A stable word for it, such as `shape_memory_max`.
    pub code: &'static str,
    /// The size before.
    #[schemars(with = "schema::Size")]
    pub from: Size,
    /// The size after.
    #[schemars(with = "schema::Size")]
    pub to: Size,
}

/// A size that was looked at and not taken.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Rejected {
    /// What it would have been.
    pub decision: Kind,
    /// The size.
    #[schemars(with = "schema::Size")]
    pub to: Size,
    /// The rule that was against it.
    pub rule: &'static str,
    /// Its word.
    pub code: &'static str,
}

impl Kind {
    /// Whether the machine would grow.
    #[must_use]
    pub fn is_up(self) -> bool {
        matches!(self, Self::EmergencyUp | Self::ScheduledUp | Self::PredictedUp | Self::RaiseToMin | Self::Up)
    }

    /// Whether the machine would shrink.
    #[must_use]
    pub fn is_down(self) -> bool {
        matches!(self, Self::ScheduledDown | Self::Down)
    }

    /// Whether anything would change.
    #[must_use]
    pub fn is_resize(self) -> bool {
        self.is_up() || self.is_down()
    }

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EmergencyUp => "EMERGENCY_UP",
            Self::ScheduledUp => "SCHEDULED_UP",
            Self::PredictedUp => "PREDICTED_UP",
            Self::RaiseToMin => "RAISE_TO_MIN",
            Self::Up => "UP",
            Self::ScheduledDown => "SCHEDULED_DOWN",
            Self::Down => "DOWN",
            Self::Hold => "HOLD",
            Self::Blocked => "BLOCKED",
            Self::Dropped => "DROPPED",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use super::Kind;

    #[test]
    fn names_are_those_of_the_json() {
        for name in [
            "EMERGENCY_UP",
            "SCHEDULED_UP",
            "PREDICTED_UP",
            "RAISE_TO_MIN",
            "UP",
            "SCHEDULED_DOWN",
            "DOWN",
            "HOLD",
            "BLOCKED",
            "DROPPED",
        ] {
            let kind: Kind = serde_json::from_value(name.into()).unwrap();
            assert_eq!((kind.name(), serde_json::to_value(kind).unwrap()), (name, name.into()));
            assert_eq!(kind.is_resize(), kind.is_up() != kind.is_down());
        }
    }
}

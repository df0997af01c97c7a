//! What can come out of it, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", content = "reason", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Decision {
    /// Nothing.
    None,
    /// Look: something is building up.
    Watch(Reason),
    /// Move traffic back.
    Rollback(Reason),
    /// There is a reason to move, and something is in the way that a person has to decide.
    Blocked(Reason),
    /// There is a reason to move, and moving would make it worse.
    Hold(Reason),
    /// Nobody knows how it is.
    Unknown(Reason),
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// L1.
    Errors,
    /// L2.
    Latency,
    /// L3.
    Cluster,
    /// L4.
    Escalation,
    /// L5.
    BurnRate,
    /// L6.
    Cliff,
    /// Too few calls to prove anything.
    LowVolume,
    /// The target is not kept any more.
    NoTarget,
    /// Nobody knows how long the target is kept.
    RetentionUnknown,
    /// The target has not been seen working in the last minute.
    TargetUnverified,
    /// Both sides are down.
    BothDown,
    /// Nobody has said what becomes of writes.
    NeedsHuman,
    /// Writes are not replicated back in time.
    ReplicationLate,
    /// Nobody knows whether writes are replicated back.
    ReplicationUnknown,
    /// There was a rollback a short time ago.
    Cooldown,
    /// Traffic is on the other side already.
    AlreadyThere,
    /// Nobody knows where traffic goes.
    ServingUnknown,
    /// What was decided cannot be written down, so it must not be acted upon.
    StateAway,
    /// A maintenance window holds moves.
    Maintenance,
    /// There are no measurements.
    NoData,
}

impl Decision {
    /// In a sentence.
    #[must_use]
    pub fn text(self) -> String {
        let (what, reason) = match self {
            Self::None => return "nothing has to be done".to_owned(),
            Self::Watch(reason) => ("look at it", reason),
            Self::Rollback(reason) => ("move traffic back", reason),
            Self::Blocked(reason) => ("there is a reason to move traffic, and a person has to decide", reason),
            Self::Hold(reason) => ("there is a reason to move traffic, and it must stay where it is", reason),
            Self::Unknown(reason) => ("nobody knows how it is", reason),
        };
        format!("{what}: {}", reason.text())
    }
}

impl Reason {
    /// For people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Errors => "too many errors for too long",
            Self::Latency => "response times are too long for too long",
            Self::Cluster => "a cluster is without its quorum",
            Self::Escalation => "an operator asked for it",
            Self::BurnRate => "the budget for errors is used up too fast",
            Self::Cliff => "most calls fail",
            Self::LowVolume => "there are errors, and too few calls to prove anything",
            Self::NoTarget => "the other side is not kept any more",
            Self::RetentionUnknown => "it is not known whether the other side is kept",
            Self::TargetUnverified => "the other side was not seen working in the last minute",
            Self::BothDown => "the other side is down too",
            Self::NeedsHuman => "nobody has said what becomes of writes",
            Self::ReplicationLate => "writes are not replicated back in time",
            Self::ReplicationUnknown => "it is not known whether writes are replicated back",
            Self::Cooldown => "there was a rollback a short time ago",
            Self::ServingUnknown => "it is not known where traffic goes",
            Self::StateAway => "what is decided cannot be written down, so no signal is given",
            Self::AlreadyThere => "traffic is on the other side already, and that side has errors",
            Self::Maintenance => "a maintenance window holds moves",
            Self::NoData => "there are no measurements",
        }
    }

    /// As a word.
    #[must_use]
    pub fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Decision {
    /// As words, such as `ROLLBACK(errors)`.
    #[must_use]
    pub fn word(self) -> String {
        let (name, reason) = match self {
            Self::None => return "NONE".to_owned(),
            Self::Watch(reason) => ("WATCH", reason),
            Self::Rollback(reason) => ("ROLLBACK", reason),
            Self::Blocked(reason) => ("BLOCKED", reason),
            Self::Hold(reason) => ("HOLD", reason),
            Self::Unknown(reason) => ("UNKNOWN", reason),
        };
        format!("{name}({})", reason.word())
    }
}

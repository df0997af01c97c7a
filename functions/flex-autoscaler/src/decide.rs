//! The rules. [`decide`] is for a whole fleet, [`one`] for one machine without the fleet's guards; both are pure.
//!
//! | file | rules |
//! |---|---|
//! | `signal` | which points are valid and what they say (R2, R4) |
//! | `observe` | what is seen and remembered (R7, R13, R22) |
//! | `sizing` | from needs to sizes (R5, R10) |
//! | `bounds` | policy, shape, windows, quota, budget (R9, R15) |
//! | `windows`, `floors` | windows and forecast (R12, R13) |
//! | `cost` | the size of the least expected cost, in place of thresholds (R5, R6, R13, R14) |
//! | `up`, `down` | what may change (R3 to R7, R11, R14, R17) |
//! | `again` | changes that are asked for again (R18) |
//! | `support` | machines that are left alone (R24) |
//! | `allowance` | what all that grow share (R9, R15) |
//! | `fleet`, `guards` | all machines of a tick (R16, R18, R20, R21) |

mod again;
mod allowance;
mod bounds;
mod cost;
mod down;
mod draft;
mod fleet;
mod floors;
mod guards;
mod observe;
mod one;
mod signal;
mod sizing;
mod support;
mod told;
mod up;
mod windows;

#[cfg(test)]
mod tests;

pub use fleet::decide;
pub use one::{Allowance, Case, Verdict, one};
pub(crate) use told::{Alerts, loss};

use causeway_cloud::fleet::Size;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::input::schema;
use crate::policy::Policy;
use crate::record::{Kind, Record};
use crate::state::State;

/// What comes out of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Outcome {
    /// What was decided, and why, with the alerts.
    pub record: Record,
    /// What the next tick must know, with the changes that are about to be asked for: it is to be written before they
    /// are.
    pub state: State,
    /// The changes to ask for, in order. Empty unless the mode is `enforce`.
    pub actions: Vec<Action>,
}

/// A change to ask the cloud for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Action {
    /// OCID of the machine.
    pub id: String,
    /// Why.
    pub kind: Kind,
    /// The size that it has.
    #[schemars(with = "schema::Size")]
    pub from: Size,
    /// The size that it is to have, whole.
    #[schemars(with = "schema::Size")]
    pub to: Size,
    /// Its baseline, to be kept.
    pub baseline: Option<String>,
    /// The etag that it must have; `None` when it was not read yet.
    pub if_match: Option<String>,
    /// Makes a repetition harmless: a hash of machine, epoch and size.
    pub retry_token: String,
    /// Whether it may be restarted.
    pub may_restart: bool,
}

/// The number of a tick: five-minute intervals since 1970.
#[must_use]
pub fn tick_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(300)
}

/// The token of a change: the same machine, epoch and size give the same (R18). 64 characters.
#[must_use]
pub fn retry_token(id: &str, epoch: u64, to: Size) -> String {
    let text = format!("{id}\n{epoch}\n{:.6}\n{:.6}", to.ocpus, to.memory_gb);
    format!("{:x}", Sha256::digest(text))
}

/// Whether a machine may be restarted now: where it is allowed at all, and inside a maintenance window if there are
/// any.
#[must_use]
pub fn may_restart(policy: &Policy, now: Timestamp) -> bool {
    let maintenance = &policy.schedule.maintenance;
    policy.allow_reboot && (maintenance.is_empty() || !windows::in_force(maintenance, now, 0.0).is_empty())
}

//! How a breaker is shared, as a deployment writes it down.

use causeway_resilience::Invalid;
use serde::{Deserialize, Serialize};

/// How often the store of a shared breaker is asked, and for how long. A name that is not known is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sharing {
    /// Oldest copy of the document by which calls are let through, in milliseconds.
    pub snapshot_max_age_ms: u64,
    /// Longest time for which reports of passed calls are gathered before they are written, in milliseconds. Those of
    /// failures and of probes are written at once.
    pub gather_ms: u64,
    /// Longest time for which a call waits for the store, in milliseconds.
    pub store_timeout_ms: u64,
    /// Time after a failure of the store for which it is not asked, in milliseconds.
    pub store_pause_ms: u64,
    /// Longest time for an alert, in milliseconds.
    pub alert_timeout_ms: u64,
    /// Dependencies that one process remembers at once.
    pub most_dependencies: usize,
    /// Whether a change that time alone brings about (such as half-open) is made only after a look at the store's clock,
    /// so that an instance whose clock goes ahead does not make it early. For clocks of tests it is switched off.
    pub asks_store_for_time: bool,
}

impl Default for Sharing {
    fn default() -> Self {
        Self {
            snapshot_max_age_ms: 10_000,
            gather_ms: 5_000,
            store_timeout_ms: 1_000,
            store_pause_ms: 10_000,
            alert_timeout_ms: 3_000,
            most_dependencies: 1_000,
            asks_store_for_time: true,
        }
    }
}

impl Sharing {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let zero = |setting| Err(Invalid { setting, problem: "must be at least 1" });
        match self {
            Self { store_timeout_ms: 0, .. } => zero("store_timeout_ms"),
            Self { alert_timeout_ms: 0, .. } => zero("alert_timeout_ms"),
            Self { most_dependencies: 0, .. } => zero("most_dependencies"),
            _ => Ok(()),
        }
    }
}

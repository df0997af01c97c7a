//! What changed, and why.

use serde::{Deserialize, Serialize};

use super::state::Order;

/// One change of a breaker, to be published once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The epoch that begins with it. With [`Change::name`] it tells a repeated event from a new one.
    pub epoch: u64,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// What changed.
    pub change: Change,
}

/// The kinds of change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Change {
    /// Calls are rejected from now on.
    Opened {
        /// Until when, in Unix milliseconds.
        until_ms: u64,
        /// Why.
        cause: Cause,
    },
    /// Probes are let through.
    HalfOpened,
    /// All calls are let through.
    Closed,
    /// An operator's order took the place of the rules.
    Forced {
        /// The order.
        order: Order,
    },
    /// An order ended, by itself or by another one; the rules hold again, with the breaker closed.
    Released {
        /// The order that ended.
        order: Order,
    },
    /// Under [`Mode::MetricsOnly`](super::Mode::MetricsOnly): the breaker would have opened.
    WouldOpen {
        /// Why.
        cause: Cause,
    },
}

impl Change {
    /// The name under which the change is published.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::HalfOpened => "half_opened",
            Self::Closed => "closed",
            Self::Forced { .. } => "forced",
            Self::Released { .. } => "released",
            Self::WouldOpen { .. } => "would_open",
        }
    }
}

/// Why a breaker opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Cause {
    /// Too many of the calls failed.
    FailureRatio {
        /// Failed calls in the window.
        failed: u64,
        /// All calls in the window, those that say nothing left out.
        calls: u64,
    },
    /// Too many of the calls were slow.
    SlowRatio {
        /// Slow calls in the window.
        slow: u64,
        /// All calls in the window, those that say nothing left out.
        calls: u64,
    },
    /// Too many calls failed one after the other.
    Consecutive {
        /// How many.
        failed: u32,
    },
    /// The dependency asked to be left alone.
    Throttled {
        /// For how long, in milliseconds.
        retry_after_ms: u64,
    },
    /// A probe failed or was slow.
    ProbeFailed,
    /// A probe was never reported.
    ProbeLost,
}

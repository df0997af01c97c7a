//! A circuit breaker whose state is a document.
//!
//! The three steps [`admit`], [`record`] and [`force`] take a [`State`], a [`Config`] and the time, and return a
//! [`Step`]: the decision, the next state and what changed. One process keeps the state in a variable; functions that
//! share a breaker keep it as JSON in a store with compare-and-swap. For them:
//!
//! - Write only when the next state differs from the one that was read; an admission to a closed breaker never does.
//! - A pass with a probe number counts only once the next state is stored. Whoever loses the race reads again.
//! - Where a write of reports loses the race, record the same reports on the newer state. The order matters only for
//!   failures one after the other: reports count in the order in which they are recorded.
//! - Before a write over a state that [is ahead](State::is_ahead_of) of the own clock, ask another clock: a step takes
//!   later moments back, and the own one may be behind.
//! - Publish the events after the write; [`Event::epoch`] and the name of the change are the key that tells repeats.
//! - Where the document is lost or cannot be read as a [`State`], go on with [`State::recovered`].
//!
//! Times are Unix milliseconds. They should come from one clock, such as the store's `Date`; moments from clocks that
//! go ahead are cut to [`Config::skew_ms`] after now, so a clock that is ahead delays a change but cannot prevent it.
//!
//! ```
//! use causeway_resilience::breaker::{self, Admission, Config, Outcome, Report, State};
//!
//! let (config, mut now) = (Config::python_sdk(), 1_700_000_000_000);
//! let mut state = State::new(now);
//! for _ in 0..10 {
//!     let step = breaker::admit(&state, &config, now, 0.5);
//!     let Admission::Allowed(pass) = step.decision else { panic!("closed") };
//!     let report = Report { pass, outcome: Outcome::Failed, took_ms: 20, at_ms: now };
//!     state = breaker::record(&step.state, &config, &[report], now, 0.5).state;
//! }
//! assert!(matches!(breaker::admit(&state, &config, now, 0.5).decision, Admission::Rejected { .. }));
//!
//! now += 30_000;
//! let step = breaker::admit(&state, &config, now, 0.5);
//! let Admission::Allowed(probe) = step.decision else { panic!("half-open") };
//! let report = Report { pass: probe, outcome: Outcome::Passed, took_ms: 20, at_ms: now };
//! let step = breaker::record(&step.state, &config, &[report], now, 0.5);
//! assert_eq!(step.events[0].change.name(), "closed");
//! ```

mod config;
mod event;
mod machine;
mod presets;
mod settings;
mod state;
mod window;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use config::{Config, Consecutive, Counted, HalfOpen, LostProbe, OpenTime, Slow, Span};
pub use event::{Cause, Change, Event};
pub use settings::Settings;
pub use state::{Lease, Mode, Order, Phase, State};
pub use window::Tally;

use crate::service::Kind;
use crate::{Invalid, ServiceFailure};
use machine::Machine;

/// What one step gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the next state has to be kept"]
pub struct Step<D> {
    /// The answer to the caller.
    pub decision: D,
    /// The state from now on.
    pub state: State,
    /// What changed, in order; mostly nothing.
    pub events: Vec<Event>,
}

/// Whether a call may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Yes; the pass goes into the [`Report`].
    Allowed(Pass),
    /// No: take the fallback.
    Rejected {
        /// When to ask again, where that is known. While probes are under way it is not.
        retry_after: Option<Duration>,
    },
}

/// Says under which state a call went out, so that a late report is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// The epoch of the state that let it through.
    pub epoch: u64,
    /// The number of the probe, when the breaker was half-open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<u64>,
}

/// How a call ended. [`Counted::outcome`] makes it from a [`Failure`](crate::retry::Failure).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Outcome {
    /// As wanted, or at least in a way that shows a working dependency.
    Passed,
    /// In a way that counts against the dependency.
    Failed,
    /// Refused, with a time to come back.
    Throttled {
        /// The time asked for, in milliseconds.
        retry_after_ms: u64,
    },
    /// In a way that says nothing about the dependency, such as a caller's mistake or our own deadline.
    Ignored,
}

impl Outcome {
    /// How a call of a port ended that failed: an ill service counts, a mistake of the caller says nothing, and neither does
    /// a service that does not know the operation (501). Only a 429 is asked to come back later: a 503 may be of one
    /// machine among many.
    #[must_use]
    pub fn of(failure: &ServiceFailure) -> Self {
        let retry_after_ms = failure.retry_after().map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        match (failure.kind(), failure.status(), retry_after_ms) {
            (Kind::Throttled, _, Some(retry_after_ms)) => Self::Throttled { retry_after_ms },
            (Kind::Unavailable, Some(501), _) => Self::Ignored,
            (kind, ..) if kind.is_illness() => Self::Failed,
            _ => Self::Ignored,
        }
    }
}

/// The end of one call. Reports may be kept in a document and recorded later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The pass with which the call went out.
    pub pass: Pass,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When it ended, in Unix milliseconds.
    pub at_ms: u64,
}

/// Asks whether a call may go out at `now_ms`. `random01` is from 0 to 1; anything else counts as 1.
///
/// An open breaker whose time is over becomes half-open here, and this caller gets the first probe.
pub fn admit(state: &State, config: &Config, now_ms: u64, random01: f64) -> Step<Admission> {
    let mut machine = Machine::start(state, config, now_ms, random01);
    let admission = machine.admit();
    machine.finish(admission)
}

/// Counts calls that ended. Reports of an earlier epoch, and of probes whose lease is over, are dropped.
pub fn record(state: &State, config: &Config, reports: &[Report], now_ms: u64, random01: f64) -> Step<()> {
    let mut machine = Machine::start(state, config, now_ms, random01);
    reports.iter().for_each(|report| machine.record(report));
    machine.finish(())
}

/// Puts an operator's order in place of the rules, or ends one with `None`. The counts start anew either way.
///
/// # Errors
///
/// The order names no author, or a very long one or a very long reason, or it ends in the past or later than the
/// configuration allows.
pub fn force(state: &State, config: &Config, order: Option<Order>, now_ms: u64) -> Result<Step<()>, Invalid> {
    let mut machine = Machine::start(state, config, now_ms, 1.0);
    match order {
        Some(order) => machine.force(order.checked(config, now_ms)?),
        None => machine.release(now_ms),
    }
    Ok(machine.finish(()))
}

//! The document: what a breaker knows.

use serde::{Deserialize, Serialize};

use super::config::Config;
use super::event::Cause;
use super::window::{Tally, Window};
use crate::Invalid;

/// Longest name of an author, in bytes: the document stays small.
const MAX_AUTHOR: usize = 200;
/// Longest reason, in bytes.
const MAX_REASON: usize = 500;
/// How long a breaker whose document was lost only counts.
const RECOVERY_MS: u64 = 60_000;

/// What a breaker knows. Begin with [`State::new`]; the steps of this module give the following ones.
///
/// Its JSON form has a few hundred bytes. A document with values that make no sense is put in order by the next step;
/// one that does not parse is lost, see [`State::recovered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(super) epoch: u64,
    pub(super) phase: Phase,
    pub(super) since_ms: u64,
    #[serde(default)]
    pub(super) window: Window,
    #[serde(default)]
    pub(super) failed_in_row: u32,
    #[serde(default)]
    pub(super) opens_in_row: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) forced: Option<Order>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<Cause>,
}

/// Where a breaker stands by its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Phase {
    /// All calls go through and are counted.
    Closed,
    /// No call goes through.
    Open {
        /// For how long from the beginning of the phase, in milliseconds.
        length_ms: u64,
    },
    /// A few probes go through.
    HalfOpen {
        /// The number of the next probe.
        next_probe: u64,
        /// Probes that passed.
        passed: u32,
        /// Probes under way.
        leases: Vec<Lease>,
        /// When the last probe went out, in Unix milliseconds.
        #[serde(default)]
        last_ms: u64,
    },
}

/// A probe under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its number.
    pub probe: u64,
    /// When it is lost, in Unix milliseconds.
    pub expires_ms: u64,
}

/// An operator's order, which holds in place of the rules until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What holds.
    pub mode: Mode,
    /// Who gave it, up to 200 bytes.
    pub author: String,
    /// When it ends by itself, in Unix milliseconds.
    pub expires_ms: u64,
    /// Why, for people, up to 500 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What an operator can order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No call goes through.
    Open,
    /// All calls go through; they are counted, and judged again once the order ends.
    Closed,
    /// All calls go through and none is counted.
    Disabled,
    /// All calls go through, and an event says when the breaker would have opened.
    MetricsOnly,
}

/// Author of the order that a recovered breaker begins with.
const RECOVERY: &str = "recovery";

impl Order {
    /// Whether it is the one with which [`State::recovered`] begins, and nobody's.
    #[must_use]
    pub fn is_recovery(&self) -> bool {
        self.author == RECOVERY && self.mode == Mode::MetricsOnly
    }

    /// The order, where it can be accepted.
    pub(super) fn checked(self, config: &Config, now_ms: u64) -> Result<Self, Invalid> {
        let named = !self.author.trim().is_empty() && self.author.len() <= MAX_AUTHOR;
        Invalid::unless(named, "author", "is empty or longer than 200 bytes")?;
        Invalid::unless(self.author != RECOVERY, "author", "is a name that recovered breakers use")?;
        let is_short = self.reason.as_ref().is_none_or(|reason| reason.len() <= MAX_REASON);
        Invalid::unless(is_short, "reason", "is longer than 500 bytes")?;
        Invalid::unless(self.expires_ms > now_ms, "expires_ms", "is in the past")?;
        let ends = self.expires_ms - now_ms <= config.max_forced_ms;
        Invalid::unless(ends, "expires_ms", "is later than the longest time of an order")?;
        Ok(self)
    }
}

impl State {
    /// A closed breaker that has seen nothing.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self {
            epoch: 1,
            phase: Phase::Closed,
            since_ms: now_ms,
            window: Window::default(),
            failed_in_row: 0,
            opens_in_row: 0,
            forced: None,
            cause: None,
        }
    }

    /// In place of a document that is missing although it should be there, or cannot be read: closed, and for the first
    /// minute only counting, since nobody knows what was there before.
    ///
    /// The epoch begins at the time, so that it is past the epochs of the lost document and late reports are dropped.
    #[must_use]
    pub fn recovered(now_ms: u64) -> Self {
        let expires_ms = now_ms.saturating_add(RECOVERY_MS);
        let order = Order { mode: Mode::MetricsOnly, author: RECOVERY.to_owned(), expires_ms, reason: None };
        Self { epoch: now_ms.max(1), forced: Some(order), ..Self::new(now_ms) }
    }

    /// Counts the changes: every transition begins a new epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Where it stands by its rules; an order in [`State::forced`] comes first.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Since when, in Unix milliseconds.
    #[must_use]
    pub fn since_ms(&self) -> u64 {
        self.since_ms
    }

    /// How often it opened in a row.
    #[must_use]
    pub fn opens_in_row(&self) -> u32 {
        self.opens_in_row
    }

    /// How many calls failed one after the other.
    #[must_use]
    pub fn failed_in_row(&self) -> u32 {
        self.failed_in_row
    }

    /// The order in force at `now_ms`.
    #[must_use]
    pub fn forced(&self, now_ms: u64) -> Option<&Order> {
        self.forced.as_ref().filter(|order| order.expires_ms > now_ms)
    }

    /// Why it opened last; none once it closed.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// Whether it waits for probes that no caller sends: it could let one through, and nobody asked for
    /// [`Config::idle_ms`]. Whoever looks after breakers then sends the probes.
    #[must_use]
    pub fn is_probe_due(&self, config: &Config, now_ms: u64) -> bool {
        let idle_since = match &self.phase {
            Phase::Closed => return false,
            Phase::Open { length_ms } => self.since_ms.saturating_add(*length_ms),
            Phase::HalfOpen { last_ms, .. } => self.since_ms.max(*last_ms),
        };
        self.forced(now_ms).is_none() && now_ms >= idle_since.saturating_add(config.idle_ms)
    }

    /// Whether it has times that are later than `now_ms` allows: then the clock that says so is behind, or the one that
    /// wrote them was ahead, and a step would take them back.
    #[must_use]
    pub fn is_ahead_of(&self, config: &Config, now_ms: u64) -> bool {
        let mut repaired = self.clone();
        repaired.repair(config, now_ms);
        repaired != *self
    }

    /// Whether the time of a probe is over that nobody reported.
    #[must_use]
    pub fn has_lost_probe(&self, now_ms: u64) -> bool {
        matches!(&self.phase, Phase::HalfOpen { leases, .. } if leases.iter().any(|lease| lease.expires_ms <= now_ms))
    }

    /// The calls that a verdict at `now_ms` would look at.
    #[must_use]
    pub fn tally(&self, config: &Config, now_ms: u64) -> Tally {
        self.window.tally(config.frame(now_ms))
    }

    /// Puts values in order that a wrong clock, a changed configuration or a damaged document brought in, so that no
    /// value can hold the breaker in a phase for ever.
    pub(super) fn repair(&mut self, config: &Config, now_ms: u64) {
        let frame = config.frame(now_ms);
        let latest = frame.latest_ms;
        let ahead = self.since_ms.saturating_sub(latest);
        self.since_ms -= ahead;
        self.window.repair(frame);
        if let Some(order) = &mut self.forced {
            // What began too late by a clock also ends too late by it.
            order.expires_ms = order.expires_ms.saturating_sub(ahead).min(latest.saturating_add(config.max_forced_ms));
        }
        match &mut self.phase {
            Phase::Closed => {}
            Phase::Open { length_ms } => *length_ms = (*length_ms).min(config.longest_open_ms()),
            Phase::HalfOpen { passed, leases, last_ms, .. } => {
                *last_ms = (*last_ms).min(latest);
                *passed = (*passed).min(config.passes_to_close() - 1);
                leases.truncate(usize::try_from(config.permits() - *passed).unwrap_or(usize::MAX));
                let end = latest.saturating_add(config.half_open.lease_ms);
                leases.iter_mut().for_each(|lease| lease.expires_ms = lease.expires_ms.min(end));
            }
        }
    }
}

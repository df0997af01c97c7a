//! The rules of a breaker, as data.

use serde::{Deserialize, Serialize};

use super::Outcome;
use super::window::Frame;
use crate::Invalid;
use crate::chance::part_ms;
use crate::retry::Failure;
use crate::status::Table;

/// When a breaker opens, for how long, and how it closes. Take a preset such as [`Config::shared`] and change
/// what differs.
///
/// Thresholds are inclusive: 50 % of 20 calls is reached by the tenth failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The calls that are looked at.
    pub span: Span,
    /// Fewest calls in the span for a verdict by percentage; for [`Span::Calls`] at most that number.
    pub min_calls: u32,
    /// Opens when so many percent of the calls failed.
    pub failure_pct: Option<u32>,
    /// Opens when too many calls were slow; without it no call is slow.
    pub slow: Option<Slow>,
    /// Opens after failures one after the other.
    pub consecutive: Option<Consecutive>,
    /// How long it stays open.
    pub open: OpenTime,
    /// How it finds out whether to close.
    pub half_open: HalfOpen,
    /// After so long without a call for a probe, [`State::is_probe_due`](super::State::is_probe_due) asks for some.
    pub idle_ms: u64,
    /// Opens at once for as long as a throttled answer asks, but at most this many milliseconds. Without it such an
    /// answer is a failure like others.
    pub throttle_cap_ms: Option<u64>,
    /// What counts as a failure.
    pub counted: Counted,
    /// How far clocks may be apart: later moments than this after now are cut to it.
    pub skew_ms: u64,
    /// Longest time of an operator's order.
    pub max_forced_ms: u64,
}

/// The calls that a verdict looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The last calls, up to 10,000.
    Calls(u32),
    /// The last minutes or seconds, in buckets. The oldest bucket leaves as a whole.
    Time {
        /// Length of a bucket.
        bucket_ms: u64,
        /// Number of buckets, the current one included, up to 1,000.
        buckets: u32,
    },
}

/// When slowness opens the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow {
    /// A call that takes this long is slow, whether it fails or not. [`Settings`](super::Settings) derive it from a
    /// baseline.
    pub after_ms: u64,
    /// Opens when so many percent of the calls were slow.
    pub pct: u32,
}

/// When failures one after the other open the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consecutive {
    /// How many.
    pub failures: u32,
    /// Only while there are fewer than `min_calls` in the span, where percentages say nothing.
    pub below_min_calls_only: bool,
}

/// How long a breaker stays open: `min(base * growth^(n-1), cap)` for the n-th time in a row, give or take the jitter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpenTime {
    /// The first time.
    pub base_ms: u64,
    /// The factor from one time to the next; 0 counts as 1.
    pub growth: u32,
    /// The longest, before jitter.
    pub cap_ms: u64,
    /// Share of the time, from 0 to 1, by which it may be longer or shorter.
    pub jitter: f64,
    /// After so long closed, the next opening is the first in a row again.
    pub reset_after_ms: u64,
}

/// How probes are let through when the open time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfOpen {
    /// Most probes, those under way and those that passed taken together; 0 counts as 1.
    pub permits: u32,
    /// Passed probes that close the breaker; at least 1 and at most `permits`. One failed or slow probe opens it.
    pub passes_to_close: u32,
    /// Time for a probe to be reported.
    pub lease_ms: u64,
    /// What becomes of one that is not.
    pub lost: LostProbe,
}

/// What becomes of a probe whose end nobody reports. A caller that was cut off or died says nothing about the dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostProbe {
    /// Its permit goes to another when the lease is over and not before: a dependency that hangs until callers are cut off
    /// gets a few probes in each lease, and not one after the other.
    Freed,
    /// The same, and at once where its caller gives up: for a single probe with a long lease.
    FreedAtOnce,
    /// A failure, where nothing was heard of it: the breaker opens as of the end of the lease. A caller that gives up says
    /// so, and its permit goes to another at once.
    Failed,
}

/// How the end of a call is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Answers that are failures.
    pub failed: Table,
    /// Whether other answers show a working dependency; if not, they say nothing.
    pub refusals_pass: bool,
    /// Whether no answer at all is a failure; if not, it says nothing.
    pub transport_fails: bool,
}

impl Counted {
    /// How a failed call is counted. One that succeeded is [`Outcome::Passed`].
    #[must_use]
    pub fn outcome(&self, failure: &Failure) -> Outcome {
        match failure {
            // Another breaker's verdict is not news from the dependency.
            Failure::CircuitOpen { .. } => Outcome::Ignored,
            Failure::Status { status, code, retry_after } if self.failed.holds(*status, code.as_deref()) => {
                match retry_after {
                    Some(after) if *status == 429 => {
                        Outcome::Throttled { retry_after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX) }
                    }
                    _ => Outcome::Failed,
                }
            }
            Failure::Status { .. } if self.refusals_pass => Outcome::Passed,
            Failure::Status { .. } => Outcome::Ignored,
            Failure::NeverSent | Failure::Timeout { .. } | Failure::Broken if self.transport_fails => Outcome::Failed,
            Failure::NeverSent | Failure::Timeout { .. } | Failure::Broken => Outcome::Ignored,
        }
    }
}

const MAX_CALLS: u32 = 10_000;
const MAX_BUCKETS: u32 = 1_000;

impl Config {
    /// Whether the settings make sense: for values that come from a configuration.
    ///
    /// # Errors
    ///
    /// The first setting that does not, by name. Decisions made with such a configuration are still bounded.
    pub fn check(&self) -> Result<(), Invalid> {
        let percentage = |pct: Option<u32>| pct.is_none_or(|pct| (1..=100).contains(&pct));
        let rules = self.failure_pct.is_some() || self.slow.is_some() || self.consecutive.is_some();
        let permits = self.half_open.permits;
        match self.span {
            Span::Calls(calls) => Invalid::unless((1..=MAX_CALLS).contains(&calls), "span", "has 0 or too many calls")?,
            Span::Time { bucket_ms, buckets } => {
                let fits = bucket_ms > 0 && (1..=MAX_BUCKETS).contains(&buckets);
                Invalid::unless(fits, "span", "has empty buckets, none or too many")?;
            }
        }
        Invalid::unless(rules, "failure_pct", "is not set, nor is any other rule")?;
        Invalid::unless(percentage(self.failure_pct), "failure_pct", "is not from 1 to 100")?;
        Invalid::unless(percentage(self.slow.map(|slow| slow.pct)), "slow.pct", "is not from 1 to 100")?;
        Invalid::unless(self.consecutive.is_none_or(|rule| rule.failures > 0), "consecutive", "must be at least 1")?;
        Invalid::unless(self.open.growth > 0, "open.growth", "must be at least 1")?;
        Invalid::unless(self.open.base_ms > 0, "open.base_ms", "must be at least 1")?;
        Invalid::unless(self.open.base_ms <= self.open.cap_ms, "open.base_ms", "is longer than the cap")?;
        Invalid::unless((0.0..=1.0).contains(&self.open.jitter), "open.jitter", "is not from 0 to 1")?;
        Invalid::unless(permits > 0, "half_open.permits", "must be at least 1")?;
        let closes = (1..=permits).contains(&self.half_open.passes_to_close);
        Invalid::unless(closes, "half_open.passes_to_close", "is not from 1 to the number of permits")?;
        Invalid::unless(self.half_open.lease_ms > 0, "half_open.lease_ms", "must be at least 1")
    }
}

/// What the settings come to, whatever they are.
impl Config {
    pub(super) fn permits(&self) -> u32 {
        self.half_open.permits.max(1)
    }

    pub(super) fn passes_to_close(&self) -> u32 {
        self.half_open.passes_to_close.clamp(1, self.permits())
    }

    /// Longest time that a breaker of this configuration is open.
    pub(super) fn longest_open_ms(&self) -> u64 {
        let cap = self.open.cap_ms;
        cap.saturating_add(part_ms(cap, self.open.jitter)).max(self.throttle_cap_ms.unwrap_or(0))
    }

    /// Open time for the `opens`-th time in a row.
    pub(super) fn open_ms(&self, opens: u32, random01: f64) -> u64 {
        let factor = u64::from(self.open.growth.max(1)).checked_pow(opens.saturating_sub(1));
        let step = factor.and_then(|factor| self.open.base_ms.checked_mul(factor));
        let step = step.map_or(self.open.cap_ms, |step| step.min(self.open.cap_ms));
        let spread = part_ms(step, self.open.jitter);
        (step - spread).saturating_add(part_ms(spread.saturating_mul(2), random01))
    }

    /// Fewest calls for a verdict by percentage.
    pub(super) fn enough_calls(&self) -> u32 {
        match self.span {
            Span::Calls(calls) => self.min_calls.clamp(1, calls.max(1)),
            Span::Time { .. } => self.min_calls.max(1),
        }
    }

    /// What of the counts is looked at.
    pub(super) fn frame(&self, now_ms: u64) -> Frame {
        Frame { span: self.span, now_ms, latest_ms: now_ms.saturating_add(self.skew_ms) }
    }
}

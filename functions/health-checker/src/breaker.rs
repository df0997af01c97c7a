//! Circuit breakers for people: where each stands, and who holds it.

use causeway_cloud::breaker::View;
use causeway_resilience::breaker::{Cause, Change, Event, Mode, Order, Phase};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A circuit breaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakerReport {
    /// Folder of its document.
    pub folder: String,
    /// The dependency; the key of the document where it cannot be read.
    pub name: String,
    /// Whose; empty where all callers are one.
    #[serde(default)]
    pub tenant: String,
    /// Where it stands by its rules. An order comes first.
    pub standing: BreakerStanding,
    /// Since when.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// When it opened; absent while it is closed, or where that is not remembered.
    #[serde(default)]
    pub opened_at: Option<Timestamp>,
    /// Probes, while it is half-open.
    #[serde(default)]
    pub permits: Option<Permits>,
    /// The order in force.
    #[serde(default)]
    pub order: Option<OrderReport>,
    /// Counts the changes.
    #[serde(default)]
    pub epoch: u64,
    /// How often it opened in a row.
    #[serde(default)]
    pub opens_in_row: u32,
    /// Why it opened, or why it cannot be read.
    #[serde(default)]
    pub why: Option<String>,
    /// Calls of its window.
    #[serde(default)]
    pub calls: Calls,
    /// It waits for probes that no caller sends.
    #[serde(default)]
    pub is_probe_due: bool,
    /// What came of probes by this checker; absent where it sent none.
    #[serde(default)]
    pub probed: Option<Probed>,
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerStanding {
    /// No call goes through.
    Open,
    /// Nobody knows.
    Unknown,
    /// A few probes go through.
    HalfOpen,
    /// All calls go through.
    Closed,
}

impl BreakerStanding {
    /// As a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unknown => "unknown",
            Self::HalfOpen => "half-open",
            Self::Closed => "closed",
        }
    }
}

/// Probes of a half-open breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permits {
    /// That passed.
    pub passed: u32,
    /// That are under way.
    pub under_way: u32,
    /// All that it has.
    pub of: u32,
}

/// Calls of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// That passed.
    pub ok: u64,
    /// That failed.
    pub failed: u64,
    /// That were slow, of both kinds.
    pub slow: u64,
}

/// What came of probes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probed {
    /// The check that was the probe.
    pub check: String,
    /// Probes that passed.
    pub passed: u32,
    /// Probes that failed.
    pub failed: u32,
    /// Probes that say nothing.
    pub unknown: u32,
}

/// An operator's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderReport {
    /// What holds.
    pub mode: OrderMode,
    /// Who gave it.
    pub author: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// What an order makes of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderMode {
    /// No call goes through.
    ForcedOpen,
    /// All calls go through and are counted.
    ForcedClosed,
    /// All calls go through and none is counted.
    Disabled,
    /// All calls go through, and it is told when it would have opened.
    MetricsOnly,
}

impl OrderMode {
    /// As words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ForcedOpen => "forced open",
            Self::ForcedClosed => "forced closed",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics only",
        }
    }
}

impl From<Mode> for OrderMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Open => Self::ForcedOpen,
            Mode::Closed => Self::ForcedClosed,
            Mode::Disabled => Self::Disabled,
            Mode::MetricsOnly => Self::MetricsOnly,
        }
    }
}

impl From<OrderMode> for Mode {
    fn from(mode: OrderMode) -> Self {
        match mode {
            OrderMode::ForcedOpen => Self::Open,
            OrderMode::ForcedClosed => Self::Closed,
            OrderMode::Disabled => Self::Disabled,
            OrderMode::MetricsOnly => Self::MetricsOnly,
        }
    }
}

impl BreakerReport {
    /// Of a breaker that could be read; `permits` are those of its rules.
    pub(crate) fn of(folder: &str, view: &View, permits: u32) -> Self {
        let (standing, probes) = match &view.phase {
            Phase::Closed => (BreakerStanding::Closed, None),
            Phase::Open { .. } => (BreakerStanding::Open, None),
            Phase::HalfOpen { passed, leases, .. } => {
                let under_way = u32::try_from(leases.len()).unwrap_or(u32::MAX);
                (BreakerStanding::HalfOpen, Some(Permits { passed: *passed, under_way, of: permits }))
            }
        };
        Self {
            folder: folder.to_owned(),
            name: view.dependency.name().to_owned(),
            tenant: view.dependency.tenant().to_owned(),
            standing,
            since: moment(view.since_ms),
            opened_at: opened_at(standing, view),
            permits: probes,
            order: view.order.as_ref().map(order),
            epoch: view.epoch,
            opens_in_row: view.opens_in_row,
            why: view.cause.map(why),
            calls: Calls { ok: view.calls.ok, failed: view.calls.failed, slow: view.calls.slow },
            is_probe_due: view.is_probe_due,
            probed: None,
        }
    }

    /// Of one that could not be read.
    pub(crate) fn unknown(folder: &str, key: &str, why: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            name: key.to_owned(),
            tenant: String::new(),
            standing: BreakerStanding::Unknown,
            since: None,
            opened_at: None,
            permits: None,
            order: None,
            epoch: 0,
            opens_in_row: 0,
            why: Some(why.to_owned()),
            calls: Calls::default(),
            is_probe_due: false,
            probed: None,
        }
    }

    /// Name and tenant for people.
    #[must_use]
    pub fn title(&self) -> String {
        if self.tenant.is_empty() { self.name.clone() } else { format!("{} of {}", self.name, self.tenant) }
    }

    /// Where it stands, with its probes.
    #[must_use]
    pub fn state(&self) -> String {
        let word = self.standing.word();
        match self.permits {
            Some(Permits { passed, under_way, of }) => {
                format!("{word} ({passed} of {of} probes passed, {under_way} under way)")
            }
            None => word.to_owned(),
        }
    }

    /// The order in force, in a line.
    #[must_use]
    pub fn held(&self) -> Option<String> {
        let OrderReport { mode, author, reason, expires_at } = self.order.as_ref()?;
        let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        Some(format!("{} by {author} until {expires_at}{reason}", mode.words()))
    }
}

fn opened_at(standing: BreakerStanding, view: &View) -> Option<Timestamp> {
    let opened = |event: &&Event| matches!(event.change, Change::Opened { .. });
    match standing {
        BreakerStanding::Open => moment(view.since_ms),
        BreakerStanding::HalfOpen => view.changes.iter().rev().find(opened).and_then(|event| moment(event.at_ms)),
        BreakerStanding::Closed | BreakerStanding::Unknown => None,
    }
}

fn order(order: &Order) -> OrderReport {
    let expires_at = moment(order.expires_ms).unwrap_or(Timestamp::MAX);
    OrderReport { mode: order.mode.into(), author: order.author.clone(), reason: order.reason.clone(), expires_at }
}

fn why(cause: Cause) -> String {
    match cause {
        Cause::FailureRatio { failed, calls } => format!("{failed} of {calls} calls failed"),
        Cause::SlowRatio { slow, calls } => format!("{slow} of {calls} calls were slow"),
        Cause::Consecutive { failed } => format!("{failed} calls failed one after the other"),
        Cause::Throttled { retry_after_ms } => format!("it asked to be left alone for {} s", retry_after_ms / 1_000),
        Cause::ProbeFailed => "a probe failed or was slow".to_owned(),
        Cause::ProbeLost => "a probe was never heard of again".to_owned(),
    }
}

fn moment(unix_ms: u64) -> Option<Timestamp> {
    i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok())
}

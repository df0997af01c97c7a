//! Calls of one side, minute by minute.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MINUTE: i64 = 60;

/// Calls that ended in one minute. A minute that nobody has measured is absent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Minute {
    /// Its beginning.
    pub at: Timestamp,
    /// Calls that went well.
    pub ok: u64,
    /// Calls that did not.
    pub failed: u64,
    /// 95th percentile of their response times in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
}

/// Calls and errors of several minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pool {
    /// All calls.
    pub calls: u64,
    /// Those that failed.
    pub errors: u64,
}

/// Whole minutes in order of time; of several records of one minute the last counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    minutes: BTreeMap<i64, Minute>,
    /// The first second that is in no whole minute.
    end: i64,
}

impl Minute {
    /// All its calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.ok.saturating_add(self.failed)
    }

    /// Whether more than this share, in percent, failed. Whole numbers: exactly the share is not more.
    #[must_use]
    pub fn is_above(&self, percent: f64) -> bool {
        self.failed as f64 * 100.0 > percent * self.calls() as f64
    }
}

impl Pool {
    /// Of these minutes.
    pub fn of<'a>(minutes: impl IntoIterator<Item = &'a Minute>) -> Self {
        minutes.into_iter().fold(Self::default(), |pool, minute| Self {
            calls: pool.calls.saturating_add(minute.calls()),
            errors: pool.errors.saturating_add(minute.failed),
        })
    }

    /// Share of errors; `None` without calls.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.calls > 0).then(|| self.errors as f64 / self.calls as f64)
    }
}

/// The second in which a minute begins.
fn start_of(minute: &Minute) -> i64 {
    minute.at.as_second().div_euclid(MINUTE) * MINUTE
}

impl Series {
    /// Those that are over at `now`. A minute that is not over yet, or ahead, is none.
    #[must_use]
    pub fn new(minutes: &[Minute], now: Timestamp) -> Self {
        let end = now.as_second().div_euclid(MINUTE) * MINUTE;
        let over = minutes.iter().filter(|minute| start_of(minute) + MINUTE <= end);
        Self { minutes: over.map(|minute| (start_of(minute), *minute)).collect(), end }
    }

    /// Measured minutes among the last `span` that end `before` minutes ago.
    pub fn back(&self, before: u32, span: u32) -> impl DoubleEndedIterator<Item = &Minute> {
        let end = self.end - i64::from(before) * MINUTE;
        self.minutes.range(end - i64::from(span) * MINUTE..end).map(|(_, minute)| minute)
    }

    /// The newest `count` minutes with calls among the last `span`, oldest first; fewer where there are fewer.
    #[must_use]
    pub fn newest(&self, count: u32, span: u32) -> Vec<Minute> {
        let mut found: Vec<Minute> =
            self.back(0, span).rev().filter(|minute| minute.calls() > 0).take(count as usize).copied().collect();
        found.reverse();
        found
    }

    /// The `span` minutes that end `skip` minutes before this one.
    pub fn before(&self, first: &Minute, skip: u32, span: u32) -> impl Iterator<Item = &Minute> {
        let end = start_of(first) - i64::from(skip) * MINUTE;
        self.minutes.range(end - i64::from(span) * MINUTE..end).map(|(_, minute)| minute)
    }

    /// Minutes with calls from `skip` before this one on, oldest first.
    pub fn after(&self, first: &Minute, skip: u32) -> impl DoubleEndedIterator<Item = &Minute> {
        let start = start_of(first) - i64::from(skip) * MINUTE;
        self.minutes.range(start..).map(|(_, minute)| minute).filter(|minute| minute.calls() > 0)
    }

    /// Minutes since the end of the newest measured one; the most there is when there is none.
    #[must_use]
    pub fn lag(&self) -> u32 {
        let newest = self.minutes.keys().next_back();
        newest.map_or(u32::MAX, |start| u32::try_from((self.end - start) / MINUTE - 1).unwrap_or(u32::MAX))
    }

    /// End of the newest minute with calls; `None` when there is none at all.
    #[must_use]
    pub fn heard_at(&self) -> Option<Timestamp> {
        let newest = self.minutes.iter().rev().find(|(_, minute)| minute.calls() > 0)?;
        Timestamp::from_second(newest.0 + MINUTE).ok()
    }

    /// Time from then to the end of the newest whole minute.
    #[must_use]
    pub fn since(&self, heard: Timestamp) -> SignedDuration {
        SignedDuration::from_secs(self.end - heard.as_second())
    }
}

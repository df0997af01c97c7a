//! Who is told what, and when not again.
//!
//! A pure step from one state to the next. Alerts are claimed in the state before they are published: whoever writes
//! the state first sends them, and whoever comes second has nothing left to claim. A claim that nobody marked as sent
//! is taken up again after ten minutes with the same key.

mod document;
mod line;
mod memory;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use document::first_day;
pub use document::{Alert, AlertState, Kind, Pending};
use line::Line;
pub(crate) use memory::Memory;

use crate::period::midnight;

/// A claim without a mark is taken up again after this time.
pub const CLAIM: SignedDuration = SignedDuration::from_mins(10);
/// Moments that are further ahead were written by a clock that was wrong.
const NEAR: SignedDuration = SignedDuration::from_hours(1);

/// A share of the limit at which people are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Percent of the limit, inclusive.
    pub at_percent: u16,
    /// What it is called.
    pub name: String,
}

/// When people are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertPolicy {
    /// Levels, the lowest first.
    pub levels: Vec<Level>,
    /// A level is left when the value is this many points below it.
    pub resolve_below_points: u16,
    /// The same level is told again after this time at the earliest.
    pub rearm_hours: u32,
    /// Levels from here on are repeated while they last.
    pub remind_from_percent: u16,
    /// Time from one repetition to the next.
    pub remind_hours: u32,
    /// Without a good reading for this time people are told that the numbers are old.
    pub stale_hours: u32,
}

impl Default for AlertPolicy {
    fn default() -> Self {
        let level = |at_percent, name: &str| Level { at_percent, name: name.to_owned() };
        Self {
            levels: vec![
                level(50, "info"),
                level(80, "warn"),
                level(90, "high"),
                level(100, "critical"),
                level(120, "overage"),
            ],
            resolve_below_points: 5,
            rearm_hours: 24,
            remind_from_percent: 100,
            remind_hours: 24,
            stale_hours: 36,
        }
    }
}

/// What a level is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// What is billed already.
    MonthToDate,
    /// The middle of the forecast.
    ForecastP50,
    /// What four of five draws stay below.
    ForecastP80,
    /// Traffic of the last hours; it has no level.
    Spike,
    /// Age of the numbers; it has no level.
    Data,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::MonthToDate => "month_to_date",
            Self::ForecastP50 => "forecast_p50",
            Self::ForecastP80 => "forecast_p80",
            Self::Spike => "spike",
            Self::Data => "data",
        }
    }
}

/// A number that levels are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// `tenancy`, or a SKU.
    pub scope: String,
    /// What it is.
    pub metric: Metric,
    /// Bytes.
    pub bytes: i128,
    /// Bytes that are free; above 0.
    pub limit: i128,
}

impl Reading {
    /// Percent of the limit.
    #[must_use]
    pub fn percent(&self) -> f64 {
        self.bytes as f64 / self.limit as f64 * 100.0
    }

    /// Whether it is at `percent` of the limit or above, exactly.
    fn is_at(&self, percent: u16) -> bool {
        let scaled = |value: i128, by: u16| value.saturating_mul(i128::from(by));
        scaled(self.bytes, 100) >= scaled(self.limit, percent)
    }
}

/// What a run has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Name of the month.
    pub period: String,
    /// Empty when the numbers could not be read. A number that is not known is not here.
    pub readings: Vec<Reading>,
    /// Whether the last hours are a spike; `None` when nobody can tell.
    pub is_spike: Option<bool>,
    /// Whether readings can only be too low: then they resolve nothing.
    pub is_partial: bool,
    /// Whether the month to date was read.
    pub is_good: bool,
    /// Whether it was read, and the record stands still for so long that the numbers are old.
    pub is_old: bool,
    /// The month before, while usage of its last days still arrives.
    pub closing: Option<Closing>,
}

/// A month that is over and whose last days still arrive: it can only grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Name of the month.
    pub period: String,
    /// Empty when the numbers could not be read.
    pub readings: Vec<Reading>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What has to be written before anything is published.
    pub state: AlertState,
    /// What has to be published then; each is to be marked with [`AlertState::sent`] or [`AlertState::release`].
    pub publish: Vec<Alert>,
    /// What would have been told and was told too recently.
    pub held_back: Vec<Alert>,
}

/// The step. The same arguments give the same step.
#[must_use]
pub fn step(previous: &AlertState, observed: &Observed, now: Timestamp, policy: &AlertPolicy) -> Step {
    let mut step = Step { state: previous.clone(), publish: Vec::new(), held_back: Vec::new() };
    step.publish.extend(step.state.take_up_again(now));
    if is_behind(previous, observed, now) {
        return step;
    }
    if observed.period != previous.period {
        step.state.begin(&observed.period, observed.closing.as_ref());
    }
    step.closing(observed.closing.as_ref(), now, policy);
    step.state.keep_scopes(&observed.readings);
    let mut readings: Vec<&Reading> = observed.readings.iter().filter(|reading| reading.limit > 0).collect();
    readings.sort_unstable_by(|one, other| (&one.scope, one.metric).cmp(&(&other.scope, other.metric)));
    for reading in readings {
        step.level(reading, observed.is_partial, now, policy);
    }
    if let Some(is_spike) = observed.is_spike {
        step.condition(Metric::Spike, is_spike, now, policy);
    }
    step.freshness(observed, now, policy);
    step
}

/// Whether a run that began last month ends now: it must not undo what this month has said. A month of the state that
/// begins much later was written by a wrong clock; one that has begun already, under another start of the invoice.
fn is_behind(previous: &AlertState, observed: &Observed, now: Timestamp) -> bool {
    let (Some(theirs), Some(ours)) = (first_day(&previous.period), first_day(&observed.period)) else { return false };
    let begins = midnight(theirs);
    ours < theirs && begins > now && !is_ahead(begins, now)
}

/// Whether a moment that should be over is so far ahead that a wrong clock has written it.
fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) >= NEAR
}

/// What a reading leads to: alerts that are to be told, and one that is held back.
fn read(
    lines: &mut BTreeMap<String, Line>,
    period: &str,
    reading: &Reading,
    is_partial: bool,
    now: Timestamp,
    policy: &AlertPolicy,
) -> (Vec<Alert>, Option<Alert>) {
    let line = lines.entry(Line::name(&reading.scope, reading.metric)).or_default();
    let told = line.read(reading, is_partial, now, policy);
    let alert = |kind, level, repetition| Alert::of_level(period, reading, kind, level, repetition, policy);
    let tell = told.tell.iter().map(|(kind, level, repetition)| alert(*kind, *level, *repetition)).collect();
    (tell, told.held_back.map(|level| alert(Kind::Raised, level, 0)))
}

impl Step {
    fn level(&mut self, reading: &Reading, is_partial: bool, now: Timestamp, policy: &AlertPolicy) {
        let state = &mut self.state;
        let (tell, held_back) = read(&mut state.lines, &state.period, reading, is_partial, now, policy);
        self.publish.extend(tell.into_iter().map(|alert| state.claim(alert, now)));
        self.held_back.extend(held_back);
    }

    /// The month before, whose levels are known from when it was this one. It resolves nothing and is not repeated.
    fn closing(&mut self, observed: Option<&Closing>, now: Timestamp, policy: &AlertPolicy) {
        let kept = self.state.closing.take();
        let Some((observed, mut kept)) = observed.zip(kept).filter(|(one, other)| one.period == other.period) else {
            return;
        };
        let policy = AlertPolicy { remind_from_percent: u16::MAX, ..policy.clone() };
        for reading in observed.readings.iter().filter(|reading| reading.limit > 0) {
            let (tell, held_back) = read(&mut kept.lines, &kept.period, reading, true, now, &policy);
            self.publish.extend(tell.into_iter().map(|alert| self.state.claim(alert, now)));
            self.held_back.extend(held_back);
        }
        self.state.closing = Some(kept);
    }

    /// Something that is so or not.
    fn condition(&mut self, metric: Metric, is_so: bool, now: Timestamp, policy: &AlertPolicy) {
        let state = &mut self.state;
        let line = state.lines.entry(Line::name("tenancy", metric)).or_default();
        // Silence has no end of its own: somebody has to look.
        let remind_hours = (metric == Metric::Data).then_some(policy.remind_hours);
        let told = line.condition(is_so, remind_hours, now, policy);
        for (kind, _, repetition) in told.tell {
            let alert = Alert::of_condition(&state.period, metric, kind, repetition);
            self.publish.push(state.claim(alert, now));
        }
        if told.held_back.is_some() {
            self.held_back.push(Alert::of_condition(&state.period, metric, Kind::Raised, 0));
        }
    }

    fn freshness(&mut self, observed: &Observed, now: Timestamp, policy: &AlertPolicy) {
        let known = self.state.good_at.filter(|since| !observed.is_good && !is_ahead(*since, now));
        let since = *self.state.good_at.insert(known.unwrap_or(now));
        let is_unread = !observed.is_good && now.duration_since(since) >= line::hours(policy.stale_hours);
        let is_stale = observed.is_old || is_unread;
        // A bad run says nothing about numbers that are not old yet.
        if observed.is_good || is_stale {
            self.condition(Metric::Data, is_stale, now, policy);
        }
    }
}

#[cfg(test)]
mod tests;

//! Who is told what, and when not again.
//!
//! A pure step from one state to the next. Alerts are claimed in the state before they are published: whoever writes
//! the state first sends them, and whoever comes second has nothing left to claim. A claim that nobody marked as sent
//! is taken up again after ten minutes with the same key.

mod document;
mod line;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use document::{Alert, AlertState, Kind, Pending};
use line::Line;

/// A claim without a mark is taken up again after this time.
pub const CLAIM: SignedDuration = SignedDuration::from_mins(10);

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
    /// Name of the month. Names of later months sort after it.
    pub period: String,
    /// Empty when the numbers could not be read. A number that is not known is not here.
    pub readings: Vec<Reading>,
    /// Whether the last hours are a spike; `None` when nobody can tell.
    pub is_spike: Option<bool>,
    /// Whether readings can only be too low: then they resolve nothing.
    pub is_partial: bool,
    /// Whether the month to date was read.
    pub is_good: bool,
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
    // A run that started last month and ends now must not undo what this month has said.
    if observed.period < previous.period {
        return step;
    }
    if observed.period != previous.period {
        step.state.begin(&observed.period);
    }
    let mut readings: Vec<&Reading> = observed.readings.iter().filter(|reading| reading.limit > 0).collect();
    readings.sort_unstable_by(|one, other| (&one.scope, one.metric).cmp(&(&other.scope, other.metric)));
    for reading in readings {
        step.level(reading, observed.is_partial, now, policy);
    }
    if let Some(is_spike) = observed.is_spike {
        step.condition(Metric::Spike, is_spike, now, policy);
    }
    step.freshness(observed.is_good, now, policy);
    step
}

impl Step {
    fn level(&mut self, reading: &Reading, is_partial: bool, now: Timestamp, policy: &AlertPolicy) {
        let state = &mut self.state;
        let line = state.lines.entry(Line::name(&reading.scope, reading.metric)).or_default();
        let told = line.read(reading, is_partial, now, policy);
        for (kind, level, repetition) in told.tell {
            let alert = Alert::of_level(&state.period, reading, kind, level, repetition, policy);
            self.publish.push(state.claim(alert, now));
        }
        if let Some(level) = told.held_back {
            self.held_back.push(Alert::of_level(&state.period, reading, Kind::Raised, level, 0, policy));
        }
    }

    /// Something that is so or not.
    fn condition(&mut self, metric: Metric, is_so: bool, now: Timestamp, policy: &AlertPolicy) {
        let state = &mut self.state;
        let line = state.lines.entry(Line::name("tenancy", metric)).or_default();
        let told = line.condition(is_so, now, policy);
        for (kind, _, repetition) in told.tell {
            let alert = Alert::of_condition(&state.period, metric, kind, repetition);
            self.publish.push(state.claim(alert, now));
        }
        if told.held_back.is_some() {
            self.held_back.push(Alert::of_condition(&state.period, metric, Kind::Raised, 0));
        }
    }

    fn freshness(&mut self, is_good: bool, now: Timestamp, policy: &AlertPolicy) {
        let since = *self.state.good_at.get_or_insert(now);
        if is_good {
            self.state.good_at = Some(since.max(now));
        }
        let is_stale = !is_good && now.duration_since(since) >= line::hours(policy.stale_hours);
        // A bad run says nothing about numbers that are not old yet.
        if is_good || is_stale {
            self.condition(Metric::Data, is_stale, now, policy);
        }
    }
}

#[cfg(test)]
mod tests;

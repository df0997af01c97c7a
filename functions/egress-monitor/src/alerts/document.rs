//! What one run leaves for the next.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line::Line;
use super::{AlertPolicy, CLAIM, Closing, Metric, Reading, is_ahead};

/// Scope of all usage.
const TENANCY: &str = "tenancy";

/// What has happened to a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It was reached.
    Raised,
    /// It lasts.
    Reminder,
    /// It was left.
    Resolved,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Reminder => "reminder",
            Self::Resolved => "resolved",
        }
    }
}

/// One thing that people are told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// The same for every attempt to tell it, and for nothing else: month, scope, metric, level, what happened, and
    /// which time in this month.
    pub key: String,
    /// The month.
    pub period: String,
    /// `tenancy`, or a SKU.
    pub scope: String,
    /// What was measured.
    pub metric: Metric,
    /// What happened.
    pub kind: Kind,
    /// Percent of the limit; absent for what has no level.
    pub level_percent: Option<u16>,
    /// Name of the level.
    pub severity: String,
    /// Percent of the limit that was measured; absent for what has no level.
    pub percent: Option<f64>,
}

/// Floats of alerts are finite: they are quotients with a limit above 0.
impl Eq for Alert {}

impl Alert {
    pub(super) fn key(
        period: &str,
        scope: &str,
        metric: Metric,
        level: Option<u16>,
        kind: Kind,
        repetition: u32,
    ) -> String {
        let level = level.map_or_else(String::new, |level| format!("{level}/"));
        format!("{period}/{scope}/{}/{level}{}/{repetition}", metric.name(), kind.name())
    }

    pub(super) fn of_level(
        period: &str,
        reading: &Reading,
        kind: Kind,
        level: u16,
        repetition: u32,
        policy: &AlertPolicy,
    ) -> Self {
        let named = policy.levels.iter().find(|known| known.at_percent == level);
        let (scope, metric) = (&reading.scope, reading.metric);
        Self {
            key: Self::key(period, scope, metric, Some(level), kind, repetition),
            period: period.to_owned(),
            scope: scope.clone(),
            metric,
            kind,
            level_percent: Some(level),
            severity: named.map_or_else(|| format!("{level} %"), |level| level.name.clone()),
            // Rounded down: 79.999 % must not read as 80.
            percent: Some((reading.percent() * 100.0).floor() / 100.0),
        }
    }

    pub(super) fn of_condition(period: &str, metric: Metric, kind: Kind, repetition: u32) -> Self {
        Self {
            key: Self::key(period, TENANCY, metric, None, kind, repetition),
            period: period.to_owned(),
            scope: TENANCY.to_owned(),
            metric,
            kind,
            level_percent: None,
            severity: "high".to_owned(),
            percent: None,
        }
    }

    /// Whether both remind of the same. Conditions go on across months; a level is one of its month.
    fn is_outdone_by(&self, later: &Self) -> bool {
        let of = |alert: &Self| (alert.kind, alert.metric, alert.level_percent);
        let goes_on = self.level_percent.is_none() || self.period == later.period;
        of(self) == of(later) && self.scope == later.scope && goes_on
    }
}

/// An alert that is claimed and not known to be out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pending {
    /// The alert.
    pub alert: Alert,
    /// From when on it may be taken up again.
    pub retry_at: Timestamp,
    /// How often it was claimed; 0 begins anew.
    pub claims: u32,
}

/// What one run leaves for the next, as a document to be replaced only by who has read it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AlertState {
    /// The month that it is about.
    pub period: String,
    /// By scope and metric.
    pub(super) lines: BTreeMap<String, Line>,
    /// The month before, while usage of its last days still arrives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) closing: Option<Kept>,
    /// Claimed and not known to be out.
    pub pending: Vec<Pending>,
    /// The last good reading, or the first run.
    pub good_at: Option<Timestamp>,
}

/// What was told of a month that is over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Kept {
    pub(super) period: String,
    pub(super) lines: BTreeMap<String, Line>,
}

/// First day of the month with this name; `None` of a name that is no month's.
pub(super) fn first_day(period: &str) -> Option<Date> {
    let whole = || format!("{period}-01").parse().ok();
    period.parse().ok().or_else(whole)
}

impl AlertState {
    /// Alerts whose claim is over, claimed once more.
    pub(super) fn take_up_again(&mut self, now: Timestamp) -> Vec<Alert> {
        let mut again = Vec::new();
        for pending in self.pending.iter_mut().filter(|pending| pending.is_due(now)) {
            pending.retry_at = after_claim(now);
            pending.claims = pending.claims.saturating_add(1);
            again.push(pending.alert.clone());
        }
        again
    }

    /// A new month: levels begin anew. What is not out yet is still sent; whether numbers are old and whether there is a
    /// spike goes on; and levels of the month before are kept while that one is being closed.
    pub(super) fn begin(&mut self, period: &str, closing: Option<&Closing>) {
        let before = std::mem::replace(&mut self.period, period.to_owned());
        let lines = std::mem::take(&mut self.lines);
        let (conditions, levels) = lines.into_iter().partition(|(name, _)| is_condition(name));
        self.lines = conditions;
        let kept = Kept { period: before, lines: levels };
        self.closing = closing.filter(|closing| closing.period == kept.period).map(|_| kept);
    }

    /// Forgets levels of other scopes: an allowance that is counted for something else has others.
    pub(super) fn keep_scopes(&mut self, readings: &[Reading]) {
        if readings.is_empty() {
            return;
        }
        let is_tenancy = readings.iter().any(|reading| reading.scope == TENANCY);
        let is_of_tenancy = |name: &str| name.split_once('/').is_some_and(|(scope, _)| scope == TENANCY);
        self.lines.retain(|name, _| is_condition(name) || is_of_tenancy(name) == is_tenancy);
    }

    /// Of reminders that do not get out only the latest is kept: a topic that is gone for months must not fill the state.
    pub(super) fn claim(&mut self, alert: Alert, now: Timestamp) -> Alert {
        if alert.kind == Kind::Reminder {
            self.pending.retain(|pending| !pending.alert.is_outdone_by(&alert));
        }
        self.pending.push(Pending { alert: alert.clone(), retry_at: after_claim(now), claims: 1 });
        alert
    }

    /// The alert with this key is out.
    pub fn sent(&mut self, key: &str) {
        self.pending.retain(|pending| pending.alert.key != key);
    }

    /// The alert with this key is certainly not out: the next run may send it at once.
    pub fn release(&mut self, key: &str, now: Timestamp) {
        for pending in self.pending.iter_mut().filter(|pending| pending.alert.key == key) {
            pending.retry_at = now;
        }
    }

    /// Levels that stand, by scope and metric.
    pub fn standing(&self) -> impl Iterator<Item = (&str, u16)> {
        self.lines.iter().filter(|(_, line)| line.standing > 0).map(|(name, line)| (name.as_str(), line.standing))
    }
}

impl Pending {
    fn is_due(&self, now: Timestamp) -> bool {
        self.retry_at <= now || is_ahead(self.retry_at, now)
    }
}

fn is_condition(name: &str) -> bool {
    [Metric::Data, Metric::Spike].iter().any(|metric| Line::name(TENANCY, *metric) == name)
}

fn after_claim(now: Timestamp) -> Timestamp {
    now.checked_add(CLAIM).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_of_a_level_of_another_month_is_another() {
        let of = |period: &str, metric, level_percent| Alert {
            level_percent,
            ..Alert::of_condition(period, metric, Kind::Reminder, 1)
        };
        let level = of("2026-09", Metric::MonthToDate, Some(80));
        assert!(level.is_outdone_by(&of("2026-09", Metric::MonthToDate, Some(80))));
        assert!(!level.is_outdone_by(&of("2026-10", Metric::MonthToDate, Some(80))));
        assert!(of("2026-09", Metric::Data, None).is_outdone_by(&of("2026-10", Metric::Data, None)));
    }
}

//! The levels of one scope and metric.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AlertPolicy, Kind, Metric, Reading, is_ahead};

/// Level of something that is so or not.
pub(super) const SO: u16 = 1;

/// What was told of one scope and metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Line {
    /// The highest level that was told and not left; 0 for none.
    pub(super) standing: u16,
    /// Limit in bytes that the levels were of, as text.
    limit: Option<String>,
    /// By level: when it was told last.
    pub(super) told_at: BTreeMap<u16, Timestamp>,
    /// By level: how often something was told of it this month.
    pub(super) count: BTreeMap<u16, u32>,
    /// When it was told or repeated last.
    pub(super) last_at: Option<Timestamp>,
}

/// What a reading leads to.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What happened, the level, and which time in the month.
    pub(super) tell: Vec<(Kind, u16, u32)>,
    /// A level that is reached and was told too recently.
    pub(super) held_back: Option<u16>,
}

pub(super) fn hours(hours: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(hours))
}

impl Line {
    pub(super) fn name(scope: &str, metric: Metric) -> String {
        format!("{scope}/{}", metric.name())
    }

    pub(super) fn read(&mut self, reading: &Reading, is_partial: bool, now: Timestamp, policy: &AlertPolicy) -> Told {
        let levels = || policy.levels.iter().map(|level| level.at_percent);
        let reached = levels().filter(|level| reading.is_at(*level)).max().unwrap_or(0);
        let mut told = Told::default();
        let kept = if self.is_new_limit(reading) {
            // Percentages of another limit are other facts: what was told about them holds nothing back.
            self.told_at.retain(|level, _| *level <= reached);
            reached
        } else {
            let with_slack = |level: &u16| reading.is_at(level.saturating_sub(policy.resolve_below_points));
            levels().filter(with_slack).max().unwrap_or(0)
        };
        if self.standing > kept && !is_partial {
            told.tell.push(self.told(Kind::Resolved, self.standing));
            self.standing = kept;
        }
        self.raise(reached, now, policy, &mut told);
        if self.standing >= policy.remind_from_percent {
            self.remind(policy.remind_hours, now, &mut told);
        }
        told
    }

    /// Something that is so or not; it is repeated after so many hours, if it is at all.
    pub(super) fn condition(
        &mut self,
        is_so: bool,
        remind_hours: Option<u32>,
        now: Timestamp,
        policy: &AlertPolicy,
    ) -> Told {
        let mut told = Told::default();
        if !is_so && self.standing > 0 {
            told.tell.push(self.told(Kind::Resolved, SO));
            self.standing = 0;
        }
        self.raise(if is_so { SO } else { 0 }, now, policy, &mut told);
        if let Some(hours) = remind_hours {
            self.remind(hours, now, &mut told);
        }
        told
    }

    fn remind(&mut self, hours: u32, now: Timestamp, told: &mut Told) {
        if self.standing > 0 && told.tell.is_empty() && self.is_over(self.last_at, now, hours) {
            self.last_at = Some(now);
            told.tell.push(self.told(Kind::Reminder, self.standing));
        }
    }

    /// Only the highest level that is reached is told, whatever was jumped over.
    fn raise(&mut self, reached: u16, now: Timestamp, policy: &AlertPolicy, told: &mut Told) {
        if reached <= self.standing {
            return;
        }
        if !self.is_over(self.told_at.get(&reached).copied(), now, policy.rearm_hours) {
            told.held_back = Some(reached);
            return;
        }
        self.standing = reached;
        self.told_at.insert(reached, now);
        self.last_at = Some(now);
        told.tell.push(self.told(Kind::Raised, reached));
    }

    fn is_over(&self, since: Option<Timestamp>, now: Timestamp, after: u32) -> bool {
        since.is_none_or(|since| is_ahead(since, now) || now.duration_since(since) >= hours(after))
    }

    fn is_new_limit(&mut self, reading: &Reading) -> bool {
        let limit = reading.limit.to_string();
        let is_new = self.limit.as_ref().is_some_and(|known| *known != limit);
        self.limit = Some(limit);
        is_new
    }

    fn told(&mut self, kind: Kind, level: u16) -> (Kind, u16, u32) {
        let count = self.count.entry(level).or_default();
        *count = count.saturating_add(1);
        (kind, level, *count)
    }
}

//! What claims of messages know and the state does not.
//!
//! Keys have no generation: a claim is an object of its own, outlives the state, and is the truth of what was told. When
//! the state and the history are lost, the first alert of a level meets the claim of its namesake; the claims after that
//! one tell where the level stands, and how often something was told of it. The state goes on from there, so no later
//! key meets an old claim.

use jiff::Timestamp;

use super::document::{Alert, AlertState, Kind};
use super::line::{Line, SO};

/// The last that was told of a level, as claims have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    kind: Kind,
    repetition: u32,
    /// When it was told.
    at: Timestamp,
    /// When the level was last raised.
    raised_at: Timestamp,
}

impl Memory {
    /// Of one alert that was told at that moment.
    pub(crate) fn of(alert: &Alert, at: Timestamp) -> Self {
        Self { kind: alert.kind, repetition: alert.repetition(), at, raised_at: at }
    }

    /// That was told after it.
    pub(crate) fn then(self, alert: &Alert, at: Timestamp) -> Self {
        let raised_at = if alert.kind == Kind::Raised { at } else { self.raised_at };
        Self { raised_at, ..Self::of(alert, at) }
    }
}

impl Alert {
    /// Which time something is told of the level in this month.
    fn repetition(&self) -> u32 {
        self.key.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// What can be told of the same level next but `steps`.
    pub(crate) fn later(&self, steps: u32) -> [Self; 3] {
        let repetition = self.repetition().saturating_add(steps);
        [Kind::Resolved, Kind::Raised, Kind::Reminder].map(|kind| Self {
            key: Self::key(&self.period, &self.scope, self.metric, self.level_percent, kind, repetition),
            kind,
            ..self.clone()
        })
    }
}

impl AlertState {
    /// Whether the alert was claimed for the first time, and by this state.
    pub(crate) fn claimed(&self, key: &str) -> Option<&Alert> {
        let is_it = |pending: &&super::Pending| pending.alert.key == key && pending.claims <= 1;
        self.pending.iter().find(is_it).map(|pending| &pending.alert)
    }

    /// The alert with this key was told before this state knew of it: goes on from there. What is due after all is for
    /// the next step.
    pub(crate) fn recall(&mut self, key: &str, memory: &Memory) {
        let Some(alert) = self.claimed(key).cloned() else { return };
        self.sent(key);
        let name = Line::name(&alert.scope, alert.metric);
        let is_of_before = alert.level_percent.is_some() && alert.period != self.period;
        let before = self.closing.as_mut().filter(|kept| is_of_before && kept.period == alert.period);
        let line = match before {
            Some(kept) => kept.lines.get_mut(&name),
            None if is_of_before => None,
            None => self.lines.get_mut(&name),
        };
        if let Some(line) = line {
            line.recall(alert.level_percent.unwrap_or(SO), alert.kind, memory);
        }
    }

    /// The alert with this key was told before this state knew of it, and what was told since could not be read: the
    /// next run asks again.
    pub(crate) fn ask_again(&mut self, key: &str, now: Timestamp) {
        for pending in self.pending.iter_mut().filter(|pending| pending.alert.key == key) {
            (pending.retry_at, pending.claims) = (now, 0);
        }
    }
}

impl Line {
    /// Takes over what was told of a level, in place of what was to be told now.
    fn recall(&mut self, level: u16, wanted: Kind, memory: &Memory) {
        let count = self.count.entry(level).or_default();
        *count = (*count).max(memory.repetition);
        let stands = memory.kind != Kind::Resolved;
        if wanted == Kind::Resolved {
            // A resolution from before our own alert has not resolved that.
            let is_old = self.told_at.get(&level).is_some_and(|told| memory.at < *told);
            if stands || is_old {
                self.standing = level;
            }
            return;
        }
        self.told_at.insert(level, memory.raised_at);
        self.last_at = Some(memory.at);
        if !stands {
            self.standing = self.told_at.range(..level).map(|(lower, _)| *lower).next_back().unwrap_or(0);
        }
    }
}

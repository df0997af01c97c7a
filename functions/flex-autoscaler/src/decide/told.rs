//! Alerts that have been told are not told again too soon.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::record::Alert;
use crate::state::State;

use super::observe::minutes_between;

/// How long it is remembered that something was told.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Alerts of one tick.
#[derive(Default)]
pub(crate) struct Alerts(BTreeMap<String, Alert>);

impl Alerts {
    /// Adds one; of several about the same the worst is told.
    pub(crate) fn add(&mut self, alert: Alert) {
        let is_worse = self.0.get(&alert.topic).is_none_or(|known| alert.severity > known.severity);
        if is_worse {
            self.0.insert(alert.topic.clone(), alert);
        }
    }

    /// Those whose time has come, in order of their topics; the state remembers them.
    pub(crate) fn tell(self, state: &mut State, now: Timestamp, repeat_minutes: u32) -> Vec<Alert> {
        for memory in [&mut state.alerts, &mut state.unsent] {
            memory.retain(|_, at| now.duration_since(*at) < KEPT);
        }
        let mut told = Vec::new();
        for (topic, mut alert) in self.0 {
            let before = state.alerts.get(&topic);
            // A change is stuck once: its topic has the moment of the change.
            let is_due =
                before.is_none_or(|at| alert.code != "stuck" && minutes_between(*at, now) >= f64::from(repeat_minutes));
            if is_due {
                // One that may be out already keeps its key, or it would be there twice.
                let is_young = |first: &Timestamp| minutes_between(*first, now) < f64::from(repeat_minutes);
                let first = state.unsent.remove(&topic).filter(is_young).unwrap_or(now);
                alert.dedup_key = format!("{topic}@{first}");
                state.alerts.insert(topic, now);
                told.push(alert);
            }
        }
        told
    }
}

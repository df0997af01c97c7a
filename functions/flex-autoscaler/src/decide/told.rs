//! Alerts that have been told are not told again too soon.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::record::{Alert, Severity};
use crate::state::State;

use super::observe::minutes_between;

/// How long it is remembered that something was told.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The word for a state that is lost, or a part of it.
const LOSS: &str = "state_corrupt";

/// What people are told of a loss: of all of the state, or of a part of it.
pub(crate) fn loss(part: Option<&str>, body: String) -> Alert {
    let topic = part.map_or_else(|| LOSS.to_owned(), |part| format!("{LOSS}/{part}"));
    Alert {
        topic,
        dedup_key: String::new(),
        code: LOSS,
        severity: Severity::Critical,
        instance: None,
        title: format!("flex-autoscaler: {LOSS}"),
        body,
    }
}

/// Losses that are not known to be told. The state is whole since then, so nothing else finds them again.
pub(super) fn untold_losses(state: &State) -> Vec<Alert> {
    let of_loss = |(topic, first): (&String, &Timestamp)| {
        let part = topic.strip_prefix(LOSS)?;
        let part = if part.is_empty() { None } else { Some(part.strip_prefix('/')?) };
        let what = part.unwrap_or("all of it, or of single machines");
        Some(loss(part, format!("what was remembered until {first} was lost: {what}")))
    };
    state.unsent.iter().filter_map(of_loss).collect()
}

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

//! What became of a change that was asked for.

use causeway_cloud::fleet::Size;
use jiff::{SignedDuration, Timestamp};

use super::{Commanded, Entry, Infeasible, NeedsReboot, State, Status};
use crate::policy::Policy;
use crate::record::Reason;
use crate::size::{covers, same};

/// How long a conflict is remembered, in minutes: two that belong together are of ticks that follow each other.
const CONFLICT_MINUTES: i64 = 15;
/// What lies between two conflicts of the same cause at least, in minutes: a whole tick.
const CONFLICT_APART_MINUTES: i64 = 5;
/// How often in a row a machine is busy before that counts as a refusal.
const MOST_BUSY: u32 = 3;

/// What the service said to a resize.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Yes.
    Accepted {
        /// Its number of the work.
        work: Option<String>,
    },
    /// The machine is not as it was (412): somebody changed it in between.
    Changed {
        /// Its size, read again after that; `None` when it could not be read.
        now: Option<Size>,
        /// Whether an earlier try of the same call may have been what changed it.
        may_be_ours: bool,
        /// Whether it runs, with nothing to be seen that goes on.
        is_settled: bool,
    },
    /// There is no room, or a limit of the service is reached.
    NoCapacity {
        /// Whether it is the quota of a compartment: it says nothing about machines of others.
        is_quota: bool,
    },
    /// It would have to be restarted and must not.
    NeedsReboot,
    /// The machine runs and is in no state for it (409): it would have to be restarted, or something is going on that
    /// its state does not show.
    Conflict,
    /// The machine is busy with something else (409).
    Busy,
    /// The machine has ended.
    Gone,
    /// It is not found: not there, or not to be seen by us.
    Hidden {
        /// What the service said.
        text: String,
    },
    /// No, for another reason.
    Refused {
        /// What it said.
        text: String,
    },
    /// Nobody knows: the answer was lost.
    Unknown,
    /// It was not sent: there was no time left, or the service did not take it.
    NotSent,
}

/// What a decision is in the end, where the service did not agree: a HOLD with this reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Why.
    pub reason: Reason,
    /// Whether the machine comes first at the next tick.
    pub is_deferred: bool,
}

impl State {
    /// Folds in what became of the change that was asked for. `policy` is the machine's own.
    pub fn apply(&mut self, policy: &Policy, id: &str, now: Timestamp, answer: &Answer) -> Option<Correction> {
        let correction = self.instances.get_mut(id)?.apply(policy, now, answer);
        match answer {
            Answer::Gone => drop(self.instances.remove(id)),
            Answer::NotSent => self.deferred.push(id.to_owned()),
            _ => {}
        }
        correction
    }
}

impl Entry {
    /// [`State::apply`] for one machine.
    pub fn apply(&mut self, policy: &Policy, now: Timestamp, answer: &Answer) -> Option<Correction> {
        let may_have_happened = self.may_have_happened();
        match answer {
            Answer::Accepted { work } => {
                self.busy = 0;
                let commanded = self.commanded.as_mut()?;
                commanded.status = Status::Accepted;
                commanded.work.clone_from(work);
                None
            }
            Answer::Unknown => Some(unknown()),
            // That it is not done now says nothing about an earlier tick, which may have done it.
            Answer::NotSent if may_have_happened => Some(Correction { is_deferred: true, ..unknown() }),
            Answer::Changed { is_settled: true, now: Some(size), may_be_ours: false } if self.is_still(*size) => {
                let text = "the machine was changed in between, and is as it was";
                Some(self.forget("R18", "lost_race", text.to_owned()))
            }
            Answer::Changed { now: size, may_be_ours, .. } => {
                Some(self.changed(now, *size, *may_be_ours || may_have_happened))
            }
            Answer::Gone => Some(self.forget("R8", "gone", "the machine is not there any more".to_owned())),
            _ if may_have_happened => Some(unknown()),
            Answer::NoCapacity { .. } => Some(self.no_capacity(policy, now)),
            Answer::NeedsReboot => Some(self.needs_restart(now)),
            Answer::Conflict => Some(self.conflict(now)),
            Answer::Busy => Some(self.busy(policy, now)),
            Answer::Refused { text } => Some(self.refused(policy, now, format!("refused: {text}"))),
            Answer::Hidden { text } => Some(self.refused(policy, now, format!("not to be seen: {text}"))),
            Answer::NotSent => {
                let correction = self.forget("R19", "deferred", "there was no time left".to_owned());
                Some(Correction { is_deferred: true, ..correction })
            }
        }
    }

    /// Whether the change was asked for by an earlier tick and the machine has still its size from before.
    fn is_still(&self, size: Size) -> bool {
        self.commanded.as_ref().is_some_and(|commanded| commanded.at != self.seen_at && same(size, commanded.from))
    }

    /// Whether the change was asked for by an earlier tick, or was about to be.
    fn may_have_happened(&self) -> bool {
        self.commanded.as_ref().is_some_and(|commanded| commanded.at != self.seen_at)
    }

    fn forget(&mut self, rule: &'static str, code: &'static str, text: String) -> Correction {
        self.commanded = None;
        hold(rule, code, text)
    }

    /// Somebody was quicker: another tick with the same wish, or a person, or an earlier try of this very change.
    fn changed(&mut self, now: Timestamp, size: Option<Size>, may_be_ours: bool) -> Correction {
        let lost_race = |text: &str| hold("R18", "lost_race", text.to_owned());
        let Some(commanded) = self.commanded.take() else {
            return lost_race("the machine was changed in between");
        };
        let Some(size) = size else {
            self.commanded = Some(commanded).filter(|_| may_be_ours);
            return if may_be_ours { unknown() } else { lost_race("the machine was changed in between") };
        };
        let (is_old, is_new) = (same(size, commanded.from), same(size, commanded.to));
        if is_new || (is_old && may_be_ours) {
            self.commanded = Some(Commanded { status: Status::Accepted, ..commanded });
        }
        if is_old && may_be_ours {
            let text = "the machine was changed, perhaps by an earlier request for this; its new size is waited for";
            return hold("R8", "in_flight", text.to_owned());
        }
        if is_old || is_new {
            return lost_race("another tick was quicker");
        }
        self.adopt(self.seen_at, now, commanded.from, size);
        hold("R22", "external_change", "somebody else changed the size".to_owned())
    }

    /// Takes the size as it is, and starts the pauses.
    pub(crate) fn adopt(&mut self, begun: Timestamp, now: Timestamp, from: Size, to: Size) {
        self.commanded = None;
        self.size = Some(to);
        self.changes.push(super::Change { begun, at: now, kind: None, from, to, may_restart: None });
    }

    pub(crate) fn no_capacity(&mut self, policy: &Policy, now: Timestamp) -> Correction {
        let Some(commanded) = self.commanded.take() else {
            return hold("R17", "infeasible", "there is no room".to_owned());
        };
        let is_same_way =
            |before: &Infeasible| covers(commanded.from, before.target) == covers(commanded.from, commanded.to);
        let before = self.infeasible.take().filter(is_same_way);
        let is_less = |before: &Infeasible| covers(before.target, commanded.to) && !same(before.target, commanded.to);
        let is_half = before.as_ref().is_some_and(|before| is_less(before) && !before.half_tried);
        let failures = before.as_ref().map_or(0, |before| before.failures) + u32::from(!is_half);
        let pause = pause_minutes(policy, failures);
        let retry_at = now.saturating_add(minutes(pause)).unwrap_or(Timestamp::MAX);
        let (target, at, half_tried, refusal) = (commanded.to, now, is_half, None);
        self.infeasible = Some(Infeasible { target, at, retry_at, failures, half_tried, refusal });
        hold("R17", "infeasible", format!("there is no room; asked again in {pause} minutes"))
    }

    /// No for another reason than room: the same pauses, and the reason is remembered.
    fn refused(&mut self, policy: &Policy, now: Timestamp, text: String) -> Correction {
        let correction = self.no_capacity(policy, now);
        if let Some(refused) = &mut self.infeasible {
            refused.refusal = Some(text.clone());
        }
        Correction { reason: Reason { rule: "R17", code: "refused", text }, ..correction }
    }

    /// A machine that is busy whenever it is asked is one that cannot change.
    fn busy(&mut self, policy: &Policy, now: Timestamp) -> Correction {
        let may_restart = self.commanded.as_ref().is_some_and(|commanded| commanded.may_restart);
        self.busy = if may_restart { self.busy.saturating_add(1) } else { 0 };
        if self.busy < MOST_BUSY {
            return self.forget("R8", "in_flight", "the machine is busy".to_owned());
        }
        self.busy = 0;
        self.refused(policy, now, format!("refused: the machine was said to be busy {MOST_BUSY} times in a row"))
    }

    /// What passes is over a tick later; what is said again then is that a restart is needed (T32).
    fn conflict(&mut self, now: Timestamp) -> Correction {
        self.forget_conflict(now);
        let first = *self.conflict_at.get_or_insert(now);
        if now.duration_since(first) >= SignedDuration::from_mins(CONFLICT_APART_MINUTES) {
            return self.needs_restart(now);
        }
        let text = "the machine is busy, or cannot change without a restart; it is asked once more";
        self.forget("R8", "conflict", text.to_owned())
    }

    /// A conflict of long ago has nothing to do with one of now.
    pub(crate) fn forget_conflict(&mut self, now: Timestamp) {
        let is_recent = |at: &Timestamp| now.duration_since(*at) < SignedDuration::from_mins(CONFLICT_MINUTES);
        self.conflict_at = self.conflict_at.filter(is_recent);
    }

    fn needs_restart(&mut self, now: Timestamp) -> Correction {
        self.conflict_at = None;
        if let Some(commanded) = self.commanded.take() {
            self.needs_reboot = Some(NeedsReboot { at: now, target: commanded.to });
        }
        hold("R8", "needs_reboot", "the size cannot change without a restart".to_owned())
    }
}

/// The pause after so many refusals in a row.
pub(super) fn pause_minutes(policy: &Policy, failures: u32) -> f64 {
    let doubled =
        policy.capacity.retry_after_minutes * 2_f64.powi(i32::try_from(failures).unwrap_or(31).clamp(1, 31) - 1);
    doubled.min(policy.capacity.max_retry_after_minutes)
}

/// So many minutes.
pub(crate) fn minutes(minutes: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(minutes * 60.0).unwrap_or(SignedDuration::ZERO)
}

/// It is sent again with its token, which makes it one change whatever happened.
fn unknown() -> Correction {
    hold("R18", "unknown", "nobody knows whether it was done; it is asked for again".to_owned())
}

fn hold(rule: &'static str, code: &'static str, text: String) -> Correction {
    Correction { reason: Reason { rule, code, text }, is_deferred: false }
}

#[cfg(test)]
mod tests;

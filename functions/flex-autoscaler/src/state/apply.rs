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
    /// The machine is not there.
    Gone,
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
                let commanded = self.commanded.as_mut()?;
                commanded.status = Status::Accepted;
                commanded.work.clone_from(work);
                None
            }
            Answer::Unknown => Some(unknown()),
            // That it is not done now says nothing about an earlier tick, which may have done it.
            Answer::NotSent if may_have_happened => Some(Correction { is_deferred: true, ..unknown() }),
            Answer::Busy | Answer::Conflict if may_have_happened => Some(unknown()),
            Answer::Changed { now: size, may_be_ours } => {
                Some(self.changed(now, *size, *may_be_ours || may_have_happened))
            }
            Answer::NoCapacity { .. } => Some(self.no_capacity(policy, now)),
            Answer::NeedsReboot => Some(self.needs_restart(now)),
            Answer::Conflict => Some(self.conflict(now)),
            Answer::Busy => Some(self.forget("R8", "in_flight", "the machine is busy".to_owned())),
            Answer::Refused { text } => {
                let text = format!("refused: {text}");
                let correction = self.no_capacity(policy, now);
                Some(Correction { reason: Reason { rule: "R17", code: "refused", text }, ..correction })
            }
            Answer::NotSent => {
                let correction = self.forget("R19", "deferred", "there was no time left".to_owned());
                Some(Correction { is_deferred: true, ..correction })
            }
            Answer::Gone => Some(self.forget("R8", "gone", "the machine is not there any more".to_owned())),
        }
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
        self.changes.push(super::Change { begun, at: now, kind: None, from, to });
    }

    pub(crate) fn no_capacity(&mut self, policy: &Policy, now: Timestamp) -> Correction {
        let Some(commanded) = self.commanded.take() else {
            return hold("R17", "infeasible", "there is no room".to_owned());
        };
        let is_same_way =
            |before: &Infeasible| covers(commanded.from, before.target) == covers(commanded.from, commanded.to);
        let before = self.infeasible.take().filter(is_same_way);
        let is_half =
            before.as_ref().is_some_and(|before| commanded.to.ocpus < before.target.ocpus && !before.half_tried);
        let failures = before.as_ref().map_or(0, |before| before.failures) + u32::from(!is_half);
        let pause = pause_minutes(policy, failures);
        let retry_at = now.saturating_add(minutes(pause)).unwrap_or(Timestamp::MAX);
        self.infeasible = Some(Infeasible { target: commanded.to, at: now, retry_at, failures, half_tried: is_half });
        hold("R17", "infeasible", format!("there is no room; asked again in {pause} minutes"))
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
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use super::*;
    use crate::record::Kind;

    const NOW: &str = "2026-03-11T12:00:00Z";

    fn size(ocpus: f64) -> Size {
        Size { ocpus, memory_gb: ocpus * 16.0 }
    }

    fn state() -> State {
        let now = NOW.parse().unwrap();
        let mut state = State::new(now);
        let mut entry = Entry::new(now);
        entry.commanded = Some(Commanded {
            at: now,
            epoch: 3,
            kind: Kind::Up,
            from: size(16.0),
            to: size(22.0),
            token: "token".to_owned(),
            if_match: None,
            may_restart: false,
            status: Status::Intended,
            work: None,
            window: None,
        });
        state.instances.insert("vm".to_owned(), entry);
        state
    }

    /// The code of the correction, and what is remembered of the change.
    #[track_caller]
    fn check(answer: &Answer, code: Option<&str>, status: Option<Status>) -> State {
        let mut state = state();
        let correction = state.apply(&Policy::default(), "vm", NOW.parse().unwrap(), answer);
        assert_eq!(correction.map(|correction| correction.reason.code), code, "{answer:?}");
        let commanded = state.instances.get("vm").and_then(|entry| entry.commanded.as_ref());
        assert_eq!(commanded.map(|commanded| commanded.status), status, "{answer:?}");
        state
    }

    #[test]
    fn every_answer_leaves_what_the_next_tick_needs() {
        let accepted = Answer::Accepted { work: Some("work".to_owned()) };
        let state = check(&accepted, None, Some(Status::Accepted));
        assert_eq!(state.instances["vm"].commanded.as_ref().unwrap().work.as_deref(), Some("work"));
        check(&Answer::Unknown, Some("unknown"), Some(Status::Intended));
        check(&Answer::Busy, Some("in_flight"), None);
        check(&Answer::NeedsReboot, Some("needs_reboot"), None);
        let changed = |ocpus: Option<f64>, may_be_ours| Answer::Changed { now: ocpus.map(size), may_be_ours };
        for (ocpus, may_be_ours, code, status) in [
            (None, false, "lost_race", None),
            (None, true, "unknown", Some(Status::Intended)),
            (Some(16.0), false, "lost_race", None),
            (Some(16.0), true, "in_flight", Some(Status::Accepted)),
            (Some(22.0), false, "lost_race", Some(Status::Accepted)),
            (Some(22.0), true, "lost_race", Some(Status::Accepted)),
            (Some(20.0), true, "external_change", None),
        ] {
            check(&changed(ocpus, may_be_ours), Some(code), status);
        }
        let state = check(&changed(Some(20.0), false), Some("external_change"), None);
        assert_eq!(state.instances["vm"].size, Some(size(20.0)));
        let state = check(&Answer::Refused { text: "no".to_owned() }, Some("refused"), None);
        assert_eq!(state.instances["vm"].infeasible.as_ref().unwrap().target, size(22.0));
        assert_eq!(check(&Answer::NotSent, Some("deferred"), None).deferred, ["vm"]);
        assert!(check(&Answer::Gone, Some("gone"), None).instances.is_empty());
    }

    #[test]
    fn one_conflict_may_pass_and_a_second_one_a_tick_later_needs_a_restart() {
        let now: Timestamp = NOW.parse().unwrap();
        let commanded = state().instances["vm"].commanded.clone();
        let cases: [(&[i64], &str); 7] = [
            (&[4], "conflict"),
            (&[5], "needs_reboot"),
            (&[4, 8], "needs_reboot"),
            (&[14], "needs_reboot"),
            (&[15], "conflict"),
            (&[60], "conflict"),
            (&[60, 65], "needs_reboot"),
        ];
        for (minutes, code) in cases {
            let mut state = check(&Answer::Conflict, Some("conflict"), None);
            assert_eq!((state.instances["vm"].conflict_at, state.instances["vm"].needs_reboot), (Some(now), None));
            let mut last = "";
            for minutes in minutes {
                state.instances.get_mut("vm").unwrap().commanded.clone_from(&commanded);
                let later = now + SignedDuration::from_mins(*minutes);
                last = state.apply(&Policy::default(), "vm", later, &Answer::Conflict).unwrap().reason.code;
            }
            assert_eq!(last, code, "{minutes:?} minutes later");
            assert_eq!(state.instances["vm"].needs_reboot.is_some(), code == "needs_reboot");
        }
    }

    #[test]
    fn an_answer_about_a_machine_that_is_not_known_is_none() {
        let now = NOW.parse().unwrap();
        for answer in [Answer::Busy, Answer::Gone, Answer::NotSent] {
            assert_eq!(State::new(now).apply(&Policy::default(), "vm", now, &answer), None, "{answer:?}");
        }
    }

    #[test]
    fn the_pause_doubles_up_to_six_hours() {
        let pauses: Vec<f64> =
            [1, 2, 3, 4, 5, 99, u32::MAX].map(|failures| pause_minutes(&Policy::default(), failures)).to_vec();
        assert_eq!(pauses, [30.0, 60.0, 120.0, 240.0, 360.0, 360.0, 360.0]);
    }
}

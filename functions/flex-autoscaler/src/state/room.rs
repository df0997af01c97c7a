//! Growth that a data centre has refused: it is remembered for all machines of the shape there (R17).

use causeway_cloud::fleet::Size;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::apply::{minutes, pause_minutes};
use super::{Answer, State};
use crate::decide::Action;
use crate::input::Instance;
use crate::policy::Policy;
use crate::size::covers;

/// No room for more of a shape in an availability domain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoRoom {
    /// OCPUs of the least growth that was refused.
    pub ocpus: f64,
    /// GB of memory of that growth.
    pub memory_gb: f64,
    /// When it was last refused.
    pub at: Timestamp,
    /// When as much may be asked for again, by one machine at first.
    pub retry_at: Timestamp,
    /// Times in a row that it was asked for again in vain, and the first time.
    pub failures: u32,
}

impl NoRoom {
    /// Whether it is of no use to ask for this growth now.
    #[must_use]
    pub fn refuses(&self, now: Timestamp, from: Size, to: Size) -> bool {
        now < self.retry_at && self.is_reached_by(from, to)
    }

    /// Whether this growth is at least as much as was refused.
    #[must_use]
    pub fn is_reached_by(&self, from: Size, to: Size) -> bool {
        covers(growth(from, to), self.growth())
    }

    /// Whether every number is one.
    pub(crate) fn is_sound(&self) -> bool {
        [self.ocpus, self.memory_gb].iter().all(|value| value.is_finite() && *value >= 0.0)
    }

    fn growth(&self) -> Size {
        Size { ocpus: self.ocpus, memory_gb: self.memory_gb }
    }

    /// After one more refusal. Those of one pause are one failure.
    fn again(before: Option<&Self>, policy: &Policy, refused: Size, now: Timestamp) -> Self {
        let least = before.map(Self::growth).filter(|least| !covers(*least, refused)).unwrap_or(refused);
        let (ocpus, memory_gb) = (least.ocpus, least.memory_gb);
        if let Some(before) = before.filter(|before| now < before.retry_at) {
            return Self { ocpus, memory_gb, at: now, ..*before };
        }
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        let retry_at = now.saturating_add(minutes(pause_minutes(policy, failures))).unwrap_or(Timestamp::MAX);
        Self { ocpus, memory_gb, at: now, retry_at, failures }
    }
}

/// The shape and the availability domain of a machine, in which others have no room when it has none.
#[must_use]
pub(crate) fn place_of(instance: &Instance) -> Option<String> {
    let domain = instance.availability_domain.as_deref().filter(|domain| !domain.is_empty())?;
    Some(format!("{}/{domain}", instance.shape))
}

fn growth(from: Size, to: Size) -> Size {
    Size { ocpus: to.ocpus - from.ocpus, memory_gb: to.memory_gb - from.memory_gb }
}

impl State {
    /// Learns for the others of its place what a machine was told. `policy` is the machine's own.
    pub fn learn(&mut self, policy: &Policy, instance: &Instance, action: &Action, now: Timestamp, answer: &Answer) {
        let Some(place) = place_of(instance).filter(|_| action.kind.is_up()) else { return };
        let asked = growth(action.from, action.to);
        let before = self.no_room.get(&place);
        match answer {
            Answer::NoCapacity { is_quota: false } => {
                let refused = NoRoom::again(before, policy, asked, now);
                self.no_room.insert(place, refused);
            }
            Answer::Accepted { .. } if before.is_some_and(|before| covers(asked, before.growth())) => {
                self.no_room.remove(&place);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use causeway_cloud::fleet::MachineState;

    use super::*;
    use crate::record::Kind;

    const NOW: &str = "2026-03-11T12:00:00Z";

    fn size(ocpus: f64) -> Size {
        Size { ocpus, memory_gb: ocpus * 16.0 }
    }

    /// The state after growth by so many OCPUs was answered at these minutes.
    fn learnt(answers: &[(i64, f64, Answer)]) -> Option<NoRoom> {
        let mut state = State::new(NOW.parse().unwrap());
        let instance = Instance {
            availability_domain: Some("AD-1".to_owned()),
            ..Instance::unknown("vm", MachineState::Running, "VM.Standard.E5.Flex")
        };
        for (minute, by, answer) in answers {
            let action = Action {
                id: "vm".to_owned(),
                kind: if *by > 0.0 { Kind::Up } else { Kind::Down },
                from: size(16.0),
                to: size(16.0 + by),
                baseline: None,
                if_match: None,
                retry_token: String::new(),
                may_restart: false,
            };
            let now = NOW.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(*minute);
            state.learn(&Policy::default(), &instance, &action, now, answer);
        }
        assert!(state.no_room.keys().all(|place| place == "VM.Standard.E5.Flex/AD-1"));
        state.no_room.into_values().next()
    }

    #[test]
    fn refusals_of_one_pause_are_one_failure_and_the_least_growth_counts() {
        let full = || Answer::NoCapacity { is_quota: false };
        let check = |answers: &[(i64, f64, Answer)], expected: Option<(f64, u32, &str)>| {
            let found = learnt(answers).map(|found| (found.ocpus, found.failures, found.retry_at.to_string()));
            assert_eq!(found, expected.map(|(ocpus, failures, at)| (ocpus, failures, at.to_owned())), "{answers:?}");
        };
        check(&[(0, 6.0, full())], Some((6.0, 1, "2026-03-11T12:30:00Z")));
        check(&[(0, 6.0, full()), (0, 12.0, full()), (5, 4.0, full())], Some((4.0, 1, "2026-03-11T12:30:00Z")));
        check(&[(0, 6.0, full()), (31, 6.0, full())], Some((6.0, 2, "2026-03-11T13:31:00Z")));
        check(&[(0, -6.0, full())], None);
        let quota = || Answer::NoCapacity { is_quota: true };
        check(&[(0, 6.0, quota())], None);
        check(&[(0, 6.0, full()), (5, 4.0, quota())], Some((6.0, 1, "2026-03-11T12:30:00Z")));
        let accepted = || Answer::Accepted { work: None };
        check(&[(0, 6.0, full()), (5, 2.0, accepted())], Some((6.0, 1, "2026-03-11T12:30:00Z")));
        check(&[(0, 6.0, full()), (31, 6.0, accepted())], None);
        check(&[(0, 6.0, Answer::Busy)], None);
    }
}

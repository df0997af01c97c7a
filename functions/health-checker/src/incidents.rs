//! What was wrong and when: the list that a status page shows.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::health::{CheckReport, Verdict};
use crate::rollback::{Decision, TenantReport};

/// Incidents that are over, at most; there are no more open ones than checks and tenants.
const MAX_ENDED: usize = 20;

/// Something that was wrong, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// What it is about: `check/`, `sight/` or `tenant/` and a name.
    pub subject: String,
    /// In a sentence, as it was last.
    pub text: String,
    /// When it was found.
    pub began_at: Timestamp,
    /// When it was found to be over; absent while it lasts.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
}

/// Notes what begins, lasts and ends. `is_blind` tells of which checks nothing has been known for long.
pub(crate) fn note(
    incidents: &mut Vec<Incident>,
    (checks, tenants): (&[CheckReport], &[TenantReport]),
    is_blind: impl Fn(&str) -> bool,
    now: Timestamp,
) {
    let current = current(checks, tenants, is_blind);
    // What cannot be looked at any more has not ended.
    let is_unknown = |subject: &str| {
        let unknown = checks.iter().filter(|check| check.status == Verdict::Unknown);
        subject.strip_prefix("check/").is_some_and(|id| unknown.clone().any(|check| check.id == id))
    };
    for open in incidents.iter_mut().filter(|incident| incident.ended_at.is_none()) {
        match current.iter().find(|(subject, _)| *subject == open.subject) {
            Some((_, text)) => open.text.clone_from(text),
            None if is_unknown(&open.subject) => {}
            None => open.ended_at = Some(now),
        }
    }
    for (subject, text) in current {
        if !incidents.iter().any(|incident| incident.ended_at.is_none() && incident.subject == subject) {
            incidents.push(Incident { subject, text, began_at: now, ended_at: None });
        }
    }
    let mut surplus = incidents.iter().filter(|one| one.ended_at.is_some()).count().saturating_sub(MAX_ENDED);
    incidents.retain(|incident| {
        let stays = surplus == 0 || incident.ended_at.is_none();
        surplus -= usize::from(!stays);
        stays
    });
}

fn current(checks: &[CheckReport], tenants: &[TenantReport], is_blind: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let failing = checks.iter().filter(|check| check.status == Verdict::Fail);
    let failing =
        failing.map(|check| (format!("check/{}", check.id), format!("{} fails: {}", check.id, check.last_text())));
    let blind = checks.iter().filter(|check| is_blind(&check.id));
    let blind = blind.map(|check| {
        (format!("sight/{}", check.id), format!("{} cannot be looked at: {}", check.id, check.last_text()))
    });
    let moving = tenants.iter().filter(|tenant| !matches!(tenant.decision, Decision::None | Decision::Watch(_)));
    let moving =
        moving.map(|tenant| (format!("tenant/{}", tenant.tenant), format!("{}: {}", tenant.tenant, tenant.text)));
    failing.chain(blind).chain(moving).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use jiff::SignedDuration;

    use super::*;

    fn check(status: Verdict) -> CheckReport {
        let (id, component) = ("shop".to_owned(), "web".to_owned());
        CheckReport { id, component, status, since: None, last: None, p95_ms: None }
    }

    /// Subjects, and how many minutes each lasted.
    fn played(minutes: &[(Verdict, bool)]) -> Vec<(String, Option<i64>)> {
        let mut incidents = Vec::new();
        for (index, (status, is_blind)) in minutes.iter().enumerate() {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(index as i64);
            note(&mut incidents, (&[check(*status)], &[]), |_| *is_blind, now);
        }
        let lasted = |one: &Incident| one.ended_at.map(|end| end.duration_since(one.began_at).as_mins());
        incidents.iter().map(|one| (one.subject.clone(), lasted(one))).collect()
    }

    #[test]
    fn each_has_a_beginning_and_an_end_and_what_is_not_known_is_no_end() {
        let (pass, fail, unknown) = ((Verdict::Pass, false), (Verdict::Fail, false), (Verdict::Unknown, true));
        let [of_check, of_sight] = ["check/shop", "sight/shop"].map(str::to_owned);
        assert_eq!(played(&[pass, fail, fail, pass]), [(of_check.clone(), Some(2))]);
        assert_eq!(
            played(&[fail, unknown, unknown, pass, fail]),
            [(of_check.clone(), Some(3)), (of_sight, Some(2)), (of_check, None)]
        );
    }

    #[test]
    fn the_last_twenty_that_are_over_are_kept() {
        let status = |index: usize| if index.is_multiple_of(2) { Verdict::Fail } else { Verdict::Pass };
        let kept = played(&(0..101).map(|index| (status(index), false)).collect::<Vec<_>>());
        assert_eq!((kept.len(), kept.last().unwrap().1), (21, None));
    }

    #[test]
    fn a_check_that_is_gone_has_no_open_incident() {
        let mut incidents = Vec::new();
        note(&mut incidents, (&[check(Verdict::Fail)], &[]), |_| false, Timestamp::UNIX_EPOCH);
        note(&mut incidents, (&[], &[]), |_| false, Timestamp::UNIX_EPOCH);
        assert!(incidents[0].ended_at.is_some());
    }
}

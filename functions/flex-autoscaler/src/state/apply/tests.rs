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
    let changed =
        |ocpus: Option<f64>, may_be_ours| Answer::Changed { now: ocpus.map(size), may_be_ours, is_settled: true };
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
    for answer in [Answer::Refused { text: "no".to_owned() }, Answer::Hidden { text: "no".to_owned() }] {
        let state = check(&answer, Some("refused"), None);
        let refused = state.instances["vm"].infeasible.as_ref().unwrap();
        assert_eq!((refused.target, refused.refusal.as_ref().unwrap().contains("no")), (size(22.0), true));
        assert!(state.deferred.is_empty());
    }
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

/// Half of the way with memory alone is half of the way too, and is tried once.
#[test]
fn half_of_the_way_is_less_of_anything() {
    let of = |memory_gb| Size { ocpus: 16.0, memory_gb };
    let refuse = |state: &mut State, to: Size| {
        let entry = state.instances.get_mut("vm").unwrap();
        let commanded = Commanded { from: of(256.0), to, ..self::state().instances["vm"].commanded.clone().unwrap() };
        entry.commanded = Some(commanded);
        state.apply(&Policy::default(), "vm", NOW.parse().unwrap(), &Answer::NoCapacity { is_quota: false });
        let refused = state.instances["vm"].infeasible.as_ref().unwrap();
        (refused.half_tried, refused.failures)
    };
    let mut state = state();
    let found = [of(512.0), of(384.0), of(384.0)].map(|to| refuse(&mut state, to));
    assert_eq!(found, [(false, 1), (true, 1), (false, 2)]);
}

#[test]
fn a_machine_that_is_busy_again_and_again_cannot_change() {
    for (may_restart, codes) in [
        (true, ["in_flight", "in_flight", "refused", "in_flight"]),
        (false, ["in_flight", "in_flight", "in_flight", "in_flight"]),
    ] {
        let mut state = state();
        let commanded = Commanded { may_restart, ..state.instances["vm"].commanded.clone().unwrap() };
        for code in codes {
            state.instances.get_mut("vm").unwrap().commanded = Some(commanded.clone());
            let said = state.apply(&Policy::default(), "vm", NOW.parse().unwrap(), &Answer::Busy).unwrap();
            assert_eq!(said.reason.code, code, "{may_restart}");
        }
    }
}

/// What an earlier tick may have been granted is not forgotten because it is not granted now.
#[test]
fn no_refusal_of_a_repetition_forgets_what_may_have_happened() {
    let text = || "no".to_owned();
    let unsettled = Answer::Changed { now: Some(size(16.0)), may_be_ours: false, is_settled: false };
    let settled = Answer::Changed { now: Some(size(16.0)), may_be_ours: false, is_settled: true };
    for (answer, code, is_kept) in [
        (Answer::NoCapacity { is_quota: false }, "unknown", true),
        (Answer::NeedsReboot, "unknown", true),
        (Answer::Refused { text: text() }, "unknown", true),
        (Answer::Hidden { text: text() }, "unknown", true),
        (Answer::Busy, "unknown", true),
        (unsettled, "in_flight", true),
        // Nothing has come of it.
        (settled, "lost_race", false),
        (Answer::Gone, "gone", false),
    ] {
        let mut state = state();
        let later: Timestamp = "2026-03-11T12:05:00Z".parse().unwrap();
        state.instances.get_mut("vm").unwrap().seen_at = later;
        let said = state.apply(&Policy::default(), "vm", later, &answer).unwrap();
        let commanded = state.instances.get("vm").and_then(|entry| entry.commanded.as_ref());
        assert_eq!((said.reason.code, commanded.is_some()), (code, is_kept), "{answer:?}");
        assert!(state.instances.get("vm").is_none_or(|entry| entry.infeasible.is_none()), "{answer:?}");
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

//! Changes that are under way, and pauses.

use serde_json::json;

use super::fixture::*;
use crate::state::Answer;

fn hot(cpu: f64) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(cpu));
    fixture
}

#[test]
fn t12_other_states_hold() {
    for state in ["STOPPING", "STARTING", "PROVISIONING", "MOVING", "CREATING_IMAGE"] {
        check(hot(99.0).set("state", json!(state)), "HOLD(in_flight) 16/256");
    }
    check(hot(99.0).set("state", json!("STOPPED")), "HOLD(stopped) 16/256");
    let work = json!([{"id": "w", "state": "running"}]);
    check(hot(99.0).set("work_requests", work), "HOLD(in_flight) 16/256");
    check(hot(82.0).set("work_requests", json!([{"id": "w", "state": "succeeded"}])), "UP 22/352");
}

#[test]
fn t13_a_change_that_is_not_seen_holds_and_is_told_once() {
    check(hot(99.0).commanded(6.0, "accepted", 16.0, 22.0), "HOLD(in_flight) 16/256");
    let mut stuck = hot(99.0);
    stuck.commanded(21.0, "accepted", 16.0, 22.0);
    let first = check(&stuck, "HOLD(stuck) 16/256");
    assert_eq!(alerts(&first), ["stuck"]);
    let mut next = stuck.after(&first.state, "2026-03-11T13:05:00Z");
    let second = check(next.cpu(&flat(99.0)).memory(&flat(40.0)), "HOLD(stuck) 16/256");
    assert!(second.record.alerts.is_empty());
    // After two hours it is given up.
    check(hot(82.0).commanded(121.0, "accepted", 16.0, 22.0), "UP 22/352");
}

#[test]
fn what_is_stuck_is_told_whatever_the_machine_does() {
    for (minutes, expected) in [(19.0, "HOLD(in_flight) 16/256"), (25.0, "HOLD(stuck) 16/256")] {
        let told: &[&str] = if minutes < 20.0 { &[] } else { &["stuck"] };
        for state in ["STARTING", "STOPPING"] {
            let mut fixture = hot(99.0);
            let outcome =
                check(fixture.commanded(minutes, "accepted", 16.0, 22.0).set("state", json!(state)), expected);
            assert_eq!(alerts(&outcome), told);
        }
        let mut fixture = hot(99.0);
        let work = json!([{"id": "w", "state": "running"}]);
        let outcome = check(fixture.commanded(minutes, "accepted", 16.0, 22.0).set("work_requests", work), expected);
        assert_eq!(alerts(&outcome), told);
    }
}

#[test]
fn work_that_failed_is_like_no_room() {
    let mut fixture = hot(82.0);
    fixture.commanded(6.0, "accepted", 16.0, 22.0).set("work_requests", json!([{"id": "w1", "state": "failed"}]));
    fixture.known()["commanded"]["work"] = json!("w1");
    // Half the way once, as after a refusal.
    let half = check(&fixture, "UP 18/288");
    assert_eq!(half.state.instances["vm"].infeasible.as_ref().unwrap().failures, 1);
    let mut next = fixture.after(&half.state, "2026-03-11T12:05:00Z");
    next.known()["commanded"]["work"] = json!("w2");
    next.set("work_requests", json!([{"id": "w2", "state": "failed"}])).cpu(&flat(82.0)).memory(&flat(40.0));
    let second = check(&next, "HOLD(infeasible) 16/256");
    let mut later = fixture.after(&second.state, "2026-03-11T12:36:00Z");
    check(later.set("work_requests", json!([])).cpu(&flat(82.0)).memory(&flat(40.0)), "UP 22/352");
}

#[test]
fn giving_up_again_and_again_takes_ever_longer() {
    let mut fixture = hot(82.0);
    let given_up = check(fixture.commanded(121.0, "accepted", 16.0, 22.0), "UP 22/352");
    assert_eq!(given_up.state.instances["vm"].infeasible.as_ref().unwrap().failures, 1);
    fixture.known()["infeasible"] = json!({
        "target": {"ocpus": 22.0, "memory_gb": 352.0}, "at": before(NOW, 300.0), "retry_at": before(NOW, 121.0),
        "failures": 3, "half_tried": true,
    });
    let again = fixture.decide();
    assert_eq!(again.state.instances["vm"].infeasible.as_ref().unwrap().retry_at, before(NOW, 121.0 - 240.0));
}

#[test]
fn a_size_that_came_is_not_refused_any_more() {
    for (refused, is_kept) in [(22.0, false), (28.0, true)] {
        let mut fixture = hot(40.0);
        fixture.commanded(9.0, "accepted", 16.0, 22.0).set("size", json!({"ocpus": 22.0, "memory_gb": 352.0}));
        fixture.known()["infeasible"] = json!({
            "target": {"ocpus": refused, "memory_gb": refused * 16.0}, "at": before(NOW, 60.0),
            "retry_at": before(NOW, 10.0), "failures": 6,
        });
        assert_eq!(fixture.decide().state.instances["vm"].infeasible.is_some(), is_kept, "{refused}");
    }
}

#[test]
fn a_smaller_size_that_failed_pauses_shrinking_and_not_growth() {
    let mut fixture = hot(10.0);
    fixture.memory(&flat(10.0)).commanded(6.0, "accepted", 16.0, 8.0);
    fixture.known()["commanded"]["kind"] = json!("DOWN");
    fixture.known()["commanded"]["work"] = json!("w1");
    fixture.set("work_requests", json!([{"id": "w1", "state": "failed"}]));
    check(&fixture, "HOLD(infeasible) 16/256");
    check(fixture.cpu(&flat(99.0)), "EMERGENCY_UP 28/448");
}

#[test]
fn t20_a_pause_holds_and_an_emergency_does_not_wait() {
    let mut fixture = hot(40.0);
    fixture.changed(8.0, "UP", 14.0, 16.0);
    fixture.cpu(&ending(40.0, &[78.0; 12]));
    check(&fixture, "HOLD(cooldown) 16/256");
    check(fixture.cpu(&ending(70.0, &[95.0; 3])), "EMERGENCY_UP 24/384");
    check(fixture.cpu(&ending(40.0, &[78.0; 15])).changed(11.0, "UP", 14.0, 16.0), "UP 20/320");
    check(fixture.changed(25.0, "DOWN", 32.0, 16.0), "HOLD(cooldown) 16/256");
}

#[test]
fn the_pause_begins_when_the_machine_runs_at_its_new_size() {
    let mut fixture = hot(40.0);
    fixture.commanded(9.0, "accepted", 16.0, 22.0).set("size", json!({"ocpus": 22.0, "memory_gb": 352.0}));
    let outcome = fixture.decide();
    let entry = &outcome.state.instances["vm"];
    assert!(entry.commanded.is_none());
    let change = entry.last_change().unwrap();
    assert_eq!((change.at.to_string(), change.to.ocpus), (NOW.to_owned(), 22.0));
    assert_eq!(change.begun, before(NOW, 9.0));
}

#[test]
fn a_request_that_may_be_lost_is_repeated_with_its_token() {
    let mut fixture = hot(40.0);
    let outcome = check(fixture.commanded(6.0, "intended", 16.0, 22.0), "UP 22/352");
    let action = &outcome.actions[0];
    assert_eq!((action.retry_token.as_str(), action.if_match.as_deref()), ("t", Some("etag-vm")));
    check(fixture.commanded(2.0, "intended", 16.0, 22.0), "HOLD(in_flight) 16/256");
}

#[test]
fn t28_who_loses_the_race_holds() {
    let fixture = hot(82.0);
    let mut outcome = check(&fixture, "UP 22/352");
    let inputs = fixture.inputs();
    let quicker = Answer::Changed { now: Some(outcome.actions[0].to), may_be_ours: false, is_settled: false };
    let correction = outcome.state.apply(&inputs.policy, "vm", inputs.now, &quicker).unwrap();
    assert_eq!(correction.reason.code, "lost_race");
}

#[test]
fn t29_the_state_keeps_the_highest_epoch() {
    let mut fixture = hot(82.0);
    for (epoch, expected) in [(7, 7), (9, 9), (3, 6)] {
        fixture.0["epoch"] = json!(epoch);
        assert_eq!(fixture.decide().state.epoch, expected);
    }
}

#[test]
fn t37_what_was_not_sent_comes_first_at_the_next_tick() {
    let fixture = hot(82.0);
    let mut outcome = check(&fixture, "UP 22/352");
    let inputs = fixture.inputs();
    let correction = outcome.state.apply(&inputs.policy, "vm", inputs.now, &Answer::NotSent).unwrap();
    assert!(correction.is_deferred);
    assert_eq!(outcome.state.deferred, ["vm"]);
    let mut next = fixture.after(&outcome.state, "2026-03-11T12:05:00Z");
    check(next.cpu(&flat(82.0)).memory(&flat(40.0)), "UP 22/352");
}

/// What may have happened at an earlier tick is asked for with the same token until it is known, however the
/// repetition goes.
#[test]
fn a_repetition_that_comes_to_nothing_does_not_forget_what_may_have_happened() {
    let size: causeway_cloud::fleet::Size = serde_json::from_value(json!({"ocpus": 16.0, "memory_gb": 256.0})).unwrap();
    let changed = |now| Answer::Changed { now, may_be_ours: false, is_settled: false };
    for (answer, code, next_said) in [
        (Answer::NotSent, "unknown", "UP 22/352"),
        (Answer::Busy, "unknown", "UP 22/352"),
        (Answer::Conflict, "unknown", "UP 22/352"),
        (Answer::Unknown, "unknown", "UP 22/352"),
        (changed(None), "unknown", "UP 22/352"),
        (changed(Some(size)), "in_flight", "HOLD(in_flight) 16/256"),
    ] {
        let fixture = hot(82.0);
        let mut first = check(&fixture, "UP 22/352");
        let apply = |outcome: &mut crate::decide::Outcome, now: &str, answer: &Answer| {
            outcome.state.apply(&fixture.inputs().policy, "vm", now.parse().unwrap(), answer).unwrap()
        };
        let at = |outcome: &crate::decide::Outcome, now: &str, epoch: u64| {
            let mut next = fixture.after(&outcome.state, now);
            next.0["epoch"] = json!(epoch);
            // Hotter than before: decided anew it would be another size.
            next.cpu(&flat(99.0)).memory(&flat(40.0));
            next
        };
        assert_eq!(apply(&mut first, NOW, &Answer::Unknown).reason.code, "unknown");
        let mut second = at(&first, "2026-03-11T12:05:00Z", 8).decide();
        assert_eq!(second.actions, first.actions, "the same request again");
        let correction = apply(&mut second, "2026-03-11T12:05:20Z", &answer);
        assert_eq!((correction.reason.code, correction.is_deferred), (code, answer == Answer::NotSent), "{answer:?}");
        let third = check(&at(&second, "2026-03-11T12:10:00Z", 9), next_said);
        assert!(third.actions.iter().all(|action| *action == first.actions[0]), "{answer:?}");
        // It was done after all: one change, and it is ours.
        let mut done = at(&third, "2026-03-11T12:15:00Z", 10);
        done.set("size", json!({"ocpus": 22.0, "memory_gb": 352.0})).cpu(&flat(60.0));
        let done = done.decide();
        let changes = &done.state.instances["vm"].changes;
        assert_eq!((changes.len(), changes[0].kind.is_some(), done.actions.len()), (1, true, 0), "{answer:?}");
    }
}

#[test]
fn t30_the_token_is_that_of_machine_epoch_and_size() {
    let fixture = hot(82.0);
    let token = |fixture: &Fixture| fixture.decide().actions[0].retry_token.clone();
    let (first, again) = (token(&fixture), token(&fixture));
    assert_eq!(first, again);
    assert_eq!(first.len(), 64);
    let mut later = fixture.clone();
    later.0["epoch"] = json!(8);
    assert_ne!(token(&later), first);
    assert_ne!(token(&hot(99.0)), first);
}

#[test]
fn t31_what_somebody_else_changed_is_taken_as_it_is() {
    let fixture = hot(82.0);
    let mut outcome = check(&fixture, "UP 22/352");
    let inputs = fixture.inputs();
    let now = Some(serde_json::from_value(json!({"ocpus": 20.0, "memory_gb": 320.0})).unwrap());
    let changed = Answer::Changed { now, may_be_ours: false, is_settled: false };
    let correction = outcome.state.apply(&inputs.policy, "vm", inputs.now, &changed).unwrap();
    assert_eq!(correction.reason.code, "external_change");
    let entry = &outcome.state.instances["vm"];
    assert_eq!((entry.size.unwrap().ocpus, entry.last_change().unwrap().kind), (20.0, None));
    // The pause has begun.
    let mut next = fixture.after(&outcome.state, "2026-03-11T12:05:00Z");
    next.set("size", json!({"ocpus": 20.0, "memory_gb": 320.0})).cpu(&flat(82.0)).memory(&flat(40.0));
    check(&next, "HOLD(external_change) 20/320");
}

#[test]
fn a_size_that_nobody_of_ours_asked_for_is_taken_and_starts_the_pause() {
    let mut fixture = hot(78.0);
    fixture.set("size", json!({"ocpus": 20.0, "memory_gb": 320.0}));
    check(&fixture, "HOLD(external_change) 20/320");
}

#[test]
fn t32_what_needs_a_restart_waits_for_maintenance() {
    let fixture = hot(82.0);
    let mut outcome = check(&fixture, "UP 22/352");
    let inputs = fixture.inputs();
    let correction = outcome.state.apply(&inputs.policy, "vm", inputs.now, &Answer::NeedsReboot).unwrap();
    assert_eq!(correction.reason.code, "needs_reboot");
    let mut next = fixture.after(&outcome.state, "2026-03-11T12:05:00Z");
    next.cpu(&flat(82.0)).memory(&flat(40.0));
    assert_eq!(alerts(&check(&next, "HOLD(needs_reboot) 16/256")), ["needs_reboot"]);
    // Outside of a maintenance window too, even where restarts are allowed.
    next.policy("allow_reboot", json!(true));
    next.policy("schedule.maintenance", json!([{"id": "night", "start": "22:00", "end": "04:00"}]));
    check(&next, "HOLD(needs_reboot) 16/256");
    next.policy("schedule.maintenance", json!([{"id": "noon", "start": "12:00", "end": "13:00"}]));
    assert!(check(&next, "UP 22/352").actions[0].may_restart);
}

#[test]
fn t44_what_is_gone_is_forgotten() {
    let outcome = check(hot(99.0).set("state", json!("TERMINATED")), "DROPPED(gone) 16/256");
    assert!(outcome.state.instances.is_empty());
}

#[test]
fn where_there_was_no_room_half_the_way_is_tried_once() {
    let fixture = hot(99.0);
    let mut outcome = check(&fixture, "EMERGENCY_UP 28/448");
    let inputs = fixture.inputs();
    let code = |outcome: &mut crate::decide::Outcome, now: &str| {
        let full = Answer::NoCapacity { is_quota: false };
        outcome.state.apply(&inputs.policy, "vm", now.parse().unwrap(), &full).unwrap().reason.code
    };
    assert_eq!(code(&mut outcome, NOW), "infeasible");
    let at = |outcome: &crate::decide::Outcome, now: &str| {
        let mut next = fixture.after(&outcome.state, now);
        next.cpu(&flat(99.0)).memory(&flat(40.0));
        next
    };
    let next = at(&outcome, "2026-03-11T12:05:00Z");
    let mut half = check(&next, "EMERGENCY_UP 22/352");
    assert_eq!(code(&mut half, "2026-03-11T12:05:00Z"), "infeasible");
    let paused = check(&at(&half, "2026-03-11T12:10:00Z"), "HOLD(infeasible) 16/256");
    let retry = &half.state.instances["vm"].infeasible.as_ref().unwrap().retry_at;
    assert_eq!(retry.to_string(), "2026-03-11T12:35:00Z");
    // A lower target may be asked for before.
    let mut lower = at(&paused, "2026-03-11T12:15:00Z");
    check(lower.cpu(&ending(40.0, &[76.0; 15])), "UP 20/320");
    // Then all of it again, and the pause doubles.
    let mut again = check(&at(&paused, "2026-03-11T12:40:00Z"), "EMERGENCY_UP 28/448");
    code(&mut again, "2026-03-11T12:40:00Z");
    let retry = &again.state.instances["vm"].infeasible.as_ref().unwrap().retry_at;
    assert_eq!(retry.to_string(), "2026-03-11T13:40:00Z");
}

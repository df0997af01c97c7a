//! A memory that is lost, broken or hostile.

use serde_json::{Value, json};

use super::fixture::*;
use crate::state::{State, StateRead};

fn broken() -> Vec<Value> {
    vec![
        json!("{\"version\":1,\"since\":"),
        json!("not json"),
        json!([1, 2]),
        json!({"version": 2, "since": NOW}),
        json!({"version": 1, "since": "yesterday"}),
        json!({"version": 1, "since": "9999-01-01T00:00:00Z"}),
        json!({"version": 1, "since": NOW, "instances": {"vm": {"since": NOW, "seen_at": NOW, "size": {"ocpus": -4.0, "memory_gb": 1.0}}}}),
        json!({"version": 1, "since": NOW, "instances": {"vm": {"since": NOW, "seen_at": NOW, "profile": "1:zz"}}}),
        json!({"version": 1, "since": NOW, "instances": {"vm": {"since": NOW, "seen_at": NOW, "infeasible": {
            "target": {"ocpus": 1.0, "memory_gb": 1.0}, "at": NOW, "retry_at": "2999-01-01T00:00:00Z", "failures": 1,
        }}}}),
    ]
}

#[test]
fn t38_a_broken_state_is_kept_and_emergencies_go_on() {
    for text in broken() {
        let mut fixture = Fixture::new();
        fixture.state(text.clone()).cpu(&flat(99.0));
        let outcome = check(&fixture, "EMERGENCY_UP 28/448");
        assert_eq!(alerts(&outcome), ["state_corrupt"], "{text}");
        // Growth that is no emergency waits until all of its points are newer than the loss.
        let doubted = check(fixture.cpu(&flat(82.0)), "HOLD(no_history) 16/256");
        for (now, expected) in
            [("2026-03-11T12:14:00Z", "HOLD(no_history) 16/256"), ("2026-03-11T12:15:00Z", "UP 22/352")]
        {
            let mut next = fixture.after(&doubted.state, now);
            check(next.cpu(&flat(82.0)).memory(&flat(40.0)), expected);
        }
        let first = check(fixture.cpu(&flat(10.0)).memory(&flat(10.0)), "HOLD(no_history) 16/256");
        // After three hours it shrinks where a day of memory is not asked for.
        for (now, hours, expected) in [
            ("2026-03-11T14:59:00Z", 3, "HOLD(no_history) 16/256"),
            ("2026-03-11T15:00:00Z", 3, "DOWN 8/128"),
            ("2026-03-11T15:00:00Z", 24, "HOLD(memory_short) 16/256"),
        ] {
            let mut next = fixture.after(&first.state, now);
            next.policy("down.min_memory_hours", json!(hours));
            check(next.cpu(&flat(10.0)).memory(&flat(10.0)), expected);
        }
    }
}

#[test]
fn what_was_found_is_kept_as_text() {
    let StateRead::Corrupt { text, problem } = StateRead::from_text("{\"version\":") else { panic!("not corrupt") };
    assert_eq!(text, "{\"version\":");
    assert!(problem.contains("EOF"), "{problem}");
    assert_eq!(StateRead::from_text("null"), StateRead::Absent);
}

#[test]
fn a_lost_state_is_like_a_new_one() {
    let mut fixture = Fixture::new();
    fixture.state(Value::Null);
    check(fixture.cpu(&flat(99.0)), "EMERGENCY_UP 28/448");
    check(fixture.cpu(&flat(10.0)).memory(&flat(10.0)), "HOLD(no_history) 16/256");
}

#[test]
fn the_points_of_a_lost_size_do_not_resize_twice() {
    // It grew to 22 a minute ago; all points are of the 16 that it had, and nothing of that is known any more.
    let mut fixture = Fixture::new();
    fixture.size(22.0, 352.0).cpu(&flat(82.0)).memory(&flat(30.0)).state(json!("{"));
    let first = check(&fixture, "HOLD(no_history) 22/352");
    let mut next = fixture.after(&first.state, "2026-03-11T12:16:00Z");
    check(next.cpu(&ending(82.0, &[60.0; 16])).memory(&flat(30.0)), "HOLD(steady) 22/352");
}

#[test]
fn one_memory_of_the_future_is_that_of_one_machine() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(10.0)).memory(&flat(10.0));
    let ahead = json!({"since": "2026-03-13T12:00:00Z", "seen_at": "2026-03-13T12:00:00Z"});
    fixture.0["state"]["instances"]["other"] = ahead;
    let outcome = check(&fixture, "DOWN 8/128");
    assert_eq!(alerts(&outcome), ["state_corrupt"]);
    assert_eq!(outcome.state.instances["other"].since.to_string(), NOW);
    assert!(outcome.state.instances["other"].is_lost);
}

#[test]
fn a_clock_that_is_days_behind_does_not_forget_what_is_under_way() {
    let mut fixture = Fixture::new();
    fixture.commanded(1.0, "accepted", 16.0, 22.0);
    let mut behind = fixture.after(&fixture.decide().state, "2026-03-08T12:00:00Z");
    let outcome = check(behind.cpu(&flat(99.0)).memory(&flat(40.0)), "HOLD(in_flight) 16/256");
    assert_eq!(alerts(&outcome), ["state_corrupt"]);
}

/// 404 is also said while nobody may read: only what the service says to have ended is forgotten.
#[test]
fn what_is_not_found_is_remembered() {
    for (member, value, is_kept) in
        [("gone", json!(true), true), ("state", json!("TERMINATED"), false), ("state", json!("TERMINATING"), false)]
    {
        let mut fixture = Fixture::new();
        fixture.commanded(6.0, "accepted", 16.0, 22.0).set(member, value);
        let before = fixture.inputs().state.present().unwrap().instances["vm"].clone();
        let outcome = check(&fixture, "DROPPED(gone) 16/256");
        assert_eq!(outcome.state.instances.get("vm"), Some(&before).filter(|_| is_kept), "{member}");
    }
}

/// What is not known to be out is told again under its first key, for as long as it may be the same message.
#[test]
fn an_alert_that_may_be_out_keeps_its_key() {
    let mut fixture = Fixture::new();
    fixture.cpu(&[]).memory(&[]);
    let first = check(&fixture, "HOLD(stale) 16/256");
    let key = |outcome: &crate::decide::Outcome| outcome.record.alerts.first().map(|alert| alert.dedup_key.clone());
    let topic = first.record.alerts[0].topic.clone();
    let before = fixture.inputs().state.present().cloned();
    let mut unsent = first.state.clone();
    unsent.alert_failed(&topic, before.as_ref(), fixture.inputs().now);
    let mut again = fixture.after(&unsent, "2026-03-11T12:05:00Z").decide();
    assert_eq!((key(&again), again.state.unsent.len()), (key(&first), 0));
    // Twice in vain.
    again.state.alert_failed(&topic, Some(&unsent), "2026-03-11T12:05:00Z".parse().unwrap());
    assert_eq!(again.state.unsent, unsent.unsent);
    for (now, is_same) in [("2026-03-11T12:59:00Z", true), ("2026-03-11T13:00:00Z", false)] {
        let late = fixture.after(&again.state, now).decide();
        assert_eq!(key(&late) == key(&first), is_same, "{now}");
    }
    // One that was told an hour ago was told then, whatever becomes of it now.
    let mut told = fixture.after(&first.state, "2026-03-11T13:05:00Z").decide();
    told.state.alert_failed(&topic, Some(&first.state), "2026-03-11T13:05:00Z".parse().unwrap());
    assert_eq!(told.state.alerts, first.state.alerts);
    assert_eq!(fixture.after(&first.state, "2026-03-11T12:05:00Z").decide().record.alerts, []);
}

/// A loss is over when it is told; one that was not told is told by a later tick, whose state is whole.
#[test]
fn a_loss_that_is_not_known_to_be_told_is_told_again() {
    for topic in ["state_corrupt", "state_corrupt/shards/1790000000000/1"] {
        let mut fixture = Fixture::new();
        fixture.0["state"]["unsent"] = json!({ topic: before(NOW, 5.0) });
        let told = check(&fixture, "HOLD(steady) 16/256");
        let keys: Vec<&str> = told.record.alerts.iter().map(|alert| alert.dedup_key.as_str()).collect();
        assert_eq!(keys, [format!("{topic}@2026-03-11T11:55:00Z")], "under its first key");
        let after = fixture.after(&told.state, "2026-03-11T12:05:00Z").decide();
        assert!(!alerts(&after).contains(&"state_corrupt"), "once");
    }
}

/// A window's floor is asked for again only where it is known that nobody has asked for it yet.
#[test]
fn with_an_unknown_past_only_emergencies_do_not_wait() {
    for (recalled, expected) in [(true, "SCHEDULED_UP 32/512"), (false, "HOLD(no_history) 16/256")] {
        let mut fixture = Fixture::new();
        fixture.policy(
            "schedule.windows",
            json!([{"id": "day", "start": "08:00:00", "end": "18:00:00", "floor_ocpus": 32}]),
        );
        let entry = fixture.known();
        (entry["is_lost"], entry["is_recalled"], entry["since"]) = (json!(true), json!(recalled), json!(NOW));
        check(&fixture, expected);
        check(fixture.cpu(&flat(99.0)), "EMERGENCY_UP 32/512");
    }
}

/// The points before a change are of the size before, also where the clock was days ahead when it was made.
#[test]
fn a_change_of_the_future_is_one_all_the_same() {
    let mut fixture = Fixture::new();
    fixture.size(28.0, 448.0).cpu(&flat(95.0)).memory(&flat(40.0));
    let entry = fixture.known();
    entry["seen_at"] = json!("2026-03-20T12:00:00Z");
    entry["changes"] = json!([{
        "begun": "2026-03-20T11:55:00Z", "at": "2026-03-20T12:00:00Z", "kind": "EMERGENCY_UP",
        "from": {"ocpus": 16.0, "memory_gb": 256.0}, "to": {"ocpus": 28.0, "memory_gb": 448.0},
    }]);
    let outcome = fixture.decide();
    assert!(said(&outcome).starts_with("HOLD"), "{}", said(&outcome));
    assert_eq!(alerts(&outcome), ["state_corrupt"]);
}

#[test]
fn a_refusal_of_long_ago_says_nothing() {
    for (minutes, expected) in [(359.0, true), (361.0, false)] {
        let mut fixture = Fixture::new();
        fixture.known()["infeasible"] = json!({
            "target": {"ocpus": 22.0, "memory_gb": 352.0}, "at": before(NOW, 700.0),
            "retry_at": before(NOW, minutes), "failures": 5,
        });
        assert_eq!(fixture.decide().state.instances["vm"].infeasible.is_some(), expected, "{minutes}");
    }
}

#[test]
fn machines_that_are_not_in_the_list_are_remembered_for_a_while() {
    let mut fixture = Fixture::new();
    fixture.0["instances"] = json!([]);
    assert!(fixture.decide().state.instances.contains_key("vm"));
    fixture.known()["seen_at"] = json!(before(NOW, 73.0 * 60.0));
    assert!(fixture.decide().state.instances.is_empty());
}

#[test]
fn a_state_can_be_split_and_joined() {
    let mut state = State::new(NOW.parse().unwrap());
    let entry = crate::state::Entry::new(NOW.parse().unwrap());
    state.instances = (0..50).map(|number| (format!("vm{number}"), entry.clone())).collect();
    state.deferred = vec!["vm7".to_owned(), "vm3".to_owned()];
    let parts = state.clone().split(4);
    assert!(parts.iter().all(|part| (5..25).contains(&part.instances.len())));
    assert_eq!(State::join(parts), Some(state));
}

#[test]
fn a_state_survives_being_written_and_is_small() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(82.0)).memory_of_the_day(30.0).changed(400.0, "UP", 14.0, 16.0);
    let state = fixture.decide().state;
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(StateRead::from_text(&text), StateRead::Present(state));
    assert!(text.len() < 4096, "{} bytes", text.len());
}

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
        check(fixture.cpu(&flat(82.0)), "UP 22/352");
        let first = check(fixture.cpu(&flat(10.0)).memory(&flat(10.0)), "HOLD(no_history) 16/256");
        for (now, expected) in
            [("2026-03-11T14:59:00Z", "HOLD(no_history) 16/256"), ("2026-03-11T15:00:00Z", "DOWN 8/128")]
        {
            let mut next = fixture.after(&first.state, now);
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

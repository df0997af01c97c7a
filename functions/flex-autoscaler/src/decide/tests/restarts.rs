//! How often a machine may be restarted in a day (R7).

use serde_json::{Value, json};

use super::fixture::*;

/// A hot machine that may be restarted and changed four times in the last day. `may_restart` of the changes: null is not
/// known.
fn often_changed(kinds: [&str; 4], may_restart: [Value; 4]) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(82.0));
    let size = json!({"ocpus": 16.0, "memory_gb": 256.0});
    let change = |((minutes, kind), may_restart): ((f64, &str), Value)| {
        let at = before(NOW, minutes);
        json!({"begun": at, "at": at, "kind": kind, "from": size, "to": size, "may_restart": may_restart})
    };
    let changes = [1400.0, 900.0, 700.0, 500.0].into_iter().zip(kinds).zip(may_restart).map(change);
    fixture.known()["changes"] = changes.collect();
    fixture.policy("allow_reboot", json!(true));
    fixture
}

const UPS: [&str; 4] = ["UP"; 4];

fn all(may_restart: &Value) -> [Value; 4] {
    [(); 4].map(|()| may_restart.clone())
}

#[test]
fn four_restarts_in_a_day_are_enough_and_emergencies_are_not_counted() {
    let mut fixture = often_changed(UPS, all(&json!(true)));
    check(&fixture, "HOLD(daily_cap) 16/256");
    check(fixture.cpu(&flat(95.0)), "EMERGENCY_UP 24/384");
    check(&often_changed(["EMERGENCY_UP", "UP", "UP", "UP"], all(&json!(true))), "UP 22/352");
    let mut idle = often_changed(UPS, all(&json!(true)));
    idle.cpu(&flat(10.0)).memory(&flat(10.0));
    check(&idle, "HOLD(daily_cap) 16/256");
}

#[test]
fn changes_without_a_restart_are_neither_counted_nor_kept_back() {
    check(&often_changed(UPS, all(&json!(false))), "UP 22/352");
    check(&often_changed(UPS, [json!(false), json!(true), json!(true), json!(true)]), "UP 22/352");
    let mut live = often_changed(UPS, all(&json!(true)));
    check(live.policy("allow_reboot", json!(false)), "UP 22/352");
}

/// The state of an earlier version does not tell.
#[test]
fn changes_of_which_it_is_not_known_count_as_restarts() {
    let outcome = check(&often_changed(UPS, all(&Value::Null)), "HOLD(daily_cap) 16/256");
    let text = &outcome.record.decisions[0].reasons[0].text;
    assert!(text.contains("4 of these changes are not known"), "{text}");
    let mut old = often_changed(UPS, all(&Value::Null));
    old.known()["changes"].as_array_mut().unwrap().iter_mut().for_each(|change| {
        change.as_object_mut().unwrap().remove("may_restart");
    });
    check(&old, "HOLD(daily_cap) 16/256");
}

#[test]
fn a_change_that_arrived_remembers_whether_it_may_have_restarted() {
    for may_restart in [true, false] {
        let mut fixture = Fixture::new();
        fixture.cpu(&flat(40.0));
        fixture.commanded(9.0, "accepted", 16.0, 22.0).set("size", json!({"ocpus": 22.0, "memory_gb": 352.0}));
        fixture.known()["commanded"]["may_restart"] = json!(may_restart);
        let outcome = fixture.decide();
        assert_eq!(outcome.state.instances["vm"].last_change().unwrap().may_restart, Some(may_restart));
    }
}

//! Changes that are asked for again: what holds for a new one holds for them too.

use serde_json::json;

use super::fixture::*;

/// A machine for which a change was intended so many minutes ago.
fn intended(minutes: f64, kind: &str, to: f64) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.commanded(minutes, "intended", 16.0, to);
    fixture.known()["commanded"]["kind"] = json!(kind);
    fixture
}

fn up() -> Fixture {
    intended(6.0, "UP", 22.0)
}

/// One that is idle, as when it was decided to shrink it.
fn down() -> Fixture {
    let mut fixture = intended(20.0 - 1.0, "DOWN", 8.0);
    fixture.cpu(&flat(10.0)).memory(&flat(10.0));
    fixture
}

#[test]
fn what_would_be_decided_today_is_repeated() {
    check(&up(), "UP 22/352");
    check(&down(), "DOWN 8/128");
    check(up().policy("allow_reboot", json!(true)), "UP 22/352");
}

#[test]
fn t40_a_machine_that_is_paused_is_not_resized() {
    check(up().set("tags", json!({"pause": "true"})), "HOLD(in_flight) 16/256");
}

#[test]
fn what_shrinks_must_still_be_idle() {
    let held = "HOLD(in_flight) 16/256";
    check(down().cpu(&ending(10.0, &[90.0; 15])), held);
    check(down().memory(&ending(10.0, &[90.0; 15])), held);
    check(down().cpu(&[]), held);
    check(down().memory(&[]), held);
    check(down().cpu(&flat(10.0)[..100]), held);
    check(down().policy("down.watch_memory", json!(false)).memory(&[]), "DOWN 8/128");
    // Growing needs no more than it did.
    check(up().cpu(&[]).memory(&[]), "UP 22/352");
}

#[test]
fn a_restart_must_still_be_allowed() {
    let mut fixture = up();
    fixture.known()["commanded"]["may_restart"] = json!(true);
    check(&fixture, "HOLD(in_flight) 16/256");
    fixture.policy("allow_reboot", json!(true));
    check(&fixture, "UP 22/352");
    fixture.policy("schedule.maintenance", json!([{"id": "night", "start": "22:00", "end": "04:00"}]));
    check(&fixture, "HOLD(in_flight) 16/256");
}

#[test]
fn its_size_must_still_be_allowed() {
    let held = "HOLD(in_flight) 16/256";
    check(up().policy("limits.max_ocpus", json!(20.0)), held);
    check(up().shape("max_ocpus", json!(20.0)), held);
    check(up().shape("max_memory_per_ocpu_gb", json!(8.0)), held);
    let window = |member: &str, ocpus: f64| json!([{"id": "w", "start": "00:00", "end": "00:00", member: ocpus}]);
    check(up().policy("schedule.windows", window("ceiling_ocpus", 20.0)), held);
    check(down().policy("schedule.windows", window("floor_ocpus", 12.0)), held);
    check(down().policy("limits.min_ocpus", json!(10.0)), held);
}

/// What was never sent is sent until it is given up, and told once.
#[test]
fn an_intention_is_repeated_until_it_is_given_up() {
    for (minutes, told) in [(6.0, 0), (25.0, 1), (119.0, 1)] {
        let fixture = intended(minutes, "UP", 22.0);
        let outcome = check(&fixture, "UP 22/352");
        assert_eq!(alerts(&outcome), vec!["stuck"; told], "{minutes}");
        assert_eq!(outcome.actions[0].retry_token, "t");
        let mut next = fixture.after(&outcome.state, "2026-03-11T12:00:30Z");
        assert!(next.cpu(&flat(65.0)).decide().record.alerts.is_empty(), "{minutes}");
    }
    let given_up = check(&intended(121.0, "UP", 22.0), "HOLD(steady) 16/256");
    assert!(given_up.state.instances["vm"].commanded.is_none());
    // What the machine shows may be this very change.
    check(
        intended(25.0, "UP", 22.0).set("work_requests", json!([{"id": "w", "state": "running"}])),
        "HOLD(stuck) 16/256",
    );
}

/// A machine is not kept from what it needs by a change that nobody wants any more.
#[test]
fn an_intention_that_is_in_vain_is_forgotten() {
    let mut hot = down();
    hot.cpu(&flat(99.0));
    check(&hot, "HOLD(in_flight) 16/256");
    let mut later = intended(21.0, "DOWN", 8.0);
    check(later.cpu(&flat(99.0)), "EMERGENCY_UP 28/448");
    check(later.set("state", json!("STOPPING")), "HOLD(stuck) 16/256");
}

/// An intention whose machine had not been looked at is one of the size that it was decided for.
#[test]
fn what_was_intended_without_an_etag_is_sent_with_that_of_today() {
    let mut fixture = up();
    fixture.known()["commanded"]["if_match"] = json!(null);
    fixture.set("etag", json!("today"));
    let outcome = check(&fixture, "UP 22/352");
    assert_eq!(outcome.actions[0].if_match.as_deref(), Some("today"));
    assert_eq!(outcome.state.instances["vm"].commanded.as_ref().unwrap().if_match.as_deref(), Some("today"));
    // One that was sent may be known to the service with its etag.
    let sent = check(up().set("etag", json!("today")), "UP 22/352");
    assert_eq!(sent.actions[0].if_match.as_deref(), Some("etag-vm"));
    fixture.set("size", json!({"ocpus": 20.0, "memory_gb": 320.0}));
    check(&fixture, "HOLD(external_change) 20/320");
}

#[test]
fn a_repetition_goes_on_when_too_many_want_the_same() {
    let mut fixture = down();
    let (machine, entry) = (fixture.machine().clone(), fixture.known().clone());
    for number in 0..12 {
        let (id, mut machine, mut entry) = (format!("vn{number}"), machine.clone(), entry.clone());
        machine["id"] = json!(id);
        entry["commanded"] = json!(null);
        fixture.0["state"]["instances"][&id] = entry;
        fixture.0["instances"].as_array_mut().unwrap().push(machine);
    }
    let outcome = fixture.decide();
    assert_eq!(
        (said(&outcome).as_str(), said_of(&outcome, "vn0").as_str()),
        ("DOWN 8/128", "HOLD(mass_change) 16/256")
    );
}

//! The vectors for machines of which a whole day is known, so that the expected costs have a say, with the default policy.

use serde_json::json;

use super::fixture::*;

/// A machine with a day at 10 of 16 OCPUs behind it.
fn known() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.day_at(10.0);
    fixture
}

/// With and without restarts.
#[track_caller]
fn check_both(fixture: &Fixture, expected: [&str; 2]) {
    for (reboot, expected) in [false, true].into_iter().zip(expected) {
        let mut fixture = fixture.clone();
        check(fixture.policy("allow_reboot", json!(reboot)), expected);
    }
}

/// No violation yet, so the costs see no reason to pay for more; who wants R4 to the letter switches them off.
#[test]
fn t1_heat_that_is_no_emergency_is_for_the_costs_to_answer() {
    let mut hot = known();
    let mut last = vec![70.0; 15];
    last[3..].fill(82.0);
    hot.cpu(&ending(62.5, &last));
    check_both(&hot, ["HOLD(left_to_costs) 16/256"; 2]);
    check_both(hot.policy("cost.enabled", json!(false)), ["UP 22/352"; 2]);
}

/// R5 asks for 28 OCPUs; where a change restarts the costs ask for more, since to grow again would restart once more.
#[test]
fn t2_pegged_cpu_grows_at_once_and_far() {
    let last: Vec<f64> = (0..15).map(|index| 98.0 + f64::from(index % 3)).collect();
    check_both(known().cpu(&ending(62.5, &last)), ["EMERGENCY_UP 28/448", "EMERGENCY_UP 32/512"]);
}

#[test]
fn t3_one_hot_minute_is_no_reason() {
    check_both(known().cpu(&ending(62.5, &[76.0])), ["HOLD(steady) 16/256"; 2]);
}

#[test]
fn t5_idle_shrinks() {
    let mut idle = Fixture::new();
    idle.day_at(4.0).cpu(&ending(20.0, &[33.0, 20.0])).memory(&flat(25.0));
    check_both(&idle, ["DOWN 8/128"; 2]);
}

#[test]
fn t17_what_is_too_small_at_the_largest_size_is_told() {
    for percent in [78.0, 95.0, 100.0] {
        for (limit, ocpus) in [("max_ocpus", 64.0), ("max_ocpus", 22.0)] {
            let mut full = Fixture::new();
            full.size(ocpus, ocpus * 16.0).day_at(ocpus * 0.9).cpu(&flat(percent));
            full.policy(&format!("limits.{limit}"), json!(ocpus));
            for reboot in [false, true] {
                let said = format!("HOLD(at_max) {ocpus}/{}", ocpus * 16.0);
                let outcome = check(full.policy("allow_reboot", json!(reboot)), &said);
                assert_eq!(alerts(&outcome), ["ceiling"], "{percent} {ocpus} {reboot}");
            }
        }
    }
    // The same where the shape ends first.
    let mut full = Fixture::new();
    full.day_at(15.0).cpu(&flat(100.0)).shape("max_ocpus", json!(17.0));
    assert_eq!(alerts(&check(&full, "HOLD(at_max) 16/256")), ["ceiling"]);
}

#[test]
fn t20_only_an_emergency_does_not_wait_for_the_pause() {
    let mut grown = known();
    grown.changed(8.0, "UP", 14.0, 16.0).cpu(&ending(62.5, &[78.0; 15]));
    check_both(&grown, ["HOLD(left_to_costs) 16/256"; 2]);
    grown.cpu(&ending(62.5, &[95.0; 3]));
    check_both(&grown, ["EMERGENCY_UP 24/384"; 2]);
}

#[test]
fn t40_a_paused_machine_is_left_alone_and_told_about() {
    for reboot in [false, true] {
        let mut paused = known();
        paused.cpu(&ending(62.5, &[99.0; 25])).set("tags", json!({"pause": "true"}));
        let outcome = check(paused.policy("allow_reboot", json!(reboot)), "HOLD(paused) 16/256");
        assert_eq!(alerts(&outcome), ["paused"]);
        assert_eq!(outcome.record.decisions[0].rejected[0].decision.name(), "EMERGENCY_UP");
    }
}

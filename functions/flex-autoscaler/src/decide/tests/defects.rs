//! Defects of an earlier scaler that no vector shows. A1 (memory read from CPU), A4, A5, A9 to A13, A15, A17, A18 and
//! A25 are in the vectors; A19, A24 and A26 are about calls to a cloud and are tested where those are made.

use serde_json::json;

use super::fixture::*;

#[test]
fn a2_each_machine_is_judged_by_its_own_points() {
    let mut fixture = Fixture::new();
    let mut other = fixture.machine().clone();
    other["id"] = json!("vn");
    other["cpu"] = points(NOW, &flat(95.0));
    fixture.0["instances"].as_array_mut().unwrap().push(other);
    let outcome = fixture.decide();
    assert_eq!(said_of(&outcome, "vm"), "HOLD(steady) 16/256");
    assert_eq!(said_of(&outcome, "vn"), "EMERGENCY_UP 24/384");
}

#[test]
fn a3_the_newest_points_count_not_the_oldest() {
    let mut falling = flat(99.0);
    falling[150..].fill(40.0);
    check(Fixture::new().cpu(&falling), "HOLD(steady) 16/256");
}

#[test]
fn a6_the_same_tick_twice_changes_once() {
    let mut fixture = Fixture::new();
    let first = check(fixture.cpu(&flat(82.0)), "UP 22/352");
    check(&fixture.after(&first.state, NOW), "HOLD(in_flight) 16/256");
}

#[test]
fn a7_the_next_tick_does_not_stack_a_second_change() {
    let mut fixture = Fixture::new();
    let mut first = check(fixture.cpu(&flat(99.0)), "EMERGENCY_UP 28/448");
    let inputs = fixture.inputs();
    let accepted = crate::state::Answer::Accepted { work: Some("w".to_owned()) };
    assert_eq!(first.state.apply(&inputs.policy, "vm", inputs.now, &accepted), None);
    let mut next = fixture.after(&first.state, "2026-03-11T12:05:00Z");
    check(next.cpu(&flat(99.0)).memory(&flat(40.0)), "HOLD(in_flight) 16/256");
}

#[test]
fn a8_a_change_is_conditional_and_recognisable() {
    let action = Fixture::new().cpu(&flat(82.0)).decide().actions.remove(0);
    assert_eq!(action.if_match.as_deref(), Some("etag-vm"));
    assert_eq!(action.retry_token.len(), 64);
}

#[test]
fn a10_above_the_most_a_hot_machine_does_not_shrink() {
    let mut fixture = Fixture::new();
    fixture.size(96.0, 1536.0).cpu(&flat(99.0)).shape("max_ocpus", json!(128.0)).shape("max_memory_gb", json!(2048.0));
    check(&fixture, "HOLD(at_max) 96/1536");
}

#[test]
fn a12_odd_sizes_are_not_cut() {
    let mut fixture = Fixture::new();
    fixture.size(17.0, 272.0).cpu(&ending(20.0, &[30.0])).memory(&flat(20.0));
    // Half of 17 is 8.5, and what is needed is less.
    check(&fixture, "DOWN 10/160");
}

#[test]
fn a14_memory_is_not_shrunk_below_its_peak() {
    let mut fixture = Fixture::new();
    fixture.policy("limits.coupling", json!("independent"));
    fixture.cpu(&flat(10.0)).memory(&ending(20.0, &[70.0, 20.0, 20.0]));
    let to = fixture.decide().record.decisions[0].to.unwrap();
    assert!(to.memory_gb >= 0.70 * 256.0 / 0.80, "{to:?}");
}

#[test]
fn a16_nodes_of_one_cluster_do_not_go_together() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(99.0)).set("tags", json!({"cluster": "tenant"}));
    fixture.policy("fleet.max_resizes_percent", json!(100.0));
    for id in ["vn", "vo"] {
        let mut other = fixture.machine().clone();
        other["id"] = json!(id);
        fixture.0["instances"].as_array_mut().unwrap().push(other);
    }
    assert_eq!(fixture.decide().actions.len(), 1);
}

#[test]
fn a20_one_wrong_machine_does_not_stop_the_others() {
    let mut fixture = Fixture::new();
    let mut other = fixture.cpu(&flat(82.0)).machine().clone();
    other["id"] = json!("vn");
    other["size"] = json!({"ocpus": 0.0, "memory_gb": -1.0});
    fixture.0["instances"].as_array_mut().unwrap().push(other);
    let outcome = fixture.decide();
    assert_eq!((said(&outcome).as_str(), said_of(&outcome, "vn").as_str()), ("UP 22/352", "HOLD(size_unknown) ?"));
}

#[test]
fn a21_every_decision_has_a_rule_and_what_was_known() {
    let outcome = Fixture::new().decide();
    let decision = &outcome.record.decisions[0];
    assert!(!decision.reasons.is_empty() && decision.reasons[0].rule.starts_with('R'));
    assert_eq!((decision.inputs.cpu.points, decision.inputs.cpu.window_points), (15, 180));
    assert_eq!(decision.inputs.cpu.age_minutes, Some(1.0));
    assert_eq!((decision.epoch, decision.config_hash.len()), (7, 16));
}

#[test]
fn a22_gone_machines_are_no_failure() {
    check(Fixture::new().set("gone", json!(true)), "DROPPED(gone) 16/256");
}

#[test]
fn no_moment_is_too_early_or_too_late() {
    for now in ["-009999-01-03T00:00:00Z", "9999-12-29T00:00:00Z"] {
        let mut fixture = Fixture::new();
        fixture.policy("schedule.preset", json!({"name": "business_day", "zone": "America/New_York"}));
        fixture.policy("budget.month_cap", json!(1e9)).state(json!(null));
        fixture.0["now"] = json!(now);
        assert_eq!(fixture.decide().record.decisions.len(), 1, "{now}");
    }
}

#[test]
fn unknown_members_are_refused() {
    for path in ["/shapes/0", "/instances/0", "/policy", ""] {
        let mut fixture = Fixture::new();
        fixture.0.pointer_mut(path).unwrap()["max_ocpu"] = json!(1.0);
        let error = serde_json::from_value::<crate::input::Inputs>(fixture.0).unwrap_err().to_string();
        assert!(error.contains("max_ocpu"), "{path}: {error}");
    }
}

#[test]
fn a23_times_need_an_offset() {
    let mut fixture = Fixture::new();
    fixture.0["now"] = json!("2026-03-11T12:00:00");
    assert!(serde_json::from_value::<crate::input::Inputs>(fixture.0.clone()).is_err());
}

//! Limits of policy and shape.

use serde_json::json;

use super::fixture::*;

#[test]
fn t15_below_the_least_size_is_never_shrinking() {
    let mut fixture = Fixture::new();
    fixture.size(4.0, 64.0).cpu(&flat(10.0)).memory(&flat(10.0));
    check(&fixture, "HOLD(below_min) 4/64");
    fixture.policy("limits.enforce_bounds", json!(true));
    check(&fixture, "RAISE_TO_MIN 8/128");
}

#[test]
fn t17_at_the_largest_size_people_are_told_once_an_hour() {
    let mut fixture = Fixture::new();
    fixture.size(64.0, 1024.0).cpu(&flat(95.0));
    let first = check(&fixture, "HOLD(at_max) 64/1024");
    assert_eq!(alerts(&first), ["ceiling"]);
    for (now, expected) in [("2026-03-11T12:05:00Z", 0), ("2026-03-11T12:55:00Z", 0), ("2026-03-11T13:00:00Z", 1)] {
        let mut next = fixture.after(&first.state, now);
        next.cpu(&flat(95.0)).memory(&flat(40.0));
        assert_eq!(alerts(&check(&next, "HOLD(at_max) 64/1024")).len(), expected, "{now}");
    }
}

#[test]
fn t18_the_memory_of_the_shape_bounds_coupled_growth() {
    let mut fixture = Fixture::new();
    fixture.shape("max_memory_gb", json!(512.0)).size(26.0, 416.0).cpu(&flat(96.0));
    let outcome = check(&fixture, "EMERGENCY_UP 32/512");
    assert_eq!(clamps(&outcome), ["shape_memory_max"]);
    let clamp = &outcome.record.decisions[0].clamps[0];
    assert_eq!((clamp.from.ocpus, clamp.from.memory_gb), (40.0, 640.0));
}

#[test]
fn limits_without_a_common_size_block() {
    let mut fixture = Fixture::new();
    check(fixture.cpu(&flat(95.0)).shape("max_ocpus", json!(4.0)), "BLOCKED(bounds_empty) 16/256");
}

#[test]
fn growth_beyond_the_ratio_of_the_shape_takes_more_ocpus() {
    let mut fixture = Fixture::new();
    fixture.policy("limits.coupling", json!("independent")).shape("max_memory_per_ocpu_gb", json!(16.0));
    fixture.memory(&flat(88.0));
    check(&fixture, "UP 22/352");
}

#[test]
fn a_numa_node_that_is_outgrown_is_told() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(82.0)).shape("max_memory_per_numa_node_gb", json!(300.0));
    let outcome = check(&fixture, "UP 22/352");
    assert!(outcome.record.decisions[0].reasons.iter().any(|reason| reason.code == "numa"));
}

#[test]
fn quotas_bound_growth_and_block_it() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(82.0));
    fixture.0["quotas"] = json!([{"shape": "VM.Standard.E5.Flex", "ocpus": 4.0}, {"shape": "other", "ocpus": 0.0}]);
    let outcome = check(&fixture, "UP 20/320");
    assert_eq!(clamps(&outcome), ["quota"]);
    fixture.0["quotas"][0]["ocpus"] = json!(-3.0);
    check(&fixture, "BLOCKED(quota) 16/256");
}

#[test]
fn an_unknown_shape_may_grow_within_the_policy_and_never_shrinks() {
    let mut fixture = Fixture::new();
    fixture.0["shapes"] = json!([]);
    fixture.cpu(&flat(82.0));
    check(&fixture, "UP 22/352");
    fixture.cpu(&flat(10.0)).memory(&flat(10.0));
    check(&fixture, "HOLD(shape_unknown) 16/256");
}

#[test]
fn machines_of_other_kinds_are_left_alone() {
    let cases = [
        ("baseline", json!("BASELINE_1_8")),
        ("shape", json!("BM.Standard.E5.192")),
        ("shape", json!("VM.Standard2.4")),
        ("shape", json!("VM.DenseIO.E5.Flex")),
        ("on_dedicated_host", json!(true)),
        ("preemptible", json!(true)),
    ];
    for (member, value) in cases {
        let mut fixture = Fixture::new();
        check(fixture.cpu(&flat(99.0)).set(member, value), "BLOCKED(unsupported) 16/256");
    }
    let mut burstable = Fixture::new();
    burstable.cpu(&flat(82.0)).set("baseline", json!("BASELINE_1_8")).policy("support.burstable", json!(true));
    let outcome = check(&burstable, "UP 22/352");
    assert_eq!(outcome.actions[0].baseline.as_deref(), Some("BASELINE_1_8"));
}

#[test]
fn a_kind_that_is_not_known_is_not_taken_for_a_supported_one() {
    for member in ["baseline", "on_dedicated_host", "preemptible"] {
        let mut fixture = Fixture::new();
        check(fixture.cpu(&flat(99.0)).set(member, json!(null)), "HOLD(kind_unknown) 16/256");
        // Who opted in need not know. But a change sets the baseline, so it must be known.
        let opted_in = json!({"burstable": true, "dedicated_host": true, "preemptible": true});
        let expected = if member == "baseline" { "HOLD(kind_unknown) 16/256" } else { "EMERGENCY_UP 28/448" };
        check(fixture.policy("support", opted_in), expected);
    }
}

#[test]
fn an_unknown_size_holds() {
    check(Fixture::new().cpu(&flat(99.0)).set("size", json!(null)), "HOLD(size_unknown) ?");
    check(
        Fixture::new().cpu(&flat(99.0)).set("size", json!({"ocpus": -1.0, "memory_gb": 0.0})),
        "HOLD(size_unknown) ?",
    );
}

//! Growing, and points that are too few, too old or wrong.

use serde_json::json;

use super::fixture::*;

#[test]
fn t1_hot_cpu_grows_to_what_its_peak_needs() {
    let mut fixture = Fixture::new();
    let mut last = vec![70.0; 15];
    last[3..].fill(82.0);
    fixture.cpu(&ending(50.0, &last)).memory(&flat(40.0));
    // Three in a row at 80 % or more, but none at 90 %: no emergency.
    let outcome = check(&fixture, "UP 22/352");
    let decision = &outcome.record.decisions[0];
    assert_eq!(decision.inputs.cpu.percentile, Some(82.0));
    assert_eq!((decision.reasons[0].rule, decision.reason), ("R4", "cpu_hot"));
    assert_eq!(decision.price_delta_per_hour, 0.372);
    assert_eq!(decision.expected_downtime_minutes, 0.0);
    let action = &outcome.actions[0];
    assert_eq!((action.if_match.as_deref(), action.may_restart), (Some("etag-vm"), false));
    assert_eq!(action.baseline.as_deref(), Some("BASELINE_1_1"));
}

#[test]
fn t2_pegged_cpu_grows_at_once_and_far() {
    let mut fixture = Fixture::new();
    let last: Vec<f64> = (0..15).map(|index| 98.0 + f64::from(index % 3)).collect();
    check(fixture.cpu(&ending(60.0, &last)), "EMERGENCY_UP 28/448");
}

#[test]
fn t3_one_hot_minute_is_no_reason() {
    check(Fixture::new().cpu(&ending(40.0, &[76.0])), "HOLD(steady) 16/256");
}

#[test]
fn t7_no_points_at_all_hold() {
    let outcome = check(Fixture::new().cpu(&[]).memory(&[]), "HOLD(stale) 16/256");
    assert_eq!(outcome.record.decisions[0].inputs.cpu.age_minutes, None);
}

#[test]
fn t8_old_heat_is_not_acted_on() {
    let mut fixture = Fixture::new();
    let late = points(&before(NOW, 8.0).to_string(), &flat(95.0));
    fixture.set("cpu", late.clone()).set("memory", late);
    let outcome = check(&fixture, "HOLD(stale) 16/256");
    assert_eq!(alerts(&outcome), ["stale"]);
    assert_eq!(outcome.record.decisions[0].inputs.cpu.age_minutes, Some(9.0));
}

#[test]
fn t9_hot_memory_grows_without_cpu() {
    check(Fixture::new().cpu(&[]).memory(&flat(88.0)), "UP 22/352");
}

#[test]
fn t11_disorder_and_nonsense_change_nothing() {
    let mut clean = Fixture::new();
    clean.cpu(&flat(82.0));
    let mut dirty = clean.clone();
    let cpu = dirty.machine()["cpu"].as_array_mut().unwrap();
    cpu.reverse();
    cpu.swap(3, 90);
    let again = cpu[5].clone();
    cpu.push(again);
    cpu.push(json!({"at": before(NOW, 1.5), "value": 250.0}));
    cpu.push(json!({"at": before(NOW, 2.5), "value": -3.0}));
    cpu.push(json!({"at": before(NOW, 3.5), "value": null}));
    cpu.push(json!({"at": before(NOW, -3.0), "value": 1.0}));
    let (clean, dirty) = (check(&clean, "UP 22/352"), check(&dirty, "UP 22/352"));
    let (clean, mut dirty) = (clean.record.decisions[0].clone(), dirty.record.decisions[0].clone());
    assert_eq!(dirty.inputs.cpu.invalid_points, 5);
    dirty.inputs.cpu.invalid_points = 0;
    assert_eq!(clean, dirty);
}

#[test]
fn t40_a_paused_machine_is_left_alone_and_told_about() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(99.0)).set("tags", json!({"pause": "true"}));
    let outcome = check(&fixture, "HOLD(paused) 16/256");
    assert_eq!(alerts(&outcome), ["paused"]);
    assert_eq!(outcome.record.decisions[0].rejected[0].decision.name(), "EMERGENCY_UP");
    assert!(alerts(&check(fixture.cpu(&flat(40.0)), "HOLD(paused) 16/256")).is_empty());
    for (value, expected) in [
        ("True", "HOLD(paused) 16/256"),
        ("yes", "HOLD(paused) 16/256"),
        ("until the release", "HOLD(paused) 16/256"),
        (" ", "UP 22/352"),
        ("False", "UP 22/352"),
        ("no", "UP 22/352"),
        ("0", "UP 22/352"),
        ("OFF", "UP 22/352"),
    ] {
        check(fixture.cpu(&flat(82.0)).set("tags", json!({"pause": value})), expected);
    }
}

#[test]
fn t46_memory_that_ran_out_grows() {
    let mut gap = Fixture::new();
    gap.memory(&ending(60.0, &[97.0, 97.0, 30.0, 30.0, 30.0, 30.0]));
    let outcome = check(&gap, "UP 24/384");
    assert_eq!(outcome.record.decisions[0].reason, "oom_suspected");
    // The agent was silent while it was started again.
    let mut silent = Fixture::new();
    silent.memory(&ending(60.0, &[97.0, 97.0, 0.0, 0.0, 0.0, 60.0, 60.0, 60.0]));
    let memory = silent.machine()["memory"].as_array_mut().unwrap();
    memory.drain(174..177);
    check(&silent, "UP 24/384");
    // Full once, or full and staying: not this.
    check(Fixture::new().memory(&ending(60.0, &[97.0, 30.0, 30.0])), "HOLD(steady) 16/256");
}

#[test]
fn too_few_points_hold_and_say_so() {
    let mut fixture = Fixture::new();
    fixture.cpu(&[95.0; 11]).memory(&[95.0; 11]);
    check(&fixture, "HOLD(sparse) 16/256");
    check(Fixture::new().memory(&[]), "HOLD(partial_metrics) 16/256");
}

#[test]
fn heat_of_the_old_size_is_no_heat_of_the_new_one() {
    // Eight minutes ago the machine had 16 OCPUs and 95 %; with 32 it is at half of that.
    let mut fixture = Fixture::new();
    let mut last = vec![95.0; 12];
    last.extend([48.0; 8]);
    fixture.cpu(&ending(60.0, &last)).size(32.0, 512.0).changed(8.0, "EMERGENCY_UP", 16.0, 32.0);
    let outcome = fixture.decide();
    assert!(!outcome.record.decisions[0].decision.is_resize(), "{:#?}", outcome.record.decisions[0]);
}

/// A machine with a day at 10 of 16 OCPUs behind it, then a few minutes of heat.
fn after_a_day(last: &[f64]) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.day_at(10.0).cpu(&ending(62.5, last));
    fixture
}

/// The same with emergencies that are left to the costs.
fn left_to_costs(last: &[f64]) -> Fixture {
    let mut fixture = after_a_day(last);
    fixture.policy("emergency.left_to_costs_below_ocpu_hours", json!(1e6));
    fixture
}

#[test]
fn an_emergency_that_is_not_left_to_the_costs_is_one_where_they_are_known_too() {
    for last in [&[95.0; 3][..], &[82.0, 84.0, 91.0], &[99.0; 3], &[100.0; 15]] {
        for reboot in [false, true] {
            let grown = |with_costs: bool| {
                let mut fixture = after_a_day(last);
                fixture.policy("allow_reboot", json!(reboot)).policy("cost.enabled", json!(with_costs));
                let decision = fixture.decide().record.decisions.remove(0);
                assert_eq!(decision.decision.name(), "EMERGENCY_UP", "{last:?}, {reboot}: {decision:#?}");
                decision.to.unwrap().ocpus
            };
            assert!(grown(true) >= grown(false), "{last:?}, {reboot}");
        }
    }
    check(&after_a_day(&[99.0; 15]), "EMERGENCY_UP 28/448");
}

/// Five hours of an OCPU with its 16 GB cost 0.31.
#[test]
fn where_violations_are_cheap_emergencies_are_left_to_the_costs() {
    for (price, expected) in [(0.32, "EMERGENCY_UP 24/384"), (0.30, "HOLD(left_to_costs) 16/256")] {
        let mut fixture = after_a_day(&[95.0; 3]);
        fixture.policy("allow_reboot", json!(true)).policy("prices.violation_price_per_minute", json!(price));
        check(&fixture, expected);
    }
}

/// R23: what is not done is told with what it would have been.
#[test]
fn an_emergency_that_is_sat_out_leaves_a_trace_and_is_told() {
    let mut fixture = left_to_costs(&[95.0; 3]);
    fixture.policy("allow_reboot", json!(true));
    let outcome = check(&fixture, "HOLD(left_to_costs) 16/256");
    let decision = &outcome.record.decisions[0];
    assert_eq!((decision.reasons[0].rule, alerts(&outcome)), ("R4", vec!["left_to_costs"]));
    assert!(decision.reasons.iter().all(|reason| reason.code != "steady"), "{:?}", decision.reasons);
    let [rejected] = &decision.rejected[..] else { panic!("{:?}", decision.rejected) };
    assert_eq!((rejected.decision.name(), rejected.to.ocpus, rejected.rule), ("EMERGENCY_UP", 24.0, "R4"));
    // At the least size, below a floor and without memory too: nothing of that is why it does not grow.
    let mut least = left_to_costs(&[95.0; 3]);
    least.policy("allow_reboot", json!(true)).size(8.0, 128.0).day_at(5.0);
    check(&least, "HOLD(left_to_costs) 8/128");
    check(fixture.clone().memory(&[]), "HOLD(left_to_costs) 16/256");
    let paused = check(fixture.set("tags", json!({"pause": "true"})), "HOLD(paused) 16/256");
    assert_eq!(alerts(&paused), ["paused"]);
    // Heat that is no emergency is written down and no more.
    let hot = check(&left_to_costs(&[76.0; 15]), "HOLD(left_to_costs) 16/256");
    assert!(alerts(&hot).is_empty() && hot.record.decisions[0].rejected[0].to.ocpus == 20.0);
}

/// Where five minutes of restart cost as much as five minutes of violation, a surge that has just begun is waited for.
#[test]
fn the_costs_answer_an_emergency_at_once_where_that_is_live_and_later_where_it_restarts() {
    let is_answered = |last: &[f64], reboot: bool| {
        let mut fixture = left_to_costs(last);
        fixture.policy("allow_reboot", json!(reboot));
        fixture.decide().record.decisions[0].decision.name() == "EMERGENCY_UP"
    };
    assert!(is_answered(&[95.0; 3], false) && is_answered(&[100.0; 15], false));
    assert!(!is_answered(&[95.0; 3], true) && is_answered(&[100.0; 25], true));
}

#[test]
fn an_emergency_is_answered_the_more_the_dearer_violations_are() {
    let grown = |price: f64| {
        let mut fixture = left_to_costs(&[99.0; 15]);
        fixture.policy("prices.violation_price_per_minute", json!(price));
        let decision = fixture.decide().record.decisions.remove(0);
        decision.to.map_or(16.0, |size| size.ocpus)
    };
    let sizes = [0.001, 0.1, 0.5, 2.0].map(grown);
    assert!(sizes[0] == 16.0 && sizes[3] > 16.0 && sizes.is_sorted(), "{sizes:?}");
}

#[test]
fn the_costs_shrink_nothing_to_a_hot_size_nor_for_a_small_saving() {
    // A day at 81 % of 16 OCPUs: what a smaller size would save is not worth it, or not enough to be cool.
    for (percent, ocpus) in [(81.0, 16.0), (78.0, 16.0), (66.0, 16.0), (81.0, 64.0), (72.0, 64.0)] {
        let mut profile = crate::forecast::Profile::default();
        for minutes in (0..1440).rev() {
            profile.record(before(NOW, f64::from(minutes)), Some(percent / 100.0 * ocpus), Some(100.0));
        }
        for reboot in [false, true] {
            let mut fixture = Fixture::new();
            fixture.known()["profile"] = serde_json::to_value(&profile).unwrap();
            fixture.policy("allow_reboot", json!(reboot)).size(ocpus, ocpus * 16.0).cpu(&flat(percent));
            let decision = fixture.decide().record.decisions.remove(0);
            assert!(!decision.decision.is_resize(), "{percent} % of {ocpus}, {reboot}: {decision:#?}");
        }
    }
}

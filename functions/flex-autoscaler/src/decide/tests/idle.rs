//! Shrinking.

use serde_json::json;

use super::fixture::*;

fn idle() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.cpu(&ending(20.0, &[33.0, 20.0])).memory(&flat(25.0)).memory_of_the_day(25.0);
    fixture
}

#[test]
fn t5_idle_shrinks_to_what_three_hours_needed() {
    let outcome = check(&idle(), "DOWN 8/128");
    assert_eq!(outcome.record.decisions[0].price_delta_per_hour, -0.496);
    assert_eq!(outcome.record.decisions[0].inputs.cpu.window_max, Some(33.0));
}

#[test]
fn t6_memory_keeps_the_size() {
    let mut fixture = idle();
    fixture.memory_of_the_day(62.0);
    // The same from points of a whole day.
    let mut day = vec![62.0];
    day.extend(vec![25.0; 1438]);
    check(idle().memory_of_the_day(25.0).memory(&day), "HOLD(memory_bound) 16/256");
    let outcome = check(&fixture, "HOLD(memory_bound) 16/256");
    let rejected = &outcome.record.decisions[0].rejected[0];
    assert_eq!((rejected.to.ocpus, rejected.to.memory_gb, rejected.code), (14.0, 224.0, "memory_bound"));
}

#[test]
fn t16_at_the_least_size_nothing_is_asked_for() {
    let mut fixture = Fixture::new();
    fixture.size(8.0, 128.0).cpu(&flat(3.0)).memory(&flat(10.0));
    let outcome = check(&fixture, "HOLD(at_min) 8/128");
    assert!(outcome.actions.is_empty() && outcome.record.alerts.is_empty());
}

#[test]
fn t19_the_ratio_of_the_shape_holds_or_lets_shrink() {
    let mut fixture = Fixture::new();
    fixture.policy("limits.coupling", json!("independent")).policy("limits.min_ocpus", json!(2.0));
    fixture.size(4.0, 128.0).cpu(&flat(30.0)).memory(&ending(60.0, &[79.0, 60.0]));
    check(&fixture, "DOWN 2/128");
    fixture.size(4.0, 160.0);
    check(&fixture, "HOLD(ratio) 4/160");
}

#[test]
fn nothing_shrinks_on_a_window_with_holes() {
    let mut fixture = idle();
    fixture.machine()["cpu"].as_array_mut().unwrap().drain(20..60);
    check(&fixture, "HOLD(sparse) 16/256");
    check(idle().memory(&[]), "HOLD(partial_metrics) 16/256");
    let mut unwatched = idle();
    unwatched.memory(&[]).policy("down.watch_memory", json!(false));
    check(&unwatched, "DOWN 8/128");
}

#[test]
fn small_savings_wait_for_twelve_hours() {
    // 12 of 14 OCPUs would do: 14 % less.
    let mut fixture = Fixture::new();
    fixture.size(14.0, 224.0).cpu(&flat(55.0)).memory(&flat(30.0));
    check(&fixture, "DOWN 12/192");
    fixture.changed(11.0 * 60.0, "DOWN", 16.0, 14.0);
    check(&fixture, "HOLD(small_saving) 14/224");
}

#[test]
fn pauses_after_changes_hold() {
    check(idle().changed(50.0, "UP", 14.0, 16.0), "HOLD(cooldown) 16/256");
    check(idle().changed(61.0, "UP", 14.0, 16.0), "DOWN 8/128");
    check(idle().changed(50.0, "DOWN", 32.0, 16.0), "HOLD(cooldown) 16/256");
}

#[test]
fn a_restart_must_be_earned_back() {
    // Half an hour saves 0.25; a restart costs 2.5.
    let mut fixture = idle();
    fixture.policy("cost.enabled", json!(false)).policy("allow_reboot", json!(true)).changed(90.0, "UP", 14.0, 16.0);
    check(&fixture, "HOLD(payback) 16/256");
    fixture.changed(330.0, "UP", 14.0, 16.0);
    let outcome = check(&fixture, "DOWN 8/128");
    assert_eq!(outcome.record.decisions[0].expected_downtime_minutes, 5.0);
    assert!(outcome.actions[0].may_restart);
}

#[test]
fn nothing_shrinks_into_heat() {
    // The day's memory would fit into 7 OCPUs' worth, but it would be hot there.
    let mut fixture = Fixture::new();
    fixture.policy("limits.coupling", json!("independent"));
    fixture.cpu(&flat(60.0)).memory(&flat(69.9)).memory_of_the_day(69.9);
    let outcome = fixture.decide();
    let to = outcome.record.decisions[0].to.unwrap();
    assert!(69.9 * 256.0 / to.memory_gb < 75.0, "{to:?}");
}

#[test]
fn what_was_used_yesterday_keeps_the_size() {
    let mut profile = crate::forecast::Profile::default();
    for minutes in (0..1500).rev() {
        let yesterday = (1380..1440).contains(&minutes);
        profile.record(before(NOW, f64::from(minutes)), Some(if yesterday { 11.0 } else { 3.0 }), Some(64.0));
    }
    let mut fixture = idle();
    fixture.policy("cost.enabled", json!(false));
    fixture.known()["profile"] = serde_json::to_value(&profile).unwrap();
    check(&fixture, "HOLD(predicted_floor) 16/256");
    check(fixture.policy("predictive.enabled", json!(false)), "DOWN 8/128");
    // It may also make a machine grow.
    fixture.policy("predictive.enabled", json!(true)).size(8.0, 128.0);
    check(&fixture, "PREDICTED_UP 16/256");
}

#[test]
fn hours_that_were_not_measured_are_no_history() {
    // Three idle hours a week ago, then nothing until the last three.
    let mut profile = crate::forecast::Profile::default();
    for minute in 0..180 {
        profile.record(before(NOW, f64::from(7 * 1440 - minute)), Some(1.0), Some(10.0));
    }
    let mut fixture = Fixture::new();
    fixture.profile(&profile).policy("down.min_memory_hours", json!(3));
    check(fixture.cpu(&flat(82.0)), "UP 22/352");
    check(fixture.cpu(&flat(40.0)).memory(&flat(20.0)), "DOWN 10/160");
}

/// R5: an hour that nobody measured is not one in which no memory was used.
#[test]
fn nothing_shrinks_before_the_memory_of_a_whole_day_is_known() {
    let known = |hours: std::ops::Range<u32>, cpu: Option<f64>| {
        let mut profile = crate::forecast::Profile::default();
        for minutes in (hours.start * 60 + 1..=hours.end * 60).rev() {
            profile.record(before(NOW, f64::from(minutes)), cpu, Some(25.6));
        }
        let mut fixture = Fixture::new();
        fixture.cpu(&flat(10.0)).memory(&flat(10.0)).profile(&profile);
        fixture
    };
    check(&known(0..24, None), "DOWN 8/128");
    let short = "HOLD(memory_short) 16/256";
    check(&known(0..23, None), short);
    check(&known(0..23, Some(1.6)), short);
    // A gap in the middle of the day; the hours before the day do not make up for it.
    check(&known(4..60, None), short);
    // Hours of CPU are none of memory.
    let mut profile = crate::forecast::Profile::default();
    for minutes in (1..=30 * 60).rev() {
        profile.record(before(NOW, f64::from(minutes)), Some(1.6), None);
    }
    let mut cpu_alone = known(0..1, None);
    check(cpu_alone.profile(&profile), short);
    // Nobody looks at memory, or fewer hours are enough, which is told.
    check(cpu_alone.policy("down.watch_memory", json!(false)), "DOWN 8/128");
    for (path, hours) in [("down.min_memory_hours", 20), ("down.memory_window_hours", 20)] {
        let outcome = check(known(0..20, None).policy(path, json!(hours)), "DOWN 8/128");
        let reasons = &outcome.record.decisions[0].reasons;
        let is_told = reasons.iter().any(|reason| reason.code == "memory_short");
        assert_eq!(is_told, path == "down.min_memory_hours", "{reasons:?}");
    }
}

#[test]
fn a_document_may_bring_the_memory_of_a_day() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(10.0)).memory(&[10.0; 1440]).profile(&crate::forecast::Profile::default());
    check(&fixture, "DOWN 8/128");
    let mut early = [10.0; 1440];
    early[30] = 62.0;
    check(fixture.memory(&early), "HOLD(memory_bound) 16/256");
}

/// Hours of memory alone give the costs nothing to go by.
#[test]
fn costs_are_not_known_without_a_history_of_the_cpu() {
    let mut fixture = Fixture::new();
    fixture.memory_of_the_day(40.0).cpu(&flat(82.0));
    assert_eq!(check(&fixture, "UP 22/352").record.decisions[0].reason, "cpu_hot");
}

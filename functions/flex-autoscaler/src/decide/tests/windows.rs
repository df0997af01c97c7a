//! Schedules, with the tricks that clocks play.

use serde_json::{Value, json};

use super::fixture::*;

fn business(now: &str) -> Fixture {
    let mut fixture = Fixture::at(now);
    fixture.policy("schedule.preset", json!({"name": "business_day", "zone": "Europe/Berlin"}));
    fixture
}

fn window(zone: &str, start: &str, end: &str) -> Value {
    json!([{"id": "w", "zone": zone, "start": start, "end": end, "floor_ocpus": 32.0}])
}

#[test]
fn t22_a_floor_comes_a_quarter_of_an_hour_early() {
    check(&business("2026-03-11T06:44:00Z"), "HOLD(steady) 16/256");
    let outcome = check(&business("2026-03-11T06:45:00Z"), "SCHEDULED_UP 32/512");
    assert_eq!(outcome.record.decisions[0].reasons[0].rule, "R12");
    let mut there = business("2026-03-11T07:00:00Z");
    there.size(32.0, 512.0).cpu(&flat(20.0)).memory(&flat(20.0));
    check(&there, "HOLD(window_floor) 32/512");
    // In summer the same local time is an hour earlier.
    check(&business("2026-07-08T05:45:00Z"), "SCHEDULED_UP 32/512");
}

#[test]
fn a_business_day_on_some_days_has_its_lower_floor_on_all() {
    let small = |now: &str| {
        let mut fixture = business(now);
        fixture.policy("schedule.preset.days", json!(["mon", "tue", "wed", "thu", "fri"]));
        fixture.size(8.0, 128.0);
        fixture
    };
    check(&small("2026-03-11T10:00:00Z"), "SCHEDULED_UP 32/512");
    check(&small("2026-03-14T10:00:00Z"), "SCHEDULED_UP 16/256");
    check(&small("2026-03-14T02:00:00Z"), "SCHEDULED_UP 16/256");
    check(small("2026-03-14T10:00:00Z").policy("schedule.preset", json!(null)), "HOLD(at_min) 8/128");
}

/// Ticks of a night, carried out at once; how many changes there were.
fn fired(zone: &str, start: &str, end: &str, from: &str, ticks: i64) -> usize {
    let mut fixture = Fixture::at(from);
    fixture.policy("schedule.windows", window(zone, start, end)).policy("schedule.lead_minutes", json!(0.0));
    fixture.policy("cooldown.up_after_up_minutes", json!(0.0)).policy("cooldown.up_after_down_minutes", json!(0.0));
    let mut count = 0;
    for tick in 0..ticks {
        let now = before(from, -5.0 * tick as f64).to_string();
        fixture.0["now"] = json!(now);
        let used = 0.65 * 16.0 / fixture.machine()["size"]["ocpus"].as_f64().unwrap() * 100.0;
        fixture.cpu(&flat(used)).memory(&flat(40.0));
        let outcome = fixture.decide();
        if let Some(action) = outcome.actions.first() {
            count += 1;
            let size = serde_json::to_value(action.to).unwrap();
            fixture.set("size", size);
        }
        fixture.0["state"] = serde_json::to_value(&outcome.state).unwrap();
    }
    count
}

#[test]
fn t24_a_start_that_comes_twice_fires_once() {
    // New York goes back from 02:00 to 01:00 on 2026-11-01 at 06:00 UTC, London on 2026-10-25 at 01:00 UTC.
    assert_eq!(fired("America/New_York", "01:30", "03:30", "2026-11-01T04:00:00Z", 48), 1);
    assert_eq!(fired("Europe/London", "01:30", "01:45", "2026-10-24T23:30:00Z", 24), 1);
    check(&at_first("2026-10-25T00:29:00Z"), "HOLD(steady) 16/256");
    check(&at_first("2026-10-25T00:30:00Z"), "SCHEDULED_UP 32/512");
}

fn at_first(now: &str) -> Fixture {
    let mut fixture = Fixture::at(now);
    fixture.policy("schedule.windows", window("Europe/London", "01:30", "01:45"));
    fixture.policy("schedule.lead_minutes", json!(0.0));
    fixture
}

#[test]
fn a_start_that_the_clocks_skip_is_at_the_change() {
    // Berlin goes forward from 02:00 to 03:00 on 2026-03-29 at 01:00 UTC.
    let at = |now: &str| {
        let mut fixture = Fixture::at(now);
        fixture.policy("schedule.windows", window("Europe/Berlin", "02:15", "02:45"));
        fixture.policy("schedule.lead_minutes", json!(0.0));
        fixture
    };
    check(&at("2026-03-29T00:59:00Z"), "HOLD(steady) 16/256");
    check(&at("2026-03-29T01:00:00Z"), "SCHEDULED_UP 32/512");
    check(&at("2026-03-29T01:44:00Z"), "SCHEDULED_UP 32/512");
    check(&at("2026-03-29T01:45:00Z"), "HOLD(steady) 16/256");
}

#[test]
fn t25_the_end_of_a_floor_forces_nothing() {
    let mut fixture = business("2026-03-11T17:00:00Z");
    fixture.size(32.0, 512.0).cpu(&flat(70.0));
    check(&fixture, "HOLD(steady) 32/512");
}

#[test]
fn t26_a_floor_needs_no_metrics() {
    let mut fixture = business("2026-03-11T09:00:00Z");
    check(fixture.cpu(&[]).memory(&[]), "SCHEDULED_UP 32/512");
}

#[test]
fn windows_keep_to_their_days_and_cross_midnight() {
    let night = |now: &str, day: &str| {
        let mut fixture = Fixture::at(now);
        let windows = json!([{"id": "n", "days": [day], "start": "22:00", "end": "02:00", "floor_ocpus": 32.0}]);
        fixture.policy("schedule.windows", windows);
        fixture
    };
    check(&night("2026-03-11T23:00:00Z", "wed"), "SCHEDULED_UP 32/512");
    check(&night("2026-03-12T01:00:00Z", "wed"), "SCHEDULED_UP 32/512");
    check(&night("2026-03-12T02:00:00Z", "wed"), "HOLD(steady) 16/256");
    check(&night("2026-03-11T23:00:00Z", "thu"), "HOLD(steady) 16/256");
}

#[test]
fn a_ceiling_bounds_growth_and_shrinks_nothing() {
    let at = |ocpus: f64, cpu: f64| {
        let mut fixture = Fixture::at(NOW);
        let windows = json!([{"id": "c", "start": "00:00", "end": "00:00", "ceiling_ocpus": 20.0}]);
        fixture.policy("schedule.windows", windows).size(ocpus, ocpus * 16.0).cpu(&flat(cpu));
        fixture
    };
    check(&at(16.0, 82.0), "UP 20/320");
    check(&at(20.0, 82.0), "HOLD(window_ceiling) 20/320");
    check(&at(32.0, 67.0), "HOLD(steady) 32/512");
}

#[test]
fn an_end_that_is_enforced_goes_back_as_far_as_the_load_allows() {
    let grown = |cpu: f64| {
        let mut fixture = Fixture::at("2026-03-11T18:01:00Z");
        let mut windows = window("UTC", "08:00", "18:00");
        windows[0]["enforce_end"] = json!(true);
        fixture.policy("schedule.windows", windows).size(32.0, 512.0).changed(600.0, "SCHEDULED_UP", 16.0, 32.0);
        let begun = fixture.known()["changes"][0]["begun"].clone();
        fixture.known()["fired"] =
            json!({"w": {"at": begun, "from": {"ocpus": 16.0, "memory_gb": 256.0}, "until": "2026-03-11T18:00:00Z"}});
        fixture.cpu(&ending(69.0, &[cpu; 20])).memory(&flat(30.0));
        fixture
    };
    check(&grown(20.0), "SCHEDULED_DOWN 16/256");
    check(&grown(50.0), "SCHEDULED_DOWN 24/384");
    check(&grown(69.0), "HOLD(steady) 32/512");
}

#[test]
fn an_end_that_is_enforced_needs_all_points_and_waits_for_pauses() {
    let at = |minutes: f64, known: usize| {
        let mut fixture = Fixture::at("2026-03-11T18:01:00Z");
        let mut windows = window("UTC", "08:00", "18:00");
        windows[0]["enforce_end"] = json!(true);
        fixture.policy("schedule.windows", windows).size(32.0, 512.0).changed(minutes, "SCHEDULED_UP", 16.0, 32.0);
        let begun = fixture.known()["changes"][0]["begun"].clone();
        fixture.known()["fired"] =
            json!({"w": {"at": begun, "from": {"ocpus": 16.0, "memory_gb": 256.0}, "until": "2026-03-11T18:00:00Z"}});
        fixture.cpu(&flat(20.0)[..known]).memory(&flat(20.0)[..known]);
        fixture
    };
    check(&at(600.0, 180), "SCHEDULED_DOWN 16/256");
    check(&at(600.0, 13), "HOLD(sparse) 32/512");
    check(&at(25.0, 180), "HOLD(cooldown) 32/512");
}

#[test]
fn a_floor_that_was_reached_is_marked_with_the_end_of_its_window() {
    let fixture = business("2026-03-11T06:45:00Z");
    let outcome = check(&fixture, "SCHEDULED_UP 32/512");
    let mut next = fixture.after(&outcome.state, "2026-03-11T06:50:00Z");
    next.set("size", json!({"ocpus": 32.0, "memory_gb": 512.0})).cpu(&flat(20.0)).memory(&flat(20.0));
    let state = check(&next, "HOLD(window_floor) 32/512").state;
    assert_eq!(state.instances["vm"].fired["business_day"].until.to_string(), "2026-03-11T17:00:00Z");
}

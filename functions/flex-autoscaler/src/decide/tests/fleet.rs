//! Guards over all machines.

use serde_json::{Value, json};

use super::fixture::*;
use crate::decide::Outcome;
use crate::record::Kind;

/// So many machines; the CPU of each is given by its number.
fn fleet(count: usize, cpu: impl Fn(usize) -> f64) -> Fixture {
    let mut fixture = Fixture::new();
    let template = fixture.machine().clone();
    let entry = fixture.known().clone();
    let mut machines = Vec::new();
    for number in 0..count {
        let mut machine: Value = template.clone();
        machine["id"] = json!(format!("vm{number:04}"));
        let value = cpu(number);
        machine["cpu"] = points(NOW, &flat(value));
        machine["memory"] = points(NOW, &flat(value.min(40.0)));
        fixture.0["state"]["instances"][format!("vm{number:04}")] = entry.clone();
        machines.push(machine);
    }
    fixture.0["instances"] = json!(machines);
    fixture
}

fn count(outcome: &Outcome, kind: Kind) -> usize {
    outcome.record.counts.get(&kind).copied().unwrap_or(0)
}

#[test]
fn t34_when_too_many_want_to_shrink_none_does() {
    let outcome = fleet(1000, |number| if number < 400 { 10.0 } else { 65.0 }).decide();
    assert_eq!((count(&outcome, Kind::Down), outcome.actions.len()), (0, 0));
    assert_eq!(alerts(&outcome), ["mass_change"]);
    assert_eq!(outcome.record.decisions.iter().filter(|decision| decision.reason == "mass_change").count(), 400);
    // 300 are not too many; the limit of a tick holds.
    let outcome = fleet(1000, |number| if number < 300 { 10.0 } else { 65.0 }).decide();
    assert_eq!((count(&outcome, Kind::Down), alerts(&outcome).len()), (50, 0));
}

#[test]
fn t36_fifty_change_in_a_tick_and_the_rest_comes_next() {
    let hot = fleet(1000, |number| if number % 8 == 0 { 82.0 } else { 65.0 });
    let first = hot.decide();
    assert_eq!((first.actions.len(), first.record.deferred.len(), first.record.partial), (50, 75, true));
    let waited = &first.record.deferred;
    assert!(waited.is_sorted());
    // The same five minutes have had their changes.
    let again = hot.after(&first.state, "2026-03-11T12:03:00Z").decide();
    assert_eq!((again.actions.len(), &again.record.deferred), (0, waited));
    let mut accepted = first.state.clone();
    for commanded in accepted.instances.values_mut().filter_map(|entry| entry.commanded.as_mut()) {
        commanded.status = crate::state::Status::Accepted;
    }
    let mut next = hot.after(&accepted, "2026-03-11T12:05:00Z");
    for number in 0..1000 {
        let hot = if number % 8 == 0 { 82.0 } else { 65.0 };
        // One that was not hot before does not overtake.
        next.0["instances"][number]["cpu"] = points(&next.now(), &flat(if number == 1 { 84.0 } else { hot }));
        next.0["instances"][number]["memory"] = points(&next.now(), &flat(40.0));
    }
    let second = next.decide();
    let asked: Vec<&String> = second.actions.iter().map(|action| &action.id).collect();
    assert_eq!(asked, waited.iter().take(50).collect::<Vec<_>>());
}

/// An alarm that comes twice, and one for each of some machines, share what a tick may change.
#[test]
fn what_was_asked_for_in_the_same_five_minutes_counts() {
    let hot = fleet(30, |_| 82.0);
    let named = |state: &crate::state::State, numbers: std::ops::Range<usize>, now: &str| {
        let mut some = hot.after(state, now);
        let machines = some.0["instances"].as_array().unwrap()[numbers].to_vec();
        some.0["instances"] = json!(machines);
        some
    };
    let state = hot.inputs().state.present().unwrap().clone();
    // A tenth of all that were seen lately, whoever of them is named.
    let first = named(&state, 0..2, NOW).decide();
    assert_eq!(asked(&first), ["vm0000", "vm0001"]);
    let second = named(&first.state, 2..9, "2026-03-11T12:01:00Z").decide();
    assert_eq!((asked(&second).len(), second.record.deferred.len()), (1, 6));
    // A change that was seen to be done counts as much as one that is under way.
    let mut done = second.state.clone();
    for entry in done.instances.values_mut() {
        let Some(commanded) = entry.commanded.take() else { continue };
        entry.changes.push(crate::state::Change {
            begun: commanded.at,
            at: commanded.at,
            kind: Some(commanded.kind),
            from: commanded.from,
            to: commanded.to,
            may_restart: None,
        });
    }
    for state in [&second.state, &done] {
        assert_eq!(asked(&named(state, 9..20, "2026-03-11T12:04:00Z").decide()), Vec::<&str>::new());
        let mut later = named(state, 9..20, "2026-03-11T12:05:00Z");
        for machine in later.0["instances"].as_array_mut().unwrap() {
            machine["cpu"] = points("2026-03-11T12:05:00Z", &flat(82.0));
        }
        assert_eq!(asked(&later.decide()).len(), 3);
    }
}

#[test]
fn emergencies_come_first_then_floors_then_growth_then_shrinking() {
    let mut fixture = fleet(30, |number| [82.0, 10.0, 99.0, 65.0][number.min(3)]);
    fixture.0["instances"][3]["tags"] = json!({"day": "1"});
    fixture.policy(
        "overrides",
        json!([{
            "selector": {"tags": {"day": "1"}},
            "policy": {"schedule": {"windows": [{"id": "d", "start": "00:00", "end": "00:00", "floor_ocpus": 20.0}]}},
        }]),
    );
    fixture.policy("fleet.max_resizes_percent", json!(100.0));
    let kinds: Vec<&str> = fixture.decide().actions.iter().map(|action| action.kind.name()).collect();
    assert_eq!(kinds, ["EMERGENCY_UP", "SCHEDULED_UP", "UP", "DOWN"]);
    fixture.policy("fleet.max_resizes_percent", json!(10.0));
    let outcome = fixture.decide();
    assert_eq!(outcome.actions.len(), 3);
    assert_eq!(outcome.record.deferred, ["vm0001"]);
}

#[test]
fn one_machine_of_a_cluster_at_a_time() {
    let mut fixture = fleet(4, |_| 82.0);
    fixture.policy("fleet.max_resizes_percent", json!(100.0));
    for number in 0..3 {
        fixture.0["instances"][number]["tags"] = json!({"cluster": "db"});
    }
    let outcome = fixture.decide();
    let said: Vec<String> = (0..4).map(|number| said_of(&outcome, &format!("vm000{number}"))).collect();
    assert_eq!(said, ["UP 22/352", "HOLD(cluster_busy) 16/256", "HOLD(cluster_busy) 16/256", "UP 22/352"]);
    fixture.0["instances"][1]["state"] = json!("STARTING");
    assert_eq!(said_of(&fixture.decide(), "vm0000"), "HOLD(cluster_busy) 16/256");
}

#[test]
fn a_cluster_waits_for_each_of_its_machines() {
    let pair = || {
        let mut fixture = fleet(2, |number| if number == 0 { 82.0 } else { 65.0 });
        fixture.policy("fleet.max_resizes_percent", json!(100.0));
        for number in 0..2 {
            fixture.0["instances"][number]["tags"] = json!({"cluster": "db"});
        }
        fixture
    };
    let under_way = |minutes: f64| {
        let mut fixture = Fixture::new();
        fixture.commanded(minutes, "accepted", 16.0, 22.0);
        fixture.known()["commanded"].clone()
    };
    assert_eq!(said_of(&pair().decide(), "vm0000"), "UP 22/352");
    let mut stuck = pair();
    stuck.0["state"]["instances"]["vm0001"]["commanded"] = under_way(25.0);
    // Not ours to change, and yet on its way.
    let mut off = pair();
    off.0["instances"][1]["state"] = json!("STOPPING");
    off.0["instances"][1]["tags"]["mode"] = json!("off");
    let own = json!([{"selector": {"tags": {"mode": "off"}}, "policy": {"mode": "off"}}]);
    off.policy("overrides", own);
    let mut unsupported = pair();
    unsupported.0["instances"][1]["state"] = json!("STOPPING");
    unsupported.0["instances"][1]["baseline"] = json!("BASELINE_1_2");
    // Asked for at the last tick, which saw the cluster; this one is about the other machine only.
    let mut absent = pair();
    let seen = absent.decide().state;
    absent.0["state"] = serde_json::to_value(&seen).unwrap();
    absent.0["state"]["instances"]["vm0000"]["commanded"] = Value::Null;
    absent.0["state"]["instances"]["vm0001"]["commanded"] = under_way(6.0);
    absent.0["instances"].as_array_mut().unwrap().truncate(1);
    // What has been given up for long holds nobody up: it may be of a machine that is not there any more.
    let mut given_up = absent.clone();
    given_up.0["state"]["instances"]["vm0001"]["commanded"] = under_way(121.0);
    assert_eq!(said_of(&given_up.decide(), "vm0000"), "UP 22/352");
    for fixture in [stuck, off, unsupported, absent] {
        assert_eq!(said_of(&fixture.decide(), "vm0000"), "HOLD(cluster_busy) 16/256");
    }
}

#[test]
fn who_waits_goes_on_waiting_while_others_are_looked_at() {
    let mut fixture = fleet(3, |_| 65.0);
    fixture.0["state"]["deferred"] = json!(["vm0002", "vm0000", "vm0001", "gone"]);
    fixture.0["instances"].as_array_mut().unwrap().truncate(1);
    let outcome = fixture.decide();
    assert_eq!(outcome.state.deferred, ["vm0002", "vm0001"]);
    assert!(outcome.record.deferred.is_empty() && !outcome.record.partial);
}

#[test]
fn what_is_under_way_has_its_part_of_the_quota() {
    for status in ["accepted", "intended"] {
        let mut fixture = fleet(2, |_| 82.0);
        fixture.policy("fleet.max_resizes_percent", json!(100.0));
        fixture.0["quotas"] = json!([{"ocpus": 8.0}]);
        let mut other = Fixture::new();
        fixture.0["state"]["instances"]["vm0001"]["commanded"] =
            other.commanded(6.0, status, 16.0, 22.0).known()["commanded"].clone();
        assert_eq!(said_of(&fixture.decide(), "vm0000"), "UP 18/288", "{status}");
    }
}

#[test]
fn a_machine_that_is_there_twice_is_left_alone() {
    let mut fixture = fleet(2, |_| 82.0);
    fixture.0["instances"][1]["id"] = json!("vm0000");
    let outcome = fixture.decide();
    assert_eq!((said_of(&outcome, "vm0000").as_str(), outcome.record.decisions.len()), ("HOLD(duplicate) 16/256", 1));
}

#[test]
fn a_wrong_policy_decides_nothing_and_says_what_is_wrong() {
    let mut fixture = fleet(2, |_| 99.0);
    fixture.policy("limits.min_ocpus", json!(100.0)).policy("up.target_percent", json!(0.0));
    let outcome = fixture.decide();
    assert!(outcome.actions.is_empty() && outcome.record.decisions.is_empty());
    let paths: Vec<&str> = outcome.record.policy_problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["limits.min_ocpus", "up.target_percent"]);
}

#[test]
fn overrides_change_single_machines_only() {
    let mut fixture = fleet(2, |_| 82.0);
    fixture.policy("fleet.max_resizes_percent", json!(100.0));
    fixture.0["instances"][1]["tags"] = json!({"tier": "test"});
    fixture.policy("overrides", json!([{"selector": {"tags": {"tier": "test"}}, "policy": {"mode": "recommend", "up": {"target_percent": 50.0}}}]));
    let outcome = fixture.decide();
    assert_eq!(
        (said_of(&outcome, "vm0000").as_str(), said_of(&outcome, "vm0001").as_str()),
        ("UP 22/352", "UP 28/448")
    );
    assert_eq!(outcome.actions.len(), 1);
    assert_ne!(outcome.record.decisions[0].config_hash, outcome.record.decisions[1].config_hash);
}

/// Growth by so many OCPUs that had no room and may be asked for again in so many minutes.
fn full(ocpus: f64, retry_in_minutes: f64) -> Value {
    json!({
        "ocpus": ocpus, "memory_gb": ocpus * 16.0, "at": before(NOW, 5.0),
        "retry_at": before(NOW, -retry_in_minutes), "failures": 1,
    })
}

fn asked(outcome: &Outcome) -> Vec<&str> {
    outcome.actions.iter().map(|action| action.id.as_str()).collect()
}

#[test]
fn who_does_not_ask_keeps_nobody_from_asking_whether_there_is_room_again() {
    let hot = || {
        let mut hot = fleet(60, |number| if number < 4 { 82.0 } else { 65.0 });
        hot.0["instances"][3]["availability_domain"] = json!("AD-2");
        hot.0["state"]["no_room"] = json!({ "VM.Standard.E5.Flex/AD-1": full(6.0, -1.0) });
        hot
    };
    let of_mode = |mode: &str| {
        let mut own = hot();
        own.0["instances"][0]["tags"] = json!({"own": "1"});
        own.policy("overrides", json!([{"selector": {"tags": {"own": "1"}}, "policy": {"mode": mode}}]));
        own
    };
    // What is left of a quota goes to an emergency elsewhere, and the first in order gets nothing of it.
    let mut poor = hot();
    for number in [0, 3] {
        poor.0["instances"][number]["compartment"] = json!("poor");
    }
    poor.0["instances"][3]["cpu"] = points(NOW, &flat(99.0));
    poor.0["quotas"] = json!([{"compartment": "poor", "ocpus": 12.0}]);
    for (name, mut fixture, expected) in [
        ("recommend", of_mode("recommend"), vec!["vm0001", "vm0003"]),
        ("dry_run", of_mode("dry_run"), vec!["vm0001", "vm0003"]),
        ("enforce", of_mode("enforce"), vec!["vm0000", "vm0003"]),
        ("poor", poor, vec!["vm0003", "vm0001"]),
    ] {
        let outcome = fixture.decide();
        assert_eq!(asked(&outcome), expected, "{name}");
        assert_eq!(said_of(&outcome, "vm0002"), "HOLD(infeasible) 16/256", "{name}");
        let dry = fixture.policy("mode", json!("dry_run")).decide();
        assert_eq!(dry.record.decisions, outcome.record.decisions, "{name}");
    }
}

#[test]
fn where_one_had_no_room_the_others_of_the_shape_and_domain_do_not_ask() {
    let mut hot = fleet(60, |number| if number < 4 { 82.0 } else { 65.0 });
    hot.0["instances"][3]["availability_domain"] = json!("AD-2");
    // Each wants 6 OCPUs more.
    for (refused, retry_in_minutes, asking) in [
        (6.0, 25.0, vec!["vm0003"]),
        (6.0, -1.0, vec!["vm0000", "vm0003"]),
        // Less than was ever refused there: that says nothing about it.
        (8.0, 25.0, vec!["vm0000", "vm0001", "vm0002", "vm0003"]),
        (8.0, -1.0, vec!["vm0000", "vm0001", "vm0002", "vm0003"]),
    ] {
        hot.0["state"]["no_room"] = json!({ "VM.Standard.E5.Flex/AD-1": full(refused, retry_in_minutes) });
        let outcome = hot.decide();
        assert_eq!(asked(&outcome), asking, "{refused} {retry_in_minutes}");
        let others = if asking.contains(&"vm0001") { "UP 22/352" } else { "HOLD(infeasible) 16/256" };
        assert_eq!(said_of(&outcome, "vm0001"), others);
        assert_eq!(outcome.state.no_room.len(), 1);
    }
    hot.0["state"]["no_room"]["VM.Standard.E5.Flex/AD-1"]["retry_at"] = json!(before(NOW, 361.0));
    let outcome = hot.decide();
    assert_eq!((outcome.actions.len(), outcome.state.no_room.len()), (4, 0), "that is long ago");
}

//! Rules that hold for any input.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixture::*;
use crate::decide::{Outcome, decide};
use crate::forecast::Profile;
use crate::input::Inputs;
use crate::state::StateRead;

/// A value of a point: mostly sound, sometimes nonsense.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..100.0,
        2 => 95.0..106.0,
        1 => Just(-5.0),
        1 => Just(1e300),
        1 => Just(f64::MIN_POSITIVE),
    ]
}

/// Points with gaps, disorder, repetitions and moments that have not been.
fn series() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let calm = (0.0..100.0_f64, 0.0..20.0_f64).prop_map(|(level, swing)| {
        (1..=180).map(|minute| (minute, level + swing * f64::from(minute as i32 % 7) / 7.0)).collect()
    });
    prop_oneof![
        3 => calm,
        2 => prop::collection::vec((-10..200_i64, value()), 0..400),
        1 => Just(Vec::new()),
    ]
}

fn to_points(series: &[(i64, f64)]) -> Value {
    series.iter().map(|(minute, value)| json!({"at": before(NOW, *minute as f64), "value": value})).collect()
}

prop_compose! {
    /// The profile of a day at some load, with memory.
    fn day()(level in 0.0..60.0_f64, swing in 0.0..20.0_f64, memory in 0.0..600.0_f64) -> Value {
        let mut profile = Profile::default();
        for minutes in (0..1440).rev().step_by(15) {
            let used = level + swing * f64::from(minutes / 60 % 7) / 7.0;
            profile.record(before(NOW, f64::from(minutes)), Some(used), Some(memory));
        }
        serde_json::to_value(&profile).unwrap()
    }
}

prop_compose! {
    /// One machine and its memory.
    fn one()(
        cpu in series(), memory in series(), size in (1_u32..100, 1_u32..1200), watched in 0..3000_i64,
        changed in prop::option::of((0..2000_i64, 1_u32..100, any::<bool>())),
        commanded in prop::option::of((0..200_i64, 1_u32..100, any::<bool>())),
        state in prop_oneof![6 => Just("RUNNING"), 1 => Just("STOPPED"), 1 => Just("MOVING")],
        cluster in prop::option::of(0..3_u8), past in prop::option::of(day()), grown in prop::option::of(30..700_i64),
    ) -> (Value, Value) {
        let size_of = |ocpus: u32| json!({"ocpus": ocpus, "memory_gb": ocpus * 16});
        let size = json!({"ocpus": size.0, "memory_gb": size.1});
        let mut instance = machine("?");
        instance["state"] = json!(state);
        instance["size"] = size.clone();
        instance["cpu"] = to_points(&cpu);
        instance["memory"] = to_points(&memory);
        if let Some(cluster) = cluster {
            instance["tags"] = json!({"cluster": cluster.to_string()});
        }
        let mut entry = json!({"since": before(NOW, watched as f64), "seen_at": before(NOW, 5.0), "size": size});
        if let Some((minutes, from, emergency)) = changed {
            let kind = if emergency { "EMERGENCY_UP" } else { "DOWN" };
            let at = before(NOW, minutes as f64);
            entry["changes"] = json!([{"begun": at, "at": at, "kind": kind, "from": size_of(from), "to": size}]);
        }
        if let Some(minutes) = grown {
            // It grew for a window that ended half an hour ago and demands its end.
            let (at, from, until) = (before(NOW, minutes as f64), size_of(4), before(NOW, 30.0));
            entry["changes"] = json!([{"begun": at, "at": at, "kind": "SCHEDULED_UP", "from": from, "to": size}]);
            entry["fired"] = json!({"ended": {"at": at, "from": from, "until": until}});
        }
        if let Some(past) = past {
            entry["profile"] = past;
        }
        if let Some((minutes, to, sent)) = commanded {
            let status = if sent { "accepted" } else { "intended" };
            let kind = if f64::from(to) < size["ocpus"].as_f64().unwrap() { "DOWN" } else { "UP" };
            entry["commanded"] = json!({
                "at": before(NOW, minutes as f64), "epoch": 1, "kind": kind, "from": size, "to": size_of(to),
                "token": "t", "status": status,
            });
        }
        (instance, entry)
    }
}

prop_compose! {
    /// A few machines, and a policy that is sound.
    fn inputs()(
        machines in prop::collection::vec(one(), 1..5), coupled in any::<bool>(), reboot in any::<bool>(),
        enforce_bounds in any::<bool>(), most in 20_u32..90, ratio in (1_u32..8, 20_u32..70),
        floor in prop::option::of(8_u32..65), cap in prop::option::of(0.0..3000.0_f64),
        quota in prop::option::of(-5.0..40.0_f64), with_state in any::<bool>(),
    ) -> Value {
        let ended = json!({"id": "ended", "start": "00:10", "end": "11:30", "floor_ocpus": 8, "enforce_end": true});
        let mut windows = vec![ended];
        if let Some(floor) = floor {
            windows.push(json!({"id": "w", "start": "00:00", "end": "00:00", "floor_ocpus": floor}));
        }
        let mut fixture = Fixture::new().0;
        fixture["policy"] = json!({
            "mode": "enforce", "allow_reboot": reboot,
            "limits": {"coupling": if coupled { "coupled" } else { "independent" }, "enforce_bounds": enforce_bounds},
            "schedule": {"windows": windows}, "budget": {"month_cap": cap}, "fleet": {"max_resizes_percent": 100.0},
        });
        fixture["shapes"][0]["max_ocpus"] = json!(most);
        fixture["shapes"][0]["min_memory_per_ocpu_gb"] = json!(ratio.0);
        fixture["shapes"][0]["max_memory_per_ocpu_gb"] = json!(ratio.1);
        if let Some(quota) = quota {
            fixture["quotas"] = json!([{"ocpus": quota}]);
        }
        fixture["state"]["instances"] = json!({});
        let mut list = Vec::new();
        for (index, (mut instance, entry)) in machines.into_iter().enumerate() {
            let id = format!("vm{index}");
            instance["id"] = json!(id);
            if with_state {
                fixture["state"]["instances"][id] = entry;
            }
            list.push(instance);
        }
        fixture["instances"] = json!(list);
        fixture
    }
}

fn read(value: &Value) -> Inputs {
    serde_json::from_value(value.clone()).unwrap()
}

fn bytes(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_bound_turns_a_change_and_every_size_is_allowed(value in inputs()) {
        let inputs = read(&value);
        let outcome = decide(&inputs);
        let (limits, shape) = (&inputs.policy.limits, &inputs.shapes[0]);
        for decision in &outcome.record.decisions {
            let (Some(from), Some(to)) = (decision.from, decision.to) else { continue };
            if !decision.decision.is_resize() {
                prop_assert_eq!(from, to);
                continue;
            }
            let up = decision.decision.is_up();
            prop_assert!(if up { to.ocpus >= from.ocpus && to.memory_gb >= from.memory_gb } else { to.ocpus <= from.ocpus && to.memory_gb <= from.memory_gb }, "{:?}", decision);
            prop_assert!(to != from);
            for (from, to, low, high) in [
                (from.ocpus, to.ocpus, limits.min_ocpus, limits.max_ocpus.min(shape.max_ocpus.unwrap())),
                (from.memory_gb, to.memory_gb, limits.min_memory_gb, limits.max_memory_gb.min(shape.max_memory_gb.unwrap())),
            ] {
                // What is outside already may stay there, and go nowhere but inwards.
                prop_assert!(to <= high.max(from) + 1e-6 && to >= low.min(from) - 1e-6, "{:?}", decision);
                prop_assert!(!up || to <= high + 1e-6 || to == from, "{:?}", decision);
            }
            let ratio = to.memory_gb / to.ocpus;
            let legal = shape.min_memory_per_ocpu_gb.unwrap() - 1e-6..=shape.max_memory_per_ocpu_gb.unwrap() + 1e-6;
            prop_assert!(legal.contains(&ratio), "{:?}", decision);
        }
    }

    #[test]
    fn missing_points_never_shrink(value in inputs(), gone in 0..4_u8) {
        let mut less = value;
        for instance in less["instances"].as_array_mut().unwrap() {
            let name = if gone % 2 == 0 { "cpu" } else { "memory" };
            let points = instance[name].as_array_mut().unwrap();
            if gone < 2 { points.clear() } else { points.truncate(points.len().min(100)) }
        }
        let outcome = decide(&read(&less));
        prop_assert!(outcome.record.decisions.iter().all(|decision| !decision.decision.is_down()));
    }

    #[test]
    fn without_a_memory_nothing_shrinks(value in inputs(), broken in any::<bool>()) {
        let mut lost = value;
        lost["state"] = if broken { json!("{") } else { Value::Null };
        let outcome = decide(&read(&lost));
        prop_assert!(outcome.record.decisions.iter().all(|decision| !decision.decision.is_down()));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(value in inputs()) {
        prop_assert_eq!(bytes(&decide(&read(&value))), bytes(&decide(&read(&value))));
    }

    #[test]
    fn the_order_of_machines_and_points_changes_nothing(value in inputs(), turn in 0..5_usize) {
        let straight = decide(&read(&value));
        let mut turned = value;
        let machines = turned["instances"].as_array_mut().unwrap();
        let count = machines.len();
        machines.rotate_left(turn % count);
        for machine in machines {
            machine["cpu"].as_array_mut().unwrap().reverse();
        }
        prop_assert_eq!(bytes(&straight), bytes(&decide(&read(&turned))));
    }

    #[test]
    fn deciding_again_with_what_is_remembered_changes_nothing_more(value in inputs()) {
        let first = decide(&read(&value));
        let mut again = value;
        again["state"] = serde_json::to_value(&first.state).unwrap();
        let second = decide(&read(&again));
        let asked: Vec<&String> = first.actions.iter().map(|action| &action.id).collect();
        for action in &second.actions {
            let is_repeated = first.actions.iter().any(|before| before.retry_token == action.retry_token);
            prop_assert!(is_repeated || !asked.contains(&&action.id), "{:?}", action);
        }
    }

    #[test]
    fn a_state_survives_being_written(value in inputs()) {
        let state = decide(&read(&value)).state;
        let text = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(StateRead::from_text(&text), StateRead::Present(state));
    }

    #[test]
    fn a_dry_run_decides_the_same(value in inputs()) {
        let enforced = decide(&read(&value));
        let mut dry = value;
        dry["policy"]["mode"] = json!("dry_run");
        let dry = decide(&read(&dry));
        prop_assert_eq!(enforced.record.decisions, dry.record.decisions);
        prop_assert!(dry.actions.is_empty());
    }

    #[test]
    fn no_text_is_a_state_that_stops_a_tick(text in ".{0,200}", cut in 0..3000_usize) {
        let mut fixture = Fixture::new();
        let state = fixture.decide().state;
        let whole = serde_json::to_string(&state).unwrap();
        let end = cut.min(whole.len().saturating_sub(1));
        fixture.cpu(&flat(10.0)).memory(&flat(10.0));
        for broken in [text, whole[..end].to_owned()] {
            prop_assume!(broken.trim() != "null");
            fixture.state(json!(broken));
            let inputs = fixture.inputs();
            prop_assert_eq!(&inputs.state, &StateRead::from_text(&broken));
            let kept = matches!(&inputs.state, StateRead::Corrupt { text, .. } if *text == broken);
            prop_assert!(kept);
            prop_assert_eq!(said(&decide(&inputs)), "HOLD(no_history) 16/256");
        }
    }

    #[test]
    fn no_number_makes_a_decision_without_a_size(value in inputs(), nonsense in prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e308])) {
        let mut inputs = read(&value);
        for instance in &mut inputs.instances {
            for point in instance.cpu.iter_mut().step_by(3) {
                point.value = nonsense;
            }
        }
        let text = serde_json::to_value(decide(&inputs)).unwrap();
        for decision in text["record"]["decisions"].as_array().unwrap() {
            prop_assert!(decision["to"]["ocpus"].is_number(), "{}", decision);
            prop_assert!(decision["price_delta_per_hour"].is_number());
        }
    }
}

//! Days of ticks on one machine whose changes are carried out.

use serde_json::json;

use super::fixture::*;

/// What happened in a simulation.
struct Run {
    /// Minute and size of each change.
    changes: Vec<(i64, f64)>,
    /// Longest time in a row in which more than 90 % was asked for, in minutes.
    longest_violation: i64,
}

/// Runs ticks with a demand in OCPUs for each minute. Changes take effect at the next tick.
fn run(minutes: i64, demand: impl Fn(i64) -> f64) -> Run {
    let start = "2026-03-11T00:00:00Z";
    let mut fixture = Fixture::at(start);
    let (mut size, mut changes, mut violation, mut longest) = (16.0, Vec::new(), 0, 0);
    let mut sizes = vec![16.0; 180];
    for minute in 0..minutes {
        sizes.push(size);
        violation = if demand(minute) > 0.9 * size { violation + 1 } else { 0 };
        longest = longest.max(violation);
        if minute % 5 != 4 {
            continue;
        }
        fixture.0["now"] = json!(before(start, -(minute + 1) as f64));
        let used: Vec<f64> =
            (minute - 179..=minute).map(|at| (demand(at) / sizes[(at + 180) as usize] * 100.0).min(100.0)).collect();
        fixture.cpu(&used).memory(&flat(20.0));
        fixture.set("size", json!({"ocpus": size, "memory_gb": size * 16.0}));
        let outcome = fixture.decide();
        if let Some(action) = outcome.actions.first() {
            size = action.to.ocpus;
            changes.push((minute, size));
        }
        fixture.0["state"] = serde_json::to_value(&outcome.state).unwrap();
    }
    Run { changes, longest_violation: longest }
}

/// At most one UP, and then nothing moves for the rest of the day, however the wave and the ticks lie to each other.
#[test]
fn t41_a_square_wave_is_followed_once() {
    for shift in [0, 2, 5, 8] {
        let run = run(24 * 60, |minute| 16.0 * if (minute + shift).rem_euclid(10) < 5 { 0.2 } else { 0.8 });
        assert!(run.changes.len() <= 1 && run.changes.iter().all(|(_, size)| *size > 16.0), "{:?}", run.changes);
        assert_eq!(run.longest_violation, 0);
    }
}

#[test]
fn t42_a_slow_ramp_is_followed_in_time() {
    let run = run(500, |minute| 16.0 * (0.30 + 0.01 * (minute.max(0) / 5) as f64));
    assert!(run.changes.len() >= 2, "{:?}", run.changes);
    assert!(run.changes.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 10), "{:?}", run.changes);
    assert!(run.longest_violation <= 10, "{}", run.longest_violation);
}

#[test]
fn a_day_with_a_peak_is_followed_down_again_without_turning_back() {
    let run = run(20 * 60, |minute| if (240..420).contains(&minute) { 20.0 } else { 4.0 });
    let first_up = run.changes.iter().position(|(_, size)| *size > 16.0).unwrap();
    let after: Vec<f64> = run.changes[first_up..].iter().map(|(_, size)| *size).collect();
    let top = after.iter().position(|size| *size == after.iter().copied().fold(0.0, f64::max)).unwrap();
    assert!(after[top..].is_sorted_by(|one, other| one >= other), "{:?}", run.changes);
    assert!(*after.last().unwrap() <= 16.0, "{:?}", run.changes);
}

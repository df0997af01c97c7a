//! L2 against what was usual at the same hour of the week, with noise; the numbers are drawn from seeds.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::rollback::Hour;

/// Milliseconds by the hour of the day: the night takes twice as long as the day, for its batches.
fn curve(at: Timestamp) -> f64 {
    let hour = at.as_second().div_euclid(3600).rem_euclid(24);
    if (1..5).contains(&hour) { 240.0 } else { 120.0 }
}

/// A tenant with two weeks of a noisy past before its cutover four hours ago.
fn tenant(random: &mut SmallRng) -> World {
    let mut world = World::new();
    let end = ago(4 * 3600);
    let hour = |back: i64, random: &mut SmallRng| {
        let at = end - SignedDuration::from_hours(back);
        Hour { at, calls: 6_000, p95_ms: curve(at) * random.random_range(0.8..1.2) }
    };
    world.input.past = Some((1..=336).map(|back| hour(back, random)).collect());
    world.input.target.retained_until = Some(noon() + SignedDuration::from_hours(100));
    world
}

/// The decision at each minute of a day, of which the response times are so many times the usual ones.
fn day(world: &mut World, factor: impl Fn(i64) -> f64, random: &mut SmallRng) -> Vec<(i64, Decision)> {
    let mut decisions = Vec::new();
    for minute in 0..1440 {
        let now = noon() + SignedDuration::from_mins(minute);
        let at = now - SignedDuration::from_mins(1);
        let p95_ms = Some(curve(at) * factor(minute) * random.random_range(0.75..1.25));
        world.input.oci.push(Minute { at, ok: 100, failed: 0, p95_ms });
        let surplus = world.input.oci.len().saturating_sub(10);
        world.input.oci.drain(..surplus);
        world.input.target.probes = vec![TargetProbe { at: now, is_ok: true }; 3];
        let decision = world.decide(now).0.decision;
        world.input.past = None;
        decisions.push((minute, decision));
    }
    decisions
}

#[test]
fn noise_and_slow_nights_move_nothing_and_times_of_four_and_a_half_are_found_in_minutes() {
    let mut latest = 0;
    for seed in 0..8 {
        let mut random = SmallRng::seed_from_u64(seed);
        let quiet = day(&mut tenant(&mut random), |_| 1.0, &mut random);
        let moved: Vec<_> = quiet.iter().filter(|(_, decision)| *decision != Decision::None).collect();
        assert!(moved.is_empty(), "seed {seed}: {moved:?}");
        // From six in the morning on everything takes four and a half times as long.
        let ill = day(&mut tenant(&mut random), |minute| if minute >= 1_080 { 4.5 } else { 1.0 }, &mut random);
        let found = ill.iter().find(|(_, decision)| *decision == Decision::Rollback(Reason::Latency));
        let (minute, _) = found.unwrap_or_else(|| panic!("seed {seed}: it was not found"));
        assert!((1_084..=1_095).contains(minute), "seed {seed}: found at minute {minute}");
        latest = latest.max(minute - 1_079);
    }
    eprintln!("8 days of noise of 25 %: nothing moves; times of four and a half are found within {latest} minutes");
}

#[test]
fn one_number_for_the_whole_day_would_move_every_night() {
    let mut random = SmallRng::seed_from_u64(1);
    let mut world = tenant(&mut random);
    world.tenant.baseline_p95_ms = Some(60.0);
    let nights = day(&mut world, |_| 1.0, &mut random);
    assert!(nights.iter().any(|(_, decision)| matches!(decision, Decision::Rollback(_) | Decision::Watch(_))));
}

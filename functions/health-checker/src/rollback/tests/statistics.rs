//! What the rule does to services whose true rate of errors is known.
//!
//! The figures are printed; `cargo test -p health-checker statistics -- --nocapture` shows them.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::super::errors;
use super::*;
use crate::settings::ErrorRules;

const CALLS: u64 = 100;
const DAY: usize = 1440;
/// Minutes that the rule looks at.
const SEEN: usize = 80;

/// Counts of errors of a service, quickly: the inverse of the distribution.
struct Service {
    cumulative: Vec<f64>,
    random: SmallRng,
}

impl Service {
    fn new(chance: f64, seed: u64) -> Self {
        let mut probability = (1.0 - chance).powi(CALLS as i32);
        let mut sum = probability;
        let mut cumulative = vec![sum];
        for errors in 1..=CALLS {
            probability *= (CALLS - errors + 1) as f64 / errors as f64 * chance / (1.0 - chance);
            sum += probability;
            cumulative.push(sum);
        }
        Self { cumulative, random: SmallRng::seed_from_u64(seed) }
    }

    fn minute(&mut self) -> u64 {
        let drawn: f64 = self.random.random();
        self.cumulative.partition_point(|below| *below <= drawn).min(CALLS as usize) as u64
    }
}

fn is_met(counts: &[u64], rules: &ErrorRules) -> bool {
    let seen = &counts[counts.len().saturating_sub(SEEN)..];
    let calls: Vec<(u64, u64)> = seen.iter().map(|failed| (CALLS, *failed)).collect();
    errors::lasting(&Series::new(&minutes(noon(), &calls), noon()), rules).is_met()
}

/// Moments at which the rule cannot be met are passed over: it needs a newest minute above the limit, and either five of
/// them or three that stand out.
fn may_be_met(counts: &[u64]) -> bool {
    let newest = &counts[counts.len().saturating_sub(5)..];
    let bad = |failed: &&u64| **failed * 100 > 5 * CALLS;
    let (count, sum) = (newest.iter().filter(bad).count(), newest.iter().sum::<u64>());
    newest.last().is_some_and(|failed| bad(&failed)) && (count == 5 || (count >= 3 && sum >= 30))
}

/// Rollbacks of a service with an hour of known past, in so many days.
fn rollbacks(rules: &ErrorRules, chance: f64, days: usize, seed: u64) -> usize {
    let mut service = Service::new(chance, seed);
    let mut counts: Vec<u64> = (0..SEEN).map(|_| service.minute()).collect();
    let mut found = 0;
    for _ in 0..days * DAY {
        counts.push(service.minute());
        if counts.len() > 4096 {
            counts.drain(..counts.len() - SEEN);
        }
        if may_be_met(&counts) && is_met(&counts, rules) {
            found += 1;
            // It moved: the next one would be another incident.
            counts = (0..SEEN).map(|_| service.minute()).collect();
        }
    }
    found
}

/// Minutes from the onset until the rule is met, in order; `None` where it takes longer than half an hour.
fn delays(usual: Option<f64>, chance: f64, incidents: u64) -> Vec<Option<usize>> {
    let mut all: Vec<Option<usize>> = (0..incidents)
        .map(|seed| {
            let mut bad = Service::new(chance, 1_000 + seed);
            let mut counts: Vec<u64> = usual.map_or_else(Vec::new, |usual| {
                let mut good = Service::new(usual, 900_000 + seed);
                (0..SEEN).map(|_| good.minute()).collect()
            });
            (1..=30).find(|_| {
                counts.push(bad.minute());
                is_met(&counts, &ErrorRules::default())
            })
        })
        .collect();
    all.sort_unstable_by_key(|delay| delay.unwrap_or(usize::MAX));
    all
}

fn within(delays: &[Option<usize>], minutes: usize) -> f64 {
    let found = delays.iter().filter(|delay| delay.is_some_and(|delay| delay <= minutes)).count();
    found as f64 * 100.0 / delays.len() as f64
}

#[test]
fn a_service_with_four_percent_errors_is_left_where_it_is() {
    let days = 6000;
    let found = rollbacks(&ErrorRules::default(), 0.04, days, 20_260_311);
    let percent = found as f64 * 100.0 / days as f64;
    // Where none is seen in n days, the rate is below 3 in n with a confidence of 95 %.
    let seen = if found == 0 { format!("below {:.2}", 300.0 / days as f64) } else { format!("{percent:.4}") };
    eprintln!("4 % errors, {CALLS} calls a minute: {found} rollbacks in {days} days, {seen} % a day");
    assert!(percent < 0.1, "{percent}");
}

#[test]
fn five_minutes_above_the_limit_alone_would_move_it_every_other_day() {
    let alone = ErrorRules { minutes_when_certain: 5, usual_min_calls: u32::MAX, ..ErrorRules::default() };
    let days = 300;
    let found = rollbacks(&alone, 0.04, days, 20_260_311);
    eprintln!("4 % errors, no look at the past: {found} rollbacks in {days} days");
    // 1440 windows a day, each with a chance of 0.2116 to the fifth, of which runs count once.
    assert!((75..=225).contains(&found), "{found}");
}

#[test]
fn eight_percent_errors_are_found_within_six_minutes() {
    for (name, usual, least) in [("0.5 %", Some(0.005), 88.0), ("1 %", Some(0.01), 88.0), ("not known", None, 85.0)] {
        let delays = delays(usual, 0.08, 2000);
        let (five, six, eight) = (within(&delays, 5), within(&delays, 6), within(&delays, 8));
        let median = delays[delays.len() / 2];
        eprintln!(
            "8 % errors after {name}: {five:.1} % in 5 min, {six:.1} % in 6, {eight:.1} % in 8; median {median:?}"
        );
        assert!(six >= least, "{name}: {six}");
    }
}

#[test]
fn eight_percent_after_four_take_longer_because_they_must() {
    let delays = delays(Some(0.04), 0.08, 2000);
    let (six, fifteen) = (within(&delays, 6), within(&delays, 15));
    let median = delays[delays.len() / 2];
    eprintln!("8 % errors after 4 %: {six:.1} % in 6 min, {fifteen:.1} % in 15; median {median:?}");
    // G. Lorden, "Procedures for reacting to a change in distribution", Ann. Math. Statist. 42 (1971): the logarithm of the
    // mean time between false alarms over what a minute tells.
    let (bad, good) = (0.08_f64, 0.04_f64);
    let nats = CALLS as f64 * (bad * (bad / good).ln() + (1.0 - bad) * ((1.0 - bad) / (1.0 - good)).ln());
    let needed = (1_000.0 * DAY as f64).ln();
    eprintln!("a minute tells {nats:.1} nats, 1,000 days ask for {needed:.1}: {:.0} minutes at least", needed / nats);
    assert!(fifteen >= 80.0, "{fifteen}");
}

#[test]
fn a_creeping_rise_is_found_although_it_becomes_usual() {
    let mut counts = Vec::new();
    let mut found = None;
    for minute in 0..720 {
        let chance = 0.005 + 0.07 * f64::from(minute) / 720.0;
        counts.push(Service::new(chance, 77 + u64::try_from(minute).unwrap()).minute());
        if found.is_none() && is_met(&counts, &ErrorRules::default()) {
            found = Some((minute, chance));
        }
    }
    let (minute, chance) = found.expect("a rise to 7.5 % is found");
    eprintln!("a rise from 0.5 % to 7.5 % in 12 h: found at {:.2} % in minute {minute}", chance * 100.0);
    assert!(chance > 0.04 && chance < 0.075, "{chance}");
}

/// Minutes after a signal at a true 8 % until it is taken back; `None` where it stands for as long as it is valid.
fn taken_back(clear_minutes: u32, seed: u64) -> Option<i64> {
    let (mut good, mut bad) = (Service::new(0.005, 700_000 + seed), Service::new(0.08, 800_000 + seed));
    let mut counts: Vec<(u64, u64)> = (0..SEEN).map(|_| (CALLS, good.minute())).collect();
    let mut world = World::new();
    world.settings.rollback.moving.clear_minutes = clear_minutes;
    let mut signal = None;
    for index in 0..60 {
        let now = noon() + SignedDuration::from_mins(index);
        counts.push((CALLS, bad.minute()));
        world.input.oci = minutes(now, &counts[counts.len() - SEEN..]);
        let at = now - SignedDuration::from_secs(10);
        world.input.target.probes = vec![TargetProbe { at, is_ok: true }; 2];
        let is_given = matches!(world.decide(now).0.decision, Decision::Rollback(_));
        match signal {
            None => signal = is_given.then_some(index),
            Some(first) if index - first >= 30 => return None,
            Some(first) if !is_given => return Some(index - first),
            Some(_) => {}
        }
    }
    None
}

#[test]
fn a_signal_that_is_right_stands_until_traffic_has_moved() {
    let incidents = 500;
    let share = |clear_minutes: u32, minutes: i64| {
        let all = (0..incidents).filter_map(|seed| taken_back(clear_minutes, seed));
        all.filter(|after| *after <= minutes).count() as f64 * 100.0 / incidents as f64
    };
    for clear_minutes in [1, 3, 5] {
        let (moving, valid) = (share(clear_minutes, 4), share(clear_minutes, 30));
        eprintln!("8 % errors, {clear_minutes} clear minutes: {moving:.1} % taken back in 4 min, {valid:.1} % in 30");
        assert!(clear_minutes < 5 || moving <= 0.0 && valid <= 1.0, "{moving} {valid}");
    }
}

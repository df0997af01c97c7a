//! Loads that are always at hand: one of each kind that a policy may stumble over, made from a seed.

use std::f64::consts::TAU;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::model::{STEP_MINUTES, STEPS_PER_DAY, count};
use super::trace::{Trace, fingerprint};

/// Days of each trace.
const DAYS: usize = 14;
/// 2024-01-01, a Monday.
const START: i64 = 1_704_067_200;

/// Percent at a sample, before the noise.
type Shape = fn(usize) -> f64;

/// Name, noise in percentage points, shape.
const KINDS: [(&str, f64, Shape); 9] = [
    ("flat", 2.0, |_| 30.0),
    ("diurnal", 3.0, diurnal),
    ("weekly", 3.0, weekly),
    ("ramp", 1.0, |step| 20.0 + 60.0 * count(step) / count(DAYS * STEPS_PER_DAY)),
    ("spike-train", 2.0, spikes),
    ("square-wave", 1.0, |step| if step % 2 == 0 { 20.0 } else { 80.0 }),
    ("censored", 0.0, |step| if hour(step) % 24.0 < 10.0 { 100.0 } else { 40.0 }),
    ("gaps", 3.0, diurnal),
    ("drifted-clock", 3.0, diurnal),
];

/// All of them. Equal seeds give equal traces.
#[must_use]
pub fn traces(seed: u64) -> Vec<Trace> {
    KINDS.iter().map(|kind| trace(*kind, seed)).collect()
}

fn trace((name, noise, shape): (&str, f64, Shape), seed: u64) -> Trace {
    let mut random = SmallRng::from_seed(fingerprint(seed, name));
    let mut sample = |step| {
        let wobble = if noise > 0.0 { random.random_range(-noise..=noise) } else { 0.0 };
        (shape(step) + wobble).clamp(0.0, 100.0)
    };
    let percent: Vec<f64> = (0..DAYS * STEPS_PER_DAY).map(&mut sample).collect();
    let percent = match name {
        "gaps" => with_gaps(&percent, &mut random),
        "drifted-clock" => drifted(&percent),
        _ => percent.into_iter().map(Some).collect(),
    };
    Trace { name: format!("synthetic-{name}"), start: START, percent }
}

/// Hours since the beginning.
fn hour(step: usize) -> f64 {
    count(step) * f64::from(STEP_MINUTES) / 60.0
}

/// Low at night, high at three in the afternoon.
fn diurnal(step: usize) -> f64 {
    40.0 + 30.0 * ((hour(step) - 9.0) / 24.0 * TAU).sin()
}

/// The same on working days, low on the others.
fn weekly(step: usize) -> f64 {
    if step / STEPS_PER_DAY % 7 < 5 { diurnal(step) } else { 12.0 }
}

/// Ten minutes of 90 % every six hours.
fn spikes(step: usize) -> f64 {
    if step % (STEPS_PER_DAY / 4) < 2 { 90.0 } else { 15.0 }
}

/// Without a tenth of the samples, in stretches of up to two hours.
fn with_gaps(percent: &[f64], random: &mut SmallRng) -> Vec<Option<f64>> {
    let mut left = 0_usize;
    let mut keep = |percent: &f64| {
        if left == 0 && random.random_bool(1.0 / 120.0) {
            left = random.random_range(1..=24);
        }
        left = left.saturating_sub(1);
        (left == 0).then_some(*percent)
    };
    percent.iter().map(&mut keep).collect()
}

/// Read off a clock that loses a sample every four hours: the day moves through the hours.
fn drifted(percent: &[f64]) -> Vec<Option<f64>> {
    let clock = |step: usize| step + step / 48;
    (0..percent.len()).map(|step| percent.get(clock(step) % percent.len()).copied()).collect()
}

//! Whether the level of the load has changed for good, and since when.
//!
//! An hour is unlike the past when it used more, or less, than at the same time of every earlier day that is known, in its
//! busiest five minutes and in the half of the time. If nothing has changed, the last of n + 1 such hours is the highest
//! of them with the probability 1 / (n + 1): a rank says so whatever the load looks like, and comparing the same
//! time of the day leaves days and nights out of it. After a change nearly every hour is unlike. The logarithm of the ratio of the two
//! probabilities, summed over the hours since a supposed change, is its evidence; the change that has most is the one (Page's
//! cumulative sum). Hours that nobody measured say nothing, and hours that are as they were before take the
//! evidence back.
//!
//! There is nothing to remember but the profile: a change is found again at each tick while hours of before it are
//! known, and is forgotten with them.

use jiff::Timestamp;

use super::hour::Load;
use super::profile::{HOURS, Profile};
use super::tuning::Tuning;

/// Hours of a day.
const DAY: usize = 24;
/// Days of which the same time is compared.
const DAYS: usize = HOURS / DAY;
/// Share of the hours after a change that are unlike those before.
const UNLIKE: f64 = 0.9;
/// Below this many OCPUs more or less is not told from noise.
const LEAST_OCPUS: f64 = 0.25;

/// Which way the level went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// What one hour is compared with: the same time of the days before, from the youngest on.
#[derive(Debug, Clone, Copy)]
struct Compared {
    /// How many days are known.
    days: u32,
    /// Whether the hour is unlike all of them.
    is_unlike: bool,
}

/// How many hours ago the level changed, at least one; `None` when it did not.
pub(super) fn changed_hours_ago(profile: &Profile, now: Timestamp, tuning: &Tuning) -> Option<usize> {
    if !tuning.level_change {
        return None;
    }
    let mut hours = [None; HOURS + 1];
    profile.past(now).for_each(|(age, load)| hours[age] = Some(load));
    let of = |way| strongest(&hours, way, tuning);
    let best = [of(Way::Up), of(Way::Down)].into_iter().flatten().max_by(|one, other| one.1.total_cmp(&other.1));
    best.filter(|(_, evidence)| *evidence >= tuning.level_change_odds.ln()).map(|(age, _)| age)
}

/// The change with the most evidence: how many hours ago, and the evidence.
fn strongest(hours: &[Option<Load>; HOURS + 1], way: Way, tuning: &Tuning) -> Option<(usize, f64)> {
    // For each hour what it is compared with, by how many of the days before are left out.
    let compared: Vec<[Compared; DAYS]> = (1..=HOURS).map(|age| compare(hours, age, way, tuning)).collect();
    let evidence = |since: usize| -> f64 { (1..=since).map(|age| said(&compared[age - 1][(since - age) / DAY])).sum() };
    // A change begins with an hour that is unlike those before.
    let begins = (1..=HOURS).filter(|age| compared[age - 1][0].is_unlike && compared[age - 1][0].days > 0);
    let all = begins.map(|since| (since, evidence(since)));
    all.max_by(|one, other| one.1.total_cmp(&other.1))
}

/// An hour against the same time of the days before, without the youngest day, the youngest two, and so on.
fn compare(hours: &[Option<Load>; HOURS + 1], age: usize, way: Way, tuning: &Tuning) -> [Compared; DAYS] {
    let mut found = [Compared { days: 0, is_unlike: true }; DAYS];
    let Some(load) = hours[age] else { return found };
    let mut sum = Compared { days: 0, is_unlike: true };
    for left_out in (0..DAYS).rev() {
        if let Some(Some(before)) = hours.get(age + DAY * (left_out + 1)) {
            sum.days += 1;
            sum.is_unlike &= is_unlike(&load, before, way, tuning);
        }
        found[left_out] = sum;
    }
    found
}

/// Whether an hour used more, or less, than another one by more than what is told.
fn is_unlike(load: &Load, before: &Load, way: Way, tuning: &Tuning) -> bool {
    let (high, low) = if way == Way::Up { (load, before) } else { (before, load) };
    let factor = 1.0 + tuning.level_change_percent / 100.0;
    let exceeds = |high: f64, low: f64| high >= low.mul_add(factor, LEAST_OCPUS);
    exceeds(high.peak, low.peak) && exceeds(high.median(), low.median())
}

/// What an hour says for a change, in logarithms of probabilities.
fn said(compared: &Compared) -> f64 {
    if compared.days == 0 {
        return 0.0;
    }
    let days = f64::from(compared.days);
    if compared.is_unlike { (UNLIKE * (days + 1.0)).ln() } else { ((1.0 - UNLIKE) * (days + 1.0) / days).ln() }
}

#[cfg(test)]
mod tests;

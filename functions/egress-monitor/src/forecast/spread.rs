//! How far the days to come may stray: past errors, drawn again in whole weeks.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::profile::Profile;

/// Number of draws.
const DRAWS: usize = 1000;
/// Days that are drawn together: errors of neighbouring days are alike.
const BLOCK_DAYS: usize = 7;

/// Draws of the days whose middle is given. The level itself is known no better than a week tells it, so each draw has
/// one of its own: the mean error of a week.
#[must_use]
pub fn draws(profile: &Profile, middle: &[f64], seed: u64) -> Vec<Vec<f64>> {
    let errors = profile.errors();
    let mut random = SmallRng::seed_from_u64(seed);
    let draw = |_| {
        let week = drawn(&errors, BLOCK_DAYS, &mut random);
        let level = week.iter().sum::<f64>() / BLOCK_DAYS as f64;
        let own = drawn(&errors, middle.len(), &mut random);
        let day = |(middle, own): (&f64, f64)| middle * (1.0 + level + own).max(0.0);
        middle.iter().zip(own).map(day).collect()
    };
    (0..DRAWS).map(draw).collect()
}

/// `count` errors in blocks that go round from the end to the beginning.
fn drawn(errors: &[f64], count: usize, random: &mut SmallRng) -> Vec<f64> {
    let mut drawn = Vec::with_capacity(count + BLOCK_DAYS);
    while drawn.len() < count {
        let start = random.random_range(0..errors.len().max(1));
        drawn.extend(errors.iter().cycle().skip(start).take(BLOCK_DAYS));
        if errors.is_empty() {
            drawn.resize(count, 0.0);
        }
    }
    drawn.truncate(count);
    drawn
}

/// The value that this share of the sorted values is at or below.
#[must_use]
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

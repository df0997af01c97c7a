//! How far the days to come may stray: past errors, drawn again in whole weeks.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use rand_distr::{ChiSquared, Distribution};

use super::profile::Profile;

/// Number of draws.
const DRAWS: usize = 1000;
/// Days that are drawn together: errors of neighbouring days are alike.
const BLOCK_DAYS: usize = 7;

/// Draws of the days whose middle is given. The level itself is known no better than a week tells it, so each draw has
/// one of its own: the mean error of a week. How far weeks stray is known no better than the few weeks of the profile
/// tell it, so each draw has a width of its own too.
#[must_use]
pub fn draws(profile: &Profile, middle: &[f64], seed: u64) -> Vec<Vec<f64>> {
    let errors = profile.errors();
    let width = Width::of(errors.len());
    let mut random = SmallRng::seed_from_u64(seed);
    let draw = |_| {
        let week = drawn(&errors, BLOCK_DAYS, &mut random);
        let level = week.iter().sum::<f64>() / BLOCK_DAYS as f64;
        let own = drawn(&errors, middle.len(), &mut random);
        let width = width.draw(&mut random);
        let day = |(middle, own): (&f64, f64)| middle * (1.0 + width * (level + own)).max(0.0);
        middle.iter().zip(own).map(day).collect()
    };
    (0..DRAWS).map(draw).collect()
}

/// How many times as wide as the errors of a few weeks those of many weeks may be: what makes Student's distribution of
/// the normal one. Weeks are the blocks that are independent of each other, and one of them went into their mean. With
/// four weeks P90 lies 1.28 times as far out as the errors alone say.
struct Width {
    degrees: f64,
    squares: Option<ChiSquared<f64>>,
}

impl Width {
    /// Of errors of so many days.
    fn of(days: usize) -> Self {
        let degrees = (days as f64 / BLOCK_DAYS as f64 - 1.0).max(1.0);
        Self { degrees, squares: ChiSquared::new(degrees).ok() }
    }

    fn draw(&self, random: &mut SmallRng) -> f64 {
        let squares = self.squares.map_or(self.degrees, |squares| squares.sample(random));
        (self.degrees / squares.max(f64::MIN_POSITIVE)).sqrt()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_make_students_distribution_of_a_normal_one() {
        // P80, P90 and P95 of a normal variable with these widths, from a table of Student's distribution.
        let check = |days: usize, expected: [f64; 3]| {
            let (width, mut random) = (Width::of(days), SmallRng::seed_from_u64(1));
            let normal = |random: &mut SmallRng| -> f64 { rand_distr::StandardNormal.sample(random) };
            let mut values: Vec<f64> = (0..200_000).map(|_| normal(&mut random) * width.draw(&mut random)).collect();
            values.sort_unstable_by(f64::total_cmp);
            for (share, expected) in [0.80, 0.90, 0.95].into_iter().zip(expected) {
                let found = quantile(&values, share);
                assert!((found / expected - 1.0).abs() < 0.04, "{days} days, {share}: {found}, not {expected}");
            }
        };
        check(28, [0.978, 1.638, 2.353]);
        check(21, [1.061, 1.886, 2.920]);
        check(14, [1.376, 3.078, 6.314]);
        // With less than two weeks nothing is known of their spread: no more than with two.
        check(3, [1.376, 3.078, 6.314]);
        check(7 * 1_000, [0.842, 1.282, 1.645]);
    }
}

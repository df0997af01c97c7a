//! How much counts of errors prove.

use super::series::Pool;

/// The one-sided lower bound of Wilson for the share of errors: E. B. Wilson, "Probable inference, the law of
/// succession, and statistical inference", J. Am. Stat. Assoc. 22 (1927). 0 without calls.
#[must_use]
pub fn wilson_lower(pool: Pool, quantile: f64) -> f64 {
    let Some(share) = pool.share() else { return 0.0 };
    let (calls, square) = (pool.calls as f64, quantile * quantile);
    let centre = share + square / (2.0 * calls);
    let spread = quantile * (share * (1.0 - share) / calls + square / (4.0 * calls * calls)).sqrt();
    ((centre - spread) / (1.0 + square / calls)).max(0.0)
}

/// How many standard deviations the share of errors is above `share`: the score of one sample. 0 without calls.
#[must_use]
pub fn score(pool: Pool, share: f64) -> f64 {
    let Some(found) = pool.share() else { return 0.0 };
    distance(found - share, share * (1.0 - share) / pool.calls as f64)
}

/// How many standard deviations the share of errors of the first is above that of the second: the score of two
/// samples. 0 when one has no calls.
#[must_use]
pub fn score_between(now: Pool, usual: Pool) -> f64 {
    let (Some(first), Some(second)) = (now.share(), usual.share()) else { return 0.0 };
    let both = (now.errors as f64 + usual.errors as f64) / (now.calls as f64 + usual.calls as f64);
    distance(first - second, both * (1.0 - both) * (1.0 / now.calls as f64 + 1.0 / usual.calls as f64))
}

/// What has no spread and differs is certain; infinity would not survive JSON.
fn distance(difference: f64, variance: f64) -> f64 {
    match () {
        () if variance > 0.0 => difference / variance.sqrt(),
        () if difference > 0.0 => f64::MAX,
        () => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        // 95 % two-sided bounds of Wilson for 10 of 100 and 0 of 10, as statistics packages print them.
        let check = |errors: u64, calls: u64, quantile: f64, expected: f64| {
            let found = wilson_lower(Pool { calls, errors }, quantile);
            assert!((found - expected).abs() < 5e-5, "{errors} of {calls}: {found}");
        };
        check(10, 100, 1.959_964, 0.055_23);
        check(1, 10, 1.959_964, 0.017_88);
        check(0, 10, 1.959_964, 0.0);
        check(10, 10, 1.959_964, 0.722_47);
        check(0, 0, 1.645, 0.0);
    }

    #[test]
    fn scores_count_standard_deviations() {
        let pool = |errors, calls| Pool { calls, errors };
        assert!((score(pool(30, 500), 0.04) - 2.282).abs() < 1e-3);
        assert!((score_between(pool(40, 500), pool(30, 6000)) - 15.611).abs() < 0.01);
        assert!(score(pool(0, 0), 0.04).abs() < f64::EPSILON);
        assert!(score(pool(1, 10), 0.0) > 1e9 && score(pool(1, 10), 0.0).is_finite());
    }

    proptest! {
        #[test]
        fn a_lower_bound_is_below_the_share_and_rises_with_evidence(calls in 1_u64..100_000, share in 0.0_f64..1.0) {
            let errors = (calls as f64 * share) as u64;
            let pool = Pool { calls, errors };
            let bound = wilson_lower(pool, 1.645);
            prop_assert!((0.0..=pool.share().unwrap_or(0.0) + 1e-12).contains(&bound));
            let more = Pool { calls: calls * 10, errors: errors * 10 };
            prop_assert!(wilson_lower(more, 1.645) >= bound - 1e-12);
        }
    }
}

//! Random numbers of callers, made harmless.

use std::time::Duration;

/// The number, or 1 where it is not from 0 to 1: the longest wait is the safe one.
fn unit(random01: f64) -> f64 {
    if (0.0..=1.0).contains(&random01) { random01 } else { 1.0 }
}

/// That part of the whole; never more than the whole, however the product is rounded.
pub(crate) fn part(whole: Duration, random01: f64) -> Duration {
    let part = Duration::try_from_secs_f64(whole.as_secs_f64() * unit(random01));
    part.map_or(whole, |part| part.min(whole))
}

/// The same in milliseconds, rounded to the nearest.
pub(crate) fn part_ms(whole_ms: u64, random01: f64) -> u64 {
    let part = (whole_ms as f64 * unit(random01)).round();
    // A float outside the range becomes the nearest integer, and never one above the whole.
    (part as u64).min(whole_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_share_is_the_whole() {
        for (random01, expected) in [(0.0, 0), (0.5, 5), (1.0, 10), (-0.1, 10), (1.1, 10), (f64::NAN, 10)] {
            assert_eq!(part_ms(10, random01), expected, "{random01}");
            assert_eq!(part(Duration::from_secs(10), random01).as_secs(), expected, "{random01}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_never_more_than_the_whole(whole in any::<u64>(), nanos in 0_u32..1_000_000_000, share in any::<f64>()) {
            prop_assert!(part_ms(whole, share) <= whole);
            let whole = Duration::new(whole, nanos);
            prop_assert!(part(whole, share) <= whole);
        }
    }
}

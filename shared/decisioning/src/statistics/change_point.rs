//! Pettitt's test (1979) for one change of the level of a series at an unknown point.

use super::describe::{median, ranks};

/// Fewest values.
const LEAST: usize = 4;

/// The most likely change of level.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePoint {
    /// Values.
    pub n: usize,
    /// Values before the change; the value at this place is the first after it.
    pub before: usize,
    /// The largest absolute value of the rank statistic.
    pub k: f64,
    /// Approximate, by exp; at most 1.
    pub p_value: f64,
    /// Median before the change.
    pub level_before: f64,
    /// Median after it.
    pub level_after: f64,
}

/// Looks for a change of level. `None` below four values or with one that is not finite. Equal values throughout
/// give `k` 0 and a p-value of 1.
#[must_use]
pub fn pettitt(series: &[f64]) -> Option<ChangePoint> {
    if series.len() < LEAST || !series.iter().all(|value| value.is_finite()) {
        return None;
    }
    let n = series.len() as f64;
    let (mut place, mut k, mut running) = (1, 0.0_f64, 0.0);
    for (index, rank) in ranks(series).iter().enumerate().take(series.len() - 1) {
        running += 2.0 * rank - (n + 1.0);
        if running.abs() > k {
            (place, k) = (index + 1, running.abs());
        }
    }
    let p_value = (2.0 * (-6.0 * k * k / (n * n * n + n * n)).exp()).min(1.0);
    let (before, after) = series.split_at(place);
    Some(ChangePoint {
        n: series.len(),
        before: place,
        k,
        p_value,
        level_before: median(before)?,
        level_after: median(after)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inputs_that_say_nothing() {
        for series in [&[][..], &[1.0], &[1.0, 2.0, 3.0], &[1.0, f64::NAN, 2.0, 3.0]] {
            assert_eq!(pettitt(series), None, "{series:?}");
        }
        let constant = pettitt(&[3.0; 10]).unwrap();
        assert_eq!((constant.k, constant.p_value), (0.0, 1.0));
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let series: Vec<f64> = (0..40).map(|i| if i < 25 { 10.0 } else { 20.0 } + f64::from(i % 3)).collect();
        let change = pettitt(&series).unwrap();
        assert_eq!((change.before, change.level_before, change.level_after), (25, 11.0, 21.0));
        assert_eq!(change.k, 25.0 * 15.0);
        assert!(change.p_value < 1e-4);
    }

    proptest! {
        #[test]
        fn scaling_changes_nothing(values in proptest::collection::vec(-1000_i32..1000, 4..50)) {
            let plain: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
            let scaled: Vec<f64> = plain.iter().map(|v| v * 4.0 + 8.0).collect();
            let (a, b) = (pettitt(&plain).unwrap(), pettitt(&scaled).unwrap());
            prop_assert_eq!((a.before, a.k, a.p_value), (b.before, b.k, b.p_value));
            prop_assert!((0.0..=1.0).contains(&a.p_value));
        }
    }
}

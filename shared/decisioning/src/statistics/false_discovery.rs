//! The false discovery rate over many tests (Benjamini and Hochberg 1995).

/// Adjusted p-values in the order of the given ones: a test is significant at rate `q` when its value is at most `q`.
///
/// A p-value that is not a number stays out of the count and comes back as `None`.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<Option<f64>> {
    let mut order: Vec<usize> = (0..p_values.len()).filter(|place| !p_values[*place].is_nan()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![None; p_values.len()];
    let mut least = 1.0_f64;
    for (below, place) in order.iter().enumerate().rev() {
        let raw = p_values[*place].clamp(0.0, 1.0) * order.len() as f64 / (below + 1) as f64;
        least = least.min(raw);
        adjusted[*place] = Some(least);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(p_values: &[f64], expected: &[f64]) {
        let adjusted: Vec<f64> = benjamini_hochberg(p_values).into_iter().flatten().collect();
        assert_eq!(adjusted.len(), expected.len());
        assert!(adjusted.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-12), "{adjusted:?}");
    }

    #[test]
    fn known_adjustments() {
        check(&[], &[]);
        check(&[0.03], &[0.03]);
        // As R's p.adjust(method = "BH") gives.
        check(&[0.01, 0.04, 0.03, 0.005], &[0.02, 0.04, 0.04, 0.02]);
        check(&[0.9, 0.8], &[0.9, 0.9]);
        check(&[2.0], &[1.0]);
        assert_eq!(benjamini_hochberg(&[0.5, f64::NAN]), [Some(0.5), None]);
    }

    proptest! {
        #[test]
        fn never_smaller_and_in_the_same_order(p in proptest::collection::vec(0.0_f64..=1.0, 0..40)) {
            let adjusted: Vec<f64> = benjamini_hochberg(&p).into_iter().flatten().collect();
            prop_assert_eq!(adjusted.len(), p.len());
            for (i, a) in adjusted.iter().enumerate() {
                prop_assert!(*a >= p[i] - 1e-15 && *a <= 1.0);
                for (j, b) in adjusted.iter().enumerate() {
                    prop_assert!(p[i] > p[j] || a <= b);
                }
            }
        }
    }
}

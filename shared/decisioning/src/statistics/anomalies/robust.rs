//! The modified z-score of Iglewicz and Hoaglin (1993), for series too short for a test.

use crate::statistics::describe::{mean, median, median_absolute_deviation};

/// Scores from which a value counts as an outlier.
pub const CUTOFF: f64 = 3.5;

/// Distances from the median in median absolute deviations (x 1.4826).
///
/// Where more than half of the values are equal, the mean absolute deviation (x 1.2533) takes its place. `None`
/// below three values, with one that is not finite, and when all are equal.
#[must_use]
pub fn robust_z(values: &[f64]) -> Option<Vec<f64>> {
    if values.len() < 3 || !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let centre = median(values)?;
    let distances: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    let scale = median_absolute_deviation(values).filter(|scale| *scale > 0.0);
    let scale = scale.or_else(|| mean(&distances).map(|m| m * 1.253_314).filter(|scale| *scale > 0.0))?;
    let scores: Vec<f64> = values.iter().map(|value| (value - centre) / scale).collect();
    scores.iter().all(|score| score.is_finite()).then_some(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_in_deviations() {
        for values in [&[][..], &[1.0], &[1.0, 2.0], &[4.0; 8], &[1.0, f64::NAN, 3.0]] {
            assert_eq!(robust_z(values), None, "{values:?}");
        }
        let scores = robust_z(&[10.0, 11.0, 9.0, 10.0, 12.0, 8.0, 100.0]).unwrap();
        assert!((scores[6] - 90.0 / 1.4826).abs() < 1e-9 && scores[..6].iter().all(|s| s.abs() < CUTOFF));
        let mostly_equal = robust_z(&[5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 9.0]).unwrap();
        assert!(mostly_equal[7] > CUTOFF && mostly_equal[0] == 0.0);
    }
}

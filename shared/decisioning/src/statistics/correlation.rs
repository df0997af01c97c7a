//! How two measures go together.

use super::describe::{compensated, mean, ranks};

/// Pearson's correlation, -1 to 1; `None` below three pairs or where one side does not vary.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() < 3 || x.len() != y.len() {
        return None;
    }
    let (centre_x, centre_y) = (mean(x)?, mean(y)?);
    let pairs = || x.iter().zip(y).map(|(x, y)| (x - centre_x, y - centre_y));
    let (xx, yy) = (compensated(pairs().map(|p| p.0 * p.0)), compensated(pairs().map(|p| p.1 * p.1)));
    let found = compensated(pairs().map(|p| p.0 * p.1)) / (xx.sqrt() * yy.sqrt());
    found.is_finite().then(|| found.clamp(-1.0, 1.0))
}

/// Spearman's correlation: Pearson's of the ranks.
#[must_use]
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    pearson(&ranks(x), &ranks(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_lines_and_curves() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert!((pearson(&x, &[2.0, 4.0, 6.0, 8.0]).unwrap() - 1.0).abs() < 1e-12);
        assert!((spearman(&x, &[-1.0, -10.0, -100.0, -1000.0]).unwrap() + 1.0).abs() < 1e-12);
        assert!(pearson(&x, &[-1.0, -10.0, -100.0, -1000.0]).unwrap() > -0.9);
        assert_eq!((pearson(&x, &[1.0; 4]), pearson(&x[..2], &[1.0, 2.0]), pearson(&x, &[1.0])), (None, None, None));
    }
}

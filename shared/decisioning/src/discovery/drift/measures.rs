//! How far two distributions are apart, from counts and quantiles.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// Largest distance that the distribution functions are certain to have, given quantiles of the first as
/// `(rank, value)` over `n` numbers, and the shares of the second below a value and up to it.
///
/// The value of a quantile lies between two neighbouring numbers, so at least as many numbers as its rank says
/// are not above it, and at most as many below it. One number is allowed for rounding. The real distance of
/// Kolmogorov and Smirnov is this large at least.
pub(super) fn ks_distance(quantiles: &[(f64, f64)], n: f64, second: impl Fn(f64) -> (f64, f64)) -> f64 {
    let at = |(rank, value): &(f64, f64)| {
        let place = (n - 1.0) * rank;
        let not_above = (place.floor() + 1.0) / n;
        let below = place.ceil() / n;
        let (second_below, second_up_to) = second(*value);
        (not_above - second_up_to).max(second_below - below) - 1.0 / n
    };
    quantiles.iter().map(at).fold(0.0, f64::max)
}

/// p of the two-sample test of Kolmogorov and Smirnov by its limit law, with Stephens' correction for small
/// samples (1970).
pub(super) fn ks_p(distance: f64, n: f64, m: f64) -> f64 {
    let effective = (n * m / (n + m)).sqrt();
    let lambda = (effective + 0.12 + 0.11 / effective) * distance;
    // Below this the series needs many terms, and p is 1 to more digits than matter.
    if lambda < 0.3 {
        return 1.0;
    }
    let term = |k: i32| f64::from(1 - 2 * ((k + 1) % 2)) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (2.0 * (1..=20).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// Statistic and p of the chi-square test that two lists of counts come from one distribution; `None` when
/// there are fewer than two categories or an empty side.
pub(super) fn chi_square(first: &[f64], second: &[f64]) -> Option<(f64, f64)> {
    let (n, m): (f64, f64) = (first.iter().sum(), second.iter().sum());
    let pairs: Vec<(f64, f64)> =
        first.iter().copied().zip(second.iter().copied()).filter(|(a, b)| a + b > 0.0).collect();
    if n == 0.0 || m == 0.0 || pairs.len() < 2 {
        return None;
    }
    let term = |(a, b): &(f64, f64)| {
        let (x, y) = ((a + b) * n / (n + m), (a + b) * m / (n + m));
        (a - x).powi(2) / x + (b - y).powi(2) / y
    };
    let statistic: f64 = pairs.iter().map(term).sum();
    let law = ChiSquared::new(pairs.len() as f64 - 1.0).ok()?;
    Some((statistic, law.sf(statistic)))
}

/// Statistic and two-sided p of the z test that two shares are equal; `None` for an empty side.
pub(super) fn z_test(part: f64, n: f64, other_part: f64, m: f64) -> Option<(f64, f64)> {
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let pooled = (part + other_part) / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    if error == 0.0 {
        return Some((0.0, 1.0));
    }
    let z = (other_part / m - part / n) / error;
    Some((z, 2.0 * Normal::standard().sf(z.abs())))
}

/// Distance of Jensen and Shannon between two lists of counts: the root of the divergence in natural units, so
/// at most 0.83; `None` for an empty side.
pub(super) fn jensen_shannon(first: &[f64], second: &[f64]) -> Option<f64> {
    let (n, m): (f64, f64) = (first.iter().sum(), second.iter().sum());
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let part = |p: f64, middle: f64| if p > 0.0 { p * (p / middle).ln() } else { 0.0 };
    let term = |(a, b): (&f64, &f64)| {
        let (p, q) = (a / n, b / m);
        let middle = f64::midpoint(p, q);
        (part(p, middle) + part(q, middle)) / 2.0
    };
    Some(first.iter().zip(second).map(term).sum::<f64>().max(0.0).sqrt())
}

/// Wasserstein's distance between two lists of quantiles at the same ranks, straight lines assumed in between;
/// what lies outside the ranks does not count.
pub(super) fn wasserstein(ranks: &[f64], first: &[f64], second: &[f64]) -> f64 {
    let gaps: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let between = |(ranks, gaps): (&[f64], &[f64])| {
        let (a, b) = (gaps[0].abs(), gaps[1].abs());
        let mean = match gaps[0] * gaps[1] < 0.0 {
            // The lines cross.
            true => (a * a + b * b) / (2.0 * (a + b)),
            false => f64::midpoint(a, b),
        };
        mean * (ranks[1] - ranks[0])
    };
    ranks.windows(2).zip(gaps.windows(2)).map(between).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1e-3), "{found} instead of {expected}");
    }

    /// Figures of scipy 1.17: `chi2_contingency(correction=False)`, `kstwobign.sf`, `distance.jensenshannon`.
    #[test]
    fn known_answers() {
        let (statistic, p) = chi_square(&[30.0, 50.0, 20.0], &[45.0, 40.0, 15.0]).unwrap();
        near(statistic, 4.825_396_825_4);
        near(p, 0.089_573_262_5);
        let (z, p) = z_test(30.0, 100.0, 45.0, 100.0).unwrap();
        near(z * z, chi_square(&[30.0, 70.0], &[45.0, 55.0]).unwrap().0);
        near(p, chi_square(&[30.0, 70.0], &[45.0, 55.0]).unwrap().1);
        near(jensen_shannon(&[30.0, 50.0, 20.0], &[45.0, 40.0, 15.0]).unwrap(), 0.110_118_924_9);
        near(jensen_shannon(&[1.0, 0.0], &[0.0, 1.0]).unwrap(), 2.0_f64.ln().sqrt());
        // As n grows the correction vanishes and lambda is the distance times the root of n/2.
        near(ks_p(1.0 / 50_000.0_f64.sqrt(), 1e5, 1e5), 0.269_422_5);
    }

    #[test]
    fn nothing_to_compare() {
        assert_eq!(chi_square(&[5.0], &[7.0]), None);
        assert_eq!(chi_square(&[0.0, 0.0], &[1.0, 2.0]), None);
        assert_eq!(z_test(0.0, 0.0, 1.0, 2.0), None);
        assert_eq!(z_test(0.0, 5.0, 0.0, 2.0), Some((0.0, 1.0)));
        assert_eq!(jensen_shannon(&[0.0], &[1.0]), None);
        assert_eq!(ks_p(0.0, 10.0, 10.0), 1.0);
    }

    #[test]
    fn wasserstein_of_a_shift_is_the_shift() {
        let ranks = [0.0, 0.25, 0.5, 1.0];
        near(wasserstein(&ranks, &[0.0, 1.0, 2.0, 4.0], &[3.0, 4.0, 5.0, 7.0]), 3.0);
        near(wasserstein(&[0.0, 1.0], &[0.0, 1.0], &[1.0, 0.0]), 0.5);
        assert_eq!(wasserstein(&ranks, &[1.0; 4], &[1.0; 4]), 0.0);
    }

    fn share(sorted: &[f64], fits: impl Fn(f64) -> bool) -> f64 {
        sorted.iter().filter(|v| fits(**v)).count() as f64 / sorted.len() as f64
    }

    /// Type 7 of Hyndman and Fan, as the profile has it.
    fn quantile(sorted: &[f64], rank: f64) -> f64 {
        let place = (sorted.len() - 1) as f64 * rank;
        let low = sorted[place.floor() as usize];
        low + (sorted[place.ceil() as usize] - low) * place.fract()
    }

    proptest! {
        #[test]
        fn the_distance_is_never_overstated(
            mut a in proptest::collection::vec(-20_i32..20, 1..60),
            mut b in proptest::collection::vec(-20_i32..20, 1..60),
        ) {
            a.sort_unstable();
            b.sort_unstable();
            let (a, b): (Vec<f64>, Vec<f64>) = (a.into_iter().map(f64::from).collect(), b.into_iter().map(f64::from).collect());
            let knots: Vec<(f64, f64)> =
                [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0].iter().map(|r| (*r, quantile(&a, *r))).collect();
            let found = ks_distance(&knots, a.len() as f64, |v| (share(&b, |x| x < v), share(&b, |x| x <= v)));
            let real = a.iter().chain(&b).map(|v| (share(&a, |x| x <= *v) - share(&b, |x| x <= *v)).abs()).fold(0.0, f64::max);
            prop_assert!(found <= real + 1e-12, "{found} over {real}");
            let same = ks_distance(&knots, a.len() as f64, |v| (share(&a, |x| x < v), share(&a, |x| x <= v)));
            prop_assert_eq!(same, 0.0);
        }
    }
}

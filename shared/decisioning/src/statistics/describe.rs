//! Sums, means, spreads and quantiles.

/// The sum, the same for every order of the values: they are added in rising order with Neumaier's compensation.
#[must_use]
pub fn sum(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    compensated(sorted.iter().copied())
}

/// The sum in the given order, with Neumaier's compensation (Neumaier 1974).
pub fn compensated(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    if total.is_finite() { total + lost } else { total }
}

/// The arithmetic mean.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values) / values.len() as f64)
}

/// The sample variance, with n - 1.
#[must_use]
pub fn variance(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    let squares: Vec<f64> = values.iter().map(|v| (v - centre) * (v - centre)).collect();
    (values.len() > 1).then(|| sum(&squares) / (values.len() - 1) as f64)
}

/// The sample standard deviation.
#[must_use]
pub fn deviation(values: &[f64]) -> Option<f64> {
    variance(values).map(f64::sqrt)
}

/// The standard deviation as a share of the mean's size.
#[must_use]
pub fn variation(values: &[f64]) -> Option<f64> {
    let centre = mean(values).filter(|m| *m != 0.0)?;
    Some(deviation(values)? / centre.abs())
}

/// A quantile with linear interpolation between neighbours (type 7 of Hyndman and Fan); `share` is 0 to 1.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_sorted(&sorted, share)
}

/// [`quantile`] of values that are in rising order already.
#[must_use]
pub fn quantile_sorted(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = sorted[(below + 1).min(last)];
    Some(sorted[below] + (above - sorted[below]) * (place - below as f64))
}

/// The median.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The median absolute deviation from the median, times 1.4826: the standard deviation of a normal distribution.
#[must_use]
pub fn median_absolute_deviation(values: &[f64]) -> Option<f64> {
    let centre = median(values)?;
    let distances: Vec<f64> = values.iter().map(|v| (v - centre).abs()).collect();
    median(&distances).map(|m| m * 1.4826)
}

/// The autocorrelation at a lag.
#[must_use]
pub fn autocorrelation(series: &[f64], lag: usize) -> Option<f64> {
    let centre = mean(series)?;
    let whole = compensated(series.iter().map(|v| (v - centre) * (v - centre)));
    let pairs = series.iter().zip(series.get(lag..)?);
    let shared = compensated(pairs.map(|(a, b)| (a - centre) * (b - centre)));
    (whole > 0.0 && lag < series.len()).then(|| shared / whole)
}

/// Ranks from 1; equal values share the mean of their ranks.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let equal = order[first..].iter().take_while(|i| values[**i] == values[order[first]]).count().max(1);
        let rank = first as f64 + (equal as f64 + 1.0) / 2.0;
        order[first..first + equal].iter().for_each(|i| ranks[*i] = rank);
        first += equal;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let check = |values: &[f64], share, expected| assert_eq!(quantile(values, share), expected, "{values:?}");
        check(&[], 0.5, None);
        check(&[3.0], 0.9, Some(3.0));
        check(&[4.0, 1.0, 3.0, 2.0], 0.5, Some(2.5));
        check(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25, Some(2.0));
        check(&[1.0, 2.0], 2.0, Some(2.0));
    }

    #[test]
    fn spreads() {
        assert_eq!(variance(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), Some(32.0 / 7.0));
        assert_eq!((deviation(&[1.0]), variation(&[-1.0, 1.0])), (None, None));
        assert_eq!(median_absolute_deviation(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]), Some(1.4826));
        assert_eq!(autocorrelation(&[1.0, 1.0], 1), None);
        assert_eq!(autocorrelation(&[1.0, -1.0, 1.0, -1.0], 2), Some(0.5));
    }

    #[test]
    fn equal_values_share_a_rank() {
        assert_eq!(ranks(&[10.0, 20.0, 10.0, 5.0]), [2.5, 4.0, 2.5, 1.0]);
        assert_eq!(ranks(&[f64::NAN]), [1.0]);
    }

    proptest! {
        #[test]
        fn the_order_of_terms_does_not_matter(mut values in proptest::collection::vec(-1e12_f64..1e12, 0..50)) {
            let before = sum(&values);
            values.reverse();
            prop_assert_eq!(sum(&values).to_bits(), before.to_bits());
        }
    }
}

//! How strongly two columns move together, on the row sample.
//!
//! Numbers: Spearman's rank correlation with average ranks for ties. Categories: Cramér's V with
//! Bergsma's bias correction (2013).

use std::collections::BTreeMap;

use super::column::Sampled;

/// Ranks of the numbers of a column, averaged over ties; NaN where there is none.
pub(crate) fn ranks(sample: &[Sampled]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..sample.len()).filter(|i| sample[*i].number.is_finite()).collect();
    order.sort_by(|a, b| sample[*a].number.total_cmp(&sample[*b].number));
    let mut ranks = vec![f64::NAN; sample.len()];
    let mut start = 0;
    while start < order.len() {
        let value = sample[order[start]].number;
        let tied = order[start..].iter().take_while(|i| sample[**i].number == value).count();
        let rank = start as f64 + (tied as f64 + 1.0) / 2.0;
        order[start..start + tied].iter().for_each(|i| ranks[*i] = rank);
        start += tied;
    }
    ranks
}

/// Pearson's correlation over the rows where both are numbers; `None` below three rows or without spread.
pub(crate) fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let both = || a.iter().zip(b).filter(|(a, b)| a.is_finite() && b.is_finite());
    let n = both().count() as f64;
    if n < 3.0 {
        return None;
    }
    let mean_a = both().map(|p| p.0).sum::<f64>() / n;
    let mean_b = both().map(|p| p.1).sum::<f64>() / n;
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in both() {
        let (da, db) = (a - mean_a, b - mean_b);
        (aa, bb, ab) = (aa + da * da, bb + db * db, ab + da * db);
    }
    (aa > 0.0 && bb > 0.0).then(|| (ab / (aa * bb).sqrt()).clamp(-1.0, 1.0))
}

/// Bias-corrected Cramér's V over the rows where both have a value.
pub(crate) fn cramers_v(a: &[Sampled], b: &[Sampled]) -> Option<f64> {
    let (mut cells, mut rows, mut columns) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut n = 0.0;
    for (a, b) in a.iter().zip(b).filter(|(a, b)| a.hash != 0 && b.hash != 0) {
        *cells.entry((a.hash, b.hash)).or_insert(0.0) += 1.0;
        *rows.entry(a.hash).or_insert(0.0) += 1.0;
        *columns.entry(b.hash).or_insert(0.0) += 1.0;
        n += 1.0;
    }
    if n < 3.0 || rows.len() < 2 || columns.len() < 2 {
        return None;
    }
    // Chi-square / n without visiting empty cells: the sum of observed squared over the margins, less one.
    let ratio = |((r, c), seen): (&(u64, u64), &f64)| seen * seen / (rows[r] * columns[c]);
    let phi2 = cells.iter().map(ratio).sum::<f64>() - 1.0;
    let (r, c) = (rows.len() as f64, columns.len() as f64);
    let corrected = (phi2 - (r - 1.0) * (c - 1.0) / (n - 1.0)).max(0.0);
    let narrow = |k: f64| k - (k - 1.0).powi(2) / (n - 1.0);
    let least = (narrow(r) - 1.0).min(narrow(c) - 1.0);
    (least > 0.0).then(|| (corrected / least).sqrt().min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(values: &[f64]) -> Vec<Sampled> {
        values.iter().map(|v| Sampled { hash: v.to_bits() | 1, number: *v }).collect()
    }

    #[test]
    fn rank_correlation_ignores_the_scale() {
        let (a, b) = (sampled(&[1.0, 2.0, 3.0, 4.0]), sampled(&[1.0, 8.0, 27.0, 64.0]));
        assert_eq!(pearson(&ranks(&a), &ranks(&b)), Some(1.0));
        assert_eq!(ranks(&sampled(&[3.0, 1.0, 3.0])), [2.5, 1.0, 2.5]);
        assert_eq!(pearson(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn categories() {
        let a = sampled(&[1.0, 2.0].repeat(50));
        assert!((cramers_v(&a, &a).unwrap() - 1.0).abs() < 1e-9);
        let b = sampled(&[1.0, 1.0, 2.0, 2.0].repeat(25));
        assert_eq!(cramers_v(&a, &b), Some(0.0));
    }
}

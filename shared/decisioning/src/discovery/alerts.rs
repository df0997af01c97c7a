//! What stands out in a table, after the catalogue and the thresholds that ydata-profiling made usual.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::correlate;
use super::keys::Duplicates;
use super::profile::{ColumnProfile, LogicalType, Semantics};
use super::sketches::{Rendered, rendered};
use super::summarise::CATEGORY_LIMIT;
use super::table::Table;

/// Share from which zeros, nulls and infinities are worth a word.
pub const SHARE_LIMIT: f64 = 0.01;
/// Absolute skewness.
pub const SKEWNESS_LIMIT: f64 = 20.0;
/// One less the entropy relative to equal shares.
pub const IMBALANCE_LIMIT: f64 = 0.5;
/// Absolute rank correlation or Cramér's V.
pub const CORRELATION_LIMIT: f64 = 0.5;
/// p of a chi-square test against equal shares.
pub const UNIFORM_LIMIT: f64 = 0.999;
/// Columns whose correlation with each other is computed.
const CORRELATED_COLUMNS: usize = 40;
/// Alerts of one table that are kept.
pub(crate) const MAX_ALERTS: usize = 500;

/// Alerts of the catalogue that are not computed, with the reason.
pub const NOT_COMPUTED: [(&str, &str); 2] = [
    ("seasonal", "needs an ordered series; the strategy agent decomposes series"),
    ("non_stationary", "needs an ordered series; the strategy agent tests series"),
];

/// Something that stands out.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Alert {
    /// The kind: `constant`, `zeros`, `high_correlation`, `high_cardinality`, `duplicates`, `skewed`,
    /// `imbalance`, `missing`, `infinite`, `unique`, `constant_length`, `uniform`, `dirty_category`, `empty`.
    pub kind: &'static str,
    /// The columns it concerns; none for the table as a whole.
    pub columns: Vec<String>,
    /// The figure that was compared.
    pub value: Option<f64>,
    /// What it was compared with.
    pub threshold: Option<f64>,
    /// Whether the figure comes from all rows.
    pub exact: bool,
}

fn alert(kind: &'static str, column: &ColumnProfile, value: Option<f64>, threshold: Option<f64>, exact: bool) -> Alert {
    Alert { kind, columns: vec![column.name.clone()], value, threshold, exact }
}

/// The alerts of a table: those of the table, of its columns in their order, then of pairs of columns.
pub(crate) fn find(table: &Table, profiles: &[ColumnProfile], duplicates: &Duplicates) -> Vec<Alert> {
    let mut found = Vec::new();
    if table.rows == 0 && !table.is_unread() {
        found.push(Alert { kind: "empty", columns: Vec::new(), value: Some(0.0), threshold: None, exact: true });
    }
    if duplicates.row_count > 0 {
        let value = Some(duplicates.row_count as f64);
        found.push(Alert {
            kind: "duplicates",
            columns: Vec::new(),
            value,
            threshold: Some(0.0),
            exact: duplicates.exact,
        });
    }
    for (column, profile) in table.columns.iter().zip(profiles) {
        found.extend(of_shares(profile));
        found.extend(of_values(column, profile));
    }
    found.extend(correlations(table, profiles));
    found
}

fn of_shares(p: &ColumnProfile) -> Vec<Alert> {
    let rows = p.count.max(1) as f64;
    let figures = p.numeric.as_ref();
    let zeros = figures.map_or(0.0, |n| n.zero_count as f64 / rows);
    let infinite = figures.map_or(0.0, |n| n.infinite_count as f64 / rows);
    let missing = p.null_share.unwrap_or(0.0);
    let above = |kind, share: f64| (share > SHARE_LIMIT).then(|| alert(kind, p, Some(share), Some(SHARE_LIMIT), true));
    let mut found: Vec<Alert> =
        [above("missing", missing), above("zeros", zeros), above("infinite", infinite)].into_iter().flatten().collect();
    if p.logical_type == LogicalType::Empty && p.count > 0 {
        found.push(alert("empty", p, None, None, true));
    }
    found
}

fn of_values(column: &super::column::Column, p: &ColumnProfile) -> Vec<Alert> {
    if p.logical_type == LogicalType::Nested {
        return Vec::new();
    }
    let exact = p.distinct.exact;
    let is_nominal = matches!(p.logical_type, LogicalType::Text | LogicalType::Boolean);
    let mut found = Vec::new();
    if p.distinct.value == 1 && p.filled() > 1 {
        found.push(alert("constant", p, Some(1.0), None, exact));
    }
    if p.unique == Some(true) && p.null_count == 0 && p.count > 1 {
        found.push(alert("unique", p, None, None, exact));
    }
    if is_nominal && p.distinct.value > CATEGORY_LIMIT && p.unique != Some(true) {
        found.push(alert("high_cardinality", p, Some(p.distinct.value as f64), Some(CATEGORY_LIMIT as f64), exact));
    }
    if let Some(skewness) = p.numeric.as_ref().and_then(|n| n.skewness).filter(|s| s.abs() > SKEWNESS_LIMIT) {
        found.push(alert("skewed", p, Some(skewness), Some(SKEWNESS_LIMIT), true));
    }
    if let Some(text) = p.text.as_ref().filter(|t| t.min_length == t.max_length && p.distinct.value > 1) {
        found.push(alert("constant_length", p, Some(text.max_length as f64), None, true));
    }
    found.extend(of_shape(column, p, is_nominal));
    found
}

/// Imbalance, uniformity and spelling variants, from counted values only.
fn of_shape(column: &super::column::Column, p: &ColumnProfile, is_nominal: bool) -> Vec<Alert> {
    let few = (2..=CATEGORY_LIMIT).contains(&p.distinct.value) && p.distinct.exact;
    if !few || !(is_nominal || p.semantics == Semantics::Category) {
        return Vec::new();
    }
    let counts: Vec<f64> = column.dictionary.entries().iter().map(|e| e.count as f64).collect();
    let mut found = Vec::new();
    let imbalance = imbalance(&counts);
    if imbalance > IMBALANCE_LIMIT {
        found.push(alert("imbalance", p, Some(imbalance), Some(IMBALANCE_LIMIT), true));
    }
    let likely = uniform_p(&counts);
    if let Some(value) = likely.filter(|v| *v > UNIFORM_LIMIT) {
        found.push(alert("uniform", p, Some(value), Some(UNIFORM_LIMIT), true));
    }
    let variants = spelling_variants(column);
    if variants > 0 {
        found.push(alert("dirty_category", p, Some(variants as f64), Some(0.0), true));
    }
    found
}

/// One less the entropy of the shares relative to that of equal shares.
fn imbalance(counts: &[f64]) -> f64 {
    let mut counts = counts.to_vec();
    // Summed in a fixed order, so that the order in which values came does not show in the last digit.
    counts.sort_by(f64::total_cmp);
    let total: f64 = counts.iter().sum();
    let entropy: f64 = counts.iter().map(|n| n / total).map(|share| -share * share.ln()).sum();
    1.0 - entropy / (counts.len() as f64).ln()
}

/// p of Pearson's chi-square test against equal shares.
fn uniform_p(counts: &[f64]) -> Option<f64> {
    let expected = counts.iter().sum::<f64>() / counts.len() as f64;
    let mut terms: Vec<f64> = counts.iter().map(|n| (n - expected).powi(2) / expected).collect();
    terms.sort_by(f64::total_cmp);
    let law = ChiSquared::new(counts.len() as f64 - 1.0).ok()?;
    Some(law.sf(terms.iter().sum()))
}

/// Values that differ from another only in case, blanks and punctuation.
fn spelling_variants(column: &super::column::Column) -> usize {
    let mut spellings: BTreeMap<String, usize> = BTreeMap::new();
    for entry in column.dictionary.entries() {
        if let Rendered::Text(text) = rendered(&column.dictionary.value(entry)) {
            let folded: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
            *spellings.entry(folded).or_insert(0) += usize::from(!text.is_empty());
        }
    }
    spellings.iter().filter(|(folded, n)| !folded.is_empty() && **n > 1).map(|(_, n)| n - 1).sum()
}

fn correlations(table: &Table, profiles: &[ColumnProfile]) -> Vec<Alert> {
    let varied = |p: &ColumnProfile| p.distinct.value > 1;
    let chosen = |fits: &dyn Fn(&ColumnProfile) -> bool| -> Vec<usize> {
        (0..profiles.len()).filter(|i| fits(&profiles[*i])).take(CORRELATED_COLUMNS).collect()
    };
    let numbers = chosen(&|p| p.logical_type.is_numeric() && p.semantics == Semantics::Measure && varied(p));
    let is_category =
        |p: &ColumnProfile| p.semantics == Semantics::Category && p.distinct.value <= CATEGORY_LIMIT && varied(p);
    let categories = chosen(&is_category);
    let ranks: Vec<Vec<f64>> = numbers.iter().map(|c| correlate::ranks(&table.columns[*c].sample)).collect();
    let exact = table.sample_is_whole();
    let mut found = Vec::new();
    let mut note = |a: usize, b: usize, value: Option<f64>| {
        if let Some(value) = value.filter(|v| v.abs() > CORRELATION_LIMIT) {
            let columns = vec![profiles[a].name.clone(), profiles[b].name.clone()];
            found.push(Alert {
                kind: "high_correlation",
                columns,
                value: Some(value),
                threshold: Some(CORRELATION_LIMIT),
                exact,
            });
        }
    };
    for (i, &a) in numbers.iter().enumerate() {
        for (j, &b) in numbers.iter().enumerate().skip(i + 1) {
            note(a, b, correlate::pearson(&ranks[i], &ranks[j]));
        }
    }
    for (i, &a) in categories.iter().enumerate() {
        for &b in &categories[i + 1..] {
            note(a, b, correlate::cramers_v(&table.columns[a].sample, &table.columns[b].sample));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imbalance_and_uniformity() {
        assert!(imbalance(&[50.0, 50.0]).abs() < 1e-12);
        assert!(imbalance(&[990.0, 10.0]) > 0.9);
        assert!(uniform_p(&[100.0, 100.0, 100.0]).unwrap() > UNIFORM_LIMIT);
        assert!(uniform_p(&[100.0, 150.0]).unwrap() < 0.01);
    }
}

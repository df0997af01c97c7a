//! One column then and now: which measure fits, and what it says.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::baseline::{EarlierColumn, EarlierNumbers, EarlierTop};
use super::measures::{chi_square, jensen_shannon, ks_distance, ks_p, wasserstein, z_test};
use super::{ColumnDrift, DISTANCE_LIMIT, P_LIMIT, TEST_ROWS};
use crate::dataset::Cell;
use crate::dataset::cell::Reading;
use crate::discovery::dictionary::Dictionary;
use crate::discovery::profile::{ColumnProfile, LogicalType, NumericProfile, Semantics};
use crate::discovery::summarise::{self, MASK};

/// Names and ranks of the quantiles that both results have.
const QUANTILES: [(&str, f64); 7] =
    [("p01", 0.01), ("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95), ("p99", 0.99)];
/// Different numbers up to which they are categories.
const MAX_NUMBER_CATEGORIES: u64 = 5;
/// Characters from which on a text may have been cut.
const CUT_TEXT: usize = 200;
/// Categories that are compared one by one.
const MAX_CATEGORIES: usize = 1000;
/// Occurrences on both sides together that a category of its own needs.
const LEAST_COUNT: u64 = 5;
/// Standard deviation that a distance is divided by at least, so that constant columns can be compared.
const LEAST_DEVIATION: f64 = 0.001;

/// Compares a column; the reason when that cannot be done.
pub(super) fn column(
    before: &EarlierColumn,
    now: &ColumnProfile,
    values: &Dictionary,
    rows_before: u64,
) -> Result<ColumnDrift, &'static str> {
    let tests = rows_before <= TEST_ROWS;
    let filled_before = before.count.saturating_sub(before.null_count);
    if filled_before == 0 || now.filled() == 0 {
        return Err("the column has no values on one side");
    }
    if now.logical_type.is_temporal() {
        return Err("dates move on by their nature; their span is in the profile");
    }
    if now.semantics == Semantics::Identifier || now.logical_type == LogicalType::Nested {
        return Err("values that name things, and lists, are not compared");
    }
    let (measure, statistic, p_value) = match (&before.numeric, &now.numeric) {
        (Some(a), Some(b)) if !is_category(before, now) => numbers(a, b, values, tests)?,
        _ => categories(before, now, values, filled_before, tests)?,
    };
    let (threshold, drifted) = match p_value {
        Some(p) => (P_LIMIT, p < P_LIMIT),
        None => (DISTANCE_LIMIT, statistic >= DISTANCE_LIMIT),
    };
    Ok(ColumnDrift {
        column: now.name.clone(),
        measure,
        statistic,
        p_value,
        threshold,
        drifted,
        null_share_before: summarise::share(before.null_count.min(before.count), before.count),
        null_share_now: now.null_share,
    })
}

/// Few numbers on both sides; the earlier ones all have to be among the most frequent values.
fn is_category(before: &EarlierColumn, now: &ColumnProfile) -> bool {
    let few = |count: u64, exact: bool| exact && count <= MAX_NUMBER_CATEGORIES;
    few(before.distinct.value, before.distinct.exact)
        && now.distinct.exact
        && before.top.exact
        && before.top.values.len() as u64 >= before.distinct.value
}

type Measured = (&'static str, f64, Option<f64>);

fn numbers(
    before: &EarlierNumbers,
    now: &NumericProfile,
    values: &Dictionary,
    tests: bool,
) -> Result<Measured, &'static str> {
    let knots = knots(before).ok_or("the earlier result has no quantiles of the column")?;
    if !tests {
        let quantile = |name: &str| now.quantiles.get(name).copied();
        let today: Option<Vec<f64>> = QUANTILES.iter().map(|(name, _)| quantile(name)).collect();
        let today = today.ok_or("the column has no quantiles")?;
        let (ranks, earlier): (Vec<f64>, Vec<f64>) = knots[1..knots.len() - 1].iter().copied().unzip();
        let deviation = before.standard_deviation.unwrap_or(0.0).max(LEAST_DEVIATION);
        let distance = wasserstein(&ranks, &earlier, &today) / deviation;
        return finite("wasserstein", distance, None);
    }
    let counts = counts(values)?;
    let (n, m) = (before.count as f64, now.count as f64);
    let distance = ks_distance(&knots, n, |value| {
        let below = counts.partition_point(|(number, _)| *number < value);
        let up_to = counts.partition_point(|(number, _)| *number <= value);
        let share = |place: usize| if place == 0 { 0.0 } else { counts[place - 1].1 / m };
        (share(below), share(up_to))
    });
    finite("kolmogorov_smirnov", distance, Some(ks_p(distance, n, m)))
}

fn finite(measure: &'static str, statistic: f64, p_value: Option<f64>) -> Result<Measured, &'static str> {
    let is_sound = statistic.is_finite() && p_value.is_none_or(f64::is_finite);
    if is_sound { Ok((measure, statistic, p_value)) } else { Err("the numbers are too large to compare") }
}

/// Ranks and values of the earlier quantiles with both ends, if they are all there and rise.
fn knots(before: &EarlierNumbers) -> Option<Vec<(f64, f64)>> {
    if before.count == 0 {
        return None;
    }
    let inner: Option<Vec<(f64, f64)>> =
        QUANTILES.iter().map(|(name, rank)| Some((*rank, *before.quantiles.get(*name)?))).collect();
    let knots = [vec![(0.0, before.min)], inner?, vec![(1.0, before.max)]].concat();
    knots.windows(2).all(|pair| pair[0].1 <= pair[1].1).then_some(knots)
}

/// The finite numbers in rising order, each with how many there are up to it.
fn counts(values: &Dictionary) -> Result<Vec<(f64, f64)>, &'static str> {
    if !values.is_exact() {
        return Err("the column has more different values than are counted");
    }
    let numbers = values.entries().iter().filter_map(|entry| Some((values.value(entry).as_f64()?, entry.count as f64)));
    let mut counts: Vec<(f64, f64)> = numbers.filter(|(number, _)| number.is_finite()).collect();
    counts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sum = 0.0;
    for (_, count) in &mut counts {
        sum += *count;
        *count = sum;
    }
    Ok(counts)
}

fn categories(
    before: &EarlierColumn,
    now: &ColumnProfile,
    values: &Dictionary,
    filled_before: u64,
    tests: bool,
) -> Result<Measured, &'static str> {
    if !before.top.exact {
        return Err("the earlier counts of the values are estimates");
    }
    if !values.is_exact() {
        return Err("the column has more different values than are counted");
    }
    let (first, second) = paired(&before.top, filled_before, values, now.filled());
    if first.is_empty() {
        return Err("the earlier values are masked, or each occurs too rarely");
    }
    if !tests {
        let distance = jensen_shannon(&first, &second).ok_or(EMPTY_SIDE)?;
        return finite("jensen_shannon", distance, None);
    }
    let (n, m) = (first.iter().sum(), second.iter().sum());
    if let ([a, _], [b, _]) = (first.as_slice(), second.as_slice()) {
        let (z, p) = z_test(*a, n, *b, m).ok_or(EMPTY_SIDE)?;
        return finite("z", z, Some(p));
    }
    // A value that is the only one on both sides has not changed.
    let (statistic, p) = chi_square(&first, &second).unwrap_or((0.0, 1.0));
    finite("chi_square", statistic, Some(p))
}

const EMPTY_SIDE: &str = "the column has no values on one side";

/// Counts of the earlier most frequent values then and now, and last of all others together, to which those
/// belong that are too rare for a chi-square test.
fn paired(before: &EarlierTop, filled_before: u64, values: &Dictionary, filled_now: u64) -> (Vec<f64>, Vec<f64>) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let (mut rest_before, mut rest_now) = (filled_before, filled_now);
    let mut seen = BTreeSet::new();
    for entry in before.values.iter().take(MAX_CATEGORIES) {
        let Some(hash) = hash(&entry.value).filter(|hash| seen.insert(*hash)) else { continue };
        // A result that was tampered with may count more than there was.
        let (count_before, count) = (entry.count.min(rest_before), values.count(hash));
        if count_before.saturating_add(count) < LEAST_COUNT {
            continue;
        }
        rest_before -= count_before;
        rest_now -= count;
        first.push(count_before as f64);
        second.push(count as f64);
    }
    if !first.is_empty() && rest_before + rest_now > 0 {
        first.push(rest_before as f64);
        second.push(rest_now as f64);
    }
    (first, second)
}

/// The hash that the value has in a dictionary; `None` where it does not stand for itself.
fn hash(value: &Json) -> Option<u64> {
    let cell = match value {
        Json::String(text) if text == MASK || text.chars().count() >= CUT_TEXT => return None,
        Json::String(text) => Cell::Text(text),
        Json::Bool(value) => Cell::Bool(*value),
        Json::Number(number) => number.as_i64().map(Cell::Int).or_else(|| number.as_f64().map(Cell::Float))?,
        _ => return None,
    };
    match cell.read() {
        Reading::Value(value, _) => Some(value.hash()),
        Reading::Null(_) => None,
    }
}

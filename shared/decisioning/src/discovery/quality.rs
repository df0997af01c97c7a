//! How good the data is, 0 to 1, in five parts with published weights.
//!
//! A part that cannot be computed is absent with its reason, and the other weights are scaled up; there
//! are no default scores. Completeness is the share of filled cells; validity the share of cells of their
//! column's type, times the share of well-formed rows; uniqueness the share of rows that do not repeat
//! (for columns: of identifiers); consistency the mean pass share of the checks; timeliness falls from 1
//! at an age of two cadences to 0 at twelve.

use schemars::JsonSchema;
use serde::Serialize;

use super::column::Sampled;
use super::domains::Roles;
use super::keys::Duplicates;
use super::profile::{ColumnProfile, DateProfile, Semantics};
use super::table::Table;

/// Names and weights of the parts.
pub const WEIGHTS: [(&str, f64); 5] =
    [("completeness", 0.30), ("validity", 0.25), ("uniqueness", 0.15), ("consistency", 0.20), ("timeliness", 0.10)];

/// Share of rows from which an arithmetic identity between columns is taken as meant.
const IDENTITY_SHARE: f64 = 0.9;

/// One part of a score.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Its weight before scaling.
    pub weight: f64,
    /// 0 to 1; absent when it cannot be computed.
    pub value: Option<f64>,
    /// Why it is absent.
    pub reason: Option<&'static str>,
}

/// A score with its parts.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Score {
    /// 0 to 1; absent when no part can be computed.
    pub value: Option<f64>,
    /// The parts in the order of [`WEIGHTS`].
    pub parts: Vec<Part>,
}

/// The score of a column.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ColumnQuality {
    /// The column.
    pub column: String,
    /// Its score.
    #[serde(flatten)]
    pub score: Score,
}

/// A rule across columns and how many rows keep it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// The rule: `dates_ordered`, `not_negative` or `product_identity`.
    pub rule: &'static str,
    /// The columns it compares.
    pub columns: Vec<String>,
    /// Rows that could be checked.
    pub rows: u64,
    /// Rows that break it.
    pub violations: u64,
    /// Whether all rows were checked.
    pub exact: bool,
}

/// The score of a table, of its columns, and the checks behind them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TableQuality {
    /// The table's score.
    #[serde(flatten)]
    pub score: Score,
    /// The scores of its columns.
    pub columns: Vec<ColumnQuality>,
    /// The checks behind `consistency`.
    pub checks: Vec<Check>,
}

type PartResult = Result<f64, &'static str>;

/// Weighs the parts that there are.
pub(crate) fn score(parts: [PartResult; 5]) -> Score {
    let parts: Vec<Part> = WEIGHTS
        .iter()
        .zip(parts)
        .map(|((name, weight), part)| Part { name, weight: *weight, value: part.ok(), reason: part.err() })
        .collect();
    let known = || parts.iter().filter_map(|p| Some((p.weight, p.value?)));
    let weight: f64 = known().map(|p| p.0).sum();
    let value = (weight > 0.0).then(|| known().map(|(weight, value)| weight * value).sum::<f64>() / weight);
    Score { value, parts }
}

/// Mean of the scores, each part and the whole, weighted by cells.
pub(crate) fn combined(tables: &[(&Score, u64)]) -> Score {
    let mean = |index: usize| {
        let known = || tables.iter().filter_map(|(s, cells)| Some((s.parts[index].value?, *cells as f64)));
        let cells: f64 = known().map(|k| k.1).sum();
        let reason = tables.iter().find_map(|(s, _)| s.parts[index].reason).unwrap_or("there is no table with rows");
        if cells > 0.0 { Ok(known().map(|(value, cells)| value * cells).sum::<f64>() / cells) } else { Err(reason) }
    };
    score([0, 1, 2, 3, 4].map(mean))
}

/// What the score of a table is made of.
pub(crate) struct Basis<'a> {
    pub(crate) table: &'a Table,
    pub(crate) columns: &'a [ColumnProfile],
    pub(crate) roles: &'a Roles,
    pub(crate) duplicates: &'a Duplicates,
    pub(crate) malformed_rows: u64,
    /// Days since 1970-01-01 of the day to judge against.
    pub(crate) as_of_days: Option<i64>,
}

const NO_ROWS: &str = "the table has no rows that were read";
const NOT_COMPARED: &str = "rows that repeat another may differ in nested columns, which cannot be compared";

/// Scores a table.
pub(crate) fn table(basis: &Basis<'_>) -> TableQuality {
    let checks = checks(basis);
    let columns: Vec<ColumnQuality> = basis.columns.iter().map(|p| column(basis, p, &checks)).collect();
    let cells: u64 = basis.columns.iter().map(|p| p.count).sum();
    let filled: u64 = basis.columns.iter().map(ColumnProfile::filled).sum();
    let typed = || basis.columns.iter().filter_map(|p| Some((p.conforming_share?, p.filled())));
    let judged: u64 = typed().map(|(_, filled)| filled).sum();
    let conforming: f64 = typed().map(|(share, filled)| share * filled as f64).sum();
    let rows = basis.table.rows + basis.malformed_rows.min(u64::from(basis.table.rows == 0));
    let well_formed = 1.0 - (basis.malformed_rows as f64 / rows.max(1) as f64).min(1.0);
    let repeated = basis.duplicates.row_count.max(basis.duplicates.ignoring_row_ids.unwrap_or(0));
    let unique = 1.0 - repeated as f64 / basis.table.rows.max(1) as f64;
    let given = |whole: u64, value: f64| if whole > 0 { Ok(value) } else { Err(NO_ROWS) };
    let score = score([
        given(cells, filled as f64 / cells.max(1) as f64),
        given(judged, conforming / judged.max(1) as f64 * well_formed),
        if repeated > 0 && basis.table.holds_nested() { Err(NOT_COMPARED) } else { given(basis.table.rows, unique) },
        pass_share(checks.iter()),
        timeliness(basis),
    ]);
    TableQuality { score, columns, checks }
}

fn column(basis: &Basis<'_>, p: &ColumnProfile, checks: &[Check]) -> ColumnQuality {
    let uniqueness = if p.semantics != Semantics::Identifier {
        Err("the column is no identifier")
    } else if !basis.duplicates.row_id_columns.contains(&p.name) {
        Err("the identifier names things that may occur in several rows")
    } else {
        Ok(p.distinct.value as f64 / p.filled().max(1) as f64)
    };
    let own = checks.iter().filter(|c| c.columns.contains(&p.name));
    let score = score([
        p.null_share.map(|share| 1.0 - share).ok_or(NO_ROWS),
        p.conforming_share.ok_or("the column has no values"),
        uniqueness,
        pass_share(own),
        p.dates.as_ref().ok_or("the column holds no dates").and_then(|d| age_score(d, basis.as_of_days)),
    ]);
    ColumnQuality { column: p.name.clone(), score }
}

fn pass_share<'a>(checks: impl Iterator<Item = &'a Check>) -> PartResult {
    let shares: Vec<f64> = checks.map(|c| 1.0 - c.violations as f64 / c.rows.max(1) as f64).collect();
    if shares.is_empty() {
        return Err("no rule across columns applies");
    }
    Ok(shares.iter().sum::<f64>() / shares.len() as f64)
}

/// Judges the column of dates that leads the table.
fn timeliness(basis: &Basis<'_>) -> PartResult {
    let leading = basis.roles.get("order_date").or_else(|| basis.roles.get("date")).and_then(|names| names.first());
    let dates = basis.columns.iter().find(|p| Some(&p.name) == leading).and_then(|p| p.dates.as_ref());
    age_score(dates.ok_or("the table has no dates")?, basis.as_of_days)
}

fn age_score(dates: &DateProfile, as_of_days: Option<i64>) -> PartResult {
    let as_of = as_of_days.ok_or("the request names no as_of day")?;
    let cadence = dates.cadence_days.ok_or("the cadence of the dates is not known")?.max(1.0);
    let last = crate::dataset::date::parse(&dates.last).ok_or("the last date is not readable")?.moment.days();
    let cadences = (as_of - last) as f64 / cadence;
    Ok((1.0 - (cadences - 2.0) / 10.0).clamp(0.0, 1.0))
}

fn checks(basis: &Basis<'_>) -> Vec<Check> {
    let role = |name: &str| basis.roles.get(name).and_then(|names| names.first());
    let mut found = Vec::new();
    for (early, late) in [("order_date", "ship_date"), ("order_date", "due_date"), ("order_date", "paid_date")] {
        if let (Some(a), Some(b)) = (role(early), role(late))
            && a != b
        {
            found.extend(check(basis, "dates_ordered", &[a, b], |v| Some(v[0] <= v[1])));
        }
    }
    for name in ["quantity", "price"].iter().filter_map(|r| role(r)) {
        found.extend(check(basis, "not_negative", &[name], |v| Some(v[0] >= 0.0)));
    }
    if let (Some(quantity), Some(price), Some(amount)) = (role("quantity"), role("price"), role("amount")) {
        let holds = |v: &[f64]| Some((v[0] * v[1] - v[2]).abs() <= 0.01_f64.max(v[2].abs() * 1e-6));
        let identity = check(basis, "product_identity", &[quantity, price, amount], holds);
        // Columns that rarely agree are different things, not wrong ones.
        found.extend(identity.filter(|c| c.violations as f64 <= (1.0 - IDENTITY_SHARE) * c.rows as f64));
    }
    found
}

fn check(
    basis: &Basis<'_>,
    rule: &'static str,
    names: &[&String],
    keeps: impl Fn(&[f64]) -> Option<bool>,
) -> Option<Check> {
    let position = |name: &&String| basis.columns.iter().position(|p| p.name == **name);
    let columns: Vec<usize> = names.iter().map(position).collect::<Option<_>>()?;
    let (mut rows, mut violations) = (0, 0);
    for row in 0..basis.table.sample_rows.len() {
        let values: Vec<f64> =
            columns.iter().map(|c| basis.table.sampled(*c, row)).map(|s: Sampled| s.number).collect();
        if values.iter().all(|v| v.is_finite()) {
            rows += 1;
            violations += u64::from(keeps(&values) == Some(false));
        }
    }
    let columns = names.iter().map(|n| (*n).clone()).collect();
    (rows > 0).then_some(Check { rule, columns, rows, violations, exact: basis.table.sample_is_whole() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_parts_do_not_count() {
        let s = score([Ok(1.0), Ok(0.5), Err("x"), Err("x"), Err("x")]);
        assert!((s.value.unwrap() - (0.30 + 0.125) / 0.55).abs() < 1e-12);
        assert_eq!(score([Err("x"); 5]).value, None);
        assert!((WEIGHTS.iter().map(|w| w.1).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn age_is_judged_by_the_cadence() {
        let dates = |cadence| DateProfile {
            first: "2016-01-01".into(),
            last: "2016-01-31".into(),
            span_days: 30,
            cadence: None,
            cadence_days: cadence,
            day_month_order: None,
        };
        let day = |text: &str| Some(crate::dataset::date::parse(text).unwrap().moment.days());
        assert_eq!(age_score(&dates(Some(1.0)), day("2016-02-01")), Ok(1.0));
        assert_eq!(age_score(&dates(Some(1.0)), day("2016-02-07")), Ok(0.5));
        assert_eq!(age_score(&dates(Some(1.0)), day("2017-01-01")), Ok(0.0));
        assert!(age_score(&dates(Some(1.0)), None).is_err() && age_score(&dates(None), Some(0)).is_err());
    }
}

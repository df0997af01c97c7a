//! What has changed since an earlier survey of the same data.
//!
//! Evidently's rule of thumb chooses the measure: up to 1,000 rows then, a test (Kolmogorov-Smirnov for numbers,
//! chi-square for categories, z for two of them) at p < 0.05; above, a distance (Wasserstein's over the standard
//! deviation for numbers, Jensen-Shannon's for categories) from 0.1 on. Numbers with at most five values are
//! categories.
//!
//! An earlier result holds quantiles and the most frequent values, not all values, so distances between numbers
//! are known at the quantiles only: Kolmogorov-Smirnov's is a lower bound (drift that it shows is there), and
//! Wasserstein's is taken between the 1st and the 99th percentile. Less frequent categories count as one.

pub mod baseline;

mod compare;
mod measures;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::data::NotComputed;
use super::profile::{ColumnProfile, LogicalType, TableProfile};
use super::table::Table;
use baseline::{EarlierColumn, EarlierResult, EarlierTable};

/// Rows of the earlier table up to which tests are made.
pub const TEST_ROWS: u64 = 1_000;
/// p below which a test shows drift.
pub const P_LIMIT: f64 = 0.05;
/// Distance from which on a column has drifted.
pub const DISTANCE_LIMIT: f64 = 0.1;
/// Share of drifted columns from which on a table has drifted.
pub const TABLE_SHARE: f64 = 0.5;

/// What has changed since the earlier survey.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Drift {
    /// When the earlier survey began.
    pub baseline_timestamp: Option<String>,
    /// The tables that there were then and are now.
    pub tables: Vec<TableDrift>,
    /// Objects that hold a table now and did not then.
    pub tables_added: Vec<String>,
    /// Objects below the surveyed sources that held a table then and show none now; none where objects were
    /// deferred.
    pub tables_removed: Vec<String>,
}

/// What has changed in a table.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TableDrift {
    /// The table.
    pub table: String,
    /// Its object then.
    pub object_before: String,
    /// Rows read then.
    pub rows_before: u64,
    /// Rows read now.
    pub rows_now: u64,
    /// Whether both surveys read all of the object.
    pub complete: bool,
    /// Columns that there were not; absent when the earlier result does not list all of its columns.
    pub columns_added: Option<Vec<String>>,
    /// Columns that are gone.
    pub columns_removed: Vec<String>,
    /// Columns whose values are of another type now.
    pub types_changed: Vec<TypeChange>,
    /// The columns that could be compared, in their order.
    pub columns: Vec<ColumnDrift>,
    /// Columns that could not, with the reason.
    pub not_compared: Vec<NotComputed>,
    /// How many of the compared columns have drifted.
    pub drifted_columns: usize,
    /// Whether that is half of them or more; absent when none could be compared.
    pub drifted: Option<bool>,
}

/// Another type than before.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TypeChange {
    /// The column.
    pub column: String,
    /// The type then.
    pub before: LogicalType,
    /// The type now.
    pub now: LogicalType,
}

/// How far the values of a column have moved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ColumnDrift {
    /// The column.
    pub column: String,
    /// `kolmogorov_smirnov`, `chi_square`, `z`, `wasserstein` (over the earlier standard deviation) or
    /// `jensen_shannon` (natural units, at most 0.83).
    pub measure: &'static str,
    /// Its value; of Kolmogorov-Smirnov's distance a lower bound.
    pub statistic: f64,
    /// p of a test; of Kolmogorov-Smirnov's an upper bound.
    pub p_value: Option<f64>,
    /// What p or the distance is compared with.
    pub threshold: f64,
    /// Whether the column has drifted.
    pub drifted: bool,
    /// Share of null cells then; absent without rows.
    pub null_share_before: Option<f64>,
    /// Share of null cells now; absent without rows.
    pub null_share_now: Option<f64>,
}

/// Compares with an earlier survey, table by table as they come.
pub(crate) struct Comparison {
    earlier: EarlierResult,
    /// Whether each earlier table has been found again.
    found: Vec<bool>,
    drift: Drift,
}

impl Comparison {
    pub(crate) fn new(earlier: EarlierResult) -> Self {
        let timestamp = earlier.timestamp.as_deref().map(|text| text.chars().take(40).collect());
        let drift = Drift { baseline_timestamp: timestamp, ..Drift::default() };
        Self { found: vec![false; earlier.data.tables.len()], earlier, drift }
    }

    /// Takes a table that was read with its profile; `is_only` says that there is no other object.
    pub(crate) fn take(&mut self, profile: &TableProfile, table: &Table, is_only: bool) {
        let Some(position) = self.position(&profile.name, &profile.object, is_only) else {
            return self.drift.tables_added.push(profile.object.clone());
        };
        self.found[position] = true;
        let earlier = &self.earlier.data.tables[position];
        self.drift.tables.push(compare_tables(earlier, profile, table));
    }

    /// The same object, else a table of the same name, else the only one there was and is.
    fn position(&self, name: &str, object: &str, is_only: bool) -> Option<usize> {
        let tables = &self.earlier.data.tables;
        let free = |fits: &dyn Fn(&EarlierTable) -> bool| {
            tables.iter().zip(&self.found).position(|(table, found)| !found && fits(table))
        };
        let by_place = free(&|table| table.object == object).or_else(|| free(&|table| table.name == name));
        by_place.or_else(|| (is_only && tables.len() == 1).then_some(0))
    }

    /// The drift; what was not found is gone where `was_read` says that its object would have been read.
    pub(crate) fn finish(mut self, was_read: impl Fn(&str) -> bool) -> Drift {
        let missed = self.earlier.data.tables.iter().zip(&self.found).filter(|(_, found)| !**found);
        let gone = missed.map(|(table, _)| &table.object).filter(|object| was_read(object));
        self.drift.tables_removed = gone.map(|object| shown(object)).collect();
        self.drift
    }
}

/// Names come from outside and may have any length.
fn shown(name: &str) -> String {
    name.chars().take(256).collect()
}

fn compare_tables(earlier: &EarlierTable, profile: &TableProfile, table: &Table) -> TableDrift {
    let now = &profile.columns;
    let find_now = |name: &str| now.iter().position(|column| column.name == name);
    let names: BTreeSet<&str> = earlier.columns.iter().map(|before| before.name.as_str()).collect();
    let added = now.iter().filter(|column| !names.contains(column.name.as_str())).map(|column| column.name.clone());
    let mut drift = TableDrift {
        table: profile.name.clone(),
        object_before: shown(&earlier.object),
        rows_before: earlier.row_count,
        rows_now: table.rows,
        complete: earlier.complete && profile.complete,
        columns_added: (earlier.columns.len() >= earlier.column_count).then(|| added.collect()),
        columns_removed: Vec::new(),
        types_changed: Vec::new(),
        columns: Vec::new(),
        not_compared: Vec::new(),
        drifted_columns: 0,
        drifted: None,
    };
    for before in &earlier.columns {
        match find_now(&before.name) {
            None => drift.columns_removed.push(shown(&before.name)),
            Some(index) => compare_columns(&mut drift, before, &now[index], table, index),
        }
    }
    drift.drifted_columns = drift.columns.iter().filter(|column| column.drifted).count();
    let compared = drift.columns.len();
    drift.drifted = (compared > 0).then_some(drift.drifted_columns as f64 >= TABLE_SHARE * compared as f64);
    drift
}

fn compare_columns(drift: &mut TableDrift, before: &EarlierColumn, now: &ColumnProfile, table: &Table, index: usize) {
    let type_before = serde_json::from_value::<LogicalType>(before.logical_type.as_str().into()).ok();
    if let Some(type_before) = type_before.filter(|type_before| *type_before != now.logical_type) {
        drift.types_changed.push(TypeChange { column: now.name.clone(), before: type_before, now: now.logical_type });
    }
    match compare::column(before, now, &table.columns[index].dictionary, drift.rows_before) {
        Ok(found) => drift.columns.push(found),
        Err(reason) => drift.not_compared.push(NotComputed::new(&now.name, reason)),
    }
}

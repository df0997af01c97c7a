//! What identifies a row: candidate keys, and rows that repeat.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use schemars::JsonSchema;
use serde::Serialize;

use super::profile::{ColumnProfile, LogicalType, Semantics};
use super::summarise;
use super::table::Table;
use crate::dataset::cell::mix;

/// Columns that are tried in pairs, those with the most values.
const PAIR_COLUMNS: usize = 12;
/// Pairs that are reported.
const MAX_PAIRS: usize = 10;

/// Hands the hash on unchanged: the keys are hashes already. The halves change places because a
/// threshold on the hash leaves its upper bits alike.
#[derive(Default)]
struct Through(u64);

impl Hasher for Through {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value.rotate_left(32);
    }
}

/// A set of hashes.
type Hashes = HashSet<u64, BuildHasherDefault<Through>>;

/// Columns whose values identify a row.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CandidateKey {
    /// One or two column names.
    pub columns: Vec<String>,
    /// Whether all rows were checked; otherwise a sample held no repetition.
    pub exact: bool,
}

/// Repeated rows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Duplicates {
    /// Rows that repeat an earlier one in every column.
    pub row_count: u64,
    /// Whether all rows were compared by all columns; otherwise it is estimated from a sample of row hashes, or
    /// the rows may differ in nested columns, which cannot be compared.
    pub exact: bool,
    /// Share of the rows; absent without rows.
    pub share: Option<f64>,
    /// Rows that repeat an earlier one in every column but the row identifiers; absent when there is no
    /// such column, there are more different rows than `max_row_hashes`, or some could differ in nested columns.
    pub ignoring_row_ids: Option<u64>,
    /// The row identifiers that were ignored: different whole numbers, one per row.
    pub row_id_columns: Vec<String>,
}

/// Single columns without nulls and repetitions, then pairs of the others.
pub(crate) fn candidate_keys(table: &Table, profiles: &[ColumnProfile]) -> Vec<CandidateKey> {
    let single = |p: &ColumnProfile| {
        let is_comparable = !matches!(p.logical_type, LogicalType::Decimal | LogicalType::Nested);
        let could_be = p.null_count == 0 && p.unique != Some(false) && is_comparable && !is_long_text(p);
        let enough = p.distinct.upper >= p.count;
        (could_be && enough && table.rows > 1)
            .then(|| CandidateKey { columns: vec![p.name.clone()], exact: p.unique == Some(true) })
    };
    let mut keys: Vec<CandidateKey> = profiles.iter().filter_map(single).collect();
    let used: Vec<String> = keys.iter().flat_map(|k| k.columns.clone()).collect();
    keys.extend(pairs(table, profiles, &used));
    keys
}

fn is_long_text(profile: &ColumnProfile) -> bool {
    profile.text.as_ref().is_some_and(|t| t.max_length > 64)
}

fn pairs(table: &Table, profiles: &[ColumnProfile], used: &[String]) -> Vec<CandidateKey> {
    let may_take_part = |p: &ColumnProfile| {
        p.null_count == 0
            && p.distinct.value > 1
            && p.semantics != Semantics::Measure
            && !used.contains(&p.name)
            && !is_long_text(p)
    };
    let mut columns: Vec<usize> = (0..profiles.len()).filter(|i| may_take_part(&profiles[*i])).collect();
    columns.sort_by_key(|i| (std::cmp::Reverse(profiles[*i].distinct.value), *i));
    columns.truncate(PAIR_COLUMNS);
    let mut found = Vec::new();
    for (position, &a) in columns.iter().enumerate() {
        for &b in &columns[position + 1..] {
            let combinations = profiles[a].distinct.upper.saturating_mul(profiles[b].distinct.upper);
            if found.len() < MAX_PAIRS && combinations >= table.rows && table.rows > 1 && is_unique_pair(table, a, b) {
                let (a, b) = (a.min(b), a.max(b));
                let columns = vec![profiles[a].name.clone(), profiles[b].name.clone()];
                found.push(CandidateKey { columns, exact: table.sample_is_whole() });
            }
        }
    }
    found
}

fn is_unique_pair(table: &Table, a: usize, b: usize) -> bool {
    let mut seen = Hashes::default();
    let pair = |row| mix(table.sampled(a, row).hash).wrapping_add(table.sampled(b, row).hash);
    (0..table.sample_rows.len()).all(|row| seen.insert(pair(row)))
}

/// Counts repeated rows.
pub(crate) fn duplicates(table: &Table, profiles: &[ColumnProfile]) -> Duplicates {
    let row_count = table.row_hashes.repeated(table.rows);
    let row_ids: Vec<usize> = (0..profiles.len()).filter(|i| summarise::is_row_id(&table.columns[*i])).collect();
    let comparable = !row_ids.is_empty() && row_ids.len() < profiles.len();
    let ignoring_row_ids = match comparable {
        true if table.sample_is_whole() => Some(repeated_without(table, &row_ids)),
        true => table.row_ids.repeated_without(&row_ids),
        false => None,
    };
    let ignoring_row_ids = ignoring_row_ids.filter(|repeated| *repeated == 0 || !table.holds_nested());
    Duplicates {
        row_count,
        exact: table.row_hashes.is_exact() && (row_count == 0 || !table.holds_nested()),
        share: summarise::share(row_count, table.rows),
        ignoring_row_ids,
        row_id_columns: row_ids.iter().map(|i| profiles[*i].name.clone()).collect(),
    }
}

fn repeated_without(table: &Table, left_out: &[usize]) -> u64 {
    let mut seen = Hashes::default();
    let kept: Vec<usize> = (0..table.columns.len()).filter(|c| !left_out.contains(c)).collect();
    let hash = |row| kept.iter().fold(0_u64, |hash, column| mix(hash.wrapping_add(table.sampled(*column, row).hash)));
    (0..table.sample_rows.len()).filter(|row| !seen.insert(hash(*row))).count() as u64
}

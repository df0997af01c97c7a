//! One row: whether it can be understood, and whether it was there before.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use causeway_cloud::usage::UsageRow;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::units::{GbMeaning, UnitError, bytes_of_float};

/// Rows of one generation of fingerprints. A row is compared with one to two generations before it; they take 10 MB.
const GENERATION: usize = 250_000;
/// Longest time that a row may be about: longer ones belong to no day.
const MAX_LENGTH: SignedDuration = SignedDuration::from_hours(24);

/// A row that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum RowError {
    /// Its quantity is no number of bytes.
    #[error("a row of {sku} from {from}: {source}")]
    Unit {
        /// Part number or name of the SKU.
        sku: String,
        /// First moment of the row.
        from: Timestamp,
        /// Why.
        source: UnitError,
    },
    /// It is about more than a day, or about no time.
    #[error("a row is from {from} to {to}, which is not a part of one day")]
    Times {
        /// First moment.
        from: Timestamp,
        /// End.
        to: Timestamp,
    },
    /// The sum is out of range.
    #[error("the sum of the rows is out of range")]
    TooMuch,
}

pub(super) fn check_times(row: &UsageRow) -> Result<(), RowError> {
    let length = row.to.duration_since(row.from);
    let is_part_of_a_day = length > SignedDuration::ZERO && length <= MAX_LENGTH;
    if is_part_of_a_day { Ok(()) } else { Err(RowError::Times { from: row.from, to: row.to }) }
}

/// Bytes of the row; `None` when it has no quantity.
pub(super) fn bytes(row: &UsageRow, gb: GbMeaning) -> Result<Option<i128>, RowError> {
    let Some(quantity) = row.quantity else { return Ok(None) };
    let unit = row.unit.as_deref().map(str::trim).filter(|unit| !unit.is_empty()).ok_or(UnitError::NoUnit);
    unit.and_then(|unit| bytes_of_float(quantity, unit, gb)).map(Some).map_err(|source| RowError::Unit {
        sku: super::top::bounded(row.sku.as_deref().or(row.sku_name.as_deref()).unwrap_or("?")).to_owned(),
        from: row.from,
        source,
    })
}

/// Fingerprints of the last rows.
#[derive(Debug, Default)]
pub(super) struct Seen {
    recent: HashSet<u64>,
    older: HashSet<u64>,
    has_forgotten: bool,
}

impl Seen {
    /// Whether it is new. Among half a million rows two different ones have the same fingerprint with a chance of 7 in
    /// a billion.
    pub(super) fn insert(&mut self, fingerprint: u64) -> bool {
        if self.older.contains(&fingerprint) || self.recent.contains(&fingerprint) {
            return false;
        }
        if self.recent.len() >= GENERATION {
            self.has_forgotten |= !self.older.is_empty();
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(fingerprint)
    }

    /// Whether rows were compared with less than all before them.
    pub(super) fn has_forgotten(&self) -> bool {
        self.has_forgotten
    }
}

/// Of all fields. A query gives one row for each group and time, and a correction differs in its quantity, so rows
/// that agree in everything are one row that came twice.
pub(crate) fn fingerprint(row: &UsageRow, totals: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    (totals, row.from, row.to, row.quantity.map(f64::to_bits), row.amount.map(f64::to_bits)).hash(&mut hasher);
    (&row.service, &row.sku, &row.sku_name, &row.unit, &row.currency).hash(&mut hasher);
    (&row.region, &row.compartment, &row.compartment_name, &row.resource, row.is_estimated).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_comes_twice_is_found_however_many_rows_came_before() {
        let mut seen = Seen::default();
        assert!((0..2 * GENERATION as u64).all(|row| seen.insert(row)) && !seen.has_forgotten());
        assert!((0..1_000).all(|row| !seen.insert(row)), "all rows are still known");
        let last = 3 * GENERATION as u64;
        assert!((2 * GENERATION as u64..last).all(|row| seen.insert(row)) && seen.has_forgotten());
        assert!((last - 1_000..last).all(|row| !seen.insert(row)));
        assert!(seen.recent.len() + seen.older.len() <= 2 * GENERATION);
    }
}

//! Hashes of whole rows, to find rows that repeat.
//!
//! Beside the hash of all cells a second one leaves out the row identifiers: rows that were entered twice
//! mostly differ in their row number. Which columns those are is decided from the first rows, because the
//! cells are gone afterwards; [`RowIds::repeated_without`] gives a figure only when that decision held to the end.

use super::column::Column;
use super::summarise;
use crate::dataset::cell::mix;

/// Rows after which the row identifiers are decided; the row sample holds at least as many.
pub(crate) const DECIDING_ROWS: u64 = 1000;
/// Hashes that are collected before they are sorted in, at most.
const MAX_PENDING: usize = 1 << 18;

/// What a cell adds to the hash of its row: a sum, so that the order in which columns come does not matter.
pub(crate) fn part(column: usize, hash: u64) -> u64 {
    if hash == 0 { 0 } else { mix(hash ^ salt(column)) }
}

/// Tells equal values of different columns apart.
pub(crate) fn salt(column: usize) -> u64 {
    (column as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Hashes of rows with their counts: all of them, or above the cap those up to a falling threshold.
pub(crate) struct RowHashes {
    cap: usize,
    threshold: u64,
    /// Different hashes in rising order.
    counted: Vec<(u64, u32)>,
    pending: Vec<u64>,
}

impl RowHashes {
    pub(crate) fn new(cap: usize) -> Self {
        Self { cap: cap.max(16), threshold: u64::MAX, counted: Vec::new(), pending: Vec::new() }
    }

    pub(crate) fn add(&mut self, hash: u64) {
        if hash > self.threshold {
            return;
        }
        self.pending.push(hash);
        if self.pending.len() >= self.cap.min(MAX_PENDING) {
            self.settle();
        }
    }

    /// Sorts the pending hashes in. Sorting costs a third of a hash table of this size, and half its memory.
    pub(crate) fn settle(&mut self) {
        self.pending.sort_unstable();
        let old = std::mem::take(&mut self.counted);
        let mut merged: Vec<(u64, u32)> = Vec::with_capacity(old.len() + self.pending.len());
        let mut counted = old.into_iter().peekable();
        for hash in self.pending.drain(..) {
            while let Some(known) = counted.next_if(|known| known.0 <= hash) {
                merged.push(known);
            }
            match merged.last_mut() {
                Some(last) if last.0 == hash => last.1 = last.1.saturating_add(1),
                _ => merged.push((hash, 1)),
            }
        }
        merged.extend(counted);
        while merged.len() > self.cap {
            self.threshold /= 2;
            merged.truncate(merged.partition_point(|known| known.0 <= self.threshold));
        }
        self.counted = merged;
    }

    /// Whether every row was compared.
    pub(crate) fn is_exact(&self) -> bool {
        self.threshold == u64::MAX
    }

    /// Rows that repeat an earlier one; an estimate when not every row was compared.
    pub(crate) fn repeated(&self, rows: u64) -> u64 {
        let repeated: u64 = self.counted.iter().map(|known| u64::from(known.1) - 1).sum();
        let kept = (self.threshold as f64 / u64::MAX as f64).max(f64::MIN_POSITIVE);
        if self.is_exact() { repeated } else { ((repeated as f64 / kept).round() as u64).min(rows) }
    }
}

/// The rows without their row identifiers.
pub(crate) enum RowIds {
    /// Too few rows came so far.
    Undecided,
    /// No column identifies rows, or it could not be told in time.
    None,
    /// These columns are left out.
    Found { columns: Vec<usize>, hashes: RowHashes },
}

impl RowIds {
    /// Decides from the first rows, all of which must be in the row sample.
    pub(crate) fn decide(columns: &mut [Column], cap: usize, sample_is_whole: bool) -> Self {
        let ids: Vec<usize> = (0..columns.len()).filter(|c| summarise::is_row_id(&columns[*c])).collect();
        if ids.is_empty() || ids.len() == columns.len() || !sample_is_whole {
            return Self::None;
        }
        ids.iter().for_each(|c| columns[*c].is_row_id = true);
        let mut hashes = RowHashes::new(cap);
        let others = || columns.iter().enumerate().filter(|(_, column)| !column.is_row_id);
        for row in 0..columns[0].sample.len() {
            let parts = others().map(|(index, column)| part(index, column.sample[row].hash));
            hashes.add(parts.fold(0, u64::wrapping_add));
        }
        Self::Found { columns: ids, hashes }
    }

    /// Takes the hash of a row and the part of it that its row identifiers have.
    pub(crate) fn add(&mut self, hash: u64, ids: u64) {
        if let Self::Found { hashes, .. } = self {
            hashes.add(hash.wrapping_sub(ids));
        }
    }

    pub(crate) fn settle(&mut self) {
        if let Self::Found { hashes, .. } = self {
            hashes.settle();
        }
    }

    /// Rows that repeat an earlier one in all columns but `ids`, if just these were left out and all compared.
    pub(crate) fn repeated_without(&self, ids: &[usize]) -> Option<u64> {
        match self {
            Self::Found { columns, hashes } if columns == ids && hashes.is_exact() => Some(hashes.repeated(0)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[u64], cap: usize, expected: (u64, bool)) {
        let mut hashes = RowHashes::new(cap);
        rows.iter().for_each(|row| hashes.add(mix(*row)));
        hashes.settle();
        assert_eq!((hashes.repeated(rows.len() as u64), hashes.is_exact()), expected, "{} rows", rows.len());
    }

    #[test]
    fn repetitions_are_counted_across_settlings() {
        check(&[], 16, (0, true));
        check(&[1, 2, 1, 1], 16, (2, true));
        let twice: Vec<u64> = (0..1000).chain(500..1500).collect();
        check(&twice, 1500, (500, true));
        check(&vec![7; 100_000], 16, (99_999, true));
    }

    #[test]
    fn beyond_the_cap_repetitions_are_estimated() {
        let mut hashes = RowHashes::new(1000);
        (0..40_000_u64).chain(0..20_000).for_each(|row| hashes.add(mix(row)));
        hashes.settle();
        let estimate = hashes.repeated(60_000);
        assert!(!hashes.is_exact() && (17_000..23_000).contains(&estimate), "{estimate}");
    }
}

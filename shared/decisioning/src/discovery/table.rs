//! What is gathered of one table: its columns, a sample of whole rows, hashes of rows.
//!
//! Rows of the sample are chosen by a hash of their number, so the choice is the same for every column,
//! format and size of pieces. While the table is small the sample is the table.

use std::collections::BTreeMap;

use super::column::{Column, NOTHING, Sampled};
use super::dictionary::HashIndex;
use super::limits::Limits;
use crate::dataset::cell::mix;
use crate::dataset::{Cell, RowSink};

/// One table as it is being read.
pub(crate) struct Table {
    limits: Limits,
    pub(crate) columns: Vec<Column>,
    by_name: BTreeMap<String, usize>,
    pub(crate) rows: u64,
    /// Rows whose number has a hash up to this are in the sample.
    threshold: u64,
    /// Numbers of the rows in the sample.
    pub(crate) sample_rows: Vec<u64>,
    /// Whether each row of the present block is in the sample.
    chosen: Vec<bool>,
    hashes: Vec<u64>,
    pub(crate) row_hashes: RowHashes,
}

/// Hashes of whole rows: all of them, or above the cap those up to a falling threshold.
pub(crate) struct RowHashes {
    cap: usize,
    pub(crate) threshold: u64,
    pub(crate) counts: HashIndex<u32>,
}

impl RowHashes {
    fn add(&mut self, hash: u64) {
        if hash > self.threshold {
            return;
        }
        *self.counts.entry(hash).or_insert(0) += 1;
        if self.counts.len() > self.cap {
            let threshold = self.threshold / 2;
            self.threshold = threshold;
            self.counts.retain(|hash, _| *hash <= threshold);
        }
    }
}

impl Table {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            columns: Vec::new(),
            by_name: BTreeMap::new(),
            rows: 0,
            threshold: u64::MAX,
            sample_rows: Vec::new(),
            chosen: vec![true],
            hashes: vec![0],
            row_hashes: RowHashes {
                cap: limits.max_row_hashes.max(16),
                threshold: u64::MAX,
                counts: HashIndex::default(),
            },
        }
    }

    /// Whether the sample holds every row.
    pub(crate) fn sample_is_whole(&self) -> bool {
        self.sample_rows.len() as u64 == self.rows
    }

    /// The sampled values of a row, column by column.
    pub(crate) fn sampled(&self, column: usize, row: usize) -> Sampled {
        self.columns[column].sample[row]
    }

    /// Gives every column an equal part of the memory for values.
    fn share_memory(&mut self) {
        let part = self.limits.max_dictionary_bytes / self.columns.len().max(8);
        self.columns.iter_mut().for_each(|column| column.dictionary.set_max_bytes(part));
    }

    /// Prepares for a block that begins at the present row.
    fn prepare(&mut self, rows: usize) {
        self.hashes.clear();
        self.hashes.resize(rows, 0);
        let (first, threshold) = (self.rows, self.threshold);
        self.chosen.clear();
        self.chosen.extend((0..rows as u64).map(|row| mix(first + row) <= threshold));
    }

    fn thin_sample(&mut self) {
        let cap = (self.limits.max_sample_cells / self.columns.len().max(1)).max(1000);
        while self.sample_rows.len() > cap {
            self.threshold /= 2;
            let keep: Vec<bool> = self.sample_rows.iter().map(|row| mix(*row) <= self.threshold).collect();
            let mut flags = keep.iter();
            self.sample_rows.retain(|_| flags.next() == Some(&true));
            for column in &mut self.columns {
                let mut flags = keep.iter();
                column.sample.retain(|_| flags.next() == Some(&true));
            }
        }
    }
}

impl RowSink for Table {
    fn column(&mut self, name: &str, physical_type: Option<&str>) -> Option<usize> {
        if let Some(&index) = self.by_name.get(name) {
            return Some(index);
        }
        let index = self.columns.len();
        if index >= self.limits.max_columns {
            return None;
        }
        let mut column = Column::new(name, physical_type, &self.limits);
        column.fill_to(self.rows);
        column.sample = vec![NOTHING; self.sample_rows.len()];
        self.columns.push(column);
        self.share_memory();
        self.by_name.insert(name.to_owned(), index);
        Some(index)
    }

    fn begin_rows(&mut self, rows: usize) {
        self.prepare(rows);
    }

    fn cell(&mut self, column: usize, row: usize, cell: Cell<'_>) {
        let sampled = self.columns[column].observe(cell);
        if let Some(hash) = self.hashes.get_mut(row).filter(|_| sampled.hash != 0) {
            // A sum, so that the order in which columns come does not matter.
            *hash = hash.wrapping_add(mix(sampled.hash ^ (column as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        }
        if self.chosen.get(row) == Some(&true) {
            self.columns[column].sample.push(sampled);
        }
    }

    fn end_rows(&mut self, rows: usize) {
        let first = self.rows;
        self.rows += rows as u64;
        let chosen = self.chosen[..rows].iter().zip(first..).filter(|(chosen, _)| **chosen);
        self.sample_rows.extend(chosen.map(|(_, row)| row));
        for hash in &self.hashes[..rows] {
            self.row_hashes.add(*hash);
        }
        for column in &mut self.columns {
            if column.seen < self.rows {
                column.fill_to(self.rows);
                column.sample.resize(self.sample_rows.len(), NOTHING);
            }
        }
        self.thin_sample();
        self.prepare(1);
    }
}

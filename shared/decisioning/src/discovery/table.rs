//! What is gathered of one table: its columns, a sample of whole rows, hashes of rows.
//!
//! Rows of the sample are chosen by a hash of their number, so the choice is the same for every column,
//! format and size of pieces. While the table is small the sample is the table.

use std::collections::BTreeMap;

use super::column::{Column, NOTHING, Sampled};
use super::footer::Footer;
use super::limits::Limits;
use super::rows::{self, DECIDING_ROWS, RowHashes, RowIds};
use crate::dataset::cell::mix;
use crate::dataset::{Cell, Declared, NestedRows, RowSink};

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
    /// Hash of each row of the present block, and the part of it that row identifiers have.
    hashes: Vec<u64>,
    id_parts: Vec<u64>,
    /// Cells of the present block, kept for their memory.
    sampled: Vec<Sampled>,
    pub(crate) row_hashes: RowHashes,
    pub(crate) row_ids: RowIds,
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
            id_parts: vec![0],
            sampled: Vec::new(),
            row_hashes: RowHashes::new(limits.max_row_hashes),
            row_ids: RowIds::Undecided,
        }
    }

    /// Ends the table; to be called once before its figures are asked for.
    pub(crate) fn close(&mut self) {
        self.columns.iter_mut().for_each(|column| column.dictionary.settle());
        self.row_hashes.settle();
        self.row_ids.settle();
    }

    /// Whether there are rows, of which none was read.
    pub(crate) fn is_unread(&self) -> bool {
        self.rows == 0 && self.columns.iter().any(Column::is_unread)
    }

    /// Whether the sample holds every row.
    pub(crate) fn sample_is_whole(&self) -> bool {
        self.sample_rows.len() as u64 == self.rows
    }

    /// Whether there are columns that rows cannot be compared by.
    pub(crate) fn holds_nested(&self) -> bool {
        self.columns.iter().any(|column| column.nested.is_some())
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
        if let (1, [hash], [ids], [chosen]) = (rows, &mut *self.hashes, &mut *self.id_parts, &mut *self.chosen) {
            (*hash, *ids, *chosen) = (0, 0, mix(self.rows) <= self.threshold);
            return;
        }
        for parts in [&mut self.hashes, &mut self.id_parts] {
            parts.clear();
            parts.resize(rows, 0);
        }
        self.choose(rows);
        // A block may be as long as a row group; its sample must not outgrow the memory until it ends.
        let fits = |table: &Self| {
            rows == 1 || table.sample_rows.len() + table.chosen.iter().filter(|c| **c).count() <= table.sample_cap()
        };
        while !fits(self) {
            self.halve_sample();
            self.choose(rows);
        }
    }

    fn choose(&mut self, rows: usize) {
        let (first, threshold) = (self.rows, self.threshold);
        self.chosen.clear();
        self.chosen.extend((0..rows as u64).map(|row| mix(first + row) <= threshold));
    }

    fn sample_cap(&self) -> usize {
        (self.limits.max_sample_cells / self.columns.len().max(1)).max(DECIDING_ROWS as usize)
    }

    fn thin_sample(&mut self) {
        while self.sample_rows.len() > self.sample_cap() {
            self.halve_sample();
        }
    }

    fn halve_sample(&mut self) {
        self.threshold /= 2;
        let keep: Vec<bool> = self.sample_rows.iter().map(|row| mix(*row) <= self.threshold).collect();
        let mut flags = keep.iter();
        self.sample_rows.retain(|_| flags.next() == Some(&true));
        for column in &mut self.columns {
            let mut flags = keep.iter();
            column.sample.retain(|_| flags.next() == Some(&true));
        }
    }

    /// Takes cells of one column.
    fn take<'a>(&mut self, column: usize, first_row: usize, cells: impl ExactSizeIterator<Item = Cell<'a>> + Clone) {
        let rows = first_row..first_row + cells.len();
        let (gathered, salt) = (&mut self.columns[column], rows::salt(column));
        let (Some(hashes), Some(chosen)) = (self.hashes.get_mut(rows.clone()), self.chosen.get(rows.clone())) else {
            return;
        };
        let id_parts = if gathered.is_row_id { self.id_parts.get_mut(rows) } else { None };
        let id_parts = id_parts.unwrap_or_default();
        gathered.observe_all(cells, &mut self.sampled);
        for (index, ((sampled, hash), chosen)) in self.sampled.iter().zip(hashes).zip(chosen).enumerate() {
            if sampled.hash != 0 {
                let part = mix(sampled.hash ^ salt);
                *hash = hash.wrapping_add(part);
                if let Some(ids) = id_parts.get_mut(index) {
                    *ids = ids.wrapping_add(part);
                }
            }
            if *chosen {
                gathered.sample.push(*sampled);
            }
        }
    }

    fn decide_row_ids(&mut self) {
        if matches!(self.row_ids, RowIds::Undecided) && self.rows >= DECIDING_ROWS {
            self.columns.iter_mut().for_each(|column| column.dictionary.settle());
            let whole = self.sample_is_whole();
            self.row_ids = RowIds::decide(&mut self.columns, self.limits.max_row_hashes, whole);
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

    fn nested_column(&mut self, name: &str, physical_type: &str) -> Option<usize> {
        let column = self.column(name, Some(physical_type))?;
        self.columns[column].nested = Some(NestedRows::default());
        Some(column)
    }

    fn begin_rows(&mut self, rows: usize) {
        self.prepare(rows);
    }

    // The same as one of `cells`, without its preparations: text formats come cell by cell.
    #[inline]
    fn cell(&mut self, column: usize, row: usize, cell: Cell<'_>) {
        let gathered = &mut self.columns[column];
        let sampled = gathered.observe(cell);
        let part = rows::part(column, sampled.hash);
        if let (Some(hash), Some(ids)) = (self.hashes.get_mut(row), self.id_parts.get_mut(row)) {
            *hash = hash.wrapping_add(part);
            *ids = ids.wrapping_add(if gathered.is_row_id { part } else { 0 });
        }
        if self.chosen.get(row) == Some(&true) {
            gathered.sample.push(sampled);
        }
    }

    fn cells(&mut self, column: usize, first_row: usize, cells: &[Cell<'_>]) {
        self.take(column, first_row, cells.iter().copied());
    }

    fn texts(&mut self, column: usize, texts: &[&str]) {
        self.take(column, 0, texts.iter().map(|text| Cell::Text(text)));
    }

    fn end_rows(&mut self, rows: usize) {
        let first = self.rows;
        self.rows += rows as u64;
        let chosen = self.chosen[..rows].iter().zip(first..).filter(|(chosen, _)| **chosen);
        self.sample_rows.extend(chosen.map(|(_, row)| row));
        for (hash, ids) in self.hashes[..rows].iter().zip(&self.id_parts) {
            self.row_hashes.add(*hash);
            self.row_ids.add(*hash, *ids);
        }
        for column in &mut self.columns {
            if column.seen < self.rows {
                column.fill_to(self.rows);
                column.sample.resize(self.sample_rows.len(), NOTHING);
            }
        }
        self.decide_row_ids();
        self.thin_sample();
        self.prepare(1);
    }

    fn nested(&mut self, column: usize, rows: &NestedRows) {
        if let Some(nested) = &mut self.columns[column].nested {
            nested.merge(rows);
        }
    }

    fn replaced(&mut self, column: usize, cells: u64) {
        self.columns[column].replaced += cells;
    }

    fn declared(&mut self, column: usize, declared: &Declared<'_>) {
        self.columns[column].footer = Some(Footer::of(declared));
    }
}

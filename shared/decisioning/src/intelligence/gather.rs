//! Takes the rows of one table and hands those columns that play a part to the figures.

use std::collections::BTreeMap;

use super::catalogue::Table;
use super::limits::Limits;
use super::overlap::Overlap;
use super::parts::Parts;
use super::role::Role;
use super::wanted::{ABSENT, Wanted};
use crate::dataset::{Cell, Declared, NestedRows, RowSink};

/// Rows that are gathered before they are added up: one part after the other over many rows waits less for memory than
/// all parts row by row.
const BATCH: usize = 512;

/// A table as it is being read.
pub(crate) struct Gather {
    pub(crate) wanted: Vec<Wanted>,
    /// For each column of the table the places of its cells within a row.
    columns: Vec<Vec<usize>>,
    by_name: BTreeMap<String, usize>,
    max_columns: usize,
    /// Cells row by row: those of whole rows, then those of the present block.
    block: Vec<i64>,
    /// Whole rows in the block.
    whole: usize,
    pub(crate) rows: u64,
    pub(crate) parts: Parts,
    /// What the objects of a table that lies in several hold of each other.
    pub(crate) overlap: Option<Overlap>,
}

impl Gather {
    /// Reads the columns of a table that play a part; those named in `day_first` with the day first.
    pub(crate) fn new(table: &Table, areas: super::parts::Areas, currency: Option<&str>, limits: &Limits) -> Self {
        let mut wanted = Vec::new();
        for role in Role::ALL {
            for name in table.columns_of(role) {
                let column = table.column(name);
                let order = column.and_then(|c| c.dates.as_ref()).and_then(|d| d.day_month_order.as_deref());
                let is_personal = column.is_some_and(|c| !c.pii.is_empty());
                let is_large = matches!(role, Role::Product | Role::Customer);
                let most = if is_large { limits.max_members } else { limits.max_members / 10 };
                wanted.push(Wanted::new(role, name, is_personal, order == Some("day_first"), most));
            }
        }
        let parts = Parts::new(&wanted, areas, currency, limits);
        let block = vec![ABSENT; wanted.len() * BATCH];
        let (columns, by_name) = (Vec::new(), BTreeMap::new());
        Self {
            wanted,
            columns,
            by_name,
            max_columns: limits.max_columns,
            block,
            whole: 0,
            rows: 0,
            parts,
            overlap: None,
        }
    }

    /// Adds up the rows that were gathered; to be called when an object was read.
    pub(crate) fn flush(&mut self) {
        let width = self.wanted.len();
        let (mut kept, rows) = (0, std::mem::take(&mut self.whole));
        for row in 0..rows {
            let cells = &self.block[row * width..][..width];
            let is_new = self.overlap.as_mut().is_none_or(|overlap| overlap.take(cells, &self.wanted));
            if is_new && self.parts.counts(cells, &self.wanted) {
                self.block.copy_within(row * width..(row + 1) * width, kept * width);
                kept += 1;
            }
        }
        if width > 0 {
            self.parts.rows(self.block[..kept * width].chunks_exact(width), &self.wanted);
        }
        self.block.truncate(BATCH * width);
        self.block.fill(ABSENT);
    }

    /// Reads a cell for each part that its column plays.
    #[inline]
    fn take(&mut self, column: usize, row: usize, read: impl Fn(&mut Wanted) -> i64) {
        let first = (self.whole + row) * self.wanted.len();
        for &place in &self.columns[column] {
            let value = read(&mut self.wanted[place]);
            if let Some(slot) = self.block.get_mut(first + place) {
                *slot = value;
            }
        }
    }

    /// Columns whose dates turned out to be written in the other order of day and month.
    pub(crate) fn mistaken(&self) -> Vec<String> {
        self.wanted.iter().filter(|w| w.is_mistaken()).map(|w| w.column.clone()).collect()
    }

    /// The first column of a role.
    pub(crate) fn of(&self, role: Role) -> Option<&Wanted> {
        self.wanted.iter().find(|wanted| wanted.role == role)
    }
}

impl RowSink for Gather {
    fn column(&mut self, name: &str, _physical_type: Option<&str>) -> Option<usize> {
        if let Some(&index) = self.by_name.get(name) {
            return Some(index);
        }
        let index = self.columns.len();
        let places: Vec<usize> = (0..self.wanted.len()).filter(|place| self.wanted[*place].column == name).collect();
        if index >= self.max_columns && places.is_empty() {
            return None;
        }
        self.columns.push(places);
        self.by_name.insert(name.to_owned(), index);
        Some(index)
    }

    fn nested_column(&mut self, name: &str, physical_type: &str) -> Option<usize> {
        self.column(name, Some(physical_type))
    }

    fn wants(&self, column: usize) -> bool {
        !self.columns[column].is_empty()
    }

    fn begin_rows(&mut self, rows: usize) {
        if self.whole + rows > BATCH {
            self.flush();
            self.block.resize(rows.max(BATCH) * self.wanted.len(), ABSENT);
        }
    }

    #[inline]
    fn cell(&mut self, column: usize, row: usize, cell: Cell<'_>) {
        self.take(column, row, |wanted| wanted.read(cell));
    }

    fn text(&mut self, column: usize, row: usize, text: &str) {
        self.take(column, row, |wanted| wanted.read_text(text));
    }

    fn texts(&mut self, column: usize, texts: &[&str]) {
        let (width, first) = (self.wanted.len(), self.whole * self.wanted.len());
        for &place in &self.columns[column] {
            let wanted = &mut self.wanted[place];
            let slots = self.block[first + place..].iter_mut().step_by(width);
            slots.zip(texts).for_each(|(slot, text)| *slot = wanted.read_text(text));
        }
    }

    fn cells(&mut self, column: usize, first_row: usize, cells: &[Cell<'_>]) {
        if self.columns[column].is_empty() {
            return;
        }
        for (row, cell) in (first_row..).zip(cells) {
            self.cell(column, row, *cell);
        }
    }

    #[inline]
    fn end_rows(&mut self, rows: usize) {
        self.rows += rows as u64;
        self.whole += rows;
        if self.whole >= BATCH {
            self.flush();
        }
    }

    fn nested(&mut self, _column: usize, _rows: &NestedRows) {}

    fn replaced(&mut self, _column: usize, _cells: u64) {}

    fn declared(&mut self, _column: usize, _declared: &Declared<'_>) {}
}

//! Takes the rows of one table and hands those columns that play a part to the figures.

use std::collections::BTreeMap;

use super::catalogue::Table;
use super::limits::Limits;
use super::overlap::Overlap;
use super::parts::Parts;
use super::role::Role;
use super::wanted::{ABSENT, Wanted};
use crate::dataset::{Cell, Declared, NestedRows, RowSink};

/// A table as it is being read.
pub(crate) struct Gather {
    pub(crate) wanted: Vec<Wanted>,
    /// For each column of the table the places of its cells within a row.
    columns: Vec<Vec<usize>>,
    by_name: BTreeMap<String, usize>,
    max_columns: usize,
    /// Cells of the present block, row by row.
    block: Vec<i64>,
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
        let block = vec![ABSENT; wanted.len()];
        let (columns, by_name) = (Vec::new(), BTreeMap::new());
        Self { wanted, columns, by_name, max_columns: limits.max_columns, block, rows: 0, parts, overlap: None }
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

    fn begin_rows(&mut self, rows: usize) {
        self.block.clear();
        self.block.resize(rows * self.wanted.len(), ABSENT);
    }

    #[inline]
    fn cell(&mut self, column: usize, row: usize, cell: Cell<'_>) {
        let width = self.wanted.len();
        for &place in &self.columns[column] {
            let value = self.wanted[place].read(cell);
            if let Some(slot) = self.block.get_mut(row * width + place) {
                *slot = value;
            }
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

    fn end_rows(&mut self, rows: usize) {
        let width = self.wanted.len();
        if width > 0 {
            for row in self.block.chunks_exact(width).take(rows) {
                if self.overlap.as_mut().is_none_or(|overlap| overlap.take(row, &self.wanted)) {
                    self.parts.row(row, &self.wanted);
                }
            }
        }
        self.rows += rows as u64;
        self.block.truncate(width);
        self.block.fill(ABSENT);
    }

    fn nested(&mut self, _column: usize, _rows: &NestedRows) {}

    fn replaced(&mut self, _column: usize, _cells: u64) {}

    fn declared(&mut self, _column: usize, _declared: &Declared<'_>) {}
}

//! Figures in columns.

use std::io::{self, Write, stdout};

/// A table that is printed row by row.
pub(crate) struct Table {
    widths: Vec<usize>,
}

impl Table {
    /// Prints the heads. The first column is wide and to the left.
    pub(crate) fn new(heads: &[&str]) -> io::Result<Self> {
        let widths = heads.iter().enumerate().map(|(at, head)| if at == 0 { 26 } else { head.len().max(8) + 2 });
        let table = Self { widths: widths.collect() };
        table.row(heads)?;
        Ok(table)
    }

    pub(crate) fn row(&self, cells: &[impl AsRef<str>]) -> io::Result<()> {
        let mut out = stdout().lock();
        for (at, (cell, width)) in cells.iter().zip(&self.widths).enumerate() {
            let cell = cell.as_ref();
            if at == 0 {
                write!(out, "{cell:<width$}")?
            } else {
                write!(out, "{cell:>width$}")?
            };
        }
        writeln!(out)?;
        out.flush()
    }
}

/// A line between tables.
pub(crate) fn say(line: &str) -> io::Result<()> {
    writeln!(stdout().lock(), "{line}")
}

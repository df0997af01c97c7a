//! Reading tables from objects: CSV, JSON and Parquet become one stream of typed cells.
//!
//! Parsers are push-based: they take bytes in pieces of any size and hand cells to a [`RowSink`], so
//! memory depends on [`ReadLimits`] and never on the size of an object. Start from [`read::object`].

pub mod cell;
pub mod date;
pub mod number;
pub mod read;

mod blank_lines;
mod csv;
mod gzip;
mod json;
mod parquet;
mod parquet_cells;
mod parquet_footer;
mod parquet_nested;
mod parquet_pages;
mod parquet_schema;
mod plain_records;
mod sniff;
mod version;

use schemars::JsonSchema;
use serde::Serialize;

pub use cell::Cell;
pub(crate) use sniff::NO_TABLE;

/// Takes the cells of one table, row by row or column by column within a block of rows.
pub trait RowSink: Send {
    /// The index of the column with this name, made on first use; `None` beyond the column limit.
    ///
    /// `physical_type` is the type that the format itself declares.
    fn column(&mut self, name: &str, physical_type: Option<&str>) -> Option<usize>;
    /// The same for a column of lists or maps, which has no cells but [`RowSink::nested`].
    fn nested_column(&mut self, name: &str, physical_type: &str) -> Option<usize>;
    /// Whether the cells of a column are of any use; those of other columns need not be handed on.
    fn wants(&self, _column: usize) -> bool {
        true
    }
    /// Announces that the next `rows` rows come column by column; not needed for single rows.
    fn begin_rows(&mut self, rows: usize);
    /// One cell of the present block; `row` counts from 0 within the block.
    fn cell(&mut self, column: usize, row: usize, cell: Cell<'_>);
    /// The same for a cell of text, which text formats have only; two words, where a [`Cell`] has to be put together.
    fn text(&mut self, column: usize, row: usize, text: &str) {
        self.cell(column, row, Cell::Text(text));
    }
    /// The cells of one column for all rows of the block, which are texts.
    fn texts(&mut self, column: usize, texts: &[&str]) {
        for (row, text) in texts.iter().enumerate() {
            self.text(column, row, text);
        }
    }
    /// Several cells of one column; the first belongs to `first_row`, counted from 0 within the block.
    fn cells(&mut self, column: usize, first_row: usize, cells: &[Cell<'_>]);
    /// Ends the block; columns that got fewer cells than rows are filled with absent ones.
    fn end_rows(&mut self, rows: usize);
    /// Tells of the lists of a column over a number of rows that were handed on besides.
    fn nested(&mut self, column: usize, rows: &NestedRows);
    /// Tells that the last `cells` texts of a column were not valid UTF-8 and had their broken bytes replaced.
    fn replaced(&mut self, column: usize, cells: u64);
    /// What the format itself declares of a column of which not all rows were handed on.
    fn declared(&mut self, column: usize, declared: &Declared<'_>);
}

/// What the values of a column are by the format's own declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Truth values.
    Boolean,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Decimal,
    /// Days.
    Date,
    /// Moments with a time of day.
    Moment,
    /// Texts.
    Text,
    /// Universally unique identifiers.
    Uuid,
}

/// Lists or maps of a column over a number of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NestedRows {
    /// Rows whose list was looked at.
    pub rows: u64,
    /// Rows without a list.
    pub nulls: u64,
    /// Rows whose list has no entry.
    pub empty: u64,
    /// Entries of all lists together.
    pub entries: u64,
    /// Entries of the shortest list; `None` while there is none.
    pub shortest: Option<u64>,
    /// Entries of the longest list; `None` while there is none.
    pub longest: Option<u64>,
    /// Rows of which nothing is known.
    pub unread: u64,
}

impl NestedRows {
    /// Adds rows whose lists have the same number of entries, or are all absent.
    pub(crate) fn add(&mut self, length: Option<u64>, rows: u64) {
        self.merge(&Self {
            rows,
            nulls: if length.is_none() { rows } else { 0 },
            empty: if length == Some(0) { rows } else { 0 },
            entries: length.unwrap_or(0).saturating_mul(rows),
            shortest: length.filter(|_| rows > 0),
            longest: length.filter(|_| rows > 0),
            unread: 0,
        });
    }

    /// Adds other rows of the same column.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.empty += other.empty;
        self.entries = self.entries.saturating_add(other.entries);
        self.shortest = [self.shortest, other.shortest].into_iter().flatten().min();
        self.longest = self.longest.max(other.longest);
        self.unread += other.unread;
    }
}

/// What a format declares of a column as a whole; nothing of it was checked against the cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared<'a> {
    /// What the values are.
    pub value_type: ValueType,
    /// Rows that the figures are about.
    pub rows: u64,
    /// Null cells.
    pub null_count: Option<u64>,
    /// Least and greatest possible number of different values.
    pub distinct: Option<(u64, u64)>,
    /// Smallest value.
    pub min: Option<Cell<'a>>,
    /// Largest value.
    pub max: Option<Cell<'a>>,
}

/// Bounds of reading one object.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// Bytes of content after decompression; what lies beyond is not read.
    pub max_bytes_per_object: u64,
    /// Rows that are read from the start; 0 is all.
    pub sample_rows: u64,
    /// Longest CSV record, JSON record or JSON line, in bytes.
    pub max_record_bytes: usize,
    /// Columns that are profiled; further ones are counted only.
    pub max_columns: usize,
    /// Largest Parquet column chunk that is fetched, in bytes, compressed or not.
    pub max_chunk_bytes: u64,
}

/// A format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// A JSON array of objects.
    JsonArray,
    /// One JSON object per line.
    JsonLines,
    /// One JSON object, or several without line structure.
    JsonObject,
    /// Apache Parquet.
    Parquet,
}

/// Something about an object that the reader had to work around or could not read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Issue {
    /// The object or table it concerns; empty for the listing as a whole.
    pub object: String,
    /// A stable word for it, such as `ragged_rows`.
    pub code: &'static str,
    /// A sentence without any cell content.
    pub message: String,
    /// How often it occurred.
    pub count: u64,
    /// Line or record numbers of the first occurrences, from 1.
    pub first_lines: Vec<u64>,
    /// Whether content was left unread because of it.
    pub loses_data: bool,
}

/// What is said of texts in which broken bytes were replaced.
pub(crate) const BROKEN_UTF8: &str = "cells are not valid UTF-8; the broken bytes were replaced";

/// Line numbers that an issue keeps.
pub const KEPT_LINES: usize = 5;

/// How one object was read.
#[derive(Debug, Clone, Default)]
pub struct ReadReport {
    /// The format that was recognised; `None` when the object holds no table.
    pub format: Option<Format>,
    /// `gzip` where the content was compressed as a whole.
    pub compression: Option<&'static str>,
    /// The delimiter of a CSV.
    pub delimiter: Option<char>,
    /// Whether the first CSV record holds the names.
    pub has_header: Option<bool>,
    /// Rows handed on.
    pub rows: u64,
    /// Rows whose number of fields differs from the header's, or records that are not objects.
    pub malformed_rows: u64,
    /// Blank lines of a text format, which are no rows.
    pub blank_lines: Option<u64>,
    /// Rows that the object holds according to its own footer.
    pub declared_rows: Option<u64>,
    /// What stood out.
    pub issues: Vec<Issue>,
    /// Whether reading stopped because the time budget was used up.
    pub out_of_time: bool,
}

impl ReadReport {
    /// Counts one more occurrence of an issue; message and loss are those of the first.
    pub fn note(&mut self, code: &'static str, line: Option<u64>, loses_data: bool, message: &str) {
        self.note_many(code, 1, line.as_slice(), loses_data, message);
    }

    /// Counts `count` more occurrences of an issue, the first of them on these lines.
    pub fn note_many(&mut self, code: &'static str, count: u64, lines: &[u64], loses_data: bool, message: &str) {
        let position = self.issues.iter().position(|issue| issue.code == code);
        let position = position.unwrap_or_else(|| {
            self.issues.push(Issue {
                object: String::new(),
                code,
                message: message.to_owned(),
                count: 0,
                first_lines: Vec::new(),
                loses_data,
            });
            self.issues.len() - 1
        });
        let issue = &mut self.issues[position];
        issue.count += count;
        let room = KEPT_LINES - issue.first_lines.len().min(KEPT_LINES);
        issue.first_lines.extend(lines.iter().take(room));
    }

    /// Whether every byte of the object contributed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.out_of_time && self.issues.iter().all(|issue| !issue.loses_data)
    }
}

/// Whether a parser wants more input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    Stop,
}

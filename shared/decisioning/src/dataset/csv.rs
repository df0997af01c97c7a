//! Push-based CSV: bytes in pieces of any size, cells out, no allocation per cell.
//!
//! Splitting is `csv-core`'s. A record is kept until it is whole, bounded by `max_record_bytes`; what is
//! ragged, not UTF-8 or cut off is counted with its line and still used as far as it goes.
//!
//! RFC 4180 does not say what a blank line is. As in pandas and R it is no row here, but it is counted, and in
//! a file of one column, where it could stand for an empty value, it is an issue too.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::sniff::Dialect;
use super::{BROKEN_UTF8, Cell, Flow, KEPT_LINES, ReadLimits, ReadReport, RowSink};

/// Fields of one record beyond which the content is not taken for a table.
const MAX_FIELDS: usize = 65_536;
/// Characters of a column name that are kept.
const MAX_NAME_CHARS: usize = 128;

pub(crate) struct Csv {
    reader: Reader,
    record: Vec<u8>,
    ends: Vec<usize>,
    length: usize,
    fields: usize,
    header_pending: bool,
    columns: Vec<Option<usize>>,
    limits: ReadLimits,
    /// Line on which the record being read begins, from 1.
    line: u64,
    open_quote: bool,
    last_byte: u8,
    blank: BlankLines,
}

/// Blank lines before the record that is being read.
struct BlankLines {
    /// Whether nothing of the next record has come.
    between: bool,
    /// Whether the last byte was a carriage return, so that a line feed belongs to it.
    after_return: bool,
    count: u64,
    first: Vec<u64>,
}

impl BlankLines {
    /// Counts the blank lines that the input begins with, and moves `line` on to the next record.
    fn look(&mut self, input: &[u8], line: &mut u64) {
        for &byte in input {
            let is_blank = match byte {
                _ if !self.between => return,
                b'\n' => !self.after_return,
                b'\r' => true,
                _ => {
                    self.between = false;
                    return;
                }
            };
            if is_blank {
                self.count += 1;
                self.first.extend((self.first.len() < KEPT_LINES).then_some(*line));
            }
            *line += u64::from(byte == b'\n');
            self.after_return = byte == b'\r';
        }
    }
}

impl Csv {
    pub(crate) fn new(dialect: &Dialect, limits: ReadLimits) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(dialect.delimiter).build(),
            record: vec![0; 4096],
            ends: vec![0; 64],
            length: 0,
            fields: 0,
            header_pending: dialect.has_header,
            columns: Vec::new(),
            limits,
            line: 1,
            open_quote: false,
            last_byte: b'\n',
            blank: BlankLines { between: true, after_return: false, count: 0, first: Vec::new() },
        }
    }

    pub(crate) fn push(&mut self, input: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let Some(&last) = input.last() else { return Flow::Continue };
        self.last_byte = last;
        self.open_quote ^= input.iter().filter(|b| **b == b'"').count() % 2 == 1;
        self.feed(input, report, sink)
    }

    /// Ends the content; a record without line end is used.
    pub(crate) fn finish(&mut self, report: &mut ReadReport, sink: &mut dyn RowSink) {
        let start = self.line;
        let holds_lines = self.record[..self.length].contains(&b'\n');
        if self.open_quote && (holds_lines || self.last_byte != b'\n') && self.length > 0 {
            let message = "a quotation mark is never closed: the rest of the object became one field";
            report.note("unterminated_quote", Some(start), true, message);
        }
        self.feed(&[], report, sink);
        self.report_blank(report);
    }

    fn feed(&mut self, mut input: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let at_end = input.is_empty();
        loop {
            self.blank.look(input, &mut self.line);
            let (result, nin, nout, nend) =
                self.reader.read_record(input, &mut self.record[self.length..], &mut self.ends[self.fields..]);
            let (used, rest) = input.split_at(nin);
            input = rest;
            self.length += nout;
            self.fields += nend;
            match result {
                ReadRecordResult::Record => {
                    self.blank.between = true;
                    self.blank.after_return = used.last() == Some(&b'\r');
                    if self.record_done(report, sink) == Flow::Stop {
                        return Flow::Stop;
                    }
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    if self.grow(&result, report) == Flow::Stop {
                        return Flow::Stop;
                    }
                }
                ReadRecordResult::InputEmpty if !at_end => return Flow::Continue,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::End => return Flow::Continue,
            }
        }
    }

    fn grow(&mut self, full: &ReadRecordResult, report: &mut ReadReport) -> Flow {
        if matches!(full, ReadRecordResult::OutputEndsFull) {
            if self.ends.len() < MAX_FIELDS {
                self.ends.resize(self.ends.len() * 2, 0);
                return Flow::Continue;
            }
            report.note(
                "too_many_fields",
                Some(self.line),
                true,
                "a record has more than 65,536 fields; reading stopped there",
            );
            return Flow::Stop;
        }
        if self.record.len() < self.limits.max_record_bytes {
            let length = (self.record.len() * 2).min(self.limits.max_record_bytes);
            self.record.resize(length, 0);
            return Flow::Continue;
        }
        let message =
            "a record is longer than the limit, probably a quotation mark that is never closed; reading stopped there";
        report.note("record_too_long", Some(self.line), true, message);
        Flow::Stop
    }

    fn record_done(&mut self, report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let (line, length, fields) = (self.line, self.length, self.fields);
        (self.length, self.fields) = (0, 0);
        self.line = self.reader.line();
        let is_first = self.columns.is_empty();
        if is_first {
            self.name_columns(length, fields, report, sink);
        }
        self.report_blank(report);
        if is_first && std::mem::take(&mut self.header_pending) {
            return Flow::Continue;
        }
        if self.limits.sample_rows > 0 && report.rows >= self.limits.sample_rows {
            report.note("row_limit", Some(line), true, "only the first rows were read, as sample_rows demands");
            return Flow::Stop;
        }
        self.hand_on(line, length, fields, report, sink);
        sink.end_rows(1);
        report.rows += 1;
        Flow::Continue
    }

    fn report_blank(&mut self, report: &mut ReadReport) {
        let (count, lines) = (std::mem::take(&mut self.blank.count), std::mem::take(&mut self.blank.first));
        let so_far = report.blank_lines.get_or_insert(0);
        *so_far += count;
        if count > 0 && self.columns.len() == 1 {
            let message = "blank lines were left out; in a file of one column they may stand for empty values";
            report.note_many("blank_lines", count, &lines, false, message);
        }
    }

    fn hand_on(&self, line: u64, length: usize, fields: usize, report: &mut ReadReport, sink: &mut dyn RowSink) {
        if fields != self.columns.len() {
            report.malformed_rows += 1;
            let message =
                "rows have more or fewer fields than the header; missing cells count as null, extra ones are left out";
            report.note("ragged_rows", Some(line), fields > self.columns.len(), message);
        }
        let record = &self.record[..length];
        let text = std::str::from_utf8(record).ok();
        let mut start = 0;
        for (column, &end) in self.columns.iter().zip(&self.ends[..fields]) {
            if let Some(column) = *column {
                match text.and_then(|text| text.get(start..end)) {
                    Some(field) => sink.cell(column, 0, Cell::Text(field)),
                    None => lossy_cell(column, &record[start..end], line, report, sink),
                }
            }
            start = end;
        }
    }

    fn name_columns(&mut self, length: usize, fields: usize, report: &mut ReadReport, sink: &mut dyn RowSink) {
        let mut start = 0;
        let mut names: Vec<String> = Vec::with_capacity(fields);
        for (index, &end) in self.ends[..fields].iter().enumerate() {
            let given = String::from_utf8_lossy(&self.record[start.min(length)..end.min(length)]);
            let given: String = given.trim().chars().take(MAX_NAME_CHARS).collect();
            let name = if self.header_pending && !given.is_empty() { given } else { format!("column_{}", index + 1) };
            names.push(name);
            start = end;
        }
        self.columns = unique(names, report).iter().map(|name| sink.column(name, None)).collect();
        if self.columns.iter().any(Option::is_none) {
            report.note(
                "too_many_columns",
                None,
                true,
                "there are more columns than max_columns; the last ones were not profiled",
            );
        }
    }
}

fn lossy_cell(column: usize, bytes: &[u8], line: u64, report: &mut ReadReport, sink: &mut dyn RowSink) {
    let text = String::from_utf8_lossy(bytes);
    if matches!(text, std::borrow::Cow::Owned(_)) {
        report.note("broken_utf8", Some(line), false, BROKEN_UTF8);
        sink.cell(column, 0, Cell::Text(&text));
        return sink.replaced(column, 1);
    }
    sink.cell(column, 0, Cell::Text(&text));
}

/// Gives repeated names a number, so that every column can be told apart.
pub(crate) fn unique(names: Vec<String>, report: &mut ReadReport) -> Vec<String> {
    let mut used = std::collections::BTreeSet::new();
    names
        .into_iter()
        .map(|name| {
            let mut candidate = name.clone();
            let mut number = 2;
            while !used.insert(candidate.clone()) {
                candidate = format!("{name}_{number}");
                number += 1;
            }
            if candidate != name {
                report.note("repeated_column_name", None, false, "column names repeat; the later ones got a number");
            }
            candidate
        })
        .collect()
}

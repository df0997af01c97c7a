//! Push-based CSV: bytes in pieces of any size, cells out, no allocation per cell.
//!
//! Records that lie whole in a piece and have a field for each column are used where they are, many at a time;
//! splitting is `csv-core`'s otherwise. Then a record is kept until it is whole, bounded by `max_record_bytes`; what is
//! ragged, not UTF-8 or cut off is counted with its line and still used as far as it goes.
//!
//! RFC 4180 does not say what a blank line is. As in pandas and R it is no row here, but it is counted, and in
//! a file of one column, where it could stand for an empty value, it is an issue too.

use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::blank_lines::BlankLines;
use super::plain_records::PlainRecords;
use super::sniff::Dialect;
use super::{BROKEN_UTF8, Cell, Flow, ReadLimits, ReadReport, RowSink};

/// Fields of one record beyond which the content is not taken for a table.
const MAX_FIELDS: usize = 65_536;
/// Rows that are handed on together, column by column, which finds the memory of a column still at hand.
const BLOCK_ROWS: u64 = 64;
/// A block ends at multiples of this, so that what a sink decides after so many rows does not depend on the sizes of
/// pieces.
const ROWS_TO_A_DECISION: u64 = 1000;
/// Characters of a column name that are kept.
const MAX_NAME_CHARS: usize = 128;

pub(crate) struct Csv {
    delimiter: u8,
    reader: Reader,
    record: Vec<u8>,
    ends: Vec<usize>,
    length: usize,
    fields: usize,
    header_pending: bool,
    columns: Columns,
    /// The fields of the last record, kept for their memory.
    ranges: Vec<Range<usize>>,
    limits: ReadLimits,
    /// Line on which the record being read begins, from 1.
    line: u64,
    open_quote: bool,
    last_byte: u8,
    blank: BlankLines,
}

/// Which field belongs to which column of the sink.
#[derive(Default)]
struct Columns {
    /// By field; `None` beyond the column limit.
    all: Vec<Option<usize>>,
    /// Fields whose cells the sink wants, with their columns.
    wanted: Vec<(usize, usize)>,
}

/// A piece of input as it is used up.
struct Piece<'a> {
    records: PlainRecords<'a>,
    used: usize,
}

/// A record, the fields in it, and its text as far as that is known to be valid.
struct Record<'a> {
    line: u64,
    bytes: &'a [u8],
    valid: &'a str,
    fields: &'a [Range<usize>],
}

impl Csv {
    pub(crate) fn new(dialect: &Dialect, limits: ReadLimits) -> Self {
        Self {
            delimiter: dialect.delimiter,
            reader: ReaderBuilder::new().delimiter(dialect.delimiter).build(),
            record: vec![0; 4096],
            ends: vec![0; 64],
            length: 0,
            fields: 0,
            header_pending: dialect.has_header,
            columns: Columns::default(),
            ranges: Vec::new(),
            limits,
            line: 1,
            open_quote: false,
            last_byte: b'\n',
            blank: BlankLines::default(),
        }
    }

    pub(crate) fn push(&mut self, input: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let Some(&last) = input.last() else { return Flow::Continue };
        self.last_byte = last;
        self.open_quote ^= has_odd_quotes(input);
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

    fn feed(&mut self, input: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let at_end = input.is_empty();
        let mut piece = Piece { records: PlainRecords::new(input, valid_start(input), self.delimiter), used: 0 };
        loop {
            if self.blank.between && !self.columns.all.is_empty() {
                self.feed_plain(input, &mut piece, report, sink);
                if piece.used == input.len() && !at_end {
                    return Flow::Continue;
                }
            }
            let rest = &input[piece.used..];
            self.blank.look(rest, &mut self.line);
            let (result, nin, nout, nend) =
                self.reader.read_record(rest, &mut self.record[self.length..], &mut self.ends[self.fields..]);
            piece.used += nin;
            self.length += nout;
            self.fields += nend;
            match result {
                ReadRecordResult::Record => {
                    self.blank.follow(rest[..nin].last());
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

    /// Takes the plain records that the rest of a piece begins with, as long as they have a field for each column.
    fn feed_plain(&mut self, input: &[u8], piece: &mut Piece<'_>, report: &mut ReadReport, sink: &mut dyn RowSink) {
        let mut fields = std::mem::take(&mut self.ranges);
        fields.clear();
        piece.records.seek(piece.used);
        let width = self.columns.all.len();
        let mut left = self.rows_of_block(report);
        while left > 0 {
            piece.used += self.blank.look(&input[piece.used..], &mut self.line);
            let begin = fields.len();
            let end = piece.records.fields(piece.used, &mut fields);
            let Some(end) = end.filter(|_| fields.len() - begin == width) else {
                fields.truncate(begin);
                break;
            };
            self.report_blank(report);
            self.line += u64::from(input[end] == b'\n');
            self.blank.follow(input.get(end));
            piece.used = end + 1;
            left -= 1;
            if left == 0 {
                self.hand_on_block(&piece.records, &fields, report, sink);
                fields.clear();
                left = self.rows_of_block(report);
            }
        }
        self.hand_on_block(&piece.records, &fields, report, sink);
        self.reader.set_line(self.line);
        self.ranges = fields;
    }

    /// Rows that the present block may still have.
    fn rows_of_block(&self, report: &ReadReport) -> u64 {
        let most = if self.limits.sample_rows > 0 { self.limits.sample_rows } else { u64::MAX };
        BLOCK_ROWS.min(ROWS_TO_A_DECISION - report.rows % ROWS_TO_A_DECISION).min(most - report.rows.min(most))
    }

    /// Hands on rows with a field for each column.
    fn hand_on_block(
        &self,
        records: &PlainRecords<'_>,
        fields: &[Range<usize>],
        report: &mut ReadReport,
        sink: &mut dyn RowSink,
    ) {
        let rows = fields.chunks_exact(self.columns.all.len());
        if fields.is_empty() {
            return;
        }
        sink.begin_rows(rows.len());
        let mut texts = Vec::with_capacity(rows.len());
        for &(field, column) in &self.columns.wanted {
            texts.clear();
            texts.extend(rows.clone().map(|row| records.text(&row[field])));
            sink.texts(column, &texts);
        }
        sink.end_rows(rows.len());
        report.rows += rows.len() as u64;
    }

    fn record_done(&mut self, report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let line = std::mem::replace(&mut self.line, self.reader.line());
        let (length, count) = (std::mem::take(&mut self.length), std::mem::take(&mut self.fields));
        let mut fields = std::mem::take(&mut self.ranges);
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        fields.clear();
        fields.extend(starts.zip(&self.ends[..count]).map(|(start, end)| start..*end));
        let is_first = self.columns.all.is_empty();
        if is_first {
            self.name_columns(&fields, report, sink);
        }
        self.report_blank(report);
        let mut flow = Flow::Continue;
        if !(is_first && std::mem::take(&mut self.header_pending)) {
            let bytes = &self.record[..length];
            let valid = valid_start(bytes);
            // Without the delimiters the broken bytes of two fields may look like one character.
            let valid = if fields.iter().all(|field| valid.is_char_boundary(field.end)) { valid } else { "" };
            flow = self.hand_on(&Record { line, bytes, valid, fields: &fields }, report, sink);
        }
        self.ranges = fields;
        flow
    }

    fn report_blank(&mut self, report: &mut ReadReport) {
        let (count, lines) = (std::mem::take(&mut self.blank.count), std::mem::take(&mut self.blank.first));
        let so_far = report.blank_lines.get_or_insert(0);
        *so_far += count;
        if count > 0 && self.columns.all.len() == 1 {
            let message = "blank lines were left out; in a file of one column they may stand for empty values";
            report.note_many("blank_lines", count, &lines, false, message);
        }
    }

    /// Hands on a single row, whatever it holds.
    fn hand_on(&self, record: &Record<'_>, report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let (fields, columns) = (record.fields, &self.columns);
        if self.limits.sample_rows > 0 && report.rows >= self.limits.sample_rows {
            let message = "only the first rows were read, as sample_rows demands";
            report.note("row_limit", Some(record.line), true, message);
            return Flow::Stop;
        }
        if fields.len() != columns.all.len() {
            report.malformed_rows += 1;
            let message =
                "rows have more or fewer fields than the header; missing cells count as null, extra ones are left out";
            report.note("ragged_rows", Some(record.line), fields.len() > columns.all.len(), message);
        }
        if fields.last().is_none_or(|last| last.end <= record.valid.len()) {
            for &(field, column) in &columns.wanted {
                if let Some(text) = fields.get(field).and_then(|field| record.valid.get(field.clone())) {
                    sink.text(column, 0, text);
                }
            }
        } else {
            for (column, field) in columns.all.iter().zip(fields) {
                if let Some(column) = *column {
                    lossy_cell(column, &record.bytes[field.clone()], record.line, report, sink);
                }
            }
        }
        sink.end_rows(1);
        report.rows += 1;
        Flow::Continue
    }

    fn name_columns(&mut self, fields: &[Range<usize>], report: &mut ReadReport, sink: &mut dyn RowSink) {
        let mut names: Vec<String> = Vec::with_capacity(fields.len());
        for (index, field) in fields.iter().enumerate() {
            let given = String::from_utf8_lossy(&self.record[field.clone()]);
            let given: String = given.trim().chars().take(MAX_NAME_CHARS).collect();
            let name = if self.header_pending && !given.is_empty() { given } else { format!("column_{}", index + 1) };
            names.push(name);
        }
        let all: Vec<Option<usize>> = unique(names, report).iter().map(|name| sink.column(name, None)).collect();
        if all.iter().any(Option::is_none) {
            report.note(
                "too_many_columns",
                None,
                true,
                "there are more columns than max_columns; the last ones were not profiled",
            );
        }
        let wanted = all.iter().enumerate().filter_map(|(field, column)| Some((field, (*column)?)));
        let wanted = wanted.filter(|(_, column)| sink.wants(*column)).collect();
        self.columns = Columns { all, wanted };
    }
}

/// Whether the number of quotation marks is odd; counted in bytes, which compiles to vector instructions.
fn has_odd_quotes(input: &[u8]) -> bool {
    let quotes = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == b'"')).sum::<u8>();
    input.chunks(128).fold(0, |odd, part| odd ^ quotes(part)) % 2 == 1
}

/// The text that the bytes begin with, up to what is not valid UTF-8.
fn valid_start(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
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

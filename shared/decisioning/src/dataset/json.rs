//! Push-based JSON: arrays of objects, JSON lines and single objects become rows.
//!
//! Records are cut out of the stream first and parsed one by one, so memory is bounded by the longest
//! record. Nested objects are flattened one level to `outer.inner`; what is deeper, and arrays, count as
//! JSON text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Cell, Flow, Format, ReadLimits, ReadReport, RowSink, cell};

/// Characters of a column name that are kept.
const MAX_NAME_CHARS: usize = 128;

pub(crate) struct Json {
    format: Format,
    limits: ReadLimits,
    record: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    opened: bool,
    closed: bool,
    /// Records seen so far, readable or not.
    number: u64,
    /// The last record in which each column had a cell.
    filled: Vec<u64>,
}

impl Json {
    pub(crate) fn new(format: Format, limits: ReadLimits) -> Self {
        Self {
            format,
            limits,
            record: Vec::new(),
            depth: 0,
            in_string: false,
            escaped: false,
            opened: false,
            closed: false,
            number: 0,
            filled: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, input: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        for &byte in input {
            let by_line = self.format == Format::JsonLines;
            let whole = if by_line { self.line_byte(byte, report) } else { self.byte(byte, report) };
            if whole && self.record_done(report, sink) == Flow::Stop {
                return Flow::Stop;
            }
            if self.record.len() > self.limits.max_record_bytes {
                report.note(
                    "record_too_long",
                    Some(self.number + 1),
                    true,
                    "a JSON record is longer than the limit; reading stopped there",
                );
                return Flow::Stop;
            }
        }
        Flow::Continue
    }

    pub(crate) fn finish(&mut self, report: &mut ReadReport, sink: &mut dyn RowSink) {
        if self.format == Format::JsonLines {
            if !self.record.trim_ascii().is_empty() {
                self.record_done(report, sink);
            }
        } else if self.depth > 0 || (self.format == Format::JsonArray && !self.closed) {
            let message = "the JSON ends in the middle; the records before the cut were used";
            report.note("truncated_json", Some(self.number + 1), true, message);
        }
    }

    /// Whether the byte ends a non-empty line.
    fn line_byte(&mut self, byte: u8, report: &mut ReadReport) -> bool {
        let blank_lines = report.blank_lines.get_or_insert(0);
        if byte != b'\n' {
            self.record.push(byte);
            return false;
        }
        let holds_text = !self.record.trim_ascii().is_empty();
        if !holds_text {
            *blank_lines += 1;
            self.record.clear();
        }
        holds_text
    }

    /// Follows brackets and strings; whether the byte ends an object at the level of records.
    fn byte(&mut self, byte: u8, report: &mut ReadReport) -> bool {
        if self.depth == 0 {
            self.between(byte, report);
            return false;
        }
        self.record.push(byte);
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        self.depth == 0
    }

    /// A byte between records.
    fn between(&mut self, byte: u8, report: &mut ReadReport) {
        match byte {
            b'{' => {
                self.depth = 1;
                self.record.push(byte);
            }
            b'[' if self.format == Format::JsonArray && !self.opened => self.opened = true,
            b']' if self.opened => self.closed = true,
            b',' | b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => report.note(
                "not_records",
                Some(self.number + 1),
                true,
                "there are values between the JSON objects; they were left out",
            ),
        }
    }

    fn record_done(&mut self, report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        self.number += 1;
        if self.limits.sample_rows > 0 && report.rows >= self.limits.sample_rows {
            report.note("row_limit", Some(self.number), true, "only the first rows were read, as sample_rows demands");
            return Flow::Stop;
        }
        let parsed = serde_json::from_slice::<Fields>(&self.record);
        let is_utf8 = parsed.is_ok() || std::str::from_utf8(&self.record).is_ok();
        let parsed = if is_utf8 { parsed } else { serde_json::from_str(&String::from_utf8_lossy(&self.record)) };
        self.record.clear();
        if !is_utf8 {
            report.note(
                "broken_utf8",
                Some(self.number),
                false,
                "records are not valid UTF-8; the broken bytes were replaced",
            );
        }
        match parsed {
            Ok(fields) => self.hand_on(&fields, report, sink),
            Err(_) => {
                report.malformed_rows += 1;
                report.note(
                    "bad_json_record",
                    Some(self.number),
                    true,
                    "records are not valid JSON objects; they were left out",
                );
            }
        }
        Flow::Continue
    }

    fn hand_on(&mut self, fields: &Fields, report: &mut ReadReport, sink: &mut dyn RowSink) {
        if fields.repeated {
            self.note_repeated(report);
        }
        for (name, value) in &fields.members {
            match value {
                Value::Object(inner) if !inner.is_empty() => {
                    for (key, value) in inner {
                        self.emit(&format!("{name}.{key}"), value, report, sink);
                    }
                }
                _ => self.emit(name, value, report, sink),
            }
        }
        sink.end_rows(1);
        report.rows += 1;
    }

    fn note_repeated(&self, report: &mut ReadReport) {
        let message = "objects name a key twice; one of the values was used";
        report.note("duplicate_json_key", Some(self.number), false, message);
    }

    fn emit(&mut self, name: &str, value: &Value, report: &mut ReadReport, sink: &mut dyn RowSink) {
        let Some(column) = sink.column(&column_name(name), None) else {
            let message = "there are more columns than max_columns; the last ones were not profiled";
            return report.note("too_many_columns", None, true, message);
        };
        if column >= self.filled.len() {
            self.filled.resize(column + 1, 0);
        }
        // `{"a": {"b": 1}, "a.b": 2}`: a row has one cell of each column.
        if std::mem::replace(&mut self.filled[column], self.number) == self.number {
            return self.note_repeated(report);
        }
        match value {
            Value::Null => sink.cell(column, 0, Cell::Null),
            Value::Bool(b) => sink.cell(column, 0, Cell::Bool(*b)),
            Value::Number(n) => {
                let cell = n.as_i64().map(Cell::Int).or_else(|| n.as_f64().map(Cell::Float));
                sink.cell(column, 0, cell.unwrap_or(Cell::Null));
            }
            Value::String(text) => sink.cell(column, 0, Cell::Text(text)),
            nested => sink.cell(column, 0, Cell::Text(&nested.to_string())),
        }
    }
}

/// Keys may be as long as a record; what is cut off shows as a hash, so that columns stay apart.
fn column_name(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MAX_NAME_CHARS) {
        None => Cow::Borrowed(name),
        Some(_) => {
            let kept: String = name.chars().take(MAX_NAME_CHARS - 17).collect();
            Cow::Owned(format!("{kept}~{:016x}", cell::Value::Text(name).hash()))
        }
    }
}

/// The members of an object in their order, the last of each name.
struct Fields {
    members: Vec<(String, Value)>,
    repeated: bool,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields { members: Vec::new(), repeated: false };
        let mut positions = std::collections::HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            match positions.get(&name) {
                Some(&position) => {
                    fields.repeated = true;
                    fields.members[position] = (name, value);
                }
                None => {
                    positions.insert(name.clone(), fields.members.len());
                    fields.members.push((name, value));
                }
            }
        }
        Ok(fields)
    }
}

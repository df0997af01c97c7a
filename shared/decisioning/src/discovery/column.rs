//! What is gathered of one column while its cells pass by.

use super::dictionary::Dictionary;
use super::footer::Footer;
use super::limits::Limits;
use super::moments::Moments;
use crate::dataset::cell::{Form, NULL_TOKENS, Reading, Value};
use crate::dataset::date::{Moment, Order};
use crate::dataset::{Cell, NestedRows};

/// Kinds of values that are counted apart.
pub(crate) const KINDS: usize = 5;
pub(crate) const BOOL: usize = 0;
pub(crate) const INT: usize = 1;
pub(crate) const FLOAT: usize = 2;
pub(crate) const TIME: usize = 3;
pub(crate) const TEXT: usize = 4;

/// One cell of the row sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sampled {
    /// Hash of the value; 0 for null.
    pub(crate) hash: u64,
    /// The number, or the day of a date; NaN otherwise.
    pub(crate) number: f64,
}

/// A cell without value.
pub(crate) const NOTHING: Sampled = Sampled { hash: 0, number: f64::NAN };

/// The hash of what was read, 0 for null, and the characters of a text.
#[inline]
fn measure(reading: &Reading<'_>) -> (u64, u64) {
    match reading {
        Reading::Value(value @ Value::Text(text), _) => (value.hash(), characters(text)),
        Reading::Value(value, _) => (value.hash(), 0),
        Reading::Null(_) => (NOTHING.hash, 0),
    }
}

/// How values were written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forms {
    pub(crate) formatted: u64,
    pub(crate) leading_zero: u64,
    pub(crate) day_first: u64,
    pub(crate) month_first: u64,
    pub(crate) ambiguous: u64,
    pub(crate) offset: u64,
    /// Texts in the form of a universally unique identifier.
    pub(crate) uuid: u64,
}

/// First and last moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    pub(crate) first: Option<Moment>,
    pub(crate) last: Option<Moment>,
}

impl Span {
    fn add(&mut self, moment: Moment) {
        self.first = Some(self.first.map_or(moment, |f| f.min(moment)));
        self.last = Some(self.last.map_or(moment, |l| l.max(moment)));
    }
}

/// Lengths of texts in characters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lengths {
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) total: u64,
}

/// One column as it is being read.
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) physical_type: Option<String>,
    pub(crate) seen: u64,
    pub(crate) absent: u64,
    pub(crate) nulls: [u64; NULL_TOKENS.len()],
    pub(crate) kinds: [u64; KINDS],
    pub(crate) with_time: u64,
    pub(crate) forms: Forms,
    pub(crate) moments: Moments,
    pub(crate) span: Span,
    /// Span with day and month exchanged where that is possible.
    pub(crate) exchanged: Span,
    pub(crate) lengths: Lengths,
    pub(crate) dictionary: Dictionary,
    pub(crate) sample: Vec<Sampled>,
    /// The last whole number while each was larger than the one before; `None` once one was not.
    rising: Option<i64>,
    /// Whether the column is left out of the second hash of its rows.
    pub(crate) is_row_id: bool,
    /// What the format declares of the column, where not all rows were read.
    pub(crate) footer: Option<Footer>,
    /// The lists of a column that has no cells.
    pub(crate) nested: Option<NestedRows>,
    /// Texts whose broken bytes were replaced.
    pub(crate) replaced: u64,
}

impl Column {
    pub(crate) fn new(name: &str, physical_type: Option<&str>, limits: &Limits) -> Self {
        Self {
            name: name.to_owned(),
            physical_type: physical_type.map(str::to_owned),
            seen: 0,
            absent: 0,
            nulls: [0; NULL_TOKENS.len()],
            kinds: [0; KINDS],
            with_time: 0,
            forms: Forms::default(),
            moments: Moments::default(),
            span: Span::default(),
            exchanged: Span::default(),
            lengths: Lengths::default(),
            dictionary: Dictionary::new(limits.max_distinct_exact, limits.max_dictionary_bytes),
            sample: Vec::new(),
            rising: Some(i64::MIN),
            is_row_id: false,
            footer: None,
            nested: None,
            replaced: 0,
        }
    }

    /// Takes one cell; returns what the row sample keeps of it.
    pub(crate) fn observe(&mut self, cell: Cell<'_>) -> Sampled {
        let reading = cell.read();
        let measures = measure(&reading);
        if let Reading::Value(value, _) = &reading {
            self.dictionary.add(value, measures.0);
        }
        self.gather(&reading, measures)
    }

    /// Takes cells; gives what the row sample keeps of each.
    ///
    /// Their values are counted when all of them were gathered: then these counts wait for memory at the same time.
    pub(crate) fn observe_all<'a>(
        &mut self,
        cells: impl Iterator<Item = Cell<'a>> + Clone,
        sampled: &mut Vec<Sampled>,
    ) {
        sampled.clear();
        let mut left = cells.clone().peekable();
        while let Some(cell) = left.next() {
            let reading = cell.read();
            let measures = measure(&reading);
            sampled.push(self.gather(&reading, measures));
            // Neighbouring rows have much in common.
            while left.next_if_eq(&cell).is_some() {
                sampled.push(self.gather(&reading, measures));
            }
        }
        for (cell, sampled) in cells.zip(sampled) {
            if sampled.hash != NOTHING.hash && !self.dictionary.count_known(sampled.hash) {
                self.count_anew(cell, sampled.hash);
            }
        }
    }

    fn count_anew(&mut self, cell: Cell<'_>, hash: u64) {
        if let Reading::Value(value, _) = cell.read() {
            self.dictionary.add(&value, hash);
        }
    }

    /// Adds a cell to the statistics; returns what the row sample keeps of it.
    #[inline]
    fn gather(&mut self, reading: &Reading<'_>, (hash, length): (u64, u64)) -> Sampled {
        self.seen += 1;
        let (value, form) = match reading {
            Reading::Null(token) => {
                self.nulls[*token] += 1;
                return NOTHING;
            }
            Reading::Value(value, form) => (value, *form),
        };
        if form != Form::Plain {
            self.note_form(form);
        }
        let number = if let Value::Text(text) = value { self.text(text, length) } else { self.number_of(value, form) };
        Sampled { hash, number }
    }

    fn note_form(&mut self, form: Form) {
        let forms = &mut self.forms;
        let count = match form {
            Form::Plain | Form::Dated(Order::Certain) => return,
            Form::Formatted => &mut forms.formatted,
            Form::LeadingZero => &mut forms.leading_zero,
            Form::Offset => &mut forms.offset,
            Form::Dated(Order::DayFirst) => &mut forms.day_first,
            Form::Dated(Order::MonthFirst) => &mut forms.month_first,
            Form::Dated(Order::Ambiguous) => &mut forms.ambiguous,
        };
        *count += 1;
    }

    /// Adds to the statistics of the value's kind; returns its number.
    #[inline]
    fn number_of(&mut self, value: &Value<'_>, form: Form) -> f64 {
        match *value {
            Value::Int(i) => {
                self.rising = self.rising.filter(|last| i > *last).map(|_| i);
                self.number(INT, i as f64)
            }
            Value::Float(f) => self.number(FLOAT, f),
            Value::Bool(b) => {
                self.kinds[BOOL] += 1;
                f64::from(u8::from(b))
            }
            Value::Time(moment) => self.time(moment, form),
            Value::Text(_) => f64::NAN,
        }
    }

    fn number(&mut self, kind: usize, number: f64) -> f64 {
        self.kinds[kind] += 1;
        self.moments.add(number);
        number
    }

    fn time(&mut self, moment: Moment, form: Form) -> f64 {
        self.kinds[TIME] += 1;
        self.with_time += u64::from(moment.has_time());
        self.span.add(moment);
        let other = if form == Form::Dated(Order::Ambiguous) { moment.exchanged() } else { moment };
        self.exchanged.add(other);
        moment.micros as f64 / crate::dataset::date::DAY_MICROS as f64
    }

    fn text(&mut self, text: &str, length: u64) -> f64 {
        let lengths = &mut self.lengths;
        lengths.min = if self.kinds[TEXT] == 0 { length } else { lengths.min.min(length) };
        lengths.max = lengths.max.max(length);
        lengths.total += length;
        self.kinds[TEXT] += 1;
        self.forms.uuid += u64::from(length == 36 && is_uuid(text));
        f64::NAN
    }

    /// Counts cells that rows do not have, so that every column has one per row.
    pub(crate) fn fill_to(&mut self, rows: u64) {
        self.absent += if self.nested.is_some() { 0 } else { rows - self.seen };
        self.seen = rows;
    }

    pub(crate) fn null_count(&self) -> u64 {
        self.nulls.iter().sum::<u64>() + self.absent
    }

    pub(crate) fn filled(&self) -> u64 {
        self.seen - self.null_count()
    }

    /// Whether every value is a whole number larger than the one before, so that none repeats.
    pub(crate) fn is_rising(&self) -> bool {
        self.rising.is_some() && self.filled() > 0 && self.kinds[INT] == self.filled()
    }

    /// Whether there are rows, of which none was read.
    pub(crate) fn is_unread(&self) -> bool {
        self.seen == 0 && self.footer.as_ref().is_some_and(|footer| footer.rows > 0)
    }

    /// Whether the numbers say that the day comes first.
    pub(crate) fn is_day_first(&self) -> bool {
        self.forms.day_first > 0 && self.forms.month_first == 0
    }
}

fn characters(text: &str) -> u64 {
    (if text.is_ascii() { text.len() } else { text.chars().count() }) as u64
}

/// Whether the text is five groups of hexadecimal digits, 8-4-4-4-12 (RFC 9562).
fn is_uuid(text: &str) -> bool {
    let fits = |(index, byte): (usize, &u8)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.as_bytes().iter().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_told_by_their_form() {
        let check = |text: &str, expected: bool| assert_eq!(is_uuid(text), expected, "{text}");
        check("0190163d-8694-739b-aea5-966c26f8ad91", true);
        check("0190163D-8694-739B-AEA5-966C26F8AD91", true);
        check("0190163d-8694-739b-aea5-966c26f8ad9", false);
        check("0190163d-8694-739b-aea5_966c26f8ad91", false);
        check("0190163g-8694-739b-aea5-966c26f8ad91", false);
        check(&"é".repeat(36), false);
    }
}

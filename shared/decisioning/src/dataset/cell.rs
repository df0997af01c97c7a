//! One cell, and what its text means.
//!
//! The same value has the same [`Value`] and the same [`Value::hash`] in every format: `2`, `2.0` and a
//! Parquet double of 2 are one value, so are `2016-11-08` and a Parquet date of that day.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::date::{self, Moment, Order};
use super::number::{self, Number};

/// A cell as the format gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// A typed truth value.
    Bool(bool),
    /// A typed whole number.
    Int(i64),
    /// A typed number.
    Float(f64),
    /// A typed date or time.
    Time(Moment),
    /// Text, whose meaning is still to be found.
    Text(&'a str),
}

/// What a cell means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction, too large for an integer, or infinite.
    Float(f64),
    /// A date or time.
    Time(Moment),
    /// Anything else, without surrounding blanks.
    Text(&'a str),
}

/// How a value was written, where that matters for the column as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nothing special.
    Plain,
    /// A number with separators, currency or percent sign, or brackets.
    Formatted,
    /// Digits with a leading zero: a code.
    LeadingZero,
    /// A date whose order of day and month had to be read from the numbers.
    Dated(Order),
    /// A time with a UTC offset.
    Offset,
}

/// What a cell means, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading<'a> {
    /// No value; the index into [`NULL_TOKENS`].
    Null(usize),
    /// A value.
    Value(Value<'a>, Form),
}

/// Texts that mean that there is no value; the first is also what a typed null counts as.
pub const NULL_TOKENS: [&str; 14] =
    ["", "NA", "N/A", "n/a", "NULL", "null", "Null", "None", "NaN", "nan", "NaT", "<NA>", "#N/A", "\\N"];

/// Index in [`NULL_TOKENS`] for a floating-point NaN.
const NAN_TOKEN: usize = 8;

impl<'a> Cell<'a> {
    /// Finds the meaning of the cell.
    #[inline]
    #[must_use]
    pub fn read(self) -> Reading<'a> {
        match self {
            Self::Null => Reading::Null(0),
            Self::Bool(b) => Reading::Value(Value::Bool(b), Form::Plain),
            Self::Int(i) => Reading::Value(Value::Int(i), Form::Plain),
            Self::Float(f) if f.is_nan() => Reading::Null(NAN_TOKEN),
            Self::Float(f) => numeric(Number::from_f64(f), Form::Plain),
            Self::Time(t) => Reading::Value(Value::Time(t), Form::Plain),
            Self::Text(text) => read_text(text),
        }
    }
}

fn numeric(number: Number, form: Form) -> Reading<'static> {
    match number {
        Number::Int(i) => Reading::Value(Value::Int(i), form),
        Number::Float(f) => Reading::Value(Value::Float(f), form),
    }
}

fn read_text(text: &str) -> Reading<'_> {
    let text = trimmed(text);
    if let Some(token) = null_token(text) {
        return Reading::Null(token);
    }
    match text.as_bytes()[0] {
        b'0'..=b'9' => read_digits(text),
        b'+' | b'-' | b'.' | b'$' | b'(' | 0xC2 | 0xE2 => read_signed(text),
        b'a'..=b'z' | b'A'..=b'Z' => read_word(text),
        _ => plain_text(text),
    }
}

fn trimmed(text: &str) -> &str {
    let blank = |b: Option<&u8>| b.is_some_and(u8::is_ascii_whitespace);
    let bytes = text.as_bytes();
    if blank(bytes.first()) || blank(bytes.last()) { text.trim_ascii() } else { text }
}

fn null_token(text: &str) -> Option<usize> {
    match text.len() {
        0 => Some(0),
        1 | 5.. => None,
        _ if !matches!(text.as_bytes()[0], b'N' | b'n' | b'<' | b'#' | b'\\') => None,
        _ => NULL_TOKENS.iter().position(|token| *token == text),
    }
}

fn plain_text(text: &str) -> Reading<'_> {
    Reading::Value(Value::Text(text), Form::Plain)
}

fn read_digits(text: &str) -> Reading<'_> {
    if let Some(number) = number::plain(text) {
        return numeric(number, Form::Plain);
    }
    let bytes = text.as_bytes();
    if bytes.iter().all(u8::is_ascii_digit) {
        let form = if bytes[0] == b'0' { Form::LeadingZero } else { Form::Plain };
        return Reading::Value(Value::Text(text), form);
    }
    if let Some(dated) = date::parse(text) {
        let form = match (dated.order, dated.has_offset) {
            (Order::Certain, true) => Form::Offset,
            (Order::Certain, false) => Form::Plain,
            (order, _) => Form::Dated(order),
        };
        return Reading::Value(Value::Time(dated.moment), form);
    }
    read_signed(text)
}

fn read_signed(text: &str) -> Reading<'_> {
    if let Some(number) = number::plain(text) {
        return numeric(number, Form::Plain);
    }
    match text {
        "-inf" | "-Inf" | "-Infinity" => numeric(Number::Float(f64::NEG_INFINITY), Form::Plain),
        _ => match number::formatted(text) {
            Some(number) => numeric(number, Form::Formatted),
            None => plain_text(text),
        },
    }
}

fn read_word(text: &str) -> Reading<'_> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match text.len() {
        2..=5 if is("true") || is("yes") => Reading::Value(Value::Bool(true), Form::Plain),
        2..=5 if is("false") || is("no") => Reading::Value(Value::Bool(false), Form::Plain),
        3 | 8 if is("inf") || is("infinity") => numeric(Number::Float(f64::INFINITY), Form::Plain),
        10..=30 if date::begins_with_month(text) => match date::parse(text) {
            Some(dated) if text.contains(' ') && text.as_bytes()[text.len() - 1].is_ascii_alphanumeric() => {
                Reading::Value(Value::Time(dated.moment), Form::Plain)
            }
            _ => plain_text(text),
        },
        _ => plain_text(text),
    }
}

/// Seed of every hash here; a constant, so that samples are the same in every run.
const SEED: u64 = 0x6361_7573_6577_6179;

impl Value<'_> {
    /// A 64-bit hash of the value that does not depend on the format, the run or the machine.
    #[inline]
    #[must_use]
    pub fn hash(&self) -> u64 {
        match *self {
            Value::Bool(b) => mix(SEED ^ 0xB001 ^ (u64::from(b) << 32)),
            Value::Int(i) => mix(SEED.wrapping_add(i.cast_unsigned())),
            Value::Float(f) => mix(f.to_bits() ^ 0xF10A_7000),
            Value::Time(t) => mix(t.micros.cast_unsigned() ^ 0x7133_0000_0000_0000),
            Value::Text(text) => xxh3_64_with_seed(text.as_bytes(), SEED),
        }
    }

    /// The value as a number, for statistics.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Int(i) => Some(i as f64),
            Value::Float(f) => Some(f),
            _ => None,
        }
    }
}

/// Spreads the bits of a number evenly (the finaliser of SplitMix64, a bijection).
#[must_use]
pub fn mix(value: u64) -> u64 {
    let z = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &Value<'_>) {
        match Cell::Text(text).read() {
            Reading::Value(value, _) => assert_eq!(value, *expected, "{text:?}"),
            Reading::Null(_) => panic!("{text:?} read as null"),
        }
    }

    #[test]
    fn meanings() {
        check(" 42 ", &Value::Int(42));
        check("1", &Value::Int(1));
        check("2.50", &Value::Float(2.5));
        check("Yes", &Value::Bool(true));
        check("no", &Value::Bool(false));
        check("y", &Value::Text("y"));
        check("00501", &Value::Text("00501"));
        check("CA-2016-152156", &Value::Text("CA-2016-152156"));
        check("$1,200", &Value::Int(1200));
        check("-inf", &Value::Float(f64::NEG_INFINITY));
        check("2016-11-08", &Value::Time(Moment::from_days(17_113)));
        check("Jun 12 1998", &Value::Time(Moment::from_days(10_389)));
        check("May I come in", &Value::Text("May I come in"));
        check("\u{20ac}5", &Value::Int(5));
    }

    #[test]
    fn null_tokens_are_all_recognised() {
        for (index, token) in NULL_TOKENS.iter().enumerate() {
            assert_eq!(Cell::Text(token).read(), Reading::Null(index), "{token:?}");
        }
        assert_eq!(Cell::Text("  ").read(), Reading::Null(0));
        assert_eq!(Cell::Float(f64::NAN).read(), Reading::Null(NAN_TOKEN));
    }

    #[test]
    fn one_value_has_one_hash_in_all_formats() {
        let hash = |cell: Cell<'_>| match cell.read() {
            Reading::Value(value, _) => value.hash(),
            Reading::Null(_) => panic!("null"),
        };
        assert_eq!(hash(Cell::Text("2")), hash(Cell::Float(2.0)));
        assert_eq!(hash(Cell::Text("2.50")), hash(Cell::Float(2.5)));
        assert_eq!(hash(Cell::Text("2016-11-08")), hash(Cell::Time(Moment::from_days(17_113))));
        assert_ne!(hash(Cell::Text("2")), hash(Cell::Text("2.5")));
    }
}

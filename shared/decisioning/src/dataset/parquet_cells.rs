//! Parquet's physical values as cells, by the column's declared logical type.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use half::f16;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{AsBytes, DataType, Int96};
use parquet::errors::Result;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::date::Moment;
use super::parquet_pages::Pages;
use super::{Cell, KEPT_LINES, RowSink, ValueType};

/// How the physical values of a column are meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Unsigned,
    Float,
    Double,
    /// Two bytes.
    Half,
    /// Power of ten to divide by.
    Decimal(i32),
    Days,
    /// Ticks per second.
    Ticks(i64),
    Int96,
    Text,
    /// Sixteen bytes, shown as text.
    Uuid,
}

impl Kind {
    /// The meaning of a leaf column; `None` for repeated columns and for types that are not profiled.
    pub(crate) fn of(leaf: &ColumnDescriptor) -> Option<Self> {
        if leaf.max_rep_level() > 0 {
            return None;
        }
        let by_logical = leaf.logical_type_ref().and_then(|logical| Self::of_logical(logical, leaf));
        by_logical.or_else(|| Self::of_converted(leaf)).or_else(|| Self::of_physical(leaf))
    }

    /// What the values are, for a column that is not read.
    pub(crate) fn value_type(self) -> ValueType {
        match self {
            Self::Bool => ValueType::Boolean,
            Self::Int | Self::Unsigned => ValueType::Integer,
            Self::Float | Self::Double | Self::Half | Self::Decimal(_) => ValueType::Decimal,
            Self::Days => ValueType::Date,
            Self::Ticks(_) | Self::Int96 => ValueType::Moment,
            Self::Text => ValueType::Text,
            Self::Uuid => ValueType::Uuid,
        }
    }

    fn of_logical(logical: &LogicalType, leaf: &ColumnDescriptor) -> Option<Self> {
        match logical {
            LogicalType::Decimal(_) => Some(Self::Decimal(leaf.type_scale())),
            LogicalType::Date => Some(Self::Days),
            LogicalType::Timestamp(stamp) => Some(Self::Ticks(match stamp.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            })),
            LogicalType::Integer(int) if !int.is_signed => Some(Self::Unsigned),
            LogicalType::Uuid if is_fixed(leaf, 16) => Some(Self::Uuid),
            LogicalType::Float16 if is_fixed(leaf, 2) => Some(Self::Half),
            _ => None,
        }
    }

    fn of_converted(leaf: &ColumnDescriptor) -> Option<Self> {
        match leaf.converted_type() {
            ConvertedType::DECIMAL => Some(Self::Decimal(leaf.type_scale())),
            ConvertedType::DATE => Some(Self::Days),
            ConvertedType::TIMESTAMP_MILLIS => Some(Self::Ticks(1_000)),
            ConvertedType::TIMESTAMP_MICROS => Some(Self::Ticks(1_000_000)),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                Some(Self::Unsigned)
            }
            _ => None,
        }
    }

    fn of_physical(leaf: &ColumnDescriptor) -> Option<Self> {
        match leaf.physical_type() {
            Type::BOOLEAN => Some(Self::Bool),
            Type::INT32 | Type::INT64 => Some(Self::Int),
            Type::INT96 => Some(Self::Int96),
            Type::FLOAT => Some(Self::Float),
            Type::DOUBLE => Some(Self::Double),
            Type::BYTE_ARRAY => Some(Self::Text),
            Type::FIXED_LEN_BYTE_ARRAY => None,
        }
    }
}

fn is_fixed(leaf: &ColumnDescriptor, length: i32) -> bool {
    leaf.physical_type() == Type::FIXED_LEN_BYTE_ARRAY && leaf.type_length() == length
}

/// One column of a row group while it is decoded, a batch of rows at a time.
pub(super) struct Chunk {
    column: usize,
    kind: Kind,
    max_level: i16,
    /// `None` once the chunk turned out to be damaged.
    reader: Option<ColumnReader>,
}

impl Chunk {
    /// A chunk whose cells go to `column` of the sink.
    pub(super) fn new(leaf: ColumnDescPtr, pages: Pages, kind: Kind, column: usize) -> Self {
        let max_level = leaf.max_def_level();
        Self { column, kind, max_level, reader: Some(get_column_reader(leaf, Box::new(pages))) }
    }

    /// Hands on the next `rows` cells, from `first_row` of the present block on.
    pub(super) fn hand_on(&mut self, rows: usize, first_row: usize, sink: &mut dyn RowSink) -> HandedOn {
        let Some(mut reader) = self.reader.take() else { return HandedOn::default() };
        let mut target = Target { sink, column: self.column, row: first_row, broken: 0, broken_rows: Vec::new() };
        let shape = Shape { kind: self.kind, max_level: self.max_level, rows };
        // Page decoders panic on some damaged input: that must cost one chunk, not the whole survey.
        let work = AssertUnwindSafe(|| batch(&mut reader, shape, &mut target));
        let sound = matches!(catch_unwind(work), Ok(Ok(records)) if records == rows);
        if sound {
            self.reader = Some(reader);
        }
        if target.broken > 0 {
            target.sink.replaced(self.column, target.broken);
        }
        HandedOn { sound, broken: target.broken, broken_rows: target.broken_rows }
    }
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct HandedOn {
    /// False when the chunk is damaged or too short, in which case its remaining cells are absent.
    pub(super) sound: bool,
    /// Texts that are not UTF-8.
    pub(super) broken: u64,
    /// The first rows with one, counted from 0 within the block.
    pub(super) broken_rows: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Shape {
    kind: Kind,
    max_level: i16,
    rows: usize,
}

/// Cells that are handed on at a time; they stay in the processor's first cache.
const OUT_CELLS: usize = 128;

/// Where the cells of a batch go.
struct Target<'s> {
    sink: &'s mut dyn RowSink,
    column: usize,
    row: usize,
    broken: u64,
    broken_rows: Vec<usize>,
}

/// Gathers cells so that the sink is called for many at once.
struct Out<'t, 's, 'c> {
    target: &'t mut Target<'s>,
    cells: [Cell<'c>; OUT_CELLS],
    filled: usize,
}

impl<'t, 's, 'c> Out<'t, 's, 'c> {
    fn new(target: &'t mut Target<'s>) -> Self {
        Self { target, cells: [Cell::Null; OUT_CELLS], filled: 0 }
    }

    fn push(&mut self, cell: Cell<'c>) {
        self.cells[self.filled] = cell;
        self.filled += 1;
        if self.filled == OUT_CELLS {
            self.flush();
        }
    }

    /// Bytes whose text has to be made.
    fn push_made(&mut self, bytes: &[u8], kind: Kind) {
        self.flush();
        let target = &mut *self.target;
        let uuid = if kind == Kind::Uuid { uuid_text(bytes) } else { None };
        if uuid.is_none() {
            target.broken += 1;
            if target.broken_rows.len() < KEPT_LINES {
                target.broken_rows.push(target.row);
            }
        }
        let text = uuid.map_or_else(|| String::from_utf8_lossy(bytes), Cow::Owned);
        target.sink.cells(target.column, target.row, &[Cell::Text(&text)]);
        target.row += 1;
    }

    fn flush(&mut self) {
        if self.filled == 0 {
            return;
        }
        let target = &mut *self.target;
        target.sink.cells(target.column, target.row, &self.cells[..self.filled]);
        target.row += self.filled;
        self.filled = 0;
    }
}

/// Decodes one batch; returns how many records there were.
fn batch(reader: &mut ColumnReader, shape: Shape, to: &mut Target<'_>) -> Result<usize> {
    let kind = shape.kind;
    match reader {
        ColumnReader::BoolColumnReader(r) => values(r, shape, to, |v| Ok(Cell::Bool(*v))),
        ColumnReader::Int32ColumnReader(r) => values(r, shape, to, |v| Ok(int32(*v, kind))),
        ColumnReader::Int64ColumnReader(r) => values(r, shape, to, |v| Ok(whole(*v, kind))),
        ColumnReader::Int96ColumnReader(r) => values(r, shape, to, |v| Ok(int96(v))),
        ColumnReader::FloatColumnReader(r) => values(r, shape, to, |v| Ok(single(*v))),
        ColumnReader::DoubleColumnReader(r) => values(r, shape, to, |v| Ok(Cell::Float(*v))),
        ColumnReader::ByteArrayColumnReader(r) => values(r, shape, to, |v| bytes(v.as_bytes(), kind)),
        ColumnReader::FixedLenByteArrayColumnReader(r) => values(r, shape, to, |v| bytes(v.as_bytes(), kind)),
    }
}

fn values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    shape: Shape,
    target: &mut Target<'_>,
    cell: impl for<'v> Fn(&'v T::T) -> std::result::Result<Cell<'v>, &'v [u8]>,
) -> Result<usize> {
    let (mut levels, mut values) = (Vec::new(), Vec::with_capacity(shape.rows));
    let (records, _, _) = reader.read_records(shape.rows, Some(&mut levels), None, &mut values)?;
    let mut out = Out::new(target);
    let mut next = values.iter();
    for index in 0..records {
        let present = shape.max_level == 0 || levels.get(index) == Some(&shape.max_level);
        let value = if present { next.next() } else { None };
        match value.map(&cell) {
            None => out.push(Cell::Null),
            Some(Ok(cell)) => out.push(cell),
            Some(Err(bytes)) => out.push_made(bytes, shape.kind),
        }
    }
    out.flush();
    Ok(records)
}

pub(super) fn int32(value: i32, kind: Kind) -> Cell<'static> {
    whole(if kind == Kind::Unsigned { i64::from(value.cast_unsigned()) } else { i64::from(value) }, kind)
}

pub(super) fn whole(value: i64, kind: Kind) -> Cell<'static> {
    match kind {
        Kind::Days => Cell::Time(Moment::from_days(value)),
        Kind::Ticks(per_second) => Cell::Time(ticks(value, per_second)),
        Kind::Decimal(scale) => Cell::Float(value as f64 / 10_f64.powi(scale)),
        // A 64-bit unsigned value above the signed range is rare enough to be taken as a float.
        Kind::Unsigned if value < 0 => Cell::Float(value.cast_unsigned() as f64),
        _ => Cell::Int(value),
    }
}

fn ticks(value: i64, per_second: i64) -> Moment {
    let micros = match per_second {
        1_000 => value.saturating_mul(1_000),
        1_000_000 => value,
        _ => value.div_euclid(1_000),
    };
    Moment { micros }
}

/// Nanoseconds of the day and a Julian day number, as old writers store time stamps.
fn int96(value: &Int96) -> Cell<'static> {
    const JULIAN_EPOCH: i64 = 2_440_588;
    let [low, high, day] = <[u32; 3]>::try_from(value.data()).unwrap_or_default();
    let nanos = (i64::from(high) << 32) | i64::from(low);
    let midnight = Moment::from_days(i64::from(day) - JULIAN_EPOCH).micros;
    Cell::Time(Moment { micros: midnight.saturating_add(nanos / 1_000) })
}

/// A 32-bit float by its shortest decimal text, so that 0.1 is the value that other formats show.
pub(super) fn single(value: f32) -> Cell<'static> {
    let wide = f64::from(value);
    if value.fract() == 0.0 || !value.is_finite() {
        return Cell::Float(wide);
    }
    Cell::Float(few_digits(value).unwrap_or_else(|| value.to_string().parse().unwrap_or(wide)))
}

/// The decimal with the fewest digits after the point that is this float, without going through text.
///
/// Both numbers of the quotient are exact, so it is rounded once, as a parsed text would be.
fn few_digits(value: f32) -> Option<f64> {
    const POWERS: [f64; 6] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
    let candidate = |power: &f64| (f64::from(value) * power).round() / power;
    POWERS.iter().map(candidate).find(|candidate| *candidate as f32 == value)
}

/// Bytes by the meaning of their column; identifiers, and texts that are not UTF-8, come back as they are.
pub(super) fn bytes(value: &[u8], kind: Kind) -> std::result::Result<Cell<'_>, &[u8]> {
    match kind {
        Kind::Decimal(scale) => Ok(Cell::Float(big_endian(value) / 10_f64.powi(scale))),
        Kind::Half => <[u8; 2]>::try_from(value).map(half).map_err(|_| value),
        Kind::Uuid => Err(value),
        _ => std::str::from_utf8(value).map(Cell::Text).map_err(|_| value),
    }
}

/// A 16-bit float by its shortest decimal, as [`single`] does it. Eight digits after the point tell all of
/// them apart, and the product with their power of ten is exact.
fn half(value: [u8; 2]) -> Cell<'static> {
    let half = f16::from_le_bytes(value);
    let wide = f64::from(half);
    if wide.fract() == 0.0 || !wide.is_finite() {
        return Cell::Float(wide);
    }
    let candidates = (1..=8).map(|digits| 10_f64.powi(digits)).map(|power| (wide * power).round() / power);
    Cell::Float(candidates.into_iter().find(|candidate| f16::from_f64(*candidate) == half).unwrap_or(wide))
}

/// The form of RFC 9562: five groups of lower-case hexadecimal digits.
fn uuid_text(value: &[u8]) -> Option<String> {
    let digits = format!("{:032x}", u128::from_be_bytes(<[u8; 16]>::try_from(value).ok()?));
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

/// A two's-complement big-endian number of any length as a float.
fn big_endian(bytes: &[u8]) -> f64 {
    let start = match bytes.first() {
        Some(first) if first & 0x80 != 0 => -1_i128,
        _ => 0,
    };
    bytes.iter().take(16).fold(start, |sum, b| (sum << 8) | i128::from(*b)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_have_the_value_of_their_shortest_text() {
        let some = [0.1_f32, -0.1, 1.5, 16.99, 1e-7, 0.333_333_34, 8_388_607.5, 1234.567, 9.999_999];
        let many = (0..200_000_u32).map(|i| f32::from_bits(i.wrapping_mul(0x9E37_79B9)));
        for value in some.into_iter().chain(many).filter(|v| v.is_finite() && v.fract() != 0.0) {
            let expected: f64 = value.to_string().parse().unwrap();
            assert_eq!(single(value), Cell::Float(expected), "{value}");
        }
    }

    #[test]
    fn half_floats_have_the_value_of_their_shortest_text() {
        let check = |value: f32, expected: f64| {
            assert_eq!(half(f16::from_f32(value).to_le_bytes()), Cell::Float(expected), "{value}");
        };
        check(0.1, 0.1);
        check(-2.19, -2.19);
        check(65504.0, 65504.0);
        check(6e-8, 6e-8);
        check(0.333_33, 0.3333);
        check(f32::INFINITY, f64::INFINITY);
        for bits in 0..=u16::MAX {
            let given = f16::from_bits(bits);
            let Cell::Float(found) = half(bits.to_le_bytes()) else { panic!("{bits}") };
            assert!(f16::from_f64(found) == given || given.is_nan() && found.is_nan(), "{given}");
            let text = format!("{found:?}");
            assert!(text.trim_start_matches("-0.").len() <= 10 || found.fract() == 0.0, "{given} as {text}");
        }
    }

    #[test]
    fn identifiers_are_shown_in_five_groups() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(uuid_text(&bytes).as_deref(), Some("00010203-0405-0607-0809-0a0b0c0d0e0f"));
        assert_eq!(uuid_text(&bytes[1..]), None);
    }
}

//! Parquet's physical values as cells, by the column's declared logical type.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType, Int96};
use parquet::errors::Result;
use parquet::schema::types::ColumnDescriptor;

use super::Cell;
use super::date::Moment;

/// Records that are decoded at a time.
const BATCH: usize = 4096;

/// How the physical values of a column are meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Unsigned,
    Float,
    Double,
    /// Power of ten to divide by.
    Decimal(i32),
    Days,
    /// Ticks per second.
    Ticks(i64),
    Int96,
    Text,
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

/// The declared type as a short name.
pub(crate) fn type_name(leaf: &ColumnDescriptor) -> String {
    let physical = format!("{:?}", leaf.physical_type()).to_ascii_lowercase();
    match leaf.converted_type() {
        ConvertedType::NONE => physical,
        converted => format!("{physical} ({})", format!("{converted:?}").to_ascii_lowercase()),
    }
}

/// Hands `rows` cells of a chunk to `emit` with their row; returns how many there were.
pub(crate) fn drain(
    reader: &mut ColumnReader,
    leaf: &ColumnDescriptor,
    kind: Kind,
    rows: usize,
    emit: &mut dyn FnMut(usize, Cell<'_>),
) -> Result<usize> {
    let levels = leaf.max_def_level();
    match reader {
        ColumnReader::BoolColumnReader(r) => {
            values(r, levels, rows, |row, v| emit(row, v.map_or(Cell::Null, |v| Cell::Bool(*v))))
        }
        ColumnReader::Int32ColumnReader(r) => values(r, levels, rows, |row, v| {
            let widened = |v: i32| if kind == Kind::Unsigned { i64::from(v.cast_unsigned()) } else { i64::from(v) };
            emit(row, v.map_or(Cell::Null, |v| whole(widened(*v), kind)));
        }),
        ColumnReader::Int64ColumnReader(r) => {
            values(r, levels, rows, |row, v| emit(row, v.map_or(Cell::Null, |v| whole(*v, kind))))
        }
        ColumnReader::Int96ColumnReader(r) => values(r, levels, rows, |row, v| emit(row, v.map_or(Cell::Null, int96))),
        ColumnReader::FloatColumnReader(r) => {
            values(r, levels, rows, |row, v| emit(row, v.map_or(Cell::Null, |v| single(*v))))
        }
        ColumnReader::DoubleColumnReader(r) => {
            values(r, levels, rows, |row, v| emit(row, v.map_or(Cell::Null, |v| Cell::Float(*v))))
        }
        ColumnReader::ByteArrayColumnReader(r) => {
            values(r, levels, rows, |row, v| bytes(v.map(AsBytes::as_bytes), kind, row, emit))
        }
        ColumnReader::FixedLenByteArrayColumnReader(r) => {
            values(r, levels, rows, |row, v| bytes(v.map(AsBytes::as_bytes), kind, row, emit))
        }
    }
}

fn values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    max_level: i16,
    rows: usize,
    mut emit: impl FnMut(usize, Option<&T::T>),
) -> Result<usize> {
    let (mut levels, mut batch, mut row) = (Vec::new(), Vec::new(), 0);
    while row < rows {
        levels.clear();
        batch.clear();
        let (records, _, _) = reader.read_records(BATCH.min(rows - row), Some(&mut levels), None, &mut batch)?;
        if records == 0 {
            break;
        }
        let mut next = batch.iter();
        for index in 0..records {
            let present = max_level == 0 || levels.get(index) == Some(&max_level);
            emit(row, if present { next.next() } else { None });
            row += 1;
        }
    }
    Ok(row)
}

fn whole(value: i64, kind: Kind) -> Cell<'static> {
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
fn single(value: f32) -> Cell<'static> {
    if value.fract() == 0.0 || !value.is_finite() {
        return Cell::Float(f64::from(value));
    }
    Cell::Float(value.to_string().parse().unwrap_or(f64::from(value)))
}

fn bytes(value: Option<&[u8]>, kind: Kind, row: usize, emit: &mut dyn FnMut(usize, Cell<'_>)) {
    let Some(bytes) = value else { return emit(row, Cell::Null) };
    if let Kind::Decimal(scale) = kind {
        return emit(row, Cell::Float(big_endian(bytes) / 10_f64.powi(scale)));
    }
    emit(row, Cell::Text(&String::from_utf8_lossy(bytes)));
}

/// A two's-complement big-endian number of any length as a float.
fn big_endian(bytes: &[u8]) -> f64 {
    let start = match bytes.first() {
        Some(first) if first & 0x80 != 0 => -1_i128,
        _ => 0,
    };
    bytes.iter().take(16).fold(start, |sum, b| (sum << 8) | i128::from(*b)) as f64
}

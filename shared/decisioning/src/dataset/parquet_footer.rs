//! What a Parquet footer knows of a column without its cells.
//!
//! Statistics are only passed on where the format makes them reliable: whole numbers, truth values, days and
//! time stamps always; floats unless a bound is NaN; texts and long decimals only when the writer marks them
//! as exact, because bounds of texts may be cut. INT96 has no defined order, so it has no bounds; those of
//! random identifiers would say nothing. A bound of the whole column needs one from every row group that
//! holds a value.

use std::cmp::Ordering;

use parquet::basic::SortOrder;
use parquet::data_type::AsBytes;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;

use super::parquet_cells::{self, Kind};
use super::{Cell, Declared};

/// What the footer declares of a leaf column over all row groups.
pub(super) fn declared(footer: &ParquetMetaData, leaf: usize, kind: Kind) -> Declared<'_> {
    let order = footer.file_metadata().column_order(leaf).sort_order();
    let groups = footer.row_groups().iter();
    let chunks: Vec<Option<Chunk<'_>>> =
        groups.map(|g| Some(Chunk::of(g.columns().get(leaf)?, g.num_rows(), kind, order))).collect();
    let known = || chunks.iter().flatten();
    let rows = known().fold(0, |sum: u64, c| sum.saturating_add(c.rows));
    let bounds = bounds(&chunks);
    Declared {
        value_type: kind.value_type(),
        rows,
        null_count: all(&chunks, |c| c.nulls)
            .map(|n| n.into_iter().fold(0, u64::saturating_add))
            .filter(|n| *n <= rows),
        distinct: all(&chunks, |c| c.distinct).and_then(|counts| {
            let richest = counts.iter().copied().max()?;
            Some((richest, counts.into_iter().fold(0, u64::saturating_add).min(rows)))
        }),
        min: bounds.map(|b| b.0),
        max: bounds.map(|b| b.1),
    }
}

/// The figure of every row group, if every one has it.
fn all<T>(chunks: &[Option<Chunk<'_>>], figure: impl Fn(&Chunk<'_>) -> Option<T>) -> Option<Vec<T>> {
    chunks.iter().map(|chunk| chunk.as_ref().and_then(&figure)).collect()
}

/// One column of one row group.
struct Chunk<'a> {
    rows: u64,
    nulls: Option<u64>,
    distinct: Option<u64>,
    bounds: Option<(Cell<'a>, Cell<'a>)>,
}

impl<'a> Chunk<'a> {
    fn of(chunk: &'a ColumnChunkMetaData, rows: i64, kind: Kind, order: SortOrder) -> Self {
        let rows = u64::try_from(rows).unwrap_or(0);
        let statistics = chunk.statistics();
        Self {
            rows,
            nulls: statistics.and_then(Statistics::null_count_opt).filter(|nulls| *nulls <= rows),
            distinct: statistics.and_then(Statistics::distinct_count_opt).filter(|values| *values <= rows),
            bounds: statistics.filter(|s| is_reliable(s, kind, order)).and_then(|s| bounds_of(s, kind)),
        }
    }

    fn holds_values(&self) -> bool {
        self.rows > 0 && self.nulls != Some(self.rows)
    }
}

fn bounds<'a>(chunks: &[Option<Chunk<'a>>]) -> Option<(Cell<'a>, Cell<'a>)> {
    let mut found: Option<(Cell<'a>, Cell<'a>)> = None;
    for chunk in chunks {
        let chunk = chunk.as_ref()?;
        if !chunk.holds_values() {
            continue;
        }
        let (low, high) = chunk.bounds?;
        found = Some(match found {
            None => (low, high),
            Some((min, max)) => (lesser(min, low, Ordering::Less)?, lesser(max, high, Ordering::Greater)?),
        });
    }
    found
}

/// Whichever of two cells of one type comes first in the wanted direction.
fn lesser<'a>(a: Cell<'a>, b: Cell<'a>, wanted: Ordering) -> Option<Cell<'a>> {
    Some(if compare(&b, &a)? == wanted { b } else { a })
}

fn compare(a: &Cell<'_>, b: &Cell<'_>) -> Option<Ordering> {
    match (a, b) {
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Int(a), Cell::Int(b)) => Some(a.cmp(b)),
        (Cell::Float(a), Cell::Float(b)) => a.partial_cmp(b),
        (Cell::Int(a), Cell::Float(b)) => (*a as f64).partial_cmp(b),
        (Cell::Float(a), Cell::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Cell::Time(a), Cell::Time(b)) => Some(a.cmp(b)),
        (Cell::Text(a), Cell::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        _ => None,
    }
}

/// Whether the format makes the bounds what they seem to be; see the head of this file.
fn is_reliable(statistics: &Statistics, kind: Kind, order: SortOrder) -> bool {
    // The old fields were compared as signed bytes whatever the type was.
    let old = statistics.is_min_max_deprecated();
    let exact = statistics.min_is_exact() && statistics.max_is_exact();
    match (kind, statistics) {
        (Kind::Int96 | Kind::Uuid, _) => false,
        (Kind::Text, _) => !old && exact && order == SortOrder::UNSIGNED,
        (Kind::Unsigned | Kind::Half, _) => !old,
        (Kind::Decimal(_), Statistics::ByteArray(_) | Statistics::FixedLenByteArray(_)) => !old && exact,
        _ => true,
    }
}

fn bounds_of(statistics: &Statistics, kind: Kind) -> Option<(Cell<'_>, Cell<'_>)> {
    let (min, max) = match statistics {
        Statistics::Boolean(s) => (Cell::Bool(*s.min_opt()?), Cell::Bool(*s.max_opt()?)),
        Statistics::Int32(s) => (parquet_cells::int32(*s.min_opt()?, kind), parquet_cells::int32(*s.max_opt()?, kind)),
        Statistics::Int64(s) => (parquet_cells::whole(*s.min_opt()?, kind), parquet_cells::whole(*s.max_opt()?, kind)),
        Statistics::Float(s) => (parquet_cells::single(*s.min_opt()?), parquet_cells::single(*s.max_opt()?)),
        Statistics::Double(s) => (Cell::Float(*s.min_opt()?), Cell::Float(*s.max_opt()?)),
        Statistics::ByteArray(s) => (bytes(s.min_opt()?.as_bytes(), kind)?, bytes(s.max_opt()?.as_bytes(), kind)?),
        Statistics::FixedLenByteArray(s) => {
            (bytes(s.min_opt()?.as_bytes(), kind)?, bytes(s.max_opt()?.as_bytes(), kind)?)
        }
        Statistics::Int96(_) => return None,
    };
    // A pair in the wrong order, or with NaN in it, is no pair of bounds.
    compare(&min, &max).filter(|order| order.is_le()).map(|_| (min, max))
}

fn bytes(value: &[u8], kind: Kind) -> Option<Cell<'_>> {
    parquet_cells::bytes(value, kind).ok()
}

#[cfg(test)]
mod tests {
    use parquet::data_type::ByteArray;
    use parquet::file::statistics::ValueStatistics;

    use super::*;

    fn check(statistics: &Statistics, kind: Kind, expected: Option<(Cell<'_>, Cell<'_>)>) {
        let reliable = is_reliable(statistics, kind, SortOrder::UNSIGNED);
        let found = if reliable { bounds_of(statistics, kind) } else { None };
        assert_eq!(found, expected, "{statistics:?}");
    }

    #[test]
    fn only_reliable_bounds_are_passed_on() {
        let float = |min, max| Statistics::double(Some(min), Some(max), None, None, false);
        check(&float(1.5, 2.5), Kind::Double, Some((Cell::Float(1.5), Cell::Float(2.5))));
        check(&float(f64::NAN, 2.5), Kind::Double, None);
        check(&float(3.0, 2.5), Kind::Double, None);
        let int = |old| Statistics::int64(Some(-5), Some(7), None, None, old);
        check(&int(true), Kind::Int, Some((Cell::Int(-5), Cell::Int(7))));
        check(&int(true), Kind::Unsigned, None);
        let half = Statistics::int64(Some(1), None, None, None, false);
        check(&half, Kind::Int, None);
    }

    #[test]
    fn texts_need_the_mark_that_they_are_whole() {
        let text = |exact: bool| {
            let (low, high) = (ByteArray::from("ab"), ByteArray::from("yz"));
            let values = ValueStatistics::new(Some(low), Some(high), None, None, false);
            Statistics::ByteArray(values.with_min_is_exact(exact).with_max_is_exact(exact))
        };
        check(&text(true), Kind::Text, Some((Cell::Text("ab"), Cell::Text("yz"))));
        check(&text(false), Kind::Text, None);
        assert!(!is_reliable(&text(true), Kind::Text, SortOrder::UNDEFINED));
    }
}

//! Parquet by footer and ranged reads: the object as a whole is never fetched.
//!
//! Lengths in the file are not trusted: they are checked against the object's size and the limits
//! before anything is fetched, and decoding runs behind `catch_unwind`.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use causeway_cloud::Objects;
use causeway_cloud::object_store::{self, ObjectMeta, ObjectStoreExt};
use parquet::column::reader::get_column_reader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

use super::parquet_cells::{self, Kind};
use super::{ReadLimits, ReadReport, RowSink};
use crate::budget::{Budget, yield_now};

/// The four bytes at both ends of the file.
pub(crate) const MAGIC: &[u8] = b"PAR1";
/// Bytes at the end that are fetched first; most footers fit.
const TAIL_BYTES: u64 = 64 * 1024;
/// Longest footer that is fetched.
const MAX_FOOTER_BYTES: u64 = 32 * 1024 * 1024;
/// Rows of one row group that are taken; a hash of each is held while its columns come in.
const MAX_ROW_GROUP_ROWS: u64 = 16 * 1024 * 1024;

/// Why a file or a part of it was given up; never holds cell content.
pub(crate) enum Trouble {
    Store(object_store::Error),
    Damaged(&'static str),
}

impl From<object_store::Error> for Trouble {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

/// Reads the rows of a Parquet object column chunk by column chunk.
pub(crate) async fn read(
    objects: &Objects,
    meta: &ObjectMeta,
    limits: ReadLimits,
    budget: &Budget<'_>,
    report: &mut ReadReport,
    sink: &mut dyn RowSink,
) -> Result<(), Trouble> {
    let footer = footer(objects, meta).await?;
    report.declared_rows = u64::try_from(footer.file_metadata().num_rows()).ok();
    let columns = columns(&footer, report, sink);
    let mut fetched = 0;
    for group in footer.row_groups() {
        let wanted = wanted_rows(group, limits, report);
        if wanted == 0 {
            break;
        }
        if let Some((code, message)) = objection(group, &columns, meta.size, limits, fetched) {
            report.note(code, None, true, message);
            continue;
        }
        fetched += group_bytes(group, &columns);
        sink.begin_rows(wanted);
        for (index, (column, kind)) in columns.iter().enumerate() {
            if budget.exhausted() {
                report.out_of_time = true;
                sink.end_rows(wanted);
                report.rows += wanted as u64;
                return Ok(());
            }
            let Some((column, kind)) = column.zip(*kind) else { continue };
            let chunk = group.column(index);
            let bytes = objects.get_range(&meta.location, range(chunk)).await?;
            if decode(chunk, bytes, wanted, kind, column, sink).is_none() {
                report.note(
                    "damaged_column_chunk",
                    None,
                    true,
                    "column chunks could not be decoded; their remaining cells count as absent",
                );
            }
            yield_now().await;
        }
        sink.end_rows(wanted);
        report.rows += wanted as u64;
    }
    Ok(())
}

async fn footer(objects: &Objects, meta: &ObjectMeta) -> Result<ParquetMetaData, Trouble> {
    if meta.size < 12 {
        return Err(Trouble::Damaged("too short for a Parquet file"));
    }
    let tail_start = meta.size.saturating_sub(TAIL_BYTES);
    let tail = objects.get_range(&meta.location, tail_start..meta.size).await?;
    let (Some(end), Some(before)) = (tail.last_chunk::<4>(), tail.len().checked_sub(8)) else {
        return Err(Trouble::Damaged("too short for a Parquet file"));
    };
    if end == b"PARE" {
        return Err(Trouble::Damaged("an encrypted Parquet file"));
    }
    if end != MAGIC {
        return Err(Trouble::Damaged("without Parquet's mark at the end: cut off or overwritten"));
    }
    let length = u64::from((&tail[before..]).get_u32_le());
    if length > MAX_FOOTER_BYTES || length + 12 > meta.size {
        return Err(Trouble::Damaged("declaring a footer longer than the file or the limit"));
    }
    let start = meta.size - 8 - length;
    let bytes = if start >= tail_start {
        tail.slice(usize::try_from(start - tail_start).unwrap_or(0)..before)
    } else {
        objects.get_range(&meta.location, start..meta.size - 8).await?
    };
    // The decoder is not meant for hostile input: a panic must cost one file, not the whole survey.
    let decoded = catch_unwind(AssertUnwindSafe(|| ParquetMetaDataReader::decode_metadata(&bytes)));
    match decoded {
        Ok(Ok(metadata)) => Ok(metadata),
        _ => Err(Trouble::Damaged("with a footer that cannot be decoded")),
    }
}

type Column = (Option<usize>, Option<Kind>);

/// The sink's column for each leaf; nested lists and unknown types are flagged and left out.
fn columns(footer: &ParquetMetaData, report: &mut ReadReport, sink: &mut dyn RowSink) -> Vec<Column> {
    let schema = footer.file_metadata().schema_descr();
    let mut found = Vec::with_capacity(schema.num_columns());
    for leaf in schema.columns() {
        let kind = Kind::of(leaf);
        if kind.is_none() {
            report.note("unsupported_column", None, true, "columns are lists, maps or of a type that is not profiled");
            found.push((None, None));
            continue;
        }
        let name: String = leaf.path().string().chars().take(128).collect();
        let column = sink.column(&name, Some(&parquet_cells::type_name(leaf)));
        if column.is_none() {
            report.note(
                "too_many_columns",
                None,
                true,
                "there are more columns than max_columns; the last ones were not profiled",
            );
        }
        found.push((column, kind));
    }
    found
}

fn wanted_rows(group: &RowGroupMetaData, limits: ReadLimits, report: &mut ReadReport) -> usize {
    let rows = u64::try_from(group.num_rows()).unwrap_or(0);
    let left = match limits.sample_rows {
        0 => u64::MAX,
        limit => limit.saturating_sub(report.rows),
    };
    if rows > left {
        report.note("row_limit", None, true, "only the first rows were read, as sample_rows demands");
    }
    usize::try_from(rows.min(left)).unwrap_or(usize::MAX)
}

/// Why a row group must not be fetched.
fn objection(
    group: &RowGroupMetaData,
    columns: &[Column],
    size: u64,
    limits: ReadLimits,
    fetched: u64,
) -> Option<(&'static str, &'static str)> {
    if group.num_columns() != columns.len() || u64::try_from(group.num_rows()).is_err() {
        return Some(("damaged_row_group", "row groups contradict the schema"));
    }
    let chunks = || group.columns().iter().zip(columns).filter(|(_, c)| c.0.is_some()).map(|(chunk, _)| chunk);
    if chunks().any(|chunk| chunk_span(chunk).is_none_or(|span| span.end > size)) {
        return Some(("damaged_row_group", "row groups point outside the file"));
    }
    let too_large = |chunk: &ColumnChunkMetaData| {
        let unpacked = u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX);
        unpacked.max(chunk.byte_range().1) > limits.max_chunk_bytes
    };
    if u64::try_from(group.num_rows()).unwrap_or(0) > MAX_ROW_GROUP_ROWS || chunks().any(too_large) {
        return Some((
            "row_group_too_large",
            "row groups are larger than the memory limit; only the footer's row count is known",
        ));
    }
    let total = fetched + chunks().map(|chunk| u64::try_from(chunk.uncompressed_size()).unwrap_or(0)).sum::<u64>();
    (total > limits.max_bytes_per_object).then_some(("byte_limit", "content beyond max_bytes_per_object was not read"))
}

fn group_bytes(group: &RowGroupMetaData, columns: &[Column]) -> u64 {
    let chunks = group.columns().iter().zip(columns).filter(|(_, c)| c.0.is_some());
    chunks.map(|(chunk, _)| u64::try_from(chunk.uncompressed_size()).unwrap_or(0)).sum()
}

/// The chunk's place, computed without the library's own assertions on hostile numbers.
fn chunk_span(chunk: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = match chunk.dictionary_page_offset() {
        Some(offset) if offset > 0 => offset.min(chunk.data_page_offset()),
        _ => chunk.data_page_offset(),
    };
    let start = u64::try_from(start).ok()?;
    let length = u64::try_from(chunk.compressed_size()).ok()?;
    Some(start..start.checked_add(length)?)
}

fn range(chunk: &ColumnChunkMetaData) -> Range<u64> {
    let (start, length) = chunk.byte_range();
    start..start + length
}

/// Decodes one chunk into the sink; `None` when it is damaged or shorter than declared.
fn decode(
    chunk: &ColumnChunkMetaData,
    bytes: Bytes,
    rows: usize,
    kind: Kind,
    column: usize,
    sink: &mut dyn RowSink,
) -> Option<()> {
    let window = Arc::new(Window { start: range(chunk).start, bytes });
    let mut work = || {
        let pages = SerializedPageReader::new(window.clone(), chunk, rows, None)?;
        let mut reader = get_column_reader(chunk.column_descr_ptr(), Box::new(pages));
        parquet_cells::drain(&mut reader, chunk.column_descr(), kind, rows, &mut |row, cell| {
            sink.cell(column, row, cell)
        })
    };
    // See `footer`: page decoders panic on some damaged input.
    match catch_unwind(AssertUnwindSafe(&mut work)) {
        Ok(Ok(decoded)) => (decoded == rows).then_some(()),
        _ => None,
    }
}

/// A piece of the file that knows where it belongs.
struct Window {
    start: u64,
    bytes: Bytes,
}

impl Window {
    fn from(&self, position: u64) -> parquet::errors::Result<Bytes> {
        let inside = position.checked_sub(self.start).and_then(|p| usize::try_from(p).ok());
        inside
            .filter(|p| *p <= self.bytes.len())
            .map(|p| self.bytes.slice(p..))
            .ok_or_else(|| ParquetError::EOF("outside the fetched range".to_owned()))
    }
}

impl Length for Window {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Window {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let rest = self.from(start)?;
        if length > rest.len() {
            return Err(ParquetError::EOF("outside the fetched range".to_owned()));
        }
        Ok(rest.slice(..length))
    }
}

//! Parquet by footer and ranged reads: the object as a whole is never fetched.
//!
//! Lengths in the file are not trusted: they are checked against the object's size and the limits
//! before anything is fetched, and decoding runs behind `catch_unwind`. Where not all rows are read, the
//! footer's own figures are handed on too.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Buf;
use causeway_cloud::object_store;
use parquet::column::page::PageReader;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};

use super::parquet_cells::Chunk;
use super::parquet_footer;
use super::parquet_nested::ListCounter;
use super::parquet_pages::Pages;
use super::parquet_schema::{self, Place};
use super::version::Version;
use super::{BROKEN_UTF8, ReadLimits, ReadReport, RowSink};
use crate::budget::{Budget, yield_now};

/// The four bytes at both ends of the file.
pub(crate) const MAGIC: &[u8] = b"PAR1";
/// Bytes at the end that are fetched first; most footers fit.
const TAIL_BYTES: u64 = 64 * 1024;
/// Longest footer that is fetched.
const MAX_FOOTER_BYTES: u64 = 32 * 1024 * 1024;
/// Cells that are decoded before other tasks get a turn.
const BATCH_CELLS: usize = 64 * 1024;
/// Rows of a batch, at most and at least.
const MAX_BATCH_ROWS: usize = 8192;
const MIN_BATCH_ROWS: usize = 64;
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

/// Reads the rows of a Parquet object, a batch of rows at a time.
pub(crate) async fn read(
    version: &Version<'_>,
    limits: ReadLimits,
    budget: &Budget<'_>,
    report: &mut ReadReport,
    sink: &mut dyn RowSink,
) -> Result<(), Trouble> {
    let footer = footer(version).await?;
    report.declared_rows = u64::try_from(footer.file_metadata().num_rows()).ok();
    let places = parquet_schema::places(footer.file_metadata().schema_descr(), report, sink);
    let mut job = Job { version, limits, budget, places, fetched: 0, report, sink };
    job.read_groups(&footer).await?;
    if job.report.declared_rows != Some(job.report.rows) {
        job.publish_footer(&footer);
    }
    Ok(())
}

/// One object while it is read.
struct Job<'a> {
    version: &'a Version<'a>,
    limits: ReadLimits,
    budget: &'a Budget<'a>,
    places: Vec<Place>,
    /// Unpacked bytes of the row groups that were read.
    fetched: u64,
    report: &'a mut ReadReport,
    sink: &'a mut dyn RowSink,
}

impl Job<'_> {
    async fn read_groups(&mut self, footer: &ParquetMetaData) -> Result<(), Trouble> {
        for group in footer.row_groups() {
            let wanted = wanted_rows(group, self.limits, self.report);
            if let Some((code, message)) =
                objection(group, &self.places, self.version.size(), self.limits, self.fetched)
            {
                self.report.note(code, None, true, message);
            } else if wanted > 0 {
                self.fetched += group_bytes(group, &self.places);
                let before = self.report.rows;
                self.read_group(group, wanted).await?;
                self.read_lists(group, self.report.rows - before).await?;
            }
            let is_limit = wanted == 0 && group.num_rows() > 0;
            if is_limit || self.report.out_of_time {
                break;
            }
        }
        Ok(())
    }

    /// Reads the columns of a row group in step where they fit into memory together; otherwise one set after
    /// the other, with the whole group as one block of rows.
    async fn read_group(&mut self, group: &RowGroupMetaData, rows: usize) -> Result<(), Trouble> {
        let mut sets = self.sets(group);
        if let [set] = sets.as_mut_slice() {
            let mut chunks = self.fetch(group, std::mem::take(set), rows).await?;
            self.read_in_step(&mut chunks, rows).await;
            return Ok(());
        }
        self.sink.begin_rows(rows);
        let outcome = self.read_sets(group, sets, rows).await;
        // Also after a failure: columns that came in before it must not be longer than the table.
        self.end_rows(rows);
        outcome
    }

    async fn read_sets(&mut self, group: &RowGroupMetaData, sets: Vec<Vec<usize>>, rows: usize) -> Result<(), Trouble> {
        for set in sets {
            let mut chunks = self.fetch(group, set, rows).await?;
            let batch = batch_rows(chunks.len());
            let mut row = 0;
            while row < rows && !self.is_over() {
                let count = batch.min(rows - row);
                self.decode(&mut chunks, count, row);
                row += count;
                yield_now().await;
            }
        }
        Ok(())
    }

    async fn read_in_step(&mut self, chunks: &mut Vec<Chunk>, rows: usize) {
        let batch = batch_rows(chunks.len());
        let mut left = rows;
        while left > 0 && !self.is_over() {
            let count = batch.min(left);
            self.sink.begin_rows(count);
            self.decode(chunks, count, 0);
            self.end_rows(count);
            left -= count;
            yield_now().await;
        }
    }

    fn end_rows(&mut self, rows: usize) {
        self.sink.end_rows(rows);
        self.report.rows += rows as u64;
    }

    fn is_over(&mut self) -> bool {
        self.report.out_of_time |= self.budget.exhausted();
        self.report.out_of_time
    }

    /// Leaves of a row group in sets whose chunks may be in memory together, packed and unpacked.
    fn sets(&self, group: &RowGroupMetaData) -> Vec<Vec<usize>> {
        let allowed = self.limits.max_chunk_bytes.saturating_mul(2);
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        let mut bytes = 0_u64;
        for leaf in (0..self.places.len()).filter(|leaf| self.places[*leaf].takes_cells()) {
            let chunk = group.column(leaf);
            let size = [chunk.compressed_size(), chunk.uncompressed_size()];
            let size: u64 = size.iter().map(|s| u64::try_from(*s).unwrap_or(0)).sum();
            bytes = bytes.saturating_add(size);
            if bytes > allowed && sets.last().is_some_and(|set| !set.is_empty()) {
                sets.push(Vec::new());
                bytes = size;
            }
            if let Some(set) = sets.last_mut() {
                set.push(leaf);
            }
        }
        sets
    }

    async fn fetch(
        &mut self,
        group: &RowGroupMetaData,
        leaves: Vec<usize>,
        rows: usize,
    ) -> Result<Vec<Chunk>, Trouble> {
        let mut chunks = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            let Place::Cells { column, kind } = self.places[leaf] else { continue };
            let chunk = group.column(leaf);
            let Some(span) = chunk_span(chunk) else { continue };
            let bytes = self.version.bytes(span.clone()).await?;
            // See `footer`: the library asserts some things about the numbers of the footer.
            let opened = catch_unwind(AssertUnwindSafe(|| Pages::open(chunk, span.start, bytes, rows)));
            match opened {
                Ok(Ok(pages)) => chunks.push(Chunk::new(chunk.column_descr_ptr(), pages, kind, column)),
                _ => self.note_damage(),
            }
        }
        Ok(chunks)
    }

    /// Hands the next rows of each chunk on; a damaged one is dropped.
    fn decode(&mut self, chunks: &mut Vec<Chunk>, rows: usize, first_row: usize) {
        let before = chunks.len();
        let first = self.report.rows + 1;
        let report = &mut *self.report;
        chunks.retain_mut(|chunk| {
            let done = chunk.hand_on(rows, first_row, self.sink);
            if done.broken > 0 {
                let rows: Vec<u64> = done.broken_rows.iter().map(|row| first + *row as u64).collect();
                report.note_many("broken_utf8", done.broken, &rows, false, BROKEN_UTF8);
            }
            done.sound
        });
        (chunks.len()..before).for_each(|_| self.note_damage());
    }

    /// Tells of the lists of a row group's first rows, one column after the other.
    async fn read_lists(&mut self, group: &RowGroupMetaData, rows: u64) -> Result<(), Trouble> {
        for leaf in 0..self.places.len() {
            let Place::Lists { column, outline } = self.places[leaf] else { continue };
            let mut counter = ListCounter::new(outline, rows);
            if let Some(mut pages) = self.open_lists(group.column(leaf), rows).await? {
                self.count_lists(&mut pages, &mut counter).await;
            }
            let found = counter.finish();
            if found.unread > 0 && !self.report.out_of_time {
                let message =
                    "lists of some rows are too large, damaged or written in an old way; they were not counted";
                self.report.note("lists_not_read", None, true, message);
            }
            self.sink.nested(column, &found);
        }
        Ok(())
    }

    /// The pages of a column of lists; `None` when they are damaged or too large, which costs this column alone.
    async fn open_lists(&mut self, chunk: &ColumnChunkMetaData, rows: u64) -> Result<Option<Pages>, Trouble> {
        let size = u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX);
        let span = chunk_span(chunk).filter(|span| span.end <= self.version.size());
        let Some(span) = span.filter(|span| size.max(span.end - span.start) <= self.limits.max_chunk_bytes) else {
            return Ok(None);
        };
        if self.fetched.saturating_add(size) > self.limits.max_bytes_per_object || self.is_over() {
            return Ok(None);
        }
        self.fetched += size;
        let bytes = self.version.bytes(span.clone()).await?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let opened = catch_unwind(AssertUnwindSafe(|| Pages::open(chunk, span.start, bytes, rows)));
        Ok(opened.ok().and_then(Result::ok))
    }

    async fn count_lists(&mut self, pages: &mut Pages, counter: &mut ListCounter) {
        while !self.is_over() {
            let page = catch_unwind(AssertUnwindSafe(|| pages.get_next_page()));
            let Ok(Ok(Some(page))) = page else { return };
            if !counter.take(&page).is_ok_and(|goes_on| goes_on) {
                return;
            }
            yield_now().await;
        }
    }

    fn note_damage(&mut self) {
        let message = "column chunks could not be decoded; their remaining cells count as absent";
        self.report.note("damaged_column_chunk", None, true, message);
    }

    fn publish_footer(&mut self, footer: &ParquetMetaData) {
        for (leaf, place) in self.places.iter().enumerate() {
            if let Place::Cells { column, kind } = *place {
                self.sink.declared(column, &parquet_footer::declared(footer, leaf, kind));
            }
        }
    }
}

/// Rows of a batch: few enough for a turn of some milliseconds, whatever the number of columns.
fn batch_rows(columns: usize) -> usize {
    (BATCH_CELLS / columns.max(1)).clamp(MIN_BATCH_ROWS, MAX_BATCH_ROWS)
}

async fn footer(version: &Version<'_>) -> Result<ParquetMetaData, Trouble> {
    let size = version.size();
    if size < 12 {
        return Err(Trouble::Damaged("too short for a Parquet file"));
    }
    let tail_start = size.saturating_sub(TAIL_BYTES);
    let tail = version.bytes(tail_start..size).await?;
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
    if length > MAX_FOOTER_BYTES || length + 12 > size {
        return Err(Trouble::Damaged("declaring a footer longer than the file or the limit"));
    }
    let start = size - 8 - length;
    let bytes = if start >= tail_start {
        tail.slice(usize::try_from(start - tail_start).unwrap_or(0)..before)
    } else {
        version.bytes(start..size - 8).await?
    };
    // The decoder is not meant for hostile input: a panic must cost one file, not the whole survey.
    let decoded = catch_unwind(AssertUnwindSafe(|| ParquetMetaDataReader::decode_metadata(&bytes)));
    match decoded {
        Ok(Ok(metadata)) => Ok(metadata),
        _ => Err(Trouble::Damaged("with a footer that cannot be decoded")),
    }
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
    places: &[Place],
    size: u64,
    limits: ReadLimits,
    fetched: u64,
) -> Option<(&'static str, &'static str)> {
    if group.num_columns() != places.len() || u64::try_from(group.num_rows()).is_err() {
        return Some(("damaged_row_group", "row groups contradict the schema"));
    }
    let chunks = || group.columns().iter().zip(places).filter(|(_, place)| place.takes_cells()).map(|(chunk, _)| chunk);
    if chunks().any(|chunk| chunk_span(chunk).is_none_or(|span| span.end > size)) {
        return Some(("damaged_row_group", "row groups point outside the file"));
    }
    let too_large = |chunk: &ColumnChunkMetaData| {
        let larger = chunk.uncompressed_size().max(chunk.compressed_size());
        chunk.uncompressed_size() < 0 || u64::try_from(larger).unwrap_or(u64::MAX) > limits.max_chunk_bytes
    };
    if u64::try_from(group.num_rows()).unwrap_or(0) > MAX_ROW_GROUP_ROWS || chunks().any(too_large) {
        return Some((
            "row_group_too_large",
            "row groups are larger than the memory limit; of them only the footer's figures are known",
        ));
    }
    let total = fetched + chunks().map(|chunk| u64::try_from(chunk.uncompressed_size()).unwrap_or(0)).sum::<u64>();
    (total > limits.max_bytes_per_object).then_some(("byte_limit", "content beyond max_bytes_per_object was not read"))
}

fn group_bytes(group: &RowGroupMetaData, places: &[Place]) -> u64 {
    let chunks = group.columns().iter().zip(places).filter(|(_, place)| place.takes_cells());
    chunks.map(|(chunk, _)| u64::try_from(chunk.uncompressed_size()).unwrap_or(0)).sum()
}

/// The chunk's place as the library takes it, without its assertions on hostile numbers.
fn chunk_span(chunk: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let start = u64::try_from(start).ok()?;
    let length = u64::try_from(chunk.compressed_size()).ok()?;
    Some(start..start.checked_add(length)?)
}

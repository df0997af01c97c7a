//! The pages of a fetched column chunk, with the sizes that their headers claim kept within bounds.
//!
//! The library reserves the memory that a page header claims before it looks at the page, and unpacks gzip
//! pages to whatever length they have. Headers are therefore read here first, as far as sizes go.

use std::io::Read;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

/// Room for chunks whose declared size is too low: some writers leave out headers or the dictionary.
const SLACK_BYTES: u64 = 1 << 20;
/// Nested structures in a page header.
const MAX_DEPTH: usize = 8;

/// The pages of one chunk, in order.
pub(super) struct Pages {
    inner: SerializedPageReader<Window>,
    window: Arc<Window>,
    /// Where the next header begins.
    position: u64,
    /// Bytes that the remaining pages may unpack to.
    left: u64,
    is_gzip: bool,
    physical: Type,
    max_level: i16,
    /// Whether somebody decodes the values; of lists only the levels are read.
    decodes: bool,
}

impl Pages {
    /// `bytes` is the whole chunk and lies at `start` in the file.
    pub(super) fn open(chunk: &ColumnChunkMetaData, start: u64, bytes: Bytes, rows: usize) -> Result<Self> {
        let window = Arc::new(Window { start, bytes });
        let declared = u64::try_from(chunk.uncompressed_size()).unwrap_or(0);
        Ok(Self {
            inner: SerializedPageReader::new(window.clone(), chunk, rows, None)?,
            window,
            position: start,
            left: declared.saturating_mul(2).max(SLACK_BYTES),
            is_gzip: matches!(chunk.compression(), Compression::GZIP(_)),
            physical: chunk.column_type(),
            max_level: chunk.column_descr().max_def_level(),
            decodes: chunk.column_descr().max_rep_level() == 0,
        })
    }

    /// Looks at the header of the next page that holds values or a dictionary.
    fn check_next(&mut self) -> Result<()> {
        loop {
            let rest = self.window.from(self.position)?;
            if rest.is_empty() {
                return Ok(());
            }
            let (header, length) = Header::read(&rest).ok_or_else(|| damaged("a page header cannot be read"))?;
            let body = rest.get(length..length + header.packed).ok_or_else(|| damaged("a page leaves its chunk"))?;
            self.position += (length + header.packed) as u64;
            self.left = self
                .left
                .checked_sub(header.unpacked as u64)
                .ok_or_else(|| damaged("pages unpack to more than the footer declares"))?;
            if self.is_gzip && header.is_packed && unpacks_beyond(body, &header) {
                return Err(damaged("a page unpacks to more than its header declares"));
            }
            if !header.is_index {
                return Ok(());
            }
        }
    }

    /// The library makes room for all values of a dictionary before it reads the first.
    fn check_page(&self, page: &Page) -> Result<()> {
        let least = match self.physical {
            Type::BOOLEAN | Type::FIXED_LEN_BYTE_ARRAY => 1,
            Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
        };
        let fits = match page {
            Page::DictionaryPage { buf, num_values, .. } => *num_values as usize <= buf.len() / least,
            Page::DataPage { .. } | Page::DataPageV2 { .. } => !declares_more_deltas(page, self.max_level),
        };
        if fits { Ok(()) } else { Err(damaged("a page declares more values than it has room for")) }
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.check_next()?;
        let page = self.inner.get_next_page()?;
        page.as_ref().filter(|_| self.decodes).map_or(Ok(()), |page| self.check_page(page))?;
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.check_next()?;
        self.inner.skip_next_page()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

fn damaged(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

fn unpacks_beyond(body: &[u8], header: &Header) -> bool {
    let Some(packed) = body.get(header.levels..) else { return true };
    let allowed = header.unpacked.saturating_sub(header.levels) as u64;
    let unpacked = std::io::copy(&mut MultiGzDecoder::new(packed).take(allowed + 1), &mut std::io::sink());
    unpacked.is_ok_and(|length| length > allowed)
}

/// Whether the lengths that delta-encoded texts begin with are more than the page has values.
fn declares_more_deltas(page: &Page, max_level: i16) -> bool {
    let (buf, start) = match page {
        Page::DataPage { buf, num_values, def_level_encoding, .. } => {
            (buf, levels_length(buf, *num_values as usize, *def_level_encoding, max_level))
        }
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            (buf, Some(*def_levels_byte_len as usize + *rep_levels_byte_len as usize))
        }
        Page::DictionaryPage { .. } => return false,
    };
    let lists = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        // Lengths of the common beginnings, then lengths of the rest.
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return false,
    };
    let Some(bytes) = start.and_then(|start| buf.get(start..)) else { return true };
    let mut compact = Compact { bytes, position: 0 };
    (0..lists).any(|_| compact.skip_deltas(page.num_values()).is_none())
}

/// Bytes of the levels before the values of a page of version 1.
fn levels_length(buf: &Bytes, values: usize, encoding: Encoding, max_level: i16) -> Option<usize> {
    if max_level == 0 {
        return Some(0);
    }
    if encoding == Encoding::RLE {
        let length = u32::from_le_bytes(*buf.first_chunk::<4>()?);
        return usize::try_from(length).ok()?.checked_add(4);
    }
    let bits = (i16::BITS - max_level.leading_zeros()) as usize;
    Some(values.checked_mul(bits)?.div_ceil(8))
}

/// The sizes in a page header.
#[derive(Debug, Default, PartialEq, Eq)]
struct Header {
    is_index: bool,
    /// Bytes after unpacking, those of the levels included.
    unpacked: usize,
    /// Bytes in the file.
    packed: usize,
    /// Bytes of levels before the packed values; 0 in version 1, which packs them too.
    levels: usize,
    is_packed: bool,
}

impl Header {
    /// The header that the bytes begin with, and its length.
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut compact = Compact { bytes, position: 0 };
        let mut header = Self { is_packed: true, ..Self::default() };
        let (mut unpacked, mut packed) = (None, None);
        let mut field = 0;
        while let Some(kind) = compact.field(&mut field)? {
            match (field, kind) {
                (1, Compact::I32) => header.is_index = compact.zigzag()? == 1,
                (2, Compact::I32) => unpacked = usize::try_from(compact.zigzag()?).ok(),
                (3, Compact::I32) => packed = usize::try_from(compact.zigzag()?).ok(),
                (8, Compact::STRUCT) => header.read_version_2(&mut compact)?,
                _ => compact.skip(kind, MAX_DEPTH)?,
            }
        }
        (header.unpacked, header.packed) = (unpacked?, packed?);
        Some((header, compact.position))
    }

    fn read_version_2(&mut self, compact: &mut Compact<'_>) -> Option<()> {
        let mut field = 0;
        while let Some(kind) = compact.field(&mut field)? {
            match (field, kind) {
                (5 | 6, Compact::I32) => self.levels += usize::try_from(compact.zigzag()?).ok()?,
                (7, Compact::TRUE | Compact::FALSE) => self.is_packed = kind == Compact::TRUE,
                _ => compact.skip(kind, MAX_DEPTH)?,
            }
        }
        Some(())
    }
}

/// Thrift's compact protocol, as far as page headers use it; `None` is a broken or cut message.
struct Compact<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Compact<'_> {
    const TRUE: u8 = 1;
    const FALSE: u8 = 2;
    const I32: u8 = 5;
    const STRUCT: u8 = 12;

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.position)?;
        self.position += 1;
        Some(byte)
    }

    fn advance(&mut self, length: u64) -> Option<()> {
        let position = self.position.checked_add(usize::try_from(length).ok()?)?;
        (position <= self.bytes.len()).then(|| self.position = position)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// The type of the next field, whose number goes to `field`; `None` inside at the end of the struct.
    fn field(&mut self, field: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *field = if byte >> 4 == 0 { self.zigzag()? } else { *field + i64::from(byte >> 4) };
        Some(Some(byte & 0x0F))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            Self::TRUE | Self::FALSE => Some(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(drop),
            7 => self.advance(8),
            8 => self.varint().and_then(|length| self.advance(length)),
            Self::STRUCT => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth)?;
                }
                Some(())
            }
            // Page headers hold no lists, sets or maps.
            _ => None,
        }
    }

    /// Passes over one delta-encoded list of numbers; `None` when it has more than `most` entries.
    fn skip_deltas(&mut self, most: u32) -> Option<()> {
        let (block, parts, count) = (self.varint()?, self.varint()?, self.varint()?);
        self.zigzag()?;
        if count > u64::from(most) || parts == 0 {
            return None;
        }
        let per_part = block / parts;
        let mut left = count.saturating_sub(1);
        while left > 0 && per_part > 0 {
            self.zigzag()?;
            let widths = self.position;
            self.advance(parts)?;
            for part in 0..parts as usize {
                if left > 0 {
                    self.advance(per_part.checked_mul(u64::from(self.bytes[widths + part]))? / 8)?;
                    left = left.saturating_sub(per_part);
                }
            }
        }
        Some(())
    }
}

/// A piece of the file that knows where it belongs.
struct Window {
    start: u64,
    bytes: Bytes,
}

impl Window {
    fn from(&self, position: u64) -> Result<Bytes> {
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

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let rest = self.from(start)?;
        if length > rest.len() {
            return Err(ParquetError::EOF("outside the fetched range".to_owned()));
        }
        Ok(rest.slice(..length))
    }
}

#[cfg(test)]
mod tests;

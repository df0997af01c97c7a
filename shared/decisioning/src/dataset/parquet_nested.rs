//! How long the lists of a Parquet column are, from the levels of its pages alone.
//!
//! A repetition level of 0 begins a row, 1 an entry of its outermost list; the definition level tells
//! whether the list is there and holds anything (Dremel encoding, Apache Parquet format). Values are never
//! decoded, and runs of equal levels count as one, so neither memory nor time follows what a page claims.

use bytes::Buf;
use parquet::basic::Encoding;
use parquet::column::page::Page;

use super::NestedRows;

/// What the levels of a leaf mean for its outermost list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outline {
    /// Definition level from which on the list is there; one more and it has an entry.
    pub(super) there: i16,
    pub(super) max_definition: i16,
    pub(super) max_repetition: i16,
}

/// Levels that cannot be read: damaged, or in the encoding that the format gave up in 2014.
#[derive(Debug, PartialEq)]
pub(super) struct Unreadable;

/// Counts the lists of one column chunk, page by page.
pub(super) struct ListCounter {
    outline: Outline,
    /// Rows that are wanted.
    rows: u64,
    /// Entries of the row that is being counted, if its list is there.
    open: Option<u64>,
    begun: u64,
    found: NestedRows,
}

impl ListCounter {
    pub(super) fn new(outline: Outline, rows: u64) -> Self {
        Self { outline, rows, open: None, begun: 0, found: NestedRows::default() }
    }

    /// Counts the rows of a page; false once all wanted rows were begun and a further one follows.
    pub(super) fn take(&mut self, page: &Page) -> Result<bool, Unreadable> {
        let Some((repetitions, definitions, values)) = levels(page)? else { return Ok(true) };
        let mut repetitions = Levels::new(repetitions, self.outline.max_repetition);
        let mut definitions = Levels::new(definitions, self.outline.max_definition);
        let mut left = u64::from(values);
        while left > 0 {
            let (repetition, count) = repetitions.peek().ok_or(Unreadable)?;
            let (definition, other) = definitions.peek().ok_or(Unreadable)?;
            let count = count.min(other).min(left);
            if !self.count(repetition, definition, count)? {
                return Ok(false);
            }
            repetitions.pass(count);
            definitions.pass(count);
            left -= count;
        }
        Ok(true)
    }

    /// Counts `count` equal pairs of levels.
    fn count(&mut self, repetition: i16, definition: i16, count: u64) -> Result<bool, Unreadable> {
        if repetition > 0 {
            // An entry of a list that is not there, or before the first row.
            let open = self.open.as_mut().filter(|_| definition > self.outline.there).ok_or(Unreadable)?;
            *open += if repetition == 1 { count } else { 0 };
            return Ok(true);
        }
        self.close();
        let rows = count.min(self.rows - self.begun);
        self.begun += rows;
        if rows > 0 {
            let length = match definition - self.outline.there {
                below if below < 0 => None,
                entries => Some(u64::from(entries > 0)),
            };
            self.found.add(length, rows - 1);
            self.open = length;
            self.found.nulls += u64::from(length.is_none());
            self.found.rows += u64::from(length.is_none());
        }
        Ok(rows == count)
    }

    fn close(&mut self) {
        if let Some(length) = self.open.take() {
            self.found.add(Some(length), 1);
        }
    }

    /// What was counted; rows that did not come are unread.
    pub(super) fn finish(mut self) -> NestedRows {
        self.close();
        self.found.unread = self.rows - self.found.rows;
        self.found
    }
}

/// Repetition levels, definition levels and how many there are of each.
type Streams<'a> = (&'a [u8], &'a [u8], u32);

/// The levels of a page; `None` for a page without any.
fn levels(page: &Page) -> Result<Option<Streams<'_>>, Unreadable> {
    match page {
        Page::DictionaryPage { .. } => Ok(None),
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            if [def_level_encoding, rep_level_encoding].iter().any(|encoding| **encoding != Encoding::RLE) {
                return Err(Unreadable);
            }
            let (repetitions, rest) = prefixed(buf)?;
            Ok(Some((repetitions, prefixed(rest)?.0, *num_values)))
        }
        Page::DataPageV2 { buf, num_values, def_levels_byte_len, rep_levels_byte_len, .. } => {
            let (repetitions, rest) = buf.split_at_checked(*rep_levels_byte_len as usize).ok_or(Unreadable)?;
            let definitions = rest.get(..*def_levels_byte_len as usize).ok_or(Unreadable)?;
            Ok(Some((repetitions, definitions, *num_values)))
        }
    }
}

/// Bytes behind their length.
fn prefixed(bytes: &[u8]) -> Result<(&[u8], &[u8]), Unreadable> {
    let (mut length, rest) = bytes.split_at_checked(4).ok_or(Unreadable)?;
    rest.split_at_checked(length.get_u32_le() as usize).ok_or(Unreadable)
}

/// One stream of levels: runs of one level, or groups of eight with just the bits they need.
struct Levels<'a> {
    bytes: &'a [u8],
    width: u32,
    /// The present run of equal levels.
    level: i16,
    left: u64,
    /// Packed levels behind it.
    packed: &'a [u8],
    packed_next: u64,
    packed_left: u64,
}

impl<'a> Levels<'a> {
    fn new(bytes: &'a [u8], max: i16) -> Self {
        let width = 16 - max.max(0).cast_unsigned().leading_zeros();
        Self { bytes, width, level: 0, left: 0, packed: &[], packed_next: 0, packed_left: 0 }
    }

    /// The next level, and how many of it follow each other at least.
    fn peek(&mut self) -> Option<(i16, u64)> {
        while self.left == 0 {
            if self.packed_left == 0 {
                self.next_run()?;
            } else {
                self.next_packed();
            }
        }
        Some((self.level, self.left))
    }

    fn pass(&mut self, count: u64) {
        self.left -= count;
    }

    fn next_packed(&mut self) {
        let at = |ahead: u64| packed(self.packed, self.packed_next + ahead, self.width);
        let level = at(0);
        let same = 1 + (1..self.packed_left).take_while(|ahead| at(*ahead) == level).count() as u64;
        (self.level, self.left) = (level, same);
        self.packed_next += same;
        self.packed_left -= same;
    }

    fn next_run(&mut self) -> Option<()> {
        let header = self.varint()?;
        let count = header >> 1;
        if header & 1 == 0 {
            let level = self.split(self.width.div_ceil(8) as usize)?;
            let level = level.iter().rev().fold(0_u16, |sum, byte| (sum << 8) | u16::from(*byte));
            (self.level, self.left) = (level.cast_signed(), count);
            return Some(());
        }
        // The last group may be cut off behind its last level.
        let bytes = usize::try_from(count.checked_mul(u64::from(self.width))?).ok()?.min(self.bytes.len());
        self.packed = self.split(bytes)?;
        let held = (bytes as u64 * 8).checked_div(u64::from(self.width))?;
        (self.packed_next, self.packed_left) = (0, held.min(count.saturating_mul(8)));
        Some(())
    }

    fn split(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

/// The level at this place of a packed run, lowest bits first.
fn packed(bytes: &[u8], index: u64, width: u32) -> i16 {
    let first = index * u64::from(width);
    let bit = |bit: u64| u16::from(bytes.get((bit / 8) as usize).is_some_and(|byte| byte >> (bit % 8) & 1 == 1));
    (0..width).fold(0_u16, |level, offset| level | bit(first + u64::from(offset)) << offset).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Outline = Outline { there: 1, max_definition: 3, max_repetition: 1 };

    /// Pairs of repetition and definition levels as a page of the second version, each stream in the given form.
    fn page(levels: &[(i16, i16)], max: (i16, i16), is_packed: bool) -> Page {
        let stream = |levels: Vec<i16>, max: i16| {
            let width = 16 - max.cast_unsigned().leading_zeros();
            if !is_packed {
                // One run per level, whether or not its neighbour is the same.
                return levels.iter().flat_map(|level| [2, *level as u8]).collect::<Vec<u8>>();
            }
            let groups = levels.len().div_ceil(8);
            let mut bytes = vec![0_u8; groups * width as usize];
            for (index, level) in levels.iter().enumerate() {
                for bit in 0..width as usize {
                    let place = index * width as usize + bit;
                    bytes[place / 8] |= u8::from(level >> bit & 1 == 1) << (place % 8);
                }
            }
            [vec![(groups << 1 | 1) as u8], bytes].concat()
        };
        let repetitions = stream(levels.iter().map(|l| l.0).collect(), max.0);
        let definitions = stream(levels.iter().map(|l| l.1).collect(), max.1);
        raw(&repetitions, &definitions, levels.len() as u32)
    }

    fn raw(repetitions: &[u8], definitions: &[u8], num_values: u32) -> Page {
        Page::DataPageV2 {
            num_values,
            encoding: Encoding::PLAIN,
            num_nulls: 0,
            num_rows: 0,
            def_levels_byte_len: definitions.len() as u32,
            rep_levels_byte_len: repetitions.len() as u32,
            is_compressed: false,
            statistics: None,
            buf: [repetitions, definitions].concat().into(),
        }
    }

    /// (rows, nulls, empty, entries, shortest, longest, unread)
    type Figures = (u64, u64, u64, u64, Option<u64>, Option<u64>, u64);

    fn counted(pages: &[Page], outline: Outline, rows: u64) -> Result<Figures, Unreadable> {
        let mut counter = ListCounter::new(outline, rows);
        for page in pages {
            if !counter.take(page)? {
                break;
            }
        }
        let n = counter.finish();
        Ok((n.rows, n.nulls, n.empty, n.entries, n.shortest, n.longest, n.unread))
    }

    fn check(levels: &[(i16, i16)], outline: Outline, rows: u64, expected: &Result<Figures, Unreadable>) {
        let max = (outline.max_repetition, outline.max_definition);
        for is_packed in [false, true] {
            let whole = counted(&[page(levels, max, is_packed)], outline, rows);
            assert_eq!(&whole, expected, "{levels:?} packed: {is_packed}");
            // A row may go on in the next page.
            let split: Vec<Page> = levels.chunks(2).map(|part| page(part, max, is_packed)).collect();
            assert_eq!(&counted(&split, outline, rows), expected, "{levels:?} split, packed: {is_packed}");
        }
    }

    #[test]
    fn lengths_nulls_and_empty_lists() {
        // [a, b], null, [], [null], [c, d, e]
        let levels = [(0, 3), (1, 3), (0, 0), (0, 1), (0, 2), (0, 3), (1, 3), (1, 3)];
        check(&levels, PLAIN, 5, &Ok((5, 1, 1, 6, Some(0), Some(3), 0)));
        check(&levels, PLAIN, 4, &Ok((4, 1, 1, 3, Some(0), Some(2), 0)));
        check(&levels, PLAIN, 9, &Ok((5, 1, 1, 6, Some(0), Some(3), 4)));
        check(&[], PLAIN, 0, &Ok((0, 0, 0, 0, None, None, 0)));
        check(&[(0, 0), (0, 0)], PLAIN, 2, &Ok((2, 2, 0, 0, None, None, 0)));
    }

    #[test]
    fn inner_lists_do_not_count() {
        // [[1, 2], [3]], [[]]
        let outline = Outline { there: 1, max_definition: 5, max_repetition: 2 };
        check(&[(0, 5), (2, 5), (1, 5), (0, 3)], outline, 2, &Ok((2, 0, 0, 3, Some(1), Some(2), 0)));
    }

    #[test]
    fn levels_that_contradict_each_other() {
        check(&[(1, 3)], PLAIN, 1, &Err(Unreadable));
        check(&[(0, 0), (1, 3)], PLAIN, 1, &Err(Unreadable));
        check(&[(0, 3), (1, 1)], PLAIN, 1, &Err(Unreadable));
    }

    #[test]
    fn long_runs_take_no_time_and_cut_streams_are_unreadable() {
        // Four thousand million entries in one row: each stream is a run of seven bytes.
        let many = u32::MAX - 1;
        let run = |level: u8| {
            let mut value = u64::from(many) << 1;
            let mut bytes = Vec::new();
            while value >= 0x80 {
                bytes.push((value as u8 & 0x7F) | 0x80);
                value >>= 7;
            }
            [bytes, vec![value as u8, level]].concat()
        };
        let begin = [2, 0];
        let one_row = raw(&[&begin[..], &run(1)].concat(), &run(3), many);
        assert_eq!(
            counted(&[one_row], PLAIN, 1),
            Ok((1, 0, 0, u64::from(many), Some(u64::from(many)), Some(u64::from(many)), 0))
        );
        let rows = raw(&run(0), &run(0), many);
        assert_eq!(counted(&[rows], PLAIN, 7), Ok((7, 7, 0, 0, None, None, 0)));
        assert_eq!(counted(&[raw(&[], &[], 1)], PLAIN, 1), Err(Unreadable));
        assert_eq!(counted(&[raw(&[0x80; 20], &[2, 3], 1)], PLAIN, 1), Err(Unreadable));
        assert_eq!(counted(&[raw(&[0xFF, 0xFF, 0xFF, 0x7F, 0], &[2, 3], 9)], PLAIN, 1), Err(Unreadable));
    }
}

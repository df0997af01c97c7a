//! Splits CSV records that lie whole in a piece of input and need no unescaping, 64 bytes at a time.
//!
//! It gives the fields that `csv-core` would give, or nothing: what is cut off, long, or has quotation marks other
//! than around a whole field is left to it.

use std::ops::Range;

/// Bytes that are looked at together, a bit for each in a word.
const BLOCK: usize = 64;
/// Longest record that is split here, in bytes.
const MAX_BYTES: usize = 4096;

/// A piece of input, and the places in it that may end a field.
pub(crate) struct PlainRecords<'a> {
    input: &'a [u8],
    delimiter: u8,
    /// Where the present block begins.
    block: usize,
    /// The marks of the present block that were not looked at.
    marks: u64,
}

impl<'a> PlainRecords<'a> {
    pub(crate) fn new(input: &'a [u8], delimiter: u8) -> Self {
        Self { input, delimiter, block: 0, marks: 0 }
    }

    /// Goes to a place; to be called before records are asked for, and after one was not found.
    pub(crate) fn seek(&mut self, place: usize) {
        self.block = place - place % BLOCK;
        self.marks = self.marks_of_block();
    }

    /// Finds the fields of the record that begins at `start`; returns where its line ends, before the line end.
    ///
    /// Records are asked for in rising order.
    #[inline]
    pub(crate) fn fields(&mut self, start: usize, fields: &mut Vec<Range<usize>>) -> Option<usize> {
        fields.clear();
        let mut begin = start;
        loop {
            let mark = self.next_mark(begin)?;
            let (field, end) = match self.input[mark] {
                b'"' if mark == begin => (mark + 1..self.closing_quote(mark)?, self.next_mark(begin)?),
                b'"' => continue,
                _ => (begin..mark, mark),
            };
            // Nothing may stand between a closing quotation mark and the end of the field.
            let is_quoted = field.start > begin;
            if end - start > MAX_BYTES || (is_quoted && (end != field.end + 1 || self.input[end] == b'"')) {
                return None;
            }
            fields.push(field);
            if self.input[end] != self.delimiter {
                return Some(end);
            }
            begin = end + 1;
        }
    }

    /// The quotation mark after the opening one; `None` when the line ends before.
    fn closing_quote(&mut self, opening: usize) -> Option<usize> {
        loop {
            let mark = self.next_mark(opening + 1)?;
            match self.input[mark] {
                b'"' => return Some(mark),
                b'\n' | b'\r' => return None,
                _ => {}
            }
        }
    }

    /// The next mark that is not before `from`.
    #[inline]
    fn next_mark(&mut self, from: usize) -> Option<usize> {
        loop {
            while self.marks == 0 {
                self.block += BLOCK;
                if self.block >= self.input.len() {
                    return None;
                }
                self.marks = self.marks_of_block();
            }
            let mark = self.block + self.marks.trailing_zeros() as usize;
            self.marks &= self.marks - 1;
            if mark >= from {
                return Some(mark);
            }
        }
    }

    /// Delimiters, quotation marks and line ends of the block, the lowest bit for its first byte.
    #[inline]
    fn marks_of_block(&self) -> u64 {
        let rest = self.input.get(self.block..).unwrap_or_default();
        match rest.first_chunk() {
            Some(block) => marks(block, self.delimiter),
            None => {
                let mut block = [0; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                marks(&block, self.delimiter)
            }
        }
    }
}

/// Written in two steps that compile to vector instructions: bytes to flags, flags to bits.
#[inline]
fn marks(block: &[u8; BLOCK], delimiter: u8) -> u64 {
    let mut flags = [0_u8; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from((*byte == delimiter) | (*byte == b'"') | (*byte == b'\n') | (*byte == b'\r'));
    }
    let (words, _) = flags.as_chunks::<8>();
    // The product puts the lowest bits of eight bytes side by side.
    let bits = |word: &[u8; 8]| u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    words.iter().rev().fold(0, |marks, word| marks << 8 | bits(word))
}

#[cfg(test)]
mod tests {
    use csv_core::{ReadRecordResult, Reader};
    use proptest::prelude::*;

    use super::*;

    /// The fields of the first record, if it is plain.
    fn first(input: &[u8]) -> Option<(Vec<&[u8]>, usize)> {
        let mut fields = Vec::new();
        let mut records = PlainRecords::new(input, b',');
        records.seek(0);
        let end = records.fields(0, &mut fields)?;
        Some((fields.into_iter().map(|field| &input[field]).collect(), end))
    }

    fn check(input: &str, expected: Option<&[&str]>) {
        let found = first(input.as_bytes()).map(|(fields, _)| fields);
        let expected = expected.map(|fields| fields.iter().map(|field| field.as_bytes()).collect::<Vec<_>>());
        assert_eq!(found, expected, "{input:?}");
    }

    #[test]
    fn what_is_plain() {
        check("a,b\n", Some(&["a", "b"]));
        check("a,\r\n", Some(&["a", ""]));
        check("\"a,b\",\"\",5\" pipe\nc\n", Some(&["a,b", "", "5\" pipe"]));
        check("a,b", None);
        check("\"a\"\"b\"\n", None);
        check("\"a\"b\n", None);
        check("\"a\nb\"\n", None);
        check("\"a\"", None);
        check("\"a", None);
        let (long, longest) = (format!("{}\n", "x".repeat(MAX_BYTES + 1)), format!("{}\n", "x".repeat(MAX_BYTES)));
        check(&long, None);
        check(&longest, Some(&[longest.trim_end()]));
    }

    #[test]
    fn every_place_of_a_block_is_seen() {
        for place in 0..BLOCK {
            let mut block = [0xFF; BLOCK];
            block[place] = b';';
            assert_eq!(marks(&block, b';'), 1 << place);
            assert_eq!(marks(&block, b','), 0);
        }
    }

    proptest! {
        #[test]
        fn fields_are_those_of_csv_core(text in "[ab,,,\"\"\n\r]{0,150}", skipped in 0_usize..100) {
            let input = [vec![b'x'; skipped], text.into_bytes()].concat();
            let (mut record, mut ends) = ([0; 512], [0; 256]);
            let (result, _, _, count) = Reader::new().read_record(&input, &mut record, &mut ends);
            let is_blank = matches!(input.first(), None | Some(b'\n' | b'\r'));
            if let Some((fields, end)) = first(&input).filter(|_| !is_blank) {
                prop_assert_eq!(result, ReadRecordResult::Record);
                let starts = std::iter::once(0).chain(ends);
                let expected: Vec<&[u8]> = starts.zip(ends).take(count).map(|(start, end)| &record[start..end]).collect();
                prop_assert_eq!(fields, expected);
                prop_assert!(matches!(input[end], b'\n' | b'\r'));
            }
        }
    }
}

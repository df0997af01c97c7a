//! Splits CSV records that lie whole in a piece of input, 64 bytes at a time.
//!
//! It gives the fields that `csv-core` would give, or nothing: what is cut off, long, not valid UTF-8, or has quotation
//! marks other than around a whole field or doubled within is left to it.

use std::ops::Range;

/// Bytes that are looked at together, a bit for each in a word.
const BLOCK: usize = 64;
/// Longest record that is split here, in bytes.
const MAX_BYTES: usize = 4096;

/// A piece of input, and the places in it that may end a field.
pub(crate) struct PlainRecords<'a> {
    input: &'a [u8],
    /// The input as far as it is valid.
    valid: &'a str,
    /// The fields that had doubled quotation marks, without the doubles; their places are those behind the input.
    unescaped: String,
    delimiter: u8,
    /// Where the present block begins.
    block: usize,
    /// The marks of the present block that were not looked at.
    marks: u64,
}

impl<'a> PlainRecords<'a> {
    pub(crate) fn new(input: &'a [u8], valid: &'a str, delimiter: u8) -> Self {
        Self { input, valid, unescaped: String::new(), delimiter, block: 0, marks: 0 }
    }

    /// The text of a field.
    #[inline]
    pub(crate) fn text(&self, field: &Range<usize>) -> &str {
        let text = match field.start.checked_sub(self.input.len()) {
            Some(start) => self.unescaped.get(start..field.end - self.input.len()),
            None => self.valid.get(field.clone()),
        };
        text.unwrap_or_default()
    }

    /// Goes to a place; to be called before records are asked for, and after one was not found.
    pub(crate) fn seek(&mut self, place: usize) {
        self.block = place - place % BLOCK;
        self.marks = self.marks_of_block();
    }

    /// Appends the fields of the record that begins at `start`; returns where its line ends, before the line end.
    ///
    /// Records are asked for in rising order. Without a record some of its fields may have been appended.
    #[inline]
    pub(crate) fn fields(&mut self, start: usize, fields: &mut Vec<Range<usize>>) -> Option<usize> {
        let mut begin = start;
        loop {
            let mark = self.next_mark(begin)?;
            let (field, end) = match self.input[mark] {
                b'"' if mark == begin => self.quoted(mark)?,
                b'"' => continue,
                _ => (begin..mark, mark),
            };
            if end - start > MAX_BYTES {
                return None;
            }
            fields.push(field);
            if self.input[end] != self.delimiter {
                return (end <= self.valid.len()).then_some(end);
            }
            begin = end + 1;
        }
    }

    /// The field after an opening quotation mark, and where it ends.
    fn quoted(&mut self, opening: usize) -> Option<(Range<usize>, usize)> {
        let mut is_escaped = false;
        let closing = loop {
            let mark = self.next_mark(opening + 1)?;
            match (self.input[mark], self.input.get(mark + 1)) {
                (b'"', Some(b'"')) => is_escaped = self.next_mark(mark + 1).is_some(),
                (b'"', _) => break mark,
                (b'\n' | b'\r', _) => return None,
                _ => {}
            }
        };
        // Nothing may stand between a closing quotation mark and the end of the field.
        let end = self.next_mark(closing + 1).filter(|end| *end == closing + 1)?;
        let field = if is_escaped { self.unescape(opening + 1..closing)? } else { opening + 1..closing };
        Some((field, end))
    }

    fn unescape(&mut self, field: Range<usize>) -> Option<Range<usize>> {
        let start = self.unescaped.len();
        self.valid.get(field)?.split("\"\"").for_each(|part| {
            self.unescaped.push_str(part);
            self.unescaped.push('"');
        });
        // One less than there are parts.
        self.unescaped.pop();
        Some(self.input.len() + start..self.input.len() + self.unescaped.len())
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
    fn first(input: &str) -> Option<(Vec<String>, usize)> {
        let mut fields = Vec::new();
        let mut records = PlainRecords::new(input.as_bytes(), input, b',');
        records.seek(0);
        let end = records.fields(0, &mut fields)?;
        Some((fields.iter().map(|field| records.text(field).to_owned()).collect(), end))
    }

    fn check(input: &str, expected: Option<&[&str]>) {
        let found = first(input).map(|(fields, _)| fields);
        let expected = expected.map(|fields| fields.iter().map(|&field| field.to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected, "{input:?}");
    }

    #[test]
    fn what_is_plain() {
        check("a,b\n", Some(&["a", "b"]));
        check("a,\r\n", Some(&["a", ""]));
        check("\"a,b\",\"\",5\" pipe\nc\n", Some(&["a,b", "", "5\" pipe"]));
        check("a,b", None);
        check("\"a\"\"b\",\"\"\"\"\n", Some(&["a\"b", "\""]));
        check("\"\"\"a\",\"b\"\"\"\"\"\n", Some(&["\"a", "b\"\""]));
        check("\"a\"\"\n", None);
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
            let input = "x".repeat(skipped) + &text;
            let (mut record, mut ends) = ([0; 512], [0; 256]);
            let (result, _, _, count) = Reader::new().read_record(input.as_bytes(), &mut record, &mut ends);
            let is_blank = input.is_empty() || input.starts_with(['\n', '\r']);
            if let Some((fields, end)) = first(&input).filter(|_| !is_blank) {
                prop_assert_eq!(result, ReadRecordResult::Record);
                let starts = std::iter::once(0).chain(ends);
                let expected = starts.zip(ends).take(count).map(|(start, end)| &record[start..end]);
                let expected: Vec<String> = expected.map(|field| String::from_utf8_lossy(field).into_owned()).collect();
                prop_assert_eq!(fields, expected);
                prop_assert!(input[end..].starts_with(['\n', '\r']));
            }
        }
    }
}

//! Counts the blank lines of a CSV, which are no rows.

use super::KEPT_LINES;

/// Blank lines before the record that is being read.
pub(crate) struct BlankLines {
    /// Whether nothing of the next record has come.
    pub(crate) between: bool,
    /// Whether the last byte was a carriage return, so that a line feed belongs to it.
    after_return: bool,
    pub(crate) count: u64,
    /// The first of them.
    pub(crate) first: Vec<u64>,
}

impl Default for BlankLines {
    fn default() -> Self {
        Self { between: true, after_return: false, count: 0, first: Vec::new() }
    }
}

impl BlankLines {
    /// Counts the blank lines that the input begins with, and moves `line` on to the next record; returns their bytes.
    #[inline]
    pub(crate) fn look(&mut self, input: &[u8], line: &mut u64) -> usize {
        for (place, &byte) in input.iter().enumerate() {
            let is_blank = match byte {
                _ if !self.between => return place,
                b'\n' => !self.after_return,
                b'\r' => true,
                _ => {
                    self.between = false;
                    return place;
                }
            };
            if is_blank {
                self.count += 1;
                self.first.extend((self.first.len() < KEPT_LINES).then_some(*line));
            }
            *line += u64::from(byte == b'\n');
            self.after_return = byte == b'\r';
        }
        input.len()
    }

    /// A record ended with this byte.
    #[inline]
    pub(crate) fn follow(&mut self, last: Option<&u8>) {
        (self.between, self.after_return) = (true, last == Some(&b'\r'));
    }
}

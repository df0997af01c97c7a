//! A JPEG whose scan ends early does not pass for a whole one.
//!
//! At an end marker that comes too early a decoder goes on with zeros, and the rest of the picture is blocks that are all
//! alike. Here it reads ones in place of the marker, which are the code that no table has (ITU-T T.81, annex C.2): the
//! decoder refuses them as soon as it needs one more code. Behind a whole scan nobody reads them; decoders skip what
//! stands between a scan and the next marker.

use std::io::{self, Read};

/// As many ones as no block needs without another code: of a progressive scan, corrections of 63 coefficients in some
/// blocks. Each byte of ones is followed by a zero, so that it is no marker.
const ONES: usize = 512;
const AFTER: [u8; 2 * ONES + 2] = after();

const fn after() -> [u8; 2 * ONES + 2] {
    let mut bytes = [0; 2 * ONES + 2];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = 0xFF;
        at += 2;
    }
    bytes[2 * ONES + 1] = 0xD9;
    bytes
}

/// The bytes of a JPEG up to its end marker, then ones, then the marker.
pub(super) struct Ended<'a> {
    left: &'a [u8],
    after: &'static [u8],
}

impl<'a> Ended<'a> {
    /// `end` is where the end marker ends. Bytes of ones may stand before it to fill up.
    pub(super) fn new(bytes: &'a [u8], end: usize) -> Self {
        let mut left = &bytes[..end.saturating_sub(2).min(bytes.len())];
        while let [before @ .., 0xFF] = left {
            left = before;
        }
        Self { left, after: &AFTER }
    }
}

impl Read for Ended<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            self.left = std::mem::take(&mut self.after);
        }
        self.left.read(buffer)
    }

    /// The decoder takes one byte after the other.
    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        if buffer.len() > self.left.len() {
            return self.read_across(buffer);
        }
        self.left.read_exact(buffer)
    }
}

impl Ended<'_> {
    #[cold]
    fn read_across(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let (first, rest) = buffer.split_at_mut(self.left.len());
        self.left.read_exact(first)?;
        self.left = std::mem::take(&mut self.after);
        self.left.read_exact(rest)
    }
}

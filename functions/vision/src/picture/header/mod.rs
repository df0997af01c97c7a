//! What a file's headers state: size, frames, where EXIF and where the picture ends. Every walk is bounded by the
//! file's length, and no pixel is decoded.

mod gif;
mod jpeg;
mod png;
mod webp;

use std::ops::Range;

pub(super) use self::jpeg::Jpeg;
use super::{Format, Rejected};

/// What a file's headers state.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) animated: bool,
    /// The TIFF structure that holds the EXIF fields.
    pub(super) exif: Option<Range<usize>>,
    /// Where the picture ends; bytes behind it belong to something else.
    pub(super) end: usize,
    /// How the pixels are coded, as far as memory depends on it.
    pub(super) coding: Coding,
}

/// How the pixels are coded, as far as memory depends on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Coding {
    Jpeg(Jpeg),
    Png { interlaced: bool },
    Webp { bytes_per_pixel: u64 },
    Gif,
}

pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Header, Rejected> {
    let header = match format {
        Format::Jpeg => jpeg::read(bytes),
        Format::Png => png::read(bytes),
        Format::Webp => webp::read(bytes),
        Format::Gif => gif::read(bytes),
    }?;
    if header.width == 0 || header.height == 0 {
        return Err(Rejected::unreadable("the header states a side of 0 pixels"));
    }
    Ok(header)
}

impl Header {
    /// Refuses a picture of which a part is missing, as far as headers tell.
    pub(super) fn check_whole(&self) -> Result<(), Rejected> {
        match &self.coding {
            Coding::Jpeg(Jpeg { missing: Some(detail), .. }) => Err(Rejected::unreadable(*detail)),
            _ => Ok(()),
        }
    }
}

/// `count` bytes at `at`, if the file has them.
fn slice(bytes: &[u8], at: usize, count: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(count)?)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    slice(bytes, at, 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    slice(bytes, at, 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    slice(bytes, at, 2)?.try_into().ok().map(u16::from_be_bytes)
}

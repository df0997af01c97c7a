//! From bytes to pixels, within a bound of memory that is worked out from the header before anything is decoded.

mod gif;
mod jpeg;
mod png;
mod reduce;
mod webp;

use super::header::Coding;
use super::pixels::Rgb;
use super::{Inspected, Limits, Rejected, guard};

/// The first frame as stored, not larger than is of use for a copy with the given long edge: large pictures are
/// averaged down while they are decoded. Transparent pixels come out on white.
pub(super) fn decode(bytes: &[u8], inspected: &Inspected, edge: usize, limits: &Limits) -> Result<Rgb, Rejected> {
    let header = &inspected.header;
    guard(|| match &header.coding {
        Coding::Jpeg(coding) => jpeg::decode(bytes, header, coding, edge, limits),
        Coding::Png { interlaced } => png::decode(bytes, header, *interlaced, edge, limits),
        Coding::Webp { bytes_per_pixel } => webp::decode(bytes, header, *bytes_per_pixel, edge, limits),
        Coding::Gif => gif::decode(bytes, header, edge, limits),
    })
}

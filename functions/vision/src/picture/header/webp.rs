//! The RIFF container of a WebP.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::super::Rejected;
use super::{Coding, Header, le32, slice};

/// `RIFF`, size, `WEBP`; then name, size and content of each chunk, padded to even sizes.
const FIRST_CHUNK: usize = 12;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Rejected> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes))
        .map_err(|error| Rejected::unreadable(format!("the WebP is broken: {error}")))?;
    let (width, height) = decoder.dimensions();
    let (animated, alpha, lossy) = (decoder.is_animated(), decoder.has_alpha(), decoder.is_lossy());
    let riff = le32(bytes, 4).map_or(bytes.len(), |size| 8_usize.saturating_add(size as usize));
    let mut header = Header {
        width,
        height,
        animated,
        exif: None,
        end: riff.min(bytes.len()),
        coding: Coding::Webp { bytes_per_pixel: bytes_per_pixel(animated, alpha, lossy) },
    };
    let mut at = FIRST_CHUNK;
    while let Some((name, size)) = slice(bytes, at, 4).zip(le32(bytes, at + 4)) {
        let content = at + 8;
        let Some(end) = content.checked_add(size as usize) else { break };
        if name == b"EXIF" && end <= bytes.len() {
            // Some writers put JPEG's prefix before the TIFF structure.
            let prefix = if bytes[content..end].starts_with(b"Exif\0\0") { 6 } else { 0 };
            header.exif = Some(content + prefix..end);
            break;
        }
        at = end.saturating_add(size as usize & 1);
    }
    Ok(header)
}

/// What the decoder holds: planes and pixels of a lossy picture, two sets of pixels of a lossless one, and a canvas
/// besides of an animated one.
fn bytes_per_pixel(animated: bool, alpha: bool, lossy: bool) -> u64 {
    match (animated, lossy, alpha) {
        (true, _, _) => 14,
        (false, true, false) => 5,
        (false, true, true) => 8,
        (false, false, _) => 9,
    }
}

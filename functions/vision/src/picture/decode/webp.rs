//! WebP; its decoder holds the whole picture, so large ones are refused.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::super::header::Header;
use super::super::pixels::Rgb;
use super::super::{Limits, Rejected};
use super::Wanted;
use super::reduce::{KEPT, Reducer, Samples};

pub(super) fn decode(
    bytes: &[u8],
    header: &Header,
    bytes_per_pixel: u64,
    wanted: Wanted,
    limits: &Limits,
) -> Result<Rgb, Rejected> {
    limits.check_memory((bytes_per_pixel + KEPT) * u64::from(header.width) * u64::from(header.height), "WebP")?;
    let (width, height) = (header.width as usize, header.height as usize);
    let factor = wanted.factor((width, height), limits, "WebP")?;
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(rejected)?;
    decoder.set_memory_limit(usize::try_from(limits.max_decode_bytes).unwrap_or(usize::MAX));
    let size = decoder.output_buffer_size().ok_or_else(|| Rejected::unreadable("the WebP states no size"))?;
    let (samples, channels) = if decoder.has_alpha() { (Samples::Rgba, 4) } else { (Samples::Rgb, 3) };
    let mut pixels = vec![0; size];
    if decoder.is_animated() {
        // Without this the canvas is transparent black where the first frame does not reach.
        decoder.set_background_color([255; 4]).map_err(rejected)?;
        decoder.read_frame(&mut pixels).map_err(rejected)?;
    } else {
        decoder.read_image(&mut pixels).map_err(rejected)?;
    }
    let mut reducer = Reducer::new(samples, (width, height), factor);
    pixels.chunks_exact(channels * width).for_each(|row| reducer.push(row));
    Ok(reducer.finish())
}

fn rejected(error: DecodingError) -> Rejected {
    match error {
        DecodingError::IoError(_) => Rejected::unreadable("the WebP is truncated"),
        DecodingError::MemoryLimitExceeded | DecodingError::ImageTooLarge => {
            Rejected::too_large("the WebP takes too much memory".to_owned())
        }
        error => Rejected::unreadable(format!("the WebP is broken: {error}")),
    }
}

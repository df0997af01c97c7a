//! The first frame of a GIF, on a white canvas.

use std::num::NonZeroU64;

use gif::{DecodeOptions, DecodingError, MemoryLimit};

use super::super::header::Header;
use super::super::pixels::Rgb;
use super::super::{Limits, Rejected};
use super::Wanted;
use super::reduce::{KEPT, Reducer, Samples};

const WHITE: [u8; 3] = [255; 3];

pub(super) fn decode(bytes: &[u8], header: &Header, wanted: Wanted, limits: &Limits) -> Result<Rgb, Rejected> {
    let (width, height) = (header.width as usize, header.height as usize);
    // One byte for the index of each pixel.
    limits.check_memory((1 + KEPT) * (width * height) as u64, "GIF")?;
    let factor = wanted.factor((width, height), limits, "GIF")?;
    let mut options = DecodeOptions::new();
    options.set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(limits.max_decode_bytes).unwrap_or(NonZeroU64::MIN)));
    options.check_frame_consistency(true);
    let mut decoder = options.read_info(bytes).map_err(rejected)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder.read_next_frame().map_err(rejected)?;
    let frame = frame.ok_or_else(|| Rejected::unreadable("the GIF has no frame"))?;
    let palette = frame.palette.as_deref().or(global.as_deref());
    let palette = palette.ok_or_else(|| Rejected::unreadable("the GIF has no palette"))?;
    let colour = |index: &u8| -> [u8; 3] {
        let stated = palette.chunks_exact(3).nth((*index).into()).and_then(|colour| colour.try_into().ok());
        stated.filter(|_| frame.transparent != Some(*index)).unwrap_or(WHITE)
    };
    let colours: Vec<[u8; 3]> = (0..=255).map(|index| colour(&index)).collect();
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (across, down) = (usize::from(frame.width), usize::from(frame.height));
    let mut reducer = Reducer::new(Samples::Rgb, (width, height), factor);
    let mut row = Vec::with_capacity(3 * width);
    for y in 0..height {
        row.clear();
        if (top..top + down).contains(&y) {
            row.resize(3 * left, 255);
            let line = &frame.buffer[(y - top) * across..][..across];
            row.extend(line.iter().flat_map(|index| colours[usize::from(*index)]));
        }
        row.resize(3 * width, 255);
        reducer.push(&row);
    }
    Ok(reducer.finish())
}

fn rejected(error: DecodingError) -> Rejected {
    match error {
        DecodingError::Io(_) => Rejected::unreadable("the GIF is truncated"),
        error => Rejected::unreadable(format!("the GIF is broken: {error}")),
    }
}

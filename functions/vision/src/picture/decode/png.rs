//! PNG, row by row; an interlaced one whole, since its rows arrive in seven passes.

use std::io::Cursor;

use png::{ColorType, Decoder, DecodingError, Reader, Transformations};

use super::super::header::Header;
use super::super::pixels::Rgb;
use super::super::{Limits, Rejected};
use super::Wanted;
use super::reduce::{KEPT, Reducer, Samples};

pub(super) fn decode(
    bytes: &[u8],
    header: &Header,
    interlaced: bool,
    wanted: Wanted,
    limits: &Limits,
) -> Result<Rgb, Rejected> {
    let (width, height) = (header.width as usize, header.height as usize);
    let factor = wanted.factor((width, height), limits, "PNG")?;
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    // Texts and profiles can be small files that unpack to a lot of memory.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(rejected)?;
    if (reader.info().width, reader.info().height) != (header.width, header.height) {
        return Err(Rejected::unreadable("the PNG has contradictory headers"));
    }
    let samples = match reader.output_color_type().0 {
        ColorType::Grayscale => Samples::Luma,
        ColorType::GrayscaleAlpha => Samples::LumaAlpha,
        ColorType::Rgb => Samples::Rgb,
        ColorType::Rgba => Samples::Rgba,
        ColorType::Indexed => return Err(Rejected::unreadable("the PNG has no palette")),
    };
    let mut reducer = Reducer::new(samples, (width, height), factor);
    if interlaced {
        whole(&mut reader, &mut reducer, limits)?;
    } else {
        for _ in 0..height {
            let row = reader.next_row().map_err(rejected)?;
            reducer.push(row.ok_or_else(|| Rejected::unreadable("the PNG is truncated"))?.data());
        }
    }
    Ok(reducer.finish())
}

fn whole(reader: &mut Reader<Cursor<&[u8]>>, reducer: &mut Reducer, limits: &Limits) -> Result<(), Rejected> {
    let size = reader.output_buffer_size().unwrap_or(usize::MAX);
    let kept = KEPT * u64::from(reader.info().width) * u64::from(reader.info().height);
    limits.check_memory(kept.saturating_add(size as u64), "interlaced PNG")?;
    let mut pixels = vec![0; size];
    let line = reader.next_frame(&mut pixels).map_err(rejected)?.line_size;
    pixels.chunks_exact(line.max(1)).for_each(|row| reducer.push(row));
    Ok(())
}

fn rejected(error: DecodingError) -> Rejected {
    match error {
        DecodingError::IoError(_) => Rejected::unreadable("the PNG is truncated"),
        DecodingError::LimitsExceeded => Rejected::too_large("the PNG has chunks that are too large".to_owned()),
        DecodingError::Format(error) => Rejected::unreadable(format!("the PNG is broken: {error}")),
        DecodingError::Parameter(error) => Rejected::unreadable(format!("the PNG is broken: {error}")),
    }
}

//! JPEG, at 1/8, 1/4 or 1/2 of its size where that is enough: the inverse transform of smaller blocks costs less
//! time and memory than pixels that are thrown away.

use jpeg_decoder::{Decoder, Error, PixelFormat};

use super::super::header::{Header, Jpeg};
use super::super::pixels::Rgb;
use super::super::resize::fit;
use super::super::{Limits, Rejected};
use super::Wanted;
use super::ended::Ended;

pub(super) fn decode(
    bytes: &[u8],
    header: &Header,
    coding: &Jpeg,
    wanted: Wanted,
    limits: &Limits,
) -> Result<Rgb, Rejected> {
    let mut decoder = Decoder::new(Ended::new(bytes, header.end));
    decoder.read_info().map_err(rejected)?;
    let stated = decoder.info().map(|info| (u32::from(info.width), u32::from(info.height)));
    if stated != Some((header.width, header.height)) {
        return Err(Rejected::unreadable("the JPEG has contradictory frame headers"));
    }
    let (width, height) = fit(header.width as usize, header.height as usize, wanted.edge);
    // The decoder takes sides of 16 bits; sides of a JPEG have no more.
    let (width, height) = decoder.scale(width as u16, height as u16).map_err(rejected)?;
    let scale = scale_of(header, width);
    limits.check_memory(memory(header, coding, scale), "JPEG")?;
    wanted.check((width.into(), height.into()), limits, "JPEG")?;
    let pixels = decoder.decode().map_err(rejected)?;
    let format = decoder.info().map(|info| info.pixel_format);
    rgb(pixels, (width.into(), height.into()), format, coding.adobe)
}

/// Pixels of a side of a block that are computed, 1, 2, 4 or 8.
fn scale_of(header: &Header, width: u16) -> u64 {
    let scaled = |scale: &u32| (header.width * scale).div_ceil(8) <= u32::from(width);
    [8, 4, 2, 1].into_iter().find(scaled).unwrap_or(8).into()
}

/// What the decoder holds at once, in bytes: coefficients of 2 bytes of a progressive picture, the planes of the
/// components, and the interleaved pixels, which become RGB at last.
fn memory(header: &Header, coding: &Jpeg, scale: u64) -> u64 {
    let largest = |side: fn(&(u8, u8)) -> u8| coding.sampling.iter().map(side).max().unwrap_or(1).into();
    let (across, down): (u64, u64) = (largest(|s| s.0), largest(|s| s.1));
    let units = u64::from(header.width).div_ceil(8 * across) * u64::from(header.height).div_ceil(8 * down);
    let per_unit: u64 = coding.sampling.iter().map(|(h, v)| u64::from(*h) * u64::from(*v)).sum();
    let blocks = units * per_unit;
    let coefficients = if coding.progressive { 128 * blocks } else { 0 };
    let pixels = units * across * down * scale * scale;
    let converted = if coding.sampling.len() == 3 { 0 } else { 3 };
    coefficients + blocks * scale * scale + pixels * (coding.sampling.len() as u64 + converted)
}

fn rgb(
    pixels: Vec<u8>,
    (width, height): (usize, usize),
    format: Option<PixelFormat>,
    adobe: bool,
) -> Result<Rgb, Rejected> {
    let data = match format {
        Some(PixelFormat::RGB24) => pixels,
        Some(PixelFormat::L8) => pixels.iter().flat_map(|luma| [*luma; 3]).collect(),
        Some(PixelFormat::CMYK32) => pixels.chunks_exact(4).flat_map(|ink| from_cmyk(ink, adobe)).collect(),
        Some(PixelFormat::L16) | None => return Err(Rejected::unsupported("a JPEG of 16 bits is not decoded".into())),
    };
    if data.len() != 3 * width * height {
        return Err(Rejected::unreadable("the JPEG has fewer pixels than its header states"));
    }
    Ok(Rgb { width, height, data })
}

/// The decoder inverts four components, as Adobe's encoders store them; without Adobe's marker they were not
/// inverted.
fn from_cmyk(ink: &[u8], adobe: bool) -> [u8; 3] {
    let light = |ink: u8| u32::from(if adobe { 255 - ink } else { ink });
    let black = light(ink[3]);
    [ink[0], ink[1], ink[2]].map(|colour| ((light(colour) * black + 127) / 255) as u8)
}

fn rejected(error: Error) -> Rejected {
    match error {
        Error::Unsupported(feature) => Rejected::unsupported(format!("this JPEG is not decoded: {feature:?}")),
        Error::Io(_) => Rejected::unreadable("the JPEG is truncated"),
        Error::Format(detail) => Rejected::unreadable(format!("the JPEG is broken: {detail}")),
        Error::Internal(_) => Rejected::unreadable("the decoder gave up on this JPEG"),
    }
}

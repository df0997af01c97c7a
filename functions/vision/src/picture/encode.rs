//! JPEG without metadata: position, time and camera of the original stay behind.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::Rejected;
use super::pixels::Rgb;

pub(super) fn jpeg(picture: &Rgb, quality: u8) -> Result<Vec<u8>, Rejected> {
    let failed = |detail: String| Rejected::unreadable(format!("encoding failed: {detail}"));
    let side = |side: usize| u16::try_from(side).map_err(|_| failed(format!("a side of {side} pixels")));
    let mut bytes = Vec::with_capacity(picture.data.len() / 8);
    let mut encoder = Encoder::new(&mut bytes, quality.clamp(1, 100));
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder
        .encode(&picture.data, side(picture.width)?, side(picture.height)?, ColorType::Rgb)
        .map_err(|error| failed(error.to_string()))?;
    Ok(bytes)
}

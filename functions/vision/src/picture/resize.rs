//! Smaller copies of a picture.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::Rejected;
use super::pixels::{Gray, Rgb};

type Size = (usize, usize);

/// The size with the given long edge and the same shape; never larger than it was.
pub(super) fn fit(width: usize, height: usize, edge: usize) -> Size {
    let long = width.max(height);
    if long <= edge {
        return (width, height);
    }
    let scaled = |side: usize| ((side * edge + long / 2) / long).max(1);
    (scaled(width), scaled(height))
}

/// A picture that has the size already is returned as it is.
pub(super) fn resize(picture: Rgb, (width, height): Size) -> Result<Rgb, Rejected> {
    let from = (picture.width, picture.height);
    if from == (width, height) {
        return Ok(picture);
    }
    Ok(Rgb {
        width,
        height,
        data: filtered(FilterType::Lanczos3, &picture.data, PixelType::U8x3, from, (width, height))?,
    })
}

/// Luma, made smaller: a third of the work of making colours smaller first.
pub(super) fn luma(picture: &Rgb, edge: usize) -> Result<Gray, Rejected> {
    let luma = picture.luma();
    let from = (luma.width, luma.height);
    let (width, height) = fit(luma.width, luma.height, edge);
    if from == (width, height) {
        return Ok(luma);
    }
    Ok(Gray { width, height, data: filtered(FilterType::Lanczos3, &luma.data, PixelType::U8, from, (width, height))? })
}

/// A small picture beside one that is still needed. It is looked at and not measured, so a filter with a third of the
/// taps will do.
pub(super) fn thumbnail(picture: &Rgb, edge: usize) -> Result<Rgb, Rejected> {
    let from = (picture.width, picture.height);
    let (width, height) = fit(picture.width, picture.height, edge);
    if from == (width, height) {
        return Ok(picture.clone());
    }
    Ok(Rgb {
        width,
        height,
        data: filtered(FilterType::Hamming, &picture.data, PixelType::U8x3, from, (width, height))?,
    })
}

fn filtered(filter: FilterType, data: &[u8], pixel: PixelType, from: Size, to: Size) -> Result<Vec<u8>, Rejected> {
    let failed = |detail: String| Rejected::unreadable(format!("resizing failed: {detail}"));
    let side = |side: usize| u32::try_from(side).map_err(|_| failed(format!("a side of {side} pixels")));
    let source = ImageRef::new(side(from.0)?, side(from.1)?, data, pixel).map_err(|error| failed(error.to_string()))?;
    let mut target = Image::new(side(to.0)?, side(to.1)?, pixel);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).use_alpha(false);
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| failed(error.to_string()))?;
    Ok(target.into_vec())
}

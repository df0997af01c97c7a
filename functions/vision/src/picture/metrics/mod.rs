//! Figures of a picture's quality, by rules alone. Measured on the copy of at most 1,024 pixels, so that thresholds
//! mean the same for every camera, and on BT.601 luma, as OpenCV and Pillow compute it.

mod colours;
mod gradient;
mod grain;
mod hash;
mod histogram;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::hash::Fingerprint;
use self::histogram::Histogram;
use super::pixels::{Gray, Rgb};

/// Figures of a picture's quality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageMetrics {
    /// Size of the copy that was measured, in pixels.
    pub measured_width: u32,
    /// Size of the copy that was measured, in pixels.
    pub measured_height: u32,
    /// Variance of the 4-neighbour Laplacian: under 100 blurred.
    pub sharpness: f64,
    /// Mean squared gradient (Sobel 3x3), a second opinion on sharpness.
    pub tenengrad: f64,
    /// How light the picture is.
    pub exposure: Exposure,
    /// How far light and dark are apart.
    pub contrast: Contrast,
    /// Fingerprints that survive re-encoding and resizing.
    pub hashes: Hashes,
    /// Steps at the borders of 8x8 blocks over steps inside them: 1 none, more means stronger compression. Absent
    /// where the picture was made smaller, since that wipes the blocks out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blockiness: Option<f64>,
    /// Standard deviation of the noise, estimated from the finest diagonal wavelet coefficients.
    pub noise: f64,
    /// The most common colours, the most common first.
    pub colours: Vec<ColourShare>,
}

/// How light the picture is; luma is 0 to 255, shares are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    /// Mean luma.
    pub mean: f64,
    /// First percentile of luma.
    pub p1: u8,
    /// 99th percentile of luma.
    pub p99: u8,
    /// Share of pixels with luma of 2 or less.
    pub black_share: f64,
    /// Share of pixels with luma of 253 or more.
    pub white_share: f64,
    /// Entropy of the luma histogram, 0 to 8 bits.
    pub entropy: f64,
}

/// How far light and dark are apart, in luma.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contrast {
    /// Standard deviation of luma: under 20 flat.
    pub sd: f64,
    /// 99th less first percentile.
    pub spread: u8,
}

/// Fingerprints that survive re-encoding and resizing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hashes {
    /// Of differences between neighbours.
    pub dhash: Fingerprint,
    /// Of the lowest frequencies.
    pub phash: Fingerprint,
}

/// A colour and how much of the picture has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColourShare {
    /// Its common name.
    pub name: String,
    /// Its mean, `#rrggbb`.
    pub hex: String,
    /// Share of the pixels, 0 to 1.
    pub share: f64,
}

/// Measures a copy of at most 1,024 pixels; `small` is a smaller one, for the colours alone. `shrunk` tells whether
/// the copy has fewer pixels than the original.
pub(super) fn measure(luma: &Gray, small: &Rgb, shrunk: bool) -> ImageMetrics {
    let histogram = Histogram::of(&luma.data);
    let (sharpness, tenengrad) = gradient::measure(luma);
    ImageMetrics {
        measured_width: luma.width as u32,
        measured_height: luma.height as u32,
        sharpness,
        tenengrad,
        exposure: histogram.exposure(),
        contrast: histogram.contrast(),
        hashes: Hashes { dhash: Fingerprint::of_differences(luma), phash: Fingerprint::of_frequencies(luma) },
        blockiness: if shrunk { None } else { grain::blockiness(luma) },
        noise: grain::noise(luma),
        colours: colours::dominant(small),
    }
}

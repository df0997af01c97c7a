//! What bounds a picture before it is decoded, and how it is prepared.

use serde::{Deserialize, Serialize};

use super::Rejected;

/// Bounds that hold before a pixel is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, in bytes.
    pub max_bytes: usize,
    /// Longest side that the header may state, in pixels.
    pub max_side: u32,
    /// Largest width times height, in pixels.
    pub max_pixels: u64,
    /// What a decoder may hold at once beside the file, in bytes; estimated from the header.
    pub max_decode_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 20 << 20, max_side: 12_000, max_pixels: 100_000_000, max_decode_bytes: 160 << 20 }
    }
}

impl Limits {
    pub(super) fn check_bytes(&self, bytes: usize) -> Result<(), Rejected> {
        let Self { max_bytes, .. } = self;
        if bytes > *max_bytes {
            return Err(Rejected::too_large(format!("the file has {bytes} bytes, the limit is {max_bytes}")));
        }
        Ok(())
    }

    pub(super) fn check_size(&self, width: u32, height: u32) -> Result<(), Rejected> {
        let Self { max_side, max_pixels, .. } = self;
        if width.max(height) > *max_side {
            return Err(Rejected::too_large(format!(
                "the header states {width}x{height} pixels, the longest side may have {max_side}"
            )));
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > *max_pixels {
            return Err(Rejected::too_large(format!(
                "the header states {pixels} pixels ({width}x{height}), the limit is {max_pixels}"
            )));
        }
        Ok(())
    }

    pub(super) fn check_memory(&self, bytes: u64, what: &str) -> Result<(), Rejected> {
        let Self { max_decode_bytes, .. } = self;
        if bytes > *max_decode_bytes {
            return Err(Rejected::too_large(format!(
                "decoding this {what} takes {bytes} bytes of memory, the limit is {max_decode_bytes}"
            )));
        }
        Ok(())
    }
}

/// How a picture is prepared.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Bounds before decoding.
    pub limits: Limits,
    /// Long edge of what is sent, in pixels: 1,024 to 1,568. Smaller pictures are never enlarged.
    pub long_edge: u32,
    /// Quality of the JPEG that is sent, 1 to 100.
    pub jpeg_quality: u8,
    /// Long edge of the thumbnail, in pixels.
    pub thumbnail_edge: u32,
    /// What is done about faces.
    pub faces: FaceMode,
    /// When a picture is not worth a model's call.
    pub gate: Thresholds,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            long_edge: 1_568,
            jpeg_quality: 85,
            thumbnail_edge: 320,
            faces: FaceMode::Off,
            gate: Thresholds::default(),
        }
    }
}

/// What is done about faces. Finding them is best effort, never a promise of privacy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaceMode {
    /// Not looked for.
    #[default]
    Off,
    /// Counted.
    Count,
    /// Counted, and pixelated in what is sent and in the thumbnail.
    Blur,
}

/// When a picture is not worth a model's call. Measured on the copy of at most 1,024 pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// Shortest side of the upright picture, in pixels.
    pub min_side: u32,
    /// Least mean luma, 0 to 255.
    pub min_mean_luma: f64,
    /// Largest share of pixels at the black or the white end, 0 to 1.
    pub max_clipped_share: f64,
    /// Least variance of the Laplacian.
    pub min_sharpness: f64,
    /// Variance of the Laplacian under which a picture that passes is called borderline.
    pub borderline_sharpness: f64,
    /// Least standard deviation of luma.
    pub min_contrast: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_side: 160,
            min_mean_luma: 40.0,
            max_clipped_share: 0.15,
            min_sharpness: 100.0,
            borderline_sharpness: 150.0,
            min_contrast: 20.0,
        }
    }
}

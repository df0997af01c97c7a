//! Whether a picture is worth a model's call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageMetrics, Thresholds};

/// Whether a picture is worth a model's call; degraded pictures make models invent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// Whether a model may be asked.
    pub passed: bool,
    /// Why not; empty if passed.
    pub reasons: Vec<GateReason>,
    /// Sharp enough to pass, not sharp enough to be sure.
    pub borderline: bool,
}

/// Why a picture is not worth a model's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateReason {
    /// A side is shorter than the least.
    TooSmall,
    /// The mean luma is under the least.
    TooDark,
    /// Too many pixels are at the black or the white end.
    Clipped,
    /// The variance of the Laplacian is under the least.
    TooBlurred,
    /// The standard deviation of luma is under the least.
    Flat,
}

impl Gate {
    /// Judges by the upright size of the original and by the figures of the measured copy.
    pub(super) fn judge(size: (u32, u32), metrics: &ImageMetrics, least: &Thresholds) -> Self {
        let exposure = &metrics.exposure;
        let faults = [
            (size.0.min(size.1) < least.min_side, GateReason::TooSmall),
            (exposure.mean < least.min_mean_luma, GateReason::TooDark),
            (exposure.black_share + exposure.white_share > least.max_clipped_share, GateReason::Clipped),
            (metrics.sharpness < least.min_sharpness, GateReason::TooBlurred),
            (metrics.contrast.sd < least.min_contrast, GateReason::Flat),
        ];
        let reasons: Vec<_> = faults.into_iter().filter(|(fault, _)| *fault).map(|(_, reason)| reason).collect();
        let passed = reasons.is_empty();
        Self { passed, borderline: passed && metrics.sharpness < least.borderline_sharpness, reasons }
    }
}

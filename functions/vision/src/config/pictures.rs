//! What bounds a picture, how it is prepared, and when it is not worth a model's call.

use causeway_runtime::Vars;

use crate::picture::{FaceMode, Limits, Settings, Thresholds};

/// Reads what is set.
pub(super) fn read(vars: &mut Vars) -> Settings {
    let default = Settings::default();
    Settings {
        limits: limits(vars, &default.limits),
        long_edge: vars.number(
            "VISION_LONG_EDGE",
            default.long_edge,
            256..=2_048,
            "longer side of what a model is sent, in pixels; smaller pictures are not enlarged",
        ),
        jpeg_quality: vars.number("VISION_JPEG_QUALITY", default.jpeg_quality, 30..=100, "quality of that JPEG"),
        faces: faces(vars),
        gate: gate(vars, &default.gate),
        ..default
    }
}

fn limits(vars: &mut Vars, default: &Limits) -> Limits {
    Limits {
        max_bytes: vars.number(
            "VISION_MAX_BYTES",
            default.max_bytes,
            1_000..=64 << 20,
            "largest object that is read, in bytes; told before it is read",
        ),
        max_side: vars.number("VISION_MAX_SIDE", default.max_side, 64..=65_535, "longest side of a picture, in pixels"),
        max_pixels: vars.number(
            "VISION_MAX_PIXELS",
            default.max_pixels,
            4_096..=1_000_000_000,
            "largest picture, width times height; told before it is decoded",
        ),
        ..default.clone()
    }
}

fn faces(vars: &mut Vars) -> FaceMode {
    const MEANING: &str = "off; count: faces are counted; blur: and made unrecognisable in what is sent, as well as they \
                           are found";
    match vars.choice("VISION_FACES", &["off", "count", "blur"], "off", MEANING) {
        "count" => FaceMode::Count,
        "blur" => FaceMode::Blur,
        _ => FaceMode::Off,
    }
}

fn gate(vars: &mut Vars, default: &Thresholds) -> Thresholds {
    Thresholds {
        min_side: vars.number(
            "VISION_MIN_SIDE",
            default.min_side,
            1..=4_096,
            "shortest side that is judged, in pixels",
        ),
        min_mean_luma: vars.number(
            "VISION_MIN_LUMA",
            default.min_mean_luma,
            0.0..=255.0,
            "mean luma under which a picture is too dark to be judged",
        ),
        max_clipped_share: vars.number(
            "VISION_MAX_CLIPPED",
            default.max_clipped_share,
            0.0..=1.0,
            "share of black and white pixels over which a picture is not judged",
        ),
        min_sharpness: vars.number(
            "VISION_MIN_SHARPNESS",
            default.min_sharpness,
            0.0..=1e5,
            "variance of the Laplacian under which a picture is too blurred to be judged",
        ),
        min_contrast: vars.number(
            "VISION_MIN_CONTRAST",
            default.min_contrast,
            0.0..=128.0,
            "standard deviation of luma under which a picture is too flat to be judged",
        ),
        ..default.clone()
    }
}

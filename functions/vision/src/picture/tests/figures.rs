//! Metrics, gate, comparison and the sentence, on pictures whose figures are known.

use super::files::png;
use super::*;

fn measured(picture: &Rgb) -> ImageMetrics {
    prepared(&png(picture)).unwrap().metrics
}

fn near(found: f64, expected: f64, name: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{name}: {found} instead of {expected}");
}

fn grey(level: u8) -> impl Fn(usize, usize) -> [u8; 3] {
    move |_, _| [level; 3]
}

#[test]
fn one_colour() {
    let metrics = measured(&drawn(200, 200, grey(90)));
    let Exposure { mean, p1, p99, black_share, white_share, entropy } = metrics.exposure;
    assert_eq!((mean, p1, p99, black_share, white_share, entropy), (90.0, 90, 90, 0.0, 0.0, 0.0));
    assert_eq!((metrics.sharpness, metrics.tenengrad, metrics.noise, metrics.blockiness), (0.0, 0.0, 0.0, None));
    assert_eq!((metrics.contrast.sd, metrics.contrast.spread), (0.0, 0));
}

/// By hand: a white dot on black has a Laplacian of -4 there and 1 at its four neighbours.
#[test]
fn one_dot() {
    let metrics = measured(&drawn(10, 10, |x, y| if (x, y) == (5, 5) { [255; 3] } else { [0; 3] }));
    let dot = 255.0_f64 * 255.0;
    near(metrics.sharpness, 20.0 * dot / 100.0, "Laplacian");
    // Sobel: 1, 2, 1 and 1, 2, 1 in each direction.
    near(metrics.tenengrad, 2.0 * 12.0 * dot / 100.0, "Tenengrad");
    near(metrics.exposure.mean, 2.55, "mean");
    near(metrics.exposure.black_share, 0.99, "black");
    near(metrics.exposure.white_share, 0.01, "white");
    near(metrics.contrast.sd, 255.0 * (0.01_f64 * 0.99).sqrt(), "sd");
    assert_eq!((metrics.exposure.p1, metrics.exposure.p99, metrics.contrast.spread), (0, 0, 0));
}

/// By hand: at the border the neighbour that is missing is the one on the other side.
#[test]
fn borders_are_mirrored() {
    let columns = [10_u8, 20, 50];
    let metrics = measured(&drawn(3, 1, |x, _| [columns[x]; 3]));
    // Left 2*20-2*10, middle 10+50-2*20, right 2*20-2*50; above and below mirror the row itself.
    let laplacian = [20.0, 20.0, -60.0_f64];
    let mean = laplacian.iter().sum::<f64>() / 3.0;
    near(metrics.sharpness, laplacian.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / 3.0, "Laplacian");
    near(metrics.tenengrad, (4.0 * 40.0_f64).powi(2) / 3.0, "Tenengrad");
}

#[test]
fn luma_is_bt_601() {
    for (colour, expected) in [([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([255; 3], 255)] {
        assert_eq!(measured(&drawn(4, 4, |_, _| colour)).exposure.p1, expected);
    }
}

#[test]
fn noise_is_its_standard_deviation() {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    // Twelve uniform numbers less six are nearly normal with a standard deviation of 1.
    let levels: Vec<u8> =
        (0..300 * 300).map(|_| (128.0 + 8.0 * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)).round() as u8).collect();
    let noise = measured(&drawn(300, 300, |x, y| [levels[y * 300 + x]; 3])).noise;
    assert!((noise - 8.0).abs() < 0.5, "{noise}");
}

#[test]
fn blocks_are_seen() {
    let smooth = measured(&drawn(64, 64, |x, y| [(2 * x + y) as u8; 3])).blockiness.unwrap();
    near(smooth, 1.0, "a ramp has no blocks");
    let steps = measured(&drawn(64, 64, |x, y| [(x / 8 * 20 + y / 8 * 5 + x % 2) as u8; 3])).blockiness.unwrap();
    assert!(steps > 5.0, "{steps}");
}

#[test]
fn colours_have_names() {
    let picture = drawn(100, 100, |x, _| match x {
        0..50 => [205, 170, 130],
        50..80 => [120, 120, 125],
        80..97 => [30, 30, 90],
        _ => [255, 0, 0],
    });
    let metrics = measured(&picture);
    let names: Vec<_> = metrics.colours.iter().map(|colour| (&*colour.name, &*colour.hex, colour.share)).collect();
    assert_eq!(names, [("tan", "#cdaa82", 0.5), ("grey", "#78787d", 0.3), ("navy", "#1e1e5a", 0.17)]);
}

#[test]
fn gates() {
    use GateReason::{Clipped, Flat, TooBlurred, TooDark, TooSmall};
    let check = |picture: &Rgb, expected: &[GateReason]| {
        let gate = prepared(&png(picture)).unwrap().gate;
        assert_eq!((gate.reasons.as_slice(), gate.passed), (expected, expected.is_empty()));
    };
    check(&scene(400, 300), &[]);
    check(&scene(400, 159), &[TooSmall]);
    check(&drawn(200, 200, grey(90)), &[TooBlurred, Flat]);
    check(&drawn(200, 200, grey(1)), &[TooDark, Clipped, TooBlurred, Flat]);
    check(&drawn(200, 200, |x, y| [255 * ((x / 2 + y / 2) % 2) as u8; 3]), &[Clipped]);
    check(&drawn(200, 200, |x, _| [20 + x as u8; 3]), &[TooBlurred]);
}

#[test]
fn thresholds_are_settings() {
    let bytes = png(&scene(400, 300));
    let sharpness = prepared(&bytes).unwrap().metrics.sharpness;
    let gate = |min: f64, borderline: f64| {
        let gate = Thresholds { min_sharpness: min, borderline_sharpness: borderline, ..Thresholds::default() };
        prepared_with(&bytes, &Settings { gate, ..Settings::default() }).unwrap().gate
    };
    assert!(!gate(sharpness * 1.01, sharpness * 2.0).passed);
    let borderline = gate(sharpness * 0.99, sharpness * 1.01);
    assert!(borderline.passed && borderline.borderline);
    assert!(!gate(sharpness * 0.5, sharpness * 0.99).borderline);
}

#[test]
fn changes_since_a_reference() {
    let reference = prepared(&png(&scene(400, 300))).unwrap();
    let same = compare(&reference, &prepared(&files::jpeg(&scene(400, 300))).unwrap());
    assert!(same.near_duplicate && same.dhash_distance <= 2 && same.ssim > 0.95, "{same:?}");
    let turned = Orientation::from_exif(3).unwrap().upright(scene(400, 300));
    let other = compare(&reference, &prepared(&png(&turned)).unwrap());
    assert!(!other.near_duplicate && other.ssim < 0.5, "{other:?}");
    let itself = compare(&reference, &reference);
    assert_eq!((itself.dhash_distance, itself.phash_distance, itself.ssim), (0, 0, 1.0));
}

#[test]
fn sentences() {
    let check = |picture: &Rgb, expected: &str| {
        let bytes = png(picture);
        assert_eq!(describe(&inspected(&bytes).unwrap(), &prepared(&bytes).unwrap()), expected);
    };
    let half = |x: usize| if x % 60 < 29 { [205, 170, 130] } else { [60, 60, 60] };
    check(
        &drawn(240, 200, |x, _| half(x)),
        "240x200 landscape PNG, sharp, well exposed, dominant colours dark grey and tan, no EXIF GPS",
    );
    check(
        &drawn(160, 200, |_, _| [0; 3]),
        "160x200 portrait PNG, blurred, too dark, dominant colour black, no EXIF GPS",
    );
    check(
        &drawn(200, 200, |x, y| if (x / 2 + y / 2) % 3 == 0 { [0; 3] } else { [255; 3] }),
        "200x200 square PNG, sharp, highlights clipped, dominant colours white and black, no EXIF GPS",
    );
}

#[test]
fn fingerprints_are_written_in_full() {
    let hashes = measured(&scene(64, 64)).hashes;
    let json = serde_json::to_value(hashes).unwrap();
    assert_eq!(json["dhash"].as_str().unwrap().len(), 16);
    assert_eq!(serde_json::from_value::<Hashes>(json).unwrap(), hashes);
    for wrong in ["", "12", "+123456789abcdef", "0123456789abcdefg"] {
        assert!(serde_json::from_value::<Fingerprint>(wrong.into()).is_err());
    }
}

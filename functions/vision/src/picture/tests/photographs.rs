//! Real photographs, with figures that OpenCV and NumPy give for them.

use std::fs;

use super::files::{jpeg, png};
use super::*;

/// Published figures for sharp photographs are 122 to 7,098, and 1.6 to 4.6 for the same ones blurred.
#[test]
fn sharpness_of_known_photographs() {
    let Some(folder) = data_set("SKIMAGE_DIR", Some("skimage")) else { return };
    for (file, expected) in [
        ("camera", 1_133.2),
        ("astronaut", 860.6),
        ("coffee", 1_541.1),
        ("chelsea", 398.6),
        ("brick", 178.1),
        ("coins", 1_911.6),
        ("motorcycle_left", 1_124.7),
        ("page", 4_825.8),
    ] {
        let bytes = fs::read(folder.join(file).with_extension("png")).unwrap();
        let prepared = prepared(&bytes).unwrap();
        assert!((prepared.metrics.sharpness - expected).abs() < 0.1, "{file}: {}", prepared.metrics.sharpness);
        assert!((122.0..=7_098.0).contains(&prepared.metrics.sharpness), "{file}");
        let blurred = blur(&pixels(&bytes), 3.0);
        let sharpness = super::prepared(&png(&blurred)).unwrap();
        assert!((1.6..4.7).contains(&sharpness.metrics.sharpness), "{file}: {}", sharpness.metrics.sharpness);
        assert!(sharpness.gate.reasons.contains(&GateReason::TooBlurred));
        assert!(!prepared.gate.reasons.contains(&GateReason::TooBlurred));
    }
}

#[test]
fn landscapes_pass_the_gate() {
    let Some(folder) = data_set("SKLEARN_IMAGES_DIR", Some("sklearn-images")) else { return };
    for file in ["china.jpg", "flower.jpg"] {
        let bytes = fs::read(folder.join(file)).unwrap();
        let prepared = prepared(&bytes).unwrap();
        assert_eq!((prepared.width, prepared.height), (640, 427));
        // What OpenCV gives for the same pixels, which its decoder rounds differently.
        let expected = if file == "china.jpg" { 5_624.2 } else { 417.8 };
        let sharpness = prepared.metrics.sharpness;
        assert!((sharpness / expected - 1.0).abs() < 0.01, "{file}: {sharpness}");
        let again = compare(&prepared, &super::prepared(&prepared.jpeg).unwrap());
        assert!(again.near_duplicate && again.ssim > 0.9, "{file}: {again:?}");
    }
}

#[test]
fn different_photographs_are_told_apart() {
    let Some(folder) = data_set("SKIMAGE_DIR", Some("skimage")) else { return };
    let all = ["astronaut", "camera", "coffee", "chelsea", "brick", "coins", "page", "motorcycle_left"].map(|file| {
        let bytes = fs::read(folder.join(file).with_extension("png")).unwrap();
        (prepared(&bytes).unwrap(), prepared(&jpeg(&pixels(&bytes))).unwrap())
    });
    for (at, (exact, lossy)) in all.iter().enumerate() {
        assert!(compare(exact, lossy).near_duplicate);
        for (other, _) in &all[at + 1..] {
            assert!(!compare(exact, other).near_duplicate);
        }
    }
}

/// Gaussian, with mirrored borders.
fn blur(picture: &Rgb, sigma: f64) -> Rgb {
    let reach = (4.0 * sigma).round() as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|d| (-(d * d) as f64 / (2.0 * sigma * sigma)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let pass = |from: &[f64], across: bool| -> Vec<f64> {
        let (w, h) = (picture.width as i64, picture.height as i64);
        let mirror = |at: i64, end: i64| {
            if at < 0 {
                -at
            } else if at >= end {
                2 * end - 2 - at
            } else {
                at
            }
        };
        let at = |x: i64, y: i64, c: usize| from[(3 * (mirror(y, h) * w + mirror(x, w))) as usize + c];
        let sum = |x: i64, y: i64, c: usize| {
            let sample = |d: i64| if across { at(x + d, y, c) } else { at(x, y + d, c) };
            (-reach..=reach).zip(&weights).map(|(d, weight)| weight * sample(d)).sum::<f64>() / total
        };
        (0..h)
            .flat_map(|y| (0..w).flat_map(move |x| (0..3).map(move |c| (x, y, c))))
            .map(|(x, y, c)| sum(x, y, c))
            .collect()
    };
    let samples: Vec<f64> = picture.data.iter().map(|sample| f64::from(*sample)).collect();
    let data = pass(&pass(&samples, true), false).into_iter().map(|sample| sample.round() as u8).collect();
    Rgb { width: picture.width, height: picture.height, data }
}

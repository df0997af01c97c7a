//! That pixels come out as they went in, whatever the coding.

use super::files::{LOSSY_WEBP, animated_webp, apng, cmyk, gif, jpeg, png, png_as, progressive, webp};
use super::*;

#[test]
fn codings_agree() {
    let picture = drawn(120, 90, |x, y| [(x * 2) as u8, (y * 2) as u8, 90]);
    for (name, bytes, tolerance) in [
        ("png", png(&picture), 0.0),
        ("webp", webp(&picture), 0.0),
        ("jpeg", jpeg(&picture), 2.0),
        ("progressive", progressive(&picture), 2.0),
    ] {
        assert!(difference(&pixels(&bytes), &picture) <= tolerance, "{name}");
    }
}

/// Means of the quarters as libwebp decodes them, by way of OpenCV 5.0.0: `cv2.imread("lossy.webp")`.
#[test]
fn a_lossy_webp() {
    let found = pixels(LOSSY_WEBP);
    assert_eq!((found.width, found.height), (120, 80));
    let quarters = [
        ((0, 0), [166.58, 93.27, 53.97]),
        ((60, 0), [200.83, 128.41, 82.19]),
        ((0, 40), [129.60, 62.20, 39.95]),
        ((60, 40), [136.55, 60.39, 31.56]),
    ];
    for ((left, top), expected) in quarters {
        let colour = |y: usize, x: usize, c: usize| f64::from(found.data[3 * (y * 120 + x) + c]);
        for (c, expected) in expected.into_iter().enumerate() {
            let sum: f64 = (top..top + 40).flat_map(|y| (left..left + 60).map(move |x| colour(y, x, c))).sum();
            assert!((sum / 2_400.0 - expected).abs() < 1.0, "{left} {top} {c}: {} for {expected}", sum / 2_400.0);
        }
    }
}

#[test]
fn sixteen_bits_greys_palettes_and_transparency() {
    use png::{BitDepth::Eight, BitDepth::Sixteen, ColorType};
    let check = |bytes: &[u8], expected: [u8; 3]| assert_eq!(pixels(bytes).data[..3], expected);
    check(&png_as(2, 1, ColorType::Rgb, Sixteen, &[10, 200, 20, 0, 30, 9, 0, 0, 0, 0, 0, 0]), [10, 20, 30]);
    check(&png_as(1, 1, ColorType::Grayscale, Eight, &[77]), [77; 3]);
    check(&png_as(1, 1, ColorType::Rgba, Eight, &[10, 20, 30, 255]), [10, 20, 30]);
    check(&png_as(1, 1, ColorType::Rgba, Eight, &[10, 20, 30, 0]), [255; 3]);
    check(&png_as(1, 1, ColorType::Rgba, Eight, &[0, 100, 255, 128]), [127, 177, 255]);
    check(&png_as(1, 1, ColorType::GrayscaleAlpha, Sixteen, &[0, 0, 128, 0]), [127; 3]);
}

#[test]
fn four_inks() {
    for (ink, expected) in [
        ([0, 0, 0, 0], [255, 255, 255]),
        ([255, 0, 0, 0], [0, 255, 255]),
        ([0, 255, 0, 0], [255, 0, 255]),
        ([0, 0, 0, 255], [0, 0, 0]),
        ([0, 128, 255, 128], [127, 63, 0]),
    ] {
        let found = pixels(&cmyk(16, 16, ink));
        let near = found.data[..3].iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 3);
        assert!(near, "{ink:?}: {:?} instead of {expected:?}", &found.data[..3]);
    }
}

#[test]
fn the_first_frame_is_used() {
    let bytes = gif(20, 10, 4, &[[200, 10, 20], [0, 0, 255]]);
    let found = pixels(&bytes);
    assert_eq!((found.width, found.height), (20, 10));
    assert_eq!(found.data[..3], [255; 3], "outside the frame");
    assert_eq!(found.data[found.data.len() - 3..], [200, 10, 20]);
    let (first, second) = (scene(60, 40), drawn(60, 40, |_, _| [0, 0, 255]));
    assert_eq!(difference(&pixels(&apng(&[first.clone(), second.clone()])), &first), 0.0);
    // The decoder blends the frame with the canvas, and rounds down.
    assert!(difference(&pixels(&animated_webp(&[first.clone(), second])), &first) <= 1.0);
}

#[test]
fn large_pictures_are_averaged_down() {
    let picture = drawn(4_100, 1_027, |x, y| [(x / 17) as u8, (y / 5) as u8, ((x / 50 + y / 50) % 2 * 80) as u8]);
    let settings = Settings { long_edge: 1_024, ..Settings::default() };
    let squares = [png(&picture), jpeg(&picture), progressive(&picture)].map(|bytes| {
        let prepared = prepared_with(&bytes, &settings).unwrap();
        assert_eq!((prepared.width, prepared.height), (4_100, 1_027));
        assert_eq!((prepared.sent_width, prepared.sent_height), (1_024, 256));
        assert_eq!(prepared.metrics.blockiness, None, "the blocks are gone");
        prepared
    });
    for other in &squares[1..] {
        assert!(compare(&squares[0], other).ssim > 0.97);
        assert!(squares[0].metrics.hashes.dhash.is_near(other.metrics.hashes.dhash));
    }
}

#[test]
fn small_pictures_are_not_enlarged() {
    for (width, height) in [(1, 1), (1, 40), (200, 150), (1_568, 3)] {
        let prepared = prepared(&png(&scene(width, height))).unwrap();
        assert_eq!((prepared.sent_width as usize, prepared.sent_height as usize), (width, height));
        let thumbnail = inspected(&prepared.thumbnail).unwrap();
        assert!(thumbnail.width.max(thumbnail.height) <= 320);
    }
}

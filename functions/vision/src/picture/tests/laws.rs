//! What holds for all pictures and for all bytes.

use proptest::prelude::*;

use super::files::{gif, jpeg, oriented, png, progressive, webp};
use super::*;

fn pictures() -> impl Strategy<Value = Rgb> {
    (1_usize..70, 1_usize..70).prop_flat_map(|(width, height)| {
        let pixels = prop_oneof![
            proptest::collection::vec(any::<u8>(), 3 * width * height),
            proptest::collection::vec(prop_oneof![Just(0_u8), Just(255_u8)], 3 * width * height),
            any::<[u8; 3]>().prop_map(move |colour| colour.repeat(width * height)),
        ];
        pixels.prop_map(move |data| Rgb { width, height, data })
    })
}

fn in_range(metrics: &ImageMetrics) -> bool {
    let ImageMetrics { sharpness, tenengrad, exposure, contrast, blockiness, noise, colours, .. } = metrics;
    let shares = [exposure.black_share, exposure.white_share];
    [*sharpness, *tenengrad, *noise, blockiness.unwrap_or(0.0)]
        .iter()
        .all(|figure| figure.is_finite() && *figure >= -1e-6)
        && *sharpness <= 1_020.0 * 1_020.0
        && *tenengrad <= 2.0 * 1_020.0 * 1_020.0
        && shares.iter().all(|share| (0.0..=1.0).contains(share))
        && (0.0..=255.0).contains(&exposure.mean)
        && (0.0..=8.0).contains(&exposure.entropy)
        && (0.0..=127.5).contains(&contrast.sd)
        && exposure.p1 <= exposure.p99
        && contrast.spread == exposure.p99 - exposure.p1
        && colours.iter().map(|colour| colour.share).sum::<f64>() <= 1.0 + 1e-9
}

fn inverse(orientation: u32) -> Orientation {
    Orientation::from_exif(match orientation {
        6 => 8,
        8 => 6,
        other => other,
    })
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn metrics_are_in_range(picture in pictures()) {
        let prepared = prepared(&png(&picture)).unwrap();
        prop_assert!(in_range(&prepared.metrics), "{:?}", prepared.metrics);
        prop_assert_eq!(prepared.gate.passed, prepared.gate.reasons.is_empty());
    }

    #[test]
    fn orientations_are_undone(picture in pictures(), orientation in 1_u32..=8) {
        let turned = Orientation::from_exif(orientation).unwrap().upright(picture.clone());
        prop_assert_eq!(inverse(orientation).upright(turned), picture);
    }

    /// How the camera was held does not matter: upright, the same picture has the same figures.
    #[test]
    fn figures_do_not_depend_on_orientation(picture in pictures(), orientation in 1_u32..=8) {
        let stored = inverse(orientation).upright(picture.clone());
        let tag = files::tiff(&[(::exif::Tag::Orientation, ::exif::Value::Short(vec![orientation as u16]))]);
        let plain = png(&stored);
        // IHDR ends after 33 bytes; the checksum is the encoder's business, so it writes the chunk.
        let chunk = [&(tag.len() as u32).to_be_bytes()[..], b"eXIf", &tag].concat();
        let checksum = crc32(&chunk[4..]).to_be_bytes();
        let bytes = [&plain[..33], &chunk, &checksum, &plain[33..]].concat();
        let (turned, upright) = (prepared(&bytes).unwrap(), prepared(&png(&picture)).unwrap());
        prop_assert_eq!(turned.metrics, upright.metrics);
        prop_assert_eq!(turned.jpeg, upright.jpeg);
    }

    #[test]
    fn fingerprints_survive_encoding(seed in 0_usize..1_000) {
        let picture = drawn(96, 72, |x, y| {
            let wave = |k: usize, v: usize| 40.0 * ((v * (seed % (k + 3) + 1)) as f64 / 23.0 + seed as f64).sin();
            [(128.0 + wave(5, x) + wave(7, y)) as u8; 3]
        });
        let (exact, lossy) = (prepared(&png(&picture)).unwrap(), prepared(&jpeg(&picture)).unwrap());
        prop_assert!(exact.metrics.hashes.dhash.distance(lossy.metrics.hashes.dhash) <= 6);
        let again = prepared(&exact.jpeg).unwrap();
        prop_assert!(exact.metrics.hashes.dhash.distance(again.metrics.hashes.dhash) <= 6);
        prop_assert_eq!(prepared(&png(&picture)).unwrap().metrics, exact.metrics);
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), start in 0_usize..5) {
        let magic: &[u8] = [&b""[..], b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 "][start];
        if let Err(rejected) = prepared(&[magic, &bytes].concat()) {
            prop_assert!(matches!(rejected.status, 400 | 413 | 415 | 422), "{}", rejected);
        }
    }

    #[test]
    fn damaged_files_get_an_answer(
        which in 0_usize..6,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let picture = scene(48, 33);
        let mut bytes = match which {
            0 => jpeg(&picture),
            1 => progressive(&picture),
            2 => png(&picture),
            3 => webp(&picture),
            4 => gif(48, 33, 3, &[[1, 2, 3], [4, 5, 6]]),
            _ => oriented(&jpeg(&picture), 6),
        };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match prepared(&bytes) {
            Ok(prepared) => prop_assert!(in_range(&prepared.metrics)),
            Err(rejected) => prop_assert!(matches!(rejected.status, 400 | 413 | 415 | 422), "{}", rejected),
        }
    }
}

/// Of PNG's annex D, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

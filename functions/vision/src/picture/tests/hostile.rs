//! Files made to hurt: each is answered, clearly and with bounded work. Their memory is measured in `tests/memory.rs`
//! of the crate.

use super::files::{LOSSY_WEBP, cmyk, gif, jpeg, optimised, png, progressive, webp, with_restarts};
use super::*;

fn refused(bytes: &[u8]) -> Rejected {
    prepared(bytes).unwrap_err()
}

#[test]
fn cut_short() {
    let picture = scene(200, 150);
    for bytes in [
        jpeg(&picture),
        progressive(&picture),
        cmyk(200, 150, [9, 90, 200, 30]),
        png(&picture),
        webp(&picture),
        LOSSY_WEBP.to_vec(),
        gif(200, 150, 0, &[[9, 9, 9]]),
    ] {
        let format = inspected(&bytes).unwrap().format;
        for keep in [bytes.len() / 10, bytes.len() / 2, bytes.len() * 9 / 10] {
            let rejected = refused(&bytes[..keep]);
            assert_eq!((rejected.status, rejected.code), (422, "unreadable_image"), "{format:?} {keep}: {rejected}");
        }
    }
}

/// A picture of which a part is missing must not pass for one that shows nothing there.
#[test]
fn cut_short_with_an_end_marker() {
    let bytes = progressive(&scene(200, 150));
    let scans: Vec<usize> = (0..bytes.len() - 1).filter(|at| bytes[*at..].starts_with(&[0xFF, 0xDA])).collect();
    assert!(scans.len() > 1);
    for scan in scans {
        let rejected = refused(&[&bytes[..scan], &[0xFF, 0xD9]].concat());
        assert_eq!(rejected.status, 422);
        assert!(rejected.detail.contains("scans are missing"), "{rejected}");
    }
    let bytes = jpeg(&scene(200, 150));
    let scan = start_of_scan(&bytes);
    let rejected = refused(&[&bytes[..scan + 40], &[0xFF, 0xD9]].concat());
    assert!(rejected.detail.contains("fewer bits than blocks"), "{rejected}");
}

/// Of the last one.
fn start_of_scan(jpeg: &[u8]) -> usize {
    jpeg.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap()
}

/// A decoder fills up what is missing with blocks that are all alike, however large the part is that is there.
#[test]
fn a_scan_that_ends_early_with_an_end_marker() {
    let picture = scene(200, 150);
    for (name, bytes) in [
        ("baseline", jpeg(&picture)),
        ("progressive", progressive(&picture)),
        ("optimised tables", optimised(&picture)),
        ("restarts", with_restarts(&picture)),
        ("photograph", include_bytes!("../../../../../shared/local-cloud/data/pictures/coffee.jpg").to_vec()),
        ("four inks", cmyk(200, 150, [9, 90, 200, 30])),
    ] {
        let scan = start_of_scan(&bytes) + 14;
        for part in [30, 50, 75, 90, 99] {
            let mut cut = bytes[..scan + (bytes.len() - scan) * part / 100].to_vec();
            // Not within a stuffed byte, which would be no end.
            cut.truncate(cut.iter().rposition(|byte| *byte != 0xFF).unwrap() + 1);
            cut.extend([0xFF, 0xD9]);
            let rejected = prepared(&cut).err().unwrap_or_else(|| panic!("{name}: {part} % of it pass"));
            assert_eq!((rejected.status, rejected.code), (422, "unreadable_image"), "{name} {part} %: {rejected}");
        }
        // Fill bytes before the end marker are allowed, and other bytes are skipped by all decoders.
        let (all, end) = bytes.split_at(bytes.len() - 2);
        for between in [&[0xFF, 0xFF][..], &[0, 0, 0]] {
            assert!(prepared(&[all, between, end].concat()).is_ok(), "{name} {between:?}");
        }
    }
}

#[test]
fn headers_that_state_too_much() {
    let mut huge = png(&scene(8, 8));
    huge[16..24].copy_from_slice(&[0, 0, 0x4E, 0x20, 0, 0, 0x4E, 0x20]);
    let rejected = refused(&huge);
    assert_eq!((rejected.status, rejected.code), (413, "image_too_large"));
    assert!(rejected.detail.contains("20000x20000"), "{rejected}");
    let mut huge = jpeg(&scene(8, 8));
    let frame = huge.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    huge[frame + 5..frame + 9].copy_from_slice(&[0x4E, 0x20, 0x4E, 0x20]);
    assert_eq!(refused(&huge).status, 413);
    // Allowed sides, and next to no data.
    huge[frame + 5..frame + 9].copy_from_slice(&[0x13, 0xCE, 0x1D, 0xAF]);
    assert_eq!(refused(&huge).status, 422);
    let mut none = png(&scene(8, 8));
    none[16..20].fill(0);
    assert_eq!(refused(&none).status, 422);
}

/// Before anything is decoded, in each format: what is held when the decoder is done, twice the copy when it is turned.
#[test]
fn a_copy_that_takes_too_much_memory() {
    let picture = scene(300, 200);
    let pixels = 3 * 300 * 200;
    let check = |bytes: &[u8], edge: u32, most: u64, expected: Option<u16>| {
        let limits = Limits { max_decode_bytes: most, ..Limits::default() };
        let settings = Settings { long_edge: edge, limits, ..Settings::default() };
        let found = prepared_with(bytes, &settings).err();
        assert_eq!(found.as_ref().map(|rejected| rejected.status), expected, "{edge} {most}: {found:?}");
    };
    check(&png(&picture), 12_000, pixels * 4 / 3, None);
    check(&png(&picture), 12_000, pixels * 4 / 3 - 1, Some(413));
    // For a short edge of the copy the rows are averaged down.
    check(&png(&picture), 30, pixels * 4 / 3 - 1, None);
    let turning = |turned: bool, most: u64| {
        let limits = Limits { max_decode_bytes: most, ..Limits::default() };
        decode::Wanted { edge: 12_000, turned }.check((300, 200), &limits, "picture").is_ok()
    };
    assert_eq!(
        [turning(true, pixels * 2), turning(true, pixels * 2 - 1), turning(false, pixels * 2 - 1)],
        [true, false, true]
    );
    for bytes in [png(&picture), jpeg(&picture), webp(&picture), gif(300, 200, 0, &[[9, 9, 9]])] {
        check(&bytes, 12_000, pixels, Some(413));
    }
    // The header is enough to tell.
    let cut = png(&picture);
    check(&cut[..cut.len() / 2], 12_000, pixels, Some(413));
}

#[test]
fn more_scans_than_any_encoder_writes() {
    let bytes = progressive(&scene(64, 64));
    let scan = bytes.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    let end = bytes.len() - 2;
    let many = [&bytes[..scan], &bytes[scan..end].repeat(101), &bytes[end..]].concat();
    let rejected = inspected(&many).unwrap_err();
    assert_eq!(rejected.status, 413);
    assert!(rejected.detail.contains("scans"), "{rejected}");
}

#[test]
fn codings_that_are_not_decoded() {
    let bytes = jpeg(&scene(16, 16));
    let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let check = |at: usize, value: u8, status: u16, says: &str| {
        let mut changed = bytes.clone();
        changed[frame + at] = value;
        let rejected = refused(&changed);
        assert_eq!(rejected.status, status);
        assert!(rejected.detail.contains(says), "{rejected}");
    };
    check(1, 0xC9, 415, "arithmetic");
    check(1, 0xC3, 415, "lossless");
    check(4, 12, 415, "12 bits");
    check(9, 2, 415, "2 components");
    check(11, 0x51, 422, "sampling");
}

#[test]
fn two_files_in_one() {
    let picture = scene(64, 64);
    let zip = b"PK\x03\x04rest of an archivePK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for bytes in [jpeg(&picture), png(&picture), webp(&picture), gif(64, 64, 0, &[[1, 1, 1]])] {
        let both = [&bytes[..], zip].concat();
        let found = inspected(&both).unwrap();
        let codes: Vec<_> = found.issues.iter().map(|issue| issue.code).collect();
        assert_eq!(codes, [IssueCode::ForeignData], "{:?}", found.format);
        let prepared = prepared(&both).unwrap();
        for sent in [&prepared.jpeg, &prepared.thumbnail] {
            assert!(!sent.windows(4).any(|window| window == b"PK\x05\x06"));
        }
    }
    // A second picture behind the first is what phones write.
    let burst = [jpeg(&picture), jpeg(&picture)].concat();
    assert_eq!(inspected(&burst).unwrap().issues, vec![]);
}

/// A film behind a JPEG is what phones write for motion photos; behind anything else, or with an archive at its end, it
/// is foreign.
#[test]
fn motion_photos() {
    let picture = scene(64, 64);
    let film = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\0\x08mdat";
    let check = |bytes: &[u8], tail: &[u8], expected: IssueCode| {
        let found = inspected(&[bytes, &film[..], tail].concat()).unwrap();
        let codes: Vec<_> = found.issues.iter().map(|issue| issue.code).collect();
        assert_eq!((codes, found.animated), (vec![expected], false));
    };
    check(&jpeg(&picture), &[0; 64], IssueCode::MultipleFrames);
    check(&jpeg(&picture), b"PK\x05\x06", IssueCode::ForeignData);
    check(&png(&picture), &[0; 64], IssueCode::ForeignData);
}

#[test]
fn one_pixel() {
    for bytes in [png(&scene(1, 1)), jpeg(&scene(1, 1)), webp(&scene(1, 1))] {
        let prepared = prepared(&bytes).unwrap();
        assert!(!prepared.gate.passed);
        assert!(prepared.gate.reasons.contains(&GateReason::TooSmall));
        assert!(prepared.gate.reasons.contains(&GateReason::Flat));
    }
}

#[test]
fn a_decoder_that_panics_is_an_answer() {
    let rejected = guard(|| -> Result<(), Rejected> { panic!("a defect of a decoder") }).unwrap_err();
    assert_eq!((rejected.status, rejected.code), (422, "unreadable_image"));
    assert!(!rejected.detail.contains("defect"));
}

//! What the camera wrote, and that nothing of it is passed on.

use ::exif::{Tag, Value};

use super::files::{ascii, jpeg, oriented, rationals, tiff, with_exif};
use super::*;

fn read(fields: &[(Tag, Value)]) -> Inspected {
    inspected(&with_exif(&jpeg(&scene(32, 24)), &tiff(fields))).unwrap()
}

fn position(latitude: &[(u32, u32)], south: &str, longitude: &[(u32, u32)], west: &str) -> Vec<(Tag, Value)> {
    vec![
        (Tag::GPSLatitude, rationals(latitude)),
        (Tag::GPSLatitudeRef, ascii(south)),
        (Tag::GPSLongitude, rationals(longitude)),
        (Tag::GPSLongitudeRef, ascii(west)),
    ]
}

#[test]
fn positions() {
    let check =
        |latitude: &[(u32, u32)], south: &str, longitude: &[(u32, u32)], west: &str, expected: Option<(f64, f64)>| {
            let exif = read(&position(latitude, south, longitude, west)).exif;
            assert!(exif.gps_present);
            match (exif.gps, expected) {
                (None, None) => {}
                (Some(gps), Some((north, east))) => {
                    assert!((gps.latitude - north).abs() < 1e-9 && (gps.longitude - east).abs() < 1e-9, "{gps:?}");
                }
                (found, _) => panic!("{found:?} instead of {expected:?}"),
            }
        };
    let (lat, lon) = ([(37, 1), (25, 1), (1_934, 100)], [(122, 1), (5, 1), (6, 1)]);
    check(&lat, "N", &lon, "W", Some((37.422_038_888_888_89, -122.085)));
    check(&lat, "S", &lon, "E", Some((-37.422_038_888_888_89, 122.085)));
    check(&[(90, 1), (0, 1), (0, 1)], "N", &[(180, 1), (0, 1), (0, 1)], "E", Some((90.0, 180.0)));
    // Out of range, without a direction, without a fix, in parts.
    check(&[(90, 1), (1, 1), (0, 1)], "N", &lon, "E", None);
    check(&lat, "?", &lon, "E", None);
    check(&[(0, 0), (0, 0), (0, 0)], "N", &lon, "E", None);
    check(&[(37, 1)], "N", &lon, "E", None);
    check(&[(u32::MAX, 1), (u32::MAX, 1), (u32::MAX, 0)], "N", &lon, "E", None);
}

#[test]
fn altitudes() {
    let here = position(&[(1, 1), (0, 1), (0, 1)], "N", &[(2, 1), (0, 1), (0, 1)], "E");
    for (reference, expected) in [(None, 12.5), (Some(0), 12.5), (Some(1), -12.5)] {
        let mut fields = here.clone();
        fields.push((Tag::GPSAltitude, rationals(&[(125, 10)])));
        fields.extend(reference.map(|below| (Tag::GPSAltitudeRef, Value::Byte(vec![below]))));
        assert_eq!(read(&fields).exif.gps.unwrap().altitude, Some(expected));
    }
    assert_eq!(read(&here).exif.gps.unwrap().altitude, None);
}

#[test]
fn timestamps() {
    let check = |fields: &[(Tag, &str)], expected: Option<&str>| {
        let fields: Vec<_> = fields.iter().map(|(tag, text)| (*tag, ascii(text))).collect();
        assert_eq!(read(&fields).exif.timestamp.as_deref(), expected);
    };
    let (taken, offset) = (Tag::DateTimeOriginal, Tag::OffsetTimeOriginal);
    check(&[(taken, "2024:02:29 23:59:58")], Some("2024-02-29T23:59:58"));
    check(&[(taken, "2024:02:29 23:59:58"), (offset, "+05:30")], Some("2024-02-29T23:59:58+05:30"));
    check(&[(taken, "2024:02:29 23:59:58"), (offset, "-00:30")], Some("2024-02-29T23:59:58-00:30"));
    check(&[(taken, "2024:02:29 23:59:58"), (offset, "nonsense")], Some("2024-02-29T23:59:58"));
    check(&[(Tag::DateTime, "2020:01:02 03:04:05"), (taken, "2019:01:02 03:04:05")], Some("2019-01-02T03:04:05"));
    check(&[(Tag::DateTime, "2020:01:02 03:04:05"), (taken, "0000:00:00 00:00:00")], Some("2020-01-02T03:04:05"));
    check(&[(taken, "2023:02:29 00:00:00")], None);
    check(&[(taken, "    :  :     :  :  ")], None);
    check(&[(taken, "2024:02")], None);
}

#[test]
fn orientations_stand_upright() {
    // Quarters of red, green, blue and white; each stored as a camera would that was held so.
    let upright = drawn(64, 48, |x, y| match (x < 32, y < 24) {
        (true, true) => [200, 0, 0],
        (false, true) => [0, 200, 0],
        (true, false) => [0, 0, 200],
        (false, false) => [255, 255, 255],
    });
    // What undoes each value; a quarter turn to the right is undone by one to the left.
    for (orientation, undone_by) in [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 8), (7, 7), (8, 6)] {
        let stored = Orientation::from_exif(undone_by).unwrap().upright(upright.clone());
        let bytes = oriented(&jpeg(&stored), orientation);
        assert_eq!(inspected(&bytes).unwrap().orientation.to_exif(), orientation as u8);
        assert!(difference(&pixels(&bytes), &upright) < 3.0, "{orientation}");
        let prepared = prepared(&bytes).unwrap();
        assert_eq!((prepared.width, prepared.height, prepared.sent_width, prepared.sent_height), (64, 48, 64, 48));
    }
    assert_eq!([0, 9, 65_535].map(Orientation::from_exif), [None; 3]);
}

/// Values of the EXIF standard: 6 is shown with the stored left side on top, 8 with the right side on top.
#[test]
fn a_quarter_turn_goes_the_right_way() {
    let stored = drawn(64, 32, |x, _| if x < 32 { [0, 0, 0] } else { [255, 255, 255] });
    for (orientation, top) in [(6, 0), (8, 255)] {
        let shown = pixels(&oriented(&jpeg(&stored), orientation));
        assert_eq!((shown.width, shown.height), (32, 64));
        assert!(shown.data[0].abs_diff(top) < 8, "{orientation}");
    }
}

#[test]
fn what_is_sent_has_no_metadata() {
    let mut fields = position(&[(1, 1), (0, 1), (0, 1)], "N", &[(2, 1), (0, 1), (0, 1)], "E");
    fields.push((Tag::ImageDescription, ascii("a secret remark")));
    let bytes = with_exif(&jpeg(&scene(64, 64)), &tiff(&fields));
    assert!(bytes.windows(15).any(|window| window == b"a secret remark"));
    let prepared = prepared(&bytes).unwrap();
    for sent in [&prepared.jpeg, &prepared.thumbnail] {
        let found = inspected(sent).unwrap();
        assert_eq!((found.exif, found.issues), (Exif::default(), vec![]));
        assert!(!sent.windows(6).any(|window| window == b"secret" || window.starts_with(b"Exif")));
    }
}

#[test]
fn real_files() {
    for (bytes, timestamp) in [
        (&include_bytes!("pictures/exif.jpg")[..], Some("2016-05-04T03:02:01")),
        (include_bytes!("pictures/exif.png"), None),
        (include_bytes!("pictures/exif.webp"), None),
    ] {
        let found = inspected(bytes).unwrap();
        assert!(found.exif.present && !found.exif.gps_present);
        assert_eq!((found.width, found.height, found.exif.timestamp.as_deref()), (15, 7, timestamp));
        assert!(prepared(bytes).unwrap().gate.reasons.contains(&GateReason::TooSmall));
    }
}

#[test]
fn broken_exif_is_an_issue() {
    let plain = jpeg(&scene(32, 24));
    let whole = tiff(&[(Tag::Orientation, Value::Short(vec![6])), (Tag::DateTime, ascii("2020:01:02 03:04:05"))]);
    for broken in [&b"nonsense"[..], &whole[..whole.len() / 2], &[]] {
        let found = inspected(&with_exif(&plain, broken)).unwrap();
        assert_eq!(found.issues.iter().map(|issue| issue.code).collect::<Vec<_>>(), [IssueCode::ExifUnreadable]);
    }
    // Directories that point at themselves.
    let endless = [b"MM\0*".as_slice(), &8_u32.to_be_bytes(), &[0, 0], &8_u32.to_be_bytes()].concat();
    let found = inspected(&with_exif(&plain, &endless)).unwrap();
    assert_eq!(found.exif.timestamp, None);
}

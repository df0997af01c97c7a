//! What a file is, against what its name and its content type state.

use super::files::{animated_webp, apng, cmyk, gif, jpeg, png, progressive, webp};
use super::*;

#[test]
fn formats_and_sizes() {
    let picture = scene(40, 30);
    let cases = [
        (jpeg(&picture), Format::Jpeg, false),
        (progressive(&picture), Format::Jpeg, false),
        (cmyk(40, 30, [1, 2, 3, 4]), Format::Jpeg, false),
        (png(&picture), Format::Png, false),
        (webp(&picture), Format::Webp, false),
        (gif(40, 30, 0, &[[1, 2, 3]]), Format::Gif, false),
        (gif(40, 30, 0, &[[1, 2, 3], [4, 5, 6]]), Format::Gif, true),
        (apng(&[picture.clone(), scene(40, 30)]), Format::Png, true),
        (animated_webp(&[picture.clone(), scene(40, 30)]), Format::Webp, true),
    ];
    for (bytes, format, animated) in cases {
        let found = inspected(&bytes).unwrap();
        assert_eq!((found.format, found.width, found.height, found.animated), (format, 40, 30, animated));
        let several = found.issues.iter().any(|issue| issue.code == IssueCode::MultipleFrames);
        assert_eq!(several, animated, "{format:?}");
    }
}

#[test]
fn names_and_content_types() {
    let bytes = png(&scene(20, 20));
    let check = |name: Option<&str>, content_type: Option<&str>, expected: &[IssueCode]| {
        let found = inspect(&bytes, &Declared { name, content_type }, &Limits::default()).unwrap();
        let codes: Vec<_> = found.issues.iter().map(|issue| issue.code).collect();
        assert_eq!(codes, expected, "{name:?} {content_type:?}");
    };
    check(None, None, &[]);
    check(Some("a/b.PNG"), Some("image/png; charset=binary"), &[]);
    check(Some("a/b.jpg"), Some("application/octet-stream"), &[IssueCode::ExtensionMismatch]);
    check(Some("a.jpg/b"), Some(""), &[]);
    check(Some("scan.2024"), Some("image/*"), &[]);
    check(Some("b.heic"), Some("image/jpeg"), &[IssueCode::ExtensionMismatch, IssueCode::ContentTypeMismatch]);
    check(Some("b.png"), Some("IMAGE/JPEG"), &[IssueCode::ContentTypeMismatch]);
    check(Some("b.png"), Some("text/plain\u{7}\n evil"), &[]);
}

#[test]
fn what_is_not_decoded() {
    let heic: &[u8] = include_bytes!("pictures/exif.heic");
    let tif: &[u8] = include_bytes!("pictures/exif.tif");
    let check = |bytes: &[u8], status: u16, code: &str, says: &str| {
        let rejected = inspected(bytes).unwrap_err();
        assert_eq!((rejected.status, rejected.code), (status, code), "{rejected}");
        assert!(rejected.detail.contains(says), "{rejected}");
    };
    check(&[], 400, "empty_file", "no bytes");
    check(heic, 415, "unsupported_media_type", "HEIC");
    check(tif, 415, "unsupported_media_type", "image/tiff");
    check(b"BM\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 415, "unsupported_media_type", "image/bmp");
    check(b"%PDF-1.7\n", 415, "unsupported_media_type", "application/pdf");
    check(b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_media_type", "");
    check(b"no picture at all", 415, "unsupported_media_type", "no known picture format");
    check(b"PK\x03\x04\0\0\0\0", 415, "unsupported_media_type", "application/zip");
    check(b"\xFF\xD8\xFF", 422, "unreadable_image", "truncated");
    check(b"\x89PNG\r\n\x1a\n", 422, "unreadable_image", "header");
}

#[test]
fn limits_hold_before_decoding() {
    let bytes = png(&scene(40, 30));
    let check = |limits: &Limits, says: &str| {
        let rejected = inspect(&bytes, &Declared::default(), limits).unwrap_err();
        assert_eq!((rejected.status, rejected.code), (413, "image_too_large"));
        assert!(rejected.detail.contains(says), "{rejected}");
    };
    let limits = Limits::default();
    check(&Limits { max_bytes: bytes.len() - 1, ..limits.clone() }, "bytes");
    check(&Limits { max_side: 39, ..limits.clone() }, "longest side");
    check(&Limits { max_pixels: 1_199, ..limits.clone() }, "1200 pixels");
    let exact = Limits { max_bytes: bytes.len(), max_side: 40, max_pixels: 1_200, ..limits };
    assert!(inspect(&bytes, &Declared::default(), &exact).is_ok());
}

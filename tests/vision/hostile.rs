//! Files that are made to hurt: a clear answer each, and bounded memory.

use serde_json::json;
use tests::harness::peak_mb;

use crate::cloud::{COFFEE, Cloud, call};
use crate::png::black;

/// Two frames of one pixel (GIF89a, with a palette of two colours).
const ANIMATED: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\
    \x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x4c\x01\0\x3b";

/// Of a function of 512 MB, half.
const MOST_MB: f64 = 256.0;

#[test]
fn hostile_files_are_answered_in_bounded_memory() {
    let cloud = Cloud::start();
    let with_archive = [COFFEE, b"PK\x03\x04", &[0; 5_000]].concat();
    let files: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("huge-header.png", black(20_000, 20_000, 2, 8, 1), &["image_too_large"]),
        ("billion.png", black(60_000, 60_000, 0, 8, 1), &["image_too_large"]),
        ("bomb-rgb.png", black(10_000, 9_000, 2, 8, 9_000), &["image_too_large", "judged"]),
        ("bomb-grey.png", black(9_000, 9_000, 0, 8, 9_000), &["image_too_large", "judged"]),
        ("bomb-16.png", black(6_000, 6_000, 2, 16, 6_000), &["image_too_large", "judged"]),
        ("cut.png", black(3_000, 3_000, 2, 8, 10), &["unreadable_image", "judged"]),
        ("cut.jpg", COFFEE[..COFFEE.len() / 2].to_vec(), &["unreadable_image", "judged"]),
        ("one.png", black(1, 1, 0, 8, 1), &["judged"]),
        ("animated.gif", ANIMATED.to_vec(), &["judged"]),
        ("empty.jpg", Vec::new(), &["empty_file"]),
        ("text.jpg", b"<?php echo 1; ?>".to_vec(), &["unsupported_media_type"]),
        ("page.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), &["unsupported_media_type"]),
        ("photo.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic".to_vec(), &["unsupported_media_type"]),
        ("photo.tif", b"II*\x00\x08\x00\x00\x00\x00\x00".to_vec(), &["unsupported_media_type"]),
        ("noise.gif", [b"GIF89a".as_slice(), &[0xff; 4_000]].concat(), &["unreadable_image", "image_too_large"]),
        ("many.jpg", with_archive, &["judged"]),
        ("photo.png", COFFEE.to_vec(), &["judged"]),
    ];
    for (name, bytes, _) in &files {
        cloud.put(name, bytes);
    }
    let vision = cloud.vision();
    for (name, _, expected) in &files {
        let reply = call(&vision, &json!({ "object_name": name }));
        let code = reply["error"]["code"].as_str().unwrap_or("judged");
        assert!(expected.contains(&code), "{name}: {code}: {reply}");
        if code == "judged" && *name != "many.jpg" && *name != "photo.png" {
            assert_eq!(reply["assessment"]["status"], "Review", "{name}: {:#}", reply["assessment"]);
            assert!(reply["quality_metrics"]["package_quality"].is_null(), "{name}");
        }
    }
    for (name, issue) in [("many.jpg", "foreign_data"), ("photo.png", "extension_mismatch")] {
        let reply = call(&vision, &json!({ "object_name": name }));
        let issues = reply["assessment"]["issues"].as_array().unwrap();
        assert!(issues.contains(&json!(issue)), "{name}: {issues:?}");
        assert_eq!(reply["assessment"]["status"], "Review");
    }
    let all: Vec<&str> = files.iter().map(|(name, ..)| *name).collect();
    let batch = call(&vision, &json!({ "objects": all, "overwrite": true }));
    assert_eq!(batch["items"].as_array().unwrap().len(), files.len());
    let peak = peak_mb(&vision);
    assert!(peak < MOST_MB, "{peak:.0} MB");
}

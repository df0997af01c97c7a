//! Pages.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;
use crate::reply::{Failure, ItemStatus};

fn item(name: &str) -> Item {
    Item {
        object_name: name.to_owned(),
        status: ItemStatus::Assessed,
        assessment: Some(Verdict::Ok),
        issues: Vec::new(),
        severity: Some(Severity::None),
        damage_score: Some(0.05),
        package_quality: Some(0.95),
        quality_index: Some(0.95),
        band: Some(Band::Excellent),
        caption_summary: Some("A box.".to_owned()),
        result_object: None,
        alert: None,
        failure: None,
    }
}

fn shown(item: &Item) -> String {
    page(&[Card::of(item, None)], 0)
}

#[test]
fn hostile_texts_stay_texts() {
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}gpj.exe\u{1b}[31m";
    let mut hostile = item(evil);
    hostile.caption_summary = Some(format!("{evil} </style><style>body{{display:none}}"));
    hostile.issues = vec![evil.to_owned()];
    hostile.failure = Some(Failure { code: "x".to_owned(), message: evil.to_owned() });
    let page = shown(&hostile);
    assert!(!page.contains("<script") && !page.contains("<img src=x") && page.contains("&lt;script&gt;"));
    assert_eq!(page.matches("<style>").count(), 1);
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
}

#[test]
fn the_page_asks_nobody_for_anything() {
    let page = shown(&item("a.jpg"));
    assert!(page.contains("default-src 'none'") && page.contains("prefers-color-scheme"));
    for address in ["http://", "https://", "src=\"//", "url(", "@import"] {
        assert!(!page.contains(address), "{address}");
    }
}

#[test]
fn unknown_is_not_shown_as_good() {
    let mut unknown = item("a.jpg");
    unknown.assessment = Some(Verdict::Review);
    unknown.severity = Some(Severity::Unknown);
    (unknown.package_quality, unknown.quality_index, unknown.damage_score) = (None, None, None);
    unknown.band = Some(Band::Unknown);
    let page = shown(&unknown);
    assert!(page.contains("damage: not known") && page.contains("to review"));
    assert!(!page.contains("article class=\"good\"") && !page.contains("excellent"));
    let mut severe = item("b.jpg");
    (severe.severity, severe.assessment) = (Some(Severity::Severe), Some(Verdict::Review));
    assert!(shown(&severe).contains("article class=\"bad\""));
    assert!(shown(&severe).contains("1 severe") && !page.contains("Damage:"));
    assert!(shown(&item("c.jpg")).contains("article class=\"good\""));
}

#[test]
fn a_page_has_an_end() {
    let mut long = item(&"n".repeat(100_000));
    long.caption_summary = Some("ä".repeat(100_000));
    long.issues = vec!["x".repeat(1_000); 1_000];
    let one = shown(&long).len();
    assert!(one < 20_000, "{one}");
    let none = page(&[], 7);
    assert!(none.contains("7 more did not fit") && none.contains("0 pictures"));
}

//! The page of a run as a browser shows it: it says what the results say, fits, can be read, and asks nobody for anything.
//! Without Chromium the tests say so and skip, and fail in that case on CI.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::harness::Browser;

use crate::cloud::{ASTRONAUT, COFFEE, Cloud, answer};

const BLURRED: &[u8] = include_bytes!("../../shared/local-cloud/data/pictures/coffee-blurred.jpg");
const CHELSEA: &[u8] = include_bytes!("../../shared/local-cloud/data/pictures/chelsea.jpg");
const ROTATED: &[u8] = include_bytes!("../../shared/local-cloud/data/pictures/coffee-rotated.jpg");
const LONG_NAME: &str =
    "in/a-name-without-a-single-blank-in-it-as-telephones-like-to-write-them-2026-09-05T16-45-00-IMG_0042.jpg";

/// What a run left, and the results that it is about.
struct Run {
    cloud: Cloud,
    page: PathBuf,
    document: Value,
    _folder: TempDir,
}

/// What a person sees of a card.
const CARDS: &str = r"[...document.querySelectorAll('article')].map(a => ({
  name: a.querySelector('h2').textContent,
  tone: a.className,
  badges: [...a.querySelectorAll('.badge')].map(e => e.textContent),
  caption: [...a.querySelectorAll('.caption')].map(e => e.textContent).join(' '),
  issues: a.querySelector('.issues')?.textContent ?? '',
  figures: [...a.querySelectorAll('data')].map(d => [d.dataset.pointer, Number(d.value), d.textContent]),
  scores: [...a.querySelectorAll('.scores dd')].map(e => e.textContent),
  damage: [...a.querySelectorAll('.damage b')].map(e => e.textContent),
  picture: [...a.querySelectorAll('img')].map(i => [i.complete, Math.max(i.naturalWidth, i.naturalHeight), i.alt]),
}))";

fn with_caption(mut answer: Value, caption: &str) -> Value {
    answer["scene"]["overallDescription"] = json!(caption);
    answer
}

/// Every kind of end that a picture can come to.
fn run() -> Run {
    let cloud = Cloud::start();
    let pictures = [COFFEE, ASTRONAUT, CHELSEA, BLURRED, ROTATED, COFFEE, ASTRONAUT, CHELSEA, COFFEE];
    for (number, bytes) in pictures.into_iter().enumerate() {
        cloud.put(&format!("in/{number:02}.jpg"), bytes);
    }
    cloud.put(LONG_NAME, ASTRONAUT);
    cloud.put("in/zz-broken.jpg", b"no picture");
    let hostile =
        "A box. </style><script>window.broken=1</script><img src=https://example.org/x onerror=window.broken=2>";
    let mut unsure = answer("none");
    unsure["damage"]["indicators"]["cornerDamage"]["present"] = json!("unknown");
    let said = |answer: Value| json!({ "json": answer });
    cloud.model_replies(&[
        said(answer("severe")),
        said(with_caption(answer("none"), hostile)),
        said(unsure),
        json!({ "text": "I see a fine parcel." }),
        json!({ "text": "I see a fine parcel." }),
        json!({ "status": 400, "code": "InvalidParameter" }),
        said(with_caption(answer("minor"), &"A brown box on a doorstep beside a green door, with a label. ".repeat(6))),
        said(answer("none")),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (document, page) = (file("out.json"), file("out.html"));
    let paths = [&document, &page].map(|path| path.to_str().unwrap());
    let arguments = ["batch", "--prefix", "in", "--concurrency", "1", "--json", paths[0], "--sheet", paths[1]];
    let output = cloud.command(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(75), "{}", String::from_utf8_lossy(&output.stderr));
    let document = serde_json::from_slice(&std::fs::read(document).unwrap()).unwrap();
    Run { cloud, page, document, _folder: folder }
}

fn gallery() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vision");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn the_page_says_what_the_results_say() {
    let Some(browser) = Browser::start() else { return };
    let run = run();
    browser.emulate(1280, "light");
    browser.open(&run.page);
    let cards = browser.evaluate(CARDS);
    let (cards, items) = (cards.as_array().unwrap(), run.document["items"].as_array().unwrap());
    assert_eq!((cards.len(), items.len()), (11, 11));
    let mut tones = Vec::new();
    for (card, item) in cards.iter().zip(items) {
        is_of(card, item, &run);
        tones.push(card["tone"].as_str().unwrap());
    }
    for tone in ["good", "look", "bad", "gone"] {
        assert!(tones.contains(&tone), "no card is {tone}: {tones:?}");
    }
    assert!(cards.iter().any(|card| card["caption"].as_str().unwrap().contains("window.broken=1")), "it is a text");
    assert_eq!(browser.evaluate("window.broken === undefined"), json!(true));
    assert_eq!(browser.evaluate("document.querySelectorAll('script, link, iframe, object').length"), json!(0));
    browser.assert_quiet();
    shows_what_is_chosen(&browser, &tones);
}

/// A card against its line in the summary and against the result beside the picture.
fn is_of(card: &Value, item: &Value, run: &Run) {
    let name = item["object_name"].as_str().unwrap();
    assert_eq!(card["name"], item["object_name"]);
    let expected = match item["assessment"].as_str() {
        Some("OK") => "OK",
        Some(_) => "to review",
        None => "without result",
    };
    assert_eq!(card["badges"][0], expected, "{name}");
    let Some(result) = item["result_object"].as_str() else {
        assert_eq!((&card["figures"], &card["picture"]), (&json!([]), &json!([])), "{name}");
        assert!(card["caption"].as_str().unwrap().contains(item["failure"]["code"].as_str().unwrap()), "{card}");
        return;
    };
    let result = run.cloud.stored(result).unwrap();
    let figures = card["figures"].as_array().unwrap();
    for figure in figures {
        let pointer = figure[0].as_str().unwrap();
        let there = result.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{name}: {pointer}"));
        assert_eq!(figure[1].as_f64(), Some(there), "{name}: {pointer}");
        let shown: f64 = figure[2].as_str().unwrap().parse().unwrap();
        assert!((shown - there).abs() <= if there > 2.0 { 0.5 } else { 0.005 }, "{name}: {pointer}: {shown} {there}");
    }
    let scores = ["package_quality", "quality_index", "damage_score"].map(|score| &item[score]);
    for (score, shown) in scores.iter().zip(card["scores"].as_array().unwrap()) {
        assert_eq!(score.is_null(), shown == "not known", "{name}: {score} {shown}");
    }
    let known =
        scores.iter().filter(|score| !score.is_null()).count() + usize::from(!result["confidence"]["value"].is_null());
    assert_eq!(figures.len(), 5 + known, "{name}: sides, three measures, and what is known");
    assert_eq!(card["badges"][1], json!(format!("damage: {}", word(&item["severity"]))), "{name}");
    let indicators = ["boxDeformation", "cornerDamage", "leakage", "packagingIntegrity"].map(|kind| {
        let found = &result["damage_report"]["indicators"][kind];
        match found["present"].as_bool() {
            Some(true) => word(&found["severity"]).to_owned(),
            Some(false) => "none".to_owned(),
            None => "not known".to_owned(),
        }
    });
    assert_eq!(card["damage"], json!(indicators), "{name}");
    let caption = item["caption_summary"].as_str().unwrap();
    assert_eq!(card["caption"], json!(caption), "{name}");
    for issue in item["issues"].as_array().unwrap() {
        let words = issue.as_str().unwrap().replace('_', " ");
        assert!(card["issues"].as_str().unwrap().contains(&words), "{name}: {words}");
    }
    assert_eq!((&card["picture"][0][0], &card["picture"][0][2]), (&json!(true), &item["object_name"]));
    assert!(card["picture"][0][1].as_f64().unwrap() >= 240.0, "{name}: {}", card["picture"]);
}

fn word(severity: &Value) -> &str {
    let word = severity.as_str().unwrap();
    if word == "unknown" { "not known" } else { word }
}

fn shows_what_is_chosen(browser: &Browser, tones: &[&str]) {
    let shown = || {
        browser.evaluate(
            "[...document.querySelectorAll('article')].filter(e => e.getClientRects().length).map(e => e.className)",
        )
    };
    assert_eq!(shown(), json!(tones));
    for tone in ["bad", "look", "gone", "good"] {
        browser.evaluate(&format!("document.getElementById('show-{tone}').click()"));
        let expected: Vec<&&str> = tones.iter().filter(|one| **one == tone).collect();
        assert_eq!(shown(), json!(expected));
    }
    browser.call("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    assert_eq!(shown(), json!(tones), "paper has all");
}

#[test]
fn it_fits_and_can_be_read_at_both_widths_and_in_both_schemes() {
    let Some(browser) = Browser::start() else { return };
    let run = run();
    for (width, scheme) in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")] {
        let name = format!("{width}-{scheme}");
        browser.emulate(width, scheme);
        browser.open(&run.page);
        std::fs::write(gallery().join(format!("{name}.png")), browser.screenshot()).unwrap();
        assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), json!(width), "{name}");
        assert_eq!(browser.beyond_the_edge(), json!([]), "{name}");
        let contrast = browser.least_contrast();
        assert!(contrast.0 >= 4.5, "{name}: {contrast:?}");
        browser.assert_quiet();
    }
    let pdf = browser.pdf();
    std::fs::write(gallery().join("sheet.pdf"), &pdf).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
}

//! Many pictures.

use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::peak_mb;

use crate::cloud::{ASTRONAUT, COFFEE, Cloud, call};

const PICTURES: usize = 60;
/// Questions that must be under way together before one is answered.
const AT_ONCE: usize = 8;

fn furnished() -> Cloud {
    let cloud = Cloud::start();
    for number in 0..PICTURES {
        cloud.put(&format!("in/{number:02}.jpg"), if number % 2 == 0 { COFFEE } else { ASTRONAUT });
    }
    cloud.door.wait_for(Duration::from_millis(100));
    cloud.door.wait_for_company(AT_ONCE);
    cloud
}

#[test]
fn questions_overlap_up_to_the_limit_and_no_further() {
    let mut cloud = furnished();
    cloud.set("VISION_CONCURRENCY", "8");
    let vision = cloud.vision();
    let batch = call(&vision, &json!({ "prefix": "in" }));
    assert_eq!((&batch["status"], &batch["counts"]["assessed"]), (&json!("ok"), &json!(PICTURES)));
    assert_eq!((cloud.door.total(), cloud.door.most()), (PICTURES, AT_ONCE));
    assert!(peak_mb(&vision) < 256.0);
    let again = call(&vision, &json!({ "prefix": "in" }));
    assert_eq!((&again["counts"]["replayed"], cloud.door.total()), (&json!(PICTURES), PICTURES));
}

#[test]
fn the_command_leaves_a_table_a_document_and_a_page() {
    let cloud = furnished();
    cloud.put("in/zz-broken.jpg", b"no picture");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (csv, document, page) = (file("out.csv"), file("out.json"), file("out.html"));
    let arguments =
        ["batch", "--prefix", "in", "--concurrency", "8", "--csv", &csv, "--json", &document, "--sheet", &page];
    let output = cloud.command(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("61 pictures") && said.contains("60 assessed, 1 refused"), "{said}");
    assert_eq!(cloud.door.most(), AT_ONCE);
    let table = std::fs::read_to_string(&csv).unwrap();
    assert_eq!(table.lines().count(), PICTURES + 2);
    assert!(table.lines().nth(1).unwrap().starts_with("in/00.jpg,assessed,OK,none,0.05"), "{table}");
    assert!(table.contains("in/zz-broken.jpg,refused,,"), "no result is no score");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&document).unwrap()).unwrap();
    assert_eq!(document["items"].as_array().unwrap().len(), PICTURES + 1);
    let page = std::fs::read_to_string(&page).unwrap();
    assert_eq!(page.matches("data:image/jpeg;base64,").count(), PICTURES);
    assert!(!page.contains("http://") && !page.contains("<script") && page.len() < 4 << 20);
    let replayed = cloud.command(&arguments).output().unwrap();
    assert!(String::from_utf8(replayed.stdout).unwrap().contains("60 replayed"), "a page can be made again");
    assert_eq!(cloud.door.total(), PICTURES, "for no further question");
}

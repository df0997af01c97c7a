//! How a run of `vision batch` ends: its exit status says whether another one would bring more.

use std::process::Output;

use serde_json::json;

use crate::cloud::{ASTRONAUT, COFFEE, Cloud, answer};

/// The status, and all that was said.
fn ended(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn run(cloud: &Cloud, arguments: &[&str]) -> (Option<i32>, String) {
    let all = [&["batch", "--prefix", "in", "--concurrency", "1"], arguments].concat();
    ended(&cloud.command(&all).output().unwrap())
}

#[test]
fn a_model_that_fails_for_one_leaves_that_one_to_the_next_run() {
    let cloud = Cloud::start();
    cloud.put("in/a.jpg", COFFEE);
    cloud.put("in/b.jpg", ASTRONAUT);
    cloud.put("in/c.jpg", b"no picture");
    cloud.model_replies(&[json!({ "status": 400, "code": "InvalidParameter" }), json!({ "json": answer("none") })]);
    let (code, said) = run(&cloud, &[]);
    assert_eq!(code, Some(75), "{said}");
    assert!(said.contains("1 assessed, 1 unsettled, 1 refused"), "{said}");
    assert!(said.contains("in/c.jpg") && said.contains("unsupported_media_type"), "{said}");
    let asked = cloud.door.total();
    let (code, said) = run(&cloud, &[]);
    assert_eq!(code, Some(0), "what no repetition helps is no reason for one: {said}");
    assert!(said.contains("1 assessed, 1 replayed, 1 refused"), "{said}");
    assert_eq!(cloud.door.total(), asked + 1, "only the rest is paid for");
}

#[test]
fn a_store_that_cannot_be_read_is_no_empty_folder() {
    let cloud = Cloud::start();
    cloud.put("in/a.jpg", COFFEE);
    cloud.fault(&json!({ "service": "objectstorage", "operation": "ListObjects", "status": 503 }));
    let (code, said) = run(&cloud, &[]);
    assert_eq!((code, said.contains("503")), (Some(69), true), "{said}");
    assert_eq!(cloud.door.total(), 0);
}

#[test]
fn an_alert_that_is_not_out_asks_for_another_run() {
    let mut cloud = Cloud::start();
    cloud.model_says(&[answer("severe")]);
    cloud.put("in/a.jpg", COFFEE);
    cloud.set("CAUSEWAY_TOPIC", "ocid1.onstopic.oc1.iad.nowhere");
    let (code, said) = run(&cloud, &[]);
    assert_eq!((code, said.contains("1 alerts not sent")), (Some(75), true), "{said}");
}

#[test]
fn a_run_that_is_asked_for_wrongly_costs_nothing() {
    let mut cloud = Cloud::start();
    cloud.put("in/a.jpg", COFFEE);
    let check = |cloud: &Cloud, arguments: &[&str], expected: i32, part: &str| {
        let (code, said) = run(cloud, arguments);
        assert_eq!((code, said.contains(part)), (Some(expected), true), "{arguments:?}: {said}");
    };
    check(&cloud, &["--concurrency", "0"], 2, "--concurrency");
    check(&cloud, &["--limt", "3"], 2, "--limt");
    check(&cloud, &["--start-after", "../x"], 65, "start_after");
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("out.csv");
    check(&cloud, &["--csv", table.to_str().unwrap(), "--json", "/nowhere/out.json"], 74, "/nowhere/out.json");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "what is not whole is not left");
    let nothing = cloud.command(&["batch", "--prefix", "empty"]).output().unwrap();
    assert_eq!(ended(&nothing).0, Some(65), "{}", ended(&nothing).1);
    cloud.set("VISION_SAMPLES", "9");
    check(&cloud, &[], 64, "VISION_SAMPLES");
    assert_eq!(cloud.door.total(), 0);
}

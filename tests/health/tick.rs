//! One tick of a process: what it finds, what it leaves, and that it can be decided again.

use serde_json::{Value, json};

use crate::cloud::{Cloud, last, tick};
use crate::target::{Way, check};

/// A good target, two bad ones, one that hangs, and an object.
fn mixed(cloud: &mut Cloud) {
    let good = cloud.serve(Way::Says(200, json!({"status": "UP"}))).url("127.0.0.1");
    let down = cloud.serve(Way::Says(200, json!({"status": "DOWN"}))).url("127.0.0.1");
    let ill = cloud.serve(Way::Says(503, json!({}))).url("127.0.0.1");
    let hangs = cloud.serve(Way::Never).url("127.0.0.1");
    let up = json!({ "json": [{ "path": "$.status", "equals": "UP" }] });
    let mut checks = vec![check("good", &good), check("down", &down), check("ill", &ill), check("hangs", &hangs)];
    checks[0]["probe"]["http"]["expect"] = up.clone();
    checks[1]["probe"]["http"]["expect"] = up;
    checks[3]["timeout_seconds"] = json!(1);
    checks.push(json!({ "id": "export", "probe": { "object": { "name": "export.csv" } } }));
    checks.push(json!({ "id": "gone", "probe": { "object": { "name": "gone.csv" } } }));
    cloud.put("export.csv", "text/csv", "a,b\n");
    // Without the rule that doubts it: here most fails by design.
    cloud.settings(&json!({
        "allowed_hosts": ["127.0.0.1"], "checks": checks, "tick": { "leaves_inputs": true },
        "health": { "unhealthy_after": 1, "healthy_after": 1, "suspect": { "min_components": 500 } },
        "tenants": [{ "id": "acme", "component": "ill", "divergence": "read_only" }],
    }));
}

#[test]
fn good_bad_and_hanging_targets_are_told_apart() {
    let mut cloud = Cloud::start();
    mixed(&mut cloud);
    let reply = tick(&cloud.process());
    let found = |id: &str| (last(&reply, id)["verdict"].clone(), last(&reply, id)["code"].clone());
    assert_eq!(found("good"), (json!("pass"), Value::Null));
    assert_eq!(found("down"), (json!("fail"), json!("condition")));
    assert_eq!(found("ill"), (json!("fail"), json!("status")));
    assert_eq!(found("hangs"), (json!("fail"), json!("timeout")));
    assert_eq!(found("export"), (json!("pass"), Value::Null));
    assert_eq!(found("gone"), (json!("fail"), json!("object_missing")));
    assert_eq!(reply["partial"], false);
    let titles: Vec<String> = cloud.messages().iter().map(|message| message["title"].to_string()).collect();
    let of_checks = titles.iter().filter(|title| title.ends_with("fails\"")).count();
    let of_tenant = titles.iter().filter(|title| title.contains("acme")).count();
    assert_eq!((of_checks, of_tenant, titles.len()), (4, 1, 5), "{titles:?}");
}

#[test]
fn the_page_and_the_report_are_left_in_the_bucket() {
    let mut cloud = Cloud::start();
    mixed(&mut cloud);
    tick(&cloud.process());
    let page = cloud.object("health-checker/status.html");
    for part in ["<!DOCTYPE html>", "hangs fails: no answer in 1 s", "export", "acme"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let report: Value = serde_json::from_str(&cloud.object("health-checker/report.json")).unwrap();
    assert_eq!(report["checks"].as_array().unwrap().len(), 6);
    let file = cloud.files().join("report.json");
    std::fs::write(&file, report.to_string()).unwrap();
    let table = cloud.command(&["status", "-f", file.to_str().unwrap()]).output().unwrap();
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("hangs") && table.contains("tenant acme"), "{table}");
}

#[test]
fn what_a_tick_decided_on_decides_the_same_without_a_network() {
    let mut cloud = Cloud::start();
    mixed(&mut cloud);
    let process = cloud.process();
    tick(&process);
    let reply = tick(&process);
    let inputs = cloud.files().join("inputs.json");
    std::fs::write(&inputs, cloud.object("health-checker/inputs.json")).unwrap();
    let decided = cloud.command(&["decide", "-f", inputs.to_str().unwrap()]).env_clear().output().unwrap();
    assert!(decided.status.success(), "{}", String::from_utf8_lossy(&decided.stderr));
    let outcome: Value = serde_json::from_slice(&decided.stdout).unwrap();
    let report: Value = serde_json::from_str(&cloud.object("health-checker/report.json")).unwrap();
    assert_eq!(outcome["report"], report);
    let verdict = |report: &Value| report["tenants"][0]["verdict"].clone();
    assert_eq!(verdict(&outcome["report"]), verdict(&reply));
    assert_ne!(verdict(&reply), json!("NONE"), "the component fails");
}

//! The setup of a deployment, carried out against the emulator.

use axum::body::Body;
use serde_json::{Value, json};
use tests::harness::{FLOW, Platform, RESULTS_BUCKET, direct};

use super::run::platform;

/// The steps that a setup tells.
fn set_up(platform: &Platform, dry_run: bool) -> Vec<(String, String)> {
    let request = json!({ "setup": true, "dry_run": dry_run }).to_string();
    let reply = platform.process(FLOW).call(&direct(request));
    let answer = reply.json();
    assert_eq!((reply.status, &answer["dry_run"]), (200, &json!(dry_run)), "{answer}");
    let text = |step: &Value, member: &str| step[member].as_str().unwrap().to_owned();
    answer["steps"].as_array().unwrap().iter().map(|step| (text(step, "what"), text(step, "outcome"))).collect()
}

/// The rules by which objects of the results' bucket go, as the service tells an administrator.
fn rules(platform: &Platform) -> Option<Value> {
    let emulator = &platform.emulator;
    let namespace = emulator.namespace_of(emulator.tenancy());
    let path = format!("/_causeway/oci/n/{namespace}/b/{RESULTS_BUCKET}/l");
    let request = http::Request::get(path).body(Body::empty()).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let response = emulator.handle(request).await;
        let is_there = response.status() == 200;
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        is_there.then(|| serde_json::from_slice::<Value>(&body).unwrap()["items"].clone())
    })
}

#[test]
fn the_rule_of_the_results_is_set_once_and_stays() {
    let platform = platform();
    let plan = set_up(&platform, true);
    let what = "rule causeway-results-expire: delete objects below results/ after 90 days";
    assert_eq!(plan[0], (what.to_owned(), "planned".to_owned()));
    assert_eq!(rules(&platform), None, "a plan changes nothing");
    assert_eq!(set_up(&platform, false)[0].1, "done");
    let set = rules(&platform).unwrap();
    let [rule] = set.as_array().unwrap().as_slice() else { panic!("{set:#}") };
    assert_eq!(
        (&rule["action"], &rule["timeAmount"], &rule["timeUnit"], &rule["isEnabled"]),
        (&json!("DELETE"), &json!(90), &json!("DAYS"), &json!(true))
    );
    assert_eq!(rule["objectNameFilter"]["inclusionPrefixes"], json!(["results/"]));
    assert_eq!(set_up(&platform, false)[0].1, "already_done");
    assert_eq!(rules(&platform), Some(set));
}

//! `oci health-checks`: monitors and probes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::harness::{Cloud, check, each, text};

#[test]
fn monitors_and_probes() {
    let Some(cloud) = Cloud::start("health checks") else { return };
    cloud.stop_clock("2026-09-05T12:00:00Z");
    let compartment = cloud.compartment();
    cloud.admin("POST", "health", &json!({ "target": "bad.example", "isHealthy": false, "statusCode": 503 }));
    let create = "health-checks http-monitor create --protocol HTTPS --path /health --display-name both -c";
    let targets = r#"["good.example","bad.example"]"#;
    let made = cloud.oci(create, &[&compartment, "--targets", targets, "--interval-in-seconds", "30"]);
    check(&made, [("/data/port", json!(443)), ("/data/method", json!("HEAD")), ("/data/is-enabled", json!(true))]);
    let odd = [&compartment, "--targets", targets, "--interval-in-seconds", "31"];
    cloud.fails((400, "InvalidParameter"), create, &odd);
    let monitor = text(&made, "/data/id");
    let results = |id: &str, more: &[&str]| {
        let all = [&["--probe-configuration-id", id], more].concat();
        cloud.oci("health-checks http-probe-result list", &all)
    };
    assert!(results(&monitor, &[]).is_null(), "not there yet is not well");
    cloud.emulator.clock().advance(SignedDuration::from_secs(31));
    let found = results(&monitor, &["--target", "bad.example"]);
    assert_eq!(each(&found, "target"), ["bad.example"; 2], "{found}");
    check(
        &found["data"][0],
        [
            ("/is-healthy", json!(false)),
            ("/status-code", json!(503)),
            ("/error-category", json!("TRANSPORT")),
            ("/probe-configuration-id", json!(monitor)),
            ("/start-time", json!(1_788_609_630_200.0)),
        ],
    );
    let good = results(&monitor, &["--target", "good.example"]);
    check(&good["data"][0], [("/is-healthy", json!(true)), ("/status-code", json!(200))]);
    let update = format!("health-checks http-monitor update --force --monitor-id {monitor}");
    cloud.fails((412, "NoEtagMatch"), &update, &["--interval-in-seconds", "10", "--if-match", "other"]);
    cloud.oci(&update, &["--interval-in-seconds", "10", "--if-match", &text(&made, "/etag")]);
    let found = cloud.oci("health-checks http-monitor get --monitor-id", &[&monitor]);
    check(&found, [("/data/interval-in-seconds", json!(10)), ("/data/display-name", json!("both"))]);
    let listed = cloud.oci("health-checks http-monitor list -c", &[&compartment]);
    assert_eq!(each(&listed, "id"), [monitor.as_str()]);
    let points = cloud.oci("health-checks vantage-point list", &[]);
    let point = each(&points, "name")[0].to_owned();
    let points = json!([point]).to_string();
    let probe = "health-checks http-probe create-on-demand --protocol HTTP --method GET --path / -c";
    let probe = cloud.oci(probe, &[&compartment, "--targets", targets, "--vantage-point-names", &points]);
    let probe = text(&probe, "/data/id");
    assert!(results(&probe, &[]).is_null(), "probes take a moment");
    cloud.emulator.clock().advance(SignedDuration::from_secs(1));
    let found = results(&probe, &[]);
    let healthy: Vec<&Value> = found["data"].as_array().unwrap().iter().map(|one| &one["is-healthy"]).collect();
    assert_eq!(
        (healthy, each(&found, "vantage-point-name")),
        (vec![&json!(true), &json!(false)], vec![point.as_str(); 2])
    );
    cloud.oci("health-checks http-monitor delete --force --monitor-id", &[&monitor]);
    cloud.fails((404, "NotAuthorizedOrNotFound"), "health-checks http-monitor get --monitor-id", &[&monitor]);
}

//! Other vantage points: results of OCI Health Checks by the real client, and those of a URL.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cloud::{Cloud, last, tick};
use crate::target::{Way, check};

/// A monitor of the emulator; its OCID.
fn monitor(cloud: &Cloud, protocol: &str, is_healthy: bool) -> String {
    let monitor = json!({
        "compartmentId": cloud.emulator.default_compartment(), "displayName": "shop", "targets": ["shop.example.com"],
        "protocol": protocol, "intervalInSeconds": 10, "vantagePointNames": ["aws-iad", "goo-chs", "azr-iad"],
    });
    let kind = if protocol == "HTTPS" { "httpMonitors" } else { "pingMonitors" };
    let made = cloud.admin("POST", &format!("oci/20180501/{kind}"), &monitor);
    let target = json!({ "target": "shop.example.com", "isHealthy": is_healthy });
    cloud.admin("POST", "health", &target);
    made["id"].as_str().unwrap().to_owned()
}

fn found(protocol: &str, is_healthy_outside: bool, own: u16) -> Value {
    let mut cloud = Cloud::start();
    let monitor = monitor(&cloud, protocol, is_healthy_outside);
    // Its first run is a step of the emulator's away.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let server = cloud.serve(Way::Says(own, json!({})));
    let mut check = check("shop", &server.url("127.0.0.1"));
    check["quorum"] = json!({ "needed": 2, "vantages": ["oci"] });
    cloud.settings(&json!({
        "allowed_hosts": ["127.0.0.1"], "checks": [check],
        "vantages": [{ "vantage": "oci", "check": "shop", "from": { "oci_health_checks": { "monitor": monitor } } }],
    }));
    let reply = tick(&cloud.process());
    assert_eq!(reply["partial"], false, "{reply}");
    last(&reply, "shop").clone()
}

#[test]
fn both_have_to_agree() {
    assert_eq!(found("HTTPS", true, 200)["verdict"], "pass");
    assert_eq!(found("HTTPS", false, 500)["verdict"], "fail");
    assert_eq!(found("ICMP", true, 200)["verdict"], "pass");
    assert_eq!(found("TCP", false, 500)["verdict"], "fail");
    let torn = found("HTTPS", true, 500);
    assert_eq!((&torn["verdict"], &torn["code"]), (&json!("unknown"), &json!("no_quorum")), "{torn}");
}

/// What comes of a check of whose target another vantage point says this.
fn told(says: Way, own: u16) -> (Value, Value) {
    let mut cloud = Cloud::start();
    let (server, other) = (cloud.serve(Way::Says(own, json!({}))), cloud.serve(says));
    let mut check = check("shop", &server.url("127.0.0.1"));
    check["quorum"] = json!({ "needed": 2, "vantages": ["elsewhere"] });
    let from = json!({ "results": { "url": other.url("127.0.0.1") } });
    cloud.settings(&json!({
        "allowed_hosts": ["127.0.0.1"], "checks": [check],
        "vantages": [{ "vantage": "elsewhere", "check": "shop", "from": from }],
    }));
    let reply = tick(&cloud.process());
    (last(&reply, "shop").clone(), reply)
}

#[test]
fn a_url_tells_what_was_found_elsewhere() {
    let says = |verdict: &str, at: Timestamp| Way::Says(200, json!({ "at": at, "verdict": verdict, "place": "fra" }));
    let check = |verdict: &str, own: u16, expected: &str| {
        let (found, reply) = told(says(verdict, Cloud::now()), own);
        assert_eq!(
            (&found["verdict"], &reply["partial"]),
            (&json!(expected), &json!(false)),
            "{verdict} {own}: {reply}"
        );
    };
    check("pass", 200, "pass");
    check("fail", 500, "fail");
    check("pass", 500, "unknown");
    check("unknown", 500, "unknown");
    // What is older than two intervals has no voice.
    let old = Cloud::now() - SignedDuration::from_mins(10);
    assert_eq!(told(says("fail", old), 500).0["code"], "no_quorum");
}

#[test]
fn a_url_that_tells_nothing_has_no_voice_and_is_told_of() {
    for says in
        [Way::Says(503, json!({})), Way::Says(200, json!({ "verdict": "fail" })), Way::Redirects("/".to_owned())]
    {
        let (found, reply) = told(says, 500);
        assert_eq!((&found["verdict"], &found["code"]), (&json!("unknown"), &json!("no_quorum")), "{reply}");
        assert_eq!(reply["partial"], true, "{reply}");
        assert!(reply["problems"].to_string().contains("elsewhere could not be asked about shop"), "{reply}");
    }
}

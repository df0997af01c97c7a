//! Results of OCI Health Checks, by the real client.

use serde_json::{Value, json};

use crate::cloud::{Cloud, last, tick};
use crate::target::{Way, check};

/// A monitor of the emulator; its OCID.
fn monitor(cloud: &Cloud, is_healthy: bool) -> String {
    let monitor = json!({
        "compartmentId": cloud.emulator.default_compartment(), "displayName": "shop", "targets": ["shop.example.com"],
        "protocol": "HTTPS", "intervalInSeconds": 10, "vantagePointNames": ["aws-iad", "goo-chs", "azr-iad"],
    });
    let made = cloud.admin("POST", "oci/20180501/httpMonitors", &monitor);
    let target = json!({ "target": "shop.example.com", "isHealthy": is_healthy });
    cloud.admin("POST", "health", &target);
    made["id"].as_str().unwrap().to_owned()
}

fn found(is_healthy_outside: bool, own: u16) -> Value {
    let mut cloud = Cloud::start();
    let monitor = monitor(&cloud, is_healthy_outside);
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
    assert_eq!(found(true, 200)["verdict"], "pass");
    assert_eq!(found(false, 500)["verdict"], "fail");
    let torn = found(true, 500);
    assert_eq!((&torn["verdict"], &torn["code"]), (&json!("unknown"), &json!("no_quorum")), "{torn}");
}

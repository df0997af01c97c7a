//! What the script refuses before it changes anything, in words that name the place.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::path;
use crate::world::{World, bare, ran};

#[test]
fn what_is_missing_is_named_at_once() {
    let refused = ran(bare().env("CAUSEWAY_REGION", "us-ashburn-1").output().unwrap());
    assert_eq!(refused.code, Some(1));
    for name in ["CAUSEWAY_TENANCY", "CAUSEWAY_COMPARTMENT", "CAUSEWAY_IMAGES", "CAUSEWAY_JWKS_URL"] {
        assert!(refused.stderr.contains(name), "{name}: {}", refused.stderr);
    }
    assert!(!refused.stderr.contains("CAUSEWAY_REGION"), "{}", refused.stderr);
}

#[test]
fn what_is_wrong_is_refused_before_anything_changes() {
    let Some(world) = World::start("refusals of the deployment script") else { return };
    let site = world.folder.path().join("site.yaml");
    let check = |arguments: &[&str], variable: (&str, &str), document: &str, code: i32, expected: &str| {
        fs::write(&site, document).unwrap();
        let mut script = world.script(arguments);
        let refused = ran(script.env(variable.0, variable.1).env("CAUSEWAY_SITE", &site).output().unwrap());
        assert_eq!(refused.code, Some(code), "{arguments:?}: {refused:?}");
        assert!(refused.stderr.contains(expected), "{arguments:?}: {}", refused.stderr);
        assert!(!format!("{refused:?}").contains("hunter2"), "a secret was shown");
    };
    let none = ("UNUSED", "");
    check(&["--only", "everything"], none, "{}", 1, "everything is no part");
    check(&["--function", "nobody"], none, "{}", 1, "nobody is no function");
    check(&["--force"], none, "{}", 64, "--force is no option");
    check(&["--only"], none, "{}", 64, "--only needs a value");
    let quoted = ("CAUSEWAY_BUCKET", "b'} or any{'x'='x");
    check(&[], quoted, "{}", 1, "CAUSEWAY_BUCKET has characters");
    for name in ["CAUSEWAY_SECOND_BUCKET", "CAUSEWAY_APPLICATION", "CAUSEWAY_CHAT_SECRET"] {
        check(&[], (name, quoted.1), "{}", 1, &format!("{name} has characters"));
    }
    let shared = ["--dry-run", "--only", "application"];
    check(&shared, none, "application: {CAUSEWAY_BUKET: b}", 1, "CAUSEWAY_BUKET of CAUSEWAY_SITE is no setting of all");
    check(
        &shared,
        none,
        "application: {CAUSEWAY_BUCKET: b}",
        1,
        "CAUSEWAY_BUCKET of CAUSEWAY_SITE is the deployment's",
    );
    check(
        &shared,
        none,
        "application: {CAUSEWAY_CHAT_API_KEY_X: hunter2}",
        1,
        "CAUSEWAY_CHAT_API_KEY_X must be the OCID",
    );
    check(&shared, none, "application: {LOG_LEVEL: [hunter2]}", 1, "LOG_LEVEL of CAUSEWAY_SITE is no text");
    let functions = ["--dry-run", "--only", "functions"];
    check(&functions, none, "vision: {VISION_SPEED: '1'}", 1, "VISION_SPEED is no setting in vision/func.yaml");
    check(&functions, none, "visions: {}", 1, "CAUSEWAY_SITE names what is no function: visions");
    check(&functions, none, "decisioning-flow: {FLOW_ORDS_SECRET: hunter2}", 1, "FLOW_ORDS_SECRET must be the OCID");
    check(
        &functions,
        none,
        &format!("vision: {{LOCAL_ASSET_ROOT: {}}}", "x".repeat(4096)),
        1,
        "the service takes 4096",
    );
    check(&["--only", "rules"], none, "{}", 1, "FUNCTION_VISION is not set");
    let down = ("SERVICES", "http://127.0.0.1:1");
    check(&["--dry-run"], down, "{}", 1, "looking for application");
    assert_eq!(world.changes(), 0);
}

/// Else a wrong specification would pass for a good one.
#[test]
fn the_services_hold_requests_to_the_models() {
    let Some(world) = World::start("models of the services") else { return };
    let gateway = json!({ "compartmentId": "c", "displayName": "g", "endpointType": "PUBLIC", "subnetId": "s" });
    let made = world.creation("gateways", &gateway);
    assert_eq!(made.0, "200", "{}", made.1);
    let gateway: Value = serde_json::from_str(&made.1).unwrap();
    let specification = crate::text("func-yaml/api-gateway.json");
    let mut deployment = json!({ "compartmentId": "c", "gatewayId": gateway["id"], "pathPrefix": "/v1" });
    deployment["specification"] = serde_json::from_str(&specification).unwrap();
    let check = |pointer: &str, value: Value, expected: &str| {
        let mut wrong = deployment.clone();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap()[member] = value;
        let (status, answer) = world.creation("deployments", &wrong);
        assert!(status == "400" && answer.contains(expected), "{pointer}: {status} {answer}");
    };
    let policies = "/specification/requestPolicies";
    check("/specification/weights", json!([90, 10]), "unknown members");
    check(&format!("{policies}/rateLimiting/rateKey"), json!("USER"), "expected one of");
    check(&format!("{policies}/rateLimiting/rateInRequestsPerSecond"), json!("10"), "is no int");
    check(&format!("{policies}/authentication/audiences"), Value::Null, "is missing");
    check(&format!("{policies}/authentication/type"), json!("JWT"), "says no known type");
    check("/specification/routes/0/methods", json!(["FETCH"]), "expected one of");
    check("/specification/routes/0/requestPolicies/bodyValidation/size", json!(1), "unknown members");
    check("/pathPrefix", Value::Null, "is missing");
    let (status, answer) = world.creation("deployments", &deployment);
    assert!(status == "404" && answer.contains("functionId"), "no such function is there: {status} {answer}");
}

#[test]
fn the_script_has_no_findings() {
    if Command::new("shellcheck").arg("--version").output().is_err() {
        return tests::harness::skip("shellcheck of the deployment script", "it is not installed");
    }
    let files = ["func-yaml/deploy", "func-yaml/setup/kinds.sh", "func-yaml/fn-build", "tests/deploy/oci"].map(path);
    let output = Command::new("shellcheck").args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

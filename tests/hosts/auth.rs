//! `{"test_type":"auth"}`: what a function says of its principal, with credentials that the emulator hands out as
//! OCI Functions does.

use std::fs;

use causeway_oci_emulator::{PrincipalFiles, Resource};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::harness::{Function, OciCloud, Request, Spec, programs};

fn mint(cloud: &OciCloud, folder: &TempDir) -> PrincipalFiles {
    let resource = Resource {
        id: "ocid1.fnfunc.oc1.iad.aaaaaaaathrowaway".to_owned(),
        kind: "fnfunc".to_owned(),
        compartment: cloud.emulator.default_compartment(),
        lifetime: None,
    };
    cloud.emulator.mint_principal(folder.path(), &resource).expect("files")
}

fn start(cloud: &OciCloud, variables: &[(&str, String)]) -> Function {
    let spec = Spec::new(&programs::function("discovery-agent")).env("CAUSEWAY_OCI_ENDPOINT", &cloud.url);
    let mut spec = spec.env("CAUSEWAY_BUCKET", "unused");
    for (name, value) in variables {
        spec = spec.env(name, value);
    }
    spec.start()
}

fn auth(function: &Function) -> Value {
    function.call(&Request::call(json!({"test_type": "auth"}).to_string())).json()
}

#[test]
fn a_resource_principal_is_reported_with_all_that_an_operator_asks() {
    let (cloud, folder) = (OciCloud::start(), tempfile::tempdir().unwrap());
    let files = mint(&cloud, &folder);
    let function = start(&cloud, &files.environment());
    let answer = auth(&function);
    let detail = &answer["detail"];
    assert_eq!((&answer["status"], &detail["provider"]), (&json!("ok"), &json!("resource_principal_2.2")), "{answer}");
    assert_eq!(detail["region"], "us-ashburn-1");
    assert_eq!(detail["tenancy"], cloud.emulator.tenancy());
    assert_eq!(detail["compartment"], cloud.emulator.default_compartment());
    assert!(detail["seconds_to_expiry"].as_u64().is_some_and(|left| (60..=1200).contains(&left)), "{detail}");
    assert!(detail["clock_skew_seconds"].as_i64().is_some_and(|skew| skew.abs() <= 5), "{detail}");
    assert_eq!(detail["chain"][0], json!({"provider": "resource_principal", "outcome": "served"}));

    let shown = format!("{answer}{}", function.stderr());
    let token = fs::read_to_string(&files.token).unwrap();
    assert!(!shown.contains(token.trim()), "the token shows");
    cloud.emulator.rotate_principals().expect("rotated");
    assert_eq!(auth(&function)["status"], "ok");
}

#[test]
fn a_broken_resource_principal_is_no_reason_to_be_somebody_else() {
    let (cloud, folder) = (OciCloud::start(), tempfile::tempdir().unwrap());
    let files = mint(&cloud, &folder);
    fs::write(&files.token, "garbage").unwrap();
    let mut variables = files.environment();
    // An API key that would serve, were it asked.
    variables.push(("OCI_CLI_USER", "ocid1.user.oc1..aaaaaaaathrowaway".to_owned()));
    let mut function = start(&cloud, &variables);
    let answer = auth(&function);
    assert_eq!(answer["status"], "failed", "{answer}");
    let reason = answer["detail"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("malformed token") && !reason.contains("garbage"), "{reason}");
    assert_eq!(answer["detail"]["chain"][0]["outcome"], "failed");
    function.assert_serves(&Request::call(json!({"test_type": "basic"}).to_string()));
}

#[test]
fn without_a_principal_none_is_used() {
    let cloud = OciCloud::start();
    assert_eq!(auth(&start(&cloud, &[]))["status"], "not_used");
}

#[test]
fn a_wrong_endpoint_stops_the_function_before_its_first_call() {
    let program = programs::function("discovery-agent");
    let spec = Spec::new(&program).env("CAUSEWAY_OCI_ENDPOINT", "http://example.com");
    let mut function = spec.spawn(tests::harness::Home::new());
    assert_eq!(function.wait_exit().code(), Some(70));
    assert!(function.stderr().contains("CAUSEWAY_OCI_ENDPOINT"), "{}", function.stderr());
}

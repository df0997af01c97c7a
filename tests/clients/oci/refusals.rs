//! What OCI refuses, the emulator refuses with the same status, code and message.

use jiff::SignedDuration;
use std::fs;

use super::harness::{Cloud, refusal};

/// Asserts the answer to a request that nobody is believed to have signed.
fn assert_not_authenticated(error: &serde_json::Value, message: &str) {
    assert_eq!((&error["status"], &error["code"]), (&401.into(), &"NotAuthenticated".into()), "{error}");
    assert!(error["message"].as_str().is_some_and(|text| text.starts_with(message)), "{error}");
    assert!(error["opc-request-id"].as_str().is_some_and(|id| !id.is_empty()));
}

#[test]
fn a_key_that_nobody_registered() {
    let Some(cloud) = Cloud::start("unknown keys") else { return };
    let config = fs::read_to_string(cloud.file("config")).unwrap();
    let (before, after) = config.split_once("fingerprint=").expect("a fingerprint");
    let flipped = if after.starts_with('0') { "1" } else { "0" };
    fs::write(cloud.file("wrong"), format!("{before}fingerprint={flipped}{}", &after[1..])).unwrap();
    let output = cloud.command("os ns get", &[]).env("OCI_CLI_CONFIG_FILE", cloud.file("wrong")).output().unwrap();
    let message = "The required information to complete authentication was not provided or was incorrect.";
    assert_not_authenticated(&refusal(&output), message);
}

#[test]
fn a_clock_that_is_six_minutes_off() {
    let Some(cloud) = Cloud::start("skewed clocks") else { return };
    cloud.oci("os ns get", &[]);
    cloud.emulator.clock().skew_gate(SignedDuration::from_secs(360));
    assert_not_authenticated(&cloud.refused("os ns get", &[]), "Date '");
}

#[test]
fn what_is_not_there_or_not_allowed_looks_the_same() {
    let Some(cloud) = Cloud::start("what is not there") else { return };
    let unknown = "ocid1.compartment.oc1..aaaaaaaanobodymadethiscompartmentaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let error = cloud.refused("os bucket list --compartment-id", &[unknown]);
    assert_eq!((&error["status"], &error["code"]), (&404.into(), &"NotAuthorizedOrNotFound".into()), "{error}");
}

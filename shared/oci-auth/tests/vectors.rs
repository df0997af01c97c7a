//! The recorded behaviour of Oracle's Python SDK, case by case; see `tests/data/README.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

#[path = "../examples/vectors/suite/mod.rs"]
mod suite;

use std::collections::BTreeMap;
use std::io::Write;

const FILE: &[u8] = include_bytes!("data/vectors.json");

/// Cases by group: a file that lost some would pass all the same.
const GROUPS: [(&str, usize); 14] = [
    ("call", 4),
    ("client", 13),
    ("config", 11),
    ("encode", 10),
    ("endpoint", 8),
    ("error_body", 6),
    ("fingerprint", 4),
    ("instance_principal", 3),
    ("key", 9),
    ("pagination", 3),
    ("resource_principal", 39),
    ("resource_principal_flow", 5),
    ("retry", 4),
    ("signing", 48),
];

#[test]
fn every_case_passes() {
    let report = suite::run(FILE).unwrap();
    // The counts show at every run; the test runner keeps what the macros print to itself.
    let counts = report.groups().into_iter().map(|(group, (passed, cases))| format!("{group} {passed}/{cases}"));
    let counts = format!("vectors: {}\n", counts.collect::<Vec<_>>().join(", "));
    std::io::stderr().write_all(counts.as_bytes()).unwrap();
    assert_eq!(report.failed(), 0, "{report}");
    let expected: BTreeMap<_, _> = GROUPS.into_iter().map(|(group, cases)| (group, (cases, cases))).collect();
    assert_eq!(report.groups(), expected);
}

#[test]
fn a_file_that_is_none_is_an_error_and_an_unknown_case_fails() {
    for bad in ["", "[]", "{}", r#"{"cases": []}"#, r#"{"cases": 1}"#, r#"{"texts": {}, "cases": [{"id": "<<x>>"}]}"#] {
        assert!(suite::run(bad.as_bytes()).is_err(), "{bad}");
    }
    let report = suite::run(br#"{"cases": [{"id": "a", "group": "new"}, {}]}"#).unwrap();
    assert_eq!(report.failed(), 2);
}

/// The runner can fail: with one expectation changed, just that case does.
#[test]
fn a_changed_expectation_is_noticed() {
    let file: serde_json::Value = serde_json::from_slice(FILE).unwrap();
    for (id, pointer, changed) in [
        ("signing/post-json", "/expect/signature", "AAAA"),
        ("signing/doc-get", "/expect/signature", "AAAA"),
        ("signing/get-port", "/expect/signing_string", "date: x"),
        ("fingerprint/public_api", "/expect/md5", "00"),
        ("key/enc-missing", "/recommended", "error: public key given"),
        ("client/fn-invoke", "/request/signed/signature", "AAAA"),
        ("encode/slash", "/expect/request_target", "/x"),
        ("endpoint/short", "/expect/iad/endpoints/iaas", "https://x"),
        ("config/plain", "/expect/key_id", "t/u/f"),
        ("call/401-refresh", "/requests/1/credentials", "old"),
        ("error_body/plain", "/expect/error/code", "Other"),
        ("pagination/header", "/expect/result/3", "e"),
        ("resource_principal/paths", "/expect/key_id", "ST$x"),
        ("resource_principal/expired", "/recommended", "ok"),
        ("instance_principal/default", "/http/7/signed/signature", "AAAA"),
        ("resource_principal_flow/v2.1", "/http/0/url", "https://other.example.test/x"),
    ] {
        let mut file = file.clone();
        let cases = file["cases"].as_array_mut().unwrap();
        cases.retain(|case| case["id"] == id);
        *cases[0].pointer_mut(pointer).unwrap() = changed.into();
        let report = suite::run(file.to_string().as_bytes()).unwrap();
        assert_eq!(report.failed(), 1, "{id} {pointer}");
    }
}

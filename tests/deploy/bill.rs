//! The software bill of materials of a function (`.ci/sbom`).

use std::collections::BTreeSet;
use std::process::{Command, Output};

use serde_json::Value;

use crate::{path, text};

/// Whether the interpreter is there that scripts of this repository run in.
pub(crate) fn has_python(test: &str) -> bool {
    let has = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has {
        tests::harness::skip(test, "there is no python3");
    }
    has
}

fn sbom(arguments: &[&str]) -> Output {
    // What cargo tells this test is not meant for the cargo of the script.
    let mut command = Command::new("python3");
    let command = command.arg(path(".ci/sbom")).args(arguments).env_remove("CARGO_MANIFEST_DIR");
    command.output().expect("python")
}

fn bill(function: &str) -> Vec<u8> {
    let output = sbom(&[function]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn word<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member}: {value}"))
}

/// Whether Cargo.lock has this package.
fn is_locked(lock: &str, component: &Value) -> bool {
    let head = format!("name = \"{}\"\nversion = \"{}\"\n", word(component, "name"), word(component, "version"));
    let Some(entry) = lock.split(&head).nth(1).and_then(|rest| rest.split("[[package]]").next()) else { return false };
    let digest = component["hashes"][0]["content"].as_str();
    digest.is_none_or(|digest| entry.contains(&format!("checksum = \"{digest}\"")))
}

#[test]
fn the_crates_of_a_function_have_versions_licences_and_digests() {
    if !has_python("a bill of materials") {
        return;
    }
    let bill: Value = serde_json::from_slice(&bill("vision")).expect("JSON");
    assert_eq!((word(&bill, "bomFormat"), word(&bill, "specVersion")), ("CycloneDX", "1.6"));
    assert_eq!(word(&bill["metadata"]["component"], "name"), "vision");
    let (components, lock) = (bill["components"].as_array().expect("crates"), text("Cargo.lock"));
    for component in components {
        assert!(is_locked(&lock, component), "{component}");
        assert!(!word(&component["licenses"][0], "expression").trim().is_empty(), "{component}");
        let is_ours =
            word(component, "name").starts_with("causeway-") || word(component, "version").ends_with("+causeway");
        assert_eq!(component.get("hashes").is_none(), is_ours, "{component}");
    }
    let names: BTreeSet<_> = components.iter().map(|component| word(component, "name")).collect();
    for linked in ["causeway-adapters", "rustls", "ring", "tokio", "jpeg-decoder"] {
        assert!(names.contains(linked), "{linked} is linked");
    }
    // A macro, a tool of tests, a part of another function, and what must not be there at all.
    for other in ["serde_derive", "proptest", "parquet", "aws-lc-sys"] {
        assert!(!names.contains(other), "{other} is not");
    }
}

#[test]
fn whoever_is_needed_is_in_the_bill() {
    if !has_python("a bill of materials") {
        return;
    }
    let bill: Value = serde_json::from_slice(&bill("discovery-agent")).expect("JSON");
    let crates = bill["components"].as_array().expect("crates").iter();
    let known: BTreeSet<_> = crates.chain([&bill["metadata"]["component"]]).map(|one| word(one, "bom-ref")).collect();
    let dependencies = bill["dependencies"].as_array().expect("dependencies");
    assert_eq!(dependencies.iter().map(|one| word(one, "ref")).collect::<BTreeSet<_>>(), known);
    let needed = dependencies.iter().flat_map(|one| one["dependsOn"].as_array().expect("a list"));
    let needed: BTreeSet<_> = needed.map(|one| one.as_str().expect("a reference")).collect();
    let root = word(&bill["metadata"]["component"], "bom-ref");
    assert_eq!(known.difference(&needed).collect::<Vec<_>>(), [&root], "all but the function are needed by somebody");
    assert!(needed.is_subset(&known));
}

#[test]
fn the_bill_is_the_same_again_and_what_is_no_function_has_none() {
    if !has_python("a bill of materials") {
        return;
    }
    assert_eq!(bill("decision-agent"), bill("decision-agent"));
    let output = sbom(&["nobody"]);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no function nobody"), "{output:?}");
}

/// By the schema that CycloneDX publishes, in its own library.
#[test]
fn the_bill_is_valid() {
    if !has_python("a bill of materials") {
        return;
    }
    const CHECK: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()) or 'valid')
";
    let python = path("target/tools/cyclonedx/bin/python");
    if !python.exists() {
        return tests::harness::skip("the validation of the bill", &format!("{} is not there", python.display()));
    }
    let said = |bill: &[u8]| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bill).expect("written");
        let output = Command::new(&python).args(["-c", CHECK]).arg(file.path()).output().expect("python");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let good = bill("vision");
    assert_eq!(said(&good), "valid");
    let bad = String::from_utf8(good).expect("UTF-8").replacen("\"library\"", "\"book\"", 1);
    assert_ne!(said(bad.as_bytes()), "valid", "what is wrong is found");
}

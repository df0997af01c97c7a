//! Each func.yaml: what Fn's command line and the service take, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use crate::{functions, path, text};

/// Keys of schema_version 20180708 in Fn's command line, without those that only its own server knows (triggers) or
/// that a Dockerfile replaces (entrypoint, cmd and images).
const KEYS: &[&str] = &[
    "schema_version",
    "name",
    "version",
    "runtime",
    "build",
    "content_type",
    "memory",
    "timeout",
    "idle_timeout",
    "config",
    "annotations",
    "expects",
    "signing_details",
    "deploy",
];
const DEPLOY_KEYS: &[&str] = &["provisioned_concurrency", "detached_mode", "freeform_tags", "defined_tags"];
/// Memory of a function, in MB (Oracle's page "Changing Default Memory and Timeout Settings").
const MEMORY_MB: &[u64] = &[128, 256, 512, 1024, 2048, 3072];
/// Names and values of all settings together, in bytes.
const MAX_CONFIG: usize = 4096;

fn findings(name: &str, descriptor: &Value) -> Vec<String> {
    let unknown = |value: &Value, known: &[&str]| -> Vec<String> {
        let keys = value.as_object().into_iter().flat_map(|members| members.keys().cloned());
        keys.filter(|key| !known.contains(&key.as_str())).collect()
    };
    let within = |key: &str, low: u64, high: u64| descriptor[key].as_u64().is_some_and(|it| (low..=high).contains(&it));
    let config = descriptor["config"].as_object().cloned().unwrap_or_default();
    let bytes: usize = config.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    let rules = [
        ("unknown keys", unknown(descriptor, KEYS).is_empty()),
        ("unknown keys in deploy", unknown(&descriptor["deploy"], &["oci"]).is_empty()),
        ("unknown keys in deploy.oci", unknown(&descriptor["deploy"]["oci"], DEPLOY_KEYS).is_empty()),
        ("schema_version", descriptor["schema_version"] == 20_180_708),
        ("name is that of the folder", descriptor["name"] == name),
        ("version", descriptor["version"].as_str().is_some_and(is_version)),
        ("runtime", descriptor["runtime"] == "docker"),
        ("what is run before the image is built", descriptor["build"] == serde_json::json!(["../fn-build"])),
        ("memory", descriptor["memory"].as_u64().is_some_and(|memory| MEMORY_MB.contains(&memory))),
        ("timeout of a call that is waited for", within("timeout", 1, 300)),
        ("settings are texts", config.values().all(Value::is_string)),
        ("names of settings", config.keys().all(|key| is_setting(key))),
        ("size of the settings", bytes <= MAX_CONFIG),
    ];
    rules.iter().filter(|(_, holds)| !holds).map(|(rule, _)| format!("{name}: {rule}")).collect()
}

fn is_version(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
}

fn is_setting(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_uppercase())
        && key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The func.yaml of a function.
pub(crate) fn descriptor(name: &str) -> Value {
    let file = format!("func-yaml/{name}/func.yaml");
    serde_yaml_ng::from_str(&text(&file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn descriptors_are_what_the_service_takes() {
    let names = functions();
    assert!(names.len() >= 9, "{names:?}");
    let all: Vec<_> = names.iter().flat_map(|name| findings(name, &descriptor(name))).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn what_is_wrong_in_a_descriptor_is_found() {
    let good = descriptor("decisioning-flow");
    assert_eq!(findings("decisioning-flow", &good), Vec::<String>::new());
    let check = |pointer: &str, value: Value, expected: &str| {
        let mut wrong = good.clone();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap()[member] = value;
        assert_eq!(findings("decisioning-flow", &wrong), [format!("decisioning-flow: {expected}")], "{pointer}");
    };
    check("/memory", 300.into(), "memory");
    check("/timeout", 301.into(), "timeout of a call that is waited for");
    check("/timeout", "300".into(), "timeout of a call that is waited for");
    check("/name", "flow".into(), "name is that of the folder");
    check("/version", "latest".into(), "version");
    check("/build", serde_json::json!(["make"]), "what is run before the image is built");
    check("/triggers", serde_json::json!([]), "unknown keys");
    check("/deploy/oci/detached", serde_json::json!({}), "unknown keys in deploy.oci");
    check("/config/FLOW_RESULTS", true.into(), "settings are texts");
    check("/config/flow", "x".into(), "names of settings");
    check("/config/FLOW_RESULTS", "x".repeat(5000).into(), "size of the settings");
}

#[test]
fn a_run_that_outlasts_a_call_has_a_detached_timeout() {
    let detached = &descriptor("decisioning-flow")["deploy"]["oci"]["detached_mode"]["timeout"];
    assert_eq!(detached, "30m", "the time that a run may take");
    // Every settings line of resources.json is one of its function; the script refuses others when it runs.
    let resources = crate::json("func-yaml/resources.json");
    for (name, settings) in resources["settings"].as_object().unwrap() {
        let known = descriptor(name)["config"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let unknown: Vec<_> = settings.as_object().unwrap().keys().filter(|key| !known.contains(*key)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

/// Stands for Docker: writes down what it is told, and from where.
const DOCKER: &str = "#!/bin/sh\npwd >\"$TOLD\"\nprintf '%s\\n' \"$@\" >>\"$TOLD\"\n";

/// Fn's command line builds in the folder of func.yaml, with the Dockerfile that it finds there after the steps of `build`.
#[test]
fn a_step_makes_the_dockerfile_that_fns_command_line_wants() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path().join("func-yaml/vision");
    fs::create_dir_all(&here).expect("a folder");
    for file in ["func-yaml/fn-build", "func-yaml/vision/func.yaml"] {
        fs::copy(path(file), folder.path().join(file)).expect("copied");
    }
    let docker = folder.path().join("docker");
    fs::write(&docker, DOCKER).expect("written");
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).expect("set");
    let step = descriptor("vision")["build"][0].as_str().expect("a step").to_owned();
    let mut shell = Command::new("/bin/sh");
    let shell = shell.args(["-c", &step]).current_dir(&here).env("TOLD", folder.path().join("told"));
    let shell = shell.env("CAUSEWAY_BUILD_ARGS", "PROFILE=release BUILDER=ours");
    let output = shell.env("PATH", format!("{}:/usr/bin:/bin", folder.path().display())).output().expect("sh");
    assert!(output.status.success(), "{output:?}");
    let told = fs::read_to_string(folder.path().join("told")).expect("what Docker was told");
    let told: Vec<_> = told.lines().collect();
    assert!(told[0].ends_with("func-yaml/vision") && told.last() == Some(&"../.."), "{told:?}");
    let version = descriptor("vision")["version"].as_str().expect("a version").to_owned();
    let image = format!("causeway/vision:{version}");
    for expected in ["BUILDER=ours", "FUNCTION=vision", "REVISION=unknown", &format!("VERSION={version}"), &image] {
        assert!(told.contains(&expected), "{expected}: {told:?}");
    }
    assert_eq!(fs::read_to_string(here.join("Dockerfile")).expect("a Dockerfile"), format!("FROM {image}\n"));
}

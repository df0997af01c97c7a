//! Settings that deployments have, and settings that functions know: `<function> config` tells the latter.

use std::collections::BTreeSet;
use std::process::Command;

use causeway_adapters::SETTINGS;
use serde_json::Value;
use tests::harness::programs;

use crate::descriptors::descriptor;
use crate::functions;

/// Settings of the runtime, which every function has (`shared/runtime`).
const COMMON: &[&str] = &[
    "LOG_LEVEL",
    "CAUSEWAY_DEFAULT_TIMEOUT_SECONDS",
    "CAUSEWAY_METRICS",
    "CAUSEWAY_METRICS_NAMESPACE",
    "CAUSEWAY_LOCAL_ROOT",
];

/// The names that a function knows, started with these variables and no others; what it says when it refuses them.
pub(crate) fn known(function: &str, variables: &[(String, String)]) -> Result<BTreeSet<String>, String> {
    let mut command = Command::new(programs::function(function).path);
    let command = command.args(["config", "--json"]).env_clear().envs(variables.iter().cloned());
    let output = command.output().expect("it runs");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let settings: Vec<Value> = serde_json::from_slice(&output.stdout).expect("settings");
    Ok(settings.iter().map(|setting| setting["name"].as_str().expect("a name").to_owned()).collect())
}

/// Whether every function has this setting, for ports or for the runtime.
pub(crate) fn is_shared(name: &str) -> bool {
    SETTINGS.iter().any(|(shared, ..)| *shared == name) || COMMON.contains(&name)
}

/// The function's own settings, without those of ports and of the runtime.
fn own(function: &str) -> BTreeSet<String> {
    known(function, &[]).expect("it needs no settings").into_iter().filter(|name| !is_shared(name)).collect()
}

fn described(function: &str) -> Vec<(String, String)> {
    let config = descriptor(function)["config"].as_object().cloned().unwrap_or_default();
    config.into_iter().map(|(name, value)| (name, value.as_str().expect("a text").to_owned())).collect()
}

#[test]
fn descriptors_have_the_settings_of_their_functions() {
    for function in functions() {
        let described: BTreeSet<_> = described(&function).into_iter().map(|(name, _)| name).collect();
        assert_eq!(described, own(&function), "{function}: func.yaml, and `{function} config`");
    }
}

/// Values too: a function refuses at its start what it cannot use.
#[test]
fn functions_take_the_values_of_their_descriptors() {
    for function in functions() {
        known(&function, &described(&function)).unwrap_or_else(|said| panic!("{function}: {said}"));
    }
    let wrong = ("DECISION_NARRATIVE".to_owned(), "loud".to_owned());
    assert!(known("decision-agent", &[wrong]).is_err_and(|said| said.contains("DECISION_NARRATIVE")));
}

//! Tables of settings.

use std::process::Command;

use causeway_adapters::SETTINGS;
use serde_json::Value;
use tests::harness::programs;

use super::cell;
use crate::settings::is_shared;

/// A function whose settings of its own are few; the others it has in common with all.
const ANY: &str = "discovery-agent";

/// The settings that this function alone, or its kind, has.
pub(super) fn of(function: &str) -> String {
    let own: Vec<Value> = told(function).into_iter().filter(|setting| !is_shared(name(setting))).collect();
    table(own.iter().map(row))
}

/// Those of the runtime, and those of the adapters.
pub(super) fn shared() -> String {
    let runtime =
        |setting: &Value| is_shared(name(setting)) && SETTINGS.iter().all(|(known, ..)| *known != name(setting));
    let told = told(ANY);
    let common = told.iter().filter(|setting| runtime(setting)).map(row);
    let adapters = SETTINGS.iter().map(|(name, kind, meaning)| cells(name, kind, "", meaning));
    table(common.chain(adapters))
}

fn told(function: &str) -> Vec<Value> {
    let mut command = Command::new(programs::function(function).path);
    let output = command.args(["config", "--json"]).env_clear().output().expect("it runs");
    assert!(output.status.success(), "{function}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("settings")
}

fn name(setting: &Value) -> &str {
    setting["name"].as_str().expect("a name")
}

fn row(setting: &Value) -> String {
    let text = |member: &str| setting[member].as_str().unwrap_or_default();
    cells(name(setting), text("type"), text("default"), text("meaning"))
}

fn cells(name: &str, kind: &str, default: &str, meaning: &str) -> String {
    format!("| {} | {kind} | {} | {} |\n", cell(name), cell(default), cell(meaning))
}

fn table(rows: impl Iterator<Item = String>) -> String {
    let rows: String = rows.collect();
    format!("| setting | type | default | meaning |\n|---|---|---|---|\n{rows}")
}

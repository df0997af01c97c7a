//! What a tick leaves, and what `flex-autoscaler decide` makes of it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tests::harness::programs;

use crate::cloud::{Cloud, Machine, Ticked};

/// Machines of every fate, one without measurements among them.
fn fleet() -> Vec<Machine> {
    (0..30)
        .map(|number| match number {
            0 => Machine::new(number, 95.0),
            1..3 => Machine::new(number, 78.123_456_789_012_34),
            3 => Machine { memory: 20.0, ..Machine::new(number, 3.0) },
            _ => Machine::new(number, 50.0),
        })
        .collect()
}

/// The program's exit status and what it prints for an object.
fn decided(cloud: &Cloud, object: &str) -> (Option<i32>, Value, String) {
    let file = cloud.files().join("inputs.json");
    std::fs::write(&file, cloud.object(object)).unwrap();
    let output = cloud.command(&["decide", "-f", file.to_str().unwrap()]).output().unwrap();
    let printed = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), printed, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The tick's decisions are those of its recording.
fn check(cloud: &Cloud, ticked: &Ticked) {
    let (status, printed, told) = decided(cloud, ticked.reply["inputs"].as_str().unwrap());
    assert_eq!(status, Some(0), "{told}");
    for member in ["tick", "now", "epoch", "mode", "config_hash", "counts", "partial", "deferred", "decisions"] {
        assert_eq!(printed[member], ticked.reply[member], "{member}");
    }
    let of = |resize: &Value| (resize["id"].clone(), resize["to"].clone());
    let asked: Vec<_> = printed["actions"].as_array().unwrap().iter().map(of).collect();
    let sent: Vec<_> = ticked.reply["resizes"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(asked, sent);
}

#[test]
fn what_a_tick_was_decided_from_is_decided_the_same_again() {
    let mut cloud = Cloud::start();
    cloud.set("FLEX_AUTOSCALER_RECORD", "inputs");
    cloud.add(&fleet());
    cloud.create(&[Machine::new(40, 50.0)]);
    let autoscaler = cloud.autoscaler();
    let first = autoscaler.tick();
    assert_eq!(first.accepted().len(), 3, "{}", first.reply);
    check(&cloud, &first);
    check(&cloud, &autoscaler.tick());
    for name in cloud.objects("causeway-state/flex-autoscaler/").into_iter().filter(|name| name.contains("/shards/")) {
        cloud.delete(&name);
    }
    let lost = autoscaler.tick();
    assert_eq!(lost.reply["status"], "partial");
    check(&cloud, &lost);
    let head: Value =
        serde_json::from_str(cloud.object(lost.reply["audit"].as_str().unwrap()).lines().next().unwrap()).unwrap();
    assert_eq!(head["inputs"], lost.reply["inputs"]);
}

#[test]
fn an_audit_says_where_its_inputs_are() {
    for (record, expected) in [("inputs", ".inputs.json"), ("decisions", "FLEX_AUTOSCALER_RECORD=inputs")] {
        let mut cloud = Cloud::start();
        cloud.set("FLEX_AUTOSCALER_RECORD", record);
        cloud.add(&fleet()[..3]);
        let ticked = cloud.autoscaler().tick();
        let (status, _, told) = decided(&cloud, ticked.reply["audit"].as_str().unwrap());
        assert_eq!((status, told.contains(expected)), (Some(65), true), "{told}");
        let objects = cloud.objects("flex-autoscaler/audit/");
        assert_eq!(objects.len(), if record == "inputs" { 2 } else { 1 }, "{objects:?}");
        assert_eq!(ticked.reply.get("inputs").is_some(), record == "inputs");
    }
}

/// A recording that is not taken harms no machine.
#[test]
fn a_recording_that_cannot_be_left_is_told_and_holds_up_nothing() {
    let mut cloud = Cloud::start();
    cloud.set("FLEX_AUTOSCALER_RECORD", "inputs");
    cloud.set("FLEX_AUTOSCALER_AUDIT_PREFIX", &"x".repeat(1020));
    cloud.add(&fleet()[..1]);
    let ticked = cloud.autoscaler().tick();
    assert_eq!(ticked.accepted().len(), 1, "{}", ticked.reply);
    assert_eq!((&ticked.reply["status"], ticked.reply.get("inputs")), (&json!("partial"), None));
    assert!(ticked.reply["warnings"].to_string().contains("were not recorded"), "{}", ticked.reply["warnings"]);
}

/// What the README's sample says, by a process that has no cloud.
#[test]
fn the_sample_grows_what_is_hot_and_holds_what_is_silent() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let decide = |arguments: &[&str]| {
        let mut command = Command::new(programs::function("flex-autoscaler").path);
        command.env_clear().current_dir(root.join("functions/flex-autoscaler"));
        let output = command.args(["decide", "-f", "scenarios/decide.json"]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let printed: Value = serde_json::from_str(&decide(&[])).unwrap();
    let decisions = printed["decisions"].as_array().unwrap();
    let said: Vec<_> = decisions.iter().map(|one| [&one["id"], &one["decision"], &one["reason"], &one["to"]]).collect();
    let size = |ocpus: f64, memory_gb: f64| json!({ "ocpus": ocpus, "memory_gb": memory_gb });
    let (grown, held) = (size(22.0, 352.0), size(16.0, 256.0));
    assert_eq!(json!(said), json!([["hot", "UP", "cpu_hot", grown], ["silent", "HOLD", "stale", held]]), "{printed:#}");
    assert_eq!(decisions[1]["inputs"]["cpu"]["age_minutes"], Value::Null, "{printed:#}");
    let actions = printed["actions"].as_array().unwrap();
    assert_eq!((actions.len(), &actions[0]["id"], &actions[0]["to"]), (1, &json!("hot"), &grown));
    let table = decide(&["--table"]);
    assert!(table.contains("hot") && table.contains("silent"), "{table}");
}

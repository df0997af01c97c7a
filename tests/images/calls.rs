//! Every image under the limits of Fn's agent, called with the sample events of its function.

use std::fs;

use serde_json::{Value, json};
use tests::harness::programs;

use crate::cloud::Cloud;
use crate::container::{Container, Spec};
use crate::engine::{Engine, engine};
use crate::images::images;
use crate::replies::{self, Kind};
use crate::root;

/// The exit status of what was killed.
const KILLED: &str = "137";

#[test]
fn every_image_answers_in_the_sandbox_until_it_is_killed() {
    let Some(engine) = engine("calls of the images") else { return };
    let findings: Vec<_> = programs::functions().iter().flat_map(|it| lives_and_dies(engine, it.name)).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// Sample events that are answered otherwise than they should be.
fn lives_and_dies(engine: &Engine, function: &'static str) -> Vec<String> {
    let cloud = Cloud::start(function);
    let spec = Spec { engine, function, image: &images(engine)[function] };
    let (container, _) = cloud.run(&spec);
    limits_hold(function, &container);
    let findings = wrong_answers(&spec, &container);
    container.freeze();
    assert_eq!(container.inspect(".State.Paused"), "true", "{function}");
    container.thaw();
    let thawed = answer(&format!("{function} after the freezer"), &container, r#"{"test_type":"imports"}"#);
    assert_eq!((&thawed["function"], &thawed["status"]), (&json!(function), &json!("ok")), "{thawed}");
    assert_eq!(container.kill(), KILLED, "{function}");
    assert_eq!(container.inspect(".State.OOMKilled"), "false", "{function}");
    findings
}

fn wrong_answers(spec: &Spec, container: &Container) -> Vec<String> {
    let (function, reply) = (spec.function, replies::schema(spec));
    let mut wrong = Vec::new();
    for (name, body) in events(function) {
        let answer = answer(&format!("{function}: {name}"), container, &body);
        let findings = Kind::of(function, &name, &body).findings(&reply, &answer);
        if !findings.is_empty() {
            wrong.push(format!("{function}: {name}: {}: {answer}", findings.join("; ")));
        }
    }
    wrong
}

/// The function's sample events, by name.
fn events(function: &str) -> Vec<(String, String)> {
    let folder = root().join("functions").join(function).join("events");
    let mut files: Vec<_> = fs::read_dir(folder).expect("events").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{function} has no sample events");
    let read = |file: &std::path::PathBuf| {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(file).expect("an event"))
    };
    files.iter().map(read).collect()
}

/// What it answers; the container goes on.
fn answer(what: &str, container: &Container, body: &str) -> Value {
    let reply = container.call(body);
    assert_eq!(reply.status, 200, "{what}: {reply:?}: {}", container.log());
    assert!(container.is_running(), "{what}: {}", container.log());
    reply.json()
}

/// What the kernel says of the process.
fn limits_hold(function: &str, container: &Container) {
    let proc = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", container.pid())).expect("a process");
    let expected = [
        ("status", "Uid:\t1000\t1000\t1000\t1000"),
        ("status", "Gid:\t1000\t1000\t1000\t1000"),
        ("status", "CapEff:\t0000000000000000"),
        ("status", "CapBnd:\t0000000000000000"),
        ("status", "NoNewPrivs:\t1"),
        // A filter of system calls.
        ("status", "Seccomp:\t2"),
    ];
    for (file, line) in expected {
        assert!(proc(file).lines().any(|found| found == line), "{function}: {line} in {}", proc(file));
    }
    for (limit, value) in [("Max open files", "350"), ("Max locked memory", "65536")] {
        let limits = proc("limits");
        let line = limits.lines().find_map(|line| line.strip_prefix(limit)).expect("a limit");
        assert_eq!(line.split_whitespace().take(2).collect::<Vec<_>>(), [value, value], "{function}: {limit}");
    }
    let mounts = proc("mounts");
    let options = |place: &str| {
        let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|fields| fields[1] == place);
        fields.unwrap_or_else(|| panic!("{function}: {place} in {mounts}"))[3].split(',').collect::<Vec<_>>()
    };
    assert!(options("/").contains(&"ro"), "{function}: {mounts}");
    assert!(["nosuid", "nodev", "noexec"].iter().all(|it| options("/tmp").contains(it)), "{function}: {mounts}");
    assert_eq!(container.inspect(".HostConfig.PidsLimit"), "50", "{function}");
}

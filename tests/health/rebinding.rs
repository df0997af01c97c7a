//! Names that lead elsewhere at each question, by the resolver of a process.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cloud::{Cloud, last, tick};
use crate::target::{Way, check};

/// Compiles what stands before the C library's resolver.
fn names(folder: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("health/names.c");
    let library = folder.join("names.so");
    let mut compiler = Command::new("cc");
    let done =
        compiler.args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(done.expect("the C compiler that links Rust's programs").success());
    library.to_str().expect("a name").to_owned()
}

#[test]
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), ignore = "names are led astray before glibc's resolver")]
fn a_name_that_leads_elsewhere_at_each_question_gains_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut cloud = Cloud::start();
    let (server, allowed) = (cloud.serve(Way::Says(200, json!({}))), cloud.serve(Way::Says(200, json!({}))));
    cloud.set("LD_PRELOAD", &names(folder.path()));
    let mut checks: Vec<Value> =
        (0..6).map(|number| check(&format!("rebinding-{number}"), &server.url("rebinding.test"))).collect();
    checks.iter_mut().for_each(|check| check["timeout_seconds"] = json!(1));
    checks.push(check("allowed", &allowed.url("allowed.test")));
    cloud.settings(&json!({ "allowed_hosts": ["allowed.test"], "checks": checks }));
    let reply = tick(&cloud.process());
    assert_eq!((&last(&reply, "allowed")["verdict"], allowed.seen()), (&json!("pass"), 1), "{reply}");
    // One question for each look, and what it gave is what was looked at and connected to.
    let is_refused = |number: &usize| last(&reply, &format!("rebinding-{number}"))["code"] == "target_refused";
    assert_eq!((0..6).filter(is_refused).count(), 3, "{reply}");
    assert_eq!(server.seen(), 0, "{reply}");
}

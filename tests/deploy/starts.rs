//! Instructions from the start of a function's process until it listens, beside those that are kept: what makes starts
//! dearer shows here, on a busy machine too.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tests::harness::{Spec, notice, programs, skip};

use crate::{functions, json, path};

const FILE: &str = "tests/deploy/starts.json";
/// How far a count may be from the kept one, in percent. Counts of the same binary differ by far less.
const TOLERANCE: f64 = 5.0;

/// Counts under callgrind, which ends with the process: whoever listens does nothing until somebody calls.
fn instructions(function: &str) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let (counts, counted) = (folder.path().join("counts"), folder.path().join("counted"));
    let mut program = programs::function(function);
    let script = format!(
        "#!/bin/sh\nexec valgrind --tool=callgrind --callgrind-out-file='{}' '{}' 2>/dev/null\n",
        counts.display(),
        program.path.display()
    );
    fs::write(&counted, script)
        .and_then(|()| fs::set_permissions(&counted, fs::Permissions::from_mode(0o755)))
        .unwrap();
    program.path = counted;
    let mut started = Spec::new(&program).env("CAUSEWAY_LOCAL_ROOT", &folder.path().display().to_string()).start();
    let told = Command::new("kill").arg(started.pid().to_string()).status();
    assert!(told.expect("kill").success());
    started.wait_exit();
    summary(&counts)
}

fn summary(counts: &Path) -> u64 {
    let text = fs::read_to_string(counts).unwrap_or_else(|error| panic!("{}: {error}", counts.display()));
    let line = text.lines().find_map(|line| line.strip_prefix("summary: ")).expect("a sum");
    line.trim().parse().expect("a number")
}

/// Counts of other compilers and processors are others.
fn toolchain() -> Value {
    let output = Command::new("rustc").arg("--version").output().expect("rustc");
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    json!({ "rustc": version, "processor": std::env::consts::ARCH, "profile": "release" })
}

fn findings(kept: &Value, counted: &BTreeMap<String, u64>) -> Vec<String> {
    let finding = |(function, count): (&String, &u64)| {
        let Some(before) = kept["instructions"][function].as_u64() else {
            return Some(format!("{function} has no count in {FILE}"));
        };
        let percent = (*count as f64 / before as f64 - 1.0) * 100.0;
        (percent.abs() > TOLERANCE).then(|| format!("{function}: {count} instructions, {percent:+.1} % of {before}"))
    };
    counted.iter().filter_map(finding).collect()
}

/// `WRITE_STARTS=1` writes the counts anew.
#[test]
fn starts_take_the_instructions_that_they_took() {
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return skip("the instructions of starts", "there is no valgrind");
    }
    let writes = std::env::var_os("WRITE_STARTS").is_some();
    let kept = if path(FILE).exists() { json(FILE) } else { Value::Null };
    if !writes && kept["toolchain"] != toolchain() {
        return notice(&format!("SKIPPED the instructions of starts: kept are those of {}", kept["toolchain"]));
    }
    let counted: BTreeMap<_, _> = functions().into_iter().map(|name| (name.clone(), instructions(&name))).collect();
    if writes {
        let text = format!("{:#}\n", json!({ "toolchain": toolchain(), "instructions": counted }));
        return fs::write(path(FILE), text).expect("written");
    }
    let findings = findings(&kept, &counted);
    assert!(findings.is_empty(), "{}\nWRITE_STARTS=1 keeps these counts", findings.join("\n"));
}

#[test]
fn what_became_dearer_or_cheaper_is_found() {
    let kept = json!({ "instructions": { "a": 1_000_000 } });
    let check = |count: u64, expected: usize| {
        assert_eq!(findings(&kept, &BTreeMap::from([("a".to_owned(), count)])).len(), expected, "{count}");
    };
    check(1_000_000, 0);
    check(1_049_000, 0);
    check(1_060_000, 1);
    check(900_000, 1);
    assert_eq!(findings(&kept, &BTreeMap::from([("b".to_owned(), 1)])).len(), 1, "one that is new");
}

//! Instructions from the start of a function's process until it listens, until it has answered a first call that takes
//! signed requests, and until it has answered one whose requests go over TLS, beside those that are kept: what makes
//! starts dearer shows here, on a busy machine too.

mod counted;
mod first_calls;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tests::harness::{notice, programs, skip};

use self::counted::Counted;
use self::first_calls::Cloud;
use crate::{json, path};

const FILE: &str = "tests/deploy/starts.json";
/// How far a count may be from the kept one, in percent. Counts of the same binary differ by far less.
const TOLERANCE: f64 = 5.0;

/// Counts by what had happened by then.
type Counts = BTreeMap<&'static str, u64>;

fn counts(function: &'static str) -> Counts {
    let cloud = Cloud::start(function);
    let folder = tempfile::tempdir().expect("a folder");
    let on_a_folder = HashMap::from([("CAUSEWAY_LOCAL_ROOT".to_owned(), folder.path().display().to_string())]);
    BTreeMap::from([
        ("listens", Counted::start(function, &on_a_folder).instructions()),
        ("signed_call", cloud.first_call()),
        ("signed_call_over_tls", cloud.first_call_over_tls()),
    ])
}

/// Counts of other compilers and processors are others.
fn toolchain() -> Value {
    let output = Command::new("rustc").arg("--version").output().expect("rustc");
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    json!({ "rustc": version, "processor": std::env::consts::ARCH, "profile": "release" })
}

fn findings(kept: &Value, counted: &BTreeMap<String, Counts>) -> Vec<String> {
    let each = counted.iter().flat_map(|(function, counts)| counts.iter().map(move |it| (function, it)));
    let finding = |(function, (moment, count)): (&String, (&&str, &u64))| {
        let Some(before) = kept["instructions"][function][*moment].as_u64() else {
            return Some(format!("{function}, {moment}: {count} instructions, and no count in {FILE}"));
        };
        let percent = (*count as f64 / before as f64 - 1.0) * 100.0;
        let text = || format!("{function}, {moment}: {count} instructions, {percent:+.1} % of {before}");
        (percent.abs() > TOLERANCE).then(text)
    };
    each.filter_map(finding).collect()
}

/// `WRITE_STARTS=1` writes the counts anew.
#[test]
fn starts_take_the_instructions_that_they_took() {
    if !counted::is_there() {
        return skip("the instructions of starts", "there is no valgrind");
    }
    let writes = std::env::var_os("WRITE_STARTS").is_some();
    let kept = if path(FILE).exists() { json(FILE) } else { Value::Null };
    if !writes && kept["toolchain"] != toolchain() {
        return notice(&format!("SKIPPED the instructions of starts: kept are those of {}", kept["toolchain"]));
    }
    let counted: BTreeMap<_, _> =
        programs::functions().iter().map(|it| (it.name.to_owned(), counts(it.name))).collect();
    if writes {
        let text = format!("{:#}\n", json!({ "toolchain": toolchain(), "instructions": counted }));
        return fs::write(path(FILE), text).expect("written");
    }
    let findings = findings(&kept, &counted);
    assert!(findings.is_empty(), "{}\nWRITE_STARTS=1 keeps these counts", findings.join("\n"));
}

#[test]
fn what_became_dearer_or_cheaper_is_found() {
    let kept = json!({ "instructions": { "a": { "listens": 1_000_000 } } });
    let of = |function: &str, moment, count| BTreeMap::from([(function.to_owned(), BTreeMap::from([(moment, count)]))]);
    let check = |count: u64, expected: usize| {
        assert_eq!(findings(&kept, &of("a", "listens", count)).len(), expected, "{count}");
    };
    check(1_000_000, 0);
    check(1_049_000, 0);
    check(1_060_000, 1);
    check(900_000, 1);
    assert_eq!(findings(&kept, &of("b", "listens", 1)).len(), 1, "one that is new");
    assert_eq!(findings(&kept, &of("a", "signed_call", 1)).len(), 1, "a moment that is new");
}

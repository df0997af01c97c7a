//! The workspace's own rules, checked from its metadata and files. All findings come in one message.
//!
//! Which crate may see which is the table `MAY_SEE`; the other rules are functions named after what they
//! forbid or demand.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Crates of ours that each crate may depend on. `functions` stands for every function.
const MAY_SEE: &[(&str, &[&str])] = &[
    ("causeway-fdk", &[]),
    ("crc-fast", &[]),
    ("causeway-resilience", &[]),
    ("causeway-oci-emulator", &[]),
    ("causeway-cloud", &["causeway-resilience"]),
    ("causeway-oci-auth", &["causeway-resilience"]),
    ("causeway-oci-client", &["causeway-oci-auth", "causeway-resilience"]),
    ("causeway-adapters", &["causeway-cloud", "causeway-oci-client", "causeway-oci-auth", "causeway-resilience"]),
    ("causeway-runtime", &["causeway-fdk", "causeway-resilience"]),
    ("causeway-decisioning", &["causeway-cloud", "causeway-resilience"]),
    (
        "functions",
        &["causeway-runtime", "causeway-cloud", "causeway-decisioning", "causeway-resilience", "causeway-adapters"],
    ),
];

/// Foreign crates that a crate must not depend on, by prefix.
const MUST_NOT_SEE: &[(&str, &[&str])] = &[
    ("causeway-decisioning", &["tokio", "hyper", "reqwest", "lambda_runtime", "aws-"]),
    ("causeway-cloud", &["reqwest", "aws-", "lambda_runtime"]),
    ("functions", &["reqwest", "hyper", "lambda_runtime", "aws-", "tokio"]),
    ("causeway-resilience", &["tokio", "reqwest", "hyper", "aws-"]),
];

/// Borders that a package does not have: the checker opens connections of its own, whose address it has looked at.
const SEES_ALL_THE_SAME: &[(&str, &[&str])] = &[("health-checker", &["tokio", "hyper"])];

/// The only sources that read the process environment.
const READS_ENVIRONMENT: &[&str] = &[
    "shared/runtime/src/hosts/",
    // In tests, whether they write what they compare.
    "shared/runtime/src/schema.rs",
    "shared/fdk/src/config.rs",
    "shared/oci-auth/src/effects/system.rs",
    "shared/local-cloud/",
];

/// The only sources that handle private keys: ours for signing, and the emulator's, which hands them out.
const HOLDS_KEYS: &[&str] = &["shared/oci-auth", "shared/oci-emulator"];

/// Crates that stand in for published ones, whose names they must keep.
const STANDS_IN: &[&str] = &["crc-fast"];

const MAX_LINES: usize = 400;

struct Package {
    name: String,
    folder: PathBuf,
    is_function: bool,
    dependencies: Vec<String>,
}

#[test]
fn tidy() {
    let findings = findings(&root());
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

/// All that is wrong with the workspace in this folder.
pub(crate) fn findings(root: &Path) -> Vec<String> {
    let packages = packages(root);
    let mut findings = Vec::new();
    let members: BTreeSet<_> = packages.iter().map(|package| package.name.as_str()).collect();
    for package in &packages {
        crate_borders(package, &members, &mut findings);
        if package.is_function {
            function_is_complete(root, package, &mut findings);
        }
    }
    for file in rust_files(root) {
        let text = std::fs::read_to_string(root.join(&file)).expect("source");
        source_rules(&file, &text, &mut findings);
    }
    panics_unwind(root, &mut findings);
    findings
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace root").to_owned()
}

fn packages(root: &Path) -> Vec<Package> {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(["metadata", "--no-deps", "--format-version", "1", "--locked"]).current_dir(root).output();
    let output = output.expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    metadata["packages"].as_array().expect("packages").iter().map(|package| read_package(root, package)).collect()
}

fn read_package(root: &Path, package: &Value) -> Package {
    let manifest = Path::new(package["manifest_path"].as_str().expect("path"));
    let folder = manifest.parent().and_then(|folder| folder.strip_prefix(root).ok()).expect("member").to_owned();
    let normal = package["dependencies"].as_array().expect("dependencies").iter().filter(|one| one["kind"].is_null());
    Package {
        name: package["name"].as_str().expect("name").to_owned(),
        is_function: folder.starts_with("functions"),
        dependencies: normal.map(|one| one["name"].as_str().expect("name").to_owned()).collect(),
        folder,
    }
}

fn crate_borders(package: &Package, members: &BTreeSet<&str>, findings: &mut Vec<String>) {
    let row = if package.is_function { "functions" } else { &package.name };
    let rule = |table: &'static [(&str, &'static [&'static str])]| {
        table.iter().find(|(name, _)| *name == row).map(|(_, names)| *names)
    };
    let ours: BTreeSet<_> = package.dependencies.iter().filter(|name| members.contains(name.as_str())).collect();
    if let Some(allowed) = rule(MAY_SEE) {
        for name in ours.iter().filter(|name| !allowed.contains(&name.as_str())) {
            findings.push(format!("{}: must not depend on {name}", package.name));
        }
    }
    let exempt = SEES_ALL_THE_SAME.iter().find(|(name, _)| *name == package.name).map_or(&[][..], |(_, names)| names);
    for prefix in rule(MUST_NOT_SEE).unwrap_or_default() {
        for name in
            package.dependencies.iter().filter(|name| is_named(name, prefix) && !exempt.contains(&name.as_str()))
        {
            findings.push(format!("{}: must not depend on {name}", package.name));
        }
    }
    let expected = package.folder.file_name().and_then(|name| name.to_str()).expect("folder");
    let is_shared = package.folder.starts_with("shared") && !STANDS_IN.contains(&expected);
    let wanted = if is_shared { format!("causeway-{expected}") } else { expected.to_owned() };
    if package.name != wanted {
        findings.push(format!("{}: folder {} asks for the name {wanted}", package.name, package.folder.display()));
    }
}

fn is_named(name: &str, prefix: &str) -> bool {
    name == prefix || (prefix.ends_with('-') && name.starts_with(prefix))
}

fn rust_files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for top in ["functions", "shared", "tests"] {
        collect(&root.join(top), &mut files);
    }
    let mut files: Vec<_> = files.iter().map(|file| file.strip_prefix(root).expect("below root").to_owned()).collect();
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()) {
        if entry.is_dir() && !entry.ends_with("target") {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

fn source_rules(file: &Path, text: &str, findings: &mut Vec<String>) {
    let shown = file.display();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        findings.push(format!("{shown}: {lines} lines, at most {MAX_LINES}"));
    }
    // This file names what it forbids.
    if file == Path::new("tests/tidy.rs") {
        return;
    }
    for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains("set_var(")) {
        findings.push(format!("{shown}:{}: the environment must not be changed: {}", number + 1, line.trim()));
    }
    if is_test(file) {
        return;
    }
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    for (number, line) in product.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (rule, broken) in line_rules(file, code) {
            if broken {
                findings.push(format!("{shown}:{}: {rule}: {}", number + 1, line.trim()));
            }
        }
    }
}

fn line_rules(file: &Path, code: &str) -> [(&'static str, bool); 3] {
    let is_main = file.ends_with("main.rs") || file.components().any(|part| part.as_os_str() == "examples");
    let panics = code.contains(".unwrap()") || code.contains(".expect(\"");
    let reads = code.contains("env::var(") || code.contains("env::var_os(") || code.contains("env::vars");
    let allowed = READS_ENVIRONMENT.iter().any(|place| file.starts_with(place)) || file.ends_with("build.rs");
    let key = code.contains("PRIVATE KEY") || code.contains("PRIVATE_PEM");
    [
        ("no unwrap or expect outside tests and main", panics && !is_main),
        ("only hosts read the environment", reads && !allowed && !is_main),
        ("only oci-auth reads key material", key && !HOLDS_KEYS.iter().any(|place| file.starts_with(place))),
    ]
}

fn is_test(file: &Path) -> bool {
    file.starts_with("tests")
        || file.ends_with("tests.rs")
        // Property tests beside the code.
        || file.ends_with("laws.rs")
        || file.ends_with("test_keys.rs")
        || file.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "fuzz_targets")
        // Suites that adapters' tests call.
        || file.components().any(|part| part.as_os_str().to_string_lossy().starts_with("conformance"))
}

/// A function is known to both clouds, under one name, with the same settings, and to the local cloud.
/// The harness reads the folder names.
fn function_is_complete(root: &Path, package: &Package, findings: &mut Vec<String>) {
    let name = &package.name;
    let mut missing = |what: String| findings.push(format!("{name}: {what}"));
    for file in ["src/lib.rs", "src/main.rs"] {
        if !root.join(&package.folder).join(file).is_file() {
            missing(format!("no {file}"));
        }
    }
    let events = std::fs::read_dir(root.join(&package.folder).join("events")).into_iter().flatten();
    let is_json = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
    if !events.flatten().any(|entry| is_json(&entry.path())) {
        missing("no sample event in events/".to_owned());
    }
    let fn_keys = config_keys(root, &format!("func-yaml/{name}/func.yaml"), &["config"]);
    let lambda_keys = config_keys(root, "serverless.yml", &["functions", name, "environment"]);
    match (fn_keys, lambda_keys) {
        (Err(problem), _) | (_, Err(problem)) => missing(problem),
        (Ok(one), Ok(other)) if one != other => {
            missing(format!("func.yaml has the settings {one:?}, serverless.yml has {other:?}"));
        }
        _ => {}
    }
    const LINKED: &str = "shared/local-cloud/src/functions.rs";
    let linked = std::fs::read_to_string(root.join(LINKED)).unwrap_or_default();
    let used = format!("{}::", name.replace('-', "_"));
    if !linked.lines().any(|line| line.split("//").next().is_some_and(|code| code.contains(&used))) {
        missing(format!("not in {LINKED}"));
    }
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap_or_default();
    if !readme.contains(name.as_str()) {
        missing("not in README.md".to_owned());
    }
}

fn config_keys(root: &Path, file: &str, path: &[&str]) -> Result<BTreeSet<String>, String> {
    let text = std::fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))?;
    let mut value: Value = serde_yaml_ng::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
    for step in path {
        value = value.get_mut(*step).map(Value::take).ok_or_else(|| format!("{file}: no {}", path.join(".")))?;
    }
    let keys: BTreeMap<String, Value> = serde_json::from_value(value).map_err(|error| format!("{file}: {error}"))?;
    Ok(keys.into_keys().collect())
}

/// A panic must become an answer, so both profiles say it in so many words.
fn panics_unwind(root: &Path, findings: &mut Vec<String>) {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).expect("root manifest");
    for profile in ["[profile.release]", "[profile.dist]"] {
        let section = manifest.split(profile).nth(1).unwrap_or_default();
        let section = section.split("\n[").next().unwrap_or_default();
        if !section.contains("panic = \"unwind\"") {
            findings.push(format!("Cargo.toml: {profile} does not say panic = \"unwind\""));
        }
    }
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).expect("lock file");
    for name in STANDS_IN {
        let head = format!("name = \"{name}\"\n");
        let entries = lock.split("[[package]]\n").filter(|entry| entry.starts_with(&head));
        if entries.into_iter().any(|entry| entry.contains("source = ")) {
            findings.push(format!("Cargo.lock: the published {name} is in the tree: the patch no longer fits"));
        }
    }
    if lock.contains("name = \"aws-lc-sys\"") {
        findings.push("Cargo.lock: aws-lc-sys is in the tree".to_owned());
    }
}

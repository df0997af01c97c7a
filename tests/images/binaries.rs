//! Static binaries of the functions.
//!
//! Building them from their sources takes as long as all the rest of these tests' builds. The libraries of the release
//! binaries, which other tests have built by then, serve a static binary as well: only `main.rs` is compiled once more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tests::harness::programs::{self, Program};

use crate::engine::text;
use crate::root;

/// A directory with the folder `functions`, which has a static binary of each function. `TEST_STATIC_BIN_DIR` names one
/// with such binaries that are there already.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let functions = folder.path().join("functions");
    fs::create_dir(&functions).expect("a folder");
    if let Some(given) = std::env::var_os("TEST_STATIC_BIN_DIR") {
        take(Path::new(&given), &functions);
    } else {
        link_all(&functions);
    }
    folder
}

fn take(given: &Path, functions: &Path) {
    for function in programs::functions() {
        let file = given.join(function.name);
        fs::copy(&file, functions.join(function.name)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

fn link_all(functions: &Path) {
    let libraries = programs::libraries();
    for function in programs::functions() {
        let dependencies = function.path.with_file_name("deps");
        text(link(&function, &dependencies, &libraries, &functions.join(function.name)));
    }
}

/// What is compiled here is glue, which need not be fast: unoptimised it takes two seconds in place of twenty.
fn link(function: &Program, dependencies: &Path, libraries: &BTreeMap<String, PathBuf>, to: &Path) -> Command {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(root()).args(["--edition", "2024", "--crate-type", "bin", "--crate-name"]);
    rustc.arg(function.name.replace('-', "_")).arg(format!("functions/{function}/src/main.rs"));
    rustc.args(["-C", "target-feature=+crt-static", "-C", "strip=symbols"]);
    rustc.arg("-L").arg(format!("dependency={}", dependencies.display()));
    for (name, file) in libraries {
        rustc.arg("--extern").arg(format!("{name}={}", file.display()));
    }
    rustc.arg("-o").arg(to);
    rustc
}

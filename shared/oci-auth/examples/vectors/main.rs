//! Runs a file of OCI authentication vectors, in the format of `tests/data/vectors.json`, against this crate:
//!
//! ```text
//! cargo run -p causeway-oci-auth --example vectors -- FILE.json
//! ```
//!
//! Prints a line per case (`ok id` or `FAIL id: why`) and the counts by group and in all. Ends with 0 when every case
//! passed, with 1 when one failed, and with 2 when the file cannot be read or holds no cases.

mod suite;

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else { return unusable("which file?") };
    let file = match std::fs::read(&path) {
        Ok(file) => file,
        Err(error) => return unusable(&format!("{}: {error}", path.display())),
    };
    match suite::run(&file) {
        Ok(report) => print(&report),
        Err(reason) => unusable(&reason),
    }
}

fn print(report: &suite::Report) -> ExitCode {
    if let Err(error) = write!(io::stdout().lock(), "{report}") {
        return unusable(&error.to_string());
    }
    if report.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn unusable(reason: &str) -> ExitCode {
    // Standard error may be closed; then the exit code alone tells.
    let _ = writeln!(io::stderr(), "{reason}");
    ExitCode::from(2)
}

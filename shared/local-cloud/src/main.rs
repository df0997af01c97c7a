//! The `causeway` executable.

use std::process::ExitCode;

fn main() -> ExitCode {
    causeway_local_cloud::main()
}

//! `causeway seed`: loads files into a running `causeway up`.

use std::process::ExitCode;

use super::print;
use crate::arguments::Seed;
use crate::cli::CliError;
use crate::oci::target::{SendError, Target};
use crate::seed::{self, SeedError};

/// A file is wrong (`EX_DATAERR`).
const EXIT_INVALID: u8 = 65;
/// No server (`EX_UNAVAILABLE`).
const EXIT_UNAVAILABLE: u8 = 69;
/// It stopped halfway (`EX_TEMPFAIL`): what is there is not added again by the next try.
const EXIT_HALFWAY: u8 = 75;

pub(crate) async fn run(args: Seed) -> Result<ExitCode, CliError> {
    let target = Target::at(&args.server.url()).map_err(CliError::usage)?;
    for file in &args.files {
        let report = seed::load(&target, file).await.map_err(|error| failed(&error))?;
        print(&format!("{}: {report}\n", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// With the exit status for it.
pub(super) fn failed(error: &SeedError) -> CliError {
    match error {
        SeedError::Invalid(problems) => CliError { text: problems.join("\n"), exit: EXIT_INVALID },
        SeedError::Halfway { .. } => CliError { text: error.to_string(), exit: EXIT_HALFWAY },
        SeedError::Unreachable(error) => unavailable(error),
    }
}

/// No server, or one that does not want to.
pub(super) fn unavailable(error: &SendError) -> CliError {
    CliError { text: error.to_string(), exit: EXIT_UNAVAILABLE }
}

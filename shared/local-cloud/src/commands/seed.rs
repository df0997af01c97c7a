//! `causeway seed`: loads files into a running `causeway up`.

use std::process::ExitCode;

use super::print;
use crate::arguments::Seed;
use crate::cli::CliError;
use crate::oci::target::Target;
use crate::seed::{self, SeedError};

/// A file is wrong (`EX_DATAERR`).
const EXIT_INVALID: u8 = 65;
/// No server (`EX_UNAVAILABLE`).
pub(super) const EXIT_UNAVAILABLE: u8 = 69;
/// It stopped halfway (`EX_TEMPFAIL`): what is there is not added again by the next try.
const EXIT_HALFWAY: u8 = 75;

pub(crate) async fn run(args: Seed) -> Result<ExitCode, CliError> {
    let url = args.server.url();
    let target = Target::at(&url).map_err(CliError::usage)?;
    for file in &args.files {
        let report = seed::load(&target, file).await.map_err(|error| failed(&error, &url))?;
        print(&format!("{}: {report}\n", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// With the exit status for it.
pub(super) fn failed(error: &SeedError, url: &str) -> CliError {
    match error {
        SeedError::Invalid(problems) => CliError { text: problems.join("\n"), exit: EXIT_INVALID },
        SeedError::Halfway { .. } => CliError { text: error.to_string(), exit: EXIT_HALFWAY },
        SeedError::Unreachable(reason) => unavailable(reason, url),
    }
}

/// How to get a server.
pub(super) fn unavailable(reason: &str, url: &str) -> CliError {
    let port = url.rsplit(':').next().filter(|port| port.parse::<u16>().is_ok());
    let command = port.map_or("causeway up".to_owned(), |port| format!("causeway up --port {port}"));
    CliError { text: format!("{reason}; start a server with `{command}`"), exit: EXIT_UNAVAILABLE }
}

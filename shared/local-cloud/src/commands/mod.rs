//! One module for each command.

pub(crate) mod demo;
pub(crate) mod env;
pub(crate) mod invoke;
pub(crate) mod list;
pub(crate) mod seed;
mod summary;
pub(crate) mod up;

use std::io::{self, Write};

use crate::cli::CliError;

/// Prints to stdout; a reader that hung up (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::io("stdout", &error)),
        _ => Ok(()),
    }
}

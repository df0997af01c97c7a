//! Commands of the executable beside those of every function.

pub mod forecast;
pub mod report;

use std::io::Write;

use causeway_runtime::Tool;

/// Exit status for input that is wrong (`EX_DATAERR`).
pub(crate) const EXIT_INPUT: u8 = 65;
/// Exit status for a file that cannot be read (`EX_NOINPUT`).
pub(crate) const EXIT_NO_INPUT: u8 = 66;
/// Exit status for output that cannot be written (`EX_IOERR`).
pub(crate) const EXIT_OUTPUT: u8 = 74;

/// All of them.
pub(crate) fn all() -> Vec<Tool> {
    vec![Tool { command: report::command, run: report::run }, Tool { command: forecast::command, run: forecast::run }]
}

/// Why nothing was printed.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) u8, pub(crate) String);

/// A reader that hung up (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure(EXIT_OUTPUT, error.to_string())),
        _ => Ok(()),
    }
}

//! Commands that a function has of its own.

use std::io::{self, Write};
use std::process::ExitCode;

use futures_util::future::LocalBoxFuture;

/// A command beside `invoke`, `serve`, `schema` and `config`, for work that needs no started function: replays of
/// recorded input, reports on files. It reads no settings and has the process to itself.
#[derive(Clone, Copy)]
pub struct Tool {
    /// Name, arguments and help. The name must not be one that every function has.
    pub command: fn() -> clap::Command,
    /// Does it; the exit status is the process's. Statuses for failures are those of `invoke`.
    pub run: fn(&clap::ArgMatches) -> ExitCode,
}

/// A command for work that needs the started function `H`, connected as for a call: the same over many objects, with
/// progress on the terminal. Settings are read and checked before; the work runs on the runtime that calls run on.
pub struct StartedTool<H> {
    /// As [`Tool::command`].
    pub command: fn() -> clap::Command,
    /// As [`Tool::run`].
    pub run: for<'a> fn(&'a H, &'a clap::ArgMatches) -> LocalBoxFuture<'a, ExitCode>,
}

/// Exit status for input that is wrong (`EX_DATAERR`).
pub const EXIT_INPUT: u8 = 65;
/// Exit status for a file that cannot be read (`EX_NOINPUT`).
pub const EXIT_NO_INPUT: u8 = 66;
/// Exit status for output that cannot be written (`EX_IOERR`).
pub const EXIT_OUTPUT: u8 = 74;

/// Why a command did not do, or not all of, its work: its exit status, and what people are told.
#[derive(Debug)]
pub struct Failure(pub u8, pub String);

/// The end of a command: a failure is told on standard error. `name` is that of the function and the command.
pub fn ended(name: &str, done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(status, text)) => {
            let _ = writeln!(io::stderr(), "{name}: {text}");
            ExitCode::from(status)
        }
    }
}

/// Writes to standard output. A reader that hung up (`| head`) is no error.
///
/// # Errors
/// [`EXIT_OUTPUT`] with the reason.
pub fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure(EXIT_OUTPUT, error.to_string())),
        _ => Ok(()),
    }
}

//! Commands that a function has of its own.

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

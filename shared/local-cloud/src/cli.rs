//! The command line of `causeway`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::arguments::{Demo, Env, Invoke, Seed, Up};
use crate::child;
use crate::commands::{demo, env, invoke, list, seed, up};

/// Interrupted, as shells count it.
const EXIT_INTERRUPTED: u8 = 130;

const EXAMPLES: &str = "\
Examples:
  causeway demo                                     sample data -> five agents -> summary, result.json, dashboard.html
  causeway invoke discovery-agent -d '{}' --root my-data
  causeway up                                       Fn's, Lambda's and OCI's HTTP APIs on this machine
  eval \"$(causeway env)\"                            oci, fn, boto3 and aws talk to it
  causeway seed shared/local-cloud/seeds/sample.json  puts instances, metrics and usage there
  causeway list";

/// Runs Causeway's functions on this machine the way Fn and Lambda do.
#[derive(Debug, Parser)]
#[command(name = "causeway", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the five decisioning agents over the sample data, or over your own, and shows what they find.
    ///
    /// Puts the Superstore orders, or the files of --data, into a bucket of an OCI in memory, starts the flow and its
    /// agents as processes of their own, shows each stage while it runs, prints the executive summary, and writes
    /// DIR/result.json, DIR/dashboard.html, a page for any browser, and DIR/export.json, its figures. Logs are in
    /// DIR/logs. Running it again replaces them.
    Demo(Demo),
    /// Serves all functions over HTTP, with the APIs of Fn and of Lambda, and OCI's services beside them.
    ///
    /// The functions are resource principals of that OCI and work on its bucket `causeway`, which has sample
    /// tables; with --root they work on a directory. Variables that choose another cloud or other credentials
    /// (CAUSEWAY_CLOUD, CAUSEWAY_OCI_AUTH, CAUSEWAY_OCI_ENDPOINT, OCI_RESOURCE_PRINCIPAL_*) are left to them.
    ///
    /// A function starts on its first call, is restarted when it died, is stopped when it overruns its time,
    /// and ends when it was idle for a while. Ctrl-C ends everything.
    ///
    /// With --scenario autoscaler OCI has a few machines of 32 OCPUs whose load is that of traces, and every five
    /// minutes flex-autoscaler is called with {"kind":"tick"}, as a schedule does, and resizes them, with restarts of
    /// two minutes. Time is simulated, for OCI's services and the function alike: it begins on a Monday in 2024, three
    /// hours into the traces, and moves by minutes; --speed says how fast. Signatures and time limits go by real time.
    /// What the machines need is the trace; what is measured next is that divided by the size they have by then. A
    /// line is printed for each machine that changes or has too little, and a sum at the end. The same seed or traces
    /// give the same lines. FLEX_AUTOSCALER_MODE and FLEX_AUTOSCALER_POLICY hold as in a deployment; unset, they are
    /// `enforce` and the defaults with restarts allowed and without memory, of which traces say nothing.
    ///
    /// With --scenario failover OCI's Object Storage is out for 90 s while the discovery agent and the decisioning flow
    /// are called every 6 s. All functions have a second side of the storage: S3, where moto_server is in the path or in
    /// target/tools/aws-python/bin, else a directory. A line for each minute tells who answered, how often a call was made
    /// again (twice at most), and how the storage's circuit breaker stands; in the end every run is asked for once more.
    /// The exit status is 1 when a request or a result was lost. Time is real, twice as fast unless --speed says.
    #[command(after_help = "\
Examples:
  causeway up --root my-data
  causeway up --scenario autoscaler                 # machines, load, and the autoscaler at work
  causeway up --scenario failover                   # Object Storage fails, functions go on
  curl -d '{}' http://127.0.0.1:8080/invoke/discovery-agent
  curl -d '{}' http://127.0.0.1:8080/t/causeway/discovery-agent
  curl -d '{}' http://127.0.0.1:8080/2015-03-31/functions/discovery-agent/invocations")]
    Up(Up),
    /// Calls one function once and prints its reply.
    ///
    /// The exit status is 0 for a result, 65 when the function refused the request, 70 when it failed, 75 when
    /// time ran out. The function's log goes to stderr.
    #[command(after_help = "\
Examples:
  causeway invoke discovery-agent -d '{\"data_sources\":[\"sales\"]}' --root causeway-demo/bucket
  echo '{\"test_type\":\"imports\"}' | causeway invoke discovery-agent")]
    Invoke(Invoke),
    /// Loads a file into a running `causeway up`: buckets, instances, metrics, usage and more.
    ///
    /// The format is described in shared/local-cloud/seeds/README.md. Loading the same file again changes
    /// nothing. The file is checked before anything is sent.
    #[command(after_help = "\
Examples:
  causeway seed shared/local-cloud/seeds/sample.json
  causeway seed --port 9090 cpu.yaml usage.json")]
    Seed(Seed),
    /// Prints shell commands that make `oci`, `fn`, boto3 and `aws` talk to a running `causeway up`.
    ///
    /// Makes a throw-away API key and a profile for it in DIR, and lets the server know the key; one that is there
    /// already is used again. The keys for AWS are for this server alone and open nothing. With --unset the
    /// commands undo it.
    #[command(after_help = "\
Examples:
  eval \"$(causeway env)\"
  oci os ns get
  oci fn function invoke --function-id \"$FN_DISCOVERY_AGENT_OCID\" --file - --body '{}'
  causeway env --json")]
    Env(Env),
    /// Lists all functions.
    List {
        /// As JSON in place of a table.
        #[arg(long)]
        json: bool,
    },
    /// The process of one function; the supervisor starts it.
    #[command(name = "__function", hide = true)]
    Function {
        /// Which.
        name: String,
        /// A directory of the supervisor's, to be removed if it is killed.
        #[arg(long)]
        clean: Option<PathBuf>,
        /// A file with the time of a scenario.
        #[arg(long)]
        clock: Option<PathBuf>,
    },
}

/// What ends a command: a text for the user and an exit status.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) text: String,
    pub(crate) exit: u8,
}

impl CliError {
    /// The command line is wrong (`EX_USAGE`).
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), exit: 64 }
    }

    /// This machine does not let us (`EX_IOERR`).
    pub(crate) fn io(what: impl std::fmt::Display, error: &io::Error) -> Self {
        Self { text: format!("{what}: {error}"), exit: 74 }
    }
}

/// Parses the command line and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    let outcome = match command {
        Command::Function { name, clean, clock } => return child::run(&name, clean, clock),
        Command::List { json } => list::run(json),
        Command::Demo(args) => block_on(demo::run(args)),
        Command::Up(args) => on_all_cores(up::run(args)),
        Command::Seed(args) => block_on(seed::run(args)),
        Command::Env(args) => block_on(env::run(args)),
        Command::Invoke(args) => block_on(invoke::run(args)),
    };
    outcome.unwrap_or_else(|error| {
        // Standard error may be closed; the status still tells.
        let _ = writeln!(io::stderr(), "causeway: {}", error.text);
        ExitCode::from(error.exit)
    })
}

/// For what serves many at a time.
fn on_all_cores(command: impl Future<Output = Result<ExitCode, CliError>>) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| CliError::io("no runtime", &error))?.block_on(command)
}

fn block_on(command: impl Future<Output = Result<ExitCode, CliError>>) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::io("no runtime", &error))?.block_on(command)
}

/// Ctrl-C, SIGTERM and the terminal's end. Listened to before anything is made that has to be cleaned up.
pub(crate) struct Signals([Signal; 3]);

impl Signals {
    pub(crate) fn listen() -> Result<Self, CliError> {
        let listen = |kind| signal(kind).map_err(|error| CliError::io("signals", &error));
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(listen);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    pub(crate) async fn wait(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    /// Runs `work` unless a signal comes first; either way the caller cleans up afterwards.
    pub(crate) async fn unless<T>(&mut self, work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        tokio::select! {
            outcome = work => outcome,
            () = self.wait() => Err(CliError { text: "interrupted".to_owned(), exit: EXIT_INTERRUPTED }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}

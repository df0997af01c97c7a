//! The command line of `causeway`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cloud::{Limits, Program};
use crate::commands::{demo, invoke, list, up};
use crate::{child, environment, functions};

/// Interrupted, as shells count it.
const EXIT_INTERRUPTED: u8 = 130;
/// Where `causeway demo` leaves its bucket, unless told otherwise.
const DEMO_BUCKET: &str = "causeway-demo/bucket";

const EXAMPLES: &str = "\
Examples:
  causeway demo                                     sample data -> discovery agent -> table and result.json
  causeway invoke discovery-agent -d '{}' --root my-data
  causeway up --port 8080                           Fn's and Lambda's HTTP API on this machine
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
    /// Profiles the sample data with the discovery agent and shows the result.
    ///
    /// Copies the Superstore orders into DIR/bucket, starts the agent as a child process, calls it through its
    /// socket, prints a table and writes DIR/result.json. Running it again replaces both.
    Demo(Demo),
    /// Serves all functions over HTTP, with the API of Fn and that of Lambda.
    ///
    /// A function starts on its first call, is restarted when it died, is stopped when it overruns its time,
    /// and ends when it was idle for a while. Ctrl-C ends everything.
    #[command(after_help = "\
Examples:
  causeway up --root my-data
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
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Directory for the bucket, the result and the logs; made if missing.
    #[arg(long, value_name = "DIR", default_value = "causeway-demo")]
    pub(crate) out: PathBuf,
    /// Shows the function's log as well.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bounds {
    /// Directory that stands in for the bucket [default: causeway-demo/bucket, which `causeway demo` makes].
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Time for one call, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Memory that functions are told they have, in MB.
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=10_240))]
    memory: u32,
    /// Kills a function that holds more than that, as the platforms do. Builds without optimisation need more
    /// than others.
    #[arg(long)]
    enforce_memory: bool,
    /// Also writes each function's log to DIR/<function>.log.
    #[arg(long, value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Port; 0 picks a free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Address to listen on. Anybody who reaches it can run the functions.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) host: IpAddr,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    /// Processes of one function that may run at the same time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    max_processes: u16,
    /// Seconds after which an idle process is ended.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    idle_timeout: u64,
    /// Pauses before a failed asynchronous call of Lambda is tried again, in seconds: none, one or two numbers.
    /// Lambda itself waits 60,120.
    #[arg(long, value_name = "SECONDS", default_value = "1,2", value_parser = waits)]
    event_retry_waits: Waits,
    /// Shows the functions' logs.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Shows no line per request.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Invoke {
    /// Name of the function; `causeway list` shows them.
    pub(crate) function: String,
    /// The request as text.
    #[arg(short, long, value_name = "JSON", conflicts_with = "file")]
    pub(crate) data: Option<String>,
    /// A file with the request. Without -d and -f it is read from standard input.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

impl Bounds {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            call_timeout: Duration::from_secs(self.timeout),
            memory_mb: self.memory,
            enforce_memory: self.enforce_memory,
            ..Limits::default()
        }
    }

    /// The bucket's directory: the option, else the variable, else the demo's.
    pub(crate) fn root(&self) -> Result<PathBuf, CliError> {
        let variable = || std::env::var_os("CAUSEWAY_LOCAL_ROOT").filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = self.root.clone().or_else(variable).unwrap_or_else(|| PathBuf::from(DEMO_BUCKET));
        let absolute = root.canonicalize().ok().filter(|root| root.is_dir());
        absolute.ok_or_else(|| {
            let hint = "give one with --root DIR, or run `causeway demo` first";
            CliError::usage(format!("there is no directory {}; {hint}", root.display()))
        })
    }
}

impl Up {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            max_processes: usize::from(self.max_processes),
            idle_timeout: Duration::from_secs(self.idle_timeout),
            event_retry_waits: self.event_retry_waits.0.clone(),
            ..self.bounds.limits()
        }
    }
}

/// Pauses between tries. A type of its own, because clap would take a list for an option given several times.
#[derive(Debug, Clone, PartialEq)]
struct Waits(Vec<Duration>);

fn waits(text: &str) -> Result<Waits, String> {
    if text == "none" {
        return Ok(Waits(Vec::new()));
    }
    let wait = |part: &str| part.trim().parse().ok().filter(|seconds| (0.0..=3600.0).contains(seconds));
    let waits: Option<Vec<f64>> = text.split(',').map(wait).collect();
    let waits = waits.filter(|waits| waits.len() <= 2).ok_or("none, or one or two numbers from 0 to 3600")?;
    Ok(Waits(waits.into_iter().map(Duration::from_secs_f64).collect()))
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
        Command::Function { name } => return child::run(&name),
        Command::List { json } => list::run(json),
        Command::Demo(args) => block_on(demo::run(args)),
        Command::Up(args) => block_on(up::run(args)),
        Command::Invoke(args) => block_on(invoke::run(args)),
    };
    outcome.unwrap_or_else(|error| {
        // Standard error may be closed; the status still tells.
        let _ = writeln!(io::stderr(), "causeway: {}", error.text);
        ExitCode::from(error.exit)
    })
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

/// All linked functions as programs: this executable again, over the given bucket.
pub(crate) fn programs(root: &std::path::Path) -> Result<Vec<Program>, CliError> {
    let executable = std::env::current_exe().map_err(|error| CliError::io("this executable", &error))?;
    let program = |function: &functions::Function| {
        let mut variables: Vec<_> = environment::allowed(environment::own(), function.prefix).collect();
        variables.retain(|(name, _)| name != "CAUSEWAY_LOCAL_ROOT");
        variables.push(("CAUSEWAY_LOCAL_ROOT".to_owned(), root.display().to_string()));
        Program {
            name: function.name.to_owned(),
            about: function.about.to_owned(),
            executable: executable.clone(),
            arguments: vec![OsString::from("__function"), OsString::from(function.name)],
            environment: variables,
        }
    };
    Ok(functions::FUNCTIONS.iter().map(program).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_tries() {
        let check = |text: &str, expected: Option<&[f64]>| {
            let expected = expected.map(|waits| waits.iter().map(|s| Duration::from_secs_f64(*s)).collect());
            assert_eq!(waits(text).ok(), expected.map(Waits), "{text}");
        };
        check("1,2", Some(&[1.0, 2.0]));
        check("60, 120", Some(&[60.0, 120.0]));
        check("0.5", Some(&[0.5]));
        check("none", Some(&[]));
        for bad in ["", "1,2,3", "-1", "x", "NaN", "inf", "3601", "1,"] {
            check(bad, None);
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}

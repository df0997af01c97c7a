//! `flex-autoscaler decide`: the decisions of a tick from recorded inputs, without a cloud.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde::Serialize;

use crate::decide::{Action, decide};
use crate::input::Inputs;
use crate::record::{Record, table};
use crate::state::State;

/// Exit status for input that is wrong (`EX_DATAERR`).
const EXIT_INPUT: u8 = 65;
/// Exit status for a file that cannot be read (`EX_NOINPUT`).
const EXIT_NO_INPUT: u8 = 66;
/// Exit status for output that cannot be written (`EX_IOERR`).
const EXIT_OUTPUT: u8 = 74;
/// Largest document in bytes: three hours of 5,000 machines.
const MAX_BYTES: u64 = 256 << 20;

/// What is printed: what a tick replies, with the state that it would leave and the changes that it would ask for.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    record: Record,
    actions: Vec<Action>,
    state: State,
}

/// Why nothing was printed.
struct Failure(u8, String);

/// The command.
pub(super) fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").required_unless_present("schema");
    let file = file.value_parser(value_parser!(PathBuf)).help("The inputs as JSON; - reads standard input");
    let table = Arg::new("table").long("table").action(ArgAction::SetTrue).help("A table for people in place of JSON");
    let schema = Arg::new("schema").long("schema").action(ArgAction::SetTrue).help("Prints the JSON Schema of FILE");
    Command::new("decide").args([file, table, schema]).about(
        "Decides from recorded inputs, without any cloud, and prints what a tick would reply. The same inputs give the \
         same bytes. The exit status is 65 for wrong inputs.",
    )
}

/// Carries it out.
pub(super) fn run(arguments: &ArgMatches) -> ExitCode {
    match printed(arguments).and_then(|text| print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(status, text)) => {
            let _ = writeln!(std::io::stderr(), "flex-autoscaler decide: {text}");
            ExitCode::from(status)
        }
    }
}

fn printed(arguments: &ArgMatches) -> Result<String, Failure> {
    if arguments.get_flag("schema") {
        return Ok(format!("{:#}\n", schemars::schema_for!(Inputs).to_value()));
    }
    let path = arguments.get_one::<PathBuf>("file").cloned().unwrap_or_else(|| PathBuf::from("-"));
    let text = read(&path).map_err(|error| Failure(EXIT_NO_INPUT, format!("{}: {error}", path.display())))?;
    let outcome = decide(&inputs(&text)?);
    if !outcome.record.policy_problems.is_empty() {
        let problem = |problem: &crate::policy::Problem| format!("policy.{problem}");
        let all: Vec<String> = outcome.record.policy_problems.iter().map(problem).collect();
        return Err(Failure(EXIT_INPUT, all.join("; ")));
    }
    if arguments.get_flag("table") {
        return Ok(table(&outcome.record));
    }
    let shown = Printed { record: outcome.record, actions: outcome.actions, state: outcome.state };
    serde_json::to_string_pretty(&shown)
        .map(|text| text + "\n")
        .map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))
}

fn read(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let source: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(path)?) };
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(std::io::Error::other(format!("is longer than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}

/// The inputs, or where they are wrong.
fn inputs(text: &[u8]) -> Result<Inputs, Failure> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut reader);
    let inputs = read.map_err(|error| Failure(EXIT_INPUT, format!("at {}: {}", error.path(), error.inner())))?;
    reader.end().map_err(|error| Failure(EXIT_INPUT, error.to_string()))?;
    Ok(inputs)
}

/// A reader that hung up (`| head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure(EXIT_OUTPUT, error.to_string())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_inputs_are_told_with_their_place() {
        let check = |text: &str, expected: &str| match inputs(text.as_bytes()) {
            Ok(_) => assert_eq!(expected, "", "{text}"),
            Err(Failure(status, told)) => {
                assert!(status == EXIT_INPUT && !expected.is_empty() && told.contains(expected), "{text}: {told}");
            }
        };
        check(r#"{"now":"2026-09-05T12:00:00Z","instances":[]}"#, "");
        check(r#"{"now":"2026-09-05T12:00:00Z"}"#, "instances");
        check(r#"{"now":"yesterday","instances":[]}"#, "at now");
        check(r#"{"now":"2026-09-05T12:00:00Z","instances":[{"id":1}]}"#, "at instances[0].id");
        check(r#"{"now":"2026-09-05T12:00:00Z","instances":[],"polcy":{}}"#, "polcy");
        check(r#"{"now":"2026-09-05T12:00:00Z","policy":{"up":{"at":1}},"instances":[]}"#, "at policy.up.at");
        check(r#"{"now":"2026-09-05T12:00:00Z","instances":[]} x"#, "trailing");
        check("", "EOF");
        check("7", "at .");
    }
}

//! `flex-autoscaler decide`: the decisions of a tick from recorded inputs, without a cloud.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use causeway_runtime::schema::printed;
use causeway_runtime::tool::{EXIT_INPUT, EXIT_NO_INPUT, EXIT_OUTPUT, Failure, ended, print};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde::{Deserialize, Serialize};

use crate::decide::{Action, decide};
use crate::input::Inputs;
use crate::record::{Record, table};
use crate::schemas;
use crate::state::State;

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
    ended("flex-autoscaler decide", text(arguments).and_then(|text| print(&text)))
}

fn text(arguments: &ArgMatches) -> Result<String, Failure> {
    if arguments.get_flag("schema") {
        return Ok(printed(schemas::INPUTS) + "\n");
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

/// What to say to an audit, which has the decisions and not what they were made from.
fn about_audit(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        line: String,
        inputs: Option<String>,
    }
    let first = text.split(|byte| *byte == b'\n').next()?;
    let head: Head = serde_json::from_slice(first).ok().filter(|head: &Head| head.line == "tick")?;
    Some(match head.inputs {
        Some(name) => format!("this is an audit; what was decided from is in the object {name}"),
        None => "this is an audit; its inputs were not recorded, which takes FLEX_AUTOSCALER_RECORD=inputs".to_owned(),
    })
}

/// The inputs, or where they are wrong.
fn inputs(text: &[u8]) -> Result<Inputs, Failure> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut reader);
    let wrong = |error: serde_path_to_error::Error<serde_json::Error>| {
        about_audit(text).unwrap_or_else(|| format!("at {}: {}", error.path(), error.inner()))
    };
    let inputs = read.map_err(|error| Failure(EXIT_INPUT, wrong(error)))?;
    reader.end().map_err(|error| Failure(EXIT_INPUT, error.to_string()))?;
    Ok(inputs)
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
        check("{\"line\":\"tick\",\"inputs\":\"a/1.inputs.json\"}\n{}\n", "in the object a/1.inputs.json");
        check("{\"line\":\"tick\",\"inputs\":null}\n{}\n", "were not recorded");
        check("7", "at .");
    }
}

//! `health-checker decide`: the decision of a tick from recorded inputs, without a network.

use std::path::PathBuf;
use std::process::ExitCode;

use causeway_runtime::schema::printed;
use causeway_runtime::tool::{EXIT_INPUT, EXIT_OUTPUT, Failure, ended, print};
use causeway_runtime::{Document, read_document};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::read;
use crate::decide::{Inputs, decide};
use crate::schemas;

/// Largest document in bytes: seven hours of 200 tenants.
const MAX_BYTES: u64 = 64 << 20;

/// The command.
pub(super) fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").required_unless_present("schema");
    let file = file.value_parser(value_parser!(PathBuf)).help("The inputs as JSON or YAML; - reads standard input");
    let schema = Arg::new("schema").long("schema").action(ArgAction::SetTrue).help("Prints the JSON Schema of FILE");
    Command::new("decide").args([file, schema]).about(
        "Decides from recorded inputs, without any network, and prints what a tick would: the report and the state \
         that it leaves. The same inputs give the same bytes. The exit status is 65 for wrong inputs.",
    )
}

/// Carries it out.
pub(super) fn run(arguments: &ArgMatches) -> ExitCode {
    ended("health-checker decide", text(arguments).and_then(|text| print(&text)))
}

fn text(arguments: &ArgMatches) -> Result<String, Failure> {
    if arguments.get_flag("schema") {
        return Ok(printed(schemas::INPUTS) + "\n");
    }
    let path = arguments.get_one::<PathBuf>("file").cloned().unwrap_or_else(|| PathBuf::from("-"));
    let outcome = decide(&inputs(&read(&path, MAX_BYTES)?)?);
    serde_json::to_string_pretty(&outcome)
        .map(|text| text + "\n")
        .map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))
}

/// The inputs, or all that is wrong with them.
fn inputs(text: &str) -> Result<Inputs, Failure> {
    let read = read_document(text, MAX_BYTES as usize);
    let document: Document<Inputs> = read.map_err(|problem| Failure(EXIT_INPUT, problem.to_string()))?;
    let problems = document.value.settings.check();
    if problems.is_empty() {
        return Ok(document.value);
    }
    let told = |(path, text)| document.problem(format!("settings.{path}"), text).to_string();
    Err(Failure(EXIT_INPUT, problems.into_iter().map(told).collect::<Vec<_>>().join("; ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn wrong_inputs_are_told_with_their_place() {
        let check = |text: &str, expected: &str| match inputs(text) {
            Ok(_) => assert_eq!(expected, "", "{text}"),
            Err(Failure(status, told)) => {
                assert!(status == EXIT_INPUT && !expected.is_empty() && told.contains(expected), "{text}: {told}");
            }
        };
        check(r#"{"now":"2026-03-11T12:00:00Z"}"#, "");
        check("now: 2026-03-11T12:00:00Z\ntenants: []\n", "");
        check("{}", "missing field `now`");
        check(r#"{"now":"yesterday"}"#, "line 1, column 2: now");
        check(r#"{"now":"2026-03-11T12:00:00Z","findngs":[]}"#, "findngs: unknown field");
        check(
            "now: 2026-03-11T12:00:00Z\nsettings:\n  tick:\n    at_once: 0\n",
            "line 4, column 5: settings.tick.at_once",
        );
        check(
            "now: 2026-03-11T12:00:00Z\ntenants:\n  - tenant: a\n    oci: [{at: 2026-03-11T11:00:00Z, ok: -1}]\n",
            "line 4",
        );
    }

    #[test]
    fn the_recorded_inputs_of_this_folder_are_a_rollback() {
        let outcome = decide(&inputs(include_str!("../../scenarios/decide.json")).unwrap());
        assert_eq!(outcome.report.tenants[0].decision.word(), "ROLLBACK(errors)");
    }

    #[test]
    fn the_printed_state_is_a_state_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inputs.yaml");
        std::fs::write(&path, "now: 2026-03-11T12:00:00Z\nsettings: { tenants: [{ id: a }] }\n").unwrap();
        let words = ["decide", "-f", path.to_str().unwrap()];
        let printed = text(&command().try_get_matches_from(words).unwrap()).unwrap();
        assert_eq!(printed, text(&command().try_get_matches_from(words).unwrap()).unwrap());
        let outcome: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let again = serde_json::json!({"now": "2026-03-11T12:01:00Z", "state": outcome["state"]});
        assert!(inputs(&again.to_string()).is_ok(), "{printed}");
        let missing = command().try_get_matches_from(["decide", "-f", "/nonexistent/inputs.json"]).unwrap();
        assert!(matches!(text(&missing), Err(Failure(causeway_runtime::tool::EXIT_NO_INPUT, _))));
    }
}

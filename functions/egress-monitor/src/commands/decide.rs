//! `egress-monitor decide`: the answer of a run once more, from what it had read.

use std::path::PathBuf;
use std::process::ExitCode;

use causeway_runtime::tool::{EXIT_INPUT, EXIT_OUTPUT, Failure, ended, print};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde::{Deserialize, Serialize};

use super::{parsed, read};
use crate::assess::{Assessed, State};
use crate::render;
use crate::replay::Recorded;
use crate::report::Report;

/// What is read of an object of the history.
#[derive(Deserialize)]
struct Kept {
    inputs: Recorded,
}

/// What is printed: as an object of the history has it, without what became of alerts.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    report: Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws: Option<Report>,
    state: State,
}

/// The command.
#[must_use]
pub fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").required(true);
    let file = file.value_parser(value_parser!(PathBuf)).help("An object of the history; - reads standard input");
    let table = Arg::new("table").long("table").action(ArgAction::SetTrue).help("A table for people in place of JSON");
    Command::new("decide").args([file, table]).about(
        "Decides once more from what a run had read, without any cloud, and prints the report and the state that it \
         would leave. The same inputs give the same bytes; inputs.settings can be changed before. The exit status is 65 \
         for wrong inputs.",
    )
}

/// Carries it out.
#[must_use]
pub fn run(arguments: &ArgMatches) -> ExitCode {
    ended("egress-monitor decide", text(arguments).and_then(|text| print(&text)))
}

fn text(arguments: &ArgMatches) -> Result<String, Failure> {
    let path = arguments.get_one::<PathBuf>("file").cloned().unwrap_or_else(|| PathBuf::from("-"));
    let printed = decided(&read(&path)?, &path.display().to_string())?;
    if arguments.get_flag("table") {
        return Ok(render::table(&printed.report, printed.aws.as_ref()));
    }
    let text = serde_json::to_string_pretty(&printed).map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))?;
    Ok(text + "\n")
}

fn decided(bytes: &[u8], name: &str) -> Result<Printed, Failure> {
    let Kept { inputs } = parsed(bytes, name)?;
    let failed = |why: String| Failure(EXIT_INPUT, format!("{name}: {why}"));
    let aside = inputs.aws.iter().flat_map(|aws| aws.settings.check().into_iter().map(|one| ("aws.settings", one)));
    let own = inputs.settings.check().into_iter().map(|one| ("settings", one));
    let problems = own.chain(aside).map(|(of, (path, text))| format!("at inputs.{of}.{path}: {text}"));
    let problems: Vec<String> = problems.collect();
    if !problems.is_empty() {
        return Err(failed(problems.join("; ")));
    }
    let Assessed { report, state, .. } = inputs.decide(&inputs.previous).map_err(|error| failed(error.to_string()))?;
    let aws = inputs.decide_aside().map_err(|error| failed(error.to_string()))?;
    Ok(Printed { report, aws, state })
}

#[cfg(test)]
mod tests;

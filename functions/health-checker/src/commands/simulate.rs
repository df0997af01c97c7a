//! `health-checker simulate`: made-up minutes through the real decision.

use std::path::PathBuf;
use std::process::ExitCode;

use causeway_runtime::schema::printed;
use causeway_runtime::tool::{EXIT_INPUT, EXIT_OUTPUT, Failure, ended, print};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::read;
use crate::schemas;
use crate::simulate;

/// The command.
pub(super) fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").required_unless_present("schema");
    let svg = Arg::new("svg").long("svg").value_name("FILE").value_parser(value_parser!(PathBuf));
    let seed = Arg::new("seed").long("seed").value_name("NUMBER").value_parser(value_parser!(u64));
    let schema = Arg::new("schema").long("schema").action(ArgAction::SetTrue).help("Prints the JSON Schema of FILE");
    Command::new("simulate")
        .about(
            "Plays a scenario minute by minute through the decision that ticks make, and prints the verdict of each. \
             The same scenario gives the same bytes. The exit status is 65 for a wrong scenario.",
        )
        .arg(file.value_parser(value_parser!(PathBuf)).help("The scenario as YAML; - reads standard input"))
        .arg(svg.help("Writes the time line as SVG"))
        .arg(seed.help("Draws other counts than the scenario's seed"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Prints JSON in place of a table"))
        .arg(schema)
}

/// Carries it out.
pub(super) fn run(arguments: &ArgMatches) -> ExitCode {
    ended("health-checker simulate", text(arguments).and_then(|text| print(&text)))
}

fn text(arguments: &ArgMatches) -> Result<String, Failure> {
    if arguments.get_flag("schema") {
        return Ok(printed(schemas::SCENARIO) + "\n");
    }
    let path = arguments.get_one::<PathBuf>("file").cloned().unwrap_or_else(|| PathBuf::from("-"));
    let document = read(&path, simulate::MAX_BYTES as u64)?;
    let mut scenario = simulate::read(&document).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure(EXIT_INPUT, format!("{}: {}", path.display(), all.join("; ")))
    })?;
    scenario.seed = arguments.get_one::<u64>("seed").copied().unwrap_or(scenario.seed);
    let played = simulate::play(&scenario);
    if let Some(target) = arguments.get_one::<PathBuf>("svg") {
        let drawn = simulate::svg(&scenario.name, &played, scenario.rollback.errors.above_percent);
        std::fs::write(target, drawn)
            .map_err(|error| Failure(EXIT_OUTPUT, format!("{}: {error}", target.display())))?;
    }
    if arguments.get_flag("json") {
        let text = serde_json::to_string_pretty(&played).map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))?;
        return Ok(text + "\n");
    }
    Ok(simulate::table(&played))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_scenario_becomes_a_table_and_a_picture() {
        let folder = tempfile::tempdir().unwrap();
        let (path, picture) = (folder.path().join("a.yaml"), folder.path().join("a.svg"));
        std::fs::write(&path, "exact: true\nstretches:\n  - { minutes: 6, calls: 100, error_percent: 6 }\n").unwrap();
        let words = ["simulate", "-f", path.to_str().unwrap(), "--svg", picture.to_str().unwrap()];
        let printed = text(&command().try_get_matches_from(words).unwrap()).unwrap();
        assert!(printed.contains("ROLLBACK(errors)") && printed.lines().count() > 6, "{printed}");
        assert!(std::fs::read_to_string(&picture).unwrap().starts_with("<svg"));
        std::fs::write(&path, "stretches: []\n").unwrap();
        let failure = text(&command().try_get_matches_from(words).unwrap()).unwrap_err();
        assert!(failure.0 == EXIT_INPUT && failure.1.contains("line 1, column 1: stretches"), "{failure:?}");
    }
}

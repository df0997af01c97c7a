//! `health-checker settings`: settings before they are deployed.

use std::path::PathBuf;
use std::process::ExitCode;

use causeway_runtime::schema::printed;
use causeway_runtime::tool::{EXIT_INPUT, EXIT_OUTPUT, Failure, ended, print};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::read;
use crate::schemas;
use crate::settings::{self, MAX_BYTES};

/// The command.
pub(super) fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").required_unless_present("schema");
    let file = file.value_parser(value_parser!(PathBuf)).help("The settings as YAML or JSON; - reads standard input");
    let schema = Arg::new("schema").long("schema").action(ArgAction::SetTrue).help("Prints the JSON Schema of FILE");
    Command::new("settings").args([file, schema]).about(
        "Checks settings, and prints them as JSON with every default. Whatever is wrong is told with line and column, \
         and the exit status is 65 then.",
    )
}

/// Carries it out.
pub(super) fn run(arguments: &ArgMatches) -> ExitCode {
    ended("health-checker settings", text(arguments).and_then(|text| print(&text)))
}

fn text(arguments: &ArgMatches) -> Result<String, Failure> {
    if arguments.get_flag("schema") {
        return Ok(printed(schemas::SETTINGS) + "\n");
    }
    let path = arguments.get_one::<PathBuf>("file").cloned().unwrap_or_else(|| PathBuf::from("-"));
    let settings = settings::read(&read(&path, MAX_BYTES as u64)?).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
        Failure(EXIT_INPUT, all.join("\n"))
    })?;
    serde_json::to_string_pretty(&settings)
        .map(|text| text + "\n")
        .map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::settings::Settings;

    #[test]
    fn settings_are_printed_with_their_defaults_and_faults_with_their_places() {
        let told = |content: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), content).unwrap();
            text(&command().try_get_matches_from(["settings", "-f", file.path().to_str().unwrap()]).unwrap())
        };
        let printed = told("checks: [{ id: a, probe: { dns: { name: h } } }]\n").unwrap();
        let again: Settings = serde_json::from_str(&printed).unwrap();
        assert_eq!((again.checks[0].interval_seconds, again.check()), (60, Vec::new()));
        let Err(Failure(status, text)) = told("checks: [{ id: a b, probe: { dns: { name: h } } }]\ntick: { at: 1 }\n")
        else {
            panic!("wrong settings were taken");
        };
        assert!(status == EXIT_INPUT && text.contains("line "), "{text}");
    }

    #[test]
    fn the_settings_of_the_readme_can_be_used() {
        let readme = include_str!("../../README.md");
        let blocks: Vec<&str> = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(blocks.len(), 1);
        let settings = settings::read(blocks[0]).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!((settings.vantages.len(), settings.tenants[0].clusters.len()), (2, 1));
    }

    #[test]
    fn wrong_sources_are_told_with_their_place() {
        let check = |text: &str, expected: &[&str]| {
            let problems = settings::read(text).expect_err(text);
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(told.len() == expected.len(), "{text}: {told:?}");
            for (told, expected) in told.iter().zip(expected) {
                assert!(told.contains(expected), "{text}: {told} has no {expected}");
            }
        };
        let checks = "checks: [{ id: a, quorum: { vantages: [oci] }, probe: { dns: { name: h } } }]\n";
        let monitor = "from: { oci_health_checks: { monitor: ocid1.httpmonitor.x } }";
        let vantage = |rest: &str| format!("{checks}vantages: [{{ {rest} }}]\n");
        check(&vantage(&format!("vantage: oci, check: b, {monitor}")), &["line 2, column 28: vantages[0].check"]);
        check(&vantage(&format!("vantage: aws, check: a, {monitor}")), &["vantages[0].vantage"]);
        check(&vantage("vantage: oci, check: a, from: { oci_health_checks: { monitor: x } }"), &["must be an OCID"]);
        check(
            &vantage("vantage: oci, check: a, from: { metric: { namespace: n, metric: m } }"),
            &["needs a bound", "two intervals of the check"],
        );
        check(
            &vantage("vantage: oci, check: a, from: { results: { url: 'http://h/', secret_headers: { a: b } } }"),
            &["must begin with https://"],
        );
        let tenant = |rest: &str| format!("tenants: [{{ id: t, {rest} }}]\n");
        let metric = "{ oci_metric: { namespace: n, metric: m } }";
        check(&tenant(&format!("clusters: [{{ id: c, quorum: 0, running: {metric} }}]")), &["clusters[0].quorum"]);
        check(
            &tenant("replication_lag_seconds: { command: { call: { url: 'https://h/', body: {} }, path: x } }"),
            &["replication_lag_seconds.command.path: is no JSONPath"],
        );
        check(&tenant("escalations: { object: '', secret: '' }"), &["escalations.object", "escalations.secret"]);
        check("breakers: [{ folder: elsewhere }]\n", &["breakers[0].folder"]);
        check("breakers: [{ folder: breakers/../x }]\n", &["breakers[0].folder"]);
        check("breakers: [{ folder: breakers/ }]\n", &["breakers[0].folder"]);
        check("breakers: [{ folder: breakers }, { folder: breakers }]\n", &["is there already"]);
        check("breakers: [{ folder: breakers/x, rules: { half_open_permits: 0 } }]\n", &["breakers[0].rules"]);
        assert!(settings::read("breakers: [{ folder: breakers/x.y }]\n").is_ok());
    }

    #[test]
    fn the_schema_knows_every_part() {
        let matches = command().try_get_matches_from(["settings", "--schema"]).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&text(&matches).unwrap()).unwrap();
        let defaults = serde_json::to_value(Settings::default()).unwrap();
        for member in defaults.as_object().unwrap().keys() {
            assert!(schema["properties"].get(member).is_some(), "{member}");
        }
    }
}

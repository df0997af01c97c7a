//! `egress-monitor report`: a report that was kept, for people.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use causeway_resilience::Deadline;
use causeway_runtime::tool::{EXIT_INPUT, EXIT_NO_INPUT, EXIT_OUTPUT, Failure, ended, print};
use causeway_runtime::until;
use clap::{Arg, ArgMatches, Command, value_parser};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;

use super::{parsed, read};
use crate::EgressMonitor;
use crate::render;
use crate::report::Report;
use crate::tick;

/// Time for finding the latest report.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is drawn of a reply or an object of the history.
#[derive(Deserialize)]
struct Shown {
    #[serde(flatten)]
    report: Report,
    aws: Option<Report>,
}

impl Shown {
    fn parsed(bytes: &[u8], name: &str) -> Result<Self, Failure> {
        // A flattened member does not tell where it is wrong.
        parsed::<Report>(bytes, name)?;
        parsed(bytes, name)
    }
}

/// The command.
#[must_use]
pub fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE");
    let format = Arg::new("format").long("format").value_name("FORMAT").default_value("table");
    let output = Arg::new("output").short('o').long("output").value_name("FILE");
    Command::new("report")
        .about(
            "Prints a report: a table, the burn-down of the month as SVG, or a page of HTML. It takes what `invoke` \
             prints and what runs leave in the history. Without FILE and without anything on standard input it is the \
             latest report in the bucket. The exit status is 65 for what is no report, 66 when there is none.",
        )
        .arg(file.value_parser(value_parser!(PathBuf)).help("The report as JSON; - reads standard input"))
        .arg(format.value_parser(["table", "svg", "html"]).help("What is printed"))
        .arg(output.value_parser(value_parser!(PathBuf)).help("File to write; standard output when absent"))
}

/// Carries it out.
#[must_use]
pub fn run<'a>(monitor: &'a EgressMonitor, arguments: &'a ArgMatches) -> LocalBoxFuture<'a, ExitCode> {
    async move {
        let drawn = async { drawn(arguments, &found(monitor, arguments).await?) };
        ended("egress-monitor report", drawn.await.and_then(|text| leave(arguments, &text)))
    }
    .boxed_local()
}

fn leave(arguments: &ArgMatches, text: &str) -> Result<(), Failure> {
    let Some(path) = arguments.get_one::<PathBuf>("output") else { return print(text) };
    std::fs::write(path, text).map_err(|error| Failure(EXIT_OUTPUT, format!("{}: {error}", path.display())))
}

/// The report of the file, of standard input, or the latest one.
async fn found(monitor: &EgressMonitor, arguments: &ArgMatches) -> Result<Shown, Failure> {
    if let Some(path) = arguments.get_one::<PathBuf>("file") {
        return Shown::parsed(&read(path)?, &path.display().to_string());
    }
    if !std::io::stdin().is_terminal() {
        let bytes = read(Path::new("-"))?;
        if !bytes.is_empty() {
            return Shown::parsed(&bytes, "standard input");
        }
    }
    latest(monitor).await
}

/// The latest report of the history.
async fn latest(monitor: &EgressMonitor) -> Result<Shown, Failure> {
    let (history, failed) = (monitor.history(), |text: String| Failure(EXIT_NO_INPUT, text));
    let now = tick::now(monitor.clock.as_ref()).map_err(|error| failed(error.log_text()))?;
    let deadline = Deadline::within(Instant::now(), Some(PATIENCE));
    let found = until(deadline, history.latest::<Shown>(now)).await;
    let found = found.unwrap_or_else(|| Err(format!("no answer within {} s", PATIENCE.as_secs()))).map_err(failed)?;
    let none = || failed(format!("there is no report of this month or the last one below {}", history.prefix));
    found.map(|(_, shown)| shown).ok_or_else(none)
}

fn drawn(arguments: &ArgMatches, Shown { report, aws }: &Shown) -> Result<String, Failure> {
    let drawn = |text: Result<String, render::ChartError>| text.map_err(|error| Failure(EXIT_INPUT, error.to_string()));
    match arguments.get_one::<String>("format").map(String::as_str) {
        Some("svg") => drawn(render::svg(report)),
        Some("html") => drawn(render::page(report, aws.as_ref())),
        _ => Ok(render::table(report, aws.as_ref())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::assess::{Gaps, Inputs, State, UsageFailure, assess};
    use crate::period::Period;
    use crate::settings::Settings;
    use crate::traffic::Hours;

    /// A report of a month that could not be read, with members that only a reply has.
    fn reply() -> String {
        let now = "2026-09-12T12:00:00Z".parse().unwrap();
        let usage = Err(UsageFailure::Service("503".to_owned()));
        let inputs =
            Inputs { period: Period::of(now, 1).unwrap(), usage, hours: &Hours::default(), gaps: &Gaps::default() };
        let report = assess(&inputs, &State::default(), now, &Settings::default()).report;
        let mut value = serde_json::to_value(report).unwrap();
        value["partial"] = true.into();
        value.to_string()
    }

    fn asked(content: &str, format: &str) -> Result<String, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let path = file.path().to_str().unwrap();
        let arguments = command().try_get_matches_from(["report", "-f", path, "--format", format]).unwrap();
        drawn(&arguments, &Shown::parsed(&read(Path::new(path))?, path)?)
    }

    #[test]
    fn a_reply_becomes_what_was_asked_for() {
        for (format, start) in [("table", "Egress of 2026-09"), ("svg", "<svg"), ("html", "<!DOCTYPE html>")] {
            let text = asked(&reply(), format).unwrap_or_else(|failure| panic!("{format}: {}", failure.1));
            assert!(text.starts_with(start) && text.contains("2026-09"), "{format}: {text:.200}");
            assert!(!text.contains("100 % left") && !text.contains("0.0 GB"), "{text}");
        }
    }

    #[test]
    fn what_is_no_report_is_told_with_its_place() {
        let check = |content: &str, expected: &str| match asked(content, "table") {
            Ok(text) => panic!("{content}: {text}"),
            Err(Failure(status, text)) => assert!(status == EXIT_INPUT && text.contains(expected), "{text}"),
        };
        check("", "EOF");
        check("{}", "missing field");
        check(&reply().replacen('{', "{\"aws\":{\"status\":1},", 1), "at aws.status");
        check(&reply().replace("\"error\"", "\"fine\""), "at status");
        check(&format!("{} x", reply()), "trailing");
        assert!(matches!(read(Path::new("/nonexistent/a.json")), Err(Failure(EXIT_NO_INPUT, _))));
        assert!(command().try_get_matches_from(["report", "--format", "pdf"]).is_err());
    }
}

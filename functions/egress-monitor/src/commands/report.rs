//! `egress-monitor report`: a report that was kept, for people.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::{EXIT_INPUT, EXIT_NO_INPUT, EXIT_OUTPUT, Failure, print};
use crate::render;
use crate::report::Report;

/// Largest document in bytes; a reply has 6 MB at most.
const MAX_BYTES: u64 = 16 << 20;

/// The command.
#[must_use]
pub fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").default_value("-");
    let format = Arg::new("format").long("format").value_name("FORMAT").default_value("table");
    let output = Arg::new("output").short('o').long("output").value_name("FILE");
    Command::new("report")
        .about(
            "Prints a report: a table, the burn-down of the month as SVG, or a page of HTML. It takes what `invoke` \
             prints and what runs leave in the history. The exit status is 65 for what is no report.",
        )
        .arg(file.value_parser(value_parser!(PathBuf)).help("The report as JSON; - reads standard input"))
        .arg(format.value_parser(["table", "svg", "html"]).help("What is printed"))
        .arg(output.value_parser(value_parser!(PathBuf)).help("File to write; standard output when absent"))
}

/// Carries it out.
#[must_use]
pub fn run(arguments: &ArgMatches) -> ExitCode {
    match text(arguments).and_then(|text| leave(arguments, &text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(status, text)) => {
            let _ = writeln!(std::io::stderr(), "egress-monitor report: {text}");
            ExitCode::from(status)
        }
    }
}

fn leave(arguments: &ArgMatches, text: &str) -> Result<(), Failure> {
    let Some(path) = arguments.get_one::<PathBuf>("output") else { return print(text) };
    std::fs::write(path, text).map_err(|error| Failure(EXIT_OUTPUT, format!("{}: {error}", path.display())))
}

fn text(arguments: &ArgMatches) -> Result<String, Failure> {
    let path = arguments.get_one::<PathBuf>("file").cloned().unwrap_or_else(|| PathBuf::from("-"));
    let bytes = read(&path).map_err(|error| Failure(EXIT_NO_INPUT, format!("{}: {error}", path.display())))?;
    let report = parsed(&bytes).map_err(|why| Failure(EXIT_INPUT, format!("{}: {why}", path.display())))?;
    let drawn = |text: Result<String, render::ChartError>| text.map_err(|error| Failure(EXIT_INPUT, error.to_string()));
    match arguments.get_one::<String>("format").map(String::as_str) {
        Some("svg") => drawn(render::svg(&report)),
        Some("html") => drawn(render::page(&report)),
        _ => Ok(render::table(&report)),
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let source: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(std::io::stdin()) } else { Box::new(File::open(path)?) };
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(std::io::Error::other(format!("is longer than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}

/// The report, or where it is wrong.
fn parsed(bytes: &[u8]) -> Result<Report, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let report = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| format!("at {}: {}", error.path(), error.inner()))?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::assess::{Inputs, State, UsageFailure, assess};
    use crate::period::Period;
    use crate::settings::Settings;
    use crate::traffic::Hours;

    /// A report of a month that could not be read, with members that only a reply has.
    fn reply() -> String {
        let now = "2026-09-12T12:00:00Z".parse().unwrap();
        let usage = Err(UsageFailure::Service("503".to_owned()));
        let inputs = Inputs { period: Period::of(now, 1).unwrap(), usage, hours: &Hours::default() };
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
        text(&arguments)
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
        check(&reply().replace("\"error\"", "\"fine\""), "at status");
        check(&format!("{} x", reply()), "trailing");
        let missing = command().try_get_matches_from(["report", "-f", "/nonexistent/a.json"]).unwrap();
        assert!(matches!(text(&missing), Err(Failure(EXIT_NO_INPUT, _))));
        assert!(command().try_get_matches_from(["report", "--format", "pdf"]).is_err());
    }
}

//! `health-checker status`: a report of a tick, for people.

use std::path::PathBuf;
use std::process::ExitCode;

use causeway_adapters::SystemClock;
use causeway_cloud::state::Clock;
use causeway_runtime::tool::{EXIT_INPUT, Failure, ended, print};
use causeway_runtime::{Document, read_document};
use clap::{Arg, ArgMatches, Command, value_parser};
use jiff::Timestamp;

use super::read;
use crate::decide::Report;
use crate::page;

/// Largest report in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// The command.
pub(super) fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").default_value("-");
    let file = file.value_parser(value_parser!(PathBuf)).help("The report as JSON; - reads standard input");
    Command::new("status").arg(file).about(
        "Prints a report as a table: what `invoke` prints, or the report.json that ticks leave in the bucket. A \
         report that is too old is told as such: health is unknown then. The exit status is 65 for what is no report.",
    )
}

/// Carries it out.
pub(super) fn run(arguments: &ArgMatches) -> ExitCode {
    let now = SystemClock.now().try_into().unwrap_or(Timestamp::MAX);
    ended("health-checker status", text(arguments, now).and_then(|text| print(&text)))
}

fn text(arguments: &ArgMatches, now: Timestamp) -> Result<String, Failure> {
    let path = arguments.get_one::<PathBuf>("file").cloned().unwrap_or_else(|| PathBuf::from("-"));
    let document: Document<Report> = read_document(&read(&path, MAX_BYTES)?, MAX_BYTES as usize)
        .map_err(|problem| Failure(EXIT_INPUT, format!("{}: {problem}", path.display())))?;
    Ok(page::table(&document.value, now))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::decide::{Inputs, decide};

    fn printed(content: &str) -> Result<String, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let arguments = command().try_get_matches_from(["status", "-f", file.path().to_str().unwrap()]).unwrap();
        text(&arguments, "2026-03-11T12:01:00Z".parse().unwrap())
    }

    #[test]
    fn a_reply_becomes_a_table_and_anything_else_is_told() {
        let inputs = json!({
            "now": "2026-03-11T12:00:00Z",
            "settings": { "checks": [{ "id": "shop", "probe": { "dns": { "name": "h" } } }] },
        });
        let report = decide(&serde_json::from_value::<Inputs>(inputs).unwrap()).report;
        let mut reply = serde_json::to_value(report).unwrap();
        reply["partial"] = true.into();
        let text = printed(&reply.to_string()).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert!(text.contains("health: unknown") && text.contains("shop"), "{text}");
        for wrong in ["{}", "[", "7"] {
            assert!(matches!(printed(wrong), Err(Failure(EXIT_INPUT, _))), "{wrong}");
        }
    }
}

//! `health-checker escalate`: an operator's word, signed.

use std::path::PathBuf;
use std::process::ExitCode;

use causeway_runtime::tool::{EXIT_INPUT, EXIT_OUTPUT, Failure, ended, print};
use clap::{Arg, ArgMatches, Command, value_parser};
use jiff::Timestamp;

use super::read;
use crate::rollback::words::Signed;

/// Longest key in bytes.
const MAX_KEY: u64 = 4 << 10;

/// The command.
pub(super) fn command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).required(true).help(help)
    };
    let key = option("key", "FILE", "The key, as the vault has it; - reads standard input");
    let at = Arg::new("at").long("at").value_name("TIME").value_parser(value_parser!(Timestamp));
    Command::new("escalate")
        .about(
            "Prints a signed word of an operator who asks for a rollback, for the list that a tenant's settings name \
             under escalations. Its id is its author and moment, so each counts once.",
        )
        .args([
            option("tenant", "ID", "The tenant, as the settings have it"),
            option("author", "NAME", "Who asks; shown in the report and told"),
            key.value_parser(value_parser!(PathBuf)),
            at.help("When; now without it. A word counts for an hour"),
        ])
}

/// Carries it out.
pub(super) fn run(arguments: &ArgMatches) -> ExitCode {
    let now = Timestamp::now();
    ended("health-checker escalate", text(arguments, now).and_then(|text| print(&text)))
}

fn text(arguments: &ArgMatches, now: Timestamp) -> Result<String, Failure> {
    let word = |name: &str| arguments.get_one::<String>(name).cloned().unwrap_or_default();
    let path = arguments.get_one::<PathBuf>("key").cloned().unwrap_or_default();
    let at = arguments.get_one::<Timestamp>("at").copied().unwrap_or(now);
    let key = read(&path, MAX_KEY)?;
    let id = format!("{}-{}", word("author"), at.as_millisecond());
    let signed = Signed::new(key.as_bytes(), &word("tenant"), &id, &word("author"), at);
    let signed = signed.map_err(|why| Failure(EXIT_INPUT, why))?;
    serde_json::to_string(&[signed]).map(|text| text + "\n").map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::rollback::words;

    #[test]
    fn what_is_printed_is_verified() {
        let key = "a throw-away key of a test, 32 bytes and more";
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{key}\n")).unwrap();
        let words_of = |author: &str| {
            let path = file.path().to_str().unwrap().to_owned();
            let words = ["escalate", "--tenant", "acme", "--author", author, "--key", &path];
            text(&command().try_get_matches_from(words).unwrap(), Timestamp::UNIX_EPOCH)
        };
        let printed = words_of("oncall").unwrap_or_else(|failure| panic!("{failure:?}"));
        let read = words::read(printed.as_bytes(), key.as_bytes(), "acme").unwrap();
        assert!(read[0].is_verified && read[0].author == "oncall" && read[0].id == "oncall-0", "{read:?}");
        assert!(matches!(words_of(""), Err(Failure(EXIT_INPUT, _))));
    }
}

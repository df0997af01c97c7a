//! `health-checker breaker`: circuit breakers of the deployment, and orders of operators.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use causeway_resilience::Deadline;
use causeway_runtime::Error;
use causeway_runtime::tool::{EXIT_INPUT, EXIT_OUTPUT, Failure, ended, print};
use clap::{Arg, ArgAction, ArgMatches, Command};
use futures_util::future::LocalBoxFuture;

use crate::handler::HealthChecker;
use crate::page;
use crate::request::{Action, Kind, Request};

/// Exit status when a repetition may bring more (`EX_TEMPFAIL`).
const EXIT_AGAIN: u8 = 75;
/// Longest time of a command.
const MOST_TIME: Duration = Duration::from_secs(30);
const ORDERS: [(&str, Action, &str); 4] = [
    ("force-open", Action::ForceOpen, "Lets no call through: all take their fallback"),
    ("force-closed", Action::ForceClosed, "Lets all calls through, and counts them"),
    ("disable", Action::Disable, "Lets all calls through, and counts none"),
    ("metrics-only", Action::MetricsOnly, "Lets all calls through, and tells when it would have opened"),
];

/// The command.
pub(crate) fn command() -> Command {
    let orders = ORDERS.map(|(name, _, about)| {
        let expires =
            option("expires", "TIME").required(true).help("When it ends by itself: 2h, 90m, 1d; a week at most");
        let reason = option("reason", "TEXT").help("Why, for people");
        Command::new(name).about(about).args(of_one()).args([expires, reason])
    });
    Command::new("breaker")
        .about("Lists circuit breakers, and gives or takes back orders")
        .after_help(
            "An order holds for all processes until it expires or is taken back; those that go by a copy follow within \
             ten seconds. A command takes 30 s at most. Settings that cannot be read refuse no order: the usual \
             folders are looked at then, and a note says so. The exit status is 65 for what makes no sense or names \
             no breaker, and 75 when a repetition may bring more.",
        )
        .subcommand_required(true)
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .global(true)
                .help("Prints JSON in place of a table"),
        )
        .subcommand(Command::new("list").about("Shows them").args(which(false)))
        .subcommands(orders)
        .subcommand(Command::new("clear").about("Takes an order back; the rules hold again").args(of_one()))
}

fn option(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value)
}

fn which(is_required: bool) -> [Arg; 3] {
    [
        Arg::new("name").value_name("NAME").required(is_required).help("Name of the dependency"),
        option("tenant", "NAME").help("Whose, where one name has several"),
        option("folder", "FOLDER").help("Folder of its document, where several have one of that name"),
    ]
}

fn of_one() -> Vec<Arg> {
    let author = option("author", "NAME").required(true).help("Who orders it; shown on the page and told");
    which(true).into_iter().chain([author]).collect()
}

/// Carries it out.
pub(crate) fn run<'a>(checker: &'a HealthChecker, arguments: &'a ArgMatches) -> LocalBoxFuture<'a, ExitCode> {
    Box::pin(async move { ended("health-checker breaker", done(checker, arguments).await) })
}

async fn done(checker: &HealthChecker, arguments: &ArgMatches) -> Result<(), Failure> {
    let request = request(arguments);
    let deadline = Deadline::within(Instant::now(), Some(MOST_TIME));
    let reply = checker.operate(&request, deadline).await.map_err(|error| failure(&error))?;
    let text = match arguments.get_flag("json") {
        true => serde_json::to_string_pretty(&reply).map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))? + "\n",
        false => page::breakers_table(&reply.breakers),
    };
    print(&text)?;
    // An order that was given is given, whatever else could not be read.
    if reply.changed {
        return notes(&reply.problems);
    }
    if reply.partial { Err(Failure(EXIT_AGAIN, reply.problems.join("; "))) } else { Ok(()) }
}

fn notes(problems: &[String]) -> Result<(), Failure> {
    let text: String = problems.iter().map(|problem| format!("note: {problem}\n")).collect();
    std::io::stderr().write_all(text.as_bytes()).map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))
}

fn failure(error: &Error) -> Failure {
    let status = if error.is_client() && error.http_status() != 409 { EXIT_INPUT } else { EXIT_AGAIN };
    Failure(status, error.log_text())
}

fn request(arguments: &ArgMatches) -> Request {
    let (name, given) = arguments.subcommand().unwrap_or(("list", arguments));
    let order = ORDERS.iter().find(|(order, ..)| *order == name).map(|(_, action, _)| *action);
    let action = order.unwrap_or(if name == "clear" { Action::Clear } else { Action::List });
    // Not every subcommand has every option.
    let text = |id: &str| given.try_get_one::<String>(id).ok().flatten().cloned();
    Request {
        kind: Some(Kind::Breaker),
        dry_run: false,
        action: Some(action),
        name: text("name"),
        tenant: text("tenant"),
        folder: text("folder"),
        author: text("author"),
        expires: text("expires"),
        reason: text("reason"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(words: &[&str]) -> Result<Request, String> {
        let words = ["breaker"].iter().chain(words);
        command().try_get_matches_from(words).map(|found| request(&found)).map_err(|error| error.to_string())
    }

    #[test]
    fn words_of_the_command_line_are_a_request() {
        let order =
            read(&["force-open", "objects", "--author", "oncall", "--expires", "2h", "--reason", "a drill"]).unwrap();
        assert_eq!((order.action, order.name.as_deref()), (Some(Action::ForceOpen), Some("objects")));
        assert_eq!((order.author.as_deref(), order.expires.as_deref()), (Some("oncall"), Some("2h")));
        assert_eq!(order.reason.as_deref(), Some("a drill"));
        for (word, action) in
            [("force-closed", Action::ForceClosed), ("disable", Action::Disable), ("metrics-only", Action::MetricsOnly)]
        {
            let order = read(&[word, "a", "--author", "oncall", "--expires", "1h", "--tenant", "t"]).unwrap();
            assert_eq!((order.action, order.tenant.as_deref()), (Some(action), Some("t")));
        }
        assert_eq!(read(&["clear", "a", "--author", "oncall"]).unwrap().action, Some(Action::Clear));
        assert_eq!(read(&["list", "--json"]).unwrap().action, Some(Action::List));
    }

    #[test]
    fn an_author_and_an_end_are_needed() {
        assert!(read(&["force-open", "a", "--author", "oncall"]).unwrap_err().contains("--expires"));
        assert!(read(&["disable", "a", "--expires", "2h"]).unwrap_err().contains("--author"));
        assert!(read(&["clear", "a"]).unwrap_err().contains("--author"));
        assert!(read(&[]).is_err());
    }
}

//! Commands of a function's own beside those that every function has.

use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::*;
use crate::{Context, Error, Vars};

struct Sizes(u8);

struct NoConfig;

impl crate::Settings for NoConfig {
    const PREFIX: &'static str = "SIZES_";

    fn read(_vars: &mut Vars) -> Self {
        Self
    }
}

fn double(matches: &ArgMatches) -> ExitCode {
    ExitCode::from(matches.get_one::<u8>("number").map_or(1, |number| number * 2))
}

fn double_command() -> clap::Command {
    clap::Command::new("double")
        .about("Doubles a number")
        .arg(clap::Arg::new("number").value_parser(clap::value_parser!(u8)).required(true))
}

impl Handler for Sizes {
    const NAME: &'static str = "sizes";
    const ABOUT: &'static str = "Knows sizes.";
    type Config = NoConfig;
    type Request = Value;
    type Reply = Value;

    async fn handle(&self, request: Value, _context: &Context) -> Result<Value, Error> {
        Ok(request)
    }

    fn tools() -> Vec<Tool> {
        vec![Tool { command: double_command, run: double }]
    }

    fn started_tools() -> Vec<StartedTool<Self>> {
        vec![StartedTool { command: || clap::Command::new("largest"), run: largest }]
    }
}

fn largest<'a>(sizes: &'a Sizes, _: &'a ArgMatches) -> LocalBoxFuture<'a, ExitCode> {
    Box::pin(async { ExitCode::from(sizes.0) })
}

#[test]
fn a_tool_is_found_by_its_name_and_gets_its_arguments() {
    let matches = commands::<Sizes>().try_get_matches_from(["sizes", "double", "21"]).unwrap();
    let (tool, arguments) = chosen(&Sizes::tools(), &matches).unwrap();
    assert_eq!((tool.run)(arguments), ExitCode::from(42));
    let matches = commands::<Sizes>().try_get_matches_from(["sizes", "schema"]).unwrap();
    assert!(chosen(&Sizes::tools(), &matches).is_none());
}

#[test]
fn tools_stand_in_the_help_and_check_their_arguments() {
    let help = commands::<Sizes>().render_help().to_string();
    assert!(help.contains("double") && help.contains("invoke"), "{help}");
    let failure = commands::<Sizes>().try_get_matches_from(["sizes", "double", "many"]).unwrap_err();
    assert_eq!(failure.kind(), clap::error::ErrorKind::ValueValidation);
    commands::<Sizes>().debug_assert();
}

#[test]
fn a_tool_of_the_started_function_has_what_was_connected() {
    let matches = commands::<Sizes>().try_get_matches_from(["sizes", "largest"]).unwrap();
    assert!(chosen(&Sizes::tools(), &matches).is_none());
    let (tool, arguments) = chosen_started::<Sizes>(&matches).unwrap();
    let code = started(&[], |_| Ok::<_, std::io::Error>(Sizes(7)), &tool, arguments);
    assert_eq!(code.ok(), Some(ExitCode::from(7)));
    let failed = started(&[], |_| Err(std::io::Error::other("no bucket")), &tool, arguments).err();
    assert_eq!(failed.map(|error| (error.code, error.exit)), Some(("connect_failed", EXIT_START)));
}

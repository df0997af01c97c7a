//! `flex-autoscaler replay`: what policies would have done to recorded load, and what that would have cost.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use causeway_runtime::tool::{EXIT_INPUT, EXIT_NO_INPUT, EXIT_OUTPUT, Failure, ended};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::chart::{Panel, draw};
use super::model::{Prices, Sizes};
use super::policies::played;
use super::race::{Conditions, Gaps, Racer, race};
use super::read::{Found, directory};
use super::report::Report;
use super::synthetic;
use super::trace::{Trace, halves};
use crate::policy::Policy;
use crate::policy_document::{self, MAX_POLICY_BYTES};

/// The synthetic traces are the same in every replay.
const SYNTHETIC_SEED: u64 = 1;
/// Where artificial gaps are, in every replay.
const GAP_SEED: u64 = 1;

/// The command.
#[must_use]
pub fn command() -> Command {
    Command::new("replay")
        .about(
            "Replays recorded load through this autoscaler's rules and others, without any cloud, and prints what each \
             would have cost beside the least that was possible. The same traces give the same bytes.",
        )
        .args(inputs())
        .args(settings())
        .args(outputs())
}

fn inputs() -> [Arg; 3] {
    let traces = Arg::new("traces").long("traces").value_name("DIR").value_parser(value_parser!(PathBuf));
    let seed = Arg::new("holdout-split").long("holdout-split").value_name("SEED").value_parser(value_parser!(u64));
    let gaps = Arg::new("gaps").long("gaps").value_name("PERCENT").default_value("0").value_parser(percent);
    [
        traces
            .help("CSV files: timestamp,value or one value a line at 5 minutes, in percent; without it synthetic load"),
        seed.help("Report only the half of the traces that this seed keeps from tuning"),
        gaps.help("Share of the time that the policies do not see, in gaps of 15 minutes"),
    ]
}

fn settings() -> [Arg; 4] {
    let names = ["ours", "original", "hpa", "vpa", "oracle", "static", "all"];
    let policy = Arg::new("policy").long("policy").value_name("NAME").default_value("all").value_delimiter(',');
    let penalty = Arg::new("penalty").long("penalty").value_name("DOLLARS[,...]").default_value("0.5");
    let reboot = Arg::new("reboot-minutes").long("reboot-minutes").value_name("MINUTES[,...]").default_value("5");
    let rules = Arg::new("policy-file").long("policy-file").value_name("FILE").value_parser(value_parser!(PathBuf));
    [
        rules.help(
            "Policy of `ours` as JSON or YAML in place of the default one; sizes, prices, restarts and memory are the \
             replay's own",
        ),
        policy
            .action(ArgAction::Append)
            .value_parser(names)
            .help("Policies; the oracle is always there to compare with"),
        penalty.value_delimiter(',').value_parser(amount).help("Price of a minute of violation or downtime"),
        reboot.value_delimiter(',').value_parser(amount).help("Downtime of a resize; 0 for live ones"),
    ]
}

fn outputs() -> [Arg; 3] {
    let svg = Arg::new("svg").long("svg").value_name("FILE").value_parser(value_parser!(PathBuf));
    let trace = Arg::new("trace").long("trace").value_name("NAME");
    [
        svg.requires("trace").help("Draw one trace into this file"),
        trace.requires("svg").help("Which one, by the name of its file or a part of it"),
        Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON"),
    ]
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse().map_err(|_| "must be a number".to_owned())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("must be from 0 to 100".to_owned()) }
}

fn amount(text: &str) -> Result<f64, String> {
    let number = text.parse().map_err(|_| "must be a number".to_owned())?;
    if (0.0..=10_000.0).contains(&number) { Ok(number) } else { Err("must be from 0 to 10000".to_owned()) }
}

/// Carries it out.
#[must_use]
pub fn run(arguments: &ArgMatches) -> ExitCode {
    ended("flex-autoscaler replay", replayed(arguments))
}

fn replayed(arguments: &ArgMatches) -> Result<(), Failure> {
    let directory = arguments.get_one::<PathBuf>("traces");
    let found = directory.map(|path| read(path)).transpose()?;
    let all = match &found {
        Some(found) => found.traces.iter().map(|(trace, _)| trace.clone()).collect(),
        None => synthetic::traces(SYNTHETIC_SEED),
    };
    let (tuning, traces) = match arguments.get_one("holdout-split") {
        Some(seed) => halves(all, *seed),
        None => (Vec::new(), all),
    };
    let (racers, prices) = (racers(arguments), prices(arguments));
    let conditions = conditions(arguments, &prices)?;
    let heats = race(&traces, &racers, &prices, &conditions);
    let source = directory.map_or_else(|| "synthetic".to_owned(), |path| path.display().to_string());
    let mut report = Report::new(source, found.as_ref(), &traces, &tuning, &heats, conditions.gaps);
    report.policy_file = arguments.get_one::<PathBuf>("policy-file").map(|path| path.display().to_string());
    print(&report, arguments.get_flag("json"))?;
    match (arguments.get_one::<PathBuf>("svg"), arguments.get_one::<String>("trace")) {
        (Some(file), Some(name)) => picture(file, name, &traces, &racers, &conditions, prices[0]),
        _ => Ok(()),
    }
}

/// The gaps and the policy. One that does not fit the replay at one of the prices is an error.
fn conditions(arguments: &ArgMatches, prices: &[Prices]) -> Result<Conditions, Failure> {
    let gaps = Gaps { percent: arguments.get_one("gaps").copied().unwrap_or(0.0), seed: GAP_SEED };
    let Some(path) = arguments.get_one::<PathBuf>("policy-file") else { return Ok(gaps.into()) };
    let rules = rules(path)?;
    for prices in prices {
        let problems = played(&rules, Sizes::default(), *prices).check();
        if !problems.is_empty() {
            let told = policy_document::told(&problems);
            return Err(Failure(EXIT_INPUT, format!("{} at the replay's sizes and prices: {told}", path.display())));
        }
    }
    Ok(Conditions { gaps, rules })
}

/// The policy of a file.
fn rules(path: &Path) -> Result<Policy, Failure> {
    let unread = |error: std::io::Error| Failure(EXIT_NO_INPUT, format!("{}: {error}", path.display()));
    let wrong = |text: String| Failure(EXIT_INPUT, format!("{}: {text}", path.display()));
    let mut bytes = Vec::new();
    // One byte more than is allowed, so that a longer one is refused and not cut.
    File::open(path).map_err(unread)?.take(MAX_POLICY_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unread)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8".to_owned()))?;
    policy_document::read(&text).map_err(|problems| wrong(policy_document::told(&problems)))
}

/// The traces of a directory. One without traces is an error: figures of nothing would look like a result.
fn read(path: &Path) -> Result<Found, Failure> {
    let found = directory(path).map_err(|error| Failure(EXIT_NO_INPUT, error.to_string()))?;
    if !found.traces.is_empty() {
        return Ok(found);
    }
    let refused: Vec<String> = found.refused.iter().map(|error| format!("\n  {error}")).collect();
    Err(Failure(EXIT_NO_INPUT, format!("0 traces in {}{}", path.display(), refused.concat())))
}

fn racers(arguments: &ArgMatches) -> Vec<Racer> {
    let names = arguments.get_many::<String>("policy").unwrap_or_default();
    let racers = names.flat_map(|name| match name.as_str() {
        "all" => Racer::ALL.to_vec(),
        "static" => vec![Racer::StaticStart, Racer::StaticMax],
        name => Racer::ALL.into_iter().filter(|racer| racer.name() == name).collect(),
    });
    racers.collect()
}

/// Every penalty with every downtime.
fn prices(arguments: &ArgMatches) -> Vec<Prices> {
    let values = |name: &str| arguments.get_many::<f64>(name).unwrap_or_default().copied().collect::<Vec<_>>();
    let reboots = values("reboot-minutes");
    let pair = |violation_minute| {
        let priced = move |&reboot_minutes| Prices { violation_minute, reboot_minutes, ..Prices::default() };
        reboots.iter().map(priced).collect::<Vec<_>>()
    };
    values("penalty").into_iter().flat_map(pair).collect()
}

fn print(report: &Report, as_json: bool) -> Result<(), Failure> {
    let output = |error: String| Failure(EXIT_OUTPUT, error);
    let text = if as_json {
        serde_json::to_string_pretty(report).map_err(|error| output(error.to_string()))? + "\n"
    } else {
        report.to_string()
    };
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| output(error.to_string()))
}

fn picture(
    file: &Path,
    name: &str,
    traces: &[Trace],
    racers: &[Racer],
    conditions: &Conditions,
    prices: Prices,
) -> Result<(), Failure> {
    let trace = chosen(name, traces)?;
    let mut racers = racers.to_vec();
    racers.push(Racer::Oracle);
    racers.sort_unstable();
    racers.dedup();
    let panel = |racer: &Racer| Panel { policy: racer.name().to_owned(), sizes: racer.run(trace, conditions, prices) };
    let panels: Vec<Panel> = racers.iter().map(panel).collect();
    let svg = draw(&trace.name, &trace.demand(), &panels).map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))?;
    std::fs::write(file, svg).map_err(|error| Failure(EXIT_OUTPUT, format!("{}: {error}", file.display())))
}

/// The trace of this name, or the only one with it in its name.
fn chosen<'a>(name: &str, traces: &'a [Trace]) -> Result<&'a Trace, Failure> {
    let exact = traces.iter().find(|trace| trace.name == name);
    let mut similar = traces.iter().filter(|trace| trace.name.contains(name));
    let only = similar.next().filter(|_| similar.next().is_none());
    exact.or(only).ok_or_else(|| {
        let names: Vec<&str> = traces.iter().map(|trace| trace.name.as_str()).collect();
        Failure(EXIT_INPUT, format!("{name:?} is not the name of one trace; there are {}", names.join(", ")))
    })
}

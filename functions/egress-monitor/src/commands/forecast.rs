//! `egress-monitor forecast`: forecasts and back-tests of recorded series, without a cloud.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use jiff::civil::Date;
use serde::Serialize;

use crate::backtest::{self, Backtest};
use crate::forecast::{DayTotal, Eta, Method, Question, SEED, compare, forecast};
use crate::period::{Period, midnight, plus_days};
use crate::series::{Faults, Series};
use causeway_runtime::tool::{EXIT_INPUT, EXIT_NO_INPUT, EXIT_OUTPUT, Failure, ended, print};

/// What is printed of one series.
#[derive(Debug, Serialize)]
struct Ahead {
    series: String,
    faults: Faults,
    period: Period,
    /// Last day that is known.
    known_through: Date,
    /// Days of the period that are known.
    known_days: usize,
    /// Their sum.
    so_far: f64,
    /// Absent with fewer than three days.
    forecast: Option<Said>,
    /// Totals that others forecast; absent where they cannot.
    linear: Option<f64>,
    weekday_means: Option<f64>,
    holt_winters: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Said {
    method: Method,
    p50: f64,
    p80: f64,
    p95: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_100: Option<Eta>,
}

/// The command.
#[must_use]
pub fn command() -> Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").required(true).action(ArgAction::Append);
    let limit = Arg::new("limit").long("limit").value_name("AMOUNT").value_parser(amount);
    let start = Arg::new("start-day").long("start-day").value_name("DAY").default_value("1");
    let seed = Arg::new("seed").long("seed").value_name("NUMBER").value_parser(value_parser!(u64));
    Command::new("forecast")
        .about(
            "Forecasts the month of a recorded series, without any cloud, beside a straight line, plain means of the \
             weekdays and Holt-Winters. The same series gives the same bytes. The exit status is 65 for wrong series.",
        )
        .arg(file.value_parser(value_parser!(PathBuf)).help("CSV of timestamp,value; - reads standard input"))
        .arg(
            Arg::new("backtest")
                .long("backtest")
                .action(ArgAction::SetTrue)
                .help("Errors over the months of all files"),
        )
        .arg(limit.help("Amount, in the series' unit, at which the allowance ends").conflicts_with("backtest"))
        .arg(start.value_parser(value_parser!(u8).range(1..=31)).help("Day on which a month starts"))
        .arg(seed.help("Seed of the draws").conflicts_with("backtest"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON"))
}

fn amount(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
    if number > 0.0 && number.is_finite() { Ok(number) } else { Err("must be above 0".to_owned()) }
}

/// Carries it out.
#[must_use]
pub fn run(arguments: &ArgMatches) -> ExitCode {
    ended("egress-monitor forecast", text(arguments).and_then(|text| print(&text)))
}

/// All that is printed.
fn text(arguments: &ArgMatches) -> Result<String, Failure> {
    let files = arguments.get_many::<PathBuf>("file").unwrap_or_default();
    let series = files.map(|path| read(path)).collect::<Result<Vec<Series>, Failure>>()?;
    let as_json = arguments.get_flag("json");
    if arguments.get_flag("backtest") {
        let test = tested(&series)?;
        return if as_json { json(&test) } else { Ok(test.to_string()) };
    }
    let limit = arguments.get_one::<f64>("limit").copied();
    let start_day = arguments.get_one::<u8>("start-day").copied().unwrap_or(1);
    let seed = arguments.get_one::<u64>("seed").copied().unwrap_or(SEED);
    let all = series.iter().map(|series| ahead(series, start_day, limit, seed)).collect::<Result<Vec<_>, _>>()?;
    if as_json { json(&all) } else { Ok(all.iter().map(table).collect()) }
}

fn read(path: &Path) -> Result<Series, Failure> {
    let wrong = |why: String| Failure(EXIT_INPUT, format!("{}: {why}", path.display()));
    if path.as_os_str() == "-" {
        return Series::read("standard input", std::io::stdin()).map_err(wrong);
    }
    let file = File::open(path).map_err(|error| Failure(EXIT_NO_INPUT, format!("{}: {error}", path.display())))?;
    let name = path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned());
    Series::read(&name, file).map_err(wrong)
}

/// A back-test of nothing would look like a result.
fn tested(series: &[Series]) -> Result<Backtest, Failure> {
    let test = backtest::backtest(series);
    if test.months == 0 {
        return Err(Failure(EXIT_INPUT, "no series has 44 whole days, which a back-test needs".to_owned()));
    }
    Ok(test)
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure(EXIT_OUTPUT, error.to_string()))?;
    Ok(text + "\n")
}

/// The month of the day after the last whole one.
fn ahead(series: &Series, start_day: u8, limit: Option<f64>, seed: u64) -> Result<Ahead, Failure> {
    let wrong = |why: String| Failure(EXIT_INPUT, format!("{}: {why}", series.name));
    let known = series.days.as_slice();
    let last = known.last().ok_or_else(|| wrong("has no whole days".to_owned()))?.day;
    let period = Period::of(midnight(plus_days(last, 1)), start_day).map_err(|error| wrong(error.to_string()))?;
    let inside: Vec<DayTotal> = known.iter().copied().filter(|day| period.has(day.day)).collect();
    let so_far: f64 = inside.iter().map(|day| day.amount).sum();
    let rest = usize::try_from(period.days()).unwrap_or(0).saturating_sub(inside.len());
    let said = forecast(&Question { known, period, so_far, today: plus_days(last, 1), limit, seed });
    let total = |ahead: Option<f64>| ahead.map(|ahead| so_far + ahead);
    Ok(Ahead {
        series: series.name.clone(),
        faults: series.faults,
        period,
        known_through: last,
        known_days: inside.len(),
        so_far,
        linear: total(compare::linear(&inside, rest)),
        weekday_means: total(compare::weekday_means(known, rest)),
        holt_winters: total(compare::holt_winters(known, rest)),
        reason: said.as_ref().err().map(ToString::to_string),
        forecast: said.ok().map(|said| Said {
            method: said.method,
            p50: said.p50,
            p80: said.p80,
            p95: said.p95,
            eta_100: said.eta,
        }),
    })
}

fn table(ahead: &Ahead) -> String {
    let mut text = String::new();
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    let said = |of: fn(&Said) -> f64| number(ahead.forecast.as_ref().map(of));
    let rows = [
        ("known so far", number((ahead.known_days > 0).then_some(ahead.so_far))),
        ("P50", said(|said| said.p50)),
        ("P80", said(|said| said.p80)),
        ("P95", said(|said| said.p95)),
        ("linear", number(ahead.linear)),
        ("weekday means", number(ahead.weekday_means)),
        ("Holt-Winters", number(ahead.holt_winters)),
    ];
    let Period { first, .. } = ahead.period;
    let last = plus_days(ahead.period.end, -1);
    let known = ahead.known_days;
    let _ = writeln!(text, "{}: {first} to {last}, {known} days known, through {}", ahead.series, ahead.known_through);
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:<14}{value:>24}");
    }
    if let Some(eta) = ahead.forecast.as_ref().and_then(|said| said.eta_100) {
        let _ = writeln!(text, "  {:<14}{:>24}", "limit reached", eta.to_string());
    }
    if let Some(reason) = &ahead.reason {
        let _ = writeln!(text, "  no forecast: {reason}");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;

    fn asked(content: &str, more: &[&str]) -> Result<String, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, content).unwrap();
        let words = ["forecast", "-f", path.to_str().unwrap()].into_iter().chain(more.iter().copied());
        text(&command().try_get_matches_from(words).unwrap())
    }

    fn days(count: i64) -> String {
        let row = |offset| format!("{},{}\n", plus_days("2026-06-01".parse().unwrap(), offset), 10 + offset % 7);
        (0..count).map(row).collect()
    }

    #[test]
    fn prints_all_forecasts_side_by_side() {
        let text = asked(&days(70), &["--limit", "500"]).unwrap();
        for word in
            ["2026-08-01 to 2026-08-31, 9 days known", "P80", "linear", "weekday means", "Holt-Winters", "limit"]
        {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert_eq!(text, asked(&days(70), &["--limit", "500"]).unwrap());
    }

    #[test]
    fn json_has_null_where_nothing_is_known() {
        let value: serde_json::Value = serde_json::from_str(&asked(&days(2), &["--json"]).unwrap()).unwrap();
        assert!(value[0]["forecast"].is_null() && value[0]["holt_winters"].is_null(), "{value}");
        assert!(value[0]["reason"].as_str().unwrap().contains("2 whole days"));
    }

    #[test]
    fn a_backtest_names_every_forecaster() {
        let text = asked(&days(70), &["--backtest"]).unwrap();
        for word in ["linear", "weekday means", "Holt-Winters", "ours", "P10 to P90"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        let value: serde_json::Value =
            serde_json::from_str(&asked(&days(70), &["--backtest", "--json"]).unwrap()).unwrap();
        assert_eq!(value["rows"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn wrong_input_has_its_status() {
        let status = |result: Result<String, Failure>| result.unwrap_err().0;
        assert_eq!(status(asked("", &[])), EXIT_INPUT);
        assert_eq!(status(asked(&days(40), &["--backtest"])), EXIT_INPUT);
        let missing = command().try_get_matches_from(["forecast", "-f", "/nonexistent/a.csv"]).unwrap();
        assert_eq!(status(text(&missing)), EXIT_NO_INPUT);
        for wrong in [
            vec!["forecast"],
            vec!["forecast", "-f", "a", "--limit", "0"],
            vec!["forecast", "-f", "a", "--start-day", "32"],
        ] {
            assert!(command().try_get_matches_from(wrong).is_err());
        }
    }
}

//! `vision batch`: all pictures of a folder, with progress, and files for people.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use causeway_resilience::Deadline;
use causeway_runtime::Error;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use indicatif::{ProgressBar, ProgressStyle};

use super::files::Files;
use super::{each, list};
use crate::handler::Vision;
use crate::measure::Counts;
use crate::request::Request;
use crate::run::{Job, Options};

/// Most pictures of one run.
const MOST: usize = 100_000;
/// Exit status when pictures are left without a result that may have one later (`EX_TEMPFAIL`).
const EXIT_AGAIN: u8 = 75;
/// Longest wait for the custom metrics at the end of a run.
const PUBLISHING: Duration = Duration::from_secs(30);
/// Exit status when a file cannot be written (`EX_IOERR`).
const EXIT_OUTPUT: u8 = 74;

/// The command.
pub(crate) fn command() -> Command {
    let prefix = Arg::new("prefix").long("prefix").value_name("FOLDER").default_value("");
    let concurrency = Arg::new("concurrency").long("concurrency").value_name("N");
    let file = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
    };
    Command::new("batch")
        .about("Looks at all pictures of a folder of the bucket, stores their results and sums them up")
        .after_help(
            "What was looked at before is not asked again, so a run that was cut goes on where it was. The exit status is 75 \
             when a repetition may bring more.",
        )
        .args([
            prefix.help("Folder of the pictures; the whole bucket without it"),
            concurrency
                .value_parser(value_parser!(u16).range(1..=64))
                .help("Questions that the model is asked at once; VISION_CONCURRENCY without it"),
            Arg::new("limit").long("limit").value_name("N").value_parser(value_parser!(u32).range(1..)).help(
                "Only the first pictures",
            ),
            Arg::new("start-after").long("start-after").value_name("NAME").help("Only names after this one"),
            Arg::new("overwrite").long("overwrite").action(ArgAction::SetTrue).help("Asks again about every picture"),
            file("csv", "A line for each picture"),
            file("json", "The same with all members, as one document"),
            file("sheet", "A page with small pictures, captions, damage and measures; it needs no other file"),
        ])
}

/// Carries it out.
pub(crate) fn run<'a>(vision: &'a Vision, arguments: &'a ArgMatches) -> LocalBoxFuture<'a, ExitCode> {
    Box::pin(async move {
        match batch(vision, arguments).await {
            Ok(code) => code,
            Err((code, text)) => {
                let _ = writeln!(std::io::stderr(), "vision batch: {text}");
                ExitCode::from(code)
            }
        }
    })
}

/// What the run came to, in a line.
fn line(counts: &Counts, seconds: f64) -> String {
    let total: u64 = counts.pictures.values().sum();
    let parts: Vec<_> = counts.pictures.iter().map(|(status, count)| format!("{count} {}", status.word())).collect();
    let rate = total as f64 / seconds.max(1e-3);
    let open = if counts.alerts_open > 0 { format!(", {} alerts not sent", counts.alerts_open) } else { String::new() };
    format!(
        "{total} pictures in {seconds:.1} s ({rate:.1}/s): {}; {} to review, {} questions to the model{open}",
        parts.join(", "),
        counts.reviews,
        counts.model_calls,
    )
}

async fn batch(vision: &Vision, arguments: &ArgMatches) -> Result<ExitCode, (u8, String)> {
    let text = |name: &str| arguments.get_one::<String>(name).map(String::as_str);
    let path = |name: &str| arguments.get_one::<PathBuf>(name).cloned();
    let failed = |error: Error| (error.exit_code(), error.log_text());
    let limit = arguments.get_one::<u32>("limit").map(|limit| *limit as usize);
    let most = limit.map_or(MOST, |limit| limit.min(MOST));
    let given = arguments.get_one::<u16>("concurrency").map(|given| usize::from(*given));
    let concurrency = given.unwrap_or(vision.config.concurrency);
    vision.turns.limit_to(concurrency);
    let prefix = text("prefix").unwrap_or_default();
    let listed = list(vision, prefix, text("start-after"), most).await.map_err(failed)?;
    let jobs = jobs(vision, &listed.names, arguments).map_err(failed)?;
    // Before the first question is paid for.
    let mut files = Files::create(path("csv"), path("json"), path("sheet")).map_err(|error| output(&error))?;
    let (start, mut counts, bar) = (Instant::now(), Counts::default(), bar(jobs.len()));
    let jobs = jobs.into_iter().enumerate().collect();
    let mut done = std::pin::pin!(each(vision, jobs, concurrency, Deadline::NONE));
    while let Some(one) = done.next().await {
        counts.add(one.item.status, one.looked.as_ref());
        if let Some(failure) = &one.item.failure {
            note(&bar, &clean(&format!("{}: {} ({})", one.item.object_name, failure.message, failure.code)));
        }
        files.add(one);
        bar.inc(1);
    }
    bar.finish_and_clear();
    vision.publish(&counts, Deadline::at(Instant::now() + PUBLISHING)).await;
    files.finish(&listed, &counts, start.elapsed()).map_err(|error| output(&error))?;
    say(&line(&counts, start.elapsed().as_secs_f64()));
    if let Some(left) = &listed.left_out {
        say(&clean(&format!("more are left: --start-after {:?}", left.next_start_after)));
    }
    // Whoever asked for so many knows that there are more.
    let is_cut = listed.left_out.is_some() && limit.is_none_or(|limit| limit > MOST);
    Ok(if counts.is_open() || is_cut { ExitCode::from(EXIT_AGAIN) } else { ExitCode::SUCCESS })
}

fn jobs(vision: &Vision, names: &[String], arguments: &ArgMatches) -> Result<Vec<Job>, Error> {
    let request = Request { overwrite: arguments.get_flag("overwrite"), ..Request::default() };
    let thumbnail = arguments.contains_id("sheet");
    let job = |name: &String| {
        let job = vision.job(&request, name)?;
        Ok(Job { options: Options { thumbnail, ..job.options.clone() }, ..job })
    };
    names.iter().map(job).collect()
}

/// Hidden where standard error is no terminal.
fn bar(total: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {percent}% {per_sec} ETA {eta}");
    let bar = ProgressBar::new(total as u64);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Above the bar; a bar that is hidden would swallow it.
fn note(bar: &ProgressBar, text: &str) {
    if bar.is_hidden() {
        let _ = writeln!(std::io::stderr(), "{text}");
    } else {
        bar.println(text);
    }
}

fn output(error: &std::io::Error) -> (u8, String) {
    (EXIT_OUTPUT, error.to_string())
}

/// A reader that hung up is no error.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Names of objects could move the cursor or change colours.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

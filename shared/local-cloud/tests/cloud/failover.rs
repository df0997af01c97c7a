//! `causeway up --scenario failover`: Object Storage goes and comes back under functions at work.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::up::{causeway, text};

fn temporary() -> TempDir {
    tempfile::Builder::new().prefix("t").tempdir_in("/tmp").unwrap()
}

/// The drill, with a temporary directory of its own, where moto is found only if `tools` is its directory.
fn drill(arguments: &[&str], temporary: &TempDir, tools: Option<&Path>) -> Command {
    let mut command = causeway(&["up", "--port", "0", "--scenario", "failover"]);
    command.args(arguments).env("TMPDIR", temporary.path()).env("PATH", tools.unwrap_or(temporary.path()));
    command.current_dir(temporary.path());
    command
}

/// The lines of minutes, by column.
fn minutes(output: &Output) -> Vec<Vec<String>> {
    let lines = text(&output.stdout);
    let is_minute = |line: &&str| line.trim_start().starts_with(|first: char| first.is_ascii_digit());
    let table = lines.lines().skip_while(|line| !line.starts_with("MINUTE")).skip(1).take_while(is_minute);
    table.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

fn sum(minutes: &[Vec<String>], column: usize) -> u32 {
    minutes.iter().map(|minute| minute[column].parse::<u32>().unwrap()).sum()
}

fn nothing_is_lost(output: &Output, side: &str) {
    let told = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{told}");
    assert!(told.contains(&format!("The second side is {side}")), "{told}");
    let minutes = minutes(output);
    let [requests, first, second, cache, lost] = [1, 2, 3, 4, 6].map(|column| sum(&minutes, column));
    assert!(minutes.len() >= 4 && requests >= 40 && first > 0 && second > 0, "{told}");
    assert_eq!((first + second + cache, lost), (requests, 0), "{told}");
    assert_eq!(minutes.last().unwrap()[7], "closed", "{told}");
    assert!(told.contains("no request lost"), "{told}");
    assert!(told.contains("the breaker opened once: opened, half_opened, closed\n"), "{told}");
    let found = told.lines().find(|line| line.contains("runs were found again")).expect(&told);
    let words: Vec<_> = found.split_whitespace().collect();
    assert!(words[0] == words[2] && words[0] != "0", "{told}");
}

#[test]
fn nothing_is_lost_with_a_directory_as_second_side() {
    let temporary = temporary();
    let output = drill(&["--speed", "15"], &temporary, None).output().unwrap();
    nothing_is_lost(&output, "a directory");
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn nothing_is_lost_with_s3_as_second_side() {
    let tools = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/aws-python/bin");
    if !tools.join("moto_server").is_file() {
        let reason = "moto_server is not there; .ci/test-tools fetches it";
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{reason}");
        // The test runner swallows what a macro prints.
        let _ = std::io::stderr().write_all(format!("SKIPPED the drill with S3: {reason}\n").as_bytes());
        return;
    }
    let output = drill(&["--speed", "15"], &temporary(), Some(&tools)).output().unwrap();
    nothing_is_lost(&output, "S3");
}

#[test]
fn a_signal_ends_it_with_a_sum_of_what_was_played() {
    let temporary = temporary();
    let mut command = drill(&["--speed", "15"], &temporary, None);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.trim_start().starts_with("1 ")).expect("a minute");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success(), "{rest:#?}");
    assert!(rest.iter().any(|line| line.starts_with("no request lost")), "{rest:#?}");
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn options_of_the_other_scenario_are_refused() {
    let check = |arguments: &[&str], expected: &str| {
        let output = drill(arguments, &temporary(), None).output().unwrap();
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), told.contains(expected)), (Some(64), true), "{arguments:?}: {told}");
    };
    check(&["--ticks", "3"], "--ticks is an option of --scenario autoscaler");
    check(&["--seed", "3"], "--seed is an option of --scenario autoscaler");
    check(&["--traces", "/tmp"], "--traces is an option of --scenario autoscaler");
    check(&["--speed", "16"], "at most 15 times");
}

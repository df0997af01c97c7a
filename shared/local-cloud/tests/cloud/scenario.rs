//! `causeway up --scenario autoscaler`: machines, load, and the autoscaler's process at work.

use std::fs;
use std::process::Output;

use tempfile::TempDir;

use super::up::{causeway, text};

/// As fast as it goes, with a temporary directory of its own.
fn play(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let temporary = tempfile::Builder::new().prefix("t").tempdir_in("/tmp").unwrap();
    let mut command = causeway(&["up", "--port", "0", "--scenario", "autoscaler", "--speed", "100000"]);
    for name in ["FLEX_AUTOSCALER_MODE", "FLEX_AUTOSCALER_POLICY", "FLEX_AUTOSCALER_POLICY_OBJECT"] {
        command.env_remove(name);
    }
    command.args(arguments).env("TMPDIR", temporary.path()).envs(variables.iter().copied()).output().unwrap()
}

/// What was played: without the greeting, whose port is a different one each time.
fn table(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{} {}", text(&output.stdout), text(&output.stderr));
    let lines = text(&output.stdout);
    lines.lines().skip_while(|line| !line.starts_with("TIME")).map(str::to_owned).collect()
}

/// Lines with this decision that change a size.
fn changes(lines: &[String], decision: &str) -> usize {
    let is_one = |line: &&String| line.split_whitespace().any(|word| word == decision) && line.contains(" -> ");
    lines.iter().filter(is_one).count()
}

/// The figures of the sum of all machines.
fn sum(lines: &[String]) -> Vec<f64> {
    let line = lines.iter().find(|line| line.starts_with("all ")).expect("a sum");
    line.split_whitespace().skip(1).map(|figure| figure.parse().unwrap()).collect()
}

#[test]
fn machines_grow_and_shrink_and_the_same_seed_gives_the_same_table() {
    let first = table(&play(&["--ticks", "40"], &[]));
    assert!(changes(&first, "UP") + changes(&first, "EMERGENCY_UP") > 0, "{first:#?}");
    assert!(changes(&first, "DOWN") > 0, "{first:#?}");
    assert!(first.contains(&"40 ticks".to_owned()), "{first:#?}");
    let [hours, resizes, _, _, down, ..] = sum(&first)[..] else { panic!("{first:#?}") };
    // Forty ticks of five machines; a restart takes two minutes, the last one may not be over.
    assert!((hours - 40.0 * 5.0 * 5.0 / 60.0).abs() < 0.1, "{hours}");
    assert!(resizes >= 2.0 && down > 0.0 && down <= 2.0 * resizes, "{first:#?}");
    assert_eq!(first, table(&play(&["--ticks", "40"], &[])));
    assert_ne!(first, table(&play(&["--ticks", "40", "--seed", "7"], &[])));
}

#[test]
fn own_traces_and_an_own_mode() {
    let traces = TempDir::new().unwrap();
    fs::write(traces.path().join("busy.csv"), "95\n".repeat(50)).unwrap();
    fs::write(traces.path().join("idle.csv"), "5\n".repeat(45)).unwrap();
    fs::write(traces.path().join("broken.csv"), "nothing of the kind\n".repeat(9)).unwrap();
    let directory = traces.path().to_str().unwrap();
    let output = play(&["--traces", directory], &[]);
    let lines = table(&output);
    assert!(text(&output.stderr).contains("broken.csv"), "{}", text(&output.stderr));
    assert!(lines.contains(&"14 ticks".to_owned()), "the longer one has 14 samples behind its history: {lines:#?}");
    let grown = lines.iter().find(|line| line.contains("busy") && line.contains("EMERGENCY_UP")).expect("it grows");
    assert!(grown.contains("32 -> "), "{grown}");
    let recommended = table(&play(&["--traces", directory, "--ticks", "3"], &[("FLEX_AUTOSCALER_MODE", "recommend")]));
    assert_eq!(sum(&recommended)[1], 0.0, "{recommended:#?}");
}

#[test]
fn what_cannot_be_played_is_refused() {
    let check = |arguments: &[&str], variables: &[(&str, &str)], expected: &str| {
        let output = play(arguments, variables);
        let told = text(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code == 64 || code == 2), "{arguments:?}: {told}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
    };
    check(&[], &[("CAUSEWAY_CLOUD", "aws")], "unset CAUSEWAY_CLOUD");
    check(&[], &[("CAUSEWAY_OCI_ENDPOINT", "http://127.0.0.1:1")], "unset CAUSEWAY_OCI_ENDPOINT");
    check(&[], &[("CAUSEWAY_LOCAL_ROOT", "/tmp")], "unset CAUSEWAY_LOCAL_ROOT");
    check(&["--traces", "/nowhere"], &[], "/nowhere");
    check(&["--no-oci"], &[], "cannot be used with");
    check(&["--ticks", "0"], &[], "--ticks");
    check(&["--speed", "0"], &[], "--speed");
}

//! "Add a function in ten minutes", done as the page says: its files are written, its commands are run, in a copy of
//! the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::calls::is_part;
use crate::{path, text, tidy};

const TITLE: &str = "\n## Add a function in ten minutes\n";
/// What compiles all tests of the workspace to look at files: here the same rules look at the copy.
const TIDY: &str = "cargo test -p tests --test tidy\n";

/// What the page asks its reader to do.
#[derive(Debug, PartialEq)]
enum Step<'a> {
    Write(&'a str, &'a str),
    Run(&'a str),
    /// What the last command prints.
    Expect(&'a str),
}

/// A block is a file when the text before it ends with a colon and has a path; else it is a command or an answer.
fn steps(section: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut parts = section.split("```");
    let mut prose = parts.next().unwrap_or_default();
    while let (Some(block), Some(after)) = (parts.next(), parts.next()) {
        let (language, code) = block.split_once('\n').expect("a block has lines");
        let named = prose.trim_end().ends_with(':').then(|| prose.rsplit('`').nth(1)).flatten();
        steps.push(match (named.filter(|name| name.contains('/')), language) {
            (Some(file), language) if language != "sh" => Step::Write(file, code),
            (_, "sh") => Step::Run(code),
            (_, "json") => Step::Expect(code),
            (_, other) => panic!("nobody knows what to do with a block of {other}: {code}"),
        });
        prose = after;
    }
    steps
}

/// The workspace without what was built.
fn copied() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let entries = fs::read_dir(path("")).expect("the workspace").map(|entry| entry.expect("entry").path());
    let is_made = |file: &PathBuf| [".git", "target", "causeway-demo"].iter().any(|name| file.ends_with(name));
    let mut copy = Command::new("cp");
    let copy = copy.arg("-a").args(entries.filter(|file| !is_made(file))).arg(folder.path()).status();
    assert!(copy.expect("cp").success());
    folder
}

/// Where the new function is built: not among the workspace's own crates, which have the same names.
fn target() -> PathBuf {
    let test = std::env::current_exe().expect("path of the test");
    test.ancestors().nth(3).expect("target directory").join("contributing")
}

fn run(commands: &str, root: &Path) -> String {
    let mut command = Command::new("bash");
    command.args(["-euc", commands]).current_dir(root).env_clear().env("CARGO_TARGET_DIR", target());
    for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    let output = command.output().expect("bash");
    assert!(output.status.success(), "{commands}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_function_is_added_in_ten_minutes() {
    let page = text(".github/CONTRIBUTING.md");
    let section = page.split(TITLE).nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
    let folder = copied();
    let root = folder.path();
    let (mut said, mut looked, mut answered) = (String::new(), 0, 0);
    for step in steps(section) {
        match step {
            Step::Write(file, content) => {
                let file = root.join(file);
                fs::create_dir_all(file.parent().expect("a folder")).expect("made");
                fs::write(file, content).expect("written");
            }
            Step::Run(TIDY) => {
                looked += 1;
                assert_eq!(tidy::findings(root), Vec::<String>::new());
            }
            Step::Run(commands) => said = run(commands, root),
            Step::Expect(answer) => {
                answered += 1;
                is_part(&json(answer), &json(said.lines().last().expect("an answer")), "the answer");
            }
        }
    }
    assert_eq!((looked, answered), (1, 1));
    formatted(root);
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What a reader copies is as the check of a change wants it.
fn formatted(root: &Path) {
    run("cargo fmt -p word-counter --check", root);
}

#[test]
fn steps_are_read_as_they_are_meant() {
    let section =
        "Text.\n\n`a/b.rs`, the rule:\n\n```rust\nfn\n```\n\nIt works:\n\n```sh\nx\n```\n\n```json\n{}\n```\n";
    assert_eq!(steps(section), [Step::Write("a/b.rs", "fn\n"), Step::Run("x\n"), Step::Expect("{}\n")]);
}

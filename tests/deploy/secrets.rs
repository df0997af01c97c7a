//! No private key, access key or token is in the tree or in its history, but for those that tests made up.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use crate::path;

/// What begins a secret, which characters go on, and how many of them at least make it one.
struct Pattern {
    name: &'static str,
    begin: &'static str,
    is_part: fn(char) -> bool,
    least: usize,
}

const fn pattern(name: &'static str, begin: &'static str, is_part: fn(char) -> bool, least: usize) -> Pattern {
    Pattern { name, begin, is_part, least }
}

const PATTERNS: &[Pattern] = &[
    // PKCS #1, PKCS #8, encrypted or not, SEC 1, OpenSSH; Oracle's API keys are such files.
    pattern("a private key", "PRIVATE KEY-----", is_of_pem, 64),
    pattern("an access key of AWS", "AKIA", is_capital_or_digit, 16),
    pattern("a temporary access key of AWS", "ASIA", is_capital_or_digit, 16),
    pattern("a session token of Oracle Cloud", "ST$eyJ", is_of_token, 40),
    pattern("a JSON web token", "eyJhbGciOi", is_of_token, 60),
    pattern("a token of GitHub", "ghp_", is_word, 36),
    pattern("a token of GitHub", "gho_", is_word, 36),
    pattern("a token of GitHub", "ghs_", is_word, 36),
    pattern("a token of GitHub", "github_pat_", is_word, 40),
    pattern("a token of npm", "npm_", is_word, 36),
    pattern("a key of Google", "AIza", is_word, 35),
    pattern("a token of Slack", "xoxb-", is_of_token, 20),
    pattern("a key of a model's provider", "sk-ant-", is_of_token, 30),
    pattern("a key of a model's provider", "sk-proj-", is_of_token, 30),
    pattern("a secret key of AWS", "aws_secret_access_key", is_of_assignment, 40),
    pattern("a secret key of AWS", "AWS_SECRET_ACCESS_KEY", is_of_assignment, 40),
    pattern("a secret key of AWS", "secretAccessKey", is_of_assignment, 40),
];

/// Files whose secrets were made for tests and open nothing, and what they are for.
const MADE_UP: &[(&str, &str)] = &[
    ("shared/oci-auth/src/key/testdata/", "a key of each form that is read or refused"),
    (
        "shared/oci-auth/tests/data/",
        "recorded cases, with the throw-away keys that signed them and the tokens of their principals",
    ),
    ("shared/oci-auth/fuzz/seeds/", "what the fuzzer begins with: keys and tokens of these cases"),
    ("shared/oci-client/tests/data/throw-away-key.pem", "the key that signs the requests of the client's tests"),
    ("shared/oci-emulator/tests/emulator/throw-away-test-key.pem", "whose signatures the emulator is tested with"),
];

fn is_of_pem(c: char) -> bool {
    is_word(c) || matches!(c, '+' | '/' | '=' | '\n' | '\r' | '\\' | ' ' | '"')
}

fn is_capital_or_digit(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn is_of_token(c: char) -> bool {
    is_word(c) || c == '.'
}

/// A sign of assignment, quotes, and what may be in the key.
fn is_of_assignment(c: char) -> bool {
    is_word(c) || matches!(c, '=' | ':' | '"' | '\'' | ' ' | '+' | '/')
}

/// Kinds of secrets in a text.
fn secrets(text: &str) -> Vec<&'static str> {
    let is_there = |pattern: &&Pattern| {
        text.match_indices(pattern.begin).any(|(at, begin)| {
            let rest = &text[at + begin.len()..];
            let is_word_before = text[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
            let is_begun = !is_word_before || pattern.begin.starts_with("PRIVATE");
            is_begun && is_secret(pattern, rest)
        })
    };
    let mut found: Vec<_> = PATTERNS.iter().filter(is_there).map(|pattern| pattern.name).collect();
    found.dedup();
    found
}

fn is_secret(pattern: &Pattern, rest: &str) -> bool {
    let value: String = rest.chars().take_while(|c| (pattern.is_part)(*c)).take(400).collect();
    match pattern.name {
        // The longest piece has to be as long as the key: a variable's name and its description are not.
        "a secret key of AWS" => {
            value.split(['=', ':', '"', '\'', ' ']).any(|piece| piece.len() == pattern.least && has_mixed_case(piece))
        }
        "a private key" => value.chars().filter(|c| is_word(*c)).count() >= pattern.least,
        // What AWS writes in its examples.
        _ if value.contains("EXAMPLE") => false,
        _ => value.len() >= pattern.least,
    }
}

fn has_mixed_case(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_lowercase()) && text.contains(|c: char| c.is_ascii_uppercase())
}

fn is_made_up(file: &str) -> bool {
    MADE_UP.iter().any(|(place, _)| file.starts_with(place))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).current_dir(path("")).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Every file that was ever committed, by the id of its content, with one of its names.
fn history() -> Option<BTreeMap<String, String>> {
    let listed = git(&["rev-list", "--objects", "--all"])?;
    let named = |line: &str| line.split_once(' ').map(|(id, file)| (id.to_owned(), file.to_owned()));
    Some(listed.lines().filter_map(named).collect())
}

/// Calls `look` with the name and the content of each.
fn contents(files: &BTreeMap<String, String>, mut look: impl FnMut(&str, &str)) {
    let mut command = Command::new("git");
    let command = command.args(["cat-file", "--batch"]).current_dir(path(""));
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git");
    let (mut asked, ids) = (process.stdin.take().expect("its input"), files.keys().cloned().collect::<Vec<_>>());
    let asking = thread::spawn(move || ids.iter().try_for_each(|id| writeln!(asked, "{id}")));
    let mut answers = BufReader::new(process.stdout.take().expect("its output"));
    for file in files.values() {
        let mut head = String::new();
        answers.read_line(&mut head).expect("a head");
        let words: Vec<_> = head.split_whitespace().collect();
        let [_, kind, bytes] = words.as_slice() else { panic!("{head}") };
        let mut content = vec![0; bytes.parse::<usize>().expect("a size") + 1];
        answers.read_exact(&mut content).expect("the content");
        if *kind == "blob" {
            look(file, &String::from_utf8_lossy(&content));
        }
    }
    asking.join().expect("the writer").expect("all were asked for");
    assert!(process.wait().expect("git").success());
}

#[test]
fn nothing_secret_was_ever_committed() {
    let Some(files) = history().filter(|files| !files.is_empty()) else {
        return tests::harness::skip("the search for secrets in the history", "this is no clone of the repository");
    };
    let mut findings = Vec::new();
    contents(&files, |file, content| {
        if !is_made_up(file) {
            findings.extend(secrets(content).into_iter().map(|kind| format!("{file}: {kind}")));
        }
    });
    findings.sort();
    findings.dedup();
    assert!(findings.is_empty(), "{} files:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn nothing_secret_is_in_the_tree() {
    let Some(listed) = git(&["ls-files", "--cached", "--others", "--exclude-standard"]) else {
        return tests::harness::skip("the search for secrets in the tree", "this is no clone of the repository");
    };
    let files = listed.lines().filter(|file| !is_made_up(file));
    let found = |file: &str| {
        let content = std::fs::read(path(file)).unwrap_or_default();
        secrets(&String::from_utf8_lossy(&content))
            .into_iter()
            .map(|kind| format!("{file}: {kind}"))
            .collect::<Vec<_>>()
    };
    let findings: Vec<_> = files.flat_map(found).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn secrets_are_known_by_their_form() {
    let check = |text: &str, expected: &[&str]| assert_eq!(secrets(text), expected, "{text}");
    let key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj".repeat(2);
    check(&format!("-----BEGIN RSA {}\n{key}\n", "PRIVATE KEY-----"), &["a private key"]);
    check(&format!("\"-----BEGIN {}\\n{key}\"", "PRIVATE KEY-----"), &["a private key"]);
    check("the line -----BEGIN PRIVATE KEY----- stands first", &[]);
    check(&format!("key = {}{}", "AKIA", "IOSFODNN7ABCDEFG"), &["an access key of AWS"]);
    check(&format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE"), &[]);
    check(&format!("x{}{}", "AKIA", "IOSFODNN7ABCDEFG"), &[]);
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY";
    check(&format!("aws_secret_access_key = {secret}"), &["a secret key of AWS"]);
    check("AWS_SECRET_ACCESS_KEY: of the principal, never shown", &[]);
    check(&format!("{}{}", "ghp_", "a".repeat(36)), &["a token of GitHub"]);
    check(&format!("{}{}", "eyJhbGciOi", "JSUzI1NiJ9.".repeat(8)), &["a JSON web token"]);
}

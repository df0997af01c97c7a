//! `func-yaml/openapi.json`: it is what the functions say, it is valid, and functions keep to it.

mod answers;
mod calls;
mod document;
mod schemas;

use std::process::Command;

use serde_json::Value;

use crate::routes::Routes;
use crate::{json, path};

const FILE: &str = "func-yaml/openapi.json";

/// `WRITE_OPENAPI=1` writes the file anew.
#[test]
fn the_document_is_what_the_functions_say() {
    let made = format!("{:#}\n", document::document());
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        std::fs::write(path(FILE), &made).expect("written");
    }
    let kept = std::fs::read_to_string(path(FILE)).unwrap_or_default();
    let first = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "{FILE} differs from line {:?} on: run this test with WRITE_OPENAPI=1",
        first.map(|line| line + 1)
    );
}

/// Scopes by path, as the document has them.
pub(crate) fn routes() -> Routes {
    let document = json(FILE);
    let mut found = Routes::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let methods = methods.as_object().expect("methods");
        assert_eq!(methods.keys().collect::<Vec<_>>(), ["post"], "{path}");
        let alternatives = methods["post"]["security"].as_array().expect("security").iter();
        let scopes = alternatives.map(|one| one["token"][0].as_str().expect("a scope").to_owned()).collect();
        found.insert(path.clone(), scopes);
    }
    found
}

/// A tool of `.ci/test-tools` that looks at the document; `None` when it is not installed.
fn tool(test: &str, name: &str) -> Option<Command> {
    let file = path("target/tools/openapi-python/bin").join(name);
    if !file.exists() {
        tests::harness::skip(test, &format!("{} is not there", file.display()));
        return None;
    }
    Some(Command::new(file))
}

#[test]
fn the_document_is_valid() {
    let Some(mut validator) = tool("the validation of the document", "openapi-spec-validator") else { return };
    let said = |output: &std::process::Output| format!("{output:?}");
    let output = validator.args(["--validation-errors", "all"]).arg(path(FILE)).output().expect("the validator");
    assert!(output.status.success(), "{}", said(&output));

    let mut wrong = json(FILE);
    wrong["paths"]["/vision"]["post"]["responses"] = Value::from(1);
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
    std::fs::write(file.path(), wrong.to_string()).expect("written");
    let output =
        tool("the validation of the document", "openapi-spec-validator").expect("as before").arg(file.path()).output();
    assert!(!output.expect("the validator").status.success(), "what is wrong is found");
}

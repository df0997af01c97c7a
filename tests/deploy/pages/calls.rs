//! Calls on the pages of functions: a section "A call" has a command and, below it, a part of what it answers.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tests::harness::{LocalCloud, programs};

use super::blocks;
use crate::{functions, path, text};

/// Pages whose calls need no clock: those of the agents, of the flow, of `vision` and `health-checker`.
const PAGES: usize = 8;
/// Where `causeway up` listens.
const UP: &str = "localhost:8080";

#[test]
fn calls_have_the_answers_beside_them() {
    let root = tempfile::tempdir().expect("a folder");
    let copied = Command::new("cp").arg("-r").arg(path("shared/local-cloud/data/.")).arg(root.path()).status();
    assert!(copied.expect("cp").success());
    let mut seen = 0;
    for function in functions() {
        let page = text(&format!("functions/{function}/README.md"));
        let Some(section) = page.split("\n## A call\n").nth(1).and_then(|rest| rest.split("\n## ").next()) else {
            continue;
        };
        let (calls, answers) = (blocks(section, "sh"), blocks(section, "json"));
        let ([call], [answer]) = (calls.as_slice(), answers.as_slice()) else {
            panic!("{function}: one call and one answer")
        };
        let told: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{function}: {error}"));
        assert!(told.as_object().is_some_and(|members| !members.is_empty()), "{function} shows an answer");
        is_part(&told, &called(&function, call, root.path()), &function);
        seen += 1;
    }
    assert!(seen >= PAGES, "{seen} pages have a call");
}

fn called(function: &str, call: &str, root: &Path) -> Value {
    let folder = programs::function(function).path.parent().expect("a folder").to_owned();
    let state = tempfile::tempdir().expect("a folder");
    let cloud = call.contains(UP).then(|| LocalCloud::start(&state.path().join("state"), 120, &[]));
    let call = cloud.as_ref().map_or_else(|| call.to_owned(), |cloud| call.replace(UP, &cloud.address));
    let mut command = Command::new("bash");
    command.args(["-euc", &call]).current_dir(path("")).env_clear().env("CAUSEWAY_LOCAL_ROOT", root);
    let output = command.env("PATH", format!("{}:/usr/bin:/bin", folder.display())).output().expect("bash");
    assert!(output.status.success(), "{function}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Every member that is shown has the value that the answer has there, numbers to a hundredth; of a list that is shown the
/// first entries are, and of one that is empty none.
#[track_caller]
pub(super) fn is_part(shown: &Value, answer: &Value, place: &str) {
    match (shown, answer) {
        (Value::Object(shown), Value::Object(answer)) => {
            for (name, value) in shown {
                let there = answer.get(name).unwrap_or_else(|| panic!("{place}.{name} is not in the answer"));
                is_part(value, there, &format!("{place}.{name}"));
            }
        }
        (Value::Array(shown), Value::Array(answer)) => {
            assert!(shown.len() <= answer.len() && shown.is_empty() == answer.is_empty(), "{place}: {answer:?}");
            for (index, (shown, answer)) in shown.iter().zip(answer).enumerate() {
                is_part(shown, answer, &format!("{place}[{index}]"));
            }
        }
        (Value::Number(shown), Value::Number(answer)) => {
            let (shown, answer) = (shown.as_f64().expect("finite"), answer.as_f64().expect("finite"));
            assert!((shown - answer).abs() < 0.01, "{place}: {shown} is shown, {answer} answered");
        }
        _ => assert_eq!(shown, answer, "{place}"),
    }
}

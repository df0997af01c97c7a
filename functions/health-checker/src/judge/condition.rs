//! What JSON says at a path.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::Objection;
use crate::settings::Condition;

/// Longest value that is quoted, in characters: a body may hold what nobody should read.
const MAX_QUOTED: usize = 40;

/// What speaks against the body, where the condition does not hold.
pub(super) fn objection(condition: &Condition, body: &Value) -> Option<Objection> {
    let wrong = |text: String| {
        Some(Objection::new(condition.otherwise.into(), "condition", format!("{}: {text}", condition.path)))
    };
    let Ok(path) = JsonPath::parse(&condition.path) else { return wrong("is no JSONPath".to_owned()) };
    let found = path.query(body).all();
    match (condition.exists, found.is_empty()) {
        (Some(false), true) => return None,
        (Some(false), false) => return wrong("is there, and must not be".to_owned()),
        (_, true) => return wrong("selects nothing".to_owned()),
        (_, false) => {}
    }
    wrong(found.into_iter().find_map(|value| against(condition, value))?)
}

fn against(condition: &Condition, value: &Value) -> Option<String> {
    let Condition { equals, differs, at_least, at_most, .. } = condition;
    if let Some(expected) = equals.as_ref().filter(|expected| !is_same(expected, value)) {
        return Some(format!("is {}, expected {}", quoted(value), quoted(expected)));
    }
    if differs.as_ref().is_some_and(|other| is_same(other, value)) {
        return Some(format!("is {}", quoted(value)));
    }
    let number = value.as_f64();
    let bounds = [(at_least, "at least", number >= *at_least), (at_most, "at most", number <= *at_most)];
    for (bound, word, holds) in bounds {
        let Some(bound) = bound else { continue };
        if number.is_none() || !holds {
            return Some(format!("is {}, expected {word} {bound}", quoted(value)));
        }
    }
    None
}

/// 1 and 1.0 are one number.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| other.as_f64() == Some(number))
}

fn quoted(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MAX_QUOTED { text } else { text.chars().take(MAX_QUOTED).collect::<String>() + "…" }
}

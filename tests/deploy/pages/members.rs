//! Tables of the members of requests and replies, from their JSON Schemas.

use std::process::Command;

use serde_json::{Map, Value, json};
use tests::harness::programs;

use super::cell;

/// The members of a request or a reply, and those of members that are objects themselves.
pub(super) fn of(function: &str, which: &str) -> String {
    let mut command = Command::new(programs::function(function).path);
    let output = command.arg("schema").env_clear().output().expect("it runs");
    assert!(output.status.success(), "{function}: {}", String::from_utf8_lossy(&output.stderr));
    let mut schemas: Value = serde_json::from_slice(&output.stdout).expect("two schemas");
    let schema = schemas[which].take();
    let rows = rows(&schema);
    assert!(!rows.is_empty(), "{function}: no members of the {which} are known");
    format!("| member | type | meaning |\n|---|---|---|\n{rows}")
}

/// Of one form, or of one after the other with what each is.
fn rows(root: &Value) -> String {
    let forms: Vec<_> = alternatives(root).into_iter().map(|form| resolved(root, form)).collect();
    if forms.is_empty() {
        return rows_of(root, root);
    }
    let rows = |form: &Value| {
        let what = form["description"].as_str().unwrap_or_default();
        format!("| | | **{}** |\n{}", cell(what), rows_of(root, form))
    };
    forms.into_iter().map(rows).collect()
}

fn rows_of(root: &Value, form: &Value) -> String {
    let mut all = String::new();
    for (name, member) in properties(root, form) {
        all += &row(root, form, name, member);
        for (inner, part) in properties(root, member) {
            all += &row(root, resolved(root, member), &format!("{name}.{inner}"), part);
        }
    }
    all
}

fn row(root: &Value, parent: &Value, name: &str, member: &Value) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_required = parent["required"].as_array().is_some_and(|all| all.contains(&json!(last)));
    let required =
        if is_required && parent.get("additionalProperties") == Some(&json!(false)) { ", required" } else { "" };
    let meaning = member["description"].as_str().or_else(|| resolved(root, member)["description"].as_str());
    format!("| `{name}` | {}{required} | {} |\n", cell(&kind(root, member)), cell(meaning.unwrap_or_default()))
}

/// A schema without its detours: references, and the choice between it and null.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(place) = schema["$ref"].as_str() {
        return root.pointer(place.trim_start_matches('#')).map_or(schema, |found| resolved(root, found));
    }
    match alternatives(schema).as_slice() {
        [one] => resolved(root, one),
        _ => schema,
    }
}

/// Of a choice, all but null.
fn alternatives(schema: &Value) -> Vec<&Value> {
    let listed = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
    listed.into_iter().flatten().filter(|one| one["type"] != "null").collect()
}

fn properties<'a>(root: &'a Value, schema: &'a Value) -> impl Iterator<Item = (&'a String, &'a Value)> {
    resolved(root, schema)["properties"].as_object().into_iter().flat_map(Map::iter)
}

fn kind(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    match words(schema).as_slice() {
        [] => {}
        [word] => return word.clone(),
        words => return format!("one of {}", words.join(", ")),
    }
    let several = alternatives(schema);
    if !several.is_empty() {
        let mut kinds: Vec<_> = several.iter().map(|one| kind(root, one)).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|one| *one != "null"),
        one => one.as_str(),
    };
    match types {
        Some("array") => format!("list of {}", kind(root, &schema["items"])),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("string") => "text".to_owned(),
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

/// The words of a schema that allows some and nothing else.
fn words(schema: &Value) -> Vec<String> {
    let quoted = |value: &Value| value.as_str().map(|word| format!("`{word}`"));
    if let Some(all) = schema["enum"].as_array() {
        return all.iter().filter_map(quoted).collect();
    }
    if let Some(one) = quoted(&schema["const"]) {
        return vec![one];
    }
    let parts: Vec<_> = alternatives(schema).into_iter().map(words).collect();
    if parts.iter().any(Vec::is_empty) { Vec::new() } else { parts.concat() }
}

#[test]
fn schemas_are_told_in_words() {
    let root =
        json!({ "$defs": { "Unit": { "oneOf": [{ "const": "gb", "type": "string" }, { "enum": ["tb", "pb"] }] } } });
    let check = |schema: Value, expected: &str| assert_eq!(kind(&root, &schema), expected, "{schema}");
    check(json!({ "anyOf": [{ "$ref": "#/$defs/Unit" }, { "type": "null" }] }), "one of `gb`, `tb`, `pb`");
    check(json!({ "const": "tick" }), "`tick`");
    check(json!({ "type": ["string", "null"] }), "text");
    check(json!({ "type": "array", "items": { "type": "integer" } }), "list of whole number");
    check(json!({ "anyOf": [{ "type": "string" }, { "type": "object" }, { "type": "object" }] }), "text or object");
    check(json!({ "type": "boolean" }), "true or false");
    check(json!(true), "any");
}

//! Schemas of a function in the place where a document of OpenAPI has them.

use serde_json::{Map, Value, json};

const LOCAL: &str = "#/$defs/";

/// Puts a schema and what it refers to among `components`, all names led by the function's and by `role`, as a request and
/// a reply may have different types of one name. Answers the reference to it.
pub(super) fn hoist(components: &mut Map<String, Value>, function: &str, role: &str, mut schema: Value) -> Value {
    let members = schema.as_object_mut().expect("a schema");
    members.remove("$schema");
    let parts = members.remove("$defs").unwrap_or_else(|| json!({}));
    let Value::Object(parts) = parts else { panic!("{function}: $defs is no object") };
    let name = format!("{function}.{role}");
    components.extend(parts.into_iter().map(|(part, schema)| (format!("{name}.{part}"), moved(schema, &name))));
    components.insert(name.clone(), moved(schema, &name));
    reference(&name)
}

/// A reference to a schema of the document.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The same with references to where the parts of the schema `name` are now.
fn moved(value: Value, name: &str) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(key, value): (String, Value)| match (key.as_str(), value.as_str()) {
                ("$ref", Some(target)) => {
                    let part = if target == "#" { Some("") } else { target.strip_prefix(LOCAL) };
                    let part = part.unwrap_or_else(|| panic!("{name}: $ref to {target}"));
                    (key, format!("#/components/schemas/{name}.{part}").trim_end_matches('.').into())
                }
                _ => (key, moved(value, name)),
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(items) => items.into_iter().map(|item| moved(item, name)).collect(),
        other => other,
    }
}

#[test]
fn references_follow_what_they_refer_to() {
    let mut components = Map::new();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": { "a": { "$ref": "#/$defs/A" }, "again": { "$ref": "#" } },
        "$defs": { "A": { "items": { "$ref": "#/$defs/A" } } },
    });
    assert_eq!(hoist(&mut components, "f", "request", schema), reference("f.request"));
    let expected = json!({
        "f.request.A": { "items": reference("f.request.A") },
        "f.request": { "properties": { "a": reference("f.request.A"), "again": reference("f.request") } },
    });
    assert_eq!(Value::Object(components), expected);
}

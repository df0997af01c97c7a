//! The document, made from the routes of the gateway and from what the functions say of themselves.

use std::process::Command;

use serde_json::{Map, Value, json};
use tests::harness::programs;

use super::answers::{gateway_error, probe, probe_answer, problem, responses};
use super::schemas::{hoist, reference};
use crate::routes::{Routes, specified};
use crate::{path, text};

/// Samples that show what is refused.
const WRONG: &[&str] = &["climbing_path"];

/// The whole document.
pub(super) fn document() -> Value {
    let mut schemas = Map::new();
    let own = [("Problem", problem()), ("GatewayError", gateway_error()), ("Probe", probe())];
    schemas.extend(own.map(|(name, schema)| (name.to_owned(), schema)));
    schemas.insert("ProbeAnswer".to_owned(), probe_answer());
    let routes = specified();
    let paths: Map<_, _> =
        routes.iter().map(|(path, scopes)| (path.clone(), route(&mut schemas, path, scopes))).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Causeway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The functions behind the gateway, the same on Oracle Cloud and on AWS.",
            "license": { "name": "Apache License 2.0", "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{
            "url": "https://{gateway}/v1",
            "variables": { "gateway": { "default": "gateway.example", "description": "Host of the deployment's gateway." } },
        }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses(),
            "securitySchemes": { "token": token(&routes) },
        },
    })
}

fn token(routes: &Routes) -> Value {
    let mut scopes: Vec<_> = routes.values().flatten().map(String::as_str).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let text =
        format!("A token of the deployment's issuer for its audience, with one of the scopes {}.", scopes.join(", "));
    json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": text })
}

fn route(schemas: &mut Map<String, Value>, path: &str, scopes: &[String]) -> Value {
    let function = &path[1..];
    let mut told: Value = serde_json::from_str(&said(function, "schema")).expect("two schemas");
    let examples = examples(function, &told["request"]);
    let request = hoist(schemas, function, "request", told["request"].take());
    let reply = hoist(schemas, function, "reply", told["reply"].take());
    let mut answers = super::answers::of_every_route();
    answers["200"] = json!({
        "description": "The reply, or the answer to a probe.",
        "content": { "application/json": { "schema": { "anyOf": [reply, reference("ProbeAnswer")] } } },
    });
    json!({ "post": {
        "operationId": function,
        "summary": said(function, "--help").lines().next().expect("what it does"),
        "security": scopes.iter().map(|scope| json!({ "token": [scope] })).collect::<Vec<_>>(),
        "requestBody": {
            "required": true,
            "content": { "application/json": {
                "schema": { "anyOf": [request, reference("Probe")] },
                "examples": examples,
            } },
        },
        "responses": answers,
    } })
}

/// What a function prints on standard output.
fn said(function: &str, command: &str) -> String {
    let output = Command::new(programs::function(function).path).arg(command).env_clear().output().expect("it runs");
    assert!(output.status.success(), "{function} {command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The function's samples that are requests; events of services come by other ways than a route.
fn examples(function: &str, request: &Value) -> Map<String, Value> {
    let folder = path(&format!("functions/{function}/events"));
    let names = std::fs::read_dir(folder).expect("samples").map(|entry| entry.expect("entry").path());
    let names = names.filter_map(|file| file.file_stem().map(|name| name.to_str().expect("UTF-8").to_owned()));
    let mut found = Map::new();
    for name in names.filter(|name| !WRONG.contains(&name.as_str())) {
        let sample: Value =
            serde_json::from_str(&text(&format!("functions/{function}/events/{name}.json"))).expect("JSON");
        let is_request =
            sample.as_object().is_some_and(|it| it.keys().all(|key| request["properties"].get(key).is_some()));
        if is_request {
            found.insert(name, json!({ "value": sample }));
        }
    }
    assert!(!found.is_empty(), "{function} has no sample of a request");
    found
}

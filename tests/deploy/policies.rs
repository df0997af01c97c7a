//! Statements of policies: each function has what its code needs, with the reason, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::descriptors::descriptor;
use crate::{functions, json, path};

/// Ports of functions: how their code takes them, and the resource types that their adapters on OCI work on.
const PORTS: &[(&str, &[&str], &[&str])] = &[
    ("objects", &["ports.objects()"], &["objects"]),
    ("documents", &["ports.documents(", "Answers::of(ports)"], &["objects"]),
    ("results", &["ports.results("], &["objects", "buckets", "secret-bundles"]),
    ("metrics", &["ports.metrics()"], &["metrics"]),
    ("vantage", &["ports.vantage()"], &["health-check-results"]),
    ("fleet", &["ports.fleet()"], &["instances"]),
    ("usage", &["ports.usage()"], &["usage-report"]),
    ("notifier", &["ports.notifier()"], &["ons-topics"]),
    ("chat_model", &["ports.chat_model()"], &["generative-ai-chat", "secret-bundles"]),
    ("invoker", &["ports.invoker()"], &["fn-app", "fn-function", "fn-invocation"]),
    ("secrets", &["ports.secrets()"], &["secret-bundles"]),
];
/// No port: what the platform does in a function's name, when it fails while nobody waits for it.
const FAILURES: (&str, &[&str]) = ("failures", &["ons-topics"]);
const SERVICE_TYPES: &[&str] = &["functions-family", "object-family", "objects"];
const VERBS: &[&str] = &["inspect", "read", "use", "manage"];
const PERMISSIONS: &[&str] = &[
    "OBJECT_INSPECT",
    "OBJECT_READ",
    "OBJECT_CREATE",
    "OBJECT_OVERWRITE",
    "OBJECT_DELETE",
    "ONS_TOPIC_READ",
    "ONS_TOPIC_PUBLISH",
    "INSTANCE_INSPECT",
    "INSTANCE_READ",
    "INSTANCE_UPDATE",
];
const VARIABLES: &[&str] = &[
    "request.permission",
    "request.principal.type",
    "request.principal.id",
    "request.resource.compartment.id",
    "target.bucket.name",
    "target.object.name",
    "target.metrics.namespace",
    "target.function.id",
    "target.secret.id",
];

/// The parts of `Allow SUBJECT to VERB TYPE in PLACE [where CONDITION]`.
struct Statement<'a> {
    subject: &'a str,
    verb: &'a str,
    resource_type: &'a str,
    place: &'a str,
    condition: &'a str,
}

fn parse(statement: &str) -> Option<Statement<'_>> {
    let (subject, rest) = statement.strip_prefix("Allow ")?.split_once(" to ")?;
    let (what, rest) = rest.split_once(" in ")?;
    let (place, condition) = rest.split_once(" where ").unwrap_or((rest, ""));
    let (verb, resource_type) = what.split_once(' ')?;
    Some(Statement { subject, verb, resource_type, place, condition })
}

/// Terms of a condition: `variable='value'` or `variable=/pattern/`.
fn terms(condition: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut depth = 0_i32;
    for letter in condition.replace("${", "(").chars() {
        depth += i32::from(letter == '{' || letter == '(') - i32::from(letter == '}');
    }
    if depth != 0 || !condition.matches('\'').count().is_multiple_of(2) {
        return Err("braces or quotes do not match".to_owned());
    }
    let pieces = condition.split(|letter: char| letter == ',' || letter.is_whitespace());
    let pieces = pieces.map(|piece| piece.trim_start_matches("all{").trim_start_matches("any{"));
    let pieces = pieces.filter_map(|piece| piece.trim_start_matches('{').split_once('='));
    Ok(pieces.map(|(name, value)| (name, value.trim_end_matches('}').trim_matches('\''))).collect())
}

fn wrong_parts(statement: &Statement<'_>, types: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    if !VERBS.contains(&statement.verb) {
        findings.push(format!("{} is no verb", statement.verb));
    }
    if !types.contains(&statement.resource_type) {
        findings.push(format!("{} is none of {types:?}", statement.resource_type));
    }
    let is_place = statement.place.strip_prefix("compartment id ${CAUSEWAY_").is_some_and(|rest| rest.ends_with('}'));
    if !(is_place || statement.place == "tenancy" && statement.resource_type == "usage-report") {
        findings.push(format!("{} is too wide", statement.place));
    }
    let terms = match terms(statement.condition) {
        Ok(terms) => terms,
        Err(text) => return [findings, vec![text]].concat(),
    };
    for (name, value) in &terms {
        let is_known = VARIABLES.contains(name) && (*name != "request.permission" || PERMISSIONS.contains(value));
        if !is_known {
            findings.push(format!("{name}={value} is not known"));
        }
    }
    let has = |wanted: &str| terms.iter().any(|(name, _)| *name == wanted);
    if statement.verb == "manage" && statement.resource_type == "objects" {
        if !(has("target.bucket.name") && has("request.permission")) {
            findings.push("objects are managed without a bucket and permissions".to_owned());
        }
    } else if statement.verb == "manage" && statement.resource_type != "object-family" {
        findings.push(format!("{} is managed", statement.resource_type));
    }
    findings
}

/// What is wrong with one line of a function.
fn findings(function: &str, line: &Value) -> Vec<String> {
    let text = line["statement"].as_str().unwrap_or_default();
    let Some(statement) = parse(text) else { return vec![format!("{function}: no statement: {line}")] };
    let types = PORTS.iter().map(|(port, _, types)| (*port, *types)).chain([FAILURES]);
    let types = types.into_iter().find(|(port, _)| line["port"] == *port).map_or(&[][..], |(_, types)| types);
    let mut all = wrong_parts(&statement, types);
    if statement.subject != format!("dynamic-group ${{CAUSEWAY_APPLICATION}}-{function}") {
        all.push(format!("{} is not this function's", statement.subject));
    }
    if line["reason"].as_str().is_none_or(|reason| reason.len() < 20 || !reason.ends_with('.')) {
        all.push("no reason".to_owned());
    }
    all.into_iter().map(|finding| format!("{function}: {finding}: {text}")).collect()
}

fn lines() -> BTreeMap<String, Vec<Value>> {
    serde_json::from_value(json("func-yaml/policies.json")["functions"].take()).expect("lines by function")
}

/// The ports that the code of a function takes.
pub(crate) fn taken(function: &str) -> BTreeSet<&'static str> {
    let mut code = String::new();
    read_sources(&path(&format!("functions/{function}/src")), &mut code);
    let is_taken = |calls: &&[&str]| calls.iter().any(|call| code.contains(call));
    PORTS.iter().filter(|(_, calls, _)| is_taken(calls)).map(|(port, ..)| *port).collect()
}

fn read_sources(folder: &Path, code: &mut String) {
    for entry in std::fs::read_dir(folder).expect("sources").map(|entry| entry.expect("entry").path()) {
        let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
        if entry.is_dir() && name != "tests" {
            read_sources(&entry, code);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            code.push_str(&std::fs::read_to_string(&entry).expect("source"));
        }
    }
}

#[test]
fn statements_are_known_bounded_and_have_reasons() {
    let lines = lines();
    let lines = lines.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (name, line)));
    let all: Vec<_> = lines.flat_map(|(name, line)| findings(name, line)).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn functions_may_do_what_their_code_needs_and_nothing_else() {
    let lines = lines();
    let without: Vec<_> = functions().into_iter().filter(|function| !lines.contains_key(function)).collect();
    assert!(without.is_empty(), "functions without statements: {without:?}");
    for (function, lines) in &lines {
        let allowed = lines.iter().map(|line| line["port"].as_str().unwrap());
        let allowed: BTreeSet<_> = allowed.filter(|port| *port != FAILURES.0).collect();
        assert_eq!(allowed, taken(function), "{function}: ports with statements, ports in the code");
    }
}

/// Functions that are called by schedules, topics, events, or detached: their failures go to the topic of alerts.
#[test]
fn failures_that_nobody_waits_for_may_be_told() {
    let resources = json("func-yaml/resources.json");
    let called = ["schedules", "subscriptions", "rules"].map(|kind| resources[kind].to_string()).concat();
    let is_unattended = |name: &String| {
        let variable = format!("${{FUNCTION_{}}}", name.to_uppercase().replace('-', "_"));
        called.contains(&variable) || descriptor(name)["deploy"]["oci"]["detached_mode"].is_object()
    };
    let expected: Vec<_> = functions().into_iter().filter(is_unattended).collect();
    let told: Vec<String> = serde_json::from_value(resources["unattended"]["functions"].clone()).expect("names");
    assert_eq!(told, expected);
    for (function, lines) in lines().iter().filter(|(name, _)| told.contains(name)) {
        let publishes =
            |line: &Value| line["statement"].as_str().is_some_and(|text| text.contains("'ONS_TOPIC_PUBLISH'"));
        assert!(lines.iter().any(publishes), "{function} may not publish");
    }
}

#[test]
fn statements_for_services_are_bounded() {
    let services: BTreeMap<String, Vec<Value>> =
        serde_json::from_value(json("func-yaml/policies.json")["services"].take()).unwrap();
    for (service, lines) in &services {
        for line in lines {
            let text = line["statement"].as_str().unwrap();
            let statement = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(wrong_parts(&statement, SERVICE_TYPES), Vec::<String>::new(), "{text}");
            assert!(line["reason"].as_str().is_some_and(|reason| reason.ends_with('.')), "{service}: no reason");
            assert!(!statement.condition.is_empty(), "{text}");
            let is_anybody = statement.subject == "any-user";
            assert!(!is_anybody || statement.condition.contains("request.principal.type="), "{text}");
        }
    }
}

#[test]
fn what_is_wrong_in_a_statement_is_found() {
    let check = |statement: &str, port: &str, expected: &str| {
        let line =
            serde_json::json!({ "port": port, "reason": "A reason that is long enough.", "statement": statement });
        let found = findings("vision", &line);
        assert_eq!(found.is_empty(), expected.is_empty(), "{found:?}");
        assert!(expected.is_empty() || found.iter().any(|one| one.contains(expected)), "{found:?}");
    };
    let here = "in compartment id ${CAUSEWAY_COMPARTMENT}";
    let group = "Allow dynamic-group ${CAUSEWAY_APPLICATION}-vision to";
    let bucket = "target.bucket.name='${CAUSEWAY_BUCKET}'";
    check(&format!("{group} read objects {here} where {bucket}"), "objects", "");
    check(
        &format!("{group} manage objects {here} where all {{{bucket}, request.permission='OBJECT_READ'}}"),
        "objects",
        "",
    );
    check(&format!("{group} manage objects {here} where {bucket}"), "objects", "without a bucket and permissions");
    check(&format!("{group} manage all-resources {here}"), "objects", "none of");
    check(&format!("{group} manage instances {here}"), "fleet", "is managed");
    check(&format!("{group} read objects in tenancy"), "objects", "too wide");
    check(&format!("{group} read objects {here} where all {{{bucket}"), "objects", "do not match");
    check(&format!("{group} read objects {here} where request.permission='OBJECT_EAT'"), "objects", "not known");
    check(&format!("{group} eat objects {here}"), "objects", "no verb");
    check(&format!("{group} use ons-topics {here}"), "objects", "none of");
    check(&format!("Allow dynamic-group causeway-flow to read objects {here}"), "objects", "not this function's");
    check("Let it be", "objects", "no statement");
}

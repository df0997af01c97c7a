//! The routes of the gateway. Oracle's models of a deployment are checked where the script creates one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{functions, json, text};

/// Scopes by path.
pub(crate) type Routes = BTreeMap<String, Vec<String>>;

fn variable(function: &str) -> String {
    format!("${{FUNCTION_{}}}", function.to_uppercase().replace('-', "_"))
}

pub(crate) fn words(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// Routes of functions in the specification, each held to the rules for all.
pub(crate) fn specified() -> Routes {
    let specification = json("func-yaml/api-gateway.json");
    let is_of_function = |route: &&Value| route["backend"]["type"] == "ORACLE_FUNCTIONS_BACKEND";
    let routes = specification["routes"].as_array().unwrap();
    let mut found = Routes::new();
    for route in routes.iter().filter(is_of_function) {
        let path = route["path"].as_str().unwrap();
        assert_eq!(route["methods"], json!(["POST"]), "{path}");
        assert_eq!(route["backend"]["functionId"], variable(&path[1..]), "{path}");
        let policies = &route["requestPolicies"];
        assert_eq!(policies["authorization"]["type"], "ANY_OF", "{path}: a token alone is not enough");
        let scopes = words(&policies["authorization"]["allowedScope"]);
        assert!(!scopes.is_empty() && scopes.iter().all(|scope| scope.starts_with("causeway.")), "{path}: {scopes:?}");
        let body = &policies["bodyValidation"];
        assert_eq!((&body["required"], &body["validationMode"]), (&json!(true), &json!("ENFORCING")), "{path}");
        assert!(body["content"]["application/json"].is_object(), "{path}");
        assert_eq!(found.insert(path.to_owned(), scopes), None, "{path} is there twice");
    }
    found
}

/// The table of routes in the README: `| POST /v1/<function> | scopes | ... |`.
fn documented() -> Routes {
    let readme = text("func-yaml/README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `POST /v1"));
    let row = |line: &str| {
        let mut cells = line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        let path = cells.next().unwrap();
        (path, cells.next().unwrap().split(", ").map(|scope| scope.trim_matches('`').to_owned()).collect())
    };
    rows.map(row).collect()
}

#[test]
fn every_function_has_one_route_and_the_table_says_so() {
    let specified = specified();
    let expected: Vec<_> = functions().iter().map(|name| format!("/{name}")).collect();
    assert_eq!(specified.keys().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(documented(), specified);
}

/// Whoever may read reports must not be able to resize machines.
#[test]
fn machines_are_the_operators() {
    assert_eq!(specified()["/flex-autoscaler"], ["causeway.operate"]);
}

#[test]
fn nobody_gets_in_without_a_token_and_everything_else_is_not_there() {
    let specification = json("func-yaml/api-gateway.json");
    let policies = &specification["requestPolicies"];
    let authentication = &policies["authentication"];
    assert_eq!(authentication["isAnonymousAccessAllowed"], false);
    assert_eq!(authentication["publicKeys"]["isSslVerifyDisabled"], false);
    assert!(policies["rateLimiting"]["rateInRequestsPerSecond"].as_u64().is_some_and(|rate| rate > 0));
    assert!(!words(&policies["cors"]["allowedOrigins"]).contains(&"*".to_owned()));
    let last = specification["routes"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["path"], &last["backend"]["status"]), (&json!("/{path*}"), &json!(404)));
    let body: Value = serde_json::from_str(last["backend"]["body"].as_str().unwrap()).expect("problem details");
    assert_eq!(body["status"], 404);
}

//! What functions may do: each what its code needs, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Template, template};
use crate::policies::taken;
use crate::text;

/// Actions that AWS knows no resources for, or is asked about without one.
const WITHOUT_RESOURCE: &[&str] =
    &["ce:GetCostAndUsage", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "cloudwatch:PutMetricData"];
/// Services that the ports' adapters on AWS call. Results may lie in a database whose login is a secret.
const SERVICES: &[(&str, &[&str])] = &[
    ("objects", &["s3"]),
    ("documents", &["s3"]),
    ("results", &["s3", "secretsmanager"]),
    ("metrics", &["cloudwatch"]),
    ("usage", &["ce"]),
    ("notifier", &["sns"]),
    ("chat_model", &["bedrock"]),
    ("invoker", &["lambda"]),
    ("secrets", &["secretsmanager"]),
];
/// Its ports are Oracle's: there is no fleet on AWS.
const ELSEWHERE: &str = "flex-autoscaler";
/// What Lambda does with a function's rights: logs, queues that it reads for the function, calls that failed for good.
const LAMBDAS_OWN: &[&str] = &["logs", "sqs"];

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |all| all.iter().collect())
}

/// Statements of each function's role, by the function.
fn statements(template: &Template) -> BTreeMap<String, Vec<&Value>> {
    let roles = template.all("AWS::IAM::Role");
    let mut used = BTreeSet::new();
    let mut of = |(name, (_, function)): (String, (&str, &Value))| {
        let role = function["Role"]["Fn::GetAtt"][0].as_str().expect("a role of the template").to_owned();
        let policies = list(&roles[role.as_str()]["Policies"]);
        assert!(used.insert(role), "{name} has another function's role");
        (name, policies.into_iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"])).collect())
    };
    let found = template.functions().into_iter().map(&mut of).collect();
    assert_eq!(used.len(), roles.len(), "roles that nobody has");
    found
}

fn findings(statement: &Value) -> Vec<String> {
    let actions: Vec<_> = list(&statement["Action"]).into_iter().map(|action| action.as_str().unwrap_or("*")).collect();
    let mut found = Vec::new();
    if statement["Effect"] != "Allow" || statement.get("NotAction").is_some() || statement.get("NotResource").is_some()
    {
        found.push("it is not what it allows".to_owned());
    }
    for action in &actions {
        if action.contains('*') {
            found.push(format!("{action} is too wide"));
        }
    }
    let is_all = list(&statement["Resource"]).iter().any(|resource| **resource == "*");
    if is_all && !actions.iter().all(|action| WITHOUT_RESOURCE.contains(action)) {
        found.push(format!("{actions:?} on everything"));
    }
    if actions.contains(&"cloudwatch:PutMetricData") && statement["Condition"].is_null() {
        found.push("metrics of any namespace".to_owned());
    }
    found
}

#[test]
fn every_function_has_a_role_of_its_own_that_is_bounded() {
    let Some(template) = template() else { return };
    for (function, statements) in statements(template) {
        for statement in statements {
            assert_eq!(findings(statement), Vec::<String>::new(), "{function}: {statement}");
        }
    }
}

#[test]
fn functions_may_call_the_services_of_their_ports() {
    let Some(template) = template() else { return };
    for (function, statements) in statements(template) {
        let actions = statements.iter().flat_map(|statement| list(&statement["Action"]));
        let services = actions.map(|action| action.as_str().unwrap().split(':').next().unwrap());
        let allowed: BTreeSet<_> = services.filter(|service| !LAMBDAS_OWN.contains(service)).collect();
        let ports = if function == ELSEWHERE { BTreeSet::new() } else { taken(&function) };
        let needed =
            SERVICES.iter().filter(|(port, _)| ports.contains(port)).flat_map(|(_, services)| *services).copied();
        assert_eq!(
            allowed,
            needed.collect(),
            "{function}: services with statements, services of the ports in the code"
        );
    }
}

/// Who acts for functions of the other cloud writes in the folders of a second side and nowhere else, least of all its copy.
#[test]
fn the_second_bucket_is_written_to_in_its_folders_only() {
    let Some(template) = template() else { return };
    let policies = template.all("AWS::IAM::ManagedPolicy");
    let policy = policies.values().next().expect("the policy of the second side");
    let statements = list(&policy["PolicyDocument"]["Statement"]);
    assert!(statements.iter().all(|statement| findings(statement).is_empty()), "{statements:?}");
    let own = statements.iter().find(|statement| statement["Sid"] == "Own").expect("what it writes");
    for resource in list(&own["Resource"]) {
        let arn = resource["Fn::Sub"].as_str().expect("an ARN");
        assert!(["/own/*", "/pending-results/*", "/refused-results/*"].iter().any(|end| arn.ends_with(end)), "{arn}");
    }
    let others = statements.iter().filter(|statement| statement["Sid"] != "Own").flat_map(|s| list(&s["Action"]));
    assert!(others.into_iter().all(|action| action == "s3:GetObject" || action == "s3:ListBucket"));
}

/// Objects are written and deleted in folders only, the whole of the results' bucket excepted.
#[test]
fn nothing_is_written_outside_folders() {
    let Some(template) = template() else { return };
    for (function, statements) in statements(template) {
        let writes = |statement: &&&Value| {
            list(&statement["Action"]).iter().any(|action| **action == "s3:PutObject" || **action == "s3:DeleteObject")
        };
        for resource in statements.iter().filter(writes).flat_map(|statement| list(&statement["Resource"])) {
            let arn = resource["Fn::Sub"].as_str().expect("an ARN");
            let (bucket, name) = arn.rsplit_once(":::").expect("a bucket").1.split_once('/').expect("an object");
            assert!(
                name != "*" || (bucket == "dec-example-results" && function == "decisioning-flow"),
                "{function}: {arn}"
            );
        }
    }
}

#[test]
fn statements_have_reasons() {
    let file = text("func-yaml/aws/roles.yml");
    let lines: Vec<_> = file.lines().map(str::trim).collect();
    let bare = lines.windows(2).filter(|pair| pair[1].starts_with("- Sid:"));
    let bare: Vec<_> = bare.filter(|pair| !(pair[0].starts_with("# ") && pair[0].ends_with('.'))).collect();
    assert!(bare.is_empty(), "{bare:?}");
}

#[test]
fn what_is_wrong_in_a_statement_is_found() {
    let check = |action: &str, resource: &str, expected: &str| {
        let statement = serde_json::json!({ "Effect": "Allow", "Action": [action], "Resource": resource });
        let found = findings(&statement);
        assert_eq!(found.is_empty(), expected.is_empty(), "{found:?}");
        assert!(expected.is_empty() || found.iter().any(|one| one.contains(expected)), "{found:?}");
    };
    check("s3:GetObject", "arn:aws:s3:::b/*", "");
    check("ce:GetCostAndUsage", "*", "");
    check("s3:*", "arn:aws:s3:::b/*", "too wide");
    check("s3:GetObject", "*", "on everything");
    check("cloudwatch:PutMetricData", "*", "any namespace");
}

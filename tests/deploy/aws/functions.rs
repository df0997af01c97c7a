//! Functions, their settings, and what calls them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Template, template, with_fleet};
use crate::descriptors::descriptor;
use crate::functions;
use crate::settings::known;

/// Longest run of a function on Lambda, in seconds.
const LONGEST: u64 = 900;
/// Names and values of a function's variables together, in bytes (Lambda quotas).
const MAX_VARIABLES: usize = 4096;

#[test]
fn functions_have_at_least_what_they_have_on_the_other_cloud() {
    let Some(template) = template() else { return };
    let found = template.functions();
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), functions());
    for (name, (_, function)) in &found {
        let descriptor = descriptor(name);
        assert_eq!((&function["Runtime"], &function["Architectures"]), (&json!("provided.al2023"), &json!(["arm64"])));
        let memory = function["MemorySize"].as_u64().zip(descriptor["memory"].as_u64());
        assert!(memory.is_some_and(|(here, there)| here >= there), "{name}: {memory:?}");
        // A detached run is as long as Lambda lets one be; the flow goes on in another invocation then.
        let is_detached = descriptor["deploy"]["oci"]["detached_mode"].is_object();
        let expected = if is_detached { LONGEST } else { descriptor["timeout"].as_u64().expect("a timeout") };
        assert_eq!(function["Timeout"], expected, "{name}");
    }
    for (name, group) in template.all("AWS::Logs::LogGroup") {
        assert_eq!(group["RetentionInDays"], 30, "{name}");
    }
}

/// Variables as a process gets them: references to other parts of the template are texts by then.
fn variables(function: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| match (value.as_str(), value["Ref"].as_str()) {
        (Some(text), _) => text.to_owned(),
        (None, Some("Alerts")) => "arn:aws:sns:us-east-1:123456789012:causeway-prod-alerts".to_owned(),
        _ => panic!("{value} is neither a text nor the topic"),
    };
    let variables = function["Environment"]["Variables"].as_object().expect("variables");
    variables.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

#[test]
fn functions_know_their_variables() {
    let Some(none) = template() else { return };
    let Some(oci) = with_fleet() else { return };
    for (name, (_, function)) in none.functions().into_iter().chain(oci.functions()) {
        let variables = variables(function);
        let bytes: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(bytes <= MAX_VARIABLES, "{name}: {bytes} bytes");
        let known = known(&name, &variables).unwrap_or_else(|said| panic!("{name}: {said}"));
        // Those of Oracle's own tools have no entry of ours.
        let unknown = |variable: &&str| !known.contains(*variable) && *variable != "OCI_REGION";
        let unknown: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).filter(unknown).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

/// A key in the template would be one in the console too, for all who may look.
#[test]
fn no_secret_is_in_the_template() {
    let Some(oci) = with_fleet() else { return };
    let is_secret = |name: &str| ["_KEY", "_SECRET", "_TOKEN", "_PASSWORD"].iter().any(|end| name.ends_with(end));
    for (function, (_, properties)) in oci.functions() {
        for (name, value) in variables(properties).iter().filter(|(name, value)| is_secret(name) && !value.is_empty()) {
            assert!(value.starts_with("{{resolve:secretsmanager:"), "{function}: {name}");
        }
    }
}

type Schedules = BTreeMap<String, (String, String, Value)>;

/// Expression, state and input of each function's schedule.
fn schedules(template: &Template) -> Schedules {
    let mut found = Schedules::new();
    for rule in template.all("AWS::Events::Rule").into_values() {
        let target = &rule["Targets"][0];
        let text = |name: &str| rule[name].as_str().expect("a text").to_owned();
        let input = serde_json::from_str(target["Input"].as_str().expect("an input")).expect("JSON");
        let schedule = (text("ScheduleExpression"), text("State"), input);
        assert_eq!(found.insert(template.function_of(&target["Arn"]), schedule), None);
    }
    found
}

#[test]
fn schedules_say_that_they_are_ticks() {
    let Some(none) = template() else { return };
    let expected = |fleet: &str| {
        let tick = json!({ "kind": "tick" });
        Schedules::from(
            [
                (
                    "decisioning-flow".to_owned(),
                    ("rate(5 minutes)", "ENABLED", json!({ "kind": "tick", "sweep": true })),
                ),
                ("egress-monitor".to_owned(), ("cron(20 * * * ? *)", "ENABLED", tick.clone())),
                ("flex-autoscaler".to_owned(), ("rate(5 minutes)", fleet, tick.clone())),
                ("health-checker".to_owned(), ("rate(1 minute)", "ENABLED", tick)),
            ]
            .map(|(name, (rate, state, input))| (name, (rate.to_owned(), state.to_owned(), input))),
        )
    };
    assert_eq!(schedules(none), expected("DISABLED"), "there is no fleet on AWS");
    let Some(oci) = with_fleet() else { return };
    assert_eq!(schedules(oci), expected("ENABLED"));
}

/// Nobody reads the answer of a schedule, of an event or of a flow's call of itself: what fails for good is kept.
#[test]
fn calls_that_nobody_waits_for_are_bounded_and_kept() {
    let Some(template) = template() else { return };
    let configured = template.all("AWS::Lambda::EventInvokeConfig");
    let mut found = BTreeMap::new();
    for config in configured.values() {
        let destination = &config["DestinationConfig"]["OnFailure"]["Destination"];
        assert_eq!(*destination, json!({ "Fn::GetAtt": ["Failures", "Arn"] }));
        let numbers = (config["MaximumEventAgeInSeconds"].as_u64(), config["MaximumRetryAttempts"].as_u64());
        found.insert(template.function_of(&config["FunctionName"]), numbers);
    }
    // A tick is worth nothing when the next one comes.
    let expected = [
        ("decisioning-flow", 3600, 2),
        ("egress-monitor", 3600, 2),
        ("flex-autoscaler", 300, 0),
        ("health-checker", 60, 0),
        ("vision", 21_600, 2),
    ];
    let expected = expected.map(|(name, age, retries)| (name.to_owned(), (Some(age), Some(retries))));
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn only_what_must_be_alone_is_alone() {
    let Some(template) = template() else { return };
    let alone = |(name, (_, function)): (String, (&str, &Value))| {
        function["ReservedConcurrentExecutions"].as_u64().map(|limit| (name, limit))
    };
    let found: Vec<_> = template.functions().into_iter().filter_map(alone).collect();
    assert_eq!(found, [("flex-autoscaler".to_owned(), 1), ("health-checker".to_owned(), 1)]);
}

/// A message that comes again while it is looked at would be looked at twice.
#[test]
fn the_queue_waits_longer_than_the_function() {
    let Some(template) = template() else { return };
    let queue = &template.all("AWS::SQS::Queue")["Pictures"];
    let timeout = template.functions()["vision"].1["Timeout"].as_u64().expect("seconds");
    assert!(queue["VisibilityTimeout"].as_u64().is_some_and(|seconds| seconds >= 6 * timeout));
    assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"], json!({ "Fn::GetAtt": ["Failures", "Arn"] }));
    let mapping = template.all("AWS::Lambda::EventSourceMapping").into_values().next().expect("the queue's trigger");
    assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
}

//! Who is told when something goes wrong, or does not happen.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Template, template};
use crate::functions;

/// Functions with an alarm on this metric that has these members.
fn watched(template: &Template, metric: &str, members: &Value) -> BTreeSet<String> {
    let has = |alarm: &Value| members.as_object().unwrap().iter().all(|(name, value)| alarm[name] == *value);
    let alarms = template.all("AWS::CloudWatch::Alarm").into_values();
    let alarms =
        alarms.filter(|alarm| alarm["Namespace"] == "AWS/Lambda" && alarm["MetricName"] == metric && has(alarm));
    alarms.map(|alarm| template.function_of(&alarm["Dimensions"][0]["Value"])).collect()
}

#[test]
fn errors_and_throttles_of_all_functions_are_told() {
    let Some(template) = template() else { return };
    let all: BTreeSet<_> = functions().into_iter().collect();
    let rule = json!({ "Statistic": "Sum", "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold" });
    assert_eq!(watched(template, "Errors", &rule), all);
    assert_eq!(watched(template, "Throttles", &rule), all);
    for (name, alarm) in template.all("AWS::CloudWatch::Alarm") {
        assert_eq!(alarm["AlarmActions"], json!([{ "Ref": "Alerts" }]), "{name}");
    }
}

/// A schedule that is off, or a function that cannot be called, makes no errors.
#[test]
fn a_tick_that_does_not_come_is_told() {
    let Some(template) = template() else { return };
    let rules = template.all("AWS::Events::Rule");
    let ticked: BTreeSet<_> = rules.values().map(|rule| template.function_of(&rule["Targets"][0]["Arn"])).collect();
    let rule = json!({ "TreatMissingData": "breaching", "ComparisonOperator": "LessThanThreshold", "Threshold": 1 });
    assert_eq!(watched(template, "Invocations", &rule), ticked);
}

#[test]
fn calls_that_failed_for_good_are_told() {
    let Some(template) = template() else { return };
    let queues = json!([{ "Name": "QueueName", "Value": { "Fn::GetAtt": ["Failures", "QueueName"] } }]);
    let alarms = template.all("AWS::CloudWatch::Alarm");
    assert!(alarms.values().any(|alarm| alarm["Dimensions"] == queues), "{:?}", alarms.keys());
}

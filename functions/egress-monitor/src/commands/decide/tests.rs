#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::assess::{Gaps, UsageFailure};
use crate::replay::Read;
use crate::settings::Settings;
use crate::traffic::Hours;

/// An object of the history of a month that could not be read.
fn object() -> Value {
    let recorded = Recorded {
        now: "2026-09-12T12:00:00Z".parse().unwrap(),
        settings: Settings::default(),
        previous: State::default(),
        usage: Read::Failed(UsageFailure::Service("503".to_owned())),
        hours: Hours::default(),
        gaps: Gaps { contributors: BTreeMap::new(), traffic: Some("nobody measured".to_owned()) },
        aws: None,
    };
    json!({ "inputs": recorded, "state": "is not read" })
}

#[test]
fn what_was_not_read_is_not_known_the_second_time() {
    let printed = decided(object().to_string().as_bytes(), "a.json").unwrap_or_else(|failure| panic!("{}", failure.1));
    let value = serde_json::to_value(&printed).unwrap();
    assert_eq!(
        (&value["status"], &value["used_gb"], &value["month"]),
        (&json!("error"), &Value::Null, &json!("2026-09"))
    );
    let codes: Vec<&Value> = value["reasons"].as_array().unwrap().iter().map(|reason| &reason["code"]).collect();
    assert_eq!(codes, ["service", "traffic"]);
    assert_eq!(value["state"]["alerts"]["period"], "2026-09");
    assert!(value.get("aws").is_none());
}

#[test]
fn wrong_inputs_are_told_with_their_place() {
    let check = |change: &dyn Fn(&mut Value), expected: &str| {
        let mut object = object();
        change(&mut object);
        match decided(object.to_string().as_bytes(), "a.json") {
            Ok(_) => panic!("{expected}: {object}"),
            Err(Failure(status, text)) => {
                assert!(status == EXIT_INPUT && text.starts_with("a.json: at ") && text.contains(expected), "{text}");
            }
        }
    };
    check(&|object| object["inputs"] = Value::Null, "inputs");
    check(&|object| object["inputs"]["now"] = json!("yesterday"), "inputs.now");
    check(&|object| object["inputs"]["hours"] = json!({ "2026-09-12T10:00:00Z": 5.5 }), "inputs.hours");
    check(&|object| object["inputs"]["settings"]["spike_facto"] = json!(1), "inputs.settings");
    check(&|object| object["inputs"]["settings"]["spike_factor"] = json!(1.0), "inputs.settings.spike_factor: must");
    check(&|object| object["inputs"]["settings"]["invoice_start_day"] = json!(0), "invoice_start_day");
}

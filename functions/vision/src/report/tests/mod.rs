//! Tests of the report as a whole. The answers are JSON, as models write them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod agreement;
mod checks;
mod expectations;
mod faults;
mod laws;
mod legacy;
mod reading;
mod reports;
mod words;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::assess::{Facts, Outcome, assess};
use super::contract::{Exif, Metadata, Provider, Report};
use super::cross_check::{Checked, cross_check};
use super::expect::Expect;
use super::observed::Observed;
use super::picture_facts::{Measures, Picture};
use super::question::question;
use super::read::read;
use super::settings::Settings;

/// An answer about one whole box on a doorstep.
pub(crate) fn answer() -> Value {
    let absent = |evidence: &str| {
        json!({
            "evidence": evidence,
            "evidence_visible": true,
            "item": "",
            "present": "no",
            "severity": "none",
            "where": { "box": [], "cell": "unknown" },
        })
    };
    json!({
        "damage": {
            "indicators": {
                "boxDeformation": absent("All sides are straight."),
                "cornerDamage": absent("No dents at the corners."),
                "leakage": absent("The box is dry, no stains."),
                "packagingIntegrity": absent("The tape is intact."),
            },
            "overall": { "rationale": "No damage is visible.", "score": 0.0, "severity": "none" },
            "packageVisible": "yes",
            "stated_confidence": 0.9,
            "uncertainties": "The underside cannot be seen.",
        },
        "items": [{
            "description": "A brown box.",
            "id": "item1",
            "kind": "box",
            "where": { "box": [200, 300, 700, 900], "cell": "center" },
        }],
        "scene": {
            "environment": { "conditions": "Dry.", "timeOfDay": "afternoon", "weather": "clear" },
            "location": { "description": "Before a green door.", "type": "doorstep" },
            "overallDescription": "A brown box lies before a green door.",
            "packageDescription": "A brown box.",
            "packageVisible": "yes",
            "safetyAssessment": { "notes": "", "protected": "yes", "secure": "unknown", "visible": "no" },
            "sceneType": "delivery",
        },
    })
}

/// The same with this damage, and an overall severity that fits.
pub(crate) fn damaged(indicator: &str, severity: &str, evidence: &str) -> Value {
    let mut answer = answer();
    answer["damage"]["indicators"][indicator] = json!({
        "evidence": evidence,
        "evidence_visible": true,
        "item": "item1",
        "present": "yes",
        "severity": severity,
        "where": { "box": [210, 310, 400, 500], "cell": "top_left" },
    });
    let score = match severity {
        "minor" => 0.35,
        "moderate" => 0.65,
        _ => 0.95,
    };
    answer["damage"]["overall"] = json!({ "rationale": "", "score": score, "severity": severity });
    answer
}

/// The answer that this JSON is.
fn observed(answer: &Value) -> Observed {
    read(&answer.to_string(), false).expect("a right answer")
}

/// The answer after its checks, of a good picture.
fn checked(answer: &Value) -> Checked {
    cross_check(observed(answer), &good_picture(), &Settings::default().damage_bands)
}

fn good_picture() -> Picture {
    let measures = Measures { sharpness: 800.0, luma_mean: 120.0, clipped_share: 0.0, contrast: 60.0 };
    Picture { gate_passed: true, gate_reasons: Vec::new(), measures: Some(measures) }
}

/// What is known when a good picture has this outcome, and nothing was expected.
fn facts(outcome: Outcome) -> Facts {
    Facts {
        metadata: Metadata { object_name: "deliveries/a.jpg".to_owned(), ..Metadata::default() },
        exif: Exif::default(),
        taken_at: None,
        picture: good_picture(),
        description: "1024x768 landscape JPEG, sharp".to_owned(),
        expect: Expect::default(),
        provider: Provider::default(),
        prompt: question(&Settings::default()).identity,
        outcome,
        issues: Vec::new(),
        notes: Vec::new(),
        timings_ms: BTreeMap::new(),
    }
}

/// The outcome of this single answer.
fn answered(answer: &Value) -> Outcome {
    Outcome::Answered { answers: vec![observed(answer)], asked: 1 }
}

/// The report on a good picture with this answer.
fn report(answer: &Value) -> Report {
    assess(facts(answered(answer)), &Settings::default())
}

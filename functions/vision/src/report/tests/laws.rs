//! Laws that hold whatever a model writes and however the damage is weighed.

use proptest::prelude::*;
use serde_json::Value;

use super::super::assess::{Outcome, assess};
use super::super::contract::Verdict;
use super::super::cross_check::{Checked, Settled};
use super::super::observed::Indicators;
use super::super::picture_facts::Picture;
use super::super::question::question;
use super::super::read::read;
use super::super::score::score;
use super::super::settings::{Scoring, Settings, SeverityScores};
use super::super::words::{Indicator, Severity, Tri, Word};
use super::{answer, checked, damaged, facts, good_picture};

fn a_severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(vec![Severity::Minor, Severity::Moderate, Severity::Severe])
}

fn a_finding() -> impl Strategy<Value = Settled> {
    let absent = Just(Settled { present: Tri::No, severity: Severity::None, set_aside: None });
    prop_oneof![absent, a_severity().prop_map(|severity| Settled { present: Tri::Yes, severity, set_aside: None })]
}

fn findings() -> impl Strategy<Value = Indicators<Settled>> {
    (a_finding(), a_finding(), a_finding(), a_finding()).prop_map(|(b, c, l, p)| Indicators {
        box_deformation: b,
        corner_damage: c,
        leakage: l,
        packaging_integrity: p,
    })
}

fn an_indicator() -> impl Strategy<Value = Indicator> {
    prop::sample::select(Indicator::ALL.to_vec())
}

/// Settings that pass their own check.
fn settings() -> impl Strategy<Value = Settings> {
    let weights = prop::array::uniform4(0.0..10.0_f64);
    let scores = prop::array::uniform4(0.0..=1.0_f64);
    (weights, scores, 0.0..1.0_f64, 0.01..1.0_f64).prop_map(|(weights, mut scores, place, package)| {
        scores.sort_by(f64::total_cmp);
        let [none, minor, moderate, severe] = scores;
        let [b, c, l, p] = weights;
        Settings {
            damage_weights: Indicators {
                box_deformation: b,
                corner_damage: c,
                leakage: l + 0.001,
                packaging_integrity: p,
            },
            severity_scores: SeverityScores { none, minor, moderate, severe },
            weight_location: place,
            weight_damage: package,
            ..Settings::default()
        }
    })
}

fn with(findings: Indicators<Settled>) -> Checked {
    Checked { indicators: findings, ..checked(&answer()) }
}

/// Every pointer of a JSON value.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), all))
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), all));
        }
        _ => (),
    }
}

/// Words and values that fit somewhere and not elsewhere.
fn a_value() -> impl Strategy<Value = Value> {
    let words =
        ["yes", "no", "unknown", "none", "minor", "severe", "item1", "No visible leak.", "A wet stain.", "0.5", ""];
    prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(Value::Array(Vec::new())),
        Just(Value::Object(serde_json::Map::new())),
        "\\PC{0,20}".prop_map(Value::from),
    ]
}

/// An answer in which some values were exchanged for others.
fn a_changed_answer() -> impl Strategy<Value = Value> {
    let base = prop_oneof![Just(answer()), Just(damaged("leakage", "severe", "A puddle."))];
    (base, prop::collection::vec((any::<prop::sample::Index>(), a_value()), 0..4)).prop_map(|(mut answer, changes)| {
        for (place, value) in changes {
            let mut all = Vec::new();
            pointers(&answer, "", &mut all);
            if let Some(there) = answer.pointer_mut(&all[place.index(all.len())]) {
                *there = value;
            }
        }
        answer
    })
}

proptest! {
    #[test]
    fn more_or_worse_damage_never_raises_the_quality(
        findings in findings(),
        indicator in an_indicator(),
        severity in a_severity(),
        settings in settings(),
    ) {
        prop_assert!(settings.problems().is_empty(), "{:?}", settings.problems());
        let before = score(&with(findings), &settings).quality.unwrap();
        let mut worse = findings;
        let there = worse.get_mut(indicator);
        let rank = |settled: &Settled| Severity::ALL.iter().position(|severity| *severity == settled.severity);
        let added = Settled { present: Tri::Yes, severity, set_aside: None };
        prop_assume!(rank(&added) >= rank(there));
        *there = added;
        let after = score(&with(worse), &settings).quality.unwrap();
        prop_assert!(after <= before, "{after} after {before}");
        prop_assert!((0.0..=1.0).contains(&after));
    }

    #[test]
    fn a_whole_package_is_as_good_as_can_be_and_needs_sight_and_a_good_picture(
        findings in findings(),
        gate_passed: bool,
        visible in prop::sample::select(Tri::ALL.to_vec()),
        unknown in prop::option::of(an_indicator()),
    ) {
        let mut answer = Checked { gate_passed, package_visible: visible, ..with(findings) };
        if let Some(unknown) = unknown {
            *answer.indicators.get_mut(unknown) = Settled::UNKNOWN;
        }
        let quality = score(&answer, &Settings::default()).quality;
        let complete = gate_passed && visible == Tri::Yes && unknown.is_none();
        prop_assert_eq!(quality.is_some(), complete);
        let whole = findings.iter().all(|(_, settled)| settled.present == Tri::No);
        prop_assert_eq!(quality.is_some_and(|quality| quality >= 0.95), complete && whole);
    }

    #[test]
    fn what_is_known_bounds_what_turns_out(findings in findings(), hidden in an_indicator(), settings in settings()) {
        let mut open = with(findings);
        *open.indicators.get_mut(hidden) = Settled::UNKNOWN;
        if let Some(at_most) = score(&open, &settings).at_most {
            prop_assert!(score(&with(findings), &settings).quality.unwrap() <= at_most);
        }
    }

    #[test]
    fn any_text_is_read_or_refused_and_never_good_by_itself(text in "\\PC*", cut: bool) {
        let read = read(&text, cut);
        prop_assert!(read.is_err(), "no text of chance is an answer");
        prop_assert!(!read.unwrap_err().is_empty());
    }

    #[test]
    fn any_text_of_json_signs_is_refused_and_takes_no_stack(text in "[\\[\\]{}\":,a0-9\\\\ nulltrue]{0,400}", cut: bool) {
        prop_assert!(read(&text, cut).is_err());
    }

    #[test]
    fn what_is_read_fulfils_the_schema_and_is_good_only_for_a_reason(answer in a_changed_answer()) {
        let Ok(observed) = read(&answer.to_string(), false) else { return Ok(()) };
        let validator = jsonschema::validator_for(&question(&Settings::default()).schema).unwrap();
        prop_assert!(validator.is_valid(&answer), "{answer}");
        let outcome = Outcome::Answered { answers: vec![observed], asked: 1 };
        for scoring in [Scoring::NoisyOr, Scoring::LegacyWeighted, Scoring::LegacyOverall] {
            let settings = Settings { scoring, ..Settings::default() };
            let mut known = facts(outcome.clone());
            known.picture = Picture { gate_passed: false, ..good_picture() };
            let blind = assess(known, &settings);
            prop_assert_eq!(blind.quality_metrics.package_quality, None);
            prop_assert_eq!(blind.assessment.status, Verdict::Review);
            let report = assess(facts(outcome.clone()), &settings);
            if report.quality_metrics.package_quality.is_some_and(|quality| quality >= 0.95) {
                let damage = &report.damage_report;
                prop_assert_eq!(damage.package_visible, Some(true));
                prop_assert!(damage.indicators.iter().all(|(_, found)| found.present == Some(false)), "{:?}", damage);
            }
            if report.quality_metrics.package_quality.is_none() || !report.assessment.issues.is_empty() {
                prop_assert_eq!(report.assessment.status, Verdict::Review);
            }
            for (_, found) in report.damage_report.indicators.iter().filter(|(_, found)| found.present == Some(false)) {
                prop_assert_eq!(found.model_present, Tri::No, "an absence that nobody stated");
            }
        }
    }
}

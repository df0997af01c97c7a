//! The faults of the original tool that concern the report: each must stay away.

use serde_json::json;

use super::super::assess::{Outcome, assess};
use super::super::contract::{Band, GpsInfo, Report, Status, Verdict};
use super::super::expect::{Coordinates, Expect};
use super::super::issue;
use super::super::question::question;
use super::super::settings::{Scoring, Settings};
use super::{answer, answered, damaged, facts, good_picture, report};

fn has(report: &Report, code: &str) -> bool {
    report.assessment.issues.iter().any(|issue| issue == code)
}

#[test]
fn fault_1_a_failed_model_never_reports_a_perfect_parcel() {
    let failures = [
        (Outcome::NoModel, Status::NotAssessed, issue::NO_VISION_MODEL),
        (Outcome::NotAsked, Status::InsufficientImage, issue::INSUFFICIENT_IMAGE),
        (Outcome::Failed { detail: "no answer in time".to_owned() }, Status::Failed, issue::MODEL_FAILED),
        (Outcome::Unusable { faults: Vec::new() }, Status::Partial, issue::ANSWER_UNUSABLE),
        (Outcome::Answered { answers: Vec::new(), asked: 3 }, Status::Partial, issue::ANSWER_UNUSABLE),
    ];
    for scoring in [Scoring::NoisyOr, Scoring::LegacyWeighted, Scoring::LegacyOverall] {
        for (outcome, status, code) in failures.clone() {
            let report = assess(facts(outcome), &Settings { scoring, ..Settings::default() });
            let metrics = &report.quality_metrics;
            assert_eq!((metrics.package_quality, metrics.quality_index), (None, None), "{code}");
            assert_eq!((report.damage_report.status, report.assessment.status), (status, Verdict::Review), "{code}");
            assert!(has(&report, code), "{code}: {:?}", report.assessment);
            assert!(report.damage_report.indicators.iter().all(|(_, found)| found.present.is_none()), "{code}");
        }
    }
}

#[test]
fn fault_2_a_package_out_of_sight_has_no_score() {
    let mut unseen = answer();
    unseen["scene"]["packageVisible"] = json!("no");
    unseen["damage"]["packageVisible"] = json!("no");
    unseen["items"] = json!([]);
    for scoring in [Scoring::NoisyOr, Scoring::LegacyWeighted, Scoring::LegacyOverall] {
        let report = assess(facts(answered(&unseen)), &Settings { scoring, ..Settings::default() });
        assert_eq!(report.quality_metrics.package_quality, None);
        assert_eq!(report.damage_report.package_visible, Some(false));
        assert_eq!(report.assessment.status, Verdict::Review);
        assert!(has(&report, issue::PACKAGE_NOT_VISIBLE), "{:?}", report.assessment);
        assert!(report.damage_report.indicators.iter().all(|(_, found)| found.present.is_none()));
    }
}

#[test]
fn fault_3_a_picture_without_a_place_is_not_in_the_wrong_place() {
    let expect = Expect { place: Some(Coordinates { latitude: 40.7128, longitude: -74.006 }), ..Expect::default() };
    let mut known = facts(answered(&answer()));
    known.expect = expect;
    let without = assess(known.clone(), &Settings::default());
    assert_eq!(without.quality_metrics.location_accuracy, None);
    assert_eq!((without.quality_metrics.quality_index, without.quality_metrics.coverage), (Some(0.95), 0.4));
    assert_eq!(without.quality_metrics.weights.package_quality, Some(1.0));
    assert!(has(&without, issue::GPS_MISSING) && without.assessment.status == Verdict::Review);
    known.taken_at = Some(Coordinates { latitude: 40.8, longitude: -74.006 });
    let elsewhere = assess(known, &Settings::default());
    assert_eq!(elsewhere.quality_metrics.location_accuracy, Some(0.0));
    // (.4 * .95 + .3 * 0) / .7
    assert_eq!((elsewhere.quality_metrics.quality_index, elsewhere.quality_metrics.coverage), (Some(0.543), 0.7));
}

#[test]
fn fault_4_weights_count_and_more_damage_never_helps() {
    let quality = |answer: &serde_json::Value| report(answer).quality_metrics.package_quality.unwrap();
    let leak = quality(&damaged("leakage", "severe", "Liquid runs out."));
    let corner = quality(&damaged("cornerDamage", "severe", "The corner is crushed."));
    assert_eq!((leak, corner), (0.1, 0.775));
    let mut both = damaged("leakage", "severe", "Liquid runs out.");
    both["damage"]["indicators"]["cornerDamage"] =
        damaged("cornerDamage", "minor", "The corner is dented.")["damage"]["indicators"]["cornerDamage"].clone();
    assert_eq!(quality(&both), 0.091, "a dent beside a leak");
    let legacy = Settings { scoring: Scoring::LegacyWeighted, ..Settings::default() };
    let legacy = assess(facts(answered(&both)), &legacy);
    assert_eq!(legacy.quality_metrics.package_quality, Some(0.21), "the original's number on request");
}

#[test]
fn fault_5_the_place_is_not_told_unless_it_was_asked_for() {
    let mut known = facts(answered(&answer()));
    let here = Coordinates { latitude: 40.7128, longitude: -74.006 };
    known.expect = Expect { place: Some(here), ..Expect::default() };
    known.taken_at = Some(Coordinates { latitude: 40.71285, longitude: -74.006 });
    known.exif.gps_present = true;
    let text = serde_json::to_string(&assess(known.clone(), &Settings::default())).unwrap();
    assert!(!text.contains("40.71") && !text.contains("GPSInfo") && text.contains("\"gps_present\":true"), "{text}");
    assert!(text.contains("\"distance_m\":5.6") && text.contains("\"location_accuracy\":0.889"), "{text}");
    known.exif.gps_info = Some(GpsInfo { latitude: 40.71285, longitude: -74.006, altitude: None });
    let value = serde_json::to_value(assess(known, &Settings::default())).unwrap();
    assert_eq!(value["exif"]["GPSInfo"], json!({ "latitude": 40.71285, "longitude": -74.006 }));
}

#[test]
fn fault_6_what_failed_is_told_in_one_line_and_never_as_success() {
    let detail = "oci_native answered 503".to_owned();
    let report = assess(facts(Outcome::Failed { detail }), &Settings::default());
    assert_eq!(report.caption_json.error.as_deref(), Some(issue::MODEL_FAILED));
    assert_eq!(report.assessment.details.len(), 1);
    assert_eq!(report.assessment.details[0].detail, "the model failed: oci_native answered 503");
    assert_eq!(report.quality_metrics.bands.quality_index, Band::Unknown);
}

#[test]
fn fault_8_one_question_for_every_picture_and_no_answer_fed_back() {
    let question = question(&Settings::default());
    assert!(question.schema["properties"]["scene"].is_object() && question.schema["properties"]["damage"].is_object());
    let faults = super::super::read::read("The box is in perfect condition.", false).unwrap_err();
    assert!(!question.repair(&faults).contains("perfect"), "{}", question.repair(&faults));
    // A description and a damage report that differ are reconciled, and the difference is told.
    let mut torn = answer();
    torn["scene"]["packageVisible"] = json!("no");
    let report = report(&torn);
    assert!(has(&report, issue::VISIBILITY_DISAGREES), "{:?}", report.assessment);
    assert_eq!((report.quality_metrics.package_quality, report.caption_json.package_visible), (None, None));
}

#[test]
fn only_a_visible_package_on_a_good_picture_is_without_damage() {
    let report = report(&answer());
    assert_eq!(report.quality_metrics.package_quality, Some(0.95));
    assert_eq!((report.assessment.status, report.assessment.issues.len()), (Verdict::Ok, 0));
    let mut known = facts(answered(&answer()));
    known.picture.gate_passed = false;
    let poor = assess(known, &Settings::default());
    assert_eq!((poor.quality_metrics.package_quality, poor.assessment.status), (None, Verdict::Review));
    assert_eq!(poor.confidence.value, Some(0.0));
    assert!(good_picture().gate_passed);
}

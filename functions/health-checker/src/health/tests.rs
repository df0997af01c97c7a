#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod rules;

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::settings::{HealthRules, Settings};

fn start() -> Timestamp {
    "2026-03-11T12:00:00Z".parse().unwrap()
}

fn settings(checks: &Value) -> Settings {
    let whole: Vec<Value> = checks
        .as_array()
        .unwrap()
        .iter()
        .map(|check| {
            let mut whole = json!({"probe": {"dns": {"name": "h"}}});
            whole.as_object_mut().unwrap().extend(check.as_object().unwrap().clone());
            whole
        })
        .collect();
    serde_json::from_value(json!({ "checks": whole })).unwrap()
}

fn finding(check: &str, at: Timestamp, verdict: Verdict) -> Finding {
    Finding { check: check.to_owned(), at, verdict, code: None, detail: None, response_ms: Some(100) }
}

/// Plays results of one check, a minute apart, and gives what has changed after each.
fn play(settings: &Settings, results: &str) -> (Vec<(usize, Change)>, Health) {
    let mut states = BTreeMap::new();
    let mut changes = Vec::new();
    let mut health = None;
    for (index, letter) in results.chars().enumerate() {
        let now = start() + SignedDuration::from_mins(index as i64);
        let verdict = match letter {
            'p' => Pass,
            'd' => Degraded,
            'f' => Fail,
            _ => Unknown,
        };
        let found = assess(settings, &mut states, &[finding("a", now, verdict)], &[], now);
        changes.extend(found.events.iter().map(|event| (index + 1, event.change)));
        health = Some(found);
    }
    (changes, health.unwrap())
}

#[track_caller]
fn check(results: &str, expected: &[(usize, Change)], status: Verdict) {
    let (changes, health) = play(&settings(&json!([{"id": "a"}])), results);
    assert_eq!((changes.as_slice(), health.checks[0].status), (expected, status), "{results}");
}

use Change::{Blind, Failed, Recovered, Sees};
use Verdict::{Degraded, Fail, Pass, Unknown};

#[test]
fn h_1_two_failures_with_a_pass_between_are_no_outage() {
    check("ppffpff", &[], Pass);
    check("ffpff", &[], Unknown);
}

#[test]
fn h_2_an_outage_is_told_once_and_so_is_its_end() {
    check("ppfffpp", &[(5, Failed), (7, Recovered)], Pass);
    check("fff", &[(3, Failed)], Fail);
    check("pffffffpfpp", &[(4, Failed), (11, Recovered)], Pass);
}

#[test]
fn a_result_that_could_not_be_had_counts_for_nothing() {
    check("ppffuf", &[(6, Failed)], Fail);
    check("ppffup", &[], Pass);
    check("fffpup", &[(3, Failed), (6, Recovered)], Pass);
    check("ppuu", &[], Pass);
    check("ppuuu", &[(5, Blind)], Unknown);
    check("ppuuuuuup", &[(5, Blind), (9, Sees)], Pass);
    check("fffuuup", &[(3, Failed), (6, Blind), (7, Sees)], Fail);
    check("uuu", &[(3, Blind)], Unknown);
}

#[test]
fn degraded_works() {
    check("ppd", &[], Degraded);
    check("fffdd", &[(3, Failed), (5, Recovered)], Degraded);
    check("ppdp", &[], Pass);
    check("p", &[], Unknown);
}

#[test]
fn half_of_twenty_results_in_ten_minutes_are_an_outage_too() {
    let settings = settings(&json!([{"id": "a", "interval_seconds": 20}]));
    let mut states = BTreeMap::new();
    let mut changed = Vec::new();
    for index in 0..40 {
        let now = start() + SignedDuration::from_secs(index * 20);
        // Never three in a row, and two of three from the tenth on.
        let verdict = if index >= 10 && index % 3 != 0 { Fail } else { Pass };
        let found = assess(&settings, &mut states, &[finding("a", now, verdict)], &[], now);
        changed.extend(found.events.iter().map(|event| (index, event.change)));
    }
    // 14 of the 28 results since it was found healthy.
    assert_eq!(changed, [(29, Failed)]);
}

#[test]
fn results_that_come_again_are_not_counted_again() {
    let settings = settings(&json!([{"id": "a"}]));
    let mut states = BTreeMap::new();
    let late = |seconds: i64| finding("a", start() + SignedDuration::from_secs(seconds), Fail);
    for seconds in [0, 0, 5, 29] {
        let now = start() + SignedDuration::from_secs(60);
        assert!(assess(&settings, &mut states, &[late(seconds)], &[], now).events.is_empty(), "{seconds}");
    }
    assert_eq!(states["a"].fails_in_row, 1);
    // Late, ahead of now, and of nobody.
    let now = start() + SignedDuration::from_secs(61);
    let strange = [late(-60), late(62), finding("b", now, Fail)];
    let health = assess(&settings, &mut states, &strange, &[], now);
    assert_eq!((states["a"].fails_in_row, health.warnings.len()), (1, 2), "{:?}", health.warnings);
    assess(&settings, &mut states, &[], &[], now);
    assert_eq!(states["a"].unknowns_in_row, 0);
}

#[test]
fn response_times_far_above_the_usual_are_degraded() {
    let settings = settings(&json!([{"id": "a", "baseline_p95_ms": 100}]));
    let status = |ms: u32, count: i64| {
        let mut states = BTreeMap::new();
        let mut status = Unknown;
        for index in 0..count {
            let now = start() + SignedDuration::from_mins(index);
            let found = Finding { response_ms: Some(ms), ..finding("a", now, Pass) };
            status = assess(&settings, &mut states, &[found], &[], now).checks[0].status;
        }
        status
    };
    assert_eq!([status(151, 10), status(151, 9), status(150, 10)], [Degraded, Pass, Pass]);
}

fn many(count: usize, failing: usize) -> (Settings, Vec<Finding>) {
    let names: Vec<String> = (0..count).map(|index| format!("c{index}")).collect();
    let checks: Vec<Value> = names.iter().map(|name| json!({"id": name})).collect();
    let verdict = |index| if index < failing { Fail } else { Pass };
    let findings = names.iter().enumerate().map(|(index, name)| finding(name, start(), verdict(index))).collect();
    (settings(&json!(checks)), findings)
}

#[test]
fn a_checker_that_sees_half_of_everything_fail_doubts_itself() {
    let suspects = |count, failing| {
        let (settings, findings) = many(count, failing);
        let health = assess(&settings, &mut BTreeMap::new(), &findings, &[], start());
        let unknown = health.checks.iter().filter(|check| check.last.as_ref().unwrap().verdict == Unknown).count();
        assert_eq!(unknown, health.suspects.len());
        health.suspects.len()
    };
    assert_eq!([suspects(4, 2), suspects(4, 1), suspects(5, 2), suspects(10, 10)], [2, 0, 0, 10]);
    // Of two things that fail nobody can tell.
    assert_eq!([suspects(2, 1), suspects(3, 3)], [0, 0]);
}

#[test]
fn what_others_see_too_is_no_reason_for_doubt() {
    let (mut settings, findings) = many(4, 4);
    for check in &mut settings.checks {
        let quorum = json!({"needed": 2, "vantages": ["oci-health-checks"]});
        check.quorum = Some(serde_json::from_value(quorum).unwrap());
    }
    let others: Vec<VantageReport> = findings
        .iter()
        .map(|finding| VantageReport {
            check: finding.check.clone(),
            vantage: "oci-health-checks".to_owned(),
            at: start(),
            verdict: Fail,
        })
        .collect();
    let health = assess(&settings, &mut BTreeMap::new(), &findings, &others, start());
    assert!(
        health.suspects.is_empty() && health.checks.iter().all(|check| check.last.as_ref().unwrap().verdict == Fail)
    );
}

#[test]
fn vantage_points_agree_or_nobody_knows() {
    let settings = settings(&json!([{"id": "a", "quorum": {"vantages": ["x", "y"]}}]));
    let check = |own: Verdict, others: &[(&str, i64, Verdict)], expected: Verdict| {
        let reports: Vec<VantageReport> = others
            .iter()
            .map(|(vantage, seconds_ago, verdict)| VantageReport {
                check: "a".to_owned(),
                vantage: (*vantage).to_owned(),
                at: start() - SignedDuration::from_secs(*seconds_ago),
                verdict: *verdict,
            })
            .collect();
        let health = assess(&settings, &mut BTreeMap::new(), &[finding("a", start(), own)], &reports, start());
        let found = health.checks[0].last.as_ref().unwrap().verdict;
        assert_eq!(found, expected, "{own:?} {others:?}");
    };
    check(Fail, &[("x", 5, Fail), ("y", 5, Pass)], Fail);
    check(Fail, &[("x", 5, Pass), ("y", 5, Pass)], Pass);
    check(Pass, &[("x", 5, Fail), ("y", 5, Fail)], Fail);
    check(Fail, &[("x", 5, Pass)], Unknown);
    check(Fail, &[], Unknown);
    // Older than two intervals, ahead of now, or of nobody that is asked.
    check(Fail, &[("x", 121, Fail)], Unknown);
    check(Fail, &[("x", 120, Fail)], Fail);
    check(Fail, &[("x", -5, Fail)], Unknown);
    check(Fail, &[("z", 5, Fail)], Unknown);
    // The same point twice is one.
    check(Unknown, &[("x", 5, Fail), ("x", 6, Fail)], Unknown);
    check(Pass, &[("x", 5, Degraded)], Degraded);
}

#[test]
fn parts_make_the_whole() {
    let check = |parts: &[(Verdict, u32, bool)], expected: Verdict| {
        let parts = parts.iter().map(|(status, weight, is_critical)| Part {
            status: *status,
            weight: *weight,
            is_critical: *is_critical,
        });
        assert_eq!(roll_up(parts, 50.0), expected);
    };
    check(&[], Unknown);
    check(&[(Pass, 1, false), (Pass, 1, true)], Pass);
    check(&[(Fail, 1, false), (Pass, 3, false)], Degraded);
    check(&[(Fail, 1, false), (Pass, 1, false)], Fail);
    check(&[(Fail, 1, true), (Pass, 99, false)], Fail);
    check(&[(Degraded, 1, false), (Pass, 1, false)], Degraded);
    check(&[(Unknown, 1, false), (Pass, 9, false)], Unknown);
    check(&[(Unknown, 1, false), (Degraded, 9, false)], Degraded);
    check(&[(Unknown, 1, true), (Degraded, 9, false)], Unknown);
    check(&[(Unknown, 1, true), (Fail, 1, true)], Fail);
}

#[test]
fn the_whole_fails_with_a_critical_component() {
    let mut settings = settings(&json!([{"id": "a", "component": "shop"}, {"id": "b"}, {"id": "c"}]));
    settings.components =
        serde_json::from_value(json!([{"id": "shop", "critical": true}, {"id": "b", "weight": 8}])).unwrap();
    let mut states = BTreeMap::new();
    let mut overall = Unknown;
    for index in 0..3 {
        let now = start() + SignedDuration::from_mins(index);
        let findings = [finding("a", now, Fail), finding("b", now, Pass), finding("c", now, Pass)];
        overall = assess(&settings, &mut states, &findings, &[], now).overall;
    }
    assert_eq!(overall, Fail);
}

fn verdicts() -> impl Strategy<Value = Vec<Verdict>> {
    prop::collection::vec(prop::sample::select(vec![Pass, Degraded, Fail, Unknown]), 0..80)
}

proptest! {
    #[test]
    fn failures_and_recoveries_alternate_and_memory_is_bounded(verdicts in verdicts()) {
        let (settings, mut states) = (settings(&json!([{"id": "a"}])), BTreeMap::new());
        let mut last = None;
        for (index, verdict) in verdicts.into_iter().enumerate() {
            let now = start() + SignedDuration::from_mins(index as i64);
            let health = assess(&settings, &mut states, &[finding("a", now, verdict)], &[], now);
            for event in health.events.into_iter().filter(|event| matches!(event.change, Failed | Recovered)) {
                prop_assert_ne!(last, Some(event.change));
                prop_assert!(last.is_some() || event.change == Failed);
                prop_assert_eq!(event.epoch, states["a"].epoch);
                last = Some(event.change);
            }
            prop_assert!(states["a"].samples.len() <= 60);
            let status = states["a"].status(&settings.checks[0], &HealthRules::default());
            prop_assert!(verdict != Fail || status != Pass || states["a"].fails_in_row < 3);
        }
    }

    #[test]
    fn what_is_better_never_makes_the_whole_worse(
        parts in prop::collection::vec((0_usize..3, 1_u32..9, any::<bool>()), 1..6), which in any::<prop::sample::Index>(),
    ) {
        let ladder = [Fail, Degraded, Pass];
        let rolled = |parts: &[(usize, u32, bool)]| {
            let parts = parts.iter().map(|(status, weight, is_critical)| {
                Part { status: ladder[*status], weight: *weight, is_critical: *is_critical }
            });
            roll_up(parts, 50.0).rank()
        };
        let mut better = parts.clone();
        let index = which.index(parts.len());
        better[index].0 = (better[index].0 + 1).min(2);
        prop_assert!(rolled(&better) >= rolled(&parts));
    }
}

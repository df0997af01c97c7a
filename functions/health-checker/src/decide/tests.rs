#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::alert::Severity;

fn start() -> Timestamp {
    "2026-03-11T12:00:05Z".parse().unwrap()
}

/// Epochs begin at the time of the first look, in seconds.
const SIGNAL: &str = "tenant/acme/1773230406/ROLLBACK(errors)";
const FAILED: &str = "check/shop/1773230406/failed";

fn inputs(index: i64, verdict: &str, errors: u64, maintenance: &Value, state: Option<&State>) -> Inputs {
    let now = start() + SignedDuration::from_mins(index);
    let minute = |back: i64| json!({"at": now - SignedDuration::from_mins(back), "ok": 100 - errors, "failed": errors});
    let probe = |seconds: i64| json!({"at": now - SignedDuration::from_secs(seconds), "is_ok": true});
    serde_json::from_value(json!({
        "now": now,
        "settings": {
            "checks": [{"id": "shop", "component": "web", "probe": {"tcp": {"host": "shop", "port": 443}}}],
            "tenants": [{"id": "acme", "divergence": "read_only"}],
            "maintenance": maintenance,
        },
        "findings": [{"check": "shop", "at": now, "verdict": verdict, "detail": "no answer in 5 s"}],
        "tenants": [{
            "tenant": "acme", "serving": "oci", "oci": [minute(1), minute(2), minute(3), minute(4), minute(5)],
            "target": {"cutover_at": start() - SignedDuration::from_hours(2), "probes": [probe(5), probe(35)]},
        }],
        "state": state,
    }))
    .unwrap()
}

/// Keys of what was told after each minute.
fn told(minutes: &[(&str, u64)], maintenance: &Value) -> Vec<Vec<String>> {
    let mut state: Option<State> = None;
    let mut all = Vec::new();
    for (index, (verdict, errors)) in minutes.iter().enumerate() {
        let outcome = decide(&inputs(index as i64, verdict, *errors, maintenance, state.as_ref()));
        all.push(outcome.report.alerts.iter().map(|alert| alert.key.clone()).collect());
        state = Some(outcome.state);
    }
    all
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_survive_json() {
    let inputs = inputs(0, "fail", 6, &json!([]), None);
    let outcome = decide(&inputs);
    let text = serde_json::to_string(&outcome).unwrap();
    assert_eq!(text, serde_json::to_string(&decide(&inputs)).unwrap());
    assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
    let again: Inputs = serde_json::from_str(&serde_json::to_string(&inputs).unwrap()).unwrap();
    assert_eq!(decide(&again), outcome);
}

#[test]
fn an_outage_and_a_signal_are_told_once_each() {
    let told = told(&[("fail", 6); 5], &json!([]));
    assert_eq!(told[0], [SIGNAL]);
    assert_eq!(told[2], [FAILED]);
    assert_eq!(told.iter().map(Vec::len).sum::<usize>(), 2, "{told:?}");
}

#[test]
fn maintenance_holds_messages_back_until_it_is_over_and_never_the_signal() {
    let window = json!([{"id": "w", "start": "12:00", "minutes": 5}]);
    let lasting = told(&[("fail", 6); 7], &window);
    assert_eq!(lasting[0], [SIGNAL]);
    assert!(lasting[1..5].iter().all(Vec::is_empty), "{lasting:?}");
    assert_eq!(lasting[5], [FAILED]);
    assert!(lasting[6].is_empty());
    let over = [("fail", 0), ("fail", 0), ("fail", 0), ("pass", 0), ("pass", 0), ("pass", 0), ("pass", 0)];
    assert!(told(&over, &window).iter().all(Vec::is_empty));
    let elsewhere = json!([{"id": "w", "start": "12:00", "minutes": 5, "covers": ["db"]}]);
    assert_eq!(told(&over, &elsewhere)[2], [FAILED]);
}

#[test]
fn messages_explain_themselves() {
    let report = decide(&inputs(0, "fail", 6, &json!([]), None)).report;
    let signal = &report.alerts[0];
    assert_eq!((signal.severity, signal.subject.as_str()), (Severity::Signal, "acme"));
    for part in ["move traffic back", "L1 errors is Met", "errors in percent: 6 (limit 5)", "L2 latency is Off"] {
        assert!(signal.text.contains(part), "{part} in {}", signal.text);
    }
}

#[test]
fn a_state_that_is_not_ours_counts_as_none() {
    let first = decide(&inputs(0, "fail", 0, &json!([]), None)).state;
    let other = State { version: 9, ..first };
    let outcome = decide(&inputs(1, "fail", 0, &json!([]), Some(&other)));
    assert_eq!(outcome.state.checks["shop"].fails_in_row, 1);
    assert!(outcome.report.warnings[0].contains("version 9"));
}

#[test]
fn a_tenant_of_which_nothing_was_read_is_there_all_the_same() {
    let mut nothing = inputs(0, "pass", 0, &json!([]), None);
    nothing.tenants[0].tenant = "other".to_owned();
    let report = decide(&nothing).report;
    assert_eq!((report.tenants.len(), report.tenants[0].tenant.as_str()), (1, "acme"));
    assert!(report.warnings.iter().any(|warning| warning.contains("no such tenant")));
}

#[test]
fn what_cannot_be_sent_for_long_does_not_fill_the_state() {
    let mut state = State::default();
    let signal = decide(&inputs(0, "fail", 6, &json!([]), None)).report.alerts.remove(0);
    let of = |severity: Severity, key: String| Alert { severity, key, ..signal.clone() };
    state.pending = vec![signal.clone(); 2];
    state.pending.push(of(Severity::Page, "oldest".to_owned()));
    state.pending.extend((0..10).map(|number| of(Severity::Resolved, format!("over-{number}"))));
    state.pending.extend((0..195).map(|number| of(Severity::Page, format!("page-{number}"))));
    let outcome = decide(&inputs(0, "fail", 6, &json!([]), Some(&state)));
    let count = |goes: fn(&Alert) -> bool| outcome.state.pending.iter().filter(|alert| goes(alert)).count();
    // What is over goes first, and signals stay, the new one among them.
    assert_eq!((count(Alert::is_signal), count(Alert::is_end), outcome.state.pending.len()), (3, 4, 203));
    assert!(outcome.state.pending.iter().any(|alert| alert.key == "oldest"));
    state.pending.extend((0..105).map(|number| of(Severity::Page, format!("more-{number}"))));
    let outcome = decide(&inputs(0, "fail", 6, &json!([]), Some(&state)));
    assert!(outcome.state.pending.len() == 203 && outcome.state.pending.iter().all(|alert| alert.key != "oldest"));
    assert!(outcome.report.warnings.iter().any(|warning| warning.contains("given up")));
}

#[test]
fn removed_checks_and_tenants_leave_the_state() {
    let state = decide(&inputs(0, "fail", 6, &json!([]), None)).state;
    let empty = Inputs { settings: Settings::default(), ..inputs(1, "fail", 6, &json!([]), Some(&state)) };
    let outcome = decide(&empty);
    assert!(outcome.state.checks.is_empty() && outcome.state.tenants.is_empty());
}

#[test]
fn a_state_that_was_lost_does_not_give_keys_again() {
    let keys = |index: i64| {
        let mut state = None;
        let mut keys = Vec::new();
        for minute in index..index + 3 {
            let outcome = decide(&inputs(minute, "fail", 6, &json!([]), state.as_ref()));
            keys.extend(outcome.report.alerts.into_iter().map(|alert| alert.key));
            state = Some(outcome.state);
        }
        keys
    };
    let (first, second) = (keys(0), keys(10));
    assert_eq!((first.len(), second.len()), (2, 2));
    assert!(first.iter().all(|key| !second.contains(key)), "{first:?} {second:?}");
}

#[test]
fn a_late_tick_does_not_undo_what_a_newer_one_has_decided() {
    let newer = decide(&inputs(1, "fail", 6, &json!([]), None));
    let late = decide(&inputs(0, "fail", 0, &json!([]), Some(&newer.state)));
    assert_eq!(late.state.tenants, newer.state.tenants);
    assert_eq!((late.state.decided_at, &late.state.signals), (newer.state.decided_at, &newer.state.signals));
    assert!(late.report.alerts.is_empty() && late.report.warnings[0].contains("later tick"), "{:?}", late.report);
    // One that is far ahead was decided by a clock that was wrong.
    let ahead = decide(&inputs(60, "fail", 6, &json!([]), None));
    let right = decide(&inputs(0, "fail", 0, &json!([]), Some(&ahead.state)));
    assert_eq!(right.state.decided_at, Some(start()));
}

#[test]
fn a_signal_is_kept_until_it_is_written_and_taken_back_when_it_is_over() {
    let given = decide(&inputs(0, "fail", 6, &json!([]), None)).state;
    let (key, issued) = given.signals.first_key_value().unwrap();
    assert_eq!((key.as_str(), issued.is_written), ("acme-1773230406", false));
    assert_eq!(issued.signal.valid_until, start() + SignedDuration::from_mins(30));
    let text = serde_json::to_string(&issued.signal).unwrap();
    assert_eq!(serde_json::from_str::<signal::Signal>(&text).unwrap(), issued.signal);
    // The tick ended before it was written: it still has to be.
    let again = decide(&inputs(1, "fail", 6, &json!([]), Some(&given)));
    assert_eq!((again.state.signals.len(), again.state.signals[key].is_written), (1, false));
    let mut written = again.state;
    signal::written(&mut written.signals, key, &issued.signal);
    assert!(written.signals[key].is_written);
    let over = decide(&inputs(2, "pass", 0, &json!([]), Some(&written))).state;
    let withdrawn = &over.signals[key];
    assert_eq!(
        (withdrawn.is_written, withdrawn.signal.withdrawn_at),
        (false, Some(start() + SignedDuration::from_mins(2)))
    );
    // A slow tick that has written the first form has not written this one.
    let mut signals = over.signals.clone();
    signal::written(&mut signals, key, &issued.signal);
    assert!(!signals[key].is_written);
    signal::written(&mut signals, key, &withdrawn.signal);
    assert!(signals.is_empty());
}

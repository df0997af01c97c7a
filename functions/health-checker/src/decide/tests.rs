#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::alert::Severity;

fn start() -> Timestamp {
    "2026-03-11T12:00:05Z".parse().unwrap()
}

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
    assert_eq!(told[0], ["tenant/acme/1/ROLLBACK(errors)"]);
    assert_eq!(told[2], ["check/shop/1/failed"]);
    assert_eq!(told.iter().map(Vec::len).sum::<usize>(), 2, "{told:?}");
}

#[test]
fn maintenance_holds_messages_back_until_it_is_over_and_never_the_signal() {
    let window = json!([{"id": "w", "start": "12:00", "minutes": 5}]);
    let lasting = told(&[("fail", 6); 7], &window);
    assert_eq!(lasting[0], ["tenant/acme/1/ROLLBACK(errors)"]);
    assert!(lasting[1..5].iter().all(Vec::is_empty), "{lasting:?}");
    assert_eq!(lasting[5], ["check/shop/1/failed"]);
    assert!(lasting[6].is_empty());
    let over = [("fail", 0), ("fail", 0), ("fail", 0), ("pass", 0), ("pass", 0), ("pass", 0), ("pass", 0)];
    assert!(told(&over, &window).iter().all(Vec::is_empty));
    let elsewhere = json!([{"id": "w", "start": "12:00", "minutes": 5, "covers": ["db"]}]);
    assert_eq!(told(&over, &elsewhere)[2], ["check/shop/1/failed"]);
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
    let other = State { version: 2, ..first };
    let outcome = decide(&inputs(1, "fail", 0, &json!([]), Some(&other)));
    assert_eq!(outcome.state.checks["shop"].fails_in_row, 1);
    assert!(outcome.report.warnings[0].contains("version 2"));
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
    let alert = decide(&inputs(0, "fail", 6, &json!([]), None)).report.alerts.remove(0);
    state.pending = vec![alert; 200];
    let outcome = decide(&inputs(0, "fail", 6, &json!([]), Some(&state)));
    assert_eq!(outcome.state.pending.len(), 200);
    assert!(outcome.report.warnings.iter().any(|warning| warning.contains("given up")));
}

#[test]
fn removed_checks_and_tenants_leave_the_state() {
    let state = decide(&inputs(0, "fail", 6, &json!([]), None)).state;
    let empty = Inputs { settings: Settings::default(), ..inputs(1, "fail", 6, &json!([]), Some(&state)) };
    let outcome = decide(&empty);
    assert!(outcome.state.checks.is_empty() && outcome.state.tenants.is_empty());
}

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use serde_json::json;

use super::*;
use crate::target::Guard;

fn now() -> Timestamp {
    "2026-03-11T12:00:00Z".parse().unwrap()
}

fn after_hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

fn fine(body: &Value) -> Answer {
    let body = body.to_string().into_bytes();
    Answer { status: 200, body, is_cut: false, took_ms: 120, certificate_ends: Some(after_hours(47)) }
}

fn judged(expect: &Value, given: &Answer) -> Finding {
    let expect: Expect = serde_json::from_value(expect.clone()).unwrap();
    Finding::of("a", now(), Some(given.took_ms), answer(&expect, given, now()))
}

#[track_caller]
fn check(expect: &Value, given: &Answer, verdict: Verdict, code: Option<&str>) {
    let found = judged(expect, given);
    assert_eq!((found.verdict, found.code.as_deref()), (verdict, code), "{expect}: {found:?}");
}

#[test]
fn h_4_a_redirect_fails_with_a_hint_unless_the_settings_say_else() {
    let redirect = Answer { status: 302, ..fine(&json!({})) };
    check(&json!({}), &redirect, Verdict::Fail, Some("redirected"));
    let detail = judged(&json!({}), &redirect).detail.unwrap();
    assert!(["OCI Health Checks", "Route 53", "follow_redirects"].iter().all(|word| detail.contains(word)), "{detail}");
    check(&json!({"status": ["200-399"]}), &redirect, Verdict::Pass, None);
}

#[test]
fn h_5_a_body_that_says_down_fails_although_the_status_is_200() {
    let up = json!({"json": [{"path": "$.status", "equals": "UP"}]});
    check(&up, &fine(&json!({"status": "DOWN"})), Verdict::Fail, Some("condition"));
    check(&up, &fine(&json!({"status": "UP"})), Verdict::Pass, None);
    check(&up, &fine(&json!({})), Verdict::Fail, Some("condition"));
    check(&up, &Answer { body: b"UP".to_vec(), ..fine(&json!({})) }, Verdict::Fail, Some("not_json"));
}

#[test]
fn h_6_a_certificate_that_ends_soon_is_degraded() {
    let limit = |hours: u32| json!({"degraded_below_certificate_hours": hours});
    check(&limit(48), &fine(&json!({})), Verdict::Degraded, Some("certificate_ends"));
    check(&limit(47), &fine(&json!({})), Verdict::Pass, None);
    check(&json!({"fail_below_certificate_hours": 48}), &fine(&json!({})), Verdict::Fail, Some("certificate_ends"));
    let plain = Answer { certificate_ends: None, ..fine(&json!({})) };
    check(&limit(48), &plain, Verdict::Fail, Some("no_certificate"));
    let probe: TlsProbe = serde_json::from_value(json!({"host": "h", "degraded_below_hours": 48})).unwrap();
    let of = |hours: i64| Finding::of("a", now(), None, certificate(&probe, after_hours(hours), now())).verdict;
    assert_eq!([of(47), of(48), of(0), of(-1)], [Verdict::Degraded, Verdict::Pass, Verdict::Fail, Verdict::Fail]);
}

#[test]
fn h_7_a_target_that_never_answers_fails() {
    let found = Finding::of_trouble("a", now(), &Trouble::Timeout { seconds: 5 });
    assert_eq!((found.verdict, found.code.as_deref(), found.response_ms), (Verdict::Fail, Some("timeout"), None));
}

#[test]
fn h_8_a_body_that_was_cut_fails_whatever_it_says() {
    let cut = Answer { is_cut: true, ..fine(&json!({"status": "UP"})) };
    check(&json!({"json": [{"path": "$.status", "equals": "UP"}]}), &cut, Verdict::Fail, Some("body_too_large"));
    check(&json!({}), &cut, Verdict::Fail, Some("body_too_large"));
}

#[test]
fn what_the_checker_could_not_measure_is_unknown() {
    let refusal = Guard::default().admit("h", "127.0.0.1".parse().unwrap()).unwrap_err();
    for trouble in [
        Trouble::Resolver("x".to_owned()),
        Trouble::Access("x".to_owned()),
        Trouble::Throttled("x".to_owned()),
        Trouble::Service("x".to_owned()),
        Trouble::Deadline,
        Trouble::Refused { address: "127.0.0.1".parse().unwrap(), refusal },
    ] {
        assert_eq!(Finding::of_trouble("a", now(), &trouble).verdict, Verdict::Unknown, "{trouble}");
    }
    for trouble in [Trouble::NoName, Trouble::Redirects(5), Trouble::Connection(String::new())] {
        assert_eq!(Finding::of_trouble("a", now(), &trouble).verdict, Verdict::Fail, "{trouble}");
    }
}

#[test]
fn conditions_hold_for_every_node_that_they_select() {
    let body = json!({"n": 3, "ratio": 1.0, "nodes": [{"up": true}, {"up": false}], "none": null});
    let check = |condition: Value, verdict: Verdict| {
        let code = (verdict != Verdict::Pass).then_some("condition");
        check(&json!({"json": [condition]}), &fine(&body), verdict, code);
    };
    check(json!({"path": "$.n", "at_least": 3, "at_most": 3}), Verdict::Pass);
    check(json!({"path": "$.n", "at_least": 3.5}), Verdict::Fail);
    check(json!({"path": "$.n", "at_most": 2.9, "otherwise": "degraded"}), Verdict::Degraded);
    check(json!({"path": "$.ratio", "equals": 1}), Verdict::Pass);
    check(json!({"path": "$.nodes[*].up", "equals": true}), Verdict::Fail);
    check(json!({"path": "$.nodes[*].up", "at_least": 1}), Verdict::Fail);
    check(json!({"path": "$.nodes[?@.up == false]", "exists": false}), Verdict::Fail);
    check(json!({"path": "$.nodes[?@.up == 7]", "exists": false}), Verdict::Pass);
    check(json!({"path": "$.none", "exists": true}), Verdict::Pass);
    check(json!({"path": "$.n", "differs": 3}), Verdict::Fail);
}

#[test]
fn the_worst_objection_is_told() {
    let slow = Answer { took_ms: 900, status: 503, ..fine(&json!({})) };
    check(&json!({"degraded_above_ms": 500}), &slow, Verdict::Fail, Some("status"));
    let slow = Answer { status: 200, ..slow };
    check(&json!({"degraded_above_ms": 500}), &slow, Verdict::Degraded, Some("slow"));
    check(&json!({"degraded_above_ms": 500, "fail_above_ms": 800}), &slow, Verdict::Fail, Some("slow"));
    check(&json!({"degraded_above_ms": 900}), &slow, Verdict::Pass, None);
}

#[test]
fn metrics_without_fresh_values_are_unknown_and_not_zero() {
    let probe: MetricProbe =
        serde_json::from_value(json!({"namespace": "n", "metric": "m", "fail_below": 1, "degraded_above": 90}))
            .unwrap();
    let at = |minutes: i64| now() - SignedDuration::from_mins(minutes);
    let check = |values: &[(Timestamp, f64)], verdict: Verdict| {
        assert_eq!(Finding::of("a", now(), None, metric(&probe, values, now())).verdict, verdict, "{values:?}");
    };
    check(&[], Verdict::Unknown);
    check(&[(at(6), 50.0)], Verdict::Unknown);
    check(&[(at(1), f64::NAN)], Verdict::Unknown);
    check(&[(at(5), 50.0)], Verdict::Pass);
    check(&[(at(1), 0.5)], Verdict::Fail);
    check(&[(at(1), 50.0), (at(1), 91.0)], Verdict::Degraded);
}

#[test]
fn objects_are_there_young_and_the_right_ones() {
    let digest = "ab".repeat(32);
    let probe = ObjectProbe { name: "o".to_owned(), max_age_minutes: Some(60), sha256: Some(digest.clone()) };
    let check = |minutes: i64, sha256: Option<&str>, verdict: Verdict| {
        let found = Found { modified: now() - SignedDuration::from_mins(minutes), sha256: sha256.map(str::to_owned) };
        let found = Finding::of("a", now(), None, object(&probe, Some(&found), now()));
        assert_eq!(found.verdict, verdict, "{minutes} {sha256:?}: {found:?}");
    };
    check(59, Some(&digest.to_uppercase()), Verdict::Pass);
    check(60, Some(&digest), Verdict::Fail);
    check(1, Some("cd"), Verdict::Fail);
    check(1, None, Verdict::Unknown);
    assert_eq!(Finding::of("a", now(), None, object(&probe, None, now())).code.as_deref(), Some("object_missing"));
}

#[test]
fn names_have_the_addresses_that_they_should() {
    let check = |probe: Value, addresses: &[&str], code: Option<&str>| {
        let probe: DnsProbe = serde_json::from_value(probe).unwrap();
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        assert_eq!(Finding::of("a", now(), None, dns(&probe, &addresses)).code.as_deref(), code, "{addresses:?}");
    };
    check(json!({"name": "h"}), &["192.0.2.1"], None);
    check(json!({"name": "h"}), &[], Some("too_few_addresses"));
    check(json!({"name": "h", "includes": ["192.0.2.2"]}), &["192.0.2.1"], Some("address_missing"));
}

//! Documents that were lost, damaged or written by a wrong clock.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_lost_document_is_replaced_by_one_that_only_counts_for_a_minute() {
    let mut rig = rig(Config::shared());
    rig.calls(3, OK);
    let late = rig.pass();
    rig.state = State::recovered(rig.now_ms);
    rig.report(late, BAD, 1);
    rig.calls(30, BAD);
    assert_eq!((rig.events.as_slice(), rig.is_open()), (&["would_open"][..], false));
    rig.now_ms += MINUTE;
    rig.call(BAD);
    assert_eq!((rig.events.as_slice(), rig.is_open()), (&["would_open", "released", "opened"][..], true));
}

#[test]
fn a_clock_ahead_delays_but_does_not_hasten() {
    // One instance, 90 s ahead, sees five failures and opens.
    let mut ahead = rig(Config::shared());
    ahead.now_ms += 90 * SECOND;
    ahead.calls(4, BAD);
    let mut right = Rig { now_ms: T, ..rig(Config::shared()) };
    right.state = ahead.state.clone();
    // To the others its counts are at most five seconds old, and stay in the span as long as those.
    right.call(OK);
    assert_eq!(right.state.tally(&right.config, T).failed, 4);
    assert_eq!(right.state.tally(&right.config, T + 70 * SECOND).failed, 0);

    ahead.call(BAD);
    right.state = ahead.state.clone();
    assert_eq!(right.wait_ms(), Some(35 * SECOND));
    right.now_ms += 34_999;
    assert_eq!(right.wait_ms(), Some(1));
    right.now_ms += 1;
    assert!(right.pass().probe.is_some());
}

#[test]
fn a_clock_that_goes_back_locks_nothing() {
    let day = 24 * 60 * MINUTE;
    let mut rig = rig(Config::shared());
    rig.calls(5, BAD);
    rig.now_ms -= day;
    assert_eq!(rig.wait_ms(), Some(35 * SECOND));
    rig.now_ms += 35 * SECOND;
    rig.pass();
    rig.now_ms -= day;
    rig.pass();
    rig.now_ms += 36 * SECOND;
    assert_eq!(rig.pass().probe, Some(3));
    assert!(
        matches!(rig.state.phase(), Phase::HalfOpen { leases, .. } if leases.len() == 1),
        "the two before are lost"
    );
}

#[test]
fn an_order_lasts_no_longer_for_a_clock_that_goes_back() {
    let mut rig = rig(Config::shared());
    rig.order(Mode::Open, MINUTE);
    rig.now_ms -= 24 * 60 * MINUTE;
    assert_eq!(rig.wait_ms(), Some(65 * SECOND));
}

/// A document with these parts, read by a breaker with the shared rules.
fn damaged(phase: &Value, since_ms: u64, buckets: &Value) -> Rig {
    let document = json!({
        "epoch": u64::MAX, "phase": phase, "since_ms": since_ms, "failed_in_row": u32::MAX, "opens_in_row": u32::MAX,
        "window": {"buckets": buckets, "recent": ["ok", "slow_failed"]},
    });
    Rig { state: serde_json::from_value(document).unwrap(), ..rig(Config::shared()) }
}

fn bucket(start_ms: u64, ok: u64) -> Value {
    json!({"start_ms": start_ms, "ok": ok, "failed": u64::MAX, "slow": u64::MAX, "ignored": u64::MAX})
}

#[test]
fn damaged_times_and_counts_lock_nothing() {
    let most = u64::MAX;
    let leases = vec![json!({"probe": 1, "expires_ms": most}); 100];
    let half = json!({"name": "half_open", "next_probe": most, "passed": u32::MAX, "leases": leases});
    for phase in [json!({"name": "open", "length_ms": most}), half, json!({"name": "closed"})] {
        for since_ms in [0, T, most] {
            let mut rig = damaged(&phase, since_ms, &json!([bucket(most, most), bucket(0, most)]));
            rig.ask();
            if let Phase::HalfOpen { leases, .. } = rig.state.phase() {
                assert!(leases.len() <= 5);
            }
            for _ in 0..60 {
                rig.now_ms += 30 * SECOND;
                if let Admission::Allowed(pass) = rig.ask() {
                    rig.report(pass, OK, 1);
                }
            }
            assert_eq!(rig.state.phase(), &Phase::Closed, "{phase} {since_ms}");
        }
    }
}

#[test]
fn an_order_without_end_ends() {
    let mut rig = rig(Config::shared());
    rig.state.forced = Some(Order { mode: Mode::Open, author: String::new(), expires_ms: u64::MAX, reason: None });
    assert_eq!(rig.wait_ms(), Some(rig.config.max_forced_ms + 5 * SECOND));
}

#[test]
fn damaged_buckets_are_sorted_and_merged() {
    let start = T - T % 10_000;
    let buckets = json!([bucket(start, 1), bucket(start - 10_000, 2), bucket(u64::MAX, 3), bucket(start, 4)]);
    let step = record(&damaged(&json!({"name": "closed"}), T, &buckets).state, &Config::shared(), &[], T, 0.5);
    let kept = serde_json::to_value(&step.state).unwrap()["window"].clone();
    assert_eq!(kept, json!({"buckets": [bucket(start - 10_000, 2), bucket(start, 8)]}));
}

#[test]
fn a_report_from_a_clock_ahead_counts_as_of_now() {
    let mut rig = rig(Config::shared());
    let (pass, at_ms) = (rig.pass(), T + 1_000 * MINUTE);
    let step = record(&rig.state, &rig.config, &[Report { pass, outcome: BAD, took_ms: 1, at_ms }], T, 0.5);
    rig.keep(step);
    assert_eq!(rig.state.tally(&rig.config, T).failed, 1);
    assert_eq!(rig.state.tally(&rig.config, T + 70 * SECOND).failed, 0);
}

#[test]
fn what_is_no_document_does_not_parse() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"epoch":-1,"phase":{"name":"closed"},"since_ms":0}"#,
        r#"{"epoch":1,"phase":{"name":"ajar"},"since_ms":0}"#,
    ] {
        assert!(serde_json::from_str::<State>(text).is_err(), "{text}");
    }
    let short = r#"{"epoch":1,"phase":{"name":"closed"},"since_ms":7}"#;
    assert_eq!(serde_json::from_str::<State>(short).unwrap(), State::new(7));
}

#[test]
fn a_document_stays_small() {
    let slow = Some(Slow { after_ms: 9, pct: 100 });
    for span in [Span::Time { bucket_ms: 10 * SECOND, buckets: 6 }, Span::Calls(20)] {
        let mut rig = rig(Config { span, consecutive: None, failure_pct: None, slow, ..Config::shared() });
        for _ in 0..1_000 {
            rig.now_ms += 700;
            rig.call(BAD);
        }
        let json = serde_json::to_string(&rig.state).unwrap();
        assert!(json.len() < 1_000, "{json}");
    }
}

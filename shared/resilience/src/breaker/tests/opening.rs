//! When a breaker opens, and for how long.

use super::*;

#[test]
fn few_calls_are_judged_by_failures_in_a_row() {
    let mut rig = rig(Config::shared());
    rig.calls(11, OK).calls(4, BAD);
    assert!(!rig.is_open());
    rig.call(BAD);
    assert!(rig.is_open());
    assert_eq!(rig.state.cause(), Some(Cause::Consecutive { failed: 5 }));
    assert_eq!(rig.events, ["opened"]);
}

#[test]
fn one_passed_call_ends_the_row() {
    let mut rig = rig(Config::shared());
    rig.calls(4, BAD).calls(1, OK).calls(4, BAD);
    assert!(!rig.is_open());
    rig.calls(1, Outcome::Ignored).calls(1, BAD);
    assert!(rig.is_open(), "one that says nothing does not");
}

#[test]
fn enough_calls_are_judged_by_percentage_inclusively() {
    let check = |failed: u32, opens: bool| {
        let mut rig = rig(Config { consecutive: None, ..Config::shared() });
        rig.calls(failed, BAD).calls(19 - failed, OK);
        assert!(!rig.is_open(), "19 calls are too few");
        rig.call(OK);
        assert_eq!(rig.is_open(), opens, "{failed} of 20");
        opens.then(|| assert_eq!(rig.state.cause(), Some(Cause::FailureRatio { failed: 10, calls: 20 })));
    };
    check(10, true);
    check(9, false);
}

#[test]
fn among_enough_calls_failures_in_a_row_do_not_count() {
    let mut rig = rig(Config::shared());
    rig.calls(30, OK).calls(8, BAD);
    assert!(!rig.is_open());
}

#[test]
fn answers_that_say_nothing_never_open() {
    let mut rig = rig(Config::shared());
    let not_found = rig.config.counted.outcome(&Failure::status(404));
    rig.calls(100, not_found);
    assert!(!rig.is_open());
    let tally = rig.state.tally(&rig.config, rig.now_ms);
    assert_eq!((tally.calls(), tally.ignored), (0, 100));
}

#[test]
fn slow_calls_open_although_they_pass() {
    let mut rig = rig(Config { slow: Some(Slow { after_ms: 300, pct: 80 }), ..Config::shared() });
    for took_ms in [vec![299; 4], vec![300; 16]].concat() {
        assert!(!rig.is_open());
        let pass = rig.pass();
        rig.report(pass, OK, took_ms);
    }
    assert_eq!(rig.state.cause(), Some(Cause::SlowRatio { slow: 16, calls: 20 }));
}

#[test]
fn a_flapping_dependency_waits_longer_each_time() {
    let check = |random01: f64, percent: u64| {
        let config = Config::shared();
        let mut now_ms = T;
        let mut state = State::new(T);
        for seconds in [30, 60, 120, 240, 300, 300] {
            for _ in 0..5 {
                let step = admit(&state, &config, now_ms, random01);
                let Admission::Allowed(pass) = step.decision else { break };
                let report = Report { pass, outcome: BAD, took_ms: 1, at_ms: now_ms };
                state = record(&step.state, &config, &[report], now_ms, random01).state;
            }
            assert_eq!(state.phase, Phase::Open { length_ms: seconds * 10 * percent }, "{random01}");
            now_ms += seconds * 10 * percent;
        }
    };
    check(0.0, 90);
    check(0.5, 100);
    check(1.0, 110);
    check(f64::NAN, 110);
}

#[test]
fn ten_minutes_closed_make_the_next_opening_the_first() {
    let check = |closed_ms: u64, opens: u32| {
        let mut rig = rig(Config::shared());
        rig.calls(5, BAD);
        rig.now_ms += 30 * SECOND;
        rig.calls(5, OK);
        rig.now_ms += closed_ms;
        rig.calls(5, BAD);
        assert_eq!(rig.state.opens_in_row(), opens, "{closed_ms}");
    };
    check(10 * MINUTE - 1, 2);
    check(10 * MINUTE, 1);
}

#[test]
fn an_answer_with_retry_after_opens_for_that_long() {
    let check = |failure: Failure, expected_ms: Option<u64>| {
        let mut rig = rig(Config::shared());
        let outcome = rig.config.counted.outcome(&failure);
        rig.call(outcome);
        assert_eq!(rig.is_open().then(|| rig.wait_ms()).flatten(), expected_ms, "{failure:?}");
        assert_eq!(rig.state.opens_in_row(), 0);
    };
    let asks = |status: u16, seconds: u64| Failure::status(status).with_retry_after(Some(Duration::from_secs(seconds)));
    check(asks(429, 7), Some(7 * SECOND));
    check(asks(503, 7), None);
    check(asks(429, u64::MAX), Some(300 * SECOND));
    check(asks(429, 0), None);
    check(asks(500, 7), None);
    check(Failure::status(429), None);
}

#[test]
fn calls_leave_the_span_with_their_bucket() {
    let mut rig = rig(Config { consecutive: None, ..Config::shared() });
    rig.now_ms = T - T % MINUTE;
    rig.calls(10, BAD);
    rig.now_ms += 59_999;
    assert_eq!(rig.state.tally(&rig.config, rig.now_ms).failed, 10);
    rig.now_ms += 1;
    assert_eq!(rig.state.tally(&rig.config, rig.now_ms).failed, 0);
    rig.calls(10, OK);
    assert!(!rig.is_open());
}

#[test]
fn a_span_of_calls_forgets_the_oldest() {
    let mut rig = rig(Config { span: Span::Calls(10), min_calls: 100, consecutive: None, ..Config::shared() });
    rig.calls(6, OK).calls(4, BAD);
    rig.now_ms += 1_000 * MINUTE;
    assert!(!rig.is_open());
    rig.call(BAD);
    assert_eq!(rig.state.cause(), Some(Cause::FailureRatio { failed: 5, calls: 10 }));
}

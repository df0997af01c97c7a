//! The vectors of the breaker's rules, one test each, with the numbers that hold where nothing is set.

use super::*;

fn defaults() -> Config {
    Settings::default().config().unwrap()
}

#[test]
fn s_1_five_failures_in_a_row_open_below_twenty_calls() {
    let mut rig = rig(defaults());
    rig.calls(11, OK).calls(4, BAD);
    assert!(!rig.is_open(), "four in a row, 15 calls");
    rig.call(BAD);
    assert_eq!((rig.is_open(), rig.state.cause()), (true, Some(Cause::Consecutive { failed: 5 })));
}

#[test]
fn s_2_ten_of_twenty_open_and_nine_do_not() {
    for (failed, opens) in [(10, true), (9, false)] {
        let mut rig = rig(defaults());
        // Spread, so that the rule of five in a row says nothing.
        let order = (0..20).map(|call| call % 2 == 1 && call / 2 < failed);
        order.for_each(|fails| rig.call(if fails { BAD } else { OK }));
        assert_eq!(rig.is_open(), opens, "{failed} of 20");
    }
}

#[test]
fn s_3_a_hundred_times_404_leave_it_closed() {
    let mut rig = rig(defaults());
    let not_found = rig.config.counted.outcome(&Failure::status(404));
    rig.calls(100, not_found);
    assert_eq!((rig.state.phase(), rig.events.len()), (&Phase::Closed, 0));
}

#[test]
fn s_4_sixteen_slow_of_twenty_open_although_all_pass() {
    let settings = Settings { slow_baseline_p95_ms: Some(100), ..Settings::default() };
    let mut rig = rig(settings.config().unwrap());
    for took_ms in [[299; 4].as_slice(), &[300; 16]].concat() {
        assert!(!rig.is_open());
        let pass = rig.pass();
        rig.report(pass, OK, took_ms);
    }
    assert_eq!(rig.state.cause(), Some(Cause::SlowRatio { slow: 16, calls: 20 }));
}

#[test]
fn s_5_one_half_opening_and_five_permits_for_whoever_comes() {
    let mut rig = rig(defaults());
    rig.calls(5, BAD);
    rig.now_ms += 33 * SECOND;
    let allowed = (0..8).filter(|_| matches!(rig.ask(), Admission::Allowed(_))).count();
    assert_eq!((allowed, rig.events.as_slice()), (5, ["opened", "half_opened"].as_slice()));
}

#[test]
fn s_7_five_of_five_close_and_clear_the_counts() {
    let mut rig = rig(defaults());
    rig.calls(5, BAD);
    rig.now_ms += 33 * SECOND;
    rig.calls(5, OK);
    assert_eq!(rig.state.phase(), &Phase::Closed);
    assert_eq!(rig.state.tally(&rig.config, rig.now_ms), Tally::default());
}

#[test]
fn s_8_a_flapping_dependency_waits_longer_each_time() {
    for (random01, percent) in [(0.0, 90), (0.5, 100), (1.0, 110)] {
        let config = defaults();
        let (mut now_ms, mut state) = (T, State::new(T));
        for seconds in [30, 60, 120, 240, 300, 300] {
            while !matches!(state.phase, Phase::Open { length_ms } if now_ms < state.since_ms + length_ms) {
                let step = admit(&state, &config, now_ms, random01);
                let Admission::Allowed(pass) = step.decision else { panic!("{:?}", step.state) };
                let report = Report { pass, outcome: BAD, took_ms: 1, at_ms: now_ms };
                state = record(&step.state, &config, &[report], now_ms, random01).state;
            }
            assert_eq!(state.phase, Phase::Open { length_ms: seconds * 10 * percent }, "{random01}");
            now_ms += seconds * 10 * percent;
        }
    }
}

#[test]
fn s_11_times_of_a_clock_ahead_are_cut() {
    let mut ahead = rig(defaults());
    ahead.now_ms += 90 * SECOND;
    ahead.calls(5, BAD);
    let mut right = Rig { now_ms: T, ..rig(defaults()) };
    right.state = ahead.state.clone();
    assert_eq!(right.wait_ms(), Some(35 * SECOND), "as if opened five seconds from now, not ninety");
    right.now_ms += 35 * SECOND - 1;
    assert_eq!(right.wait_ms(), Some(1), "and not half-open before that");
}

#[test]
fn s_12_an_order_that_ended_leaves_a_closed_breaker_that_counts() {
    let mut rig = rig(defaults());
    rig.order(Mode::Open, MINUTE);
    assert_eq!(rig.wait_ms(), Some(MINUTE));
    rig.now_ms += MINUTE;
    rig.calls(4, BAD);
    assert_eq!((rig.state.phase(), rig.state.forced(rig.now_ms)), (&Phase::Closed, None));
    rig.call(BAD);
    assert!(rig.is_open());
}

//! Operators' orders.

use super::*;

#[test]
fn orders_come_before_rules() {
    for (mode, goes_through, counted) in
        [(Mode::Open, false, 0), (Mode::Closed, true, 40), (Mode::Disabled, true, 0), (Mode::MetricsOnly, true, 40)]
    {
        let mut rig = rig(Config::shared());
        rig.order(mode, MINUTE);
        if goes_through {
            rig.calls(40, BAD);
        } else {
            assert_eq!(rig.wait_ms(), Some(MINUTE));
        }
        assert_eq!(rig.state.tally(&rig.config, rig.now_ms).failed, counted, "{mode:?}");
        let expected: &[&str] = if mode == Mode::MetricsOnly { &["forced", "would_open"] } else { &["forced"] };
        assert_eq!(rig.events, expected, "{mode:?}");
        assert_eq!(rig.state.forced(rig.now_ms).map(|order| order.mode), Some(mode));
        assert_eq!(rig.state.forced(rig.now_ms + MINUTE), None);
    }
}

#[test]
fn an_order_ends_by_itself_or_by_another() {
    let mut rig = rig(Config::shared());
    rig.order(Mode::Open, MINUTE);
    rig.now_ms += MINUTE;
    rig.call(OK);
    assert_eq!(rig.events, ["forced", "released"]);
    rig.order(Mode::Disabled, MINUTE);
    rig.order(Mode::Open, MINUTE);
    let step = force(&rig.state, &rig.config, None, rig.now_ms).unwrap();
    rig.keep(step);
    assert_eq!(rig.events[2..], ["forced", "released", "forced", "released"]);
    assert_eq!((rig.state.phase(), rig.state.epoch()), (&Phase::Closed, 7));
    let step = force(&rig.state, &rig.config, None, rig.now_ms).unwrap();
    assert!(step.events.is_empty() && step.state == rig.state);
}

#[test]
fn orders_need_an_author_and_an_end() {
    let check = |author: &str, for_ms: u64, setting: Option<&str>| {
        let order =
            Order { mode: Mode::Open, author: author.to_owned(), expires_ms: T.saturating_add(for_ms), reason: None };
        let result = force(&State::new(T), &Config::shared(), Some(order), T);
        assert_eq!(result.err().map(|invalid| invalid.setting), setting, "{author} {for_ms}");
    };
    check("oncall", 7 * 24 * 60 * MINUTE, None);
    check("oncall", 7 * 24 * 60 * MINUTE + 1, Some("expires_ms"));
    check("oncall", 0, Some("expires_ms"));
    check(" ", MINUTE, Some("author"));
    check(&"a".repeat(201), MINUTE, Some("author"));
    check("recovery", MINUTE, Some("author"));
    let reasoned = |reason: String| {
        let order =
            Order { mode: Mode::Open, author: "oncall".to_owned(), expires_ms: T + MINUTE, reason: Some(reason) };
        force(&State::new(T), &Config::shared(), Some(order), T).err().map(|invalid| invalid.setting)
    };
    assert_eq!((reasoned("r".repeat(500)), reasoned("r".repeat(501))), (None, Some("reason")));
}

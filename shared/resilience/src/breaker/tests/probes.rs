//! How a breaker finds out whether to close.

use super::*;

/// A probe that nobody reports is a failure.
fn failing() -> Config {
    let shared = Config::shared();
    Config { half_open: HalfOpen { lost: LostProbe::Failed, ..shared.half_open }, ..shared }
}

#[test]
fn five_permits_in_all_whoever_asks() {
    let mut rig = rig(Config::shared());
    rig.calls(5, BAD);
    assert_eq!(rig.wait_ms(), Some(30 * SECOND));
    rig.now_ms += 30 * SECOND;
    let probes: Vec<_> = (0..5).map(|_| rig.pass()).collect();
    assert_eq!(probes.iter().map(|pass| pass.probe).collect::<Vec<_>>(), (1..=5).map(Some).collect::<Vec<_>>());
    assert_eq!((rig.wait_ms(), rig.wait_ms(), rig.wait_ms()), (None, None, None));
    for (passed, probe) in probes.into_iter().enumerate() {
        assert_eq!(rig.events, ["opened", "half_opened"], "{passed}");
        assert_eq!(rig.wait_ms(), None, "a permit is not given twice");
        rig.report(probe, OK, 1);
    }
    assert_eq!(rig.events, ["opened", "half_opened", "closed"]);
    assert_eq!(rig.state.tally(&rig.config, rig.now_ms), Tally::default());
    assert_eq!((rig.state.cause(), rig.state.epoch()), (None, 4));
}

#[test]
fn one_bad_or_slow_probe_opens_again() {
    for (outcome, took_ms) in [(BAD, 1), (OK, 300)] {
        let mut rig = rig(Config { slow: Some(Slow { after_ms: 300, pct: 80 }), ..Config::shared() });
        rig.calls(5, BAD);
        rig.now_ms += 30 * SECOND;
        let (first, second) = (rig.pass(), rig.pass());
        rig.report(first, outcome, took_ms);
        assert_eq!((rig.state.cause(), rig.state.opens_in_row()), (Some(Cause::ProbeFailed), 2));
        // The other probe comes too late to matter.
        let before = rig.state.clone();
        rig.report(second, OK, 1);
        assert_eq!(rig.state, before);
    }
}

#[test]
fn a_probe_that_says_nothing_gives_its_permit_back() {
    let mut rig = rig(Config::python_sdk());
    rig.calls(10, BAD);
    rig.now_ms += 30 * SECOND;
    let probe = rig.pass();
    assert_eq!(rig.wait_ms(), None);
    rig.report(probe, Outcome::Ignored, 1);
    let probe = rig.pass();
    assert_eq!(probe.probe, Some(2));
    rig.report(probe, OK, 1);
    assert_eq!(rig.state.phase(), &Phase::Closed);
}

#[test]
fn a_lost_probe_frees_its_permit_or_opens() {
    let mut freed = rig(Config::python_sdk());
    freed.calls(10, BAD);
    freed.now_ms += 30 * SECOND;
    let lost = freed.pass();
    freed.now_ms += 59_999;
    assert_eq!(freed.wait_ms(), None);
    freed.now_ms += 1;
    let second = freed.pass();
    freed.report(lost, OK, 1);
    assert_eq!(freed.wait_ms(), None, "the report of a lost probe is dropped");
    freed.report(second, OK, 1);
    assert_eq!(freed.state.phase(), &Phase::Closed);

    let mut failed = rig(failing());
    failed.calls(5, BAD);
    failed.now_ms += 30 * SECOND;
    failed.pass();
    failed.now_ms += 40 * SECOND;
    // Open for 60 s since the lease ended ten seconds ago.
    assert_eq!(failed.wait_ms(), Some(50 * SECOND));
    assert_eq!((failed.state.cause(), failed.state.opens_in_row()), (Some(Cause::ProbeLost), 2));
    assert_eq!(failed.events, ["opened", "half_opened", "opened"]);
}

#[test]
fn lost_probes_are_neither_passed_nor_failed() {
    let mut rig = rig(Config::shared());
    rig.calls(5, BAD);
    rig.now_ms += 30 * SECOND;
    let lost: Vec<_> = (0..4).map(|_| rig.pass()).collect();
    rig.call(OK);
    rig.now_ms += 30 * SECOND - 1;
    assert!(rig.wait_ms().is_none() && !rig.state.has_lost_probe(rig.now_ms));
    rig.now_ms += 1;
    assert!(rig.state.has_lost_probe(rig.now_ms));
    // Not failed: still half-open, for the first time. Not passed: four more are needed.
    let others: Vec<_> = (0..4).map(|_| rig.pass()).collect();
    assert_eq!((rig.events.clone(), rig.state.opens_in_row()), (vec!["opened", "half_opened"], 1));
    assert_eq!(others.iter().map(|pass| pass.probe).collect::<Vec<_>>(), (6..=9).map(Some).collect::<Vec<_>>());
    lost.into_iter().for_each(|pass| rig.report(pass, BAD, 1));
    others.into_iter().for_each(|pass| rig.report(pass, OK, 1));
    assert_eq!(rig.events, ["opened", "half_opened", "closed"]);
}

#[test]
fn long_after_a_lost_probe_there_is_a_new_one_at_once() {
    let mut rig = rig(failing());
    rig.calls(5, BAD);
    rig.now_ms += 30 * SECOND;
    rig.pass();
    rig.now_ms += 600 * MINUTE;
    assert_eq!(rig.pass().probe, Some(1));
    assert_eq!(rig.events, ["opened", "half_opened", "opened", "half_opened"]);
}

#[test]
fn a_report_from_before_the_opening_does_not_count_after_the_closing() {
    let mut rig = rig(Config::python_sdk());
    let hanging = rig.pass();
    rig.calls(10, BAD);
    rig.now_ms += 30 * SECOND;
    rig.call(OK);
    let closed = rig.state.clone();
    rig.report(hanging, BAD, 60 * SECOND);
    assert_eq!(rig.state, closed);
}

/// Eight functions read the same document when the open time is over; each may write only what it read last.
#[test]
fn whoever_loses_the_race_reads_again() {
    let mut rig = rig(Config::shared());
    rig.calls(5, BAD);
    let now_ms = rig.now_ms + 30 * SECOND;
    let (mut stored, mut etag) = (rig.state.clone(), 0);
    let mut readers = vec![(stored.clone(), etag); 8];
    let (mut probes, mut rejected, mut events) = (Vec::new(), 0, Vec::new());
    while let Some((read, read_etag)) = readers.pop() {
        let step = admit(&read, &rig.config, now_ms, 0.5);
        match step.decision {
            Admission::Rejected { .. } => rejected += 1,
            Admission::Allowed(pass) if read_etag == etag => {
                (stored, etag) = (step.state, etag + 1);
                probes.push(pass.probe);
                events.extend(step.events);
            }
            Admission::Allowed(_) => readers.insert(0, (stored.clone(), etag)),
        }
    }
    assert_eq!((probes.len(), rejected), (5, 3));
    probes.dedup();
    assert_eq!(probes.len(), 5);
    assert_eq!(events.iter().map(|event| event.change.name()).collect::<Vec<_>>(), ["half_opened"]);
}

#[test]
fn a_throttled_probe_opens_for_that_long_and_once_more_in_a_row() {
    let mut rig = rig(Config::shared());
    rig.calls(5, BAD);
    rig.now_ms += 30 * SECOND;
    rig.call(Outcome::Throttled { retry_after_ms: 7_000 });
    assert_eq!((rig.wait_ms(), rig.state.opens_in_row()), (Some(7_000), 2));
}

#[test]
fn without_traffic_somebody_has_to_send_the_probes() {
    let mut rig = rig(Config::shared());
    rig.calls(5, BAD);
    let due = |rig: &Rig, at_ms: u64| rig.state.is_probe_due(&rig.config, at_ms);
    let end = rig.now_ms + 30 * SECOND;
    assert!(!due(&rig, end + 10 * MINUTE - 1) && due(&rig, end + 10 * MINUTE), "nobody asked since it could");
    rig.now_ms = end + 5 * MINUTE;
    rig.calls(1, OK);
    assert!(!due(&rig, rig.now_ms + 10 * MINUTE - 1) && due(&rig, rig.now_ms + 10 * MINUTE), "one of five probes");
    rig.calls(4, OK);
    assert!(!due(&rig, u64::MAX), "it is closed");
    rig.calls(5, BAD);
    rig.order(Mode::Open, MINUTE);
    assert!(!due(&rig, rig.now_ms + 30 * SECOND), "an operator holds it");
}

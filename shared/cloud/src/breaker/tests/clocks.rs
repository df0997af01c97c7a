//! Processes whose clock is behind, and calls that nobody waits for.

use causeway_resilience::breaker::{Cause, Slow};

use super::*;

const BEHIND_MS: i64 = -90_000;

#[tokio::test]
async fn s_11_a_clock_behind_takes_back_no_opening() {
    let yard = Yard::begun().await;
    let (right, behind) = (yard.process("right"), yard.process("behind"));
    behind.watch.set_ahead(BEHIND_MS);
    let flying = behind.enter().await.unwrap();
    right.calls(5, BAD).await;
    let opened = yard.state();
    flying.report(BAD, NO).await;
    behind.breakers.flush(NO).await;
    assert_eq!((yard.state().since_ms(), yard.state().phase()), (opened.since_ms(), opened.phase()));
    yard.stage.pass(20 * SECOND);
    assert!(right.enter().await.is_err(), "not before its time");
}

#[tokio::test]
async fn s_11_a_clock_behind_takes_nobodys_counts_out_of_the_window() {
    let yard = Yard::begun().await;
    // The two calls with which the document began are out of the window.
    yard.stage.pass(2 * MINUTE);
    let (right, behind) = (yard.process("right"), yard.process("behind"));
    behind.watch.set_ahead(BEHIND_MS);
    right.calls(4, BAD).await;
    behind.call(OK).await;
    behind.breakers.flush(NO).await;
    assert_eq!(yard.state().tally(&defaults(), yard.stage.now_ms()).failed, 4);
}

#[tokio::test]
async fn s_11_a_clock_behind_ends_no_order_early() {
    let yard = Yard::begun().await;
    let (right, behind) = (yard.process("right"), yard.process("behind"));
    behind.watch.set_ahead(BEHIND_MS);
    let order = asked(Mode::Closed, "oncall", Duration::from_secs(600));
    let given = right.breakers.order(&service(), order, NO).await.unwrap();
    let now_ms = yard.stage.now_ms();
    behind.calls(3, BAD).await;
    behind.breakers.flush(NO).await;
    assert_eq!(yard.state().forced(now_ms), given.forced(now_ms));
}

#[tokio::test]
async fn probes_that_are_given_up_keep_their_permits_for_a_while_and_open_nothing() {
    let yard = Yard::begun().await;
    let process = yard.half_open(LostProbe::Freed).await;
    // Whoever else hangs is cut too: five at a time, and not one after the other for ever.
    for _ in 0..5 {
        drop(process.enter().await.unwrap());
    }
    assert!(process.enter().await.is_err());
    process.breakers.flush(NO).await;
    yard.stage.pass(31 * SECOND);
    process.breakers.tend(NO).await.unwrap();
    assert!(!is_open(&yard.state()), "{:?}", yard.state());
    process.calls(5, OK).await;
    assert_eq!((yard.state().phase(), yard.state().opens_in_row()), (&Phase::Closed, 1));
}

#[tokio::test]
async fn where_silence_is_a_failure_giving_up_is_none() {
    let yard = Yard::begun().await;
    let process = yard.half_open(LostProbe::Failed).await;
    for _ in 0..20 {
        drop(process.enter().await.unwrap());
    }
    let _silent = process.enter().await.unwrap();
    yard.stage.pass(31 * SECOND);
    process.breakers.tend(NO).await.unwrap();
    assert!(is_open(&yard.state()) && yard.state().cause() == Some(Cause::ProbeLost), "{:?}", yard.state());
}

#[tokio::test]
async fn a_probe_that_was_slow_by_the_time_it_is_given_up_has_failed() {
    for (after_ms, cause) in [(899, None), (900, Some(Cause::ProbeFailed))] {
        let yard = Yard::begun().await;
        let slow = Some(Slow { after_ms: 900, pct: 80 });
        let process = yard.half_open_by(Config { slow, ..defaults() }).await;
        let ticket = process.enter().await.unwrap();
        yard.stage.pass(after_ms);
        drop(ticket);
        process.breakers.flush(NO).await;
        assert_eq!(Some(yard.state().cause()).filter(|_| is_open(&yard.state())).flatten(), cause, "{after_ms}");
    }
}

#[tokio::test]
async fn a_clock_that_is_ahead_frees_no_permit_early() {
    let yard = Yard::begun().await;
    let process = yard.half_open(LostProbe::Freed).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(process.enter().await.unwrap());
    }
    let ahead = yard.process("ahead");
    ahead.watch.set_ahead(90 * 1_000);
    assert!(ahead.enter().await.is_err());
    for probe in held {
        probe.report(OK, NO).await;
    }
    assert_eq!(yard.state().phase(), &Phase::Closed);
}

#[tokio::test]
async fn calls_that_are_cut_after_long_count_as_failed() {
    let failed = |slow_ms: Option<u64>, after_ms: u64| async move {
        let yard = Yard::begun().await;
        let slow = slow_ms.map(|after_ms| Slow { after_ms, pct: 80 });
        let process = yard.with("one", Config { slow, ..defaults() }, Sharing::default());
        let ticket = process.enter().await.unwrap();
        yard.stage.pass(after_ms);
        drop(ticket);
        process.breakers.flush(NO).await;
        yard.state().tally(&defaults(), yard.stage.now_ms()).failed
    };
    assert_eq!((failed(None, 29_999).await, failed(None, 30_000).await), (0, 1));
    assert_eq!((failed(Some(900), 899).await, failed(Some(900), 900).await), (0, 1));
}

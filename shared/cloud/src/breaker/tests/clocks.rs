//! Processes whose clock is behind, and calls that nobody waits for.

use causeway_resilience::breaker::Slow;

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
    let order = asked(Mode::Closed, "ann", Duration::from_secs(600));
    let given = right.breakers.order(&service(), order, NO).await.unwrap();
    let now_ms = yard.stage.now_ms();
    behind.calls(3, BAD).await;
    behind.breakers.flush(NO).await;
    assert_eq!(yard.state().forced(now_ms), given.forced(now_ms));
}

#[tokio::test]
async fn a_probe_that_is_given_up_keeps_its_permit_until_it_counts_as_failed() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.calls(5, BAD).await;
    yard.stage.pass(31 * SECOND);
    // The dependency hangs, and so long callers are cut: five at a time, and not one after the other for ever.
    for _ in 0..5 {
        drop(process.enter().await.unwrap());
    }
    assert!(process.enter().await.is_err());
    yard.stage.pass(31 * SECOND);
    assert!(process.enter().await.is_err());
    assert!(is_open(&yard.state()) && yard.state().opens_in_row() == 2, "{:?}", yard.state());
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

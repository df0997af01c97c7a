//! The vectors of the breaker's rules that are about more than one process.

use causeway_resilience::ServiceFailure;
use causeway_resilience::breaker::{Cause, Mode};
use causeway_resilience::fallback::{ChainError, Plan, check};
use causeway_resilience::service::Kind;
use futures_util::future::join_all;

use super::*;

#[tokio::test]
async fn s_1_failures_in_a_row_count_across_processes() {
    let yard = Yard::begun().await;
    let (one, two) = (yard.process("one"), yard.process("two"));
    one.calls(2, BAD).await;
    two.calls(2, BAD).await;
    assert!(!is_open(&yard.state()));
    one.call(BAD).await;
    assert!(is_open(&yard.state()));
    yard.stage.pass(11 * SECOND);
    assert!(two.enter().await.is_err(), "the copy of the other is too old by now");
}

#[tokio::test]
async fn s_2_ten_of_twenty_calls_of_two_processes_open() {
    for (failed, opens) in [(10, true), (9, false)] {
        let yard = Yard::begun().await;
        // The two calls with which the document began are out of the window.
        yard.stage.pass(2 * MINUTE);
        // Each report is written at once, so that the order is that of the calls.
        let sharing = Sharing { gather_ms: 0, ..Sharing::default() };
        let processes = ["one", "two"].map(|name| yard.with(name, defaults(), sharing.clone()));
        for call in 0..20 {
            let outcome = if call % 2 == 1 && call / 2 < failed { BAD } else { OK };
            processes[call % 2].call(outcome).await;
        }
        assert_eq!(is_open(&yard.state()), opens, "{failed} of 20");
    }
}

#[tokio::test]
async fn s_3_a_hundred_times_404_leave_it_closed() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    for _ in 0..100 {
        let failure = ServiceFailure::new(Kind::NotFound, "objects", "GetObject", "no").with_answer(Some(404), None);
        process.enter().await.unwrap().ended(&Err::<(), _>(failure), NO).await;
    }
    process.breakers.flush(NO).await;
    let state = yard.state();
    assert_eq!((state.phase(), state.tally(&defaults(), yard.stage.now_ms()).ignored), (&Phase::Closed, 100));
}

#[tokio::test]
async fn s_4_slow_calls_open_although_they_pass() {
    let yard = Yard::begun().await;
    let settings = Settings { slow_baseline_p95_ms: Some(100), ..Settings::default() };
    let process = yard.with("one", settings.config().unwrap(), Sharing::default());
    yard.stage.pass(2 * MINUTE);
    for took_ms in [[299; 4].as_slice(), &[300; 16]].concat() {
        let ticket = process.enter().await.unwrap();
        yard.stage.pass(took_ms);
        ticket.report(OK, NO).await;
    }
    process.breakers.flush(NO).await;
    assert_eq!(yard.state().cause(), Some(Cause::SlowRatio { slow: 16, calls: 20 }));
}

#[tokio::test]
async fn s_5_eight_processes_that_come_at_once_get_five_permits() {
    let yard = Yard::begun().await;
    yard.process("opener").calls(5, BAD).await;
    let processes: Vec<_> = (0..8).map(|number| yard.process(&format!("process {number}"))).collect();
    let all: Vec<_> = join_all(processes.iter().map(Process::enter)).await.into_iter().collect();
    assert!(all.iter().all(Result::is_err));
    yard.stage.pass(30 * SECOND);
    let entered: Vec<_> = join_all(processes.iter().map(Process::enter)).await.into_iter().flatten().collect();
    let mut probes: Vec<_> = entered.iter().map(|ticket| ticket.parts().0.probe.unwrap()).collect();
    probes.sort_unstable();
    assert_eq!(probes, [1, 2, 3, 4, 5]);
    let half_opened = |state: &serde_json::Value| state["state"]["phase"]["name"] == "half_open";
    let epochs: std::collections::BTreeSet<_> = yard
        .stage
        .history()
        .iter()
        .filter(|record| half_opened(record))
        .map(|record| record["state"]["epoch"].as_u64())
        .collect();
    assert_eq!(epochs.len(), 1, "one transition");
}

#[tokio::test]
async fn s_7_five_of_five_close_and_clear_the_counts() {
    let yard = Yard::begun().await;
    let processes = [yard.process("one"), yard.process("two")];
    processes[0].calls(5, BAD).await;
    yard.stage.pass(30 * SECOND);
    for call in 0..5 {
        processes[call % 2].call(OK).await;
    }
    let state = yard.state();
    assert_eq!(state.phase(), &Phase::Closed);
    assert_eq!(state.tally(&defaults(), yard.stage.now_ms()).calls(), 0);
}

#[tokio::test]
async fn s_8_a_flapping_dependency_waits_longer_each_time() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.calls(5, BAD).await;
    for seconds in [30, 60, 120, 240, 300, 300] {
        let rejected = process.enter().await.map(drop).unwrap_err();
        assert_eq!(rejected.retry_after, Some(Duration::from_secs(seconds)));
        yard.stage.pass(seconds * SECOND);
        process.call(BAD).await;
    }
}

#[tokio::test]
async fn s_9_a_store_that_is_away_fails_no_call() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.call(OK).await;
    yard.stage.set_down(true);
    yard.stage.pass(11 * SECOND);
    // Its own breaker has the same rules.
    process.calls(5, BAD).await;
    assert!(process.breakers.world.is_away.load(std::sync::atomic::Ordering::Relaxed));
    assert!(process.enter().await.is_err());
    // A process that has never read the document starts with nothing.
    let new = yard.process("two");
    new.calls(4, BAD).await;
    assert!(new.enter().await.is_ok());
    // The store comes back, and with it what the others have; what was seen meanwhile is told to them.
    yard.stage.set_down(false);
    yard.stage.pass(11 * SECOND);
    assert!(process.enter().await.is_err());
    assert!(is_open(&yard.state()));
    assert!(!process.breakers.world.is_away.load(std::sync::atomic::Ordering::Relaxed));
}

#[tokio::test]
async fn s_11_a_process_whose_clock_is_ahead_does_not_half_open_early() {
    let yard = Yard::begun().await;
    let (right, ahead) = (yard.process("right"), yard.process("ahead"));
    ahead.watch.set_ahead(90_000);
    right.calls(5, BAD).await;
    let opened = yard.state();
    for _ in 0..3 {
        assert!(ahead.enter().await.is_err());
    }
    assert_eq!(yard.state(), opened);
    yard.stage.pass(30 * SECOND);
    ahead.call(OK).await;
    assert!(matches!(yard.state().phase(), Phase::HalfOpen { .. }));
}

#[tokio::test]
async fn s_11_what_a_clock_ahead_counts_is_cut() {
    let yard = Yard::begun().await;
    let (right, ahead) = (yard.process("right"), yard.process("ahead"));
    ahead.watch.set_ahead(90_000);
    ahead.calls(5, BAD).await;
    let rejected = right.enter().await.map(drop).unwrap_err();
    assert!(rejected.retry_after.unwrap() <= Duration::from_secs(35), "{rejected:?}");
    yard.stage.pass(35 * SECOND);
    right.call(OK).await;
}

#[tokio::test]
async fn s_12_an_order_that_ended_leaves_a_closed_breaker_that_counts() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.breakers.order(&service(), asked(Mode::Open, "oncall", Duration::from_secs(60)), NO).await.unwrap();
    assert_eq!(process.enter().await.map(drop).unwrap_err().retry_after, Some(Duration::from_secs(60)));
    yard.stage.pass(MINUTE);
    process.calls(4, BAD).await;
    assert!(!is_open(&yard.state()));
    process.call(BAD).await;
    assert!(is_open(&yard.state()));
}

#[tokio::test]
async fn s_13_a_chain_that_comes_back_is_refused() {
    let plans = [Plan::new("oci").with_secondary("aws"), Plan::new("aws").with_secondary("oci")];
    assert!(matches!(check(&plans), Err(ChainError::Cycle(_))));
    let yard = Yard::new();
    let itself = Fallbacks::new(Plan::new("oci").with_secondary("oci"), "", &yard.process("one").breakers);
    assert!(matches!(itself.err().unwrap(), PlanError::Chain(ChainError::Cycle(_))));
}

//! How often the store is asked, for how long, and what is remembered.

use causeway_resilience::Invalid;
use futures_util::future::join_all;

use super::*;

#[tokio::test]
async fn a_closed_breaker_costs_one_read_in_ten_seconds() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.call(OK).await;
    let (reads, writes) = (yard.stage.reads(), yard.stage.writes());
    process.calls(50, OK).await;
    assert_eq!((yard.stage.reads(), yard.stage.writes()), (reads, writes));
    yard.stage.pass(10 * SECOND + 1);
    process.call(OK).await;
    assert_eq!((yard.stage.reads(), yard.stage.writes()), (reads + 1, writes + 1), "with what was gathered");
}

#[tokio::test]
async fn what_is_gathered_is_written_in_time_or_at_the_end() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.call(OK).await;
    let ok = |yard: &Yard| yard.state().tally(&defaults(), yard.stage.now_ms()).ok;
    let before = ok(&yard);
    yard.stage.pass(5 * SECOND);
    process.call(OK).await;
    assert_eq!(ok(&yard), before + 2);
    process.call(OK).await;
    assert_eq!(ok(&yard), before + 2);
    process.breakers.flush(NO).await;
    assert_eq!(ok(&yard), before + 3);
    let writes = yard.stage.writes();
    process.breakers.flush(NO).await;
    assert_eq!(yard.stage.writes(), writes, "there was nothing left");
}

#[tokio::test]
async fn a_call_that_is_given_up_counts_as_saying_nothing() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    let ignored = |yard: &Yard| yard.state().tally(&defaults(), yard.stage.now_ms()).ignored;
    let before = ignored(&yard);
    drop(process.enter().await.unwrap());
    process.breakers.flush(NO).await;
    assert_eq!(ignored(&yard), before + 1);
}

#[tokio::test]
async fn a_store_that_hangs_is_waited_for_once() {
    let yard = Yard::begun().await;
    yard.stage.set_hanging(true);
    let process = yard.process("one");
    process.calls(4, BAD).await;
    assert!(process.enter().await.is_ok());
    process.call(BAD).await;
    assert!(process.enter().await.is_err(), "its own five failures");
    process.breakers.flush(NO).await;
}

#[tokio::test]
async fn a_caller_in_a_hurry_says_nothing_about_the_store() {
    let yard = Yard::begun().await;
    yard.stage.set_hanging(true);
    let process = yard.process("one");
    let soon = Deadline::within(std::time::Instant::now(), Some(ms(900)));
    process.breaker().enter(soon).await.unwrap().report(OK, soon).await;
    yard.stage.set_hanging(false);
    let ticket = process.enter().await.unwrap();
    assert_eq!(ticket.parts().1, ticket::Origin::Shared);
}

#[tokio::test]
async fn tasks_of_one_process_share_the_breaker() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    let tickets: Vec<_> = join_all((0..20).map(|_| process.enter())).await.into_iter().map(Result::unwrap).collect();
    let outcomes = [BAD, OK].into_iter().cycle();
    // Tasks may go from thread to thread.
    let reports = tickets.into_iter().zip(outcomes).map(|(ticket, outcome)| tokio::spawn(ticket.report(outcome, NO)));
    for report in reports.collect::<Vec<_>>() {
        report.await.unwrap();
    }
    assert!(is_open(&yard.state()));
}

#[tokio::test]
async fn dependencies_beyond_the_limit_are_forgotten_and_nothing_is_lost() {
    let yard = Yard::new();
    let sharing = Sharing { most_dependencies: 3, ..Sharing::default() };
    let process = yard.with("one", defaults(), sharing);
    let held: Vec<_> = (0..3).map(|n| process.breakers.of(&Dependency::new(format!("d{n}"), "").unwrap())).collect();
    for n in 3..10 {
        let breaker = process.breakers.of(&Dependency::new(format!("d{n}"), "").unwrap());
        breaker.enter(NO).await.unwrap().report(BAD, NO).await;
    }
    assert_eq!(process.breakers.held(), 3, "those in use stay");
    drop(held);
    for n in 10..20 {
        let breaker = process.breakers.of(&Dependency::new(format!("d{n}"), "").unwrap());
        breaker.enter(NO).await.unwrap().report(BAD, NO).await;
    }
    assert_eq!(process.breakers.held(), 3);
    let tended = yard.process("two").breakers.tend(NO).await.unwrap();
    assert_eq!(tended.views.iter().map(|view| view.calls.failed).sum::<u64>(), 17);
}

#[tokio::test]
async fn breakers_of_one_process_need_no_store() {
    let yard = Yard::new();
    let watch = Arc::new(Watch::new(&yard.stage));
    let breakers = Breakers::in_process(defaults(), watch).unwrap();
    let breaker = breakers.of(&service());
    for _ in 0..5 {
        breaker.enter(NO).await.unwrap().report(BAD, NO).await;
    }
    let rejected = breaker.enter(NO).await.map(drop).unwrap_err();
    assert!((ms(27_000)..=ms(33_000)).contains(&rejected.retry_after.unwrap()), "{rejected:?}");
    yard.stage.pass(34 * SECOND);
    for _ in 0..5 {
        breaker.enter(NO).await.unwrap().report(OK, NO).await;
    }
    assert_eq!(breaker.last_known().unwrap().phase(), &Phase::Closed);
    breakers.flush(NO).await;
    assert_eq!((yard.stage.reads(), yard.stage.writes()), (0, 0));
}

#[test]
fn settings_without_sense_are_named() {
    let yard = Yard::new();
    let documents = || yard.documents(&Arc::new(Watch::new(&yard.stage)));
    let check = |config: Config, json: &str, setting: &str| {
        let sharing = serde_json::from_str(json).unwrap();
        let found = Breakers::shared(documents(), config, sharing).err();
        assert_eq!(found.map(|Invalid { setting, .. }| setting), Some(setting), "{json}");
    };
    check(defaults(), r#"{"store_timeout_ms": 0}"#, "store_timeout_ms");
    check(defaults(), r#"{"alert_timeout_ms": 0}"#, "alert_timeout_ms");
    check(defaults(), r#"{"most_dependencies": 0}"#, "most_dependencies");
    check(Config { failure_pct: Some(0), ..defaults() }, "{}", "failure_pct");
    let long = Settings { window_seconds: 601, ..Settings::default() };
    check(long.config().unwrap(), "{}", "span");
    assert!(serde_json::from_str::<Sharing>(r#"{"snapshot_age": 1}"#).is_err());
    assert!(Breakers::shared(documents(), defaults(), Sharing::default()).is_ok());
}

#[test]
fn names_make_keys_that_differ_and_stay_in_their_folder() {
    let key = |name: &str, tenant: &str| Dependency::new(name, tenant).unwrap().key();
    assert!(key("OCI/../Objects", "a").starts_with("oci----objects-"));
    assert_ne!(key("a", "b"), key("a", "c"));
    assert_ne!(key("a/b", ""), key("a.b", ""));
    assert_ne!(key("a", "b"), key("ab", ""));
    assert!(Dependency::new(" ", "").is_err() && Dependency::new("a".repeat(201), "").is_err());
    assert!(Dependency::new("a", "b".repeat(201)).is_err());
    assert_eq!(Dependency::new("a", "b").unwrap().to_string(), "a of b");
}

/// Threads on a directory: every report is counted once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    let objects: Objects = Arc::new(crate::local::Store::open(folder.path()).unwrap());
    let yard = Yard::new();
    let config = Config { min_calls: u32::MAX, consecutive: None, ..defaults() };
    let sharing = Sharing { asks_store_for_time: false, ..Sharing::default() };
    let processes: Vec<_> = (0..8)
        .map(|_| {
            let documents = Documents::new(Arc::clone(&objects), "b", Arc::new(Watch::new(&yard.stage)) as _);
            Breakers::shared(documents, config.clone(), sharing.clone()).unwrap()
        })
        .collect();
    let calls = processes.iter().cloned().map(|breakers| {
        tokio::spawn(async move {
            let breaker = breakers.of(&service());
            for outcome in [BAD, OK, BAD, BAD, OK] {
                breaker.enter(NO).await.unwrap().report(outcome, NO).await;
            }
            breakers.flush(NO).await;
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let view = processes[0].tend(NO).await.unwrap().views.remove(0);
    assert_eq!((view.calls.ok, view.calls.failed), (16, 24));
}

#[tokio::test]
async fn a_hundred_calls_at_the_end_of_the_open_time_ask_the_store_a_few_times() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.calls(5, BAD).await;
    yard.stage.pass(30 * SECOND);
    let (reads, writes) = (yard.stage.reads(), yard.stage.writes());
    let entered = join_all((0..100).map(|_| process.enter())).await.into_iter().flatten().count();
    assert_eq!(entered, 5);
    // Five permits, one look at the store's clock with a second decision.
    assert_eq!(yard.stage.writes() - writes, 5);
    assert!(yard.stage.reads() - reads <= 8, "{}", yard.stage.reads() - reads);
}

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod script;

use std::sync::atomic::Ordering;

use self::script::{cache, crowd, failure, id, minting, renewals};
use super::*;

#[tokio::test(start_paused = true)]
async fn loads_when_due_and_not_before() {
    let (cache, clock) = cache(&[Ok(("one", 1_001_200)), Ok(("two", 1_002_400))], Duration::ZERO);
    assert_eq!(id(&cache).await.unwrap(), "one");
    clock.set(1_000_900);
    assert_eq!((id(&cache).await.unwrap().as_str(), cache.loads()), ("one", 1), "300 s are left: not due");
    clock.set(1_000_901);
    assert_eq!((id(&cache).await.unwrap().as_str(), cache.loads()), ("two", 2), "299 s are left");
}

#[tokio::test(start_paused = true)]
async fn the_same_token_again_is_asked_for_with_growing_pauses() {
    let (cache, clock) = cache(&[Ok(("same", 1_000_100))], Duration::ZERO);
    for (second, loads) in [(0, 1), (1, 2), (1, 2), (2, 3), (3, 3), (4, 4), (7, 4), (8, 5), (16, 6), (32, 7), (61, 7)] {
        clock.set(1_000_000 + second);
        assert_eq!((id(&cache).await.unwrap().as_str(), cache.loads()), ("same", loads), "after {second} s");
    }
}

#[tokio::test(start_paused = true)]
async fn valid_credentials_outlive_a_failed_refresh_and_then_the_failure_shows() {
    let (cache, clock) = cache(&[Ok(("one", 1_000_400)), Err(failure())], Duration::ZERO);
    id(&cache).await.unwrap();
    clock.set(1_000_399);
    assert_eq!(id(&cache).await.unwrap(), "one");
    clock.set(1_000_400);
    assert_eq!(id(&cache).await, Err(failure()), "over in the second of its expiry");
    assert_eq!(cache.loads(), 3);
    assert_eq!(id(&cache).await, Err(failure()));
    assert_eq!(cache.loads(), 3, "a second caller in the same second does not ask again");
}

#[tokio::test(start_paused = true)]
async fn credentials_that_ran_out_are_asked_for_at_once() {
    let (cache, clock) =
        cache(&[Ok(("one", 1_000_010)), Ok(("one", 1_000_010)), Ok(("two", 1_003_000))], Duration::ZERO);
    id(&cache).await.unwrap();
    clock.set(1_000_009);
    assert_eq!(id(&cache).await.unwrap(), "one");
    clock.set(1_000_010);
    assert_eq!(id(&cache).await.unwrap(), "two", "the pause of 1 s does not stand in the way");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_causes_one_load_and_shares_its_end() {
    for (answer, expected) in [(Ok(("one", 2_000_000)), Ok("one".to_owned())), (Err(failure()), Err(failure()))] {
        let (cache, _) = cache(&[answer], Duration::from_secs(2));
        for one in crowd(&cache, 64) {
            assert_eq!(one.await.unwrap(), expected);
        }
        assert_eq!(cache.loads(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_refresh_while_the_old_token_is_good() {
    let (cache, clock) = cache(&[Ok(("one", 1_000_400)), Ok(("two", 2_000_000))], Duration::from_secs(2));
    id(&cache).await.unwrap();
    clock.set(1_000_200);
    let leader = crowd(&cache, 1).remove(0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(id(&cache).await.unwrap(), "one");
    assert_eq!(leader.await.unwrap().unwrap(), "two");
    assert_eq!(cache.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_slow_refresh_goes_on_without_its_caller() {
    let (cache, clock) = cache(&[Ok(("one", 1_000_400)), Ok(("two", 2_000_000))], Duration::from_secs(20));
    id(&cache).await.unwrap();
    clock.set(1_000_200);
    let begun = tokio::time::Instant::now();
    assert_eq!(id(&cache).await.unwrap(), "one");
    assert_eq!(begun.elapsed(), PATIENCE);
    tokio::time::sleep(Duration::from_secs(16)).await;
    assert_eq!((id(&cache).await.unwrap().as_str(), cache.loads()), ("two", 2));
}

#[tokio::test(start_paused = true)]
async fn credentials_that_run_out_during_their_refresh_are_not_handed_out() {
    let (cache, clock) = cache(&[Ok(("one", 1_000_400)), Ok(("two", 2_000_000))], Duration::from_secs(20));
    id(&cache).await.unwrap();
    clock.set(1_000_399);
    let caller = crowd(&cache, 1).remove(0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    clock.set(1_000_401);
    assert_eq!(caller.await.unwrap().unwrap(), "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_finds_a_token_due_refreshes_it_once() {
    let (cache, clock) = cache(&[Ok(("one", 1_000_400)), Ok(("two", 2_000_000))], Duration::ZERO);
    id(&cache).await.unwrap();
    clock.set(1_000_200);
    for one in crowd(&cache, 64) {
        assert!(["one", "two"].contains(&one.await.unwrap().unwrap().as_str()));
    }
    assert_eq!((id(&cache).await.unwrap().as_str(), cache.loads()), ("two", 2));
}

#[tokio::test(start_paused = true)]
async fn short_lived_tokens_are_not_made_at_every_call() {
    let life = [Ok(("one", 1_000_200)), Ok(("two", 1_000_301)), Ok(("three", 1_000_500))];
    let (cache, clock) = minting(&life, Duration::ZERO);
    for (second, expected) in [(0, "one"), (99, "one"), (100, "one"), (101, "two"), (200, "two"), (202, "three")] {
        clock.set(1_000_000 + second);
        assert_eq!(id(&cache).await.unwrap(), expected, "after {second} s");
    }
    assert_eq!(cache.loads(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_over_on_arrival_is_a_failure_and_not_asked_for_all_the_time() {
    let (cache, clock) = minting(&[Ok(("old", 999_940))], Duration::ZERO);
    let over = Error::Expired { origin: "script".to_owned(), ago: Duration::from_secs(60) };
    for _ in 0..5 {
        assert_eq!(id(&cache).await, Err(over.clone()));
    }
    assert_eq!(cache.loads(), 1);
    clock.set(1_000_001);
    assert!(id(&cache).await.is_err());
    assert_eq!(cache.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_load_outlives_the_caller_that_began_it() {
    let (cache, _) = cache(&[Ok(("one", 2_000_000))], Duration::from_secs(5));
    let leader = crowd(&cache, 1).remove(0);
    let followers = crowd(&cache, 8);
    tokio::time::sleep(Duration::from_secs(1)).await;
    leader.abort();
    for follower in followers {
        assert_eq!(follower.await.unwrap().unwrap(), "one");
    }
    assert_eq!((cache.loads(), cache.source().most_at_once.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_held_but_not_polled_holds_nobody_up() {
    let (cache, _) = cache(&[Ok(("one", 2_000_000))], Duration::from_secs(5));
    let mut held = Box::pin(cache.snapshot());
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut held).await.is_err());
    let other = tokio::time::timeout(Duration::from_secs(10), id(&cache)).await;
    assert_eq!(other.expect("woken").unwrap(), "one");
    assert_eq!(held.await.unwrap().key_id.expose(), "one");
    assert_eq!(cache.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_was_frozen_is_not_waited_for() {
    for first in [Err(failure()), Ok(("frozen", 2_000_000))] {
        let (cache, clock) = cache(&[first, Ok(("one", 2_000_000))], Duration::from_secs(5));
        let frozen = crowd(&cache, 1).remove(0);
        tokio::time::sleep(Duration::from_secs(2)).await;
        clock.set(1_000_600);
        // It ends three seconds later, while the new one has two more to go.
        assert_eq!(id(&cache).await.unwrap(), "one");
        assert!(frozen.await.is_ok());
        assert_eq!((id(&cache).await.unwrap().as_str(), cache.loads()), ("one", 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_is_a_failure_and_wakes_everybody() {
    let (cache, clock) = cache(&[], Duration::from_secs(1));
    for one in crowd(&cache, 8) {
        assert_eq!(one.await.unwrap(), Err(Error::BrokenOff { provider: "script" }));
    }
    assert_eq!(cache.loads(), 1);
    clock.set(1_000_001);
    *cache.source().answers.lock().unwrap_or_else(PoisonError::into_inner) = [Ok(("one", 2_000_000))].into();
    assert_eq!(id(&cache).await.unwrap(), "one", "after the pause it may try again");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_hangs_ends_after_its_limit() {
    let (cache, _) = cache(&[Ok(("one", 2_000_000))], Duration::from_secs(3600));
    let ended = tokio::time::timeout(Rules::of("script").limit + Duration::from_secs(1), cache.snapshot()).await;
    let error = ended.expect("bounded").unwrap_err();
    assert_eq!(error.to_string(), "script: no credentials within 30 s");
}

#[tokio::test(start_paused = true)]
async fn a_401_replaces_the_credentials_once() {
    let (cache, _) = cache(&[Ok(("one", 2_000_000)), Ok(("two", 2_000_000))], Duration::from_secs(1));
    let used = cache.snapshot().await.unwrap();
    for one in renewals(&cache, &used, 32) {
        assert_eq!(one.await.unwrap().unwrap().expect("newer").key_id.expose(), "two");
    }
    assert_eq!(cache.loads(), 2);
    assert_eq!(cache.renew(&used).await.unwrap().expect("newer").key_id.expose(), "two", "a late report");
    assert_eq!(cache.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_401_with_nothing_newer_is_final_and_does_not_hammer_the_source() {
    let (cache, _) = cache(&[Ok(("one", 2_000_000))], Duration::ZERO);
    let used = cache.snapshot().await.unwrap();
    for _ in 0..5 {
        assert!(cache.renew(&used).await.unwrap().is_none());
    }
    assert_eq!(cache.loads(), 2, "one more, then the pause");
    assert_eq!(id(&cache).await.unwrap(), "one");
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_told_and_the_old_credentials_stay() {
    let (cache, _) = cache(&[Ok(("one", 2_000_000)), Err(failure())], Duration::ZERO);
    let used = cache.snapshot().await.unwrap();
    assert_eq!(cache.renew(&used).await.unwrap_err(), failure());
    assert_eq!(id(&cache).await.unwrap(), "one");
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_renewal_share_its_failure() {
    let (cache, _) = cache(&[Ok(("one", 2_000_000)), Err(failure())], Duration::from_secs(1));
    let used = cache.snapshot().await.unwrap();
    for one in renewals(&cache, &used, 8) {
        assert_eq!(one.await.unwrap().unwrap_err(), failure());
    }
    assert_eq!(cache.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_every_token_does_not_make_us_mint_one_a_call() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let answers: Vec<_> = names.map(|name| Ok((name, 2_000_000))).into();
    let (cache, clock) = minting(&answers, Duration::ZERO);
    let (mut renewed, mut used) = (Vec::new(), cache.snapshot().await.unwrap());
    for second in 0..64 {
        clock.set(1_000_000 + second);
        if let Some(newer) = cache.renew(&used).await.unwrap() {
            renewed.push(second);
            used = newer;
        }
    }
    assert_eq!(renewed, [0, 1, 3, 7, 15, 31, 61]);
    clock.set(1_000_200);
    assert!(cache.renew(&used).await.is_ok(), "a late refusal is no part of that row");
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_does_not_lock_the_source() {
    let (cache, clock) = cache(&[Err(failure()), Ok(("one", 2_000_000))], Duration::ZERO);
    assert_eq!(id(&cache).await, Err(failure()));
    clock.set(5);
    assert_eq!(id(&cache).await.unwrap(), "one");
}

/// What a future says that nothing has to wake.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn without_a_runtime_it_says_so_and_valid_credentials_stay() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (fresh, _) = cache(&[Ok(("one", 2_000_000))], Duration::ZERO);
    assert_eq!(at_once(id(&fresh)), Err(NO_RUNTIME));
    let (due, clock) = cache(&[Ok(("one", 1_000_400)), Ok(("two", 2_000_000))], Duration::ZERO);
    let used = runtime.block_on(due.snapshot()).unwrap();
    clock.set(1_000_200);
    assert_eq!(at_once(id(&due)).as_deref(), Ok("one"));
    assert_eq!(at_once(due.renew(&used)).unwrap_err(), NO_RUNTIME);
    clock.set(1_000_300);
    assert_eq!(runtime.block_on(id(&due)).as_deref(), Ok("two"));
}

#[test]
fn without_a_runtime_nobody_waits_for_the_load_of_another() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (cache, _) = cache(&[Ok(("one", 2_000_000))], Duration::from_secs(5));
    let begun = runtime.block_on(async { tokio::time::timeout(Duration::from_millis(1), id(&cache)).await });
    assert!(begun.is_err());
    assert_eq!(at_once(id(&cache)), Err(NO_RUNTIME));
}

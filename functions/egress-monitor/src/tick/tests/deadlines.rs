//! An object store that never answers: the run ends in time, says what is missing, and leaves nothing half.

use std::time::Duration;

use causeway_runtime::Budget;

use super::world::disk::Trouble;
use super::*;
use crate::reply::Outcome;

const STATE: &str = "egress-monitor/state";

fn world() -> World {
    World::new(days("2026-09-11", &[8_400.0]), "2026-09-12T12:00:00Z")
}

/// A run with three seconds, which has time left when it ends.
async fn run(world: &World, request: &Request) -> Result<Reply, Error> {
    let budget = Budget::of(Instant::now(), Duration::from_secs(3));
    let outcome = world.ask_within(request, budget).await;
    assert!(!budget.remaining().unwrap().is_zero(), "there is time to answer");
    outcome
}

fn troubled(world: &World, trouble: Trouble) {
    *world.disk.troubles.lock().unwrap() = vec![trouble];
}

/// The next run, of a store that answers again.
async fn tells_once(world: &World) {
    world.disk.troubles.lock().unwrap().clear();
    world.later(600);
    world.run().await;
    assert_eq!(world.messages().len(), 1);
    world.later(3600);
    assert!(world.run().await.published.is_empty());
    assert_eq!(world.messages().len(), 1);
}

#[tokio::test]
async fn a_state_that_is_never_read_fails_the_run_in_time() {
    let world = world();
    troubled(&world, Trouble::Silent(STATE));
    let error = run(&world, &Request::default()).await.unwrap_err();
    assert!(!error.is_client() && error.log_text().contains(NO_TIME), "{}", error.log_text());
    assert_eq!((world.disk.puts(), world.messages().len()), (0, 0));
    tells_once(&world).await;
}

#[tokio::test]
async fn a_look_at_a_state_that_is_never_read_says_so() {
    let world = world();
    troubled(&world, Trouble::Silent(STATE));
    let dry = run(&world, &Request { dry_run: true, ..Request::default() }).await.unwrap();
    assert_eq!((dry.report.used_gb, dry.partial), (Some(8_400.0), true));
    assert!(dry.warnings[0].contains("the state cannot be read: there was no more time"), "{:?}", dry.warnings);
}

#[tokio::test]
async fn a_state_that_is_never_written_tells_nobody() {
    let world = world();
    troubled(&world, Trouble::Stuck(STATE));
    let error = run(&world, &Request::default()).await.unwrap_err();
    assert!(error.log_text().contains(NO_TIME), "{}", error.log_text());
    assert!(world.messages().is_empty() && world.history().is_empty() && !world.file(STATE).exists());
    tells_once(&world).await;
}

#[tokio::test]
async fn a_history_that_is_never_read_is_told_and_repeats_nothing() {
    let world = world();
    world.run().await;
    let (state, left) = (world.file("state/egress-monitor/state.json"), world.history().len());
    for _ in 0..2 {
        std::fs::remove_file(&state).unwrap();
        troubled(&world, Trouble::Silent("egress-monitor/history"));
        world.later(3600);
        let reply = run(&world, &Request::default()).await.unwrap();
        assert_eq!((reply.report.used_gb, reply.partial, world.messages().len()), (Some(8_400.0), true, 1));
        assert!(reply.warnings[0].contains("the history was not read in time"), "{:?}", reply.warnings);
        assert!(reply.history.is_some(), "it can still be written");
    }
    world.disk.troubles.lock().unwrap().clear();
    assert_eq!(world.history().len(), left + 2);
    for path in world.history().into_iter().chain([state]) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{} is whole", path.display());
    }
}

#[tokio::test]
async fn a_history_that_is_never_written_is_told_and_the_state_is_whole() {
    let world = world();
    troubled(&world, Trouble::Stuck("egress-monitor/history"));
    let reply = run(&world, &Request::default()).await.unwrap();
    assert_eq!((reply.published[0].outcome, reply.history.as_ref(), reply.partial), (Outcome::Sent, None, true));
    let told = format!("the history was not written: {NO_TIME}");
    assert!(reply.warnings.contains(&told), "{:?}", reply.warnings);
    assert!(world.history().is_empty());
    tells_once(&world).await;
}

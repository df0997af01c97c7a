//! Messages that go out once, late, or again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use causeway_resilience::service::Kind;

use super::world::disk::Trouble;
use super::world::row;
use super::*;

const KEY: &str = "2026-09/tenancy/month_to_date/80/raised/1";

fn world() -> World {
    World::new(days("2026-09-11", &[8_400.0]), "2026-09-12T12:00:00Z")
}

/// A run that dies where somebody waits for ever.
async fn die(world: &World, is_topic: bool) {
    let dying = {
        let world = world.clone();
        tokio::spawn(async move { world.run().await })
    };
    let reached = if is_topic { &world.topic.reached } else { &world.disk.reached };
    tokio::time::timeout(Duration::from_secs(60), reached.notified()).await.unwrap();
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
}

async fn is_told_after_ten_minutes(world: &World) {
    world.later(599);
    let early = world.run().await;
    assert!(world.messages().is_empty(), "{:?}", early.published);
    world.later(1);
    let reply = world.run().await;
    assert_eq!(reply.published.len(), 1);
    assert_eq!((reply.published[0].key.as_str(), reply.published[0].outcome), (KEY, Outcome::Sent));
    world.later(3600);
    assert!(world.run().await.published.is_empty());
    assert_eq!(world.messages().len(), 1);
}

#[tokio::test]
async fn e_06_a_run_that_dies_while_publishing_is_made_good_after_ten_minutes() {
    let world = world();
    *world.topic.fates.lock().unwrap() = vec![Fate::Hangs, Fate::Works];
    die(&world, true).await;
    is_told_after_ten_minutes(&world).await;
}

#[tokio::test]
async fn e_06_a_run_that_dies_between_claim_and_publication_is_made_good_after_ten_minutes() {
    let world = world();
    // The claim of the level is written, that of the message is not.
    world.disk.troubles.lock().unwrap().push(Trouble::Stuck("egress-monitor-alerts"));
    die(&world, false).await;
    world.disk.troubles.lock().unwrap().clear();
    is_told_after_ten_minutes(&world).await;
}

#[tokio::test]
async fn e_19_a_topic_that_throttles_is_waited_for() {
    let world = world();
    *world.topic.fates.lock().unwrap() =
        vec![Fate::Fails(Kind::Throttled), Fate::Fails(Kind::Unavailable), Fate::Works];
    let reply = world.run().await;
    assert_eq!((reply.published[0].outcome, world.messages().len()), (Outcome::Sent, 1));
    assert!(world.clock.sleeps.load(Ordering::SeqCst) >= 2, "with pauses");
    assert!(!reply.partial);
}

#[tokio::test]
async fn e_19_a_topic_that_stays_ill_leaves_the_alert_to_the_next_run() {
    for kind in [Kind::Throttled, Kind::Unavailable, Kind::Denied] {
        let world = world();
        *world.topic.fates.lock().unwrap() = vec![Fate::Fails(kind)];
        let first = world.run().await;
        assert_eq!(first.published[0].outcome, Outcome::Failed);
        assert!(first.partial && first.deferred == [format!("alert {KEY}")], "{:?}", first.deferred);
        *world.topic.fates.lock().unwrap() = vec![Fate::Works];
        world.later(60);
        let kept: serde_json::Value = serde_json::from_str(&world.read(first.history.as_ref().unwrap())).unwrap();
        assert_eq!((&kept["partial"], &kept["published"][0]["outcome"]), (&true.into(), &"failed".into()));
        let second = world.run().await;
        assert_eq!((second.published[0].key.as_str(), second.published[0].outcome), (KEY, Outcome::Sent));
        assert_eq!(world.messages().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_message_that_may_be_out_is_sent_again_later_with_the_same_key() {
    let world = world();
    *world.topic.fates.lock().unwrap() = vec![Fate::AnswerLost, Fate::Works];
    let first = world.run().await;
    assert_eq!((first.published[0].outcome, first.partial), (Outcome::Unknown, true));
    world.later(300);
    assert!(world.run().await.published.is_empty());
    world.later(300);
    assert_eq!(world.run().await.published[0].outcome, Outcome::Sent);
    let messages = world.messages();
    assert!(messages.len() == 2 && messages.iter().all(|message| message.body.contains(KEY)));
}

#[tokio::test]
async fn what_became_of_an_alert_that_cannot_be_written_is_known_by_its_key() {
    let world = world();
    world.disk.troubles.lock().unwrap().push(Trouble::LaterPuts("egress-monitor/state"));
    let first = world.run().await;
    assert_eq!((first.published[0].outcome, first.partial), (Outcome::Sent, true));
    assert!(first.warnings[0].contains("what became of the alerts"), "{:?}", first.warnings);
    world.disk.troubles.lock().unwrap().clear();
    world.later(599);
    assert!(world.run().await.published.is_empty());
    world.later(1);
    let later = world.run().await;
    assert_eq!((later.published[0].key.as_str(), later.published[0].outcome), (KEY, Outcome::AlreadySent));
    world.later(3600);
    assert!(world.run().await.published.is_empty());
    assert_eq!(world.messages().len(), 1);
}

#[tokio::test]
async fn a_message_whose_mark_cannot_be_written_is_sent_again_rather_than_never() {
    let world = world();
    world.disk.troubles.lock().unwrap().push(Trouble::LaterPuts("egress-monitor-alerts"));
    let first = world.run().await;
    assert_eq!((first.published[0].outcome, world.messages().len()), (Outcome::Unknown, 1));
    world.disk.troubles.lock().unwrap().clear();
    world.later(600);
    assert_eq!(world.run().await.published[0].outcome, Outcome::Sent);
    assert_eq!(world.messages().len(), 2);
}

#[tokio::test]
async fn without_state_and_history_keys_still_know_what_is_out() {
    let world = world();
    world.run().await;
    std::fs::remove_file(world.file("state/egress-monitor/state.json")).unwrap();
    std::fs::remove_dir_all(world.file("egress-monitor/history")).unwrap();
    let again = world.run().await;
    assert_eq!((again.published[0].outcome, world.messages().len()), (Outcome::AlreadySent, 1));
}

#[tokio::test]
async fn many_alerts_are_ten_messages_and_a_digest() {
    let day = "2026-09-11".parse().unwrap();
    let rows = (0..30).map(|number| row(day, &format!("B8{number:04}"), 9_000.0)).collect();
    let mut world = World::new(rows, "2026-09-12T12:00:00Z");
    world.variables.push(("EGRESS_MONITOR_ALLOWANCE_SCOPE", "sku"));
    let first = world.run().await;
    assert_eq!((first.published.len(), world.messages().len(), first.partial), (30, 11, false));
    let digest = world.messages().into_iter().find(|message| message.title == "egress: 20 more alerts").unwrap();
    let is_told = |key: &str| world.messages().iter().any(|message| message.body.contains(&format!("key: {key}")));
    assert!(first.published.iter().all(|one| one.outcome == Outcome::Sent && is_told(&one.key)), "{}", digest.body);
    world.later(60);
    assert!(world.run().await.published.is_empty());
}

#[tokio::test]
async fn without_a_topic_alerts_are_in_the_log_and_not_repeated() {
    let world = world();
    let quiet = || {
        let mut monitor = world.monitor();
        monitor.alerts = None;
        monitor
    };
    let context =
        || Context::new(causeway_runtime::Kind::Tick, "test", causeway_runtime::Budget::unlimited(Instant::now()));
    let first = quiet().tick(&Request::default(), &context()).await.unwrap();
    assert_eq!((first.published[0].outcome, first.partial), (Outcome::Logged, false));
    let second = quiet().tick(&Request::default(), &context()).await.unwrap();
    assert!(second.published.is_empty());
}

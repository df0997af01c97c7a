//! State and history that are both lost: claims of messages are the truth of what was told.

use super::*;
use crate::reply::{Outcome, Reply};

/// A month of one day, which is too young for a forecast.
fn world() -> World {
    World::new(days("2026-09-11", &[8_400.0]), "2026-09-12T12:00:00Z")
}

fn set(world: &World, gb: f64) {
    *world.usage.rows.lock().unwrap() = days("2026-09-11", &[gb]);
}

fn lose(world: &World) {
    std::fs::remove_file(world.file("state/egress-monitor/state.json")).unwrap();
    std::fs::remove_dir_all(world.file("egress-monitor/history")).unwrap();
}

/// What became of alerts about the month to date; the time brings others.
fn told(reply: &Reply) -> Vec<(&str, Outcome)> {
    let all = reply.published.iter().filter(|published| published.key.contains("/month_to_date/"));
    all.map(|one| (one.key.trim_start_matches("2026-09/tenancy/month_to_date/"), one.outcome)).collect()
}

fn messages(world: &World) -> usize {
    world.messages().iter().filter(|message| message.body.contains("key: 2026-09/tenancy/month_to_date/")).count()
}

async fn after(world: &World, hours: i64, gb: f64) -> Reply {
    world.later(hours * 3600);
    set(world, gb);
    world.run().await
}

#[tokio::test]
async fn a_claim_that_was_sent_is_not_sent_again_and_silences_nothing_later() {
    let world = world();
    assert_eq!(told(&world.run().await), [("80/raised/1", Outcome::Sent)]);
    lose(&world);
    let lost = after(&world, 1, 8_400.0).await;
    assert_eq!((told(&lost), messages(&world)), (vec![("80/raised/1", Outcome::AlreadySent)], 1));
    assert!(lost.partial && lost.warnings.iter().any(|text| text.contains("it was lost")), "{:?}", lost.warnings);
    let again = after(&world, 1, 8_400.0).await;
    assert!(told(&again).is_empty() && !again.partial, "{:?}", again.warnings);
    assert_eq!(told(&after(&world, 1, 4_400.0).await), [("80/resolved/2", Outcome::Sent)]);
    assert_eq!(told(&after(&world, 23, 8_400.0).await), [("80/raised/3", Outcome::Sent)]);
    assert_eq!(messages(&world), 3);
}

#[tokio::test]
async fn a_level_that_was_resolved_before_the_loss_is_told_anew_when_it_is_due() {
    let world = world();
    world.run().await;
    assert_eq!(told(&after(&world, 1, 4_400.0).await), [("80/resolved/2", Outcome::Sent)]);
    lose(&world);
    let early = after(&world, 1, 8_400.0).await;
    assert_eq!(told(&early), [("80/raised/1", Outcome::AlreadySent)], "told a day later at the earliest");
    assert_eq!(early.report.held_back.len(), 1);
    assert_eq!(told(&after(&world, 21, 8_400.0).await), []);
    assert_eq!(told(&after(&world, 1, 8_400.0).await), [("80/raised/3", Outcome::Sent)]);
    assert_eq!(messages(&world), 3);
}

#[tokio::test]
async fn what_is_due_after_the_loss_is_told_by_the_run_that_finds_out() {
    let world = world();
    world.run().await;
    after(&world, 1, 4_400.0).await;
    lose(&world);
    let reply = after(&world, 24, 8_400.0).await;
    assert_eq!(told(&reply), [("80/raised/1", Outcome::AlreadySent), ("80/raised/3", Outcome::Sent)]);
    assert_eq!((messages(&world), reply.report.alerts.len()), (3, 2));
    let kept: serde_json::Value = serde_json::from_str(&world.read(reply.history.as_ref().unwrap())).unwrap();
    assert_eq!(kept["published"][1]["outcome"], "sent");
    assert!(told(&after(&world, 1, 8_400.0).await).is_empty());
}

#[tokio::test]
async fn all_that_was_told_of_a_level_is_found() {
    let world = world();
    world.run().await;
    after(&world, 1, 4_400.0).await;
    assert_eq!(told(&after(&world, 24, 8_400.0).await), [("80/raised/3", Outcome::Sent)]);
    lose(&world);
    assert_eq!(told(&after(&world, 1, 8_400.0).await), [("80/raised/1", Outcome::AlreadySent)]);
    assert_eq!(told(&after(&world, 1, 4_400.0).await), [("80/resolved/4", Outcome::Sent)]);
    assert_eq!(told(&after(&world, 24, 8_400.0).await), [("80/raised/5", Outcome::Sent)]);
    assert_eq!(messages(&world), 5);
}

#[tokio::test]
async fn reminders_go_on_from_the_last_one() {
    let world = world();
    set(&world, 10_650.0);
    assert_eq!(told(&world.run().await), [("100/raised/1", Outcome::Sent)]);
    assert_eq!(told(&after(&world, 24, 10_650.0).await), [("100/reminder/2", Outcome::Sent)]);
    lose(&world);
    assert_eq!(told(&after(&world, 5, 10_650.0).await), [("100/raised/1", Outcome::AlreadySent)]);
    assert_eq!(told(&after(&world, 18, 10_650.0).await), []);
    assert_eq!(told(&after(&world, 1, 10_650.0).await), [("100/reminder/3", Outcome::Sent)]);
    assert_eq!(messages(&world), 3);
}

#[tokio::test]
async fn a_history_that_is_older_than_the_claims_is_caught_up_with() {
    let world = world();
    set(&world, 4_400.0);
    world.run().await;
    let kept = world.history();
    assert_eq!(told(&after(&world, 1, 8_400.0).await), [("80/raised/1", Outcome::Sent)]);
    world
        .history()
        .into_iter()
        .filter(|path| !kept.contains(path))
        .for_each(|path| std::fs::remove_file(path).unwrap());
    std::fs::remove_file(world.file("state/egress-monitor/state.json")).unwrap();
    let reply = after(&world, 1, 8_400.0).await;
    assert_eq!((told(&reply), messages(&world)), (vec![("80/raised/1", Outcome::AlreadySent)], 1));
    assert_eq!(told(&after(&world, 1, 4_400.0).await), [("80/resolved/2", Outcome::Sent)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_runs_that_find_the_loss_none_repeats_and_one_tells_what_is_due() {
    let world = world();
    world.run().await;
    after(&world, 1, 4_400.0).await;
    lose(&world);
    world.later(24 * 3600);
    set(&world, 8_400.0);
    let runs: Vec<_> = (0..12)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { world.run().await })
        })
        .collect();
    for run in runs {
        run.await.unwrap();
    }
    world.later(600);
    world.run().await;
    assert_eq!(messages(&world), 3, "one more");
}

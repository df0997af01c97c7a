#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod breakers;
mod lost;
mod sides;
mod sources;
mod world;

use causeway_resilience::service::Kind;
use serde_json::json;

use super::*;
use crate::health::Verdict;
use crate::reply::Told;
use world::World;

const SHOP: &str = "checks:\n  - { id: shop, critical: true, probe: { object: { name: shop.txt } } }\n";

#[tokio::test]
async fn a_tick_looks_decides_writes_and_leaves_a_page() {
    let world = World::new(SHOP);
    world.put("shop.txt", "x").await;
    world.tick().await;
    world.pass(60);
    let reply = world.tick().await;
    assert!(!reply.partial && reply.report.status == Verdict::Pass, "{reply:?}");
    let page = world.text("health-checker/status.html").await.unwrap();
    assert!(page.contains("shop") && page.contains("pass"), "{page}");
    let report = world.text("health-checker/report.json").await.unwrap();
    assert!(serde_json::from_str::<crate::decide::Report>(&report).is_ok());
}

#[tokio::test]
async fn an_outage_is_told_once_and_its_end_too() {
    let world = World::new(SHOP);
    for _ in 0..5 {
        world.tick().await;
        world.pass(60);
    }
    assert_eq!(world.titles(), ["shop fails"]);
    world.put("shop.txt", "x").await;
    for _ in 0..4 {
        world.tick().await;
        world.pass(60);
    }
    assert_eq!(world.titles(), ["shop fails", "shop works again"]);
    assert!(world.state().await.pending.is_empty());
}

#[tokio::test]
async fn ticks_that_come_at_once_count_and_tell_once() {
    let world = World::new(SHOP);
    for _ in 0..4 {
        futures_util::future::join_all((0..3).map(|_| world.tick())).await;
        world.pass(60);
    }
    assert_eq!(world.titles(), ["shop fails"]);
    assert_eq!(world.state().await.checks["shop"].fails_in_row, 4);
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_by_a_later_tick() {
    let world = World::new(SHOP);
    world.topic.fail(Some(Kind::Unavailable));
    let mut last = None;
    for _ in 0..3 {
        last = Some(world.tick().await);
        world.pass(60);
    }
    let reply = last.unwrap();
    assert!(reply.partial && reply.published[0].outcome == Told::Failed, "{reply:?}");
    world.topic.fail(None);
    world.tick().await;
    assert_eq!(world.titles(), ["shop fails"]);
    assert!(world.state().await.pending.is_empty());
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_tells_nobody() {
    let world = World::new(SHOP);
    let reply = world.checker.tick(true, Deadline::NONE).await.unwrap();
    assert!(reply.dry_run && reply.report.checks[0].last.is_some());
    assert!(world.text("health-checker/status.html").await.is_none() && world.names().await.is_empty());
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_left_and_gone_on_without() {
    let world = World::new(SHOP);
    world.tick().await;
    let names = world.names().await;
    let name = names.iter().find(|name| name.starts_with("state/health-checker/state")).unwrap();
    world.put(name, "{broken").await;
    world.pass(60);
    let reply = world.tick().await;
    assert!(reply.partial && reply.problems[0].contains("cannot be read"), "{reply:?}");
    assert_eq!(world.text(name).await.as_deref(), Some("{broken"));
    world.pass(60);
    world.tick().await;
    world.pass(60);
    world.tick().await;
    assert_eq!(world.titles(), ["shop fails"]);
}

#[tokio::test]
async fn a_state_of_the_version_before_is_gone_on_from() {
    let world = World::new(SHOP);
    world.tick().await;
    let names = world.names().await;
    let name = names.iter().find(|name| name.starts_with("state/health-checker/state")).unwrap();
    let text = world.text(name).await.unwrap();
    world.put(name, &text.replace("\"version\":3", "\"version\":2")).await;
    for _ in 0..2 {
        world.pass(60);
        assert!(!world.tick().await.partial);
    }
    // One failure before and two after make three.
    assert_eq!((world.titles(), world.state().await.version), (vec!["shop fails".to_owned()], 3));
}

#[tokio::test]
async fn checks_are_looked_at_when_they_are_due() {
    let slow = SHOP.replace("critical: true", "interval_seconds: 300");
    let world = World::new(&slow);
    let mut looks = 0;
    for _ in 0..11 {
        let reply = world.tick().await;
        looks += usize::from(reply.report.checks[0].last.is_some());
        world.pass(60);
    }
    assert_eq!(looks, 3);
}

#[tokio::test]
async fn settings_from_the_bucket_are_read_at_every_tick() {
    let world = World::from_object("checks.yaml");
    assert!(world.checker.tick(false, Deadline::NONE).await.is_err());
    world.put("checks.yaml", SHOP).await;
    assert_eq!(world.tick().await.report.checks.len(), 1);
    world.put("checks.yaml", "checks: [{ id: a b }]").await;
    let error = world.checker.tick(false, Deadline::NONE).await.unwrap_err();
    assert!(error.log_text().contains("line 1"), "{}", error.log_text());
}

#[tokio::test]
async fn a_signal_is_a_document_that_is_written_once() {
    let settings = format!(
        "{SHOP}  - {{ id: aws, probe: {{ object: {{ name: aws.txt }} }} }}\n\
         tenants:\n  - {{ id: acme, divergence: read_only, serving: oci, component: shop, target_check: aws, \
         cutover_at: 2026-03-11T10:00:00Z }}\n"
    );
    let world = World::new(&settings);
    world.put("aws.txt", "x").await;
    for _ in 0..5 {
        world.tick().await;
        world.pass(60);
    }
    let signals: Vec<String> = world.names().await.into_iter().filter(|name| name.contains("/signals/")).collect();
    assert_eq!(signals.len(), 1, "{signals:?}");
    let text = world.text(&signals[0]).await.unwrap();
    let signal: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(signal["value"]["verdict"], json!("ROLLBACK"), "{signal}");
    let moves = world.titles().into_iter().filter(|title| title.contains("move traffic back")).count();
    assert_eq!(moves, 1);
}

#[test]
fn a_clock_that_went_back_does_not_stop_the_looks() {
    let settings = settings::read(SHOP).unwrap();
    let due = |last_ago: i64| {
        let now: Timestamp = "2026-03-11T12:00:00Z".parse().unwrap();
        let sample = json!({"at": now - SignedDuration::from_secs(last_ago), "verdict": "pass"});
        let state = serde_json::from_value(json!({"version": 2, "checks": {"shop": {"samples": [sample]}}})).unwrap();
        is_due(&settings.checks[0], &state, &settings, now)
    };
    assert_eq!([due(0), due(29), due(30), due(600), due(-600)], [false, false, true, true, true]);
}

/// A tenant of which the clusters fail, until traffic has to move.
async fn moved(world: &World) {
    world.put("aws.txt", "x").await;
    for _ in 0..4 {
        world.tick().await;
        world.pass(60);
    }
}

async fn signals(world: &World) -> Vec<String> {
    world.names().await.into_iter().filter(|name| name.contains("/signals/")).collect()
}

const TENANT: &str = "  - { id: aws, probe: { object: { name: aws.txt } } }\n\
    tenants:\n  - { id: acme, divergence: read_only, serving: oci, component: shop, target_check: aws, \
    cutover_at: 2026-03-11T10:00:00Z }\n";

#[tokio::test]
async fn a_state_that_was_lost_does_not_swallow_the_next_signal() {
    let world = World::new(&format!("{SHOP}{TENANT}"));
    moved(&world).await;
    assert_eq!(signals(&world).await.len(), 1);
    let names = world.names().await;
    let name = names.iter().find(|name| name.starts_with("state/health-checker/state")).unwrap();
    world.put(name, "{broken").await;
    moved(&world).await;
    assert_eq!(signals(&world).await.len(), 2, "another epoch");
    let moves = world.titles().into_iter().filter(|title| title.contains("move traffic back")).count();
    let fails = world.titles().into_iter().filter(|title| title == "shop fails").count();
    assert_eq!((moves, fails), (2, 2), "{:?}", world.titles());
}

#[tokio::test]
async fn a_signal_is_taken_back_when_the_other_side_fails_too() {
    let world = World::new(&format!("{SHOP}{TENANT}"));
    moved(&world).await;
    assert_eq!(signals(&world).await.len(), 1);
    world.remove("aws.txt").await;
    let reply = world.tick().await;
    assert_eq!(reply.report.tenants[0].decision.word(), "HOLD(both_down)");
    let text = world.text(&signals(&world).await[0]).await.unwrap();
    let signal: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(signal["value"]["withdrawn_at"].is_string(), "{signal}");
    assert!(world.state().await.signals.is_empty());
}

#[tokio::test]
async fn results_of_a_clock_that_was_ahead_do_not_hide_what_comes() {
    let world = World::new(SHOP);
    world.put("shop.txt", "x").await;
    world.pass(3_600);
    world.tick().await;
    world.back(3_600);
    world.remove("shop.txt").await;
    for _ in 0..3 {
        world.pass(60);
        world.tick().await;
    }
    assert_eq!(world.titles(), ["shop fails"]);
}

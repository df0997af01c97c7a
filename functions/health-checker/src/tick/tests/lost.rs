//! Ticks without a state that can be kept, and without settings.

use causeway_cloud::notifier::Alerts;

use super::*;

/// A document of a program that is newer than this one.
const NEWER: &str = r#"{"write_id": "x", "value": {"version": 999, "more": 1}}"#;

async fn name(world: &World) -> String {
    world.tick().await;
    let names = world.names().await;
    names.into_iter().find(|name| name.starts_with("state/health-checker/state")).unwrap()
}

#[tokio::test]
async fn people_are_told_what_is_found_and_no_signal_is_given() {
    let world = World::new(&format!("{SHOP}{TENANT}"));
    world.put("aws.txt", "x").await;
    let name = name(&world).await;
    world.put(&name, NEWER).await;
    for _ in 0..4 {
        world.pass(60);
        let reply = world.tick().await;
        assert!(reply.partial && reply.problems.iter().any(|problem| problem.contains("999")), "{reply:?}");
    }
    let titles = world.titles();
    let count = |text: &str| titles.iter().filter(|title| title.contains(text)).count();
    assert_eq!(
        (count("cannot keep its state"), count("shop fails"), count("no signal is given")),
        (1, 1, 1),
        "{titles:?}"
    );
    assert_eq!((signals(&world).await.len(), world.text(&name).await.unwrap().as_str()), (0, NEWER));
    // Once it can be kept again, everything is as ever.
    world.remove(&name).await;
    moved(&world).await;
    assert_eq!(signals(&world).await.len(), 1);
}

#[tokio::test]
async fn the_topic_is_enough() {
    let mut world = World::new(SHOP);
    world.put("shop.txt", "x").await;
    let name = name(&world).await;
    world.put(&name, NEWER).await;
    // The memory of messages is as unusable as the state.
    let away = world.documents("a//b");
    world.checker.alerts = Some(Alerts::new(world.topic.clone(), away, Duration::from_secs(60)));
    world.pass(60);
    world.tick().await;
    world.pass(29 * 60);
    world.tick().await;
    assert_eq!(world.titles(), ["the checker cannot keep its state"]);
    world.pass(60);
    world.tick().await;
    let kept = world.titles().iter().filter(|title| title.contains("cannot keep")).count();
    assert_eq!(kept, 2, "{:?}", world.titles());
}

#[tokio::test]
async fn a_broken_state_stays_left_when_it_is_repaired_or_removed() {
    let world = World::new(SHOP);
    let name = name(&world).await;
    world.put(&name, "{broken").await;
    world.pass(60);
    world.tick().await;
    world.remove(&name).await;
    for _ in 0..2 {
        world.pass(60);
        world.tick().await;
    }
    // Two failures after the break and one more make three: what state-2 knows goes on.
    assert_eq!(world.titles(), ["shop fails"]);
    assert!(world.text(&name).await.is_none());
}

#[tokio::test]
async fn settings_that_are_away_are_those_of_before() {
    let world = World::from_object("checks.yaml");
    assert!(world.checker.tick(false, Deadline::NONE).await.is_err());
    assert_eq!(world.titles(), ["the checker has no settings"]);
    world.put("checks.yaml", SHOP).await;
    world.tick().await;
    world.remove("checks.yaml").await;
    world.pass(60);
    let reply = world.tick().await;
    assert!(reply.partial && reply.report.checks.len() == 1, "{reply:?}");
    assert!(reply.problems[0].contains("those of before hold"), "{reply:?}");
}

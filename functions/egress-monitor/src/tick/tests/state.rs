//! State that is lost, broken, or out of reach, and usage that changes its mind.

use super::world::disk::Trouble;
use super::world::row;
use super::*;

const STATE: &str = "state/egress-monitor/state.json";

fn world() -> World {
    World::new(days("2026-09-11", &[8_400.0]), "2026-09-12T12:00:00Z")
}

#[tokio::test]
async fn a_state_that_is_lost_is_found_in_the_history() {
    let world = world();
    world.run().await;
    world.later(3600);
    world.run().await;
    std::fs::remove_file(world.file(STATE)).unwrap();
    world.later(3600);
    let reply = world.run().await;
    assert!(reply.report.alerts.is_empty() && reply.published.is_empty(), "{:?}", reply.published);
    assert!(reply.partial && reply.warnings[0].contains("the history had it"), "{:?}", reply.warnings);
    world.later(3600);
    assert!(!world.run().await.partial);
    assert_eq!(world.messages().len(), 1);
}

#[tokio::test]
async fn a_state_that_is_lost_right_after_a_message_repeats_nothing() {
    let world = world();
    world.run().await;
    std::fs::remove_file(world.file(STATE)).unwrap();
    world.later(3600);
    // The history was written after the message.
    let reply = world.run().await;
    assert_eq!((reply.published.len(), world.messages().len()), (0, 1), "{:?}", reply.published);
}

#[tokio::test]
async fn a_state_that_is_broken_stays_where_it_is() {
    for broken in ["", "{", "{\"write_id\":\"x\",\"value\":7}", "[1,2]"] {
        let world = world();
        world.run().await;
        std::fs::write(world.file(STATE), broken).unwrap();
        world.later(3600);
        let reply = world.run().await;
        assert_eq!((reply.quarantined.as_slice(), reply.partial), (&["state".to_owned()][..], true));
        assert_eq!((reply.report.used_gb, world.messages().len()), (Some(8_400.0), 1));
        assert_eq!(world.read(STATE), broken);
        world.later(3600);
        let next = world.run().await;
        assert!(next.warnings.is_empty() && next.quarantined == ["state"], "{:?}", next.warnings);
    }
}

#[tokio::test]
async fn a_history_that_is_broken_too_is_told_and_keys_still_know() {
    let world = world();
    world.run().await;
    std::fs::remove_file(world.file(STATE)).unwrap();
    for path in world.history() {
        std::fs::write(path, "{}").unwrap();
    }
    let reply = world.run().await;
    assert!(reply.warnings[0].contains("the state was lost"), "{:?}", reply.warnings);
    assert_eq!((reply.published[0].outcome, world.messages().len()), (Outcome::AlreadySent, 1));
}

#[tokio::test]
async fn without_a_state_nobody_is_told_and_the_run_fails() {
    for trouble in [Trouble::Put("egress-monitor/state"), Trouble::Get("egress-monitor/state")] {
        let world = world();
        world.disk.troubles.lock().unwrap().push(trouble);
        let error = world.ask(&Request::default()).await.unwrap_err();
        assert!(!error.is_client(), "{error:?}");
        assert!(world.messages().is_empty());
        let dry = world.ask(&Request { dry_run: true, ..Request::default() }).await.unwrap();
        assert_eq!(dry.report.used_gb, Some(8_400.0));
        world.disk.troubles.lock().unwrap().clear();
        assert_eq!(world.run().await.published[0].outcome, Outcome::Sent);
    }
}

#[tokio::test]
async fn rows_that_come_late_count_and_corrections_too() {
    let world = World::new(days("2026-09-01", &[740.0; 9]), "2026-09-12T12:00:00Z");
    let first = world.run().await;
    assert_eq!((first.report.used_gb, first.report.lag_hours), (Some(6_660.0), Some(60.0)));
    world.usage.rows.lock().unwrap().extend(days("2026-09-10", &[740.0; 2]));
    world.later(3600);
    let second = world.run().await;
    assert_eq!(second.report.used_gb, Some(8_140.0));
    world.usage.rows.lock().unwrap().push(row("2026-09-03".parse().unwrap(), "B88327", 100.0));
    world.later(3600);
    let third = world.run().await;
    assert_eq!(third.report.used_gb, Some(8_240.0));
    let keys: Vec<&str> = third.published.iter().map(|published| published.key.as_str()).collect();
    assert!(keys.contains(&"2026-09/tenancy/month_to_date/80/raised/1"), "{keys:?}");
    world.usage.rows.lock().unwrap().push(row("2026-09-04".parse().unwrap(), "B88327", -1_000.0));
    world.later(3600);
    let fourth = world.run().await;
    assert!(fourth.report.reasons.iter().any(|reason| reason.code == "dropped"));
    assert!(fourth.published.iter().any(|published| published.key.contains("month_to_date/80/resolved")));
}

#[tokio::test]
async fn a_new_month_begins_anew() {
    let world = World::new(days("2026-08-25", &[400.0; 37]), "2026-09-30T12:00:00Z");
    let september = world.run().await;
    assert_eq!(september.report.month, "2026-09");
    let before = world.messages().len();
    world.turn_to("2026-10-01T12:00:00Z");
    let october = world.run().await;
    assert_eq!((october.report.month.as_str(), october.report.used_gb), ("2026-10", None));
    let is_of_october = |published: &crate::reply::Published| published.key.starts_with("2026-10/");
    assert!(october.published.iter().all(is_of_october), "{:?}", october.published);
    assert!(world.messages().len() > before, "the forecast alone is beyond the limit");
}

//! What is said when something could not be read: never that there is nothing.

use causeway_resilience::service::Kind;
use proptest::prelude::*;
use serde_json::Value;

use super::world::disk::Trouble;
use super::*;
use crate::alerts::Metric;
use crate::report::{Confidence, Status};

/// Numbers that are not known are `null`, and somebody says why.
fn claims_nothing(reply: &Reply) {
    let json = serde_json::to_value(reply).unwrap();
    for member in ["used_gb", "percent", "cost", "billed", "billed_amount", "nowcast", "forecast", "eta_100"] {
        assert_eq!(json[member], Value::Null, "{member}");
    }
    assert_eq!((reply.report.status, reply.report.confidence), (Status::Error, Confidence::None));
    assert!(reply.report.contributors.is_none() && reply.report.scopes.is_empty());
    assert!(!reply.report.reasons.is_empty());
}

fn codes(reply: &Reply) -> Vec<&str> {
    reply.report.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

#[tokio::test]
async fn e_12_no_rows_keep_the_state_and_are_told_after_36_hours() {
    let world = World::new(days("2026-08-01", &[100.0; 38]), "2026-09-08T12:00:00Z");
    let good = world.run().await;
    assert_eq!(good.report.status, Status::Ok);
    let before = good.report.used_gb;
    world.usage.rows.lock().unwrap().clear();
    world.turn_to("2026-09-09T23:59:00Z");
    let empty = world.run().await;
    claims_nothing(&empty);
    assert_eq!((codes(&empty)[0], empty.published.len()), ("no_data", 0));
    world.turn_to("2026-09-10T12:00:00Z");
    let stale = world.run().await;
    claims_nothing(&stale);
    assert_eq!((stale.report.alerts[0].metric, stale.published[0].outcome), (Metric::Data, Outcome::Sent));
    assert!(world.messages()[0].body.contains("could not be read"), "{}", world.messages()[0].body);
    *world.usage.rows.lock().unwrap() = days("2026-08-01", &[100.0; 40]);
    let again = world.run().await;
    assert!(before.is_some() && again.report.used_gb > before);
    assert_eq!(again.published.len(), 1, "resolved: {:?}", again.published);
    assert!(!codes(&again).contains(&"dropped"), "the state of the last good run was kept");
}

#[tokio::test]
async fn a_usage_service_that_fails_is_an_error_report_with_its_reason() {
    for (after, kind) in [(0, Kind::Denied), (0, Kind::Throttled), (5, Kind::Unavailable), (42, Kind::BadAnswer)] {
        let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
        world.usage.fates.lock().unwrap().insert(0, (after, Fate::Fails(kind)));
        let reply = world.run().await;
        claims_nothing(&reply);
        assert_eq!((codes(&reply), reply.partial), (vec!["service"], true));
        assert!(reply.deferred == ["usage"] && world.messages().is_empty());
        assert_eq!(world.run().await.report.used_gb, Some(3_300.0), "the next run has all of it");
    }
}

#[tokio::test]
async fn pages_that_go_round_are_an_error() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    world.usage.goes_round.store(1, std::sync::atomic::Ordering::SeqCst);
    let reply = world.run().await;
    claims_nothing(&reply);
    assert!(reply.report.reasons[0].text.contains("go round"), "{:?}", reply.report.reasons);
}

#[tokio::test]
async fn contributors_that_cannot_be_read_take_nothing_from_the_total() {
    for rows in [0, 5] {
        let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
        world.usage.fates.lock().unwrap().insert(1, (rows, Fate::Fails(Kind::Unavailable)));
        let reply = world.run().await;
        assert_eq!((reply.report.used_gb, reply.report.status), (Some(3_300.0), Status::Ok));
        assert!(reply.partial && reply.deferred == ["contributors"]);
        for one in reply.report.contributors.unwrap() {
            assert_eq!(one.top.is_some(), one.by == Dimension::Service, "{rows} rows: {one:?}");
            assert_eq!(one.reason.is_some(), one.top.is_none(), "{rows} rows: {one:?}");
        }
    }
}

#[tokio::test]
async fn traffic_that_cannot_be_read_is_no_calm() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    *world.metrics.fate.lock().unwrap() = Fate::Fails(Kind::Denied);
    let reply = world.run().await;
    assert!(reply.report.nowcast.is_none() && codes(&reply).contains(&"traffic"), "{:?}", codes(&reply));
    assert_eq!((reply.report.used_gb, reply.partial), (Some(3_300.0), true));
    let json = serde_json::to_value(&reply).unwrap();
    assert_eq!(json["nowcast"], Value::Null);
}

/// Everything that a run depends on, ill or not.
#[derive(Debug, Clone)]
struct Ills {
    usage: Option<(usize, Kind)>,
    contributors: Option<(usize, Kind)>,
    traffic: Option<Kind>,
    topic: Option<Kind>,
    disk: Vec<Trouble>,
    rows: usize,
    first_gb: f64,
}

fn kind() -> impl Strategy<Value = Kind> {
    proptest::sample::select(vec![
        Kind::NotFound,
        Kind::Unauthenticated,
        Kind::Denied,
        Kind::Invalid,
        Kind::Throttled,
        Kind::Unavailable,
        Kind::Timeout,
        Kind::BadAnswer,
        Kind::NotConfigured,
    ])
}

fn ills() -> impl Strategy<Value = Ills> {
    let trouble = proptest::sample::select(vec![
        Trouble::Put("egress-monitor/state"),
        Trouble::Get("egress-monitor/state"),
        Trouble::Put("history"),
        Trouble::Put("egress-monitor-alerts"),
        Trouble::Get("egress-monitor-alerts"),
    ]);
    let some = || proptest::option::of((0_usize..45, kind()));
    let disk = proptest::collection::vec(trouble, 0..3);
    let ill = || proptest::option::of(kind());
    (some(), some(), ill(), ill(), disk, 0_usize..43, 1.0_f64..900.0).prop_map(
        |(usage, contributors, traffic, topic, disk, rows, first_gb)| Ills {
            usage,
            contributors,
            traffic,
            topic,
            disk,
            rows,
            first_gb,
        },
    )
}

/// Members that are numbers and 0, with their paths.
fn zeros(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(number) if number.as_f64() == Some(0.0) => found.push(path.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| zeros(item, &format!("{path}[{index}]"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| zeros(member, &format!("{path}.{name}"), found));
        }
        _ => {}
    }
}

async fn check(ills: &Ills) {
    let rows = days("2026-08-01", &vec![ills.first_gb; ills.rows]);
    let world = World::new(rows, "2026-09-12T12:00:00Z");
    for (question, ill) in [ills.usage, ills.contributors].into_iter().enumerate() {
        let fate = ill.map(|(after, kind)| (question, (after, Fate::Fails(kind))));
        world.usage.fates.lock().unwrap().extend(fate);
    }
    *world.metrics.fate.lock().unwrap() = ills.traffic.map_or(Fate::Works, Fate::Fails);
    *world.topic.fates.lock().unwrap() = vec![ills.topic.map_or(Fate::Works, Fate::Fails)];
    world.disk.troubles.lock().unwrap().clone_from(&ills.disk);
    let Ok(reply) = world.ask(&Request::default()).await else {
        assert!(world.messages().is_empty(), "nobody is told what is not claimed");
        return;
    };
    let json = serde_json::to_value(&reply).unwrap();
    let is_unknown = ills.usage.is_some() || ills.rows < 32;
    if is_unknown {
        claims_nothing(&reply);
    } else {
        // What is known is known whole, whatever else is ill.
        let expected = (ills.rows - 31) as f64 * ills.first_gb;
        let used = reply.report.used_gb.unwrap();
        assert!((used - expected).abs() < 1e-6 * expected, "{used} {expected}");
    }
    let mut found = Vec::new();
    zeros(&json, "", &mut found);
    let harmless = |path: &String| path.ends_with("error_gb") || path.contains("over_gb") || path.contains("lag_hours");
    assert!(found.iter().all(harmless), "{found:?}");
    if ills.usage.is_some() || ills.traffic.is_some() || !reply.warnings.is_empty() {
        assert!(reply.partial);
    }
    let is_known = |published: &crate::reply::Published| published.outcome != Outcome::Sent || ills.topic.is_none();
    assert!(reply.published.iter().all(is_known));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn nothing_claims_that_there_is_nothing(ills in ills()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(&ills));
    }
}

#[tokio::test]
async fn a_record_that_is_not_connected_is_told_as_one_that_cannot_be_read() {
    let world = World::new(days("2026-09-01", &[5.0; 11]), "2026-09-12T12:00:00Z");
    world.run().await;
    let unconnected = async || {
        let mut monitor = world.monitor();
        monitor.usage = Err("no tenancy".to_owned());
        let budget = causeway_runtime::Budget::unlimited(Instant::now());
        let context = Context::new(causeway_runtime::Kind::Tick, "test", budget);
        monitor.tick(&Request::default(), &context).await.unwrap()
    };
    world.later(3600);
    let reply = unconnected().await;
    assert_eq!((reply.report.status, reply.report.used_gb, reply.partial), (Status::Error, None, true));
    assert!(reply.report.reasons[0].text.contains("not connected"), "{:?}", reply.report.reasons);
    world.later(36 * 3600);
    let reply = unconnected().await;
    assert_eq!(reply.published[0].key, "2026-09/tenancy/data/raised/1");
}

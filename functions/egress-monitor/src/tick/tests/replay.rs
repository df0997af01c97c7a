//! What a run leaves is enough to decide once more, and to print.

use serde_json::Value;

use super::world::row;
use super::*;
use crate::replay::Recorded;

fn recorded(world: &World, reply: &Reply) -> (Value, Recorded) {
    let kept: Value = serde_json::from_str(&world.read(reply.history.as_ref().unwrap())).unwrap();
    let inputs = serde_json::from_value(kept["inputs"].clone()).unwrap();
    (kept, inputs)
}

/// The same report, state and other cloud, to the last digit.
fn is_the_same(world: &World, reply: &Reply) {
    let (kept, inputs) = recorded(world, reply);
    let decided = inputs.decide(&inputs.previous).unwrap();
    assert_eq!(decided.report, reply.report);
    assert_eq!(inputs.decide_aside().unwrap(), reply.aws.as_deref().cloned());
    let again = serde_json::to_value(&inputs).unwrap();
    assert_eq!(again, kept["inputs"], "a record comes back");
}

#[tokio::test]
async fn runs_are_decided_once_more_from_what_they_left() {
    let mut rows = days("2026-08-01", &[300.0, 310.5, 0.1 + 0.2, 41.7]);
    rows.extend(days("2026-08-05", &[333.333_333_333_3; 38]));
    rows.push(row("2026-09-04".parse().unwrap(), "B93455", -0.7));
    rows.push(row("2026-09-04".parse().unwrap(), "B99999", 12.345_678_9));
    let world = World::new(rows, "2026-09-12T12:00:00Z").with_aws(days("2026-09-01", &[50.0; 11]));
    *world.metrics.bytes.lock().unwrap() = Some(10e9 / 3.0);
    for hours in [0, 1, 30] {
        world.later(hours * 3600);
        let reply = world.run().await;
        assert!(reply.report.nowcast.is_some() && reply.aws.is_some());
        is_the_same(&world, &reply);
    }
}

#[tokio::test]
async fn failures_are_decided_once_more_too() {
    let unit = |unit: &str| {
        let mut rows = days("2026-09-01", &[5.0; 11]);
        rows[3].unit = Some(unit.to_owned());
        rows
    };
    for rows in [unit("GB/s"), unit(" "), Vec::new(), days("2026-09-01", &[5.0, f64::INFINITY])] {
        let world = World::new(rows, "2026-09-12T12:00:00Z");
        let reply = world.run().await;
        assert_eq!(reply.report.used_gb, None);
        is_the_same(&world, &reply);
    }
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    *world.metrics.fate.lock().unwrap() = Fate::Fails(causeway_resilience::service::Kind::Denied);
    world.usage.fates.lock().unwrap().insert(1, (3, Fate::Fails(causeway_resilience::service::Kind::Throttled)));
    is_the_same(&world, &world.run().await);
}

#[tokio::test]
async fn other_settings_give_another_answer_of_the_same_month() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    let reply = world.run().await;
    let (_, mut inputs) = recorded(&world, &reply);
    inputs.settings.tariff.allowance_gb = 3_000.into();
    let report = inputs.decide(&State::default()).unwrap().report;
    assert_eq!((report.used_gb, report.limit_gb), (reply.report.used_gb, 3_000.0));
    assert!(report.alerts.iter().any(|alert| alert.level_percent == Some(100)), "{:?}", report.alerts);
}

/// What the README says of the size.
#[tokio::test]
async fn an_object_of_the_history_is_small() {
    let check = async |skus: usize, scope: &'static str, most: usize| {
        let first = "2026-08-01".parse().unwrap();
        let day = |offset: i64| {
            let day = plus_days(first, offset);
            (0..skus).map(move |sku| row(day, &format!("B8{sku:04}"), 123.456_789))
        };
        let mut world = World::new((0..61).flat_map(day).collect(), "2026-09-30T12:00:00Z");
        world.variables.push(("EGRESS_MONITOR_ALLOWANCE_SCOPE", scope));
        *world.metrics.bytes.lock().unwrap() = Some(12_345_678_901.0);
        let reply = world.run().await;
        let bytes = world.read(reply.history.as_ref().unwrap()).len();
        assert!(bytes < most, "{skus} SKUs: {bytes} bytes");
    };
    check(3, "tenancy", 60 << 10).await;
    check(100, "sku", 1 << 20).await;
}

#[tokio::test]
async fn the_latest_report_is_found_in_the_bucket() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    let latest = async || world.monitor().history().latest::<Report>(at("2026-09-13T12:00:00Z")).await;
    assert_eq!(latest().await.unwrap(), None);
    world.run().await;
    world.later(3600);
    let reply = world.run().await;
    let (name, report) = latest().await.unwrap().unwrap();
    assert_eq!((Some(name), report), (reply.history, reply.report.clone()));
    std::fs::write(world.history().last().unwrap(), "{").unwrap();
    let (_, report) = latest().await.unwrap().unwrap();
    assert_eq!(report.as_of, at("2026-09-12T12:00:00Z"), "one that cannot be read is passed over");
}

//! How many calls a run makes, how long it takes, and where it stops.

use std::sync::atomic::Ordering;
use std::time::Duration;

use causeway_cloud::usage::UsageRow;
use causeway_runtime::Budget;

use super::world::row;
use super::*;
use crate::period::plus_days;
use crate::report::Status;

const LATENCY: Duration = Duration::from_millis(50);

/// 25 SKUs a day, three of them outbound, in four compartments.
fn ordinary() -> Vec<UsageRow> {
    let first = "2026-08-01".parse().unwrap();
    let mut rows = Vec::new();
    for offset in 0..61 {
        for sku in 0..25 {
            let number =
                ["B88327", "B93455", "B93456"].get(sku).map_or_else(|| format!("B9{sku:04}"), ToString::to_string);
            for compartment in 0..4 {
                let mut one = row(plus_days(first, offset), &number, 20.0 + f64::from(compartment));
                one.sku_name = (sku >= 3).then(|| "Compute".to_owned());
                one.compartment_name = Some(format!("compartment {compartment}"));
                one.service = Some(format!("service {compartment}"));
                rows.push(one);
            }
        }
    }
    rows
}

#[tokio::test(start_paused = true)]
async fn an_ordinary_month_takes_30_calls_and_ten_seconds_at_most() {
    let world = World::with_latency(ordinary(), "2026-09-30T12:00:00Z", LATENCY);
    *world.metrics.bytes.lock().unwrap() = Some(1e9);
    world.metrics.count.store(100, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    let reply = world.run().await;
    let (calls, took) = (world.calls(), began.elapsed());
    assert_eq!(reply.report.status, Status::Ok, "{:?}", reply.report.reasons);
    assert!(!reply.published.is_empty() && reply.report.nowcast.is_some() && reply.history.is_some());
    assert!(calls <= 30, "{calls} calls, {} pages", world.usage.pages.load(Ordering::SeqCst));
    // One after the other all calls are a second and a half. The clock is the test's: it moves by what calls wait for.
    assert!(LATENCY * u32::try_from(calls).unwrap() < Duration::from_secs(10), "{calls} calls");
    assert!(took >= LATENCY && took < Duration::from_secs(10), "{took:?}");
    let quiet = world.calls();
    world.later(3600);
    world.run().await;
    assert!(world.calls() - quiet < calls, "a run that tells nothing is shorter");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_interfaces_are_eight_questions() {
    let world = World::with_latency(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z", LATENCY);
    *world.metrics.bytes.lock().unwrap() = Some(25e9 / 1000.0);
    world.metrics.count.store(1_000, Ordering::SeqCst);
    let reply = world.run().await;
    let nowcast = reply.report.nowcast.unwrap();
    assert!((nowcast.ratio - 0.5).abs() < 1e-9 && nowcast.measured_hours == 12, "{nowcast:?}");
    // And one call that publishes.
    assert_eq!(world.metrics.calls.load(Ordering::SeqCst), 9);
}

#[tokio::test]
async fn more_interfaces_than_can_be_asked_for_are_a_shorter_past_and_told() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    *world.metrics.bytes.lock().unwrap() = Some(1.0);
    world.metrics.count.store(1_300, Ordering::SeqCst);
    let mut world = world;
    world.variables.push((
        "EGRESS_MONITOR_COMPARTMENTS",
        "ocid1.compartment.oc1..a,ocid1.compartment.oc1..b,ocid1.compartment.oc1..c,ocid1.compartment.oc1..d",
    ));
    let reply = world.run().await;
    assert!(world.metrics.calls.load(Ordering::SeqCst) <= 21);
    let told = reply.report.reasons.iter().find(|reason| reason.code == "traffic").unwrap();
    assert!(told.text.contains("hours only"), "{}", told.text);
    assert!(reply.partial);
}

#[tokio::test]
async fn interfaces_that_no_answer_holds_are_not_a_few() {
    for (count, cuts) in [(2_100, false), (2_000, false), (2_100, true)] {
        let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
        *world.metrics.bytes.lock().unwrap() = Some(1.0);
        world.metrics.count.store(count, Ordering::SeqCst);
        world.metrics.cuts.store(cuts, Ordering::SeqCst);
        let reply = world.run().await;
        assert!(reply.report.nowcast.is_none() && reply.partial);
        let told = reply.report.reasons.iter().find(|reason| reason.code == "traffic").unwrap();
        assert!(told.text.contains("is not known"), "{count} {cuts}: {}", told.text);
    }
}

#[tokio::test]
async fn interfaces_that_are_gone_are_not_cut_off_in_silence() {
    for cuts in [false, true] {
        let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
        *world.metrics.bytes.lock().unwrap() = Some(1.0);
        world.metrics.count.store(130, Ordering::SeqCst);
        world.metrics.cuts.store(cuts, Ordering::SeqCst);
        *world.metrics.gone.lock().unwrap() = Some((at("2026-09-11T00:00:00Z"), 40));
        let reply = world.run().await;
        let told = reply.report.reasons.iter().find(|reason| reason.code == "traffic").unwrap();
        assert!(told.text.contains("last 48 hours only"), "{cuts}: {}", told.text);
    }
}

#[tokio::test]
async fn a_service_that_never_answers_ends_the_reading_in_time_and_not_the_run() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    world.usage.fates.lock().unwrap().insert(0, (5, Fate::Hangs));
    *world.metrics.fate.lock().unwrap() = Fate::Hangs;
    let budget = Budget::of(Instant::now(), Duration::from_secs(3));
    let reply = world.ask_within(&Request::default(), budget).await.unwrap();
    assert!(!budget.remaining().unwrap().is_zero(), "there is time to answer");
    assert_eq!((reply.report.status, reply.report.used_gb), (Status::Error, None));
    assert!(reply.partial && reply.deferred == ["usage"] && reply.history.is_some());
    assert!(reply.report.reasons[0].text.contains("no more time"), "{:?}", reply.report.reasons);
}

#[tokio::test]
async fn a_topic_that_never_answers_leaves_its_alert_for_later() {
    let world = World::new(days("2026-09-11", &[8_400.0]), "2026-09-12T12:00:00Z");
    *world.topic.fates.lock().unwrap() = vec![Fate::Hangs];
    let budget = Budget::of(Instant::now(), Duration::from_secs(3));
    let reply = world.ask_within(&Request::default(), budget).await.unwrap();
    assert_eq!((reply.published[0].outcome, reply.report.used_gb), (Outcome::Unknown, Some(8_400.0)));
    assert!(reply.partial && reply.deferred.len() == 1 && reply.history.is_some());
}

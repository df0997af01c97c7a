//! What is asked for, and what becomes of it.

use causeway_cloud::metrics::Measurement;
use causeway_cloud::usage::{UsageQuery, UsageRow};
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::StreamExt;

use super::world::row;
use super::*;
use crate::alerts::Metric;
use crate::month::Dimension;

#[tokio::test]
async fn contributors_are_known_by_compartment_region_and_service() {
    let mut rows = days("2026-08-01", &[300.0; 42]);
    let mut other = row("2026-09-02".parse().unwrap(), "B99999", 50.0);
    (other.compartment_name, other.region) = (Some("lab".to_owned()), Some("me-jeddah-1".to_owned()));
    rows.push(other);
    let mut foreign = row("2026-09-02".parse().unwrap(), "B93297", 9_000.0);
    foreign.sku_name = Some("Standard - E4 - OCPU".to_owned());
    rows.push(foreign);
    let reply = World::new(rows, "2026-09-12T12:00:00Z").run().await;
    assert_eq!(reply.report.used_gb, Some(3_350.0));
    let named = |by: Dimension| {
        let top = reply.report.contributors.iter().flatten().find(|top| top.by == by).unwrap();
        assert!(top.attributed_percent.is_some_and(|percent| (percent - 100.0).abs() < 1e-9), "{top:?}");
        top.top.iter().flatten().map(|one| (one.id.clone(), one.gb.round() as i64)).collect::<Vec<_>>()
    };
    let pairs = |pairs: &[(&str, i64)]| pairs.iter().map(|(id, gb)| ((*id).to_owned(), *gb)).collect::<Vec<_>>();
    assert_eq!(named(Dimension::Compartment), pairs(&[("shop", 3_300), ("lab", 50)]));
    assert_eq!(named(Dimension::Region), pairs(&[("us-ashburn-1", 3_300), ("me-jeddah-1", 50)]));
    assert_eq!(named(Dimension::Service), pairs(&[("Networking", 3_350)]));
}

#[tokio::test]
async fn a_record_without_compartments_tells_regions_and_why_not_compartments() {
    let mut rows = days("2026-08-01", &[300.0; 42]);
    for (number, row) in rows.iter_mut().enumerate() {
        (row.sku, row.sku_name) = (Some("EUC1-DataTransfer-Out-Bytes".to_owned()), None);
        row.region = Some(if number % 3 == 0 { "eu-central-1" } else { "us-east-1" }.to_owned());
    }
    let mut world = World::new(rows, "2026-09-12T12:00:00Z");
    world.usage.is_of_aws.store(true, std::sync::atomic::Ordering::SeqCst);
    world.variables.push((
        "EGRESS_MONITOR_SETTINGS",
        "skus: { known: [ \
        { part_number: '*DataTransfer-Out-Bytes', geography: north_america_europe } ] }",
    ));
    let reply = world.run().await;
    assert_eq!((reply.report.used_gb, reply.partial), (Some(3_300.0), false), "{:?}", reply.warnings);
    let all = reply.report.contributors.unwrap();
    let of = |by: Dimension| all.iter().find(|one| one.by == by).unwrap();
    let compartments = of(Dimension::Compartment);
    assert_eq!((&compartments.top, compartments.attributed_percent, compartments.error_gb), (&None, None, None));
    assert!(compartments.reason.as_ref().unwrap().contains("no compartments"), "{compartments:?}");
    let regions: Vec<_> = of(Dimension::Region).top.iter().flatten().map(|one| (one.id.as_str(), one.gb)).collect();
    assert_eq!(regions, [("us-east-1", 2_400.0), ("eu-central-1", 900.0)]);
    assert_eq!(of(Dimension::Service).top.as_ref().unwrap().len(), 1);
}

#[tokio::test]
async fn rows_that_do_not_say_a_region_are_no_list_of_nobody() {
    let mut rows = days("2026-08-01", &[300.0; 42]);
    rows.iter_mut().for_each(|row| row.region = None);
    let reply = World::new(rows, "2026-09-12T12:00:00Z").run().await;
    let all = reply.report.contributors.unwrap();
    let region = all.iter().find(|one| one.by == Dimension::Region).unwrap();
    assert!(region.top.is_none() && region.reason.is_some(), "{region:?}");
    assert!(!reply.partial);
}

#[tokio::test]
async fn figures_are_published_and_the_unknown_is_none() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    world.run().await;
    let names = |figures: &[Measurement]| figures.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let figures = std::mem::take(&mut *world.metrics.figures.lock().unwrap());
    let known = names(&figures);
    assert!(known.contains(&"EgressUsed".to_owned()) && known.contains(&"EgressForecastP80".to_owned()), "{known:?}");
    assert!(!known.contains(&"EgressNowcast".to_owned()));
    let used = figures.iter().find(|one| one.name == "EgressUsed").unwrap();
    assert_eq!((used.points[0].at, used.points[0].value), (at("2026-09-12T12:00:00Z"), 3_300.0));
    assert!(figures.iter().all(|one| one.namespace == "causeway" && one.dimensions["scope"] == "tenancy"));
    world.usage.rows.lock().unwrap().clear();
    world.run().await;
    let known = names(&world.metrics.figures.lock().unwrap());
    assert!(!known.contains(&"EgressUsed".to_owned()) && !known.contains(&"EgressUsedPercent".to_owned()), "{known:?}");
}

#[tokio::test]
async fn a_jump_of_the_interfaces_is_told_before_the_bill_knows() {
    let world = World::new(days("2026-08-01", &[240.0; 42]), "2026-09-12T12:00:00Z");
    *world.metrics.bytes.lock().unwrap() = Some(10e9);
    let calm = world.run().await;
    assert!(calm.report.nowcast.as_ref().is_some_and(|nowcast| (nowcast.gb - 120.0).abs() < 1e-6), "{:?}", calm.report);
    assert!(calm.report.alerts.iter().all(|alert| alert.metric != Metric::Spike));
    world.metrics.count.store(1, std::sync::atomic::Ordering::SeqCst);
    *world.metrics.jump.lock().unwrap() = Some((at("2026-09-12T12:00:00Z"), 200e9));
    world.turn_to("2026-09-12T18:10:00Z");
    let spike = world.run().await;
    let told = spike.report.alerts.iter().find(|alert| alert.metric == Metric::Spike);
    assert!(told.is_some(), "{:?}", spike.report.alerts);
    assert!(world.messages().iter().any(|message| message.title.contains("far above the usual")));
}

#[tokio::test]
async fn money_that_was_not_asked_for_is_not_known() {
    let mut rows = days("2026-08-01", &[300.0; 42]);
    for row in &mut rows {
        (row.amount, row.currency) = (Some(0.0), Some("USD".to_owned()));
    }
    let mut world = World::new(rows, "2026-09-12T12:00:00Z");
    assert_eq!(world.run().await.report.billed_amount, None);
    world.variables.push(("EGRESS_MONITOR_WITH_COST", "true"));
    let billed = world.run().await.report.billed_amount.unwrap();
    assert_eq!((billed.amount.as_str(), billed.currency.as_str()), ("0", "USD"));
}

#[tokio::test]
async fn a_schedule_asks_for_a_run_of_now() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    let request = causeway_runtime::Handler::request_of_tick(&world.monitor()).unwrap();
    assert_eq!(request, Request::default());
}

/// A page of rows after the other that nobody has in memory at once.
struct Flood(u64);

impl causeway_cloud::Usage for Flood {
    fn rows(
        &self,
        query: &UsageQuery,
        _: Deadline,
    ) -> futures_util::stream::BoxStream<'static, Result<UsageRow, ServiceFailure>> {
        let is_first = query.group_by.contains(&causeway_cloud::usage::Dimension::SkuName);
        let first: jiff::civil::Date = "2026-09-01".parse().unwrap();
        let rows = (0..if is_first { self.0 } else { 0 }).map(move |number| {
            let day = plus_days(first, i64::try_from(number % 11).unwrap());
            Ok(UsageRow { service: Some(format!("service {number}")), ..row(day, "B88327", 0.001) })
        });
        futures_util::stream::iter(rows).boxed()
    }
}

#[test]
fn memory_does_not_grow_with_the_rows_of_the_port() {
    let settings = Settings::default();
    let now = at("2026-09-12T12:00:00Z");
    let most = |rows: u64| {
        let port = Flood(rows);
        let period = Period::of(now, 1).unwrap();
        let (to, deadline) = (at("2026-09-13T00:00:00Z"), Deadline::NONE);
        let (port, settings) = (&port, &settings);
        let reader = Reader { port, settings, period, now, to, with_cost: false, deadline };
        let mut total = None;
        let info = allocation_counter::measure(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            total = runtime.block_on(reader.read()).usage.ok().map(|usage| usage.billed);
        });
        assert_eq!(total, Some(i128::from(rows) * 1_000_000));
        info.bytes_max
    };
    let bytes = most(600_000);
    assert!(bytes < 64 << 20, "{bytes}");
    assert!(bytes <= most(520_000) + (4 << 20), "{bytes}");
}

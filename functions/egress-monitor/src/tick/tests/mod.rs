//! Whole runs over scripted services and a directory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod alerts;
mod beside;
mod budget;
mod deadlines;
mod failures;
mod lost;
mod reading;
mod replay;
mod state;
mod world;

use super::*;
use crate::reply::Outcome;
use crate::report::Status;
use crate::settings::Settings;
use world::{Fate, World, at, days};

#[tokio::test]
async fn e_05_the_same_run_twice_tells_once() {
    let world = World::new(days("2026-09-11", &[8_400.0]), "2026-09-12T12:00:00Z");
    let (first, second) = (world.run().await, world.run().await);
    assert_eq!(first.published.len(), 1, "{:?}", first.published);
    assert_eq!(first.published[0].outcome, Outcome::Sent);
    assert_eq!(first.published[0].key, "2026-09/tenancy/month_to_date/80/raised/1");
    assert!(second.published.is_empty() && second.report.alerts.is_empty());
    assert_eq!(world.messages().len(), 1);
    assert!(world.messages()[0].body.contains("key: 2026-09/tenancy/month_to_date/80/raised/1"));
    assert!(!first.partial, "{:?} {:?}", first.warnings, first.deferred);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn e_05_of_24_runs_at_once_one_tells() {
    let world = World::new(days("2026-09-11", &[8_400.0]), "2026-09-12T12:00:00Z");
    let runs: Vec<_> = (0..24)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { world.run().await })
        })
        .collect();
    let mut sent = 0;
    for run in runs {
        let reply = run.await.unwrap();
        assert_eq!(reply.report.used_gb, Some(8_400.0));
        sent += reply.published.iter().filter(|published| published.outcome == Outcome::Sent).count();
    }
    assert_eq!((sent, world.messages().len()), (1, 1));
    assert_eq!(world.history().len(), 24, "every run leaves its report");
}

#[tokio::test]
async fn a_run_leaves_its_report_and_what_it_left_can_be_printed() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    let reply = world.run().await;
    let name = reply.history.clone().unwrap();
    assert!(name.starts_with("egress-monitor/history/2026/09/12/20260912T120000Z-"), "{name}");
    let text = world.read(&name);
    let kept: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_value(&kept).unwrap(), serde_json::to_value(&reply.report).unwrap());
    assert!(render::table(&kept, None).contains("3,300 GB"));
    let schema = schemars::schema_for!(Reply).to_value();
    assert!(schema["properties"]["published"].is_object() && schema["properties"]["used_gb"].is_object());
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_tells_nobody() {
    let world = World::new(days("2026-09-11", &[8_400.0]), "2026-09-12T12:00:00Z");
    let dry = world.ask(&Request { dry_run: true, html: true, ..Request::default() }).await.unwrap();
    assert!(dry.dry_run && dry.report.alerts.len() == 1 && dry.published.is_empty() && dry.history.is_none());
    assert!(dry.html.unwrap().starts_with("<!DOCTYPE html>"));
    let past = Request { as_of: Some(at("2026-09-10T12:00:00Z")), ..Request::default() };
    let past = world.ask(&past).await.unwrap();
    assert_eq!((past.dry_run, past.report.used_gb), (true, None), "no rows of that time");
    assert_eq!((world.disk.puts(), world.messages().len(), world.metrics.published()), (0, 0, 0));
    let ahead = Request { as_of: Some(at("2026-09-13T12:00:00Z")), ..Request::default() };
    assert_eq!(world.ask(&ahead).await.unwrap_err().http_status(), 400);
}

#[tokio::test]
async fn a_moment_of_the_past_knows_nothing_of_its_own_day() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    let said = async |moment: &str| {
        let request = Request { as_of: Some(at(moment)), ..Request::default() };
        world.ask(&request).await.unwrap()
    };
    for moment in ["2026-09-11T00:00:00Z", "2026-09-11T07:00:00Z", "2026-09-11T23:59:59Z"] {
        let report = said(moment).await.report;
        assert_eq!(report.used_gb, Some(3_000.0), "{moment}: the row of September 11 has what came after it");
    }
    let first = said("2026-09-01T12:00:00Z").await;
    assert_eq!((first.report.status, first.partial, first.report.used_gb), (Status::UnknownYet, false, None));
    assert!(first.warnings.is_empty() && first.report.forecast.is_some(), "{:?}", first.warnings);
}

#[tokio::test]
async fn what_is_not_known_is_partial() {
    let rows = days("2026-08-01", &[300.0; 42]);
    let world = World::new(rows.clone(), "2026-09-12T12:00:00Z");
    let whole = world.run().await;
    assert_eq!((whole.report.status, whole.partial), (Status::Ok, false));
    world.turn_to("2026-09-15T12:00:00Z");
    let foreign = (1..=14).map(|day| {
        let mut row = world::row(jiff::civil::date(2026, 9, day), "B93297", 24.0);
        row.sku_name = Some("Standard - E4 - OCPU".to_owned());
        row
    });
    world.usage.rows.lock().unwrap().extend(foreign.clone());
    let stopped = world.run().await;
    assert_eq!((stopped.report.status, stopped.partial), (Status::Partial, true));
    *world.usage.rows.lock().unwrap() = foreign.collect();
    let gone = world.run().await;
    assert_eq!((gone.report.status, gone.partial), (Status::Error, true));
    world.usage.rows.lock().unwrap().clear();
    let none = world.run().await;
    assert_eq!((none.report.status, none.partial, none.deferred.len()), (Status::Error, true, 0));
}

#[test]
fn sample_events_are_requests() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        serde_json::from_str::<Request>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        count += 1;
    }
    assert!(count >= 3);
}

//! Outbound rows that stop while rows of other things go on.

#![allow(clippy::unwrap_used, reason = "tests")]

use causeway_cloud::usage::UsageRow;
use jiff::SignedDuration;

use super::arrivals::others;
use super::*;
use crate::alerts::Kind;
use crate::period::midnight;

/// Runs every twelve hours that see what is known then; what was published, with the last report.
fn watched(rows: &[UsageRow], from: &str, runs: i64) -> (Vec<Alert>, Report) {
    let (mut state, mut all, mut last) = (State::default(), Vec::new(), None);
    for number in 0..runs {
        let now = at(from) + SignedDuration::from_hours(12 * number);
        let seen: Vec<UsageRow> = rows.iter().filter(|row| row.to <= now).cloned().collect();
        let outcome = run(&seen, &now.to_string(), &state, &Settings::default());
        state = outcome.state;
        outcome.publish.iter().for_each(|alert| state.alerts.sent(&alert.key));
        all.extend(outcome.publish);
        last = Some(outcome.report);
    }
    (all, last.unwrap())
}

fn raised(all: &[Alert], metric: Metric) -> usize {
    all.iter().filter(|alert| alert.metric == metric && alert.kind == Kind::Raised).count()
}

/// Outbound rows of every day up to September 9, and rows of other things up to the 24th.
fn stopped() -> Vec<UsageRow> {
    [days("2026-08-11", &[330.0; 30]), others("2026-08-11", 45)].concat()
}

#[test]
fn outbound_rows_that_stop_are_told_and_resolve_nothing() {
    let (all, report) = watched(&stopped(), "2026-09-09T12:00:00Z", 11);
    assert!(all.iter().all(|alert| alert.kind != Kind::Resolved), "{all:?}");
    assert_eq!((raised(&all, Metric::Data), raised(&all, Metric::ForecastP50)), (1, 1), "{all:?}");
    assert_eq!(report.as_of, at("2026-09-14T12:00:00Z"));
    assert_eq!(report.billed.as_ref().unwrap().as_of, at("2026-09-10T00:00:00Z"));
    assert_eq!((report.status, report.confidence, report.lag_hours), (Status::Partial, Confidence::Low, Some(108.0)));
    assert!(codes(&report).contains(&"outbound_stopped") && !report.is_whole(), "{:?}", report.reasons);
    assert_eq!((report.cost, report.used_gb), (None, Some(9.0 * 330.0)));
    assert!((report.forecast.unwrap().p50_gb - 9_900.0).abs() < 1.0);
}

#[test]
fn silence_that_lasts_resolves_nothing_either() {
    let (all, report) = watched(&stopped(), "2026-09-09T12:00:00Z", 30);
    assert!(all.iter().all(|alert| alert.kind != Kind::Resolved), "{all:?}");
    assert!(raised(&all, Metric::Data) == 1 && report.lag_hours.is_some_and(|lag| lag > 160.0), "{all:?}");
    assert_eq!(report.status, Status::Partial);
}

#[test]
fn rows_that_come_after_all_end_it() {
    let rows = [stopped(), days("2026-09-10", &[330.0; 15])].concat();
    let late: Vec<UsageRow> = rows.iter().filter(|row| row.to <= at("2026-09-14T12:00:00Z")).cloned().collect();
    let report = fresh(&late, "2026-09-14T12:00:00Z").report;
    assert_eq!((report.status, report.lag_hours, report.is_whole()), (Status::Ok, Some(12.0), true));
}

#[test]
fn what_was_measured_meanwhile_is_the_nowcast_of_the_whole_gap() {
    let first = midnight("2026-08-20".parse().unwrap());
    let hours = Hours::new((0..26 * 24).map(|hour| (first + SignedDuration::from_hours(hour), 27.5e9)));
    let rows: Vec<UsageRow> = stopped().into_iter().filter(|row| row.to <= at("2026-09-14T00:00:00Z")).collect();
    let report = run_with(&rows, "2026-09-14T12:00:00Z", &State::default(), &Settings::default(), &hours).report;
    let nowcast = report.nowcast.unwrap();
    assert_eq!((nowcast.hours, nowcast.measured_hours), (4 * 24 + 12, 4 * 24 + 12));
    assert!((nowcast.gb - 4.5 * 330.0).abs() < 1.0, "{nowcast:?}");
}

/// Weeks whose days of silence are usual.
fn with_rhythm(has_traffic: impl Fn(i8) -> bool, first: &str, count: usize) -> Vec<UsageRow> {
    let mut rows = days(first, &vec![500.0; count]);
    rows.retain(|row| has_traffic(crate::period::day_of(row.from).weekday().to_monday_zero_offset()));
    [rows, others(first, count)].concat()
}

#[test]
fn e_17_silence_that_is_usual_is_traffic_of_nothing() {
    // June 5, 2026 is a Friday.
    let rows = with_rhythm(|weekday| weekday >= 5, "2026-05-04", 32);
    let (all, report) = watched(&rows, "2026-05-20T12:00:00Z", 33);
    assert_eq!((raised(&all, Metric::Data), report.lag_hours), (0, Some(36.0)), "{all:?}");
    assert!((report.forecast.unwrap().p50_gb - 8.0 * 500.0).abs() < 600.0);
    // Work days alone: a Sunday is not missed.
    let report = fresh(&with_rhythm(|weekday| weekday < 5, "2026-05-04", 48), "2026-06-22T00:00:00Z").report;
    assert_eq!((report.status, report.lag_hours), (Status::Ok, Some(24.0)), "{:?}", report.reasons);
}

#[test]
fn a_month_that_begins_in_silence_is_told_as_well() {
    let rows = [days("2026-08-01", &[330.0; 31]), others("2026-08-01", 61)].concat();
    let (all, report) = watched(&rows, "2026-09-01T12:00:00Z", 7);
    assert_eq!((raised(&all, Metric::Data), report.as_of), (1, at("2026-09-04T12:00:00Z")), "{all:?}");
    assert_eq!((report.status, report.is_whole()), (Status::UnknownYet, false));
    let (all, report) = watched(&rows, "2026-09-01T12:00:00Z", 57);
    assert!(all.iter().all(|alert| alert.kind != Kind::Resolved), "{all:?}");
    assert!(codes(&report).contains(&"outbound_late") && report.used_gb.is_none(), "{:?}", report.reasons);
}

#[test]
fn a_month_without_its_usual_weekends_is_told_after_a_week() {
    let mut rows = with_rhythm(|weekday| weekday >= 5, "2026-05-04", 28);
    rows.extend(others("2026-06-01", 20));
    let (all, _) = watched(&rows, "2026-06-01T12:00:00Z", 15);
    assert_eq!(raised(&all, Metric::Data), 0, "{all:?}");
    let (all, report) = watched(&rows, "2026-06-01T12:00:00Z", 38);
    assert_eq!((raised(&all, Metric::Data), report.status), (1, Status::UnknownYet), "{all:?}");
    assert!(all.iter().all(|alert| alert.kind != Kind::Resolved));
}

#[test]
fn a_tenancy_without_any_outbound_row_is_unknown() {
    let report = fresh(&others("2026-08-01", 42), "2026-09-12T12:00:00Z").report;
    assert_eq!((report.status, report.confidence), (Status::UnknownYet, Confidence::None));
    claims_nothing(&report);
    assert!(codes(&report).contains(&"no_outbound_rows") && !report.is_whole(), "{:?}", report.reasons);
    assert_eq!((report.forecast, report.eta_100), (None, None), "a forecast of nothing is one too");
}

#[test]
fn a_young_month_is_whole_until_something_is_due() {
    let whole = |rows: &[UsageRow], now: &str| {
        let report = fresh(rows, now).report;
        assert_eq!(report.status, Status::UnknownYet, "{now}");
        report.is_whole()
    };
    let before = days("2026-08-01", &[330.0; 31]);
    let with_others = [before.clone(), others("2026-09-01", 2)].concat();
    assert!(whole(&before, "2026-09-01T12:00:00Z") && whole(&with_others, "2026-09-02T12:00:00Z"));
    assert!(!whole(&with_others, "2026-09-03T00:00:00Z"));
    let failed = fresh(&[], "2026-09-10T12:00:00Z").report;
    assert!(failed.status == Status::Error && !failed.is_whole());
}

//! Allowances of each SKU, and estimates that are known to be wrong.

#![allow(clippy::unwrap_used, reason = "tests")]

use causeway_cloud::usage::UsageRow;
use jiff::SignedDuration;

use super::*;
use crate::period::midnight;
use crate::tariff::AllowanceScope;

fn by_sku() -> Settings {
    let mut settings = Settings::default();
    settings.tariff.allowance_scope = AllowanceScope::Sku;
    settings
}

fn of_asia(rows: Vec<UsageRow>) -> Vec<UsageRow> {
    rows.into_iter().map(|row| UsageRow { sku: Some("B93455".to_owned()), ..row }).collect()
}

#[test]
fn skus_of_last_month_are_forecast_before_their_first_row() {
    let rows = [days("2026-08-01", &[300.0; 31]), of_asia(days("2026-08-01", &[100.0; 31]))].concat();
    let outcome = run(&rows, "2026-09-01T12:00:00Z", &State::default(), &by_sku());
    let known: Vec<_> =
        outcome.report.scopes.iter().map(|one| (one.scope.as_str(), one.used_gb, one.over_gb)).collect();
    assert_eq!(known, [("B88327", None, None), ("B93455", None, None)], "no total is known, of no SKU");
    let forecast = |report: &Report, sku: &str| {
        let scope = report.scopes.iter().find(|one| one.scope == sku).unwrap();
        scope.forecast.as_ref().unwrap().p50_gb
    };
    assert!((forecast(&outcome.report, "B88327") - 9_000.0).abs() < 1e-6);
    assert!((forecast(&outcome.report, "B93455") - 3_000.0).abs() < 1e-6);
    assert_eq!((outcome.report.scope.as_str(), outcome.report.used_gb), ("B88327", None), "the fullest leads");
    assert!(outcome.publish.iter().any(|alert| alert.metric == Metric::ForecastP50 && alert.scope == "B88327"));
}

#[test]
fn a_sku_without_a_row_this_month_is_forecast_beside_one_with_rows() {
    let weekly: Vec<UsageRow> = of_asia(days("2026-08-01", &[700.0; 31]))
        .into_iter()
        .filter(|row| crate::period::day_of(row.from).weekday().to_monday_zero_offset() == 5)
        .collect();
    let rows = [days("2026-08-01", &[300.0; 33]), weekly].concat();
    // September 3 is a Thursday: the first Saturday is to come.
    let report = run(&rows, "2026-09-03T12:00:00Z", &State::default(), &by_sku()).report;
    let asia = report.scopes.iter().find(|one| one.scope == "B93455").unwrap();
    assert_eq!((report.status, asia.used_gb), (Status::Ok, Some(0.0)), "the total of the month is known");
    assert!(asia.forecast.as_ref().unwrap().p50_gb > 1_500.0, "{asia:?}");
}

#[test]
fn a_month_s_first_estimate_is_shared_as_the_days_before_were() {
    let rows = [days("2026-08-01", &[300.0; 31]), of_asia(days("2026-08-01", &[100.0; 31]))].concat();
    let first = midnight("2026-08-10".parse().unwrap());
    let gb = |hour: i64| if hour < 22 * 24 { 50e9 } else { 1_000e9 };
    let hours = Hours::new((0..22 * 24 + 12).map(|hour| (first + SignedDuration::from_hours(hour), gb(hour))));
    let report = run_with(&rows, "2026-09-01T12:00:00Z", &State::default(), &by_sku(), &hours).report;
    let p50 = |index: usize| report.scopes[index].forecast.as_ref().unwrap().p50_gb;
    assert!((report.nowcast.as_ref().unwrap().gb - 4_000.0).abs() < 1e-6);
    assert!((p50(0) - (3_000.0 + 29.0 * 300.0)).abs() < 1.0 && (p50(1) - (1_000.0 + 29.0 * 100.0)).abs() < 1.0);
}

#[test]
fn days_on_which_nothing_was_billed_teach_no_estimate_of_nothing() {
    let first = midnight("2026-08-20".parse().unwrap());
    let hours = Hours::new((0..23 * 24 + 12).map(|hour| (first + SignedDuration::from_hours(hour), 5e9)));
    let mut rows = days("2026-08-20", &[0.0; 23]);
    let settings = Settings::default();
    let outcome = run_with(&rows, "2026-09-12T12:00:00Z", &State::default(), &settings, &hours);
    assert!(outcome.report.nowcast.is_none() && codes(&outcome.report).contains(&"nowcast_nothing_billed"));
    assert_eq!(outcome.state.ratio, None);
    let old = State { ratio: Some(0.0), ..State::default() };
    assert_eq!(run_with(&rows, "2026-09-12T12:00:00Z", &old, &settings, &hours).state.ratio, None);
    rows = days("2026-08-20", &[1e-6; 23]);
    assert_eq!(run_with(&rows, "2026-09-12T12:00:00Z", &old, &settings, &hours).state.ratio, None, "rounded to 0");
}

#[test]
fn an_estimate_that_interfaces_cannot_reach_is_a_least_one() {
    let first = midnight("2026-08-20".parse().unwrap());
    let hours = Hours::new((0..23 * 24 + 12).map(|hour| (first + SignedDuration::from_hours(hour), 5e9)));
    let reported = |gb: f64| {
        let rows = days("2026-08-20", &[gb; 23]);
        run_with(&rows, "2026-09-12T12:00:00Z", &State::default(), &Settings::default(), &hours).report
    };
    let report = reported(240.0);
    let nowcast = report.nowcast.as_ref().unwrap();
    assert!((nowcast.gb - 60.0).abs() < 1e-6 && (nowcast.ratio - 1.0).abs() < 1e-12, "{nowcast:?}");
    assert!(codes(&report).contains(&"nowcast_at_least"), "{:?}", report.reasons);
    assert_eq!(report.confidence, Confidence::Medium);
    assert!(!codes(&reported(120.0)).contains(&"nowcast_at_least"), "all that was measured was billed");
}

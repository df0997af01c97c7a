#![allow(clippy::unwrap_used, reason = "tests")]

mod arrivals;
mod scopes;
mod silence;

use causeway_cloud::usage::UsageRow;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::alerts::Kind;
use crate::month::{Fold, Reading as Rows};
use crate::period::{midnight, plus_days};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn row(day: jiff::civil::Date, sku: &str, gb: f64) -> UsageRow {
    let from = midnight(day);
    UsageRow {
        from,
        to: from + SignedDuration::from_hours(24),
        service: Some("Networking".to_owned()),
        sku: Some(sku.to_owned()),
        sku_name: None,
        unit: Some("GB".to_owned()),
        quantity: Some(gb),
        amount: Some(0.0),
        currency: Some("USD".to_owned()),
        region: Some("us-ashburn-1".to_owned()),
        compartment: Some("ocid1.compartment.oc1..a".to_owned()),
        compartment_name: Some("shop".to_owned()),
        resource: None,
        is_estimated: None,
    }
}

/// GB of days from `first` on.
pub(super) fn days(first: &str, gb: &[f64]) -> Vec<UsageRow> {
    let first = first.parse().unwrap();
    gb.iter().enumerate().map(|(offset, gb)| row(plus_days(first, offset as i64), "B88327", *gb)).collect()
}

pub(super) fn run(rows: &[UsageRow], now: &str, previous: &State, settings: &Settings) -> Assessed {
    run_with(rows, now, previous, settings, &Hours::default())
}

pub(super) fn run_with(rows: &[UsageRow], now: &str, previous: &State, settings: &Settings, hours: &Hours) -> Assessed {
    let now = at(now);
    let period = Period::of(now, settings.invoice_start_day).unwrap();
    let (settle, max_lag) = (settings.settle(), settings.max_lag());
    let reading = Rows { period, now, skus: &settings.skus, gb: settings.gb_meaning, settle, max_lag };
    let mut fold = Fold::new(reading);
    let pushed = rows.iter().try_for_each(|row| fold.push(row));
    let usage = fold.finish();
    let usage = pushed.map(|()| &usage).map_err(UsageFailure::from);
    assess(&Inputs { period, usage, hours, gaps: &Gaps::default() }, previous, now, settings)
}

pub(super) fn fresh(rows: &[UsageRow], now: &str) -> Assessed {
    run(rows, now, &State::default(), &Settings::default())
}

pub(super) fn codes(report: &Report) -> Vec<&str> {
    report.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

#[test]
fn e_02_e_03_the_report_has_the_exact_cost() {
    for (gb, percent, cost) in [(10_240.0, 100.0, "0"), (10_241.0, 100.0, "0.0085"), (12_240.0, 119.5, "17")] {
        let report = fresh(&days("2026-09-11", &[gb]), "2026-09-12T12:00:00Z").report;
        assert!((report.percent.unwrap() - percent).abs() < 0.05);
        assert_eq!(report.cost.unwrap(), Cost { amount: cost.to_owned(), currency: "USD".to_owned() });
        assert_eq!(report.alerts[0].level_percent, Some(100));
    }
}

#[test]
fn e_09_local_time_does_not_choose_the_month() {
    let rows = days("2026-02-20", &[5.0; 7]);
    assert_eq!(fresh(&rows, "2026-03-01T01:30:00+02:00").report.month, "2026-02");
}

#[test]
fn e_11_a_unit_that_is_not_known_stops_the_run() {
    let mut rows = days("2026-09-01", &[5.0; 11]);
    rows[3].unit = Some("GB/s".to_owned());
    let outcome = fresh(&rows, "2026-09-12T12:00:00Z");
    assert_eq!((outcome.report.status, codes(&outcome.report)), (Status::Error, vec!["unit"]));
    claims_nothing(&outcome.report);
}

/// Nothing says that nothing was used, paid, or is left.
pub(super) fn claims_nothing(report: &Report) {
    let json = serde_json::to_value(report).unwrap();
    for member in ["used_gb", "percent", "cost", "billed", "billed_amount", "nowcast"] {
        assert_eq!(json[member], Value::Null, "{member}");
    }
    assert!(!report.reasons.is_empty());
}

#[test]
fn e_12_no_rows_on_day_ten_keep_the_state_and_say_nothing_of_use() {
    let settings = Settings::default();
    let before = run(&days("2026-08-01", &[400.0; 38]), "2026-09-08T12:00:00Z", &State::default(), &settings);
    let mut state = before.state;
    before.publish.iter().for_each(|alert| state.alerts.sent(&alert.key));
    let empty = run(&[], "2026-09-10T12:00:00Z", &state, &settings);
    assert_eq!((empty.report.status, codes(&empty.report)), (Status::Error, vec!["no_data"]));
    claims_nothing(&empty.report);
    assert_eq!(empty.report.confidence, Confidence::None);
    assert_eq!(empty.state.last, state.last);
    assert_eq!(empty.publish.len(), 1, "48 hours without numbers");
    assert_eq!((empty.publish[0].metric, empty.publish[0].kind), (Metric::Data, Kind::Raised));
    let sooner = run(&[], "2026-09-09T12:00:00Z", &state, &settings);
    assert!(sooner.publish.is_empty());
    assert!(sooner.state.alerts.standing().eq(state.alerts.standing()));
}

#[test]
fn the_first_day_of_a_month_is_unknown_yet_and_forecast_all_the_same() {
    let report = fresh(&days("2026-08-01", &[100.0; 31]), "2026-09-01T12:00:00Z").report;
    assert_eq!((report.status, report.confidence), (Status::UnknownYet, Confidence::Low));
    claims_nothing(&report);
    let forecast = report.forecast.unwrap();
    assert!((forecast.p50_gb - 3_000.0).abs() < 1e-6);
    assert!(codes_of(&report.reasons).contains(&"unknown_yet"));
}

fn codes_of(reasons: &[Reason]) -> Vec<&str> {
    reasons.iter().map(|reason| reason.code.as_str()).collect()
}

#[test]
fn e_14_the_scope_of_the_allowance_decides_the_percentage() {
    let day = "2026-09-11".parse().unwrap();
    let rows = [row(day, "B88327", 6_000.0), row(day, "B93455", 6_000.0)];
    let check = |allowance_scope, expected: &[f64], cost: &str| {
        let mut settings = Settings::default();
        settings.tariff.allowance_scope = allowance_scope;
        let report = run(&rows, "2026-09-12T12:00:00Z", &State::default(), &settings).report;
        let percents: Vec<f64> = report.scopes.iter().map(|scope| scope.percent.unwrap()).collect();
        assert!(percents.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.05), "{percents:?}");
        assert_eq!((percents.len(), report.cost.unwrap().amount.as_str()), (expected.len(), cost));
    };
    check(crate::tariff::AllowanceScope::Tenancy, &[117.2], "29.48");
    check(crate::tariff::AllowanceScope::Sku, &[58.6, 58.6], "0");
}

#[test]
fn e_15_a_steady_month_warns_by_its_forecast() {
    let outcome = fresh(&days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    let report = outcome.report;
    assert!((report.used_gb.unwrap() - 3_300.0).abs() < 1e-9 && (report.percent.unwrap() - 32.2).abs() < 0.1);
    assert!((report.forecast.as_ref().unwrap().p50_percent - 87.9).abs() < 0.1);
    assert_eq!(report.eta_100, Some(crate::forecast::Eta::NotThisPeriod));
    let told: Vec<(Metric, Option<u16>)> =
        outcome.publish.iter().map(|alert| (alert.metric, alert.level_percent)).collect();
    assert_eq!(told, [(Metric::ForecastP50, Some(80)), (Metric::ForecastP80, Some(80))]);
    assert_eq!(report.lag_hours, Some(12.0));
    assert_eq!(report.days.iter().filter(|day| day.known_gb.is_some()).count(), 11);
}

#[test]
fn e_18_two_days_are_no_forecast() {
    let report = fresh(&days("2026-09-01", &[5.0, 6.0]), "2026-09-03T12:00:00Z").report;
    assert_eq!((report.status, report.forecast.is_none(), report.eta_100), (Status::Ok, true, None));
    assert!(codes(&report).contains(&"forecast_insufficient"), "{:?}", report.reasons);
    assert_eq!(report.used_gb, Some(11.0));
}

#[test]
fn e_21_another_limit_resolves_what_it_does_not_reach() {
    let rows = days("2026-09-01", &[800.0; 11]);
    let mut settings = Settings::default();
    let first = run(&rows, "2026-09-12T12:00:00Z", &State::default(), &settings);
    let mut state = first.state;
    first.publish.iter().for_each(|alert| state.alerts.sent(&alert.key));
    settings.tariff.allowance_gb = 20_480.into();
    let second = run(&rows, "2026-09-12T13:00:00Z", &state, &settings);
    let month = second.publish.iter().find(|alert| alert.metric == Metric::MonthToDate).unwrap();
    assert_eq!((month.kind, month.level_percent), (Kind::Resolved, Some(80)));
}

#[test]
fn e_23_rows_of_the_future_are_named() {
    let mut rows = days("2026-09-01", &[5.0; 11]);
    let from = at("2026-09-12T16:00:00Z");
    rows.push(UsageRow { from, to: from + SignedDuration::from_hours(1), ..rows[0].clone() });
    let report = fresh(&rows, "2026-09-12T12:00:00Z").report;
    assert!(codes(&report).contains(&"future_rows") && report.used_gb == Some(55.0));
}

#[test]
fn a_month_that_falls_is_reported() {
    let settings = Settings::default();
    let now = "2026-09-12T12:00:00Z";
    let first = run(&days("2026-09-01", &[100.0; 11]), now, &State::default(), &settings);
    let codes_after = |gb: f64| {
        let rows = days("2026-09-01", &[gb; 11]);
        let report = run(&rows, now, &first.state, &settings).report;
        codes(&report).contains(&"dropped")
    };
    assert!(!codes_after(95.0) && codes_after(94.9) && !codes_after(101.0));
}

#[test]
fn less_than_nothing_is_an_error() {
    let report = fresh(&days("2026-09-01", &[-5.0, 1.0]), "2026-09-03T12:00:00Z").report;
    assert_eq!(report.status, Status::Error);
    claims_nothing(&report);
}

#[test]
fn rows_without_quantity_or_name_are_no_zero() {
    let (mut rows, now) = (days("2026-09-11", &[5.0]), "2026-09-12T12:00:00Z");
    rows[0].quantity = None;
    let unknown = fresh(&rows, now).report;
    rows[0].quantity = Some(5.0);
    rows[0].sku = None;
    let unnamed = fresh(&rows, now).report;
    for report in [unknown, unnamed] {
        assert_eq!(report.status, Status::Error);
        assert!(codes(&report).contains(&"nothing_countable"), "{:?}", report.reasons);
        claims_nothing(&report);
    }
}

#[test]
fn a_month_with_rows_that_do_not_count_is_known_in_part() {
    let mut rows = days("2026-09-01", &[5.0; 11]);
    rows[4].quantity = None;
    let report = fresh(&rows, "2026-09-12T12:00:00Z").report;
    assert!(codes(&report).contains(&"rows_without_quantity"));
    assert_eq!((report.status, report.used_gb, report.confidence), (Status::Partial, Some(50.0), Confidence::Low));
    assert_eq!((report.cost, report.scopes[0].over_gb), (None, None), "nobody knows that nothing is to be paid");
    let before = UsageRow { quantity: None, ..days("2026-08-20", &[1.0]).remove(0) };
    rows[4] = before;
    assert_eq!(fresh(&rows, "2026-09-12T12:00:00Z").report.status, Status::Ok, "last month's are another matter");
}

#[test]
fn a_spike_is_found_while_usage_cannot_be_read() {
    let first = midnight("2026-08-20".parse().unwrap());
    let last = 24 * 24;
    let gb = |hour: i64| if hour < last { 10e9 } else { 200e9 };
    let hours = Hours::new((0..last + 12).map(|hour| (first + SignedDuration::from_hours(hour), gb(hour))));
    let settings = Settings::default();
    let rows = days("2026-08-20", &[120.0; 23]);
    let before = run_with(&rows, "2026-09-12T00:00:00Z", &State::default(), &settings, &hours);
    assert!(before.publish.iter().all(|alert| alert.metric != Metric::Spike));
    let now = at("2026-09-13T11:00:00Z");
    let period = Period::of(now, 1).unwrap();
    let usage = Err(UsageFailure::Service("503".to_owned()));
    let outcome =
        assess(&Inputs { period, usage, hours: &hours, gaps: &Gaps::default() }, &before.state, now, &settings);
    assert!(outcome.publish.iter().any(|alert| alert.metric == Metric::Spike), "{:?}", outcome.publish);
    assert_eq!(codes(&outcome.report), ["service"]);
    claims_nothing(&outcome.report);
}

#[test]
fn the_nowcast_fills_the_lag_and_counts_nothing_twice() {
    let first = midnight("2026-08-20".parse().unwrap());
    let hours = Hours::new((0..24 * 24).map(|hour| (first + SignedDuration::from_hours(hour), 25e9)));
    let mut rows = days("2026-08-20", &[300.0; 23]);
    let settings = Settings::default();
    let nowcast = |rows: &[UsageRow]| {
        let report = run_with(rows, "2026-09-12T12:00:00Z", &State::default(), &settings, &hours).report;
        let nowcast = report.nowcast.unwrap();
        assert!((nowcast.ratio - 0.5).abs() < 1e-9 && nowcast.hours == 12);
        assert_eq!(report.billed.unwrap().as_of, at("2026-09-12T00:00:00Z"));
        assert_eq!(nowcast.as_of, at("2026-09-12T12:00:00Z"));
        nowcast.gb
    };
    assert!((nowcast(&rows) - 150.0).abs() < 1e-6);
    rows.extend(days("2026-09-12", &[40.0]));
    assert!((nowcast(&rows) - 110.0).abs() < 1e-6, "40 GB of today are billed already");
}

#[test]
fn prices_in_another_currency_are_no_cost() {
    let mut rows = days("2026-09-11", &[12_240.0]);
    rows[0].currency = Some("EUR".to_owned());
    let report = fresh(&rows, "2026-09-12T12:00:00Z").report;
    assert!(report.cost.is_none() && codes(&report).contains(&"currency"));
    rows[0].quantity = Some(5.0);
    let cost = fresh(&rows, "2026-09-12T12:00:00Z").report.cost.unwrap();
    assert_eq!((cost.amount.as_str(), cost.currency.as_str()), ("0", "EUR"));
}

#[test]
fn the_same_inputs_give_the_same_bytes_in_any_order() {
    let mut rows = days("2026-08-01", &[300.0; 42]);
    rows.extend(days("2026-08-05", &[-20.0, 7.5]));
    let bytes = |rows: &[UsageRow]| {
        let outcome = fresh(rows, "2026-09-12T12:00:00Z");
        serde_json::to_string(&(outcome.report, outcome.state)).unwrap()
    };
    let once = bytes(&rows);
    rows.reverse();
    assert_eq!(once, bytes(&rows));
    rows.rotate_left(17);
    assert_eq!(once, bytes(&rows));
}

#[test]
fn the_report_comes_back_as_it_was_and_has_a_schema() {
    let outcome = fresh(&days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z");
    let text = serde_json::to_string(&outcome.state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), outcome.state);
    let text = serde_json::to_string(&outcome.report).unwrap();
    let again: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
    let schema = schemars::schema_for!(Report).to_value();
    assert!(schema["properties"]["eta_100"].is_object());
}

/// Mostly rows as they should be: one bad one ends a run.
fn any_row() -> impl Strategy<Value = UsageRow> {
    let from = 1_783_000_000_i64..1_789_400_000;
    let length = prop_oneof![40 => 1_i64..=86_400, 1 => -1_i64..100_000];
    let quantity = prop_oneof![40 => -10.0_f64..1_000.0, 1 => proptest::num::f64::ANY];
    let unit =
        prop_oneof![20 => Just("GB"), 20 => Just("MiB"), 20 => Just("GB Months"), 1 => Just("GB/s"), 1 => Just("")];
    let sku = prop_oneof![Just("B88327"), Just("B93455"), Just("B1"), Just("")];
    let name = proptest::option::of("\\PC{0,40}");
    (from, length, sku, unit, proptest::option::weighted(0.95, quantity), name).prop_map(
        |(from, length, sku, unit, quantity, name)| UsageRow {
            from: Timestamp::from_second(from).unwrap(),
            to: Timestamp::from_second(from + length).unwrap(),
            unit: Some(unit.to_owned()),
            quantity,
            amount: quantity,
            currency: name.clone(),
            compartment: name.clone(),
            region: name,
            ..row(jiff::civil::date(2026, 9, 1), sku, 1.0)
        },
    )
}

proptest! {
    #[test]
    fn any_rows_give_a_report_that_can_be_read(
        rows in proptest::collection::vec(any_row(), 0..30),
        points in proptest::collection::vec((1_783_000_000_i64..1_789_400_000, proptest::num::f64::ANY), 0..50),
        by_sku: bool,
    ) {
        let mut settings = Settings::default();
        if by_sku {
            settings.tariff.allowance_scope = crate::tariff::AllowanceScope::Sku;
        }
        let hours = Hours::new(points.into_iter().map(|(at, bytes)| (Timestamp::from_second(at).unwrap(), bytes)));
        let outcome = run_with(&rows, "2026-09-12T12:00:00Z", &State::default(), &settings, &hours);
        let text = serde_json::to_string(&outcome.report).unwrap();
        let again: Report = serde_json::from_str(&text).unwrap();
        prop_assert!(crate::render::page(&again, None).is_ok());
        prop_assert!(again.status.has_total() || (again.used_gb.is_none() && again.percent.is_none()));
        prop_assert!(again.status != Status::Error || !again.reasons.is_empty());
    }
}

//! Rows that are late, gone, or of other things, and what is measured meanwhile.

#![allow(clippy::unwrap_used, reason = "tests")]

use causeway_cloud::usage::UsageRow;
use jiff::SignedDuration;

use super::*;
use crate::alerts::Kind;
use crate::period::midnight;

pub(super) fn others(first: &str, count: usize) -> Vec<UsageRow> {
    days(first, &vec![5.0; count]).into_iter().map(|row| UsageRow { sku: Some("B93297".to_owned()), ..row }).collect()
}

#[test]
fn rows_of_other_things_are_no_proof_of_nothing() {
    let settings = Settings::default();
    let before = run(&days("2026-08-01", &[300.0; 40]), "2026-09-10T12:00:00Z", &State::default(), &settings);
    let mut state = before.state;
    before.publish.iter().for_each(|alert| state.alerts.sent(&alert.key));
    let mut rows = days("2026-08-01", &[300.0; 31]);
    rows.extend(others("2026-09-01", 10));
    let gone = run(&rows, "2026-09-11T12:00:00Z", &state, &settings);
    assert_eq!((gone.report.status, codes(&gone.report)[0]), (Status::Error, "outbound_missing"));
    claims_nothing(&gone.report);
    let told: Vec<_> = gone.publish.iter().map(|alert| (alert.metric, alert.kind)).collect();
    assert_eq!(told, [(Metric::Data, Kind::Raised)], "nothing is resolved, and ten days are old");
    let levels = |state: &State| {
        let standing = state.alerts.standing().filter(|(name, _)| !name.ends_with("/data"));
        standing.map(|(name, level)| (name.to_owned(), level)).collect::<Vec<_>>()
    };
    assert!(levels(&gone.state) == levels(&state) && gone.state.last == state.last);
}

#[test]
fn outbound_rows_that_have_not_arrived_are_unknown_yet() {
    let mut rows = days("2026-08-01", &[300.0; 31]);
    rows.extend(others("2026-09-01", 2));
    let settings = Settings::default();
    let outcome = fresh(&rows, "2026-09-02T12:00:00Z");
    let report = &outcome.report;
    assert_eq!((report.status, report.used_gb, &report.cost), (Status::UnknownYet, None, &None));
    assert!((report.forecast.as_ref().unwrap().p50_gb - 9_000.0).abs() < 1e-6, "August is carried on");
    assert_eq!(outcome.publish.iter().filter(|alert| alert.metric == Metric::ForecastP50).count(), 1);
    // Days without rows make the forecast smaller. That is no proof either.
    let mut state = outcome.state;
    outcome.publish.iter().for_each(|alert| state.alerts.sent(&alert.key));
    rows.extend(others("2026-09-03", 17));
    let later = run(&rows, "2026-09-20T12:00:00Z", &state, &settings);
    assert_eq!((later.report.status, later.report.used_gb), (Status::UnknownYet, None));
    assert!(later.publish.iter().all(|alert| alert.kind != Kind::Resolved), "{:?}", later.publish);
}

#[test]
fn e_16_traffic_that_begins_from_nothing_reaches_forecast_and_people() {
    let mut rows = others("2026-08-01", 37);
    rows.extend(days("2026-09-01", &[800.0; 6]));
    let outcome = fresh(&rows, "2026-09-07T12:00:00Z");
    let forecast = outcome.report.forecast.unwrap();
    assert!((forecast.p50_gb - 24_000.0).abs() < 1.0, "{forecast:?}");
    let is_told = |alert: &Alert| alert.metric == Metric::ForecastP50 && alert.level_percent == Some(120);
    assert!(outcome.publish.iter().any(is_told), "{:?}", outcome.publish);
}

#[test]
fn a_record_that_stands_still_is_told_on_the_run_that_sees_it() {
    let (rows, settings) = (days("2026-09-01", &[5.0; 9]), Settings::default());
    let first = run(&rows, "2026-09-12T11:00:00Z", &State::default(), &settings);
    assert!(first.publish.is_empty() && first.report.lag_hours == Some(59.0));
    let second = run(&rows, "2026-09-12T13:00:00Z", &first.state, &settings);
    assert_eq!((second.publish.len(), second.publish[0].metric), (1, Metric::Data), "{:?}", second.publish);
}

#[test]
fn the_last_days_of_a_month_are_judged_when_they_arrive() {
    let settings = Settings::default();
    let before = run(&days("2026-09-01", &[330.0; 29]), "2026-09-30T12:00:00Z", &State::default(), &settings);
    let mut state = before.state;
    before.publish.iter().for_each(|alert| state.alerts.sent(&alert.key));
    let mut rows = days("2026-09-01", &[330.0; 29]);
    rows.extend(days("2026-09-30", &[700.0, 10.0]));
    let outcome = run(&rows, "2026-10-02T12:00:00Z", &state, &settings);
    let closing = outcome.report.closing.unwrap();
    assert_eq!((closing.month.as_str(), closing.used_gb), ("2026-09", Some(29.0 * 330.0 + 700.0)));
    assert_eq!((outcome.report.month.as_str(), outcome.report.used_gb), ("2026-10", Some(10.0)));
    let keys: Vec<&str> = outcome.publish.iter().map(|alert| alert.key.as_str()).collect();
    assert!(keys.contains(&"2026-09/tenancy/month_to_date/100/raised/1"), "{keys:?}");
    let later = run(&rows, "2026-10-03T00:00:00Z", &outcome.state, &settings);
    assert_eq!(later.report.closing, None);
}

#[test]
fn the_first_hours_of_a_month_are_estimated_and_forecast() {
    let first = midnight("2026-08-20".parse().unwrap());
    let gb = |hour: i64| if hour < 12 * 24 { 25e9 } else { 250e9 };
    let hours = Hours::new((0..12 * 24 + 12).map(|hour| (first + SignedDuration::from_hours(hour), gb(hour))));
    // August 31 is not billed yet; what it had is none of September.
    let rows = days("2026-08-01", &[300.0; 30]);
    let report = run_with(&rows, "2026-09-01T12:00:00Z", &State::default(), &Settings::default(), &hours).report;
    let nowcast = report.nowcast.unwrap();
    assert_eq!((report.status, report.used_gb, nowcast.hours), (Status::UnknownYet, None, 12));
    assert!((nowcast.gb - 1_500.0).abs() < 1e-6, "{nowcast:?}");
    assert!((report.forecast.unwrap().p50_gb - (1_500.0 + 29.0 * 300.0)).abs() < 1e-6);
}

#[test]
fn a_spike_needs_no_ratio() {
    let first = midnight("2026-08-20".parse().unwrap());
    let gb = |hour: i64| if hour < 23 * 24 { 1e9 } else { 200e9 };
    let hours = Hours::new((0..23 * 24 + 12).map(|hour| (first + SignedDuration::from_hours(hour), gb(hour))));
    let spike = |rows: &[UsageRow]| {
        let outcome = run_with(rows, "2026-09-12T12:00:00Z", &State::default(), &Settings::default(), &hours);
        assert!(outcome.publish.iter().any(|alert| alert.metric == Metric::Spike), "{:?}", outcome.publish);
        outcome.report
    };
    // Nothing was ever billed: the ratio is 0; two days are billed: it is not known.
    for rows in [others("2026-08-01", 42), days("2026-09-10", &[1.0; 2])] {
        let report = spike(&rows);
        let found = report.spike.clone().unwrap();
        assert!(found.is_upper_bound && found.is_spike && codes(&report).contains(&"spike_upper_bound"));
        assert!((found.gb - 1_200.0).abs() < 1e-6 && (found.usual_gb - 6.0).abs() < 1e-6, "{found:?}");
    }
    assert!(!spike(&days("2026-08-20", &[12.0; 23])).spike.unwrap().is_upper_bound);
    let few = Hours::new((0..5).map(|hour| (at("2026-09-12T07:00:00Z") + SignedDuration::from_hours(hour), 1e9)));
    let report = run_with(&[], "2026-09-12T12:00:00Z", &State::default(), &Settings::default(), &few).report;
    assert!(report.spike.is_none() && codes(&report).contains(&"spike_unknown"));
}

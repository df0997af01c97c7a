//! Months that begin, end, and move.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const GB: i128 = 1_000_000_000;
const LIMIT: i128 = 10_240 * GB;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn reading(percent: i128) -> Reading {
    Reading { scope: "tenancy".to_owned(), metric: Metric::MonthToDate, bytes: LIMIT * percent / 100, limit: LIMIT }
}

fn observed(period: &str, percent: i128) -> Observed {
    Observed { period: period.to_owned(), readings: vec![reading(percent)], is_good: true, ..Observed::default() }
}

fn closing(period: &str, percent: i128, before: &str, of_before: i128) -> Observed {
    let readings = vec![reading(of_before)];
    Observed { closing: Some(Closing { period: before.to_owned(), readings }), ..observed(period, percent) }
}

/// A run whose alerts go out; their keys.
fn run(state: &mut AlertState, observed: &Observed, now: &str) -> Vec<String> {
    let step = step(state, observed, at(now), &AlertPolicy::default());
    *state = step.state;
    let keys: Vec<String> = step.publish.into_iter().map(|alert| alert.key).collect();
    keys.iter().for_each(|key| state.sent(key));
    keys
}

#[test]
fn a_run_of_last_month_that_ends_now_undoes_nothing() {
    let mut state = AlertState::default();
    run(&mut state, &observed("2026-10", 10), "2026-10-01T00:00:05Z");
    let before = state.clone();
    assert!(run(&mut state, &observed("2026-09", 85), "2026-09-30T23:59:50Z").is_empty());
    assert_eq!(state, before);
}

#[test]
fn an_invoice_that_starts_on_another_day_is_not_waited_for() {
    for (before, after) in [("2026-09-15", "2026-09"), ("2026-09", "2026-09-15"), ("2026-09-15", "2026-08-31")] {
        let mut state = AlertState::default();
        run(&mut state, &observed(before, 10), "2026-09-20T12:00:00Z");
        let told = run(&mut state, &observed(after, 85), "2026-09-20T13:00:00Z");
        assert_eq!(told, [format!("{after}/tenancy/month_to_date/80/raised/1")], "{before}");
    }
}

#[test]
fn a_clock_that_was_a_month_ahead_silences_nobody() {
    let mut state = AlertState::default();
    run(&mut state, &observed("2026-10", 85), "2026-10-20T12:00:00Z");
    let now = "2026-09-20T12:00:00Z";
    assert_eq!(run(&mut state, &observed("2026-09", 85), now), ["2026-09/tenancy/month_to_date/80/raised/1"]);
    assert_eq!((state.good_at, state.period.as_str()), (Some(at(now)), "2026-09"));
}

#[test]
fn moments_of_a_wrong_clock_are_over() {
    let mut state = AlertState::default();
    // The clock is ten days ahead, in the same month: a claim, a level, and a good reading.
    let ahead = "2026-09-25T12:00:00Z";
    state = step(&state, &observed("2026-09", 85), at(ahead), &AlertPolicy::default()).state;
    let unread = Observed { period: "2026-09".to_owned(), ..Observed::default() };
    assert_eq!(run(&mut state, &unread, "2026-09-15T12:00:00Z"), ["2026-09/tenancy/month_to_date/80/raised/1"]);
    assert_eq!(run(&mut state, &unread, "2026-09-17T00:00:00Z"), ["2026-09/tenancy/data/raised/1"]);
    run(&mut state, &observed("2026-09", 60), "2026-09-17T01:00:00Z");
    let again = run(&mut state, &observed("2026-09", 85), "2026-09-17T02:00:00Z");
    assert_eq!(again, ["2026-09/tenancy/month_to_date/80/raised/3"], "what was told in the future holds nothing back");
}

#[test]
fn the_last_days_of_a_month_are_judged_when_they_arrive() {
    let mut state = AlertState::default();
    run(&mut state, &observed("2026-09", 85), "2026-09-30T12:00:00Z");
    assert_eq!(run(&mut state, &closing("2026-10", 0, "2026-09", 88), "2026-10-01T12:00:00Z"), Vec::<String>::new());
    let told = run(&mut state, &closing("2026-10", 1, "2026-09", 121), "2026-10-02T12:00:00Z");
    assert_eq!(told, ["2026-09/tenancy/month_to_date/120/raised/1"]);
    let later = run(&mut state, &closing("2026-10", 1, "2026-09", 121), "2026-10-02T18:00:00Z");
    assert!(later.is_empty(), "once: {later:?}");
    let lower = run(&mut state, &closing("2026-10", 1, "2026-09", 20), "2026-10-02T19:00:00Z");
    assert!(lower.is_empty(), "it can only grow: {lower:?}");
    run(&mut state, &observed("2026-10", 3), "2026-10-03T00:00:00Z");
    assert!(state.closing.is_none());
}

#[test]
fn a_month_that_could_not_be_read_is_closed_later() {
    let mut state = AlertState::default();
    run(&mut state, &observed("2026-09", 85), "2026-09-30T12:00:00Z");
    let closes = Closing { period: "2026-09".to_owned(), readings: Vec::new() };
    let bad = Observed { period: "2026-10".to_owned(), closing: Some(closes), ..Observed::default() };
    assert!(run(&mut state, &bad, "2026-10-01T12:00:00Z").is_empty());
    let told = run(&mut state, &closing("2026-10", 1, "2026-09", 91), "2026-10-01T18:00:00Z");
    assert_eq!(told, ["2026-09/tenancy/month_to_date/90/raised/1"]);
}

#[test]
fn a_month_that_nobody_watched_is_not_closed() {
    let mut state = AlertState::default();
    assert!(run(&mut state, &closing("2026-10", 1, "2026-09", 121), "2026-10-01T12:00:00Z").is_empty());
}

#[test]
fn a_spike_at_midnight_of_the_first_is_told_once() {
    let mut state = AlertState::default();
    let spike = |period| Observed { is_spike: Some(true), ..observed(period, 1) };
    assert_eq!(run(&mut state, &spike("2026-09"), "2026-09-30T23:00:00Z"), ["2026-09/tenancy/spike/raised/1"]);
    assert!(run(&mut state, &spike("2026-10"), "2026-10-01T00:10:00Z").is_empty());
    let over = Observed { is_spike: Some(false), ..observed("2026-10", 1) };
    assert_eq!(run(&mut state, &over, "2026-10-01T06:00:00Z"), ["2026-10/tenancy/spike/resolved/2"]);
}

#[test]
fn a_record_that_stands_still_is_told_at_once_and_every_day() {
    let mut state = AlertState::default();
    run(&mut state, &observed("2026-09", 10), "2026-09-10T11:00:00Z");
    let old = Observed { is_good: false, is_old: true, ..observed("2026-09", 10) };
    assert_eq!(run(&mut state, &old, "2026-09-10T12:00:00Z"), ["2026-09/tenancy/data/raised/1"]);
    assert!(run(&mut state, &old, "2026-09-11T11:00:00Z").is_empty());
    assert_eq!(run(&mut state, &old, "2026-09-11T12:00:00Z"), ["2026-09/tenancy/data/reminder/2"]);
    let good = observed("2026-09", 10);
    assert_eq!(run(&mut state, &good, "2026-09-11T13:00:00Z"), ["2026-09/tenancy/data/resolved/3"]);
}

#[test]
fn levels_of_another_scope_are_forgotten() {
    let mut state = AlertState::default();
    run(&mut state, &observed("2026-09", 85), "2026-09-10T11:00:00Z");
    let mut by_sku = observed("2026-09", 85);
    by_sku.readings[0].scope = "B88327".to_owned();
    assert_eq!(run(&mut state, &by_sku, "2026-09-10T12:00:00Z"), ["2026-09/B88327/month_to_date/80/raised/1"]);
    assert_eq!(state.standing().collect::<Vec<_>>(), [("B88327/month_to_date", 80)]);
}

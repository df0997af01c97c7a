//! What claims know and the state does not.

use super::*;

fn observed(percent: i128) -> Observed {
    Runs::new().observed("2026-09", LIMIT * percent / 100)
}

/// Levels that stand after these runs, all of which told what they had to.
fn state(runs: &[(i64, i128)]) -> AlertState {
    let mut all = Runs::new();
    runs.iter().for_each(|(hour, percent)| drop(all.at_percent(*hour, *percent)));
    all.state
}

fn keys(alerts: &[Alert]) -> Vec<&str> {
    alerts.iter().map(|alert| alert.key.trim_start_matches("2026-09/tenancy/month_to_date/")).collect()
}

/// One thing that was told: what, which time, and in which hour.
type ToldOnce = (Kind, u32, i64);

/// A run wants to tell `wanted`, which was told before as the first of `told`, with the others after it. What is told
/// in the same hour after that.
#[track_caller]
fn check(mut state: AlertState, (hour, percent): (i64, i128), wanted: &str, told: &[ToldOnce], expected: &[&str]) {
    let policy = AlertPolicy::default();
    let first = step(&state, &observed(percent), at(hour), &policy);
    assert_eq!(keys(&first.publish), [wanted]);
    state = first.state;
    let (alert, (_, _, since)) = (first.publish[0].clone(), told[0]);
    let mut memory = Memory::of(&alert, at(since));
    for (kind, repetition, hour) in &told[1..] {
        let steps = repetition - told[0].1;
        let next = alert.later(steps).into_iter().find(|later| later.kind == *kind).unwrap();
        assert!(next.key.ends_with(&format!("/{repetition}")), "{}", next.key);
        memory = memory.then(&next, at(*hour));
    }
    state.recall(&alert.key, &memory);
    assert!(state.pending.is_empty());
    let second = step(&state, &observed(percent), at(hour), &policy);
    assert_eq!(keys(&second.publish), expected, "{told:?}");
}

#[test]
fn what_stands_is_not_raised_again() {
    use Kind::{Raised, Reminder, Resolved};
    let fresh = AlertState::default;
    check(fresh(), (30, 82), "80/raised/1", &[(Raised, 1, 0)], &[]);
    check(fresh(), (90, 82), "80/raised/1", &[(Raised, 1, 0), (Resolved, 2, 3), (Raised, 3, 60)], &[]);
    check(fresh(), (60, 104), "100/raised/1", &[(Raised, 1, 0), (Reminder, 2, 59)], &[]);
    check(fresh(), (60, 104), "100/raised/1", &[(Raised, 1, 0), (Reminder, 2, 24)], &["100/reminder/3"]);
}

#[test]
fn what_was_left_is_raised_again_when_a_day_is_over() {
    use Kind::{Raised, Resolved};
    let fresh = AlertState::default;
    check(fresh(), (24, 82), "80/raised/1", &[(Raised, 1, 0), (Resolved, 2, 1)], &["80/raised/3"]);
    check(fresh(), (23, 82), "80/raised/1", &[(Raised, 1, 0), (Resolved, 2, 1)], &[]);
    let last = [(Raised, 1, 0), (Resolved, 2, 1), (Raised, 3, 30), (Resolved, 4, 40)];
    check(fresh(), (53, 82), "80/raised/1", &last, &[]);
    check(fresh(), (54, 82), "80/raised/1", &last, &["80/raised/5"]);
    // A lower level that was told stays told.
    check(state(&[(0, 55)]), (30, 82), "80/raised/1", &[(Raised, 1, 0), (Resolved, 2, 1)], &["80/raised/3"]);
    check(state(&[(0, 55)]), (20, 82), "80/raised/1", &[(Raised, 1, 0), (Resolved, 2, 1)], &[]);
}

#[test]
fn what_was_resolved_is_not_resolved_again_and_what_was_not_is() {
    use Kind::{Raised, Resolved};
    let standing = || state(&[(10, 82)]);
    check(standing(), (12, 40), "80/resolved/2", &[(Resolved, 2, 11)], &[]);
    check(standing(), (80, 40), "80/resolved/2", &[(Resolved, 2, 11), (Raised, 3, 60)], &["80/resolved/4"]);
    // From a time before this state: it has not resolved what this state has told.
    check(standing(), (12, 40), "80/resolved/2", &[(Resolved, 2, 3)], &["80/resolved/3"]);
}

#[test]
fn a_reminder_of_what_people_think_is_over_is_a_new_alert() {
    use Kind::{Reminder, Resolved};
    let told = [(Reminder, 2, 20), (Resolved, 3, 21)];
    check(state(&[(0, 104)]), (50, 104), "100/reminder/2", &told, &["100/raised/4"]);
}

#[test]
fn what_another_run_has_marked_is_left_alone() {
    let mut state = state(&[(0, 82)]);
    let before = state.clone();
    let alert = Alert::of_condition("2026-09", Metric::Spike, Kind::Raised, 1);
    state.recall(&alert.key, &Memory::of(&alert, at(0)));
    assert_eq!(state, before);
}

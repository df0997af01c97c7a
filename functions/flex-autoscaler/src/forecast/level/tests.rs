#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::forecast::{Costs, Question, advise};

const HOUR: i64 = 3600;
const START: i64 = 1_704_067_200;
const DAY_HOURS: i64 = 24;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

/// A profile of so many hours with five minutes at a time; `None` is not measured.
fn profile(hours: i64, used: impl Fn(f64) -> Option<f64>) -> Profile {
    let mut profile = Profile::default();
    for slot in 0..hours * 12 {
        profile.record(at(slot * 300), used(slot as f64 / 12.0), None);
    }
    profile
}

/// When the level is seen to have changed, in hours since the start.
fn changed(profile: &Profile, hours: i64, tuning: &Tuning) -> Option<i64> {
    let ago = changed_hours_ago(profile, at(hours * HOUR + 60), tuning)?;
    Some(hours - i64::try_from(ago).unwrap())
}

fn seen(hours: i64, used: impl Fn(f64) -> f64) -> Option<i64> {
    changed(&profile(hours, |hour| Some(used(hour))), hours, &Tuning::default())
}

/// Between 6 and 14 OCPUs, highest in the afternoon, with a little noise that repeats nowhere.
fn daily(hour: f64) -> f64 {
    let noise = (hour * 7.3).sin() * 0.3;
    4.0_f64.mul_add(((hour - 9.0) / 24.0 * std::f64::consts::TAU).sin(), 10.0) + noise
}

#[test]
fn a_step_up_and_a_step_down_are_seen_within_hours_with_their_beginning() {
    for factor in [1.6, 0.5] {
        let step = |hour: f64| if hour < 100.0 { daily(hour) } else { daily(hour) * factor };
        assert_eq!(seen(102, step), None, "{factor}: two hours can be anything");
        assert_eq!(seen(108, step), Some(100), "{factor}");
        assert_eq!(seen(150, step), Some(100), "{factor}: it stays known");
        assert_eq!(seen(100 + 8 * DAY_HOURS, step), None, "{factor}: nothing of before is left");
    }
}

#[test]
fn the_first_day_has_nothing_to_compare_with_and_a_single_day_speaks_slowly() {
    let step = |from: f64| move |hour: f64| if hour < from { 12.0 } else { 6.0 };
    assert_eq!(seen(23, step(12.0)), None);
    assert_eq!((seen(32, step(25.0)), seen(40, step(25.0))), (None, Some(25)));
}

#[test]
fn what_passes_is_no_change() {
    let burst = |hour: f64| if (100.0..101.5).contains(&hour) { 30.0 } else { daily(hour) };
    assert!((100..130).all(|hours| seen(hours, burst).is_none()), "a burst");
    let evening = |hour: f64| if (100.0..110.0).contains(&hour) { daily(hour) * 2.0 } else { daily(hour) };
    assert!(seen(109, evening).is_some(), "for a while it looks like one");
    assert!((118..150).all(|hours| seen(hours, evening).is_none()), "and hours like those of before take it back");
    assert!((24..192).all(|hours| seen(hours, daily).is_none()), "days and nights");
}

#[test]
fn a_saturday_like_the_one_before_is_no_change() {
    let weekly = |hour: f64| if (hour / 24.0) as i64 % 7 < 5 { daily(hour) } else { 3.0 };
    let saturday = 12 * DAY_HOURS;
    // That the working week is above the weekend before it may be seen while there is no other week.
    assert!((saturday + 1..saturday + 24).all(|hours| seen(hours, weekly).is_none_or(|since| since < saturday)));
}

#[test]
fn a_season_that_moves_by_three_hours_takes_the_weight_from_the_days_before_it_and_no_others() {
    let moved = |hour: f64| if hour < 120.0 { daily(hour) } else { daily(hour + 3.0) };
    assert!((24..120).all(|hours| seen(hours, moved).is_none()));
    assert!((120..190).all(|hours| seen(hours, moved).is_none_or(|since| since >= 120)));
}

#[test]
fn a_slow_ramp_forgets_little() {
    let ramp = |hour: f64| hour.mul_add(0.02, 5.0);
    // Ten percent in a day make every hour unlike all before: what is forgotten is older than the last change.
    let found: Vec<i64> = (30..190).filter_map(|hours| seen(hours, ramp).map(|since| hours - since)).collect();
    assert!(found.iter().all(|ago| *ago >= 3), "{found:?}");
}

#[test]
fn gaps_in_the_middle_of_a_step_say_nothing_and_hide_nothing() {
    let step = |hour: f64| if hour < 100.0 { daily(hour) } else { daily(hour) * 0.5 };
    let gap = |hour: f64| (!(98.0..104.0).contains(&hour)).then(|| step(hour));
    assert_eq!(changed(&profile(104, gap), 104, &Tuning::default()), None, "a gap is no change");
    assert_eq!(changed(&profile(112, gap), 112, &Tuning::default()), Some(104));
    let holes = |hour: f64| (hour as i64 % 3 != 1).then(|| step(hour));
    assert_eq!(changed(&profile(116, holes), 116, &Tuning::default()), Some(101), "the first hour that is known");
    let silent = |hour: f64| (hour < 100.0).then(|| step(hour));
    assert!((100..130).all(|hours| changed(&profile(100, silent), hours, &Tuning::default()).is_none()));
}

#[test]
fn it_can_be_switched_off_and_asked_for_more() {
    let step = profile(108, |hour| Some(if hour < 100.0 { daily(hour) } else { daily(hour) * 0.5 }));
    let with = |tuning: Tuning| changed(&step, 108, &tuning);
    assert_eq!(with(Tuning::default()), Some(100));
    assert_eq!(with(Tuning { level_change: false, ..Tuning::default() }), None);
    assert_eq!(with(Tuning { level_change_odds: 1e9, ..Tuning::default() }), None);
    assert_eq!(with(Tuning { level_change_percent: 150.0, ..Tuning::default() }), None);
}

const SIZES: [f64; 8] = [6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 24.0, 32.0];

fn advised(profile: &Profile, hours: i64, ocpus: f64, level_change: bool) -> crate::forecast::Advice {
    let costs = Costs { ocpu_per_hour: 0.062, violation_per_minute: 0.5, downtime_minutes: 5.0 };
    let now = at(hours * HOUR - 1);
    let question = Question { now, ocpus, candidates: &SIZES, stable_hours: 24.0, costs };
    advise(profile, &question, &Tuning { level_change, ..Tuning::default() }).unwrap()
}

#[test]
fn after_a_step_down_the_machine_shrinks_days_earlier_and_says_why() {
    let step = |hour: f64| Some(if hour < 120.0 { 20.0 } else { 5.0 });
    let fits = |level_change| {
        (121..192).find(|hours| advised(&profile(*hours, step), *hours, 24.0, level_change).ocpus < 10.0)
    };
    let (with, without) = (fits(true).unwrap(), fits(false));
    assert!(with <= 132 && without.is_none_or(|without| without > with + 24), "{with} {without:?}");
    let level = advised(&profile(with, step), with, 24.0, true).level.unwrap();
    assert_eq!((level.changed_at, level.is_felt), (at(120 * HOUR), true));
    assert_eq!(advised(&profile(with, step), with, 24.0, false).level, None);
}

proptest! {
    #[test]
    fn any_past_is_judged_and_the_order_of_its_points_is_none_of_it(
        points in proptest::collection::vec((0_i64..700_000, 0.0_f64..1e6), 0..300),
        hours in 0_i64..400,
    ) {
        let mut sorted = points.clone();
        sorted.sort_by_key(|(second, _)| *second);
        let of = |points: &[(i64, f64)]| {
            let mut profile = Profile::default();
            // Five minutes of the running hours are summarised as they come, so the order inside of an hour is kept.
            points.iter().for_each(|(second, used)| profile.record(at(second / HOUR * HOUR), Some(*used), None));
            changed(&profile, hours, &Tuning::default())
        };
        let found = of(&sorted);
        prop_assert_eq!(found, of(&sorted), "the same twice");
        prop_assert!(found.is_none_or(|since| since < hours && hours - since <= 192));
    }
}

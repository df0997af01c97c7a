#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use jiff::Timestamp;
use proptest::prelude::*;

use super::hour::{Hour, Load};
use super::{Advice, Costs, Profile, Question, Tuning, advise};

const HOUR: i64 = 3600;
const START: i64 = 1_704_067_200;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

/// A profile of so many hours with a sample every five minutes.
fn profile(hours: i64, used: impl Fn(i64) -> f64) -> Profile {
    let mut profile = Profile::default();
    for slot in 0..hours * 12 {
        profile.record(at(slot * 300), Some(used(slot)), None);
    }
    profile
}

const SIZES: [f64; 8] = [8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0, 48.0];

fn ask(profile: &Profile, hours: i64, ocpus: f64, violation_per_minute: f64) -> Option<Advice> {
    let costs = Costs { ocpu_per_hour: 0.062, violation_per_minute, downtime_minutes: 5.0 };
    let now = at(hours * HOUR - 1);
    let question = Question { now, ocpus, candidates: &SIZES, stable_hours: 24.0, costs };
    advise(profile, &question, &Tuning::default())
}

#[test]
fn remembers_the_highest_use_of_the_same_time_of_earlier_days() {
    let profile = profile(48, |slot| if slot == 30 * 12 { 20.0 } else { 5.0 });
    let peak = |hours: i64| profile.peak_of_window(at(hours * HOUR), 120).unwrap().ocpus.unwrap();
    assert!((20.0..20.1).contains(&peak(53)), "hours 53 to 55 were 29 to 31");
    assert!((5.0..5.1).contains(&peak(48)), "hours 48 to 50 were 24 to 26");
}

#[test]
fn forgets_after_eight_days_and_ignores_what_is_older() {
    let mut profile = profile(24 * 9, |_| 5.0);
    assert_eq!(profile.history_hours(at(24 * 9 * HOUR)), 192);
    let before = profile.clone();
    profile.record(at(0), Some(60.0), Some(100.0));
    assert_eq!(profile, before);
}

#[test]
fn records_nothing_that_is_no_amount() {
    let mut profile = Profile::default();
    for value in [f64::NAN, f64::INFINITY, -1.0] {
        profile.record(at(0), Some(value), Some(value));
    }
    assert_eq!(profile.history_hours(at(HOUR)), 0);
    assert_eq!(profile.peak_of_window(at(24 * HOUR), 60), None);
}

#[test]
fn memory_is_kept_beside() {
    let mut profile = Profile::default();
    profile.record(at(0), None, Some(100.0));
    profile.record(at(60), Some(3.0), Some(90.0));
    let peak = profile.memory_peak_gb(at(HOUR), 24).unwrap();
    assert!((100.0..100.4).contains(&peak));
}

#[test]
fn hours_of_one_metric_are_none_of_the_other() {
    let mut profile = Profile::default();
    for hour in 0..30 {
        let memory = (hour != 20).then_some(100.0);
        profile.record(at(hour * HOUR), (hour >= 10).then_some(4.0), memory);
    }
    let now = at(30 * HOUR);
    assert_eq!(profile.history_hours(now), 20);
    assert_eq!([profile.memory_hours(now, 24), profile.memory_hours(now, 9)], [23, 9]);
    assert_eq!(profile.memory_hours(at(29 * HOUR + 1), 24), 23, "an hour that is not over does not count");
    assert_eq!(Profile::default().memory_hours(now, 24), 0);
}

#[test]
fn a_late_higher_point_raises_its_hour_and_keeps_its_shape_below() {
    let mut hour = Hour::default();
    hour.summarize(vec![100, 200, 300]);
    let before = hour.load().unwrap();
    hour.raise(900);
    let after = hour.load().unwrap();
    assert!(
        after.peak > before.peak
            && after.others[0] <= after.peak
            && after.others.is_sorted_by(|one, other| one >= other)
    );
}

#[test]
fn share_above_falls_from_all_to_nothing() {
    let load = Load { peak: 20.0, others: [16.0, 14.0, 12.0, 10.0] };
    let share = |ocpus| load.share_above(ocpus, 0.1);
    let expected = [
        (0.0, 1.0),
        (10.0, 0.5),
        (12.0, 0.375),
        (14.0, 2.5 / 12.0),
        (16.0, 0.125),
        (20.0, 1.0 / 24.0),
        (22.0, 0.0),
        (60.0, 0.0),
    ];
    for (ocpus, wanted) in expected {
        assert!((share(ocpus) - wanted).abs() < 1e-9, "{ocpus}: {} is not {wanted}", share(ocpus));
    }
    assert_eq!(Load::constant(8.0).share_above(8.9, 0.1), 0.0);
}

#[test]
fn is_silent_without_enough_history_and_when_switched_off() {
    let young = profile(5, |_| 5.0);
    assert_eq!(ask(&young, 5, 16.0, 0.5), None);
    let old = profile(48, |_| 5.0);
    assert!(ask(&old, 48, 16.0, 0.5).is_some());
    let costs = Costs { ocpu_per_hour: 0.062, violation_per_minute: 0.5, downtime_minutes: 5.0 };
    let question = Question { now: at(48 * HOUR - 1), ocpus: 16.0, candidates: &SIZES, stable_hours: 24.0, costs };
    assert_eq!(advise(&old, &question, &Tuning { enabled: false, ..Tuning::default() }), None);
}

#[test]
fn is_silent_when_the_last_hour_was_not_measured() {
    let profile = profile(48, |_| 5.0);
    assert_eq!(ask(&profile, 51, 16.0, 0.5), None);
}

#[test]
fn shrinks_an_idle_machine_and_leaves_one_that_fits() {
    assert_eq!(ask(&profile(72, |_| 5.0), 72, 32.0, 0.5).unwrap().ocpus, 8.0);
    assert_eq!(ask(&profile(72, |_| 13.0), 72, 16.0, 0.5).unwrap().ocpus, 16.0);
}

/// The advice to a machine of 16 OCPUs whose surge has lasted so many times five minutes.
fn in_a_surge(lasted: i64, violation_per_minute: f64, downtime_minutes: f64) -> Advice {
    let profile = profile(72, |slot| if slot >= 72 * 12 - lasted { 16.0 } else { 5.0 });
    let costs = Costs { ocpu_per_hour: 0.062, violation_per_minute, downtime_minutes };
    let question = Question { now: at(72 * HOUR - 1), ocpus: 16.0, candidates: &SIZES, stable_hours: 24.0, costs };
    advise(&profile, &question, &Tuning::default()).unwrap()
}

#[test]
fn grows_at_once_in_a_surge_where_that_is_live_and_later_where_it_restarts() {
    let grows = |lasted, downtime_minutes| in_a_surge(lasted, 0.5, downtime_minutes).ocpus > 16.0;
    assert!(in_a_surge(1, 0.5, 0.0).is_surge && grows(1, 0.0));
    assert!(!grows(1, 5.0) && grows(4, 5.0));
}

#[test]
fn sits_a_surge_out_that_is_cheaper_than_a_larger_size() {
    assert!(in_a_surge(1, 0.01, 0.0).ocpus == 16.0 && in_a_surge(1, 1.0, 0.0).ocpus > 16.0);
}

#[test]
fn a_surge_asks_for_what_surges_needed_before() {
    let daily = |slot: i64| match slot % 288 {
        0..3 => 25.0,
        _ => 5.0,
    };
    let mut known = profile(7 * 24, daily);
    known.record(at(7 * 24 * HOUR), Some(16.0), None);
    let mut unknown = profile(7 * 24, |_| 5.0);
    unknown.record(at(7 * 24 * HOUR), Some(16.0), None);
    let costs = Costs { ocpu_per_hour: 0.062, violation_per_minute: 0.5, downtime_minutes: 5.0 };
    let now = at(7 * 24 * HOUR + 200);
    let question = Question { now, ocpus: 16.0, candidates: &SIZES, stable_hours: 24.0, costs };
    let size = |profile| advise(profile, &question, &Tuning::default()).unwrap().ocpus;
    assert!(size(&known) >= 28.0, "{} holds 25", size(&known));
    assert!(size(&unknown) < size(&known));
}

#[test]
fn keeps_the_size_that_the_coming_hours_needed_yesterday() {
    let busy_at_noon = |slot: i64| if (12..14).contains(&(slot / 12 % 24)) { 28.0 } else { 6.0 };
    let before_noon = profile(4 * 24 + 11, busy_at_noon);
    assert_eq!(ask(&before_noon, 4 * 24 + 11, 32.0, 0.5).unwrap().ocpus, 32.0);
}

#[test]
fn bad_numbers_are_named() {
    let tuning = Tuning { alike_spread: 0.0, max_hold_hours: f64::NAN, ..Tuning::default() };
    let names: Vec<&str> = tuning.problems().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["alike_spread", "max_hold_hours"]);
    assert_eq!(Tuning::default().problems(), []);
}

#[test]
fn foreign_texts_are_refused() {
    for text in ["1", "1:", "1:AAAAA:1:", "1:AAAAAA:1", "x:AAAAAA:1:AA", "1:AAAAA!:1:AA", "1:AAAAAA:1:A", "1::1:AA"] {
        assert!(serde_json::from_value::<Profile>(text.into()).is_err(), "{text}");
        assert!(serde_json::from_value::<Profile>(format!("2:{text}").into()).is_err(), "2:{text}");
    }
    assert!(serde_json::from_value::<Profile>("3:1:AAAAAAAA:1:AA".into()).is_err());
    let long = format!("1:{}:1:", "A".repeat(6 * 193));
    assert!(serde_json::from_value::<Profile>(long.into()).is_err());
}

#[test]
fn eight_days_are_less_than_two_kilobytes() {
    assert!(profile(24 * 9, |slot| slot as f64 % 30.0).to_string().len() < 1700);
}

#[test]
fn a_text_of_the_version_before_is_read() {
    let old: Profile = serde_json::from_value("472222:z0-V0z:5666675:z0".into()).unwrap();
    assert!(old.to_string().starts_with("2:472222:z0"), "{old}");
    let again: Profile = serde_json::from_value(old.to_string().into()).unwrap();
    assert_eq!(again, old);
    let hour = old.hours[0].load().unwrap();
    assert!(hour.others.is_sorted_by(|one, other| one >= other), "{hour:?}");
}

#[test]
fn short_bursts_are_told_from_noise() {
    let mut bursts = Hour::default();
    bursts.summarize([vec![2000; 2], vec![1500; 10]].concat());
    let load = bursts.load().unwrap();
    let share = load.share_above(f64::midpoint(load.peak, load.median()), 0.06);
    assert!((1.5 / 12.0..2.5 / 12.0).contains(&share), "ten minutes of an hour: {share}");
}

proptest! {
    #[test]
    fn survives_its_text(points in proptest::collection::vec((0_i64..1_000_000, 0.0_f64..100.0, 0.0_f64..900.0), 0..80)) {
        let mut profile = Profile::default();
        for (second, ocpus, memory) in points {
            profile.record(at(second), Some(ocpus), Some(memory));
        }
        let text = serde_json::to_string(&profile).unwrap();
        prop_assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);
    }

    #[test]
    fn recording_again_changes_nothing(points in proptest::collection::vec((0_i64..20_000, 0.0_f64..100.0), 1..60)) {
        let mut points = points;
        points.sort_by_key(|(second, _)| *second);
        let mut profile = Profile::default();
        let record = |profile: &mut Profile| for (second, ocpus) in &points {
            profile.record(at(*second), Some(*ocpus), None);
        };
        record(&mut profile);
        let once = profile.clone();
        record(&mut profile);
        prop_assert_eq!(profile.peak_of_window(at(24 * HOUR), 600), once.peak_of_window(at(24 * HOUR), 600));
        prop_assert_eq!(profile.slots, once.slots);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[0-9A-Za-z:_-]{0,60}") {
        if let Ok(profile) = serde_json::from_value::<Profile>(text.into()) {
            let _ = ask(&profile, 24, 16.0, 0.5);
            let _ = profile.peak_of_window(at(0), 120);
        }
    }

    #[test]
    fn the_advice_is_a_candidate(used in proptest::collection::vec(0.0_f64..60.0, 24), ocpus in 0_usize..8, penalty in 0.0_f64..5.0) {
        let profile = profile(48, |slot| used[usize::try_from(slot / 12 % 24).unwrap()]);
        let advice = ask(&profile, 48, SIZES[ocpus], penalty).unwrap();
        prop_assert!(SIZES.contains(&advice.ocpus));
        prop_assert!(advice.cost_now_per_hour.is_finite() && advice.cost_then_per_hour.is_finite());
    }

    #[test]
    fn a_higher_penalty_never_advises_less(used in proptest::collection::vec(0.0_f64..14.0, 24), penalty in 0.05_f64..1.0) {
        let profile = profile(48, |slot| used[usize::try_from(slot / 12 % 24).unwrap()]);
        // Of a machine that only may grow: a dearer downtime may keep one from shrinking and growing alike.
        let cost = |penalty| ask(&profile, 48, 16.0, penalty).unwrap().cost_now_per_hour;
        prop_assert!(cost(penalty * 2.0) >= cost(penalty));
    }
}

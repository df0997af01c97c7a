use proptest::prelude::*;

use super::*;
use crate::period::midnight;

const GB: f64 = 1e9;
const LIMIT: f64 = 10_240.0 * GB;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// `amounts` GB a day up to the day before `today`.
fn days_before(today: &str, amounts: &[f64]) -> Vec<DayTotal> {
    let first = plus_days(date(today), -(amounts.len() as i64));
    let total = |(offset, gb): (usize, &f64)| DayTotal { day: plus_days(first, offset as i64), amount: gb * GB };
    amounts.iter().enumerate().map(total).collect()
}

fn asked(today: &str, known: &[DayTotal]) -> Result<Forecast, Insufficient> {
    let period = Period::of(midnight(date(today)), 1).unwrap();
    let so_far = known.iter().filter(|total| period.has(total.day)).map(|total| total.amount).sum();
    forecast(&Question { known, period, so_far, today: date(today), limit: Some(LIMIT), seed: SEED })
}

fn percent(amount: f64) -> f64 {
    amount / LIMIT * 100.0
}

#[test]
fn e_15_steady_traffic_is_carried_on() {
    for history in [0, 30] {
        let found = asked("2026-09-12", &days_before("2026-09-12", &vec![300.0; history + 11])).unwrap();
        assert!((found.p50 / GB - 9_000.0).abs() < 1e-6 && (percent(found.p50) - 87.9).abs() < 0.1, "{found:?}");
        assert_eq!(found.eta, Some(Eta::NotThisPeriod));
        assert_eq!(found.method, if history > 0 { Method::WeekdayProfile } else { Method::Linear });
    }
}

/// 100 GB a day, from September 9 on 2,000.
fn jumped(today: i64) -> Forecast {
    let mut amounts = vec![100.0; 31 + 8];
    amounts.resize(31 + today as usize - 1, 2_000.0);
    let text = plus_days(date("2026-09-01"), today - 1).to_string();
    asked(&text, &days_before(&text, &amounts)).unwrap()
}

#[test]
fn e_16_a_jump_reaches_the_forecast_within_three_days() {
    assert!(percent(jumped(9).p50) < 40.0, "before it is known");
    assert!(percent(jumped(11).p50) < 100.0, "two days may be outliers: {}", percent(jumped(11).p50));
    assert!(percent(jumped(12).p50) >= 100.0, "{}", percent(jumped(12).p50));
    assert!(percent(jumped(11).p95) >= 100.0, "P95 is earlier: {}", percent(jumped(11).p95));
    assert!(percent(jumped(9).p95) < 100.0);
    let Some(Eta::Range { earliest, latest: Some(latest), .. }) = jumped(12).eta else {
        panic!("{:?}", jumped(12).eta)
    };
    assert!(
        date("2026-09-12") <= earliest && latest <= date("2026-09-16"),
        "1,720 GB a day at least: {earliest} {latest}"
    );
}

#[test]
fn e_16_traffic_that_begins_from_nothing_is_carried_on() {
    for (zeros, days) in [(31, 6), (31, 4), (31, 13), (12, 6), (40, 3)] {
        let mut amounts = vec![0.0; zeros];
        amounts.resize(zeros + days, 800.0);
        let text = plus_days(date("2026-09-01"), days as i64).to_string();
        let found = asked(&text, &days_before(&text, &amounts)).unwrap();
        assert!((found.p50 / GB - 24_000.0).abs() < 1.0, "{zeros} {days}: {}", found.p50 / GB);
        assert!(matches!(found.eta, Some(Eta::Range { .. } | Eta::Reached { .. })), "{:?}", found.eta);
    }
}

#[test]
fn days_before_traffic_began_in_this_month_are_no_calm_ones() {
    // From September 5 on, asked on the 10th: 5 days are known and 21 are to come.
    let mut amounts = vec![0.0; 35];
    amounts.resize(40, 800.0);
    let found = asked("2026-09-10", &days_before("2026-09-10", &amounts)).unwrap();
    assert!((found.p50 / GB - 26.0 * 800.0).abs() < 1.0, "{}", found.p50 / GB);
}

#[test]
fn what_has_just_begun_is_not_forecast() {
    let mut amounts = vec![0.0; 35];
    amounts.extend([800.0, 800.0]);
    let known = days_before("2026-09-08", &amounts);
    assert_eq!(asked("2026-09-08", &known), Err(Insufficient { days: 2 }));
}

#[test]
fn traffic_on_a_few_days_is_not_forecast_as_none() {
    // On every fifth day alone, so that the median of every weekday is 0.
    let amounts: Vec<f64> = (0..40).map(|day| if day % 5 == 0 { 500.0 } else { 0.0 }).collect();
    let found = asked("2026-09-11", &days_before("2026-09-11", &amounts)).unwrap();
    let ahead = found.p50 / GB - 2.0 * 500.0;
    assert!((400.0..3_500.0).contains(&ahead), "20 days of 100 in the mean: {ahead}");
    assert!(found.p95 > found.p50 && found.p50 > found.p10, "{found:?}");
}

#[test]
fn what_was_measured_of_today_comes_before_the_days_to_come() {
    let known = days_before("2026-09-12", &[100.0; 42]);
    let period = Period::of(midnight(date("2026-09-12")), 1).unwrap();
    let ask = |so_far: f64| {
        let (so_far, today) = (so_far * GB, date("2026-09-12"));
        forecast(&Question { known: &known, period, so_far, today, limit: Some(LIMIT), seed: SEED }).unwrap()
    };
    let total = |so_far: f64| ask(so_far).p50 / GB;
    assert!((total(1_100.0) - 3_000.0).abs() < 1.0 && (total(1_180.0) - 3_000.0).abs() < 1.0, "less than a usual day");
    assert!((total(2_100.0) - 3_900.0).abs() < 1.0, "1,000 GB today, and 18 days of 100: {}", total(2_100.0));
    assert_eq!(total(11_000.0), 12_800.0);
    let Some(Eta::Range { earliest, .. }) = ask(10_000.0).eta else { panic!("{:?}", ask(10_000.0).eta) };
    assert_eq!(earliest, date("2026-09-15"), "240 GB are left, at 100 a day");
}

#[test]
fn days_of_a_record_that_is_late_are_not_counted_twice() {
    let known = days_before("2026-09-10", &[100.0; 40]);
    let period = Period::of(midnight(date("2026-09-12")), 1).unwrap();
    // The 10th, the 11th and half of the 12th were measured.
    let (so_far, today) = ((900.0 + 250.0) * GB, date("2026-09-12"));
    let found = forecast(&Question { known: &known, period, so_far, today, limit: None, seed: SEED }).unwrap();
    assert!((found.p50 / GB - 3_000.0).abs() < 1.0, "{}", found.p50 / GB);
}

#[test]
fn e_17_traffic_of_week_ends_is_no_outlier() {
    // 2026-06-01 is a Monday; on Friday four days without traffic are known.
    let amounts: Vec<f64> = (0..32)
        .map(|offset| {
            let day = plus_days(date("2026-06-05"), offset - 32).weekday().to_monday_zero_offset();
            if day >= 5 { 500.0 } else { 0.0 }
        })
        .collect();
    let known = days_before("2026-06-05", &amounts);
    let found = asked("2026-06-05", &known).unwrap();
    let actual = 8.0 * 500.0 * GB;
    assert!((found.p50 - actual).abs() / actual < 0.15, "{}", found.p50 / GB);
    let linear = compare::linear(&known[28..], 26).unwrap();
    assert!((linear - actual).abs() / actual > 0.6, "{linear}");
}

#[test]
fn e_18_two_days_are_not_enough() {
    assert_eq!(asked("2026-09-03", &days_before("2026-09-03", &[5.0, 6.0])), Err(Insufficient { days: 2 }));
    assert!(asked("2026-09-04", &days_before("2026-09-04", &[5.0, 6.0, 7.0])).is_ok());
}

#[test]
fn e_20_every_day_of_the_month_counts() {
    for (today, days) in [("2026-02-10", 28.0), ("2028-02-10", 29.0), ("2026-03-10", 31.0)] {
        let found = asked(today, &days_before(today, &[100.0; 40])).unwrap();
        assert!((found.p50 / GB - days * 100.0).abs() < 1e-6, "{today} {}", found.p50 / GB);
        assert_eq!(found.path.len(), days as usize);
    }
}

#[test]
fn the_first_day_of_a_month_uses_the_month_before() {
    let found = asked("2026-09-01", &days_before("2026-09-01", &[100.0; 31])).unwrap();
    assert!((found.p50 / GB - 3_000.0).abs() < 1e-6);
}

#[test]
fn one_outlier_moves_the_month_by_itself_and_not_the_days_to_come() {
    let mut amounts = vec![100.0; 40];
    amounts[35] = 3_000.0;
    let found = asked("2026-09-12", &days_before("2026-09-12", &amounts)).unwrap();
    let known = 10.0 * 100.0 + 3_000.0;
    let ahead = found.p50 / GB - known;
    assert!((1_800.0..2_500.0).contains(&ahead), "19 days of about 100, one weekday of up to 200: {ahead}");
}

#[test]
fn a_limit_that_was_reached_says_when() {
    let found = asked("2026-09-12", &days_before("2026-09-12", &[2_000.0; 11])).unwrap();
    assert_eq!(found.eta, Some(Eta::Reached { on: date("2026-09-06") }));
}

#[test]
fn nothing_is_below_what_there_is_already() {
    let known = days_before("2026-09-12", &[1.0; 30]);
    let period = Period::of(midnight(date("2026-09-12")), 1).unwrap();
    let today = date("2026-09-12");
    let found = forecast(&Question { known: &known, period, so_far: 1e15, today, limit: None, seed: 1 }).unwrap();
    assert!(found.p50 >= 1e15 && found.p10 >= 1e15 && found.eta.is_none());
}

#[test]
fn nothing_at_all_is_forecast_as_nothing() {
    let found = asked("2026-09-12", &days_before("2026-09-12", &[0.0; 30])).unwrap();
    assert_eq!((found.p50, found.p95, found.eta), (0.0, 0.0, Some(Eta::NotThisPeriod)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn answers_are_ordered_repeatable_and_in_proportion(
        amounts in proptest::collection::vec(0.0_f64..1_000.0, 3..60),
        today in 1_i64..28,
    ) {
        let text = plus_days(date("2026-09-01"), today).to_string();
        let known = days_before(&text, &amounts);
        let found = asked(&text, &known).unwrap();
        prop_assert_eq!(&found, &asked(&text, &known).unwrap());
        prop_assert!(found.p10 <= found.p50 && found.p50 <= found.p80 && found.p80 <= found.p95);
        prop_assert!(found.path.windows(2).all(|pair| pair[0].p50 <= pair[1].p50));
        let double: Vec<DayTotal> = known.iter().map(|day| DayTotal { amount: day.amount * 2.0, ..*day }).collect();
        let doubled = asked(&text, &double).unwrap();
        prop_assert!((doubled.p80 - 2.0 * found.p80).abs() <= 1e-6 * doubled.p80);
    }
}

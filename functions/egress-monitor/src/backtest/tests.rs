#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
//! Recorded traffic, where there is some: the directory that `CAUSEWAY_SERIES` names.

#[path = "../../../../tests/data_sets.rs"]
mod data_sets;

use std::fs::File;
use std::path::PathBuf;

use data_sets::{data_set, notice};

use super::*;

/// The series whose names begin so; none, with a word about it, when there are fewer than `count`.
fn recorded(prefix: &str, count: usize) -> Option<Vec<Series>> {
    let path = data_set("CAUSEWAY_SERIES", None)?;
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&path).expect("CAUSEWAY_SERIES can be listed").map(|entry| entry.unwrap().path()).collect();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    files.retain(|path| name(path).starts_with(prefix));
    files.sort();
    if files.len() < count {
        notice(&format!("SKIPPED series {prefix}*: {} of {count} are in {}", files.len(), path.display()));
        return None;
    }
    eprintln!("{} series {prefix}* in {}", files.len(), path.display());
    Some(files.iter().map(|path| Series::read(&name(path), File::open(path).unwrap()).unwrap()).collect())
}

#[track_caller]
fn near(found: Errors, months: usize, mean: f64, worst: f64) {
    assert_eq!(found.months, months);
    assert!((found.mean_percent - mean).abs() < 0.05, "{found:?}, not {mean}");
    assert!((found.worst_percent - worst).abs() < 0.5, "{found:?}, not {worst}");
}

fn errors(test: &Backtest, forecaster: Forecaster) -> &[Errors] {
    &test.rows.iter().find(|row| row.forecaster == forecaster).unwrap().errors
}

fn covers(coverage: Coverage) {
    assert!((70.0..=90.0).contains(&coverage.p80_percent), "{coverage:?}");
    assert!((69.0..=90.0).contains(&coverage.p10_to_p90_percent), "{coverage:?}");
    assert!(coverage.p95_percent >= 85.0, "{coverage:?}");
}

#[test]
fn taxis_of_new_york() {
    let Some(series) = recorded("nyc_taxi", 1) else { return };
    let test = backtest(&series);
    eprintln!("{test}");
    for (found, (mean, worst)) in
        errors(&test, Forecaster::Linear).iter().zip([(7.86, 21.4), (5.70, 18.5), (4.59, 14.4), (2.52, 8.3)])
    {
        near(*found, 32, mean, worst);
    }
    near(errors(&test, Forecaster::WeekdayMeans)[1], 32, 3.82, 10.0);
    let ours = errors(&test, Forecaster::Ours);
    assert!(ours[1].mean_percent <= 3.80 && ours[1].worst_percent <= 12.0, "{ours:?}");
    assert!(ours[0].mean_percent <= 4.20 && ours[2].mean_percent <= 3.32 && ours[3].mean_percent <= 2.15, "{ours:?}");
    covers(test.coverage);
    let (mut ours, mut means) = (0.0, 0.0);
    for shift in 1..STEP_DAYS {
        let held_out = shifted(&series, shift);
        eprintln!("months that begin {shift} days later\n{held_out}");
        covers(held_out.coverage);
        ours += errors(&held_out, Forecaster::Ours)[1].mean_percent;
        means += errors(&held_out, Forecaster::WeekdayMeans)[1].mean_percent;
    }
    assert!(ours < means, "on day 5: {ours} and {means}");
}

#[test]
fn volumes_of_twitter() {
    let Some(series) = recorded("Twitter_volume", 10) else { return };
    let test = backtest(&series);
    eprintln!("{test}");
    for (found, (mean, worst)) in
        errors(&test, Forecaster::Linear)[1..].iter().zip([(29.46, 72.0), (11.80, 40.2), (6.86, 14.8)])
    {
        near(*found, 10, mean, worst);
    }
    near(errors(&test, Forecaster::WeekdayMeans)[1], 10, 12.34, 43.0);
    let ours = errors(&test, Forecaster::Ours);
    assert!(ours[1].mean_percent <= 9.6 && ours[1].worst_percent <= 32.0, "{ours:?}");
    assert!(ours[2].mean_percent <= 7.0 && ours[3].mean_percent <= 4.7, "{ours:?}");
    covers(test.coverage);
    let (mut ours, mut means) = (0.0, 0.0);
    for shift in [2, 4, 6, 8] {
        let held_out = shifted(&series, shift);
        eprintln!("months that begin {shift} days earlier\n{held_out}");
        covers(held_out.coverage);
        ours += errors(&held_out, Forecaster::Ours)[1].mean_percent;
        means += errors(&held_out, Forecaster::WeekdayMeans)[1].mean_percent;
    }
    assert!(ours < means, "on day 5: {ours} and {means}");
}

#[test]
fn three_volumes_of_twitter() {
    let Some(mut series) = recorded("Twitter_volume", 3) else { return };
    series.retain(|one| ["AAPL", "AMZN", "CRM"].iter().any(|word| one.name.ends_with(word)));
    let test = backtest(&series);
    eprintln!("{test}");
    let ours = errors(&test, Forecaster::Ours);
    assert_eq!(ours[1].months, 3);
    // Of three months the means of the weekdays are better on day 5; of all ten they are not.
    assert!(ours[1].mean_percent <= 11.9 && ours[1].worst_percent <= 31.0, "{ours:?}");
    assert!(ours[1].mean_percent < errors(&test, Forecaster::Linear)[1].mean_percent, "{ours:?}");
}

fn series(days: usize, amount: impl Fn(usize) -> f64) -> Series {
    let first = "2026-01-01".parse().unwrap();
    let total = |offset| DayTotal { day: plus_days(first, offset as i64), amount: amount(offset) };
    Series { name: "a".to_owned(), days: (0..days).map(total).collect(), faults: crate::series::Faults::default() }
}

#[test]
fn months_begin_where_they_can() {
    assert_eq!(starts(215, 0).len(), 32);
    for (days, expected) in
        [(0, vec![]), (43, vec![]), (44, vec![14]), (57, vec![27]), (58, vec![28]), (63, vec![28, 33])]
    {
        assert_eq!(starts(days, 0), expected, "{days}");
    }
}

#[test]
fn a_steady_series_is_forecast_without_error() {
    let test = backtest(&[series(70, |_| 5.0), series(20, |_| 5.0)]);
    assert_eq!((test.months, test.too_short.len()), (3, 1));
    assert!(test.rows.iter().flat_map(|row| &row.errors).all(|errors| errors.worst_percent < 1e-9));
    assert!(test.to_string().contains("left out"));
}

#[test]
fn months_without_anything_have_no_error_in_percent() {
    let test = backtest(&[series(60, |_| 0.0)]);
    assert!(test.rows.iter().flat_map(|row| &row.errors).all(|errors| errors.months == 0));
    assert!(test.to_string().contains(" - "));
}

#[test]
fn a_weekly_rhythm_is_ours_to_win() {
    let test = backtest(&[series(90, |offset| if offset % 7 < 2 { 50.0 } else { 5.0 })]);
    assert!(errors(&test, Forecaster::Ours)[1].mean_percent < 1.0);
    assert!(errors(&test, Forecaster::Linear)[1].mean_percent > 20.0);
}

//! What forecasts would have said about months that are over.
//!
//! A month is 30 whole days, and usage is known with a lag of 24 hours: on day 5 four days are known. Long series give a month every five days after the first 28; short ones their last 30 days.

mod table;

use std::fmt;

use serde::Serialize;

use crate::forecast::{DayTotal, Forecast, Question, SEED, compare, forecast};
use crate::period::{Period, plus_days};
use crate::series::Series;

/// Days of a month.
const MONTH_DAYS: usize = 30;
/// Days before the first month of a long series.
const HISTORY_DAYS: usize = 28;
/// Days from one month to the next of a long series.
const STEP_DAYS: usize = 5;
/// A short series has at least these before its only month.
const MIN_HISTORY_DAYS: usize = 14;
/// Days of the month on which is asked.
pub const ASKED_ON: [usize; 4] = [3, 5, 10, 20];

/// Who forecasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Forecaster {
    /// The mean carried on.
    Linear,
    /// Plain means of the weekdays of the last 28 days.
    WeekdayMeans,
    /// Holt-Winters with a damped trend and a season of a week.
    HoltWinters,
    /// What the monitor uses.
    Ours,
}

impl Forecaster {
    /// All.
    pub const ALL: [Self; 4] = [Self::Linear, Self::WeekdayMeans, Self::HoltWinters, Self::Ours];
}

impl fmt::Display for Forecaster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Linear => "linear",
            Self::WeekdayMeans => "weekday means",
            Self::HoltWinters => "Holt-Winters",
            Self::Ours => "ours",
        })
    }
}

/// Absolute errors in percent of the month's total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Errors {
    /// Months that were forecast.
    pub months: usize,
    /// Mean; 0 of no months.
    pub mean_percent: f64,
    /// Largest.
    pub worst_percent: f64,
}

/// How one forecaster did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Who.
    pub forecaster: Forecaster,
    /// One for each of [`ASKED_ON`].
    pub errors: Vec<Errors>,
}

/// How often months stayed within what was said, in percent of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Coverage {
    /// Months times days on which was asked.
    pub asked: usize,
    /// Not above P80.
    pub p80_percent: f64,
    /// Not above P95.
    pub p95_percent: f64,
    /// From P10 to P90.
    pub p10_to_p90_percent: f64,
    /// Below P10.
    pub below_p10_percent: f64,
}

/// A back-test of one or more series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// Names of the series.
    pub series: Vec<String>,
    /// Series that are too short.
    pub too_short: Vec<String>,
    /// Months of all series.
    pub months: usize,
    /// Days of the month on which was asked.
    pub asked_on: Vec<usize>,
    /// One for each forecaster.
    pub rows: Vec<Row>,
    /// Of ours.
    pub coverage: Coverage,
}

/// A month that is over, with the days before it.
struct Month<'a> {
    days: &'a [DayTotal],
    start: usize,
    /// What ours said on each of [`ASKED_ON`].
    ours: Vec<Option<Forecast>>,
}

/// Where months of a series with this many days begin; `shift` days later than usual.
fn starts(days: usize, shift: usize) -> Vec<usize> {
    if days >= HISTORY_DAYS + MONTH_DAYS {
        (HISTORY_DAYS + shift..=days - MONTH_DAYS).step_by(STEP_DAYS).collect()
    } else {
        days.checked_sub(MONTH_DAYS + shift).filter(|start| *start >= MIN_HISTORY_DAYS).into_iter().collect()
    }
}

impl<'a> Month<'a> {
    fn new(days: &'a [DayTotal], start: usize) -> Self {
        let mut month = Self { days, start, ours: Vec::new() };
        month.ours = ASKED_ON.into_iter().map(|day| month.ours(day)).collect();
        month
    }

    fn inside(&self) -> &[DayTotal] {
        &self.days[self.start..self.start + MONTH_DAYS]
    }

    fn total(&self) -> f64 {
        self.inside().iter().map(|day| day.amount).sum()
    }

    /// What is known on a day of the month, counted from 1: all days but itself.
    fn known(&self, asked_on: usize) -> (&[DayTotal], &[DayTotal]) {
        let end = self.start + asked_on - 1;
        (&self.days[..end], &self.days[self.start..end])
    }

    fn ours(&self, asked_on: usize) -> Option<Forecast> {
        let (known, inside) = self.known(asked_on);
        let first = self.inside().first()?.day;
        let period = Period { first, end: plus_days(first, MONTH_DAYS as i64) };
        let so_far = inside.iter().map(|day| day.amount).sum();
        let today = plus_days(first, inside.len() as i64);
        forecast(&Question { known, period, so_far, today, limit: None, seed: SEED }).ok()
    }

    fn total_of(&self, forecaster: Forecaster, asked_on: usize) -> Option<f64> {
        let (known, inside) = self.known(asked_on);
        let ahead = MONTH_DAYS - inside.len();
        let rest = match forecaster {
            Forecaster::Linear => compare::linear(inside, ahead)?,
            Forecaster::WeekdayMeans => compare::weekday_means(known, ahead)?,
            Forecaster::HoltWinters => compare::holt_winters(known, ahead)?,
            Forecaster::Ours => {
                let index = ASKED_ON.iter().position(|day| *day == asked_on)?;
                return Some(self.ours.get(index)?.as_ref()?.p50);
            }
        };
        Some(inside.iter().map(|day| day.amount).sum::<f64>() + rest)
    }

    fn error(&self, forecaster: Forecaster, asked_on: usize) -> Option<f64> {
        let total = self.total();
        let said = self.total_of(forecaster, asked_on)?;
        (total > 0.0).then(|| (said - total).abs() / total * 100.0)
    }
}

/// Forecasts the months of all series.
#[must_use]
pub fn backtest(series: &[Series]) -> Backtest {
    shifted(series, 0)
}

/// The same of months that begin `shift` days later, or earlier where a series has its last month only.
fn shifted<'a>(series: &'a [Series], shift: usize) -> Backtest {
    let of = |series: &Series| starts(series.days.len(), shift);
    let (long, short): (Vec<&'a Series>, Vec<&'a Series>) = series.iter().partition(|series| !of(series).is_empty());
    let months = |series: &&'a Series| {
        let series = *series;
        of(series).into_iter().map(|start| Month::new(&series.days, start))
    };
    let months: Vec<Month<'_>> = long.iter().flat_map(months).collect();
    Backtest {
        series: long.iter().map(|series| series.name.clone()).collect(),
        too_short: short.iter().map(|series| series.name.clone()).collect(),
        months: months.len(),
        asked_on: ASKED_ON.to_vec(),
        rows: Forecaster::ALL.into_iter().map(|forecaster| row(forecaster, &months)).collect(),
        coverage: coverage(&months),
    }
}

fn row(forecaster: Forecaster, months: &[Month<'_>]) -> Row {
    let errors = |day: usize| {
        let errors: Vec<f64> = months.iter().filter_map(|month| month.error(forecaster, day)).collect();
        Errors {
            months: errors.len(),
            mean_percent: errors.iter().sum::<f64>() / errors.len().max(1) as f64,
            worst_percent: errors.iter().copied().fold(0.0, f64::max),
        }
    };
    Row { forecaster, errors: ASKED_ON.into_iter().map(errors).collect() }
}

fn coverage(months: &[Month<'_>]) -> Coverage {
    let of = |month: &Month<'_>| {
        let total = month.total();
        let said = month.ours.iter().flatten();
        let held = |said: &Forecast| {
            [total <= said.p80, total <= said.p95, (said.p10..=said.p90).contains(&total), total < said.p10]
        };
        said.map(held).collect::<Vec<_>>()
    };
    let held: Vec<[bool; 4]> = months.iter().flat_map(of).collect();
    let percent =
        |index: usize| held.iter().filter(|held| held[index]).count() as f64 * 100.0 / held.len().max(1) as f64;
    Coverage {
        asked: held.len(),
        p80_percent: percent(0),
        p95_percent: percent(1),
        p10_to_p90_percent: percent(2),
        below_p10_percent: percent(3),
    }
}

#[cfg(test)]
mod tests;

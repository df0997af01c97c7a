//! What the month will come to, how sure that is, and when the limit is reached.
//!
//! The middle is a profile of the weekdays, carried to the level of the last two weeks ([`profile`]). Around it stands
//! what resampled past errors make of the days to come ([`spread`]). With less than two weeks of days the mean is
//! carried on in a straight line, and with less than three nothing is said.

pub mod compare;
pub mod profile;
pub mod spread;

use std::fmt;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::{Period, plus_days};
use profile::{MIN_PROFILE_DAYS, Profile};

/// With fewer days nothing is said.
pub const MIN_DAYS: usize = 3;
/// Seed of the draws, unless the caller has another.
pub const SEED: u64 = 0x65_67_72_65_73_73;

/// One whole day that is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DayTotal {
    /// The day of UTC.
    pub day: Date,
    /// Its bytes, or whatever the series counts; not below 0.
    #[serde(with = "crate::exact")]
    pub amount: f64,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Whole days that are known, in order of time: those of the period and those before.
    pub known: &'a [DayTotal],
    /// The month.
    pub period: Period,
    /// What the period has come to already, with the day that is not over; the forecast is never below it.
    pub so_far: f64,
    /// The day that is not over. What `so_far` has beyond the whole days was up to it, and days after it come on top.
    pub today: Date,
    /// Amount at which the allowance ends.
    pub limit: Option<f64>,
    /// Seed of the draws.
    pub seed: u64,
}

/// How the middle was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Profile of the weekdays of the last four weeks.
    WeekdayProfile,
    /// The mean of the days, for want of two weeks of them.
    Linear,
}

/// Too few days are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{days} whole days are known, {MIN_DAYS} are needed for a forecast")]
pub struct Insufficient {
    /// How many there are since traffic began.
    pub days: usize,
}

/// When the limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Eta {
    /// It was, on this day.
    Reached {
        /// The day.
        on: Date,
    },
    /// In this range, with 80 % of the draws inside.
    Range {
        /// Reached by this day in one of ten draws.
        earliest: Date,
        /// Reached by this day in half of the draws; absent when fewer reach it in this period.
        #[serde(skip_serializing_if = "Option::is_none")]
        likely: Option<Date>,
        /// Reached by this day in nine of ten draws; absent when fewer reach it in this period.
        #[serde(skip_serializing_if = "Option::is_none")]
        latest: Option<Date>,
    },
    /// Not in this period, in more than nine of ten draws.
    NotThisPeriod,
}

impl fmt::Display for Eta {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reached { on } => write!(formatter, "on {on}"),
            Self::Range { earliest, latest: Some(latest), .. } if earliest == latest => earliest.fmt(formatter),
            Self::Range { earliest, latest: Some(latest), .. } => write!(formatter, "{earliest} to {latest}"),
            Self::Range { earliest, latest: None, .. } => write!(formatter, "not before {earliest}"),
            Self::NotThisPeriod => formatter.write_str("not this month"),
        }
    }
}

/// The month up to the end of one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The day.
    pub day: Date,
    /// One of ten draws is below.
    pub p10: f64,
    /// The middle.
    pub p50: f64,
    /// Nine of ten draws are below.
    pub p90: f64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// How the middle was found.
    pub method: Method,
    /// Days that it rests on.
    pub days: usize,
    /// The month's total; as likely above as below.
    pub p50: f64,
    /// Four of five draws are below.
    pub p80: f64,
    /// Nineteen of twenty draws are below.
    pub p95: f64,
    /// One of ten draws is below.
    pub p10: f64,
    /// Nine of ten draws are below.
    pub p90: f64,
    /// When the limit is reached; absent without a limit.
    pub eta: Option<Eta>,
    /// Days of the period, known ones too, with the sum up to them.
    pub path: Vec<Point>,
}

/// The days of a period: known or to come.
enum Slot {
    Known(f64),
    /// Index among those to come.
    Ahead(usize),
}

/// Forecasts the period's total. The same question gives the same answer.
///
/// # Errors
/// [`Insufficient`].
pub fn forecast(question: &Question<'_>) -> Result<Forecast, Insufficient> {
    let known = since_it_began(question.known);
    if known.len() < MIN_DAYS {
        return Err(Insufficient { days: known.len() });
    }
    let (slots, ahead) = slots(question);
    let (method, profile) = fitted(known, question.period);
    let mut middle: Vec<f64> = ahead.iter().map(|day| profile.at(day.weekday())).collect();
    let mut draws = spread::draws(&profile, &middle, question.seed);
    let begun = ahead.iter().filter(|day| **day <= question.today).count();
    let so_far = question.so_far - slots.iter().filter_map(Slot::known).sum::<f64>();
    std::iter::once(&mut middle).chain(&mut draws).for_each(|days| raise(days, begun, so_far));
    let sums = Sums::new(question, &slots, &middle, &draws);
    let last = question.period.days().unsigned_abs() as usize - 1;
    let at = |share: f64| sums.quantile(last, share).max(question.so_far);
    Ok(Forecast {
        method,
        days: profile.days(),
        p10: at(0.10),
        p50: sums.middle(last).max(question.so_far),
        p80: at(0.80),
        p90: at(0.90),
        p95: at(0.95),
        eta: question.limit.map(|limit| sums.eta(question, &slots, limit)),
        path: sums.path(question),
    })
}

/// Raises the last of the days that have begun until they have the sum that was measured of them; the first one where
/// none is known to have begun.
fn raise(days: &mut [f64], begun: usize, measured: f64) {
    let begun = begun.clamp(1, days.len().max(1));
    if let Some((last, before)) = days.get_mut(..begun).and_then(<[f64]>::split_last_mut) {
        *last = last.max(measured - before.iter().sum::<f64>());
    }
}

/// The days from the first one with traffic on: days before it began say nothing of it. All of them when there was
/// none.
pub(crate) fn since_it_began(known: &[DayTotal]) -> &[DayTotal] {
    let began = known.iter().position(|total| total.amount > 0.0).unwrap_or(0);
    &known[began..]
}

/// The profile, or one without weekdays where there are not enough days.
fn fitted(known: &[DayTotal], period: Period) -> (Method, Profile) {
    if known.len() >= MIN_PROFILE_DAYS {
        return (Method::WeekdayProfile, Profile::fit(known));
    }
    let inside: Vec<DayTotal> = known.iter().copied().filter(|total| period.has(total.day)).collect();
    let base = if inside.len() >= MIN_DAYS { &inside } else { known };
    (Method::Linear, Profile::flat(base))
}

impl Slot {
    fn known(&self) -> Option<f64> {
        match self {
            Self::Known(amount) => Some(*amount),
            Self::Ahead(_) => None,
        }
    }
}

fn slots(question: &Question<'_>) -> (Vec<Slot>, Vec<Date>) {
    let mut ahead = Vec::new();
    let slot = |offset| {
        let day = plus_days(question.period.first, offset);
        match question.known.binary_search_by_key(&day, |total| total.day) {
            Ok(index) => Slot::Known(question.known[index].amount),
            Err(_) => {
                ahead.push(day);
                Slot::Ahead(ahead.len() - 1)
            }
        }
    };
    let slots = (0..question.period.days()).map(slot).collect();
    (slots, ahead)
}

/// Sums up to the end of each day, in the middle and in each draw. Draws are moved so that their median is the middle:
/// they say how far things may go, not where they stand.
struct Sums {
    middle: Vec<f64>,
    /// By day; each sorted.
    sorted: Vec<Vec<f64>>,
    /// By draw: day of the period on which the limit is reached.
    reached: Vec<Vec<f64>>,
}

impl Sums {
    fn new(question: &Question<'_>, slots: &[Slot], middle: &[f64], draws: &[Vec<f64>]) -> Self {
        let middle = running(slots, middle);
        let mut by_draw: Vec<Vec<f64>> = draws.iter().map(|draw| running(slots, draw)).collect();
        let mut sorted = Vec::with_capacity(slots.len());
        for (day, middle) in middle.iter().enumerate() {
            let mut values: Vec<f64> = by_draw.iter().map(|draw| draw[day]).collect();
            values.sort_unstable_by(f64::total_cmp);
            let shift = middle - spread::quantile(&values, 0.5);
            values.iter_mut().for_each(|value| *value += shift);
            by_draw.iter_mut().for_each(|draw| draw[day] += shift);
            sorted.push(values);
        }
        let reached = if question.limit.is_some() { by_draw } else { Vec::new() };
        Self { middle, sorted, reached }
    }

    fn middle(&self, day: usize) -> f64 {
        self.middle.get(day).copied().unwrap_or(0.0)
    }

    fn quantile(&self, day: usize, share: f64) -> f64 {
        self.sorted.get(day).map_or(0.0, |values| spread::quantile(values, share))
    }

    fn path(&self, question: &Question<'_>) -> Vec<Point> {
        let point = |day: usize| Point {
            day: plus_days(question.period.first, day as i64),
            p10: self.quantile(day, 0.10),
            p50: self.middle(day),
            p90: self.quantile(day, 0.90),
        };
        (0..self.middle.len()).map(point).collect()
    }

    fn eta(&self, question: &Question<'_>, slots: &[Slot], limit: f64) -> Eta {
        let date = |day: usize| plus_days(question.period.first, day as i64);
        let known = slots.iter().take_while(|slot| matches!(slot, Slot::Known(_))).count();
        if let Some(day) = self.middle[..known].iter().position(|sum| *sum >= limit) {
            return Eta::Reached { on: date(day) };
        }
        if question.so_far >= limit {
            return Eta::Reached { on: date(known.min(slots.len().saturating_sub(1))) };
        }
        let mut days: Vec<usize> = self.reached.iter().map(|draw| crossing(draw, limit)).collect();
        days.sort_unstable();
        let by = |share: f64| {
            let rank = (share * days.len() as f64).ceil() as usize;
            days.get(rank.max(1) - 1).copied().filter(|day| *day < slots.len()).map(date)
        };
        match by(0.1) {
            Some(earliest) => Eta::Range { earliest, likely: by(0.5), latest: by(0.9) },
            None => Eta::NotThisPeriod,
        }
    }
}

/// First day on which the sum is at the limit; one after the last when there is none.
fn crossing(sums: &[f64], limit: f64) -> usize {
    sums.iter().position(|sum| *sum >= limit).unwrap_or(usize::MAX)
}

fn running(slots: &[Slot], ahead: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let add = |slot: &Slot| {
        sum += match slot {
            Slot::Known(amount) => *amount,
            Slot::Ahead(index) => ahead.get(*index).copied().unwrap_or(0.0),
        };
        sum
    };
    slots.iter().map(add).collect()
}

#[cfg(test)]
mod tests;

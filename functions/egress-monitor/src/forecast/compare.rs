//! Other forecasts, to compare with.

use super::DayTotal;
use super::profile::PROFILE_DAYS;
use crate::period::plus_days;

/// Weights of level, trend and season, and what is left of the trend each day. They are fixed, not fitted.
const ALPHA: f64 = 0.3;
const BETA: f64 = 0.05;
const GAMMA: f64 = 0.2;
const PHI: f64 = 0.9;
/// Days of a season.
const WEEK: usize = 7;

/// The mean of the period's days carried on, as OCI Budgets do: the sum of `ahead` days. `None` before the first day.
#[must_use]
pub fn linear(inside: &[DayTotal], ahead: usize) -> Option<f64> {
    let sum: f64 = inside.iter().map(|day| day.amount).sum();
    (!inside.is_empty()).then(|| sum / inside.len() as f64 * ahead as f64)
}

/// Plain means of the weekdays of the last 28 days: the sum of `ahead` days after the last. `None` when a weekday is
/// missing.
#[must_use]
pub fn weekday_means(known: &[DayTotal], ahead: usize) -> Option<f64> {
    let recent = &known[known.len().saturating_sub(PROFILE_DAYS)..];
    let last = recent.last()?.day;
    let mean = |offset: usize| {
        let weekday = plus_days(last, offset as i64 + 1).weekday();
        let same: Vec<f64> = recent.iter().filter(|day| day.day.weekday() == weekday).map(|day| day.amount).collect();
        (!same.is_empty()).then(|| same.iter().sum::<f64>() / same.len() as f64)
    };
    (0..ahead).map(mean).sum()
}

/// Additive Holt-Winters with a damped trend and a season of a week: the sum of `ahead` days after the last. `None`
/// with less than two weeks.
#[must_use]
pub fn holt_winters(known: &[DayTotal], ahead: usize) -> Option<f64> {
    let values: Vec<f64> = known.iter().map(|day| day.amount).collect();
    if values.len() < 2 * WEEK {
        return None;
    }
    let mean = |days: &[f64]| days.iter().sum::<f64>() / days.len() as f64;
    let first = mean(&values[..WEEK]);
    let (mut level, mut trend) = (first, (mean(&values[WEEK..2 * WEEK]) - first) / WEEK as f64);
    let mut season: [f64; WEEK] = std::array::from_fn(|day| values[day] - first);
    for (index, value) in values.iter().enumerate() {
        let (before, seasonal) = (level, season[index % WEEK]);
        level = ALPHA * (value - seasonal) + (1.0 - ALPHA) * (before + PHI * trend);
        trend = BETA * (level - before) + (1.0 - BETA) * PHI * trend;
        season[index % WEEK] = GAMMA * (value - level) + (1.0 - GAMMA) * seasonal;
    }
    let mut damped = 0.0;
    let day = |offset: usize| {
        damped += PHI.powi(i32::try_from(offset).unwrap_or(i32::MAX).saturating_add(1));
        (level + damped * trend + season[(values.len() + offset) % WEEK]).max(0.0)
    };
    Some((0..ahead).map(day).sum())
}

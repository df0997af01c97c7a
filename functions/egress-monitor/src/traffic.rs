//! What virtual network interfaces measured, hour by hour: faster than the bill, and more than the bill.
//!
//! They count traffic that is not paid for as well, so their bytes become an estimate of billable ones only with the
//! ratio that the days before have had ([`nowcast`]). The same hours tell a sudden jump ([`spike`]).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::forecast::profile::median;
use crate::forecast::{DayTotal, since_it_began};
use crate::period::{hour_of, midnight};

/// Days that the ratio is learned from, at most and at least.
const RATIO_DAYS: usize = 14;
const MIN_RATIO_DAYS: usize = 3;
/// A day with fewer measured hours teaches nothing.
const MIN_HOURS_OF_DAY: i64 = 22;
/// With a smaller share of the hours measured there is no estimate.
const MIN_MEASURED_SHARE: f64 = 0.8;
/// Hours of a spike.
const SPIKE_HOURS: i64 = 6;
/// Weeks that a spike is compared with.
const SPIKE_WEEKS: i64 = 4;
/// Days that a spike is compared with where there are fewer than two weeks.
const SPIKE_DAYS: i64 = 7;

/// Bytes by hour. An hour that is not there was not measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Timestamp, Exact<f64>>", into = "BTreeMap<Timestamp, Exact<f64>>")]
pub struct Hours(BTreeMap<Timestamp, f64>);

impl From<BTreeMap<Timestamp, Exact<f64>>> for Hours {
    fn from(recorded: BTreeMap<Timestamp, Exact<f64>>) -> Self {
        Self::new(recorded.into_iter().map(|(at, bytes)| (at, bytes.0)))
    }
}

impl From<Hours> for BTreeMap<Timestamp, Exact<f64>> {
    fn from(hours: Hours) -> Self {
        hours.0.into_iter().map(|(at, bytes)| (at, Exact(bytes))).collect()
    }
}

impl Hours {
    /// Of points of time and bytes; points of one hour are summed, what is no number of bytes is left out.
    #[must_use]
    pub fn new(points: impl IntoIterator<Item = (Timestamp, f64)>) -> Self {
        let mut hours = BTreeMap::new();
        for (at, bytes) in points {
            if bytes.is_finite() && bytes >= 0.0 {
                *hours.entry(hour_of(at)).or_insert(0.0) += bytes;
            }
        }
        Self(hours)
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Measured hours from `from` to `to`, and their sum.
    fn sum(&self, from: Timestamp, to: Timestamp) -> (i64, f64) {
        if from >= to {
            return (0, 0.0);
        }
        let within = self.0.range(from..to);
        within.fold((0, 0.0), |(hours, sum), (_, bytes)| (hours + 1, sum + bytes))
    }
}

/// Billable bytes of the time that the bill does not know yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nowcast {
    /// The estimate.
    pub bytes: f64,
    /// Billable bytes for each measured one, above 0 and at most 1.
    pub ratio: f64,
    /// More was billed than measured: other services than network interfaces send too, and the estimate is without them.
    pub is_at_least: bool,
    /// Up to when it reaches: the end of the last whole hour.
    pub as_of: Timestamp,
    /// Hours of the time.
    pub hours: i64,
    /// Those that were measured.
    pub measured_hours: i64,
}

/// Why there is no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoNowcast {
    /// No hour was measured.
    #[error("no traffic of network interfaces was measured")]
    NotMeasured,
    /// Too many hours are missing.
    #[error("only {measured} of {hours} hours were measured")]
    Gaps {
        /// Measured hours.
        measured: i64,
        /// Hours that there should be.
        hours: i64,
    },
    /// The ratio cannot be learned.
    #[error("{days} days are both billed and measured, {MIN_RATIO_DAYS} are needed to learn the ratio")]
    NoRatio {
        /// Days.
        days: usize,
    },
    /// A ratio of 0 would make an estimate of nothing out of whatever is measured.
    #[error("nothing was billed of {days} days that were measured")]
    NothingBilled {
        /// Days.
        days: usize,
    },
}

/// Billable bytes for each measured one, above 0 and at most 1, over the last 14 days for which both are known. Days
/// before traffic began teach nothing of it.
///
/// # Errors
/// [`NoNowcast::NoRatio`], [`NoNowcast::NothingBilled`].
pub fn ratio(known: &[DayTotal], hours: &Hours) -> Result<f64, NoNowcast> {
    Ok(quotient(known, hours)?.min(1.0))
}

/// The same as it was, which can be above 1.
fn quotient(known: &[DayTotal], hours: &Hours) -> Result<f64, NoNowcast> {
    let both = since_it_began(known).iter().rev().filter_map(|day| {
        let start = midnight(day.day);
        let (count, sum) = hours.sum(start, later(start, 24));
        (count >= MIN_HOURS_OF_DAY).then_some((day.amount, sum))
    });
    let days: Vec<(f64, f64)> = both.take(RATIO_DAYS).collect();
    let (billed, measured) = days.iter().fold((0.0, 0.0), |(one, other), day| (one + day.0, other + day.1));
    if days.len() < MIN_RATIO_DAYS || measured <= 0.0 {
        return Err(NoNowcast::NoRatio { days: days.len() });
    }
    if billed <= 0.0 {
        return Err(NoNowcast::NothingBilled { days: days.len() });
    }
    Ok(billed / measured)
}

/// Estimates the hours from `from`, up to when usage is known, to `now`.
///
/// # Errors
/// [`NoNowcast`].
pub fn nowcast(known: &[DayTotal], hours: &Hours, from: Timestamp, now: Timestamp) -> Result<Nowcast, NoNowcast> {
    if hours.is_empty() {
        return Err(NoNowcast::NotMeasured);
    }
    let quotient = quotient(known, hours)?;
    let (ratio, is_at_least) = (quotient.min(1.0), quotient > 1.0);
    let (start, end) = (hour_of(from), hour_of(now));
    let expected = (end.as_second() - start.as_second()).max(0) / 3600;
    let (measured, sum) = hours.sum(start, end);
    if (measured as f64) < MIN_MEASURED_SHARE * expected as f64 {
        return Err(NoNowcast::Gaps { measured, hours: expected });
    }
    // Hours that were not measured were like the others.
    let whole = if measured > 0 { expected as f64 / measured as f64 } else { 1.0 };
    let (bytes, as_of) = (sum * whole * ratio, end.max(from));
    Ok(Nowcast { bytes, ratio, is_at_least, as_of, hours: expected, measured_hours: measured })
}

/// When the last hours are a spike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpikeRule {
    /// So many times the usual.
    pub factor: f64,
    /// And at least so many bytes.
    pub min_bytes: f64,
}

/// The last hours beside the usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpikeCheck {
    /// Whether they are a spike.
    pub is_spike: bool,
    /// Bytes of the last 6 hours.
    pub bytes: f64,
    /// Median of the same hours before.
    pub usual: f64,
}

/// Compares the last 6 whole hours with the same hours of the same weekday; with those of the days before where there
/// are no two weeks. `ratio` makes measured bytes billable ones. `None` when too little was measured to tell.
#[must_use]
pub fn spike(hours: &Hours, ratio: f64, now: Timestamp, rule: SpikeRule) -> Option<SpikeCheck> {
    let end = hour_of(now);
    let at = |hours_before: i64| {
        let end = later(end, -hours_before);
        let (count, sum) = hours.sum(later(end, -SPIKE_HOURS), end);
        (count == SPIKE_HOURS).then_some(sum * ratio)
    };
    let bytes = at(0)?;
    let weeks: Vec<f64> = (1..=SPIKE_WEEKS).filter_map(|week| at(week * 7 * 24)).collect();
    let past = if weeks.len() >= 2 { weeks } else { (1..=SPIKE_DAYS).filter_map(|day| at(day * 24)).collect() };
    if past.len() < 2 {
        return None;
    }
    let usual = median(past);
    Some(SpikeCheck { is_spike: bytes >= rule.min_bytes && bytes >= rule.factor * usual, bytes, usual })
}

fn later(at: Timestamp, hours: i64) -> Timestamp {
    let limit = if hours < 0 { Timestamp::MIN } else { Timestamp::MAX };
    at.checked_add(SignedDuration::from_hours(hours)).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;
    use crate::period::plus_days;

    const GB: f64 = 1e9;
    const RULE: SpikeRule = SpikeRule { factor: 4.0, min_bytes: 50.0 * GB };

    fn start() -> Timestamp {
        "2026-08-01T00:00:00Z".parse().unwrap()
    }

    /// GB of each hour since August 1.
    fn hours(count: i64, gb: impl Fn(i64) -> Option<f64>) -> Hours {
        Hours::new((0..count).filter_map(|hour| Some((later(start(), hour), gb(hour)? * GB))))
    }

    fn days(count: i64, gb: f64) -> Vec<DayTotal> {
        let first = "2026-08-01".parse().unwrap();
        (0..count).map(|day| DayTotal { day: plus_days(first, day), amount: gb * GB }).collect()
    }

    #[test]
    fn the_ratio_of_past_days_scales_the_hours_that_are_not_billed() {
        let hours = hours(20 * 24 + 15, |_| Some(10.0));
        let now = later(start(), 20 * 24 + 15) + SignedDuration::from_mins(40);
        let found = nowcast(&days(20, 60.0), &hours, later(start(), 20 * 24), now).unwrap();
        assert!((found.ratio - 0.25).abs() < 1e-12 && (found.bytes - 37.5 * GB).abs() < 1.0, "{found:?}");
        assert_eq!((found.hours, found.measured_hours), (15, 15));
        assert_eq!(found.as_of, later(start(), 20 * 24 + 15));
    }

    #[test]
    fn hours_that_were_not_measured_are_like_the_others() {
        let hours = hours(20 * 24 + 10, |hour| (hour != 20 * 24 + 3).then_some(10.0));
        let now = later(start(), 20 * 24 + 10);
        let found = nowcast(&days(20, 240.0), &hours, later(start(), 20 * 24), now).unwrap();
        assert!((found.bytes - 100.0 * GB).abs() < 1.0, "{found:?}");
        assert_eq!((found.hours, found.measured_hours), (10, 9));
    }

    #[test]
    fn the_ratio_is_never_above_one() {
        let found = ratio(&days(5, 1_000.0), &hours(5 * 24, |_| Some(10.0)));
        assert_eq!(found, Ok(1.0));
        let now = later(start(), 6 * 24);
        let is_at_least = |gb: f64| {
            let found = nowcast(&days(5, gb), &hours(6 * 24, |_| Some(10.0)), later(start(), 5 * 24), now).unwrap();
            assert!(found.ratio <= 1.0);
            found.is_at_least
        };
        assert!(is_at_least(241.0) && !is_at_least(240.0));
    }

    #[test]
    fn what_was_not_measured_is_no_zero() {
        let from = later(start(), 5 * 24);
        let now = later(start(), 5 * 24 + 10);
        let check = |known: i64, hours: &Hours, expected: NoNowcast| {
            assert_eq!(nowcast(&days(known, 5.0), hours, from, now), Err(expected));
        };
        check(5, &Hours::default(), NoNowcast::NotMeasured);
        check(2, &hours(200, |_| Some(1.0)), NoNowcast::NoRatio { days: 2 });
        check(5, &hours(200, |_| Some(0.0)), NoNowcast::NoRatio { days: 5 });
        let nothing = Err(NoNowcast::NothingBilled { days: 5 });
        assert_eq!(nowcast(&days(5, 0.0), &hours(200, |_| Some(1.0)), from, now), nothing);
        check(5, &hours(5 * 24 + 7, |_| Some(1.0)), NoNowcast::Gaps { measured: 7, hours: 10 });
        check(5, &hours(200, |hour| (hour % 24 < 20).then_some(1.0)), NoNowcast::NoRatio { days: 0 });
        let wrong = Hours::new([(start(), f64::NAN), (start(), -1.0), (start(), f64::INFINITY)]);
        assert!(wrong.is_empty());
    }

    #[test]
    fn e_16_a_jump_from_100_to_2000_gb_a_day_is_a_spike_within_six_hours() {
        let jump = 31 * 24;
        let hours = hours(jump + 24, |hour| Some(if hour < jump { 100.0 } else { 2_000.0 } / 24.0));
        let is_spike = |after: i64| spike(&hours, 1.0, later(start(), jump + after), RULE).unwrap().is_spike;
        assert!(!is_spike(0) && (1..=6).any(is_spike) && is_spike(6));
    }

    #[test]
    fn a_rhythm_of_the_week_is_no_spike() {
        let busy = |hour: i64| if (hour / 24) % 7 == 3 { 200.0 } else { 1.0 };
        let hours = hours(35 * 24, |hour| Some(busy(hour)));
        assert!((0..30).all(|hour| !spike(&hours, 1.0, later(start(), 31 * 24 + hour), RULE).unwrap().is_spike));
    }

    #[test]
    fn a_spike_needs_bytes_and_something_to_compare_with() {
        let small = hours(30 * 24, |hour| Some(if hour < 30 * 24 - 6 { 0.1 } else { 8.0 }));
        assert!(!spike(&small, 1.0, later(start(), 30 * 24), RULE).unwrap().is_spike, "48 GB are too few");
        let fresh = hours(30, |_| Some(100.0));
        assert_eq!(spike(&fresh, 1.0, later(start(), 30), RULE), None, "one day before is too little");
        let gap = hours(30 * 24, |hour| (hour != 30 * 24 - 3).then_some(100.0));
        assert_eq!(spike(&gap, 1.0, later(start(), 30 * 24), RULE), None);
    }

    proptest! {
        #[test]
        fn more_traffic_is_never_a_smaller_estimate(base in 0.1_f64..100.0, more in 0.0_f64..100.0) {
            let estimate = |gb: f64| {
                let hours = hours(10 * 24 + 8, |hour| Some(if hour < 240 { base } else { gb }));
                nowcast(&days(10, base * 12.0), &hours, later(start(), 240), later(start(), 248)).unwrap().bytes
            };
            prop_assert!(estimate(base + more) >= estimate(base));
        }
    }
}

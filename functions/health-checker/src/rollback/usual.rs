//! What response times are usual: those that AWS had in the two weeks before the cutover, at the same hour of the week.
//!
//! Hours of the week are those of UTC. A week has 168 of them, so a tenant's past has 336 numbers at most.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::LatencyRules;

const HOUR: i64 = 3600;
const WEEK_HOURS: i64 = 7 * 24;
/// How far back the past goes, in hours.
pub(crate) const PAST_HOURS: i64 = 2 * WEEK_HOURS;

/// Calls on AWS in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hour {
    /// Its beginning.
    pub at: Timestamp,
    /// All its calls.
    pub calls: u64,
    /// 95th percentile of their response times in milliseconds.
    pub p95_ms: f64,
}

/// The past of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Usual {
    /// 95th percentile in milliseconds, by the number of the hour since 1970.
    pub hours: BTreeMap<i64, f64>,
    /// Up to when it was read.
    pub read_until: Option<Timestamp>,
}

/// The end of the past: the cutover, or now before it, at a full hour.
pub(crate) fn end_of_past(cutover_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let end = cutover_at.map_or(now, |cutover| cutover.min(now));
    Timestamp::from_second(end.as_second().div_euclid(HOUR) * HOUR).unwrap_or(end)
}

impl Usual {
    /// Whether hours have passed since it was read.
    #[must_use]
    pub fn is_due(&self, cutover_at: Option<Timestamp>, now: Timestamp) -> bool {
        let end = end_of_past(cutover_at, now);
        // An end that moved back is another past: somebody has corrected the cutover.
        self.read_until != Some(end)
    }

    /// Takes up what was read, and forgets what is no longer in the two weeks.
    pub(super) fn learn(&mut self, past: &[Hour], end: Timestamp, rules: &LatencyRules) {
        let last = end.as_second().div_euclid(HOUR);
        for hour in past {
            let is_number = hour.p95_ms.is_finite() && hour.p95_ms > 0.0;
            if is_number && hour.calls >= rules.baseline_min_calls.into() {
                self.hours.insert(hour.at.as_second().div_euclid(HOUR), hour.p95_ms);
            }
        }
        self.hours.retain(|hour, _| (last - PAST_HOURS..last).contains(hour));
        self.read_until = Some(end);
    }

    /// The median of the hours of the past that are at the same hour of the week; `None` where too few are known.
    #[must_use]
    pub fn p95_ms(&self, now: Timestamp, rules: &LatencyRules) -> Option<f64> {
        let hour = now.as_second().div_euclid(HOUR);
        let same = self.hours.iter().filter(|(at, _)| (hour - **at).rem_euclid(WEEK_HOURS) == 0 && **at < hour);
        let mut found: Vec<f64> = same.map(|(_, p95)| *p95).collect();
        if found.is_empty() || found.len() < rules.baseline_hours as usize {
            return None;
        }
        found.sort_unstable_by(f64::total_cmp);
        let middle = found.len() / 2;
        Some(if found.len() % 2 == 1 { found[middle] } else { found[middle - 1].midpoint(found[middle]) })
    }
}

/// From when on it is read.
pub(crate) fn start_of_past(end: Timestamp) -> Timestamp {
    end.checked_sub(SignedDuration::from_hours(PAST_HOURS)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hours(end: Timestamp, count: i64, p95: impl Fn(i64) -> f64) -> Vec<Hour> {
        let hour = |back: i64| {
            let at = end - SignedDuration::from_hours(back);
            Hour { at, calls: 1_000, p95_ms: p95(at.as_second() / HOUR) }
        };
        (1..=count).map(hour).collect()
    }

    fn learned(past: &[Hour], end: Timestamp) -> Usual {
        let mut usual = Usual::default();
        usual.learn(past, end, &LatencyRules::default());
        usual
    }

    #[test]
    fn the_median_of_the_same_hour_of_both_weeks_counts() {
        let end = at("2026-03-11T08:00:00Z");
        // The first week has 100 ms, the second 140; the hour before the cutover had a fire.
        let middle = (end - SignedDuration::from_hours(WEEK_HOURS)).as_second() / HOUR;
        let fire = end.as_second() / HOUR - 1;
        let past = hours(end, 400, |hour| match () {
            () if hour == fire => 9_000.0,
            () if hour < middle => 100.0,
            () => 140.0,
        });
        let usual = learned(&past, end);
        assert_eq!(usual.hours.len(), 336);
        let rules = LatencyRules::default();
        let check = |now: &str, expected: Option<f64>| assert_eq!(usual.p95_ms(at(now), &rules), expected, "{now}");
        check("2026-03-11T08:30:00Z", Some(120.0));
        check("2026-03-25T08:30:00Z", Some(120.0));
        check("2026-03-12T07:59:59Z", Some(120.0));
        check("2026-03-11T07:30:00Z", None);
        // The hour of the fire is only that hour of the week.
        check("2026-03-18T07:30:00Z", Some((9_000.0 + 100.0) / 2.0));
    }

    #[test]
    fn too_little_is_no_baseline() {
        let end = at("2026-03-11T08:00:00Z");
        let one_week = learned(&hours(end, WEEK_HOURS, |_| 100.0), end);
        assert_eq!(one_week.p95_ms(end, &LatencyRules::default()), None);
        let lenient = LatencyRules { baseline_hours: 1, ..LatencyRules::default() };
        assert_eq!(one_week.p95_ms(end, &lenient), Some(100.0));
        assert_eq!(Usual::default().p95_ms(end, &lenient), None);
        let mut strange = hours(end, PAST_HOURS, |hour| if hour % 2 == 0 { f64::NAN } else { -1.0 });
        strange[3] = Hour { calls: 49, p95_ms: 100.0, ..strange[3] };
        assert!(learned(&strange, end).hours.is_empty());
    }

    #[test]
    fn it_is_read_once_an_hour_until_the_cutover_and_then_never() {
        let (cutover, now) = (at("2026-03-11T08:20:00Z"), at("2026-03-11T07:59:00Z"));
        let mut usual = Usual::default();
        assert!(usual.is_due(Some(cutover), now));
        usual.learn(&[], end_of_past(Some(cutover), now), &LatencyRules::default());
        let check = |usual: &Usual, now: &str, expected: bool| {
            assert_eq!(usual.is_due(Some(cutover), at(now)), expected, "{now}");
        };
        check(&usual, "2026-03-11T07:59:59Z", false);
        check(&usual, "2026-03-11T08:00:00Z", true);
        usual.learn(&[], end_of_past(Some(cutover), at("2026-03-11T09:00:00Z")), &LatencyRules::default());
        check(&usual, "2026-03-11T08:01:00Z", false);
        check(&usual, "2026-04-11T08:00:00Z", false);
        assert!(usual.is_due(Some(at("2026-03-11T06:00:00Z")), at("2026-03-11T12:00:00Z")), "it was corrected");
    }

    /// Noise of a quarter around a daily curve; 200 seeds. The median of two is off by the noise of a mean of two.
    #[test]
    fn noise_of_the_past_moves_the_baseline_little() {
        let end = at("2026-03-11T08:00:00Z");
        let curve = |hour: i64| 120.0 + 60.0 * ((hour % 24) as f64 / 24.0 * std::f64::consts::TAU).sin();
        let mut worst = 0.0_f64;
        let mut sum = 0.0;
        for seed in 0..200 {
            let mut random = SmallRng::seed_from_u64(seed);
            let noise: Vec<f64> = (0..PAST_HOURS).map(|_| random.random_range(0.75..1.25)).collect();
            let first = end.as_second() / HOUR - PAST_HOURS;
            let past = hours(end, PAST_HOURS, |hour| curve(hour) * noise[(hour - first) as usize]);
            let usual = learned(&past, end);
            for hour in 0..WEEK_HOURS {
                let now = end + SignedDuration::from_hours(hour);
                let found = usual.p95_ms(now, &LatencyRules::default()).unwrap();
                let off = (found / curve(now.as_second() / HOUR) - 1.0).abs();
                (worst, sum) = (worst.max(off), sum + off);
            }
        }
        let mean = sum / (200 * WEEK_HOURS) as f64;
        eprintln!(
            "noise of 25 %: the baseline is off by {:.1} % on average, {:.1} % at worst",
            mean * 100.0,
            worst * 100.0
        );
        assert!(worst <= 0.25 && mean < 0.09, "worst {worst}, mean {mean}");
    }
}

//! Which points are valid (R2), and what they say (R4).

use causeway_cloud::metrics::Point;
use jiff::Timestamp;

use crate::forecast::Past;
use crate::policy::Policy;
use crate::record::Measured;
use crate::size::tidy;
use crate::state::Change;

/// The points of one metric of one machine, one a minute.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// In order of time.
    samples: Vec<Sample>,
    /// Points that were thrown away.
    invalid: usize,
}

/// One minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Minutes since 1970.
    pub minute: i64,
    /// Utilization as a share of the size that the machine had then, in percent.
    percent: f64,
    /// What was used: OCPUs or GB.
    pub used: f64,
}

/// What a metric says. Utilizations are in percent of the present size.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signal {
    pub measured: Measured,
    /// Whether the points are good enough to grow on.
    pub fits_up: bool,
    /// Whether they are good enough to shrink on.
    pub fits_down: bool,
    /// Whether the newest point is too old, or there is none.
    pub is_stale: bool,
    /// The percentile that is compared.
    pub percentile: f64,
    /// The highest of the window for growing.
    pub peak: f64,
    /// The highest of the window for shrinking.
    pub window_max: f64,
    /// Whether the last points in a row are beyond the emergency's bounds.
    pub is_emergency: bool,
    /// Whether it looks as if memory had run out and something had been restarted.
    pub is_oom: bool,
}

impl Stream {
    /// The valid points of the last minutes.
    pub(crate) fn new(points: &[Point], now: Timestamp, policy: &Policy, history: &SizeHistory, minutes: u32) -> Self {
        let oldest = now.as_second() - i64::from(minutes) * 60;
        let newest = now.as_second() as f64 + policy.freshness.max_future_minutes * 60.0;
        let mut stream = Self { samples: Vec::with_capacity(points.len().min(2048)), invalid: 0 };
        for point in points {
            let second = point.at.as_second();
            let in_time = second >= oldest && second as f64 <= newest;
            match valid(point.value, policy).filter(|_| in_time) {
                Some(percent) => {
                    let used = percent / 100.0 * history.at(second);
                    stream.samples.push(Sample { minute: second.div_euclid(60), percent, used });
                }
                None => stream.invalid += 1,
            }
        }
        stream.order();
        stream
    }

    /// One sample a minute, in order; of several the highest, so that no order of arrival changes anything.
    fn order(&mut self) {
        if self.samples.windows(2).all(|pair| pair[0].minute < pair[1].minute) {
            return;
        }
        let before = self.samples.len();
        self.samples.sort_by(|one, other| one.minute.cmp(&other.minute).then(other.percent.total_cmp(&one.percent)));
        self.samples.dedup_by_key(|sample| sample.minute);
        self.invalid += before - self.samples.len();
    }

    /// The highest use of all, as a share of this size in percent.
    pub(crate) fn highest(&self, size: f64) -> f64 {
        self.samples.iter().map(|sample| sample.used).fold(0.0, f64::max) / size * 100.0
    }

    /// Samples from a minute on.
    pub(crate) fn since(&self, minute: i64) -> &[Sample] {
        &self.samples[self.samples.partition_point(|sample| sample.minute < minute)..]
    }

    /// Minutes since 1970 and what was used in them.
    pub(crate) fn used(&self) -> impl Iterator<Item = (i64, f64)> {
        self.samples.iter().map(|sample| (sample.minute, sample.used))
    }

    /// What the points say about a machine of this size, and what earlier ticks have read of the minutes before them.
    pub(crate) fn signal(&self, now: Timestamp, policy: &Policy, size: f64, lately: &Past) -> Signal {
        let minute = now.as_second().div_euclid(60);
        let recent = self.since(minute - i64::from(policy.up.window_minutes));
        let oldest = minute - i64::from(policy.down.window_minutes);
        let window = self.since(oldest);
        // What is remembered is no measurement where there is not a single point.
        let earlier = lately.earlier(oldest, window.iter().map(|sample| sample.minute));
        let window_points = window.len() + earlier.minutes;
        let age_minutes = window.last().map(|last| ((now.as_second() - last.minute * 60) as f64 / 60.0).max(0.0));
        let is_stale = age_minutes.is_none_or(|age| age > policy.freshness.max_age_minutes);
        let enough = |found: usize, expected: u32, percent: f64| found as f64 * 100.0 >= percent * f64::from(expected);
        let of_size = |used: f64| tidy(used / size * 100.0);
        let highest = |samples: &[Sample]| samples.iter().map(|sample| sample.used).reduce(f64::max);
        let window_max = highest(window).into_iter().chain(earlier.highest).reduce(f64::max);
        let percentile = nearest_rank(recent, policy.up.percentile);
        let is_full = enough(recent.len(), policy.up.window_minutes, policy.freshness.min_up_points_percent);
        let fits_up = !is_stale && is_full;
        Signal {
            fits_up,
            fits_down: fits_up
                && enough(window_points, policy.down.window_minutes, policy.freshness.min_down_points_percent),
            is_stale,
            percentile: percentile.map_or(0.0, of_size),
            peak: highest(recent).map_or(0.0, of_size),
            window_max: window_max.map_or(0.0, of_size),
            is_emergency: fits_up && is_emergency(recent, policy, size),
            is_oom: !is_stale && is_oom(recent, policy, size),
            measured: Measured {
                age_minutes: age_minutes.map(|age| round(age, 1)),
                points: recent.len(),
                window_points,
                invalid_points: self.invalid,
                percentile: percentile.map(|used| round(of_size(used), 3)),
                peak: highest(recent).map(|used| round(of_size(used), 3)),
                window_max: window_max.map(|used| round(of_size(used), 3)),
                day_max: None,
            },
        }
    }
}

/// A value that can be a utilization: a little above 100 is 100, everything else outside is nothing.
fn valid(value: f64, policy: &Policy) -> Option<f64> {
    (0.0..=policy.freshness.max_valid_percent).contains(&value).then(|| value.min(100.0))
}

/// The percentile by nearest rank.
fn nearest_rank(samples: &[Sample], percentile: f64) -> Option<f64> {
    let mut used: Vec<f64> = samples.iter().map(|sample| sample.used).collect();
    used.sort_by(f64::total_cmp);
    let rank = (percentile / 100.0 * used.len() as f64 - 1e-9).ceil() as usize;
    used.get(rank.max(1) - 1).copied()
}

/// Whether the newest points, minute by minute, are all high and one is very high.
fn is_emergency(recent: &[Sample], policy: &Policy, size: f64) -> bool {
    let wanted = policy.emergency.points as usize;
    let Some(last) = recent.len().checked_sub(wanted).map(|first| &recent[first..]) else { return false };
    let percent = |sample: &Sample| tidy(sample.used / size * 100.0);
    last.windows(2).all(|pair| pair[1].minute - pair[0].minute == 1)
        && last.iter().all(|sample| percent(sample) >= policy.emergency.at_percent)
        && last.iter().any(|sample| percent(sample) >= policy.emergency.peak_percent)
}

/// Whether memory was full some points in a row and then the machine was silent, or much less was used.
fn is_oom(recent: &[Sample], policy: &Policy, size: f64) -> bool {
    let percent = |sample: &Sample| tidy(sample.used / size * 100.0);
    let mut full = 0;
    for pair in recent.windows(2) {
        let is_full = percent(&pair[0]) >= policy.up.oom_at_percent;
        full = if is_full { full + 1 } else { 0 };
        let silent = (pair[1].minute - pair[0].minute - 1) as f64 >= policy.up.oom_gap_minutes;
        let fallen = percent(&pair[0]) - percent(&pair[1]) >= policy.up.oom_drop_percent;
        if full >= policy.up.oom_points && (silent || fallen) {
            return true;
        }
    }
    false
}

/// The size of one dimension over time.
#[derive(Debug)]
pub(crate) struct SizeHistory {
    /// Ends of times with another size, in order: seconds since 1970 and the size before.
    until: Vec<(i64, f64)>,
    now: f64,
}

impl SizeHistory {
    /// From the changes that were seen. While a change was under way the smaller of the two sizes counts: points of
    /// those minutes may be of either.
    pub(crate) fn new(changes: &[Change], now: f64, of: impl Fn(&Change) -> (f64, f64)) -> Self {
        let mut until = Vec::with_capacity(changes.len() * 2);
        for change in changes {
            let (from, to) = of(change);
            until.push((change.begun.as_second(), from));
            until.push((change.at.as_second(), from.min(to)));
        }
        Self { until, now }
    }

    fn at(&self, second: i64) -> f64 {
        self.until.iter().find(|(end, _)| second < *end).map_or(self.now, |(_, size)| *size)
    }
}

/// To so many decimals.
pub(crate) fn round(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    let rounded = (value * factor).round() / factor;
    if rounded == 0.0 || !rounded.is_finite() { 0.0 } else { rounded }
}

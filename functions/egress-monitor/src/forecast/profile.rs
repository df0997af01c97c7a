//! The profile of the weekdays and the level that it is carried to.
//!
//! Means of the weekdays of the last 28 days beat a straight line and exponential smoothing on recorded traffic. What
//! is added here lowered the error further in the back-test: the cap on single days looks at the weekday too, so that
//! traffic of week-ends only is not taken for outliers; the level follows the *median* ratio of the last two weeks
//! part of the way; and only days in a row that all agree change it at once.

use jiff::civil::Weekday;

use super::DayTotal;

/// Days that the profile is made of.
pub const PROFILE_DAYS: usize = 28;
/// With fewer days there is no profile.
pub const MIN_PROFILE_DAYS: usize = 14;
/// A day counts at most this many times the median, for the profile alone.
const CAP: f64 = 5.0;
/// Days whose median ratio moves the level.
const LEVEL_DAYS: usize = 14;
/// How far the level follows: a power of the ratio.
const LEVEL_POWER: f64 = 0.3;
/// Ratios that the level follows.
const LEVEL_RANGE: (f64, f64) = (0.05, 20.0);
/// So many days in a row, all this many times above or below their weekdays before, are a new level.
const STEPS: [(usize, f64); 2] = [(3, 4.0), (7, 1.6)];

/// What a day of each weekday is expected to have, and how days differed from that.
#[derive(Debug, Clone)]
pub struct Profile {
    /// From Monday.
    expected: [f64; 7],
    /// Ratios to what was expected, of the days that it was made of, in order of time.
    ratios: Vec<f64>,
    /// What ratios of days outside the profile are wider by.
    widened: f64,
}

/// Means by weekday of days that are capped.
struct Means([f64; 7]);

impl Means {
    /// `caps` holds the most that a day of each weekday counts.
    fn of(days: &[DayTotal], caps: &[f64; 7]) -> Self {
        let (mut sums, mut counts) = ([0.0; 7], [0.0; 7]);
        for day in days {
            let index = index(day.day.weekday());
            sums[index] += day.amount.min(caps[index]);
            counts[index] += 1.0;
        }
        let all = ratio(sums.iter().sum(), counts.iter().sum());
        let mean = |index: usize| if counts[index] > 0.0 { sums[index] / counts[index] } else { all };
        Self(std::array::from_fn(mean))
    }

    fn at(&self, day: &DayTotal) -> f64 {
        self.0[index(day.day.weekday())]
    }

    /// How much of what was expected a day had.
    fn ratio(&self, day: &DayTotal) -> f64 {
        let expected = self.at(day);
        match day.amount {
            amount if expected > 0.0 => amount / expected,
            amount if amount > 0.0 => f64::INFINITY,
            _ => 1.0,
        }
    }
}

impl Profile {
    /// Of the last 28 of these days, which are in order of time.
    #[must_use]
    pub fn fit(days: &[DayTotal]) -> Self {
        let days = &days[days.len().saturating_sub(PROFILE_DAYS)..];
        let caps = caps(days);
        if let Some(profile) = STEPS.iter().find_map(|(length, factor)| stepped(days, &caps, *length, *factor)) {
            return profile;
        }
        let means = Means::of(days, &caps);
        let recent = &days[days.len().saturating_sub(LEVEL_DAYS)..];
        let typical = median(recent.iter().map(|day| means.ratio(day)).collect());
        let level = typical.clamp(LEVEL_RANGE.0, LEVEL_RANGE.1).powf(LEVEL_POWER);
        Self::new(&means, level, days)
    }

    /// The same on every day: the mean of these days.
    #[must_use]
    pub fn flat(days: &[DayTotal]) -> Self {
        let mean = ratio(days.iter().map(|day| day.amount).sum(), days.len() as f64);
        let means = Means([mean; 7]);
        let mut profile = Self::new(&means, 1.0, days);
        profile.widened = widened(days.len(), 1);
        profile
    }

    fn new(means: &Means, level: f64, days: &[DayTotal]) -> Self {
        let means = Means(means.0.map(|mean| mean * level));
        // Where nothing is expected there is nothing that an error could be a share of.
        let ratios = days.iter().map(|day| Some(means.ratio(day)).filter(|ratio| ratio.is_finite()).unwrap_or(1.0));
        let ratios = ratios.collect();
        Self { expected: means.0, ratios, widened: widened(days.len(), 7) }
    }

    /// What is expected of a day.
    #[must_use]
    pub fn at(&self, day: Weekday) -> f64 {
        self.expected[index(day)]
    }

    /// Days that it was made of.
    #[must_use]
    pub fn days(&self) -> usize {
        self.ratios.len()
    }

    /// How much more or less than expected the days had, as a share of it, about a mean of 0, in order of time. As wide
    /// as those of days that the profile was not made of.
    #[must_use]
    pub fn errors(&self) -> Vec<f64> {
        let mean = ratio(self.ratios.iter().sum(), self.ratios.len() as f64);
        self.ratios.iter().map(|ratio| ((ratio - mean) * self.widened).max(-1.0)).collect()
    }
}

/// The profile of the days before, at the level of the last `length` ones, if these all differ by `factor`.
fn stepped(days: &[DayTotal], caps: &[f64; 7], length: usize, factor: f64) -> Option<Profile> {
    if days.len() < MIN_PROFILE_DAYS + length {
        return None;
    }
    let (before, recent) = days.split_at(days.len() - length);
    let means = Means::of(before, caps);
    let ratios: Vec<f64> = recent.iter().map(|day| means.ratio(day)).collect();
    let all = |is: &dyn Fn(f64) -> bool| ratios.iter().all(|ratio| is(*ratio));
    if !all(&|ratio| ratio >= factor) && !all(&|ratio| ratio <= 1.0 / factor) {
        return None;
    }
    if ratios.iter().any(|ratio| ratio.is_infinite()) {
        // Weekdays that had nothing say nothing of the rhythm of what has begun.
        return Some(Profile::flat(recent));
    }
    let expected: f64 = recent.iter().map(|day| means.at(day)).sum();
    let level = ratio(recent.iter().map(|day| day.amount).sum(), expected);
    Some(Profile::new(&means, level, recent))
}

/// The most that a day of each weekday counts. Where most days have nothing their mean takes the place of the median.
fn caps(days: &[DayTotal]) -> [f64; 7] {
    let all = match median(days.iter().map(|day| day.amount).collect()) {
        nothing if nothing <= 0.0 => ratio(days.iter().map(|day| day.amount).sum(), days.len() as f64),
        median => median,
    };
    let of = |weekday| days.iter().filter(move |day| index(day.day.weekday()) == weekday).map(|day| day.amount);
    std::array::from_fn(|weekday| CAP * all.max(median(of(weekday).collect())))
}

/// Days that a mean was made of lie nearer to it than others do.
fn widened(days: usize, means: usize) -> f64 {
    if days > means { (1.0 - means as f64 / days as f64).sqrt().recip() } else { 1.0 }
}

fn index(day: Weekday) -> usize {
    usize::from(day.to_monday_zero_offset().unsigned_abs())
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Median; 0 of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

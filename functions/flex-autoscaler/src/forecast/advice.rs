//! The size of the least expected cost.
//!
//! The next hours are expected to be like the past ones, some more than others: the last hour, the last hours, the
//! last days, the same hours of the days before and of the week before, and the hours that followed on hours like
//! the last one. That gives for each size the share of time in which it would be too small, and so its price for an
//! hour: OCPUs plus violations. A change must earn back its downtime within the time for which it is expected to
//! hold. A change of the load shows in the last hour, whose weight grows with every five minutes; after a lasting change of
//! its level what was before counts little ([`super::level`]); a surge beyond the size is answered at once, by the
//! sizes that surges like it needed.

use jiff::Timestamp;

use super::hour::Load;
use super::level::changed_hours_ago;
use super::profile::{HOUR_SECONDS, HOURS, Profile};
use super::tuning::Tuning;

const MINUTES_PER_HOUR: f64 = 60.0;
const SLOTS_PER_HOUR: f64 = 12.0;
const MINUTES_PER_SLOT: f64 = 5.0;

/// What things cost a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// One OCPU for an hour, with the memory that comes with it.
    pub ocpu_per_hour: f64,
    /// One minute of a machine that is too small or down.
    pub violation_per_minute: f64,
    /// How long a change takes the machine away, in minutes.
    pub downtime_minutes: f64,
}

/// A machine that may change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question<'a> {
    /// The moment.
    pub now: Timestamp,
    /// OCPUs that it has.
    pub ocpus: f64,
    /// OCPUs that it may have, ascending.
    pub candidates: &'a [f64],
    /// How long it has not changed, in hours.
    pub stable_hours: f64,
    /// What things cost.
    pub costs: Costs,
}

/// What the costs say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Advice {
    /// OCPUs of the least expected cost, changes included.
    pub ocpus: f64,
    /// Expected cost of an hour at the present size.
    pub cost_now_per_hour: f64,
    /// Expected cost of an hour at the advised size.
    pub cost_then_per_hour: f64,
    /// The last five minutes were a violation.
    pub is_surge: bool,
    /// The last lasting change of the level, where there was one.
    pub level: Option<Level>,
}

/// A lasting change of the level of the load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The beginning of the first hour after it.
    pub changed_at: Timestamp,
    /// Whether another size would be advised if it had not been seen.
    pub is_felt: bool,
}

/// A stretch of the past, how much it counts.
type Weighed = (Load, f64);

/// The size of the least expected cost; `None` without enough history or where it was switched off.
#[must_use]
pub fn advise(profile: &Profile, question: &Question<'_>, tuning: &Tuning) -> Option<Advice> {
    let enough = f64::from(profile.history_hours(question.now)) >= tuning.min_history_hours;
    if !tuning.enabled || !enough {
        return None;
    }
    let changed = changed_hours_ago(profile, question.now, tuning);
    let past = Past::new(profile, question.now, changed, tuning)?;
    let (ocpus, cost_now_per_hour) = past.cheapest(question, tuning);
    let cost_then_per_hour = past.cost_per_hour(ocpus, &question.costs, tuning);
    let level = changed.and_then(|hours| {
        let (unaware, _) = Past::new(profile, question.now, None, tuning)?.cheapest(question, tuning);
        Some(Level { changed_at: hour_of(question.now, hours)?, is_felt: (unaware - ocpus).abs() > 1e-6 })
    });
    let is_surge = past.is_surge(question, tuning);
    Some(Advice { ocpus, cost_now_per_hour, cost_then_per_hour, is_surge, level })
}

/// The beginning of the hour that was so many hours before the running one.
fn hour_of(now: Timestamp, hours_ago: usize) -> Option<Timestamp> {
    let running = now.as_second().div_euclid(HOUR_SECONDS);
    let ago = i64::try_from(hours_ago).ok()?;
    Timestamp::from_second(running.checked_sub(ago)?.checked_mul(HOUR_SECONDS)?).ok()
}

fn share_that_violates(tuning: &Tuning) -> f64 {
    tuning.violation_above_percent / 100.0
}

/// What a change costs.
fn change(costs: &Costs, tuning: &Tuning) -> f64 {
    (costs.downtime_minutes + tuning.friction_minutes) * costs.violation_per_minute
}

/// The past, weighed for what it says about the next hours.
struct Past {
    stretches: Vec<Weighed>,
    total: f64,
    /// OCPUs of the last five minutes that were measured.
    last_used: f64,
    /// OCPUs of the last hour's five minutes, youngest first.
    recent: Vec<f64>,
    /// Hours that are over, youngest first.
    hours: Vec<Passed>,
}

/// An hour that is over.
struct Passed {
    /// How many hours ago; 1 is the last one.
    age: usize,
    load: Load,
    /// The hour after it, where that is over and known.
    next: Option<Load>,
    weight: f64,
}

impl Past {
    /// What was before a change of the level so many hours ago counts less.
    fn new(profile: &Profile, now: Timestamp, changed: Option<usize>, tuning: &Tuning) -> Option<Self> {
        let recent: Vec<(usize, f64)> = profile.recent(now).collect();
        let (_, last_used) = *recent.first()?;
        let mut stretches: Vec<Weighed> = Vec::with_capacity(recent.len() + HOURS);
        stretches.extend(recent.iter().map(|&(age, used)| {
            let fade = (-count(age) / SLOTS_PER_HOUR / tuning.last_hour_fade_hours).exp() / SLOTS_PER_HOUR;
            (Load::constant(used), tuning.last_hour_weight * fade)
        }));
        let like = Likeness::new(&recent, tuning);
        let mut hours = passed(&profile.past(now).collect::<Vec<_>>(), &like, tuning);
        for hour in hours.iter_mut().filter(|hour| changed.is_some_and(|since| hour.age > since)) {
            hour.weight *= tuning.before_change_weight;
        }
        stretches.extend(hours.iter().map(|hour| (hour.load, hour.weight)));
        let total = stretches.iter().map(|(_, weight)| weight).sum();
        let recent = recent.into_iter().map(|(_, used)| used).collect();
        Some(Self { stretches, total, last_used, recent, hours })
    }

    /// Whether the last five minutes were a violation.
    fn is_surge(&self, question: &Question<'_>, tuning: &Tuning) -> bool {
        self.last_used > question.ocpus * share_that_violates(tuning)
    }

    /// The size of the least expected cost, and the cost of an hour at the present one.
    fn cheapest(&self, question: &Question<'_>, tuning: &Tuning) -> (f64, f64) {
        let now = self.cost_per_hour(question.ocpus, &question.costs, tuning);
        let usual = self.usual(question, now, tuning);
        let ocpus = if self.is_surge(question, tuning) { usual.max(self.surge(question, tuning)) } else { usual };
        (ocpus, now)
    }

    /// Expected cost of an hour at a size.
    fn cost_per_hour(&self, ocpus: f64, costs: &Costs, tuning: &Tuning) -> f64 {
        let most = ocpus * share_that_violates(tuning);
        let above: f64 =
            self.stretches.iter().map(|(load, weight)| weight * load.share_above(most, tuning.peak_spread)).sum();
        let violated = above / self.total * MINUTES_PER_HOUR * costs.violation_per_minute;
        ocpus.mul_add(costs.ocpu_per_hour, violated)
    }

    /// The size whose saving, over the time that it is expected to hold, exceeds the price of the change by most.
    fn usual(&self, question: &Question<'_>, cost_now: f64, tuning: &Tuning) -> f64 {
        let change = change(&question.costs, tuning);
        let shrink_hold = tuning.stable_hold_hours(question.stable_hours);
        let mut best = (question.ocpus, 0.0);
        for &ocpus in question.candidates {
            let saving = cost_now - self.cost_per_hour(ocpus, &question.costs, tuning);
            let gain = if ocpus < question.ocpus {
                saving * shrink_hold - change * (1.0 + tuning.shrink_reserve)
            } else {
                saving * tuning.grow_hold_hours - change
            };
            if gain > best.1 && ocpus != question.ocpus {
                best = (ocpus, gain);
            }
        }
        best.0
    }

    /// The size for a demand that has outgrown the machine: the violations that are left of the surge, against what
    /// the change costs, what the larger size costs until it is worth to shrink again, and the chance that it is too small as
    /// well. The present size when that is cheaper.
    fn surge(&self, question: &Question<'_>, tuning: &Tuning) -> f64 {
        let costs = &question.costs;
        let change = change(costs, tuning);
        let violated = |ocpus| self.minutes_left(question.ocpus, ocpus, tuning) * costs.violation_per_minute;
        let mut best = (question.ocpus, violated(question.ocpus));
        for &ocpus in question.candidates.iter().filter(|ocpus| **ocpus > question.ocpus) {
            let more = (ocpus - question.ocpus) * costs.ocpu_per_hour;
            let again = self.outgrown(ocpus * share_that_violates(tuning), tuning) * change;
            let cost = more.mul_add(tuning.surge_hold_hours(change, more), violated(ocpus)) + change + again;
            if cost < best.1 {
                best = (ocpus, cost);
            }
        }
        best.0
    }

    /// Minutes of violation that a surge of the size `now` still has at the size `ocpus`, this hour and the next: as many
    /// as the surges had that were as high and as long, and a little as surges have in general.
    fn minutes_left(&self, now: f64, ocpus: f64, tuning: &Tuning) -> f64 {
        let (most_now, most) = (now * share_that_violates(tuning), ocpus * share_that_violates(tuning));
        let (lasted_now, lasted) = (self.violated_minutes(now, tuning), self.violated_minutes(ocpus, tuning));
        let minutes = |load: &Load, most| load.share_above(most, tuning.peak_spread) * MINUTES_PER_HOUR;
        let general = lasted_now.mul_add(tuning.surge_growth, tuning.surge_minutes) * self.rises_above(most, tuning);
        let mut sum = (general * tuning.surge_prior_weight, tuning.surge_prior_weight);
        for hour in &self.hours {
            let is_as_long = minutes(&hour.load, most_now) + MINUTES_PER_SLOT / 2.0 >= lasted_now;
            if hour.load.peak >= self.last_used && is_as_long {
                let rest = (minutes(&hour.load, most) - lasted).max(0.0);
                let next = hour.next.map_or(0.0, |next| minutes(&next, most));
                sum = (sum.0 + (rest + next) * hour.weight, sum.1 + hour.weight);
            }
        }
        sum.0 / sum.1
    }

    /// The general experience: how probable it is that the last demand rises above `ocpus`.
    fn rises_above(&self, ocpus: f64, tuning: &Tuning) -> f64 {
        let ratio = ocpus / self.last_used;
        if ratio <= 1.0 { 1.0 } else { ratio.powf(-tuning.surge_exponent) }
    }

    /// How long the demand has been too large without a break, in minutes.
    fn violated_minutes(&self, ocpus: f64, tuning: &Tuning) -> f64 {
        let most = ocpus * share_that_violates(tuning);
        count(self.recent.iter().take_while(|used| **used > most).count()) * MINUTES_PER_SLOT
    }

    /// The probability that a demand as large as the last one grows beyond `ocpus`.
    fn outgrown(&self, ocpus: f64, tuning: &Tuning) -> f64 {
        let as_large = self.stretches.iter().filter(|(load, _)| load.peak >= self.last_used);
        let (all, beyond) = as_large.fold((0.0, 0.0), |(all, beyond), (load, weight)| {
            let is_beyond = load.peak * (1.0 + tuning.peak_spread / 2.0) > ocpus;
            (all + weight, beyond + if is_beyond { *weight } else { 0.0 })
        });
        (beyond + tuning.surge_prior_weight * self.rises_above(ocpus, tuning)) / (all + tuning.surge_prior_weight)
    }
}

/// Hours with their ages, youngest first, weighed by what they say about the next ones.
fn passed(hours: &[(usize, Load)], like: &Likeness<'_>, tuning: &Tuning) -> Vec<Passed> {
    let at = |index: Option<usize>, age: usize| {
        let found = index.and_then(|index| hours.get(index)).filter(|(other, _)| *other == age);
        found.map(|(_, load)| *load)
    };
    let one = |(index, &(age, load)): (usize, &(usize, Load))| {
        let likeness = at(Some(index + 1), age + 1).map_or(1.0, |before| like.factor(&before));
        Passed { age, load, next: at(index.checked_sub(1), age - 1), weight: weight(age, tuning) * likeness }
    };
    hours.iter().enumerate().map(one).collect()
}

/// How much an hour of this age counts, before its likeness.
fn weight(age: usize, tuning: &Tuning) -> f64 {
    let hours = count(age) - 0.5;
    let faded = |weight: f64, fade: f64| weight / fade * (-hours / fade).exp();
    let lately =
        faded(tuning.hours_weight, tuning.hours_fade_hours) + faded(tuning.days_weight, tuning.days_fade_hours);
    lately + same_time(age, tuning)
}

/// How much an hour of this age counts for being a coming hour's time of day.
fn same_time(age: usize, tuning: &Tuning) -> f64 {
    let ahead = (24 - age % 24) % 24;
    if count(ahead) >= tuning.same_time_hours {
        return 0.0;
    }
    let days = (age + ahead) / 24;
    let daily = tuning.same_time_weight * (-(count(days) - 1.0) / tuning.same_time_fade_days).exp();
    let weekly = if days == 7 { tuning.same_weekday_weight } else { 0.0 };
    (daily + weekly) / tuning.same_time_hours
}

/// Finds the hours that were like the last one.
struct Likeness<'a> {
    peak: f64,
    median: f64,
    tuning: &'a Tuning,
}

impl<'a> Likeness<'a> {
    fn new(recent: &[(usize, f64)], tuning: &'a Tuning) -> Self {
        let mut used: Vec<f64> = recent.iter().map(|(_, used)| *used).collect();
        used.sort_by(f64::total_cmp);
        let peak = used.last().copied().unwrap_or(0.0);
        Self { peak, median: used.get(used.len() / 2).copied().unwrap_or(0.0), tuning }
    }

    /// By how much more an hour counts that came after `before`.
    fn factor(&self, before: &Load) -> f64 {
        let apart = |one: f64, other: f64| ((one + 1.0) / (other + 1.0)).ln().abs();
        let distance = apart(before.peak, self.peak) + apart(before.median(), self.median);
        self.tuning.alike_weight.mul_add((-distance / self.tuning.alike_spread).exp(), 1.0)
    }
}

impl Tuning {
    /// How long a larger size that costs `more` in an hour is kept after a surge: until to shrink earns its change.
    fn surge_hold_hours(&self, change: f64, more: f64) -> f64 {
        let earns = change * (1.0 + self.shrink_reserve) / more - self.min_hold_hours;
        earns.min(self.max_hold_hours).max(self.surge_min_hold_hours)
    }

    /// How long a smaller size is expected to hold, after so many hours without a change.
    fn stable_hold_hours(&self, stable_hours: f64) -> f64 {
        stable_hours.max(0.0).mul_add(self.hold_per_stable_hour, self.min_hold_hours).min(self.max_hold_hours)
    }
}

/// A count as a number to calculate with.
fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

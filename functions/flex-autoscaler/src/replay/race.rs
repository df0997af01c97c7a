//! All policies on all traces, at all prices.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::model::{Policy, Prices, Sizes, Tally, count, play, tally};
use super::oracle;
use super::policies::{Hpa, Original, Ours, Unmoved, Vpa, played};
use super::trace::Trace;
use crate::policy::Policy as Rules;

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Racer {
    /// A machine of the first size for ever.
    StaticStart,
    /// A machine of the largest size.
    StaticMax,
    /// Halving and doubling.
    Original,
    /// Target tracking.
    Hpa,
    /// Percentiles of a decaying histogram.
    Vpa,
    /// The rules of this autoscaler.
    Ours,
    /// Perfect foresight.
    Oracle,
}

impl Racer {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 7] =
        [Self::StaticStart, Self::StaticMax, Self::Original, Self::Hpa, Self::Vpa, Self::Ours, Self::Oracle];

    /// As people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StaticStart => "static-start",
            Self::StaticMax => "static-max",
            Self::Original => "original",
            Self::Hpa => "hpa",
            Self::Vpa => "vpa",
            Self::Ours => "ours",
            Self::Oracle => "oracle",
        }
    }

    /// The policy for one machine; `None` for the oracle, which is told the demand and not asked sample by sample.
    fn policy(self, sizes: Sizes, prices: Prices, rules: &Rules) -> Option<Box<dyn Policy>> {
        Some(match self {
            Self::StaticStart => Box::new(Unmoved::new(sizes.start)),
            Self::StaticMax => Box::new(Unmoved::new(sizes.max)),
            Self::Original => Box::new(Original::new(sizes)),
            Self::Hpa => Box::new(Hpa::new(sizes)),
            Self::Vpa => Box::new(Vpa::new(sizes)),
            Self::Ours => Box::new(Ours::with(played(rules, sizes, prices))),
            Self::Oracle => return None,
        })
    }

    /// The sizes that it gives a machine with this load.
    #[must_use]
    pub fn run(self, trace: &Trace, conditions: &Conditions, prices: Prices) -> Vec<u32> {
        let sizes = Sizes::default();
        let demand = trace.demand();
        match self.policy(sizes, prices, &conditions.rules) {
            None => oracle::cheapest(&demand, sizes, prices),
            Some(mut policy) => {
                let visible = trace.visible(conditions.gaps.percent, conditions.gaps.seed);
                play(policy.as_mut(), sizes, trace.start, &demand, &visible)
            }
        }
    }
}

/// Artificial gaps in what the policies see.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gaps {
    /// Share of the time, in percent.
    pub percent: f64,
    /// Where they are.
    pub seed: u64,
}

/// What is the same in all heats of a race.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conditions {
    /// What the policies do not see.
    pub gaps: Gaps,
    /// The policy of [`Racer::Ours`], as far as the replay does not fix it ([`played`]).
    pub rules: Rules,
}

impl From<Gaps> for Conditions {
    fn from(gaps: Gaps) -> Self {
        Self { gaps, ..Self::default() }
    }
}

/// What came out at one pair of prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// The prices.
    pub prices: Prices,
    /// Those asked for, and always the oracle.
    pub results: Vec<(Racer, Tally)>,
}

impl Heat {
    /// Dollars of the oracle.
    #[must_use]
    pub fn least(&self) -> f64 {
        let oracle = self.results.iter().find(|(racer, _)| *racer == Racer::Oracle);
        oracle.map_or(f64::NAN, |(_, tally)| tally.cost(self.prices))
    }
}

/// Runs them all, on as many threads as there are processors. The result does not depend on these.
#[must_use]
pub fn race(traces: &[Trace], racers: &[Racer], prices: &[Prices], conditions: &Conditions) -> Vec<Heat> {
    let mut racers: Vec<Racer> = racers.to_vec();
    racers.push(Racer::Oracle);
    racers.sort_unstable();
    racers.dedup();
    let jobs: Vec<(usize, usize, usize)> = (0..prices.len())
        .flat_map(|price| (0..racers.len()).map(move |racer| (price, racer)))
        .flat_map(|(price, racer)| (0..traces.len()).map(move |trace| (price, racer, trace)))
        .collect();
    let tallies = in_parallel(&jobs, |&(price, racer, trace)| {
        let trace = &traces[trace];
        tally(&trace.demand(), &racers[racer].run(trace, conditions, prices[price]))
    });
    let mut heats: Vec<Heat> = prices
        .iter()
        .map(|&prices| Heat { prices, results: racers.iter().map(|&racer| (racer, Tally::default())).collect() })
        .collect();
    for (&(price, racer, _), tally) in jobs.iter().zip(tallies) {
        heats[price].results[racer].1 += tally;
    }
    heats
}

/// The results of all jobs, in their order.
fn in_parallel<J: Sync, R: Send>(jobs: &[J], run: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(jobs.len().max(1));
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(jobs.len()));
    let work = || {
        while let Some((index, job)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, jobs.get(i)?)))
        {
            let result = run(job);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A row of the table: figures of one machine and day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Who.
    pub policy: Racer,
    /// OCPU hours paid for.
    pub ocpu_hours: f64,
    /// Minutes with too little, downtimes not counted.
    pub violation_minutes: f64,
    /// Changes of the size.
    pub resizes: f64,
    /// Changes that were taken back within an hour.
    pub flips: f64,
    /// Dollars.
    pub cost: f64,
    /// Times the cost of the oracle.
    pub times_oracle: f64,
}

impl Heat {
    /// The table's rows.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let least = self.least();
        self.results.iter().map(|&(policy, tally)| row(policy, tally, self.prices, least)).collect()
    }
}

fn row(policy: Racer, tally: Tally, prices: Prices, least: f64) -> Row {
    let days = tally.days();
    let per_day = |figure: f64, decimals: i32| rounded(figure / days, decimals);
    Row {
        policy,
        ocpu_hours: per_day(tally.ocpu_hours, 1),
        violation_minutes: per_day(tally.violation_minutes, 2),
        resizes: per_day(count(tally.resizes), 2),
        flips: per_day(count(tally.flips), 3),
        cost: per_day(tally.cost(prices), 2),
        times_oracle: rounded(tally.cost(prices) / least, 3),
    }
}

/// To so many decimals, so that equal runs print equal bytes.
fn rounded(figure: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    let rounded = (figure * factor).round() / factor;
    if rounded == 0.0 || !rounded.is_finite() { 0.0 } else { rounded }
}

//! Services whose errors are drawn from seeds.

use std::collections::BTreeMap;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Calls of a minute, where nothing else is said.
pub(super) const CALLS: u64 = 100;
/// Minutes of a day.
pub(super) const DAY: usize = 1440;
/// Minutes that the rule looks at.
pub(super) const SEEN: usize = 80;

/// How calls and errors come.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// The same number of calls in each minute, each with the same chance.
    Even,
    /// From 10 to 190 calls over a day.
    DayAndNight,
    /// A minute in 20 has four times the errors.
    Bursts,
    /// Each minute has a chance of its own, from 0 to twice the usual.
    Uneven,
}

/// Counts of errors, quickly: the inverse of the distribution.
pub(super) struct Service {
    chance: f64,
    /// By calls and chance in parts of ten thousand.
    tables: BTreeMap<(u64, u64), Vec<f64>>,
    random: SmallRng,
}

impl Service {
    pub(super) fn new(chance: f64, seed: u64) -> Self {
        Self { chance, tables: BTreeMap::new(), random: SmallRng::seed_from_u64(seed) }
    }

    /// Calls and errors of a minute with so many calls.
    pub(super) fn minute(&mut self, calls: u64) -> (u64, u64) {
        self.drawn(calls, self.chance)
    }

    /// The same of a minute of a day.
    pub(super) fn of_kind(&mut self, kind: Kind, minute: usize) -> (u64, u64) {
        let drawn: f64 = self.random.random();
        match kind {
            Kind::Even => self.minute(CALLS),
            Kind::DayAndNight => {
                let turn = (minute % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
                self.minute((CALLS as f64 * (1.0 + 0.9 * turn.sin())).round() as u64)
            }
            Kind::Bursts if drawn < 0.05 => self.drawn(CALLS, 4.0 * self.chance),
            Kind::Bursts => self.drawn(CALLS, 0.8 / 0.95 * self.chance),
            Kind::Uneven => self.drawn(CALLS, 2.0 * drawn * self.chance),
        }
    }

    fn drawn(&mut self, calls: u64, chance: f64) -> (u64, u64) {
        let drawn: f64 = self.random.random();
        let part = (chance * 1e4).round() as u64;
        let table = self.tables.entry((calls, part)).or_insert_with(|| cumulative(calls, chance));
        (calls, table.partition_point(|below| *below <= drawn).min(calls as usize) as u64)
    }
}

fn cumulative(calls: u64, chance: f64) -> Vec<f64> {
    let mut probability = (1.0 - chance).powi(calls as i32);
    let mut sum = probability;
    let mut all = vec![sum];
    for errors in 1..=calls {
        probability *= (calls - errors + 1) as f64 / errors as f64 * chance / (1.0 - chance);
        sum += probability;
        all.push(sum);
    }
    all
}

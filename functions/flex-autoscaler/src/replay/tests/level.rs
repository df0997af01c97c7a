//! What it is worth to see that the level has changed: machines whose load goes to another level for good, with and without.

use super::trace;
use crate::policy::Policy as Rules;
use crate::replay::model::{Prices, STEPS_PER_DAY, Tally, count, tally};
use crate::replay::race::{Conditions, Racer};
use crate::replay::trace::Trace;

/// Days before the change, and after it.
const BEFORE: usize = 6;
const AFTER: usize = 4;

/// A load of days and nights that has another level after some days.
fn step(before: f64, after: f64) -> Trace {
    let level = |slot: usize| if slot < BEFORE * STEPS_PER_DAY { before } else { after };
    let hour = |slot: usize| count(slot) / 12.0;
    let wave = |slot: usize| 0.3_f64.mul_add((hour(slot) / 24.0 * std::f64::consts::TAU).sin(), 1.0);
    let noise = |slot: usize| 0.05_f64.mul_add((hour(slot) * 17.3).sin(), 1.0);
    let percent = (0..(BEFORE + AFTER) * STEPS_PER_DAY).map(|slot| level(slot) * wave(slot) * noise(slot));
    trace("step", percent)
}

/// What the days after the change cost.
fn after(trace: &Trace, level_change: bool) -> Tally {
    let mut rules = Rules::default();
    rules.cost.level_change = level_change;
    let conditions = Conditions { rules, ..Conditions::default() };
    let sizes = Racer::Ours.run(trace, &conditions, Prices::default());
    let begin = BEFORE * STEPS_PER_DAY;
    tally(&trace.demand()[begin..], &sizes[begin..])
}

#[test]
fn after_a_step_down_it_costs_less_and_after_a_step_up_no_more() {
    let figures = |before, after_it| {
        let trace = step(before, after_it);
        [true, false].map(|level_change| after(&trace, level_change))
    };
    for (name, before, after_it, most) in [("up", 30.0, 70.0, 1.0), ("down", 70.0, 30.0, 0.85)] {
        let [with, without] = figures(before, after_it);
        let cost = |tally: Tally| tally.cost(Prices::default());
        eprintln!(
            "step {name}: ${:.2} and {} min with, ${:.2} and {} min without",
            cost(with),
            with.violation_minutes,
            cost(without),
            without.violation_minutes
        );
        assert!(cost(with) <= cost(without) * most + 1e-9, "{name}: {with:?} {without:?}");
        assert!(with.violation_minutes <= without.violation_minutes + 15.0, "{name}: {with:?} {without:?}");
    }
}

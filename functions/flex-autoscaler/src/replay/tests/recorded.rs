//! Recorded load, where there is some: the directory that `CAUSEWAY_TRACES` names.

#[path = "../../../../../tests/data_sets.rs"]
mod data_sets;

use data_sets::data_set;

use crate::replay::model::Prices;
use crate::replay::race::{Gaps, Racer, Row, race};
use crate::replay::read::directory;
use crate::replay::trace::{Trace, halves};

fn recorded() -> Vec<Trace> {
    let Some(path) = data_set("CAUSEWAY_TRACES", None) else { return Vec::new() };
    let found = directory(&path).expect("CAUSEWAY_TRACES can be listed");
    eprintln!("{} traces in {}", found.traces.len(), path.display());
    found.traces.into_iter().map(|(trace, _)| trace).collect()
}

fn ours(traces: &[Trace], percent: f64) -> Row {
    let heats = race(traces, &[Racer::Ours], &[Prices::default()], &Gaps { percent, seed: 1 }.into());
    heats[0].rows().into_iter().find(|row| row.policy == Racer::Ours).unwrap()
}

#[test]
fn held_out_halves_stay_within_what_is_promised() {
    let all = recorded();
    for seed in 1..=2 {
        let (_, held_out) = halves(all.clone(), seed);
        if held_out.is_empty() {
            return;
        }
        let (row, blind) = (ours(&held_out, 0.0), ours(&held_out, 1.0));
        for row in [&row, &blind] {
            assert!(row.times_oracle <= 1.40, "seed {seed}: {row:?}");
            assert!(row.violation_minutes <= 5.0 && row.resizes <= 1.2 && row.flips <= 0.05, "seed {seed}: {row:?}");
        }
        let pairs = [
            (row.cost, blind.cost),
            (row.violation_minutes, blind.violation_minutes),
            (row.resizes, blind.resizes),
            (row.flips, blind.flips),
        ];
        let is_worse = pairs.iter().any(|(seen, blind)| *blind > seen * 1.15);
        assert!(!is_worse, "seed {seed}: {blind:?} with gaps, {row:?} without");
    }
}

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod files;
mod laws;
mod level;
mod recorded;
mod world;

use super::model::{Prices, Sizes, Tally, play, tally};
use super::policies::Ours;
use super::trace::Trace;

/// A trace of these percentages.
fn trace(name: &str, percent: impl IntoIterator<Item = f64>) -> Trace {
    Trace { name: name.to_owned(), start: 1_704_067_200, percent: percent.into_iter().map(Some).collect() }
}

/// Sizes that our rules give a trace at default prices, without gaps.
fn ours(trace: &Trace) -> Vec<u32> {
    let mut policy = Ours::new(Sizes::default(), Prices::default());
    let demand = trace.demand();
    play(&mut policy, Sizes::default(), trace.start, &demand, &vec![true; demand.len()])
}

fn tally_of(trace: &Trace, sizes: &[u32]) -> Tally {
    tally(&trace.demand(), sizes)
}

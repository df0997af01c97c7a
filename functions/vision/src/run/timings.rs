//! How long each step took.

use std::collections::BTreeMap;
use std::time::Instant;

/// Milliseconds by step; a step that happens twice adds up.
#[derive(Debug, Clone)]
pub(crate) struct Timings {
    start: Instant,
    last: Instant,
    steps: BTreeMap<String, f64>,
}

impl Timings {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self { start: now, last: now, steps: BTreeMap::new() }
    }

    /// What went on since the last step, or the start, was this.
    pub(crate) fn step(&mut self, name: &str) {
        let now = Instant::now();
        *self.steps.entry(name.to_owned()).or_default() += milliseconds(self.last, now);
        self.last = now;
    }

    /// All of it, with the whole.
    pub(crate) fn end(mut self) -> BTreeMap<String, f64> {
        self.steps.insert("total".to_owned(), milliseconds(self.start, Instant::now()));
        self.steps
    }
}

/// With microseconds, and no further digits.
fn milliseconds(from: Instant, to: Instant) -> f64 {
    (to.duration_since(from).as_secs_f64() * 1e6).round() / 1e3
}

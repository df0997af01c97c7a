//! The course of a breaker, step by step.

mod documents;
mod opening;
mod orders;
mod presets;
mod probes;
mod services;
mod vectors;

use super::*;
use crate::retry::Failure;

const T: u64 = 1_700_000_000_000;
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

/// A breaker with its configuration and a clock.
struct Rig {
    state: State,
    config: Config,
    now_ms: u64,
    events: Vec<&'static str>,
}

fn rig(config: Config) -> Rig {
    config.check().unwrap();
    Rig { state: State::new(T), config, now_ms: T, events: Vec::new() }
}

impl Rig {
    fn keep<D>(&mut self, step: Step<D>) -> D {
        self.state = step.state;
        self.events.extend(step.events.iter().map(|event| event.change.name()));
        step.decision
    }

    fn ask(&mut self) -> Admission {
        let step = admit(&self.state, &self.config, self.now_ms, 0.5);
        self.keep(step)
    }

    fn pass(&mut self) -> Pass {
        match self.ask() {
            Admission::Allowed(pass) => pass,
            rejected => panic!("{rejected:?} in {:?}", self.state),
        }
    }

    fn wait_ms(&mut self) -> Option<u64> {
        match self.ask() {
            Admission::Allowed(pass) => panic!("{pass:?} in {:?}", self.state),
            Admission::Rejected { retry_after } => retry_after.map(|after| u64::try_from(after.as_millis()).unwrap()),
        }
    }

    fn report(&mut self, pass: Pass, outcome: Outcome, took_ms: u64) {
        let report = Report { pass, outcome, took_ms, at_ms: self.now_ms };
        let step = record(&self.state, &self.config, &[report], self.now_ms, 0.5);
        self.keep(step);
    }

    fn call(&mut self, outcome: Outcome) {
        let pass = self.pass();
        self.report(pass, outcome, 1);
    }

    fn calls(&mut self, number: u32, outcome: Outcome) -> &mut Self {
        (0..number).for_each(|_| self.call(outcome));
        self
    }

    fn order(&mut self, mode: Mode, for_ms: u64) {
        let order = Order { mode, author: "oncall".to_owned(), expires_ms: self.now_ms + for_ms, reason: None };
        let step = force(&self.state, &self.config, Some(order), self.now_ms).unwrap();
        self.keep(step);
    }

    fn is_open(&self) -> bool {
        matches!(self.state.phase, Phase::Open { .. })
    }
}

const OK: Outcome = Outcome::Passed;
const BAD: Outcome = Outcome::Failed;

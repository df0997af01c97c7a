//! The breaker of one provider, for the life of the process.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use causeway_resilience::breaker::{
    Admission, Config, Event, HalfOpen, LostProbe, Outcome, Pass, Report, State, Step, admit, record,
};
use tokio::time::Instant;

use super::Refused;

/// Decides whether a provider is asked at all.
pub(super) struct Gate {
    config: Config,
    state: Mutex<Option<State>>,
}

/// A call under way. One that is given up says nothing about the provider.
pub(super) struct Ticket<'a> {
    gate: &'a Gate,
    provider: &'a str,
    pass: Pass,
    started: Instant,
    admitted: SystemTime,
    is_reported: bool,
}

impl Gate {
    /// The rules of functions that share a breaker, with one probe: a model takes its time, and the others of a batch
    /// have a fallback.
    pub(super) fn new() -> Self {
        let half_open = HalfOpen { permits: 1, passes_to_close: 1, lease_ms: 180_000, lost: LostProbe::Freed };
        Self { config: Config { half_open, ..Config::shared() }, state: Mutex::default() }
    }

    /// # Errors
    /// When to come again, as far as that is known.
    pub(super) fn enter<'a>(
        &'a self,
        provider: &'a str,
        now: SystemTime,
        chance: f64,
    ) -> Result<Ticket<'a>, Option<Duration>> {
        match self.step(provider, now, |state, config, now_ms| admit(state, config, now_ms, chance)) {
            Admission::Allowed(pass) => {
                let started = Instant::now();
                Ok(Ticket { gate: self, provider, pass, started, admitted: now, is_reported: false })
            }
            Admission::Rejected { retry_after } => Err(retry_after),
        }
    }

    fn step<D>(&self, provider: &str, now: SystemTime, make: impl FnOnce(&State, &Config, u64) -> Step<D>) -> D {
        let now_ms = unix_ms(now);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let step = make(state.get_or_insert_with(|| State::new(now_ms)), &self.config, now_ms);
        *state = Some(step.state);
        drop(state);
        for Event { change, .. } in &step.events {
            tracing::warn!(provider, change = change.name(), "the breaker of a language model changed");
        }
        step.decision
    }
}

impl Ticket<'_> {
    /// How the call ended, its last try that is.
    pub(super) fn report(mut self, failed: Option<&Refused>, chance: f64) {
        let outcome = failed.map_or(Outcome::Passed, |refused| outcome(&self.gate.config, refused));
        self.tell(outcome, chance);
    }

    fn tell(&mut self, outcome: Outcome, chance: f64) {
        self.is_reported = true;
        let took = self.started.elapsed();
        // The clock is read once per call: a jump between its ends must not reach the breaker.
        let now = self.admitted + took;
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let report = Report { pass: self.pass, outcome, took_ms, at_ms: unix_ms(now) };
        self.gate.step(self.provider, now, |state, config, now_ms| record(state, config, &[report], now_ms, chance));
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.is_reported {
            self.tell(Outcome::Ignored, 1.0);
        }
    }
}

fn outcome(config: &Config, refused: &Refused) -> Outcome {
    match &refused.again {
        // A form that was not understood, or a question that was wrong: the provider works.
        Some(failure) => config.counted.outcome(failure),
        None if refused.failure.kind().is_illness() => Outcome::Failed,
        None => Outcome::Ignored,
    }
}

fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use causeway_resilience::service::Kind;

    use super::super::refused::{Said, Where};
    use super::*;

    const HERE: Where = Where { service: "chat", operation: "Chat" };

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    fn refused(status: u16, retry_after: Option<Duration>) -> Refused {
        HERE.refused(Said { status, retry_after, ..Said::default() })
    }

    fn ends(gate: &Gate, at: SystemTime, failed: Option<&Refused>) {
        gate.enter("p", at, 0.5).ok().unwrap().report(failed, 0.5);
    }

    #[test]
    fn five_failures_in_a_row_close_the_way_and_one_probe_opens_it() {
        let gate = Gate::new();
        for second in 0..5 {
            ends(&gate, at(second), Some(&refused(500, None)));
        }
        assert!(gate.enter("p", at(6), 0.5).is_err());
        let probe = gate.enter("p", at(60), 0.5).ok().unwrap();
        assert!(gate.enter("p", at(60), 0.5).is_err(), "one probe at a time");
        probe.report(None, 0.5);
        assert!(gate.enter("p", at(61), 0.5).is_ok());
    }

    #[test]
    fn a_probe_that_is_given_up_frees_its_place() {
        let gate = Gate::new();
        for second in 0..5 {
            ends(&gate, at(second), Some(&refused(503, None)));
        }
        drop(gate.enter("p", at(60), 0.5).ok().unwrap());
        assert!(gate.enter("p", at(61), 0.5).is_ok());
    }

    #[test]
    fn questions_that_are_wrong_say_nothing_about_the_provider() {
        let gate = Gate::new();
        let denied = Refused::from(HERE.fails(Kind::Denied, "no"));
        for second in 0..20 {
            ends(&gate, at(second), Some(&refused(400, None)));
            ends(&gate, at(second), Some(&denied));
        }
        assert!(gate.enter("p", at(21), 0.5).is_ok());
    }

    #[test]
    fn a_time_to_come_back_is_kept() {
        let gate = Gate::new();
        ends(&gate, at(0), Some(&refused(429, Some(Duration::from_secs(20)))));
        let wait = gate.enter("p", at(5), 0.5).err().unwrap().unwrap();
        assert!(wait <= Duration::from_secs(15) && wait > Duration::from_secs(13), "{wait:?}");
        assert!(gate.enter("p", at(21), 0.5).is_ok());
    }
}

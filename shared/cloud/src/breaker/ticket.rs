//! A call that was let through.

use std::sync::Arc;
use std::time::Duration;

use causeway_resilience::breaker::{LostProbe, Outcome, Pass, Report};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

use super::shared::Breaker;

/// A call under way. One that is given up, by dropping this, says nothing about the dependency unless it was slow by then,
/// or took as long as a probe may: then it was probably held. A probe that is given up is neither passed nor failed; when
/// its permit goes to another is what [`LostProbe`] says.
#[must_use = "the end of the call has to be reported"]
pub struct Ticket {
    breaker: Arc<Breaker>,
    pass: Pass,
    origin: Origin,
    started_ms: u64,
    is_reported: bool,
}

/// By whose rules a call went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Those of all.
    Shared,
    /// Those of this process, because the store was away.
    Alone {
        /// Whether those of all would have been the same, as far as was known.
        is_as_shared: bool,
    },
}

/// The dependency is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// When to ask again, where that is known. While probes are under way it is not.
    pub retry_after: Option<Duration>,
}

impl Rejected {
    /// The same in the words of a port that was not asked.
    #[must_use]
    pub fn into_failure(self, service: &str) -> ServiceFailure {
        let reason = "it failed too often lately and is left alone";
        ServiceFailure::new(Kind::Unavailable, service, "call", reason).with_retry_after(self.retry_after)
    }
}

impl Ticket {
    pub(super) fn new(breaker: Arc<Breaker>, pass: Pass, origin: Origin) -> Self {
        let started_ms = breaker.world.now_ms();
        Self { breaker, pass, origin, started_ms, is_reported: false }
    }

    /// Whether it is a probe, or goes by the rules of this process alone.
    #[cfg(test)]
    pub(super) fn parts(&self) -> (Pass, Origin) {
        (self.pass, self.origin)
    }

    /// Says how the call ended. Failures and probes are written at once, as far as the store can be reached.
    pub async fn report(mut self, outcome: Outcome, deadline: Deadline) {
        self.note(outcome);
        let breaker = Arc::clone(&self.breaker);
        drop(self);
        breaker.write_urgent(deadline).await;
    }

    /// The same from what a port gave.
    pub async fn ended<T>(self, result: &Result<T, ServiceFailure>, deadline: Deadline) {
        let outcome = result.as_ref().err().map_or(Outcome::Passed, Outcome::of);
        self.report(outcome, deadline).await;
    }

    /// What it says that nobody waited for the end; `None` where the lease of a probe is left to run out.
    fn given_up(&self) -> Option<Outcome> {
        let config = &self.breaker.world.config;
        let is_probe = self.pass.probe.is_some();
        let held_ms = if is_probe { u64::MAX } else { config.half_open.lease_ms };
        let long_ms = config.slow.map_or(held_ms, |slow| slow.after_ms);
        let took_ms = self.breaker.world.now_ms().saturating_sub(self.started_ms);
        if took_ms >= long_ms {
            return Some(Outcome::Failed);
        }
        let is_left = is_probe && config.half_open.lost == LostProbe::Freed;
        (!is_left).then_some(Outcome::Ignored)
    }

    fn note(&mut self, outcome: Outcome) {
        self.is_reported = true;
        let writer = self.breaker.world.writer();
        let took_ms = writer.now_ms.saturating_sub(self.started_ms);
        let report = Report { pass: self.pass, outcome, took_ms, at_ms: writer.now_ms };
        let mut seen = self.breaker.seen();
        match self.origin {
            Origin::Shared | Origin::Alone { is_as_shared: true } if self.breaker.world.documents.is_some() => {
                seen.report(report, &writer);
            }
            _ => seen.report_alone(report, &writer),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.is_reported
            && let Some(outcome) = self.given_up()
        {
            self.note(outcome);
        }
    }
}

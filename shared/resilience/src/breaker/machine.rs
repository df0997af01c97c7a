//! The transitions.

use std::time::Duration;

use super::config::{Config, LostProbe};
use super::event::{Cause, Change, Event};
use super::state::{Lease, Mode, Order, Phase, State};
use super::window::{Mark, Window};
use super::{Admission, Outcome, Pass, Report, Step};

/// One step under way.
pub(super) struct Machine<'c> {
    state: State,
    config: &'c Config,
    now_ms: u64,
    random01: f64,
    events: Vec<Event>,
}

impl<'c> Machine<'c> {
    pub(super) fn start(state: &State, config: &'c Config, now_ms: u64, random01: f64) -> Self {
        let mut machine = Self { state: state.clone(), config, now_ms, random01, events: Vec::new() };
        machine.state.repair(config, now_ms);
        machine.settle();
        machine
    }

    pub(super) fn finish<D>(self, decision: D) -> Step<D> {
        Step { decision, state: self.state, events: self.events }
    }

    /// What time alone brings about.
    fn settle(&mut self) {
        if let Some(order) = &self.state.forced {
            let expires_ms = order.expires_ms;
            if expires_ms <= self.now_ms {
                self.release(expires_ms);
            }
        }
        let now_ms = self.now_ms;
        if let Phase::HalfOpen { leases, .. } = &mut self.state.phase {
            let lost = leases.iter().map(|lease| lease.expires_ms).filter(|expires| *expires <= now_ms).min();
            leases.retain(|lease| lease.expires_ms > now_ms);
            if let (Some(lost_ms), LostProbe::Failed) = (lost, self.config.half_open.lost) {
                self.open(Cause::ProbeLost, lost_ms);
            }
        }
    }

    pub(super) fn admit(&mut self) -> Admission {
        if let Some(order) = &self.state.forced {
            let retry_after = Some(until(order.expires_ms, self.now_ms));
            return if order.mode == Mode::Open { Admission::Rejected { retry_after } } else { self.pass(None) };
        }
        if let Phase::Open { length_ms } = self.state.phase {
            let end = self.state.since_ms.saturating_add(length_ms);
            if self.now_ms < end {
                return Admission::Rejected { retry_after: Some(until(end, self.now_ms)) };
            }
            self.half_open();
        }
        self.admit_probe()
    }

    /// A probe where the breaker is half-open and has a permit; any call where it is closed.
    fn admit_probe(&mut self) -> Admission {
        let permits = self.config.permits();
        let expires_ms = self.now_ms.saturating_add(self.config.half_open.lease_ms.max(1));
        let Phase::HalfOpen { next_probe, passed, leases, last_ms } = &mut self.state.phase else {
            return self.pass(None);
        };
        let used = u32::try_from(leases.len()).unwrap_or(u32::MAX).saturating_add(*passed);
        if used >= permits {
            return Admission::Rejected { retry_after: None };
        }
        let probe = *next_probe;
        *next_probe = next_probe.wrapping_add(1);
        leases.push(Lease { probe, expires_ms });
        *last_ms = self.now_ms;
        self.pass(Some(probe))
    }

    fn pass(&self, probe: Option<u64>) -> Admission {
        Admission::Allowed(Pass { epoch: self.state.epoch, probe })
    }

    pub(super) fn record(&mut self, report: &Report) {
        if report.pass.epoch != self.state.epoch {
            return;
        }
        match self.state.forced.as_ref().map(|order| order.mode) {
            Some(Mode::Open | Mode::Disabled) => {}
            Some(Mode::Closed) => self.count(report),
            Some(Mode::MetricsOnly) => self.count_and_warn(report),
            None => match self.state.phase {
                Phase::Closed => self.count_and_judge(report),
                Phase::HalfOpen { .. } => self.end_probe(report),
                Phase::Open { .. } => {}
            },
        }
    }

    fn is_slow(&self, report: &Report) -> bool {
        self.config.slow.is_some_and(|slow| report.took_ms >= slow.after_ms)
    }

    fn count(&mut self, report: &Report) {
        let mark = match (report.outcome, self.is_slow(report)) {
            (Outcome::Ignored, _) => Mark::Ignored,
            (Outcome::Passed, false) => Mark::Ok,
            (Outcome::Passed, true) => Mark::SlowOk,
            (Outcome::Failed | Outcome::Throttled { .. }, false) => Mark::Failed,
            (Outcome::Failed | Outcome::Throttled { .. }, true) => Mark::SlowFailed,
        };
        self.state.window.count(self.config.frame(self.now_ms), mark, report.at_ms);
        match report.outcome {
            Outcome::Ignored => {}
            Outcome::Passed => self.state.failed_in_row = 0,
            Outcome::Failed | Outcome::Throttled { .. } => {
                self.state.failed_in_row = self.state.failed_in_row.saturating_add(1);
            }
        }
    }

    fn count_and_judge(&mut self, report: &Report) {
        self.count(report);
        let throttled = self.throttled(report.outcome);
        if let Some(cause) = throttled.or_else(|| self.verdict()) {
            self.open(cause, self.now_ms);
        }
    }

    fn count_and_warn(&mut self, report: &Report) {
        let before = self.verdict();
        self.count(report);
        if let (None, Some(cause)) = (before, self.verdict()) {
            self.tell(Change::WouldOpen { cause }, self.now_ms);
        }
    }

    /// The cause to open for as long as an answer asks.
    fn throttled(&self, outcome: Outcome) -> Option<Cause> {
        match (outcome, self.config.throttle_cap_ms) {
            (Outcome::Throttled { retry_after_ms }, Some(_)) if retry_after_ms > 0 => {
                Some(Cause::Throttled { retry_after_ms })
            }
            _ => None,
        }
    }

    fn verdict(&self) -> Option<Cause> {
        let tally = self.state.tally(self.config, self.now_ms);
        let calls = tally.calls();
        let enough = calls >= u64::from(self.config.enough_calls());
        let reached = |part: u64, pct: u32| u128::from(part) * 100 >= u128::from(pct) * u128::from(calls);
        let failures = self.config.failure_pct.filter(|pct| enough && reached(tally.failed, (*pct).max(1)));
        let slow = self.config.slow.filter(|slow| enough && reached(tally.slow, slow.pct.max(1)));
        let row = self
            .config
            .consecutive
            .filter(|rule| self.state.failed_in_row >= rule.failures.max(1) && !(enough && rule.below_min_calls_only));
        let failures = failures.map(|_| Cause::FailureRatio { failed: tally.failed, calls });
        let slow = slow.map(|_| Cause::SlowRatio { slow: tally.slow, calls });
        failures.or(slow).or(row.map(|_| Cause::Consecutive { failed: self.state.failed_in_row }))
    }

    fn end_probe(&mut self, report: &Report) {
        let is_slow = self.is_slow(report);
        let Phase::HalfOpen { leases, passed, .. } = &mut self.state.phase else { return };
        let Some(at) = leases.iter().position(|lease| Some(lease.probe) == report.pass.probe) else { return };
        leases.remove(at);
        match report.outcome {
            Outcome::Ignored => {}
            Outcome::Passed if !is_slow => {
                *passed = passed.saturating_add(1);
                if *passed >= self.config.passes_to_close() {
                    self.close();
                }
            }
            outcome => {
                let cause = self.throttled(outcome).unwrap_or(Cause::ProbeFailed);
                self.open(cause, self.now_ms);
            }
        }
    }

    fn open(&mut self, cause: Cause, at_ms: u64) {
        let closed_long = self.state.phase == Phase::Closed
            && at_ms.saturating_sub(self.state.since_ms) >= self.config.open.reset_after_ms;
        let before = if closed_long { 0 } else { self.state.opens_in_row };
        let length_ms = match (cause, self.config.throttle_cap_ms) {
            (Cause::Throttled { retry_after_ms }, Some(cap)) => {
                // The first one is a request and no illness; a probe that fails is one more time, however it fails.
                let is_probe = matches!(self.state.phase, Phase::HalfOpen { .. });
                self.state.opens_in_row = before.saturating_add(u32::from(is_probe));
                retry_after_ms.min(cap)
            }
            _ => {
                self.state.opens_in_row = before.saturating_add(1);
                self.config.open_ms(self.state.opens_in_row, self.random01)
            }
        };
        self.state.cause = Some(cause);
        self.begin(Phase::Open { length_ms }, at_ms);
        self.tell(Change::Opened { until_ms: at_ms.saturating_add(length_ms), cause }, at_ms);
    }

    fn half_open(&mut self) {
        let phase = Phase::HalfOpen { next_probe: 1, passed: 0, leases: Vec::new(), last_ms: self.now_ms };
        self.begin(phase, self.now_ms);
        self.tell(Change::HalfOpened, self.now_ms);
    }

    fn close(&mut self) {
        self.state.cause = None;
        self.forget_counts();
        self.begin(Phase::Closed, self.now_ms);
        self.tell(Change::Closed, self.now_ms);
    }

    pub(super) fn force(&mut self, order: Order) {
        self.release(self.now_ms);
        self.state.cause = None;
        self.state.opens_in_row = 0;
        self.forget_counts();
        self.state.forced = Some(order.clone());
        self.begin(Phase::Closed, self.now_ms);
        self.tell(Change::Forced { order }, self.now_ms);
    }

    /// Ends the order in force. What was counted meanwhile stays: it is fresh, and the next report is judged with it.
    pub(super) fn release(&mut self, at_ms: u64) {
        if let Some(order) = self.state.forced.take() {
            self.begin(Phase::Closed, at_ms);
            self.tell(Change::Released { order }, at_ms);
        }
    }

    fn forget_counts(&mut self) {
        self.state.window = Window::default();
        self.state.failed_in_row = 0;
    }

    fn begin(&mut self, phase: Phase, at_ms: u64) {
        self.state.phase = phase;
        self.state.since_ms = at_ms;
        self.state.epoch = self.state.epoch.saturating_add(1);
    }

    fn tell(&mut self, change: Change, at_ms: u64) {
        self.events.push(Event { epoch: self.state.epoch, at_ms, change });
    }
}

fn until(end_ms: u64, now_ms: u64) -> Duration {
    Duration::from_millis(end_ms.saturating_sub(now_ms))
}

//! What one process knows of one breaker without asking the store.

use causeway_resilience::breaker::{Admission, Config, Event, Outcome, Pass, Phase, Report, State, admit, record};

use super::Dependency;
use super::record::Writer;
use super::ticket::Origin;

/// Most reports that wait to be written. Beyond it the oldest go: by then they are out of every window.
const MOST_PENDING: usize = 1_000;
/// So many waiting reports are written without waiting for more.
const MANY_PENDING: usize = 100;
/// Reports from which a process that is left alone begins.
const MOST_RECENT: usize = 50;

pub(super) struct Seen {
    dependency: Dependency,
    /// The state as it was read or written last, and when.
    pub(super) snapshot: Option<(State, u64)>,
    /// The breaker of this process while the store is away.
    pub(super) alone: Option<Alone>,
    /// Reports that are not written yet, oldest first.
    pending: Vec<Report>,
    pending_since_ms: Option<u64>,
    /// Whether they should not wait.
    is_urgent: bool,
    /// The last reports, whether they are written or not.
    recent: Vec<Report>,
    /// Admissions that were written although it was not known then.
    pub(super) spare: Vec<Pass>,
    /// Whether there are admissions of which it is still not known.
    pub(super) has_unknown: bool,
}

/// A breaker without a store.
pub(super) struct Alone {
    pub(super) state: State,
    /// Epoch of the shared breaker from which it began.
    base_epoch: u64,
    since_ms: u64,
    /// When the store is asked again.
    until_ms: u64,
}

/// What is known without the store.
pub(super) enum Known {
    /// The answer of the shared breaker.
    Shared(Admission),
    /// The answer of this process alone, and whether the report may go to the others once they can be reached.
    Alone(Admission, bool),
    /// The store has to be asked.
    Nothing,
}

impl Known {
    /// The answer and by whose rules it is, where there is one.
    pub(super) fn answer(self) -> Option<(Admission, Origin)> {
        match self {
            Self::Shared(admission) => Some((admission, Origin::Shared)),
            Self::Alone(admission, is_as_shared) => Some((admission, Origin::Alone { is_as_shared })),
            Self::Nothing => None,
        }
    }
}

impl Seen {
    pub(super) fn new(dependency: Dependency) -> Self {
        let (snapshot, alone, pending_since_ms, is_urgent, has_unknown) = Default::default();
        let (pending, recent, spare) = Default::default();
        Self { dependency, snapshot, alone, pending, pending_since_ms, is_urgent, recent, spare, has_unknown }
    }

    /// Whether nobody has to ask the store now.
    pub(super) fn is_fresh(&self, now_ms: u64, max_age_ms: u64) -> bool {
        match (&self.alone, &self.snapshot) {
            (Some(alone), _) => (alone.since_ms..alone.until_ms).contains(&now_ms),
            (None, Some((_, read_ms))) => (*read_ms..=read_ms.saturating_add(max_age_ms)).contains(&now_ms),
            (None, None) => false,
        }
    }

    /// Whether the store was away a moment ago.
    pub(super) fn is_paused(&self, now_ms: u64) -> bool {
        self.alone.as_ref().is_some_and(|alone| (alone.since_ms..alone.until_ms).contains(&now_ms))
    }

    pub(super) fn has_urgent(&self, now_ms: u64, gather_ms: u64) -> bool {
        let is_old = self.pending_since_ms.is_some_and(|since| now_ms >= since.saturating_add(gather_ms));
        self.is_urgent || is_old || self.pending.len() >= MANY_PENDING
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes the state of the document over.
    pub(super) fn learn(&mut self, state: &State, now_ms: u64) {
        self.snapshot = Some((state.clone(), now_ms));
        self.alone = None;
    }

    /// Goes by what this process knows until the store is asked again.
    pub(super) fn go_alone(&mut self, config: &Config, now_ms: u64, pause_ms: u64) {
        let until_ms = now_ms.saturating_add(pause_ms);
        if let Some(alone) = &mut self.alone {
            (alone.since_ms, alone.until_ms) = (now_ms, until_ms);
            return;
        }
        let (state, read_ms) = self.snapshot.clone().unwrap_or_else(|| (State::new(now_ms), now_ms));
        let news: Vec<_> = self.recent.iter().filter(|report| report.at_ms > read_ms).copied().collect();
        let base_epoch = state.epoch();
        let state = record(&state, config, &news, now_ms, 1.0).state;
        self.alone = Some(Alone { state, base_epoch, since_ms: now_ms, until_ms });
    }

    /// An answer, if one can be given without the store.
    pub(super) fn admit(&mut self, writer: &Writer<'_>) -> Known {
        if let Some(alone) = &mut self.alone {
            let step = admit(&alone.state, writer.config, writer.now_ms, writer.random01);
            alone.state = step.state;
            log_alone(&self.dependency, &step.events);
            let is_as_shared = alone.state.epoch() == alone.base_epoch && alone.state.phase() == &Phase::Closed;
            return Known::Alone(step.decision, is_as_shared);
        }
        if let Some(pass) = self.take_spare(writer.now_ms) {
            return Known::Shared(Admission::Allowed(pass));
        }
        let Some((state, _)) = &self.snapshot else { return Known::Nothing };
        let step = admit(state, writer.config, writer.now_ms, writer.random01);
        match step.decision {
            _ if !step.events.is_empty() => Known::Nothing,
            Admission::Allowed(Pass { probe: Some(_), .. }) => Known::Nothing,
            Admission::Rejected { .. } if self.has_unknown => Known::Nothing,
            decision => Known::Shared(decision),
        }
    }

    /// A permit whose write had arrived after all.
    pub(super) fn take_spare(&mut self, now_ms: u64) -> Option<Pass> {
        let Self { spare, snapshot, .. } = self;
        let Some((state, _)) = snapshot else { return None };
        let Phase::HalfOpen { leases, .. } = state.phase() else {
            spare.clear();
            return None;
        };
        let holds = |pass: &Pass| leases.iter().any(|held| Some(held.probe) == pass.probe && held.expires_ms > now_ms);
        spare.retain(|pass| pass.epoch == state.epoch() && holds(pass));
        spare.pop()
    }

    /// Notes the end of a call that went out under the shared breaker's rules.
    pub(super) fn report(&mut self, report: Report, writer: &Writer<'_>) {
        self.pending_since_ms.get_or_insert(writer.now_ms);
        let is_bad = matches!(report.outcome, Outcome::Failed | Outcome::Throttled { .. });
        self.is_urgent |= is_bad || report.pass.probe.is_some();
        self.pending.push(report);
        self.recent.push(report);
        self.pending.drain(..self.pending.len().saturating_sub(MOST_PENDING));
        self.recent.drain(..self.recent.len().saturating_sub(MOST_RECENT));
        self.report_alone(report, writer);
    }

    /// Counts it here where the store is away.
    pub(super) fn report_alone(&mut self, report: Report, writer: &Writer<'_>) {
        if let Some(alone) = &mut self.alone {
            let step = record(&alone.state, writer.config, &[report], writer.now_ms, writer.random01);
            alone.state = step.state;
            log_alone(&self.dependency, &step.events);
        }
    }

    /// The reports that wait, which wait no longer.
    pub(super) fn take_pending(&mut self) -> Vec<Report> {
        (self.is_urgent, self.pending_since_ms) = (false, None);
        std::mem::take(&mut self.pending)
    }
}

/// Nobody else sees the changes of a breaker that is of one process.
fn log_alone(dependency: &Dependency, events: &[Event]) {
    for Event { change, .. } in events {
        tracing::warn!(%dependency, change = change.name(), "the circuit breaker of this process alone changed");
    }
}

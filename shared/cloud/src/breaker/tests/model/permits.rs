//! The permits of a half-open breaker, as they are seen from outside.

use causeway_resilience::breaker::LostProbe;

use super::*;

/// What was given out, by epoch and probe: until when it is taken. One that said nothing is given back.
pub(super) struct Permits {
    lost: LostProbe,
    given: BTreeMap<u64, BTreeMap<u64, Option<u64>>>,
}

impl Permits {
    pub(super) fn new(lost: LostProbe) -> Self {
        Self { lost, given: BTreeMap::new() }
    }

    /// Whether a permit goes to another when its lease is over.
    pub(super) fn are_freed(&self) -> bool {
        self.lost != LostProbe::Failed
    }

    /// A probe has its permit, which nobody had before.
    pub(super) fn give(&mut self, epoch: u64, probe: u64, state: &State) -> Result<(), TestCaseError> {
        let Phase::HalfOpen { leases, .. } = state.phase() else { return Ok(()) };
        let lease = leases.iter().find(|lease| lease.probe == probe && state.epoch() == epoch);
        let until_ms = if self.are_freed() { lease.map_or(0, |lease| lease.expires_ms) } else { u64::MAX };
        let before = self.given.entry(epoch).or_default().insert(probe, Some(until_ms));
        prop_assert!(before.is_none(), "probe {} of epoch {} twice", probe, epoch);
        Ok(())
    }

    pub(super) fn give_back(&mut self, epoch: u64, probe: u64) {
        self.given.entry(epoch).or_default().insert(probe, None);
    }

    /// Permits that nobody else may have now.
    pub(super) fn taken(&self, epoch: u64, now_ms: u64) -> usize {
        let given = self.given.get(&epoch).into_iter().flat_map(BTreeMap::values);
        given.flatten().filter(|until_ms| **until_ms > now_ms).count()
    }
}

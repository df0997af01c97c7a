//! What one tick leaves of a tenant for the next.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decision;
use super::input::ClusterReading;
use super::tell::{BurnTold, LastTold};

/// Words of operators that are remembered.
const MAX_DONE: usize = 50;
/// Readings of a cluster that are closer are the same one, delivered again.
const SAME_READING: SignedDuration = SignedDuration::from_secs(30);

/// What is remembered of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TenantState {
    /// How often the decision has changed.
    pub epoch: u64,
    /// The decision that stands.
    pub decision: Option<Decision>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The last rollback that was told.
    pub rolled_back: Option<RolledBack>,
    /// Whether people wait to hear that it is over.
    pub is_open: bool,
    /// What they were told last.
    pub told: Option<LastTold>,
    /// By pair of windows.
    pub burns: BTreeMap<String, BurnTold>,
    /// By cluster: for how many ticks it has been without its quorum.
    pub clusters: BTreeMap<String, ClusterState>,
    /// Words of operators that were acted upon, oldest first.
    pub done_escalations: Vec<String>,
    /// When the tenant was looked at first.
    pub first_at: Option<Timestamp>,
}

/// A rollback that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RolledBack {
    /// When.
    pub at: Timestamp,
    /// The epoch of the decision.
    pub epoch: u64,
}

/// What is remembered of a cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterState {
    /// The last reading that counted.
    pub read_at: Option<Timestamp>,
    /// Ticks without a quorum, in a row.
    pub below: u32,
}

impl TenantState {
    /// Counts readings of clusters. What is not known moves nothing.
    pub(super) fn read(&mut self, readings: &[ClusterReading], now: Timestamp) {
        self.clusters.retain(|id, _| readings.iter().any(|reading| reading.id == *id));
        for reading in readings.iter().filter(|reading| reading.at <= now) {
            let Some(running) = reading.running else { continue };
            let state = self.clusters.entry(reading.id.clone()).or_default();
            if state.read_at.is_some_and(|last| reading.at.duration_since(last) < SAME_READING) {
                continue;
            }
            state.read_at = Some(reading.at);
            state.below = if running < reading.quorum { state.below.saturating_add(1) } else { 0 };
        }
    }

    pub(super) fn below(&self, cluster: &str) -> u32 {
        self.clusters.get(cluster).map_or(0, |state| state.below)
    }

    pub(super) fn is_done(&self, escalation: &str) -> bool {
        self.done_escalations.iter().any(|done| done == escalation)
    }

    pub(super) fn act_upon(&mut self, escalations: impl Iterator<Item = String>) {
        for id in escalations {
            if !self.is_done(&id) {
                self.done_escalations.push(id);
            }
        }
        let surplus = self.done_escalations.len().saturating_sub(MAX_DONE);
        self.done_escalations.drain(..surplus);
    }

    /// Whether a rollback was told less than `minutes` ago.
    pub(super) fn is_cooling(&self, now: Timestamp, minutes: u32) -> bool {
        let pause = SignedDuration::from_mins(i64::from(minutes));
        self.rolled_back.is_some_and(|last| now.duration_since(last.at) < pause)
    }
}

//! What one tick leaves of a tenant for the next.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{Cloud, ClusterReading, Escalation};
use super::series::Series;
use super::tell::{BurnTold, LastTold};
use super::usual::Usual;
use super::{Decision, Reason};

/// Words of operators that are remembered, each for as long as it could count.
const MAX_DONE: usize = 1_000;
/// Signals of one rollback: one that something came in the way of is given again when it is gone, but not for ever.
const MAX_SIGNALS: u32 = 3;
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
    pub done_escalations: Vec<Done>,
    /// When the tenant was looked at first.
    pub first_at: Option<Timestamp>,
    /// Where traffic is said to go, and since when.
    pub serving: Option<Serving>,
    /// What response times were usual on AWS.
    pub usual: Usual,
    /// End of the newest minute with calls on OCI that was ever read: a read that fails is no silence.
    pub heard_at: Option<Timestamp>,
    /// The same of AWS.
    pub heard_on_aws_at: Option<Timestamp>,
}

/// A rollback that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RolledBack {
    /// When.
    pub at: Timestamp,
    /// The epoch of the decision.
    pub epoch: u64,
    /// Why.
    pub reason: Reason,
    /// Whether the reason has lasted since.
    pub is_open: bool,
    /// Signals that were given for it.
    pub signals: u32,
}

/// A word of an operator that was acted upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// Its id.
    pub id: String,
    /// When it was given.
    pub at: Timestamp,
}

/// Where traffic is said to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Serving {
    /// The cloud.
    pub cloud: Cloud,
    /// Since when that was said.
    pub since: Timestamp,
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
    /// Notes the moment of the first look. Epochs begin at it: those of a state that was lost do not come again, and
    /// neither do the keys of what was told with them.
    pub(super) fn begin(&mut self, now: Timestamp) {
        if self.first_at.is_none() {
            self.epoch = self.epoch.max(u64::try_from(now.as_second()).unwrap_or(0));
        }
        self.bring_back(now);
        self.first_at.get_or_insert(now);
    }

    /// What a clock that was ahead has written down did not happen later than now.
    fn bring_back(&mut self, now: Timestamp) {
        let back = |at: &mut Timestamp| *at = (*at).min(now);
        let moments = [&mut self.first_at, &mut self.since, &mut self.heard_at, &mut self.heard_on_aws_at];
        moments.into_iter().flatten().for_each(back);
        self.rolled_back.iter_mut().for_each(|last| back(&mut last.at));
        self.told.iter_mut().for_each(|last| back(&mut last.at));
        self.serving.iter_mut().for_each(|serving| back(&mut serving.since));
        self.clusters.values_mut().filter_map(|cluster| cluster.read_at.as_mut()).for_each(back);
    }

    /// Notes the newest minutes with calls. What was not read takes nothing back.
    pub(super) fn hear(&mut self, oci: &Series, aws: Option<&Series>) {
        self.heard_at = self.heard_at.max(oci.heard_at());
        self.heard_on_aws_at = self.heard_on_aws_at.max(aws.and_then(Series::heard_at));
    }

    /// Notes where traffic is said to go.
    pub(super) fn serve(&mut self, cloud: Option<Cloud>, now: Timestamp) {
        if self.serving.map(|serving| serving.cloud) != cloud {
            self.serving = cloud.map(|cloud| Serving { cloud, since: now });
        }
    }

    /// Why a rollback was told that stands: its reason has lasted since, and it has not cooled down.
    pub(super) fn standing(&self, now: Timestamp, minutes: u32) -> Option<Reason> {
        let is_given = matches!(self.decision, Some(Decision::Rollback(_)));
        let stands = |last: &RolledBack| last.is_open && (is_given || last.signals < MAX_SIGNALS);
        self.rolled_back.filter(stands).filter(|_| self.is_cooling(now, minutes)).map(|last| last.reason)
    }

    /// Whether a rollback was told whose reason has lasted since, however long ago.
    pub(super) fn is_waiting(&self) -> bool {
        self.rolled_back.is_some_and(|last| last.is_open)
    }

    /// Notes a signal: another one of the rollback that stands, or the first of a new one.
    pub(super) fn signal(&mut self, reason: Reason, now: Timestamp, minutes: u32) {
        let before = self.rolled_back.filter(|_| self.standing(now, minutes).is_some());
        let (at, signals) = before.map_or((now, 0), |last| (last.at, last.signals));
        let signals = signals.saturating_add(1);
        self.rolled_back = Some(RolledBack { at, epoch: self.epoch, reason, is_open: true, signals });
    }

    /// The reason of the last rollback is gone; another time is another rollback.
    pub(super) fn close(&mut self) {
        self.rolled_back.iter_mut().for_each(|last| last.is_open = false);
    }

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
        self.done_escalations.iter().any(|done| done.id == escalation)
    }

    /// Marks words as done. One that nobody verified, or that is too old to count, was not acted upon.
    pub(super) fn act_upon(&mut self, escalations: &[Escalation], now: Timestamp, minutes: u32) {
        let counts = |at: Timestamp| now.duration_since(at) <= SignedDuration::from_mins(i64::from(minutes));
        self.done_escalations.retain(|done| counts(done.at));
        for word in escalations.iter().filter(|word| word.is_verified && word.at <= now && counts(word.at)) {
            if !self.is_done(&word.id) {
                self.done_escalations.push(Done { id: word.id.clone(), at: word.at });
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

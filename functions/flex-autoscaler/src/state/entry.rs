//! What is remembered of one machine.

use std::collections::BTreeMap;

use causeway_cloud::fleet::Size;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::forecast::{Lately, Profile};
use crate::input::schema;
use crate::record::Kind;

/// One machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Since when it is watched.
    pub since: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// Whether something had been known of it before, and was lost: its points may be of another size.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_lost: bool,
    /// Whether its changes are known all the same, from the audit.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_recalled: bool,
    /// The cluster that it was part of then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The size that it had then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Size>")]
    pub size: Option<Size>,
    /// A change that was asked for and is not seen yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commanded: Option<Commanded>,
    /// Changes that were seen in the last 24 hours, and always the last one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// A size for which there was no room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infeasible: Option<Infeasible>,
    /// A change that the cloud would not do without a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_reboot: Option<NeedsReboot>,
    /// When the cloud first had an objection to a change that may have been that it needs a restart, or anything that
    /// passes. It is forgotten after 15 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_at: Option<Timestamp>,
    /// How often in a row it was said to be busy with something else when it was to change with a restart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub busy: u32,
    /// Windows for which it grew, by their id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fired: BTreeMap<String, Fired>,
    /// What has been recommended and not been done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<Recommendation>,
    /// Its past.
    #[serde(default)]
    #[schemars(with = "String")]
    pub profile: Profile,
    /// What was measured in the last minutes, as far as a rule looks back.
    #[serde(default, skip_serializing_if = "Lately::is_empty")]
    #[schemars(with = "String")]
    pub lately: Lately,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// How sure it is that a change was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was about to be, or the answer was lost.
    Intended,
    /// The service has accepted it.
    #[default]
    Accepted,
}

/// A change that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Commanded {
    /// When.
    pub at: Timestamp,
    /// Under which epoch.
    #[serde(default)]
    pub epoch: u64,
    /// Why.
    pub kind: Kind,
    /// The size before.
    #[schemars(with = "schema::Size")]
    pub from: Size,
    /// The size asked for.
    #[schemars(with = "schema::Size")]
    pub to: Size,
    /// The token that makes a repetition harmless.
    #[serde(default)]
    pub token: String,
    /// The etag that the machine had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<String>,
    /// Whether a restart was allowed.
    #[serde(default)]
    pub may_restart: bool,
    /// How sure it is.
    #[serde(default)]
    pub status: Status,
    /// The service's number of the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<String>,
    /// The window that it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowMark>,
}

/// A window on one of its days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WindowMark {
    /// Its id in the policy.
    pub id: String,
    /// When this occurrence ends.
    pub until: Timestamp,
}

/// A change that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// When it was asked for; when the machine was last seen at its old size, if somebody else did.
    pub begun: Timestamp,
    /// When the machine was first seen running at its new size.
    pub at: Timestamp,
    /// Why; absent when somebody else did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The size before.
    #[schemars(with = "schema::Size")]
    pub from: Size,
    /// The size after.
    #[schemars(with = "schema::Size")]
    pub to: Size,
    /// Whether a restart was allowed for it. Absent in states of before this was kept, and where somebody else did it:
    /// not known, which counts as a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_restart: Option<bool>,
}

/// A size for which there was no room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Infeasible {
    /// The smallest size that was refused.
    #[schemars(with = "schema::Size")]
    pub target: Size,
    /// When it was last refused.
    pub at: Timestamp,
    /// When it may be asked for again.
    pub retry_at: Timestamp,
    /// Refusals in a row.
    pub failures: u32,
    /// Whether half the way was tried too.
    #[serde(default)]
    pub half_tried: bool,
    /// What the service said, where it was not for want of room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// A change that the cloud would not do without a restart. It waits for a maintenance window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NeedsReboot {
    /// When it was refused.
    pub at: Timestamp,
    /// The size asked for.
    #[schemars(with = "schema::Size")]
    pub target: Size,
}

/// A window for which a machine grew.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fired {
    /// When.
    pub at: Timestamp,
    /// The size before.
    #[schemars(with = "schema::Size")]
    pub from: Size,
    /// When this occurrence of the window ends.
    pub until: Timestamp,
}

/// What has been recommended tick after tick.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendation {
    /// What.
    pub kind: Kind,
    /// The size.
    #[schemars(with = "schema::Size")]
    pub to: Size,
    /// Since when.
    pub since: Timestamp,
}

impl Entry {
    /// Of a machine that is seen for the first time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            seen_at: now,
            is_lost: false,
            is_recalled: false,
            cluster: None,
            size: None,
            commanded: None,
            changes: Vec::new(),
            infeasible: None,
            needs_reboot: None,
            conflict_at: None,
            busy: 0,
            fired: BTreeMap::new(),
            recommendation: None,
            profile: Profile::default(),
            lately: Lately::default(),
        }
    }

    /// Of a machine of which something was known that cannot be believed. Only changes are: no second one may join one
    /// that is under way, and points from before one are not of the present size.
    pub(crate) fn doubted(&self, now: Timestamp) -> Self {
        let commanded = self.commanded.clone();
        let changes = self.changes.iter();
        Self {
            is_lost: true,
            is_recalled: true,
            size: self.size,
            cluster: self.cluster.clone(),
            commanded: commanded.map(|commanded| Commanded { at: commanded.at.min(now), ..commanded }),
            changes: changes.map(|one| Change { begun: one.begun.min(now), at: one.at.min(now), ..*one }).collect(),
            ..Self::new(now)
        }
    }

    /// Of a machine of which nothing is left but its changes.
    pub(crate) fn recalled(commanded: Option<Commanded>, changes: Vec<Change>, now: Timestamp) -> Self {
        let size = commanded.as_ref().map(|commanded| commanded.from).or(changes.last().map(|change| change.to));
        Self { is_lost: true, is_recalled: true, size, commanded, changes, ..Self::new(now) }
    }

    /// The last change that was seen.
    #[must_use]
    pub fn last_change(&self) -> Option<&Change> {
        self.changes.last()
    }

    /// Since when it has had its size, as far as is known.
    #[must_use]
    pub fn unchanged_since(&self) -> Timestamp {
        self.last_change().map_or(self.since, |change| change.at)
    }

    /// Whether the last change was the one for this window.
    pub(crate) fn is_of_window(&self, fired: &Fired) -> bool {
        self.last_change().is_some_and(|change| change.begun == fired.at && change.kind == Some(Kind::ScheduledUp))
    }
}

impl Change {
    /// Whether the machine grew.
    #[must_use]
    pub fn grew(&self) -> bool {
        self.to.ocpus > self.from.ocpus || (self.to.ocpus == self.from.ocpus && self.to.memory_gb > self.from.memory_gb)
    }
}

//! What a caller is told.

use causeway_cloud::fleet::Size;
use schemars::JsonSchema;
use serde::Serialize;

use crate::input::schema;
use crate::record::Record;

/// The reply: how the tick went, and the decisions.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Reply {
    /// How the tick went.
    pub status: Status,
    /// The decisions; absent where none were made.
    #[serde(flatten)]
    pub record: Option<Record>,
    /// Decisions that are left out because the reply would be too long: machines that are held. The audit has them.
    #[serde(skip_serializing_if = "is_zero")]
    pub omitted_decisions: usize,
    /// What became of each change that was asked for, in order.
    pub resizes: Vec<Resized>,
    /// Machines that were named and are not there, or have not the tags of the deployment's fleet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What was not as it should be, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Documents of the state that cannot be read and were left as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<String>,
    /// The object with all of this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<String>,
    /// The object with what was decided from, for `flex-autoscaler decide -f`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<String>,
    /// Who is at work, when it is somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy: Option<Busy>,
}

/// How a tick went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All of it was done.
    Ok,
    /// Some of it is left for the next tick, or was not known: see `deferred` and `warnings`.
    Partial,
    /// Another tick is at work; nothing was done.
    Busy,
    /// The mode is `off`; nothing was done.
    Off,
}

/// Another tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Busy {
    /// The request that it belongs to.
    pub owner: String,
    /// When it is over unless it goes on, in milliseconds since 1970.
    pub until_unix_ms: u64,
}

/// A change that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Resized {
    /// OCID of the machine.
    pub id: String,
    /// The size before.
    #[schemars(with = "schema::Size")]
    pub from: Size,
    /// The size asked for.
    #[schemars(with = "schema::Size")]
    pub to: Size,
    /// `accepted`, `changed`, `no_capacity`, `needs_reboot`, `conflict`, `busy`, `gone`, `hidden`, `refused`, `unknown`
    /// or `not_sent`.
    pub answer: &'static str,
    /// The service's number of the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<String>,
}

impl Reply {
    /// One that says that nothing was done.
    pub(crate) fn nothing(status: Status) -> Self {
        Self {
            status,
            record: None,
            omitted_decisions: 0,
            resizes: Vec::new(),
            missing: Vec::new(),
            warnings: Vec::new(),
            quarantined: Vec::new(),
            audit: None,
            inputs: None,
            busy: None,
        }
    }

    /// Leaves out machines that are held, beyond so many decisions: a reply has 6 MB at most.
    pub(crate) fn shortened(mut self, most: usize) -> Self {
        if let Some(record) = self.record.as_mut().filter(|record| record.decisions.len() > most) {
            let before = record.decisions.len();
            record.decisions.retain(|decision| decision.decision != crate::record::Kind::Hold);
            record.decisions.truncate(most);
            self.omitted_decisions = before - record.decisions.len();
        }
        self
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

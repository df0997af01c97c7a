//! What people are told.

use schemars::JsonSchema;
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look at it.
    Warning,
    /// Somebody should look at it now.
    Critical,
}

/// Something to tell. It is in the record once; a state that remembers it keeps it from coming again too soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Alert {
    /// What it is about, without the moment: such as `ceiling/<id>`. For
    /// [`State::alert_failed`](crate::state::State::alert_failed).
    pub topic: String,
    /// The topic and the moment when it was first told: the key under which it is sent once.
    pub dedup_key: String,
    /// A stable word, such as `ceiling`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The machine; absent when it is about all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// One line.
    pub title: String,
    /// The rest.
    pub body: String,
}

//! What a caller may ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request. The empty object is a tick, as a schedule sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// A tick; the same as nothing.
    pub kind: Option<Kind>,
    /// Everything is looked at, nothing is written anywhere and nobody is told.
    pub dry_run: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Look at everything that is due.
    Tick,
}

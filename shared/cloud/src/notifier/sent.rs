//! What is remembered of an alert that is out.

use serde::{Deserialize, Serialize};

use crate::state::UnixMillis;

/// The mark of an alert that is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The service's id of the message; empty where it is not known.
    pub message_id: String,
    /// When it was sent, in milliseconds since 1970; absent where the sender kept no time.
    pub unix_ms: Option<UnixMillis>,
}

impl Sent {
    /// As it is kept beside the claim.
    pub(super) fn to_reply(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| self.message_id.clone())
    }

    /// Marks that are older than their times are ids of messages alone.
    pub(super) fn of_reply(reply: &str) -> Self {
        serde_json::from_str(reply).unwrap_or_else(|_| Self { message_id: reply.to_owned(), unix_ms: None })
    }
}

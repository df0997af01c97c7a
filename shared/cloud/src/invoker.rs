//! Calling another function.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_resilience::{Deadline, ServiceFailure};

/// Functions of this deployment, by name.
#[async_trait]
pub trait Invoker: Send + Sync {
    /// Calls the function `name` (its folder's name, such as `discovery-agent`).
    ///
    /// # Errors
    /// The service's: the function could not be called, or did not answer. A function that ran and failed is an
    /// [`Outcome::Failed`].
    async fn invoke(&self, name: &str, call: &Call, deadline: Deadline) -> Result<Outcome, ServiceFailure>;
}

/// A call of a function. Its Debug form does not show the payload.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// The request, JSON.
    pub payload: Bytes,
    /// Whether the caller does not wait: the answer is lost, and the platform may deliver twice.
    pub is_detached: bool,
    /// Whether the function recognises a repetition, so that a call of unknown fate may be made again.
    pub is_idempotent: bool,
    /// W3C `traceparent` of the caller, where the platform passes headers on.
    pub traceparent: Option<String>,
}

/// What became of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function answered.
    Answered {
        /// Its reply.
        body: Bytes,
        /// The platform's id of the call.
        call_id: Option<String>,
    },
    /// The platform took the call over and does not wait for its end.
    Accepted {
        /// The platform's id of the call.
        call_id: Option<String>,
    },
    /// The function ran and failed: what it left behind is unknown.
    Failed {
        /// Stable name of the failure, such as `timeout`; what the platform or the function calls it.
        code: String,
        /// For an operator; at most 2,000 bytes.
        message: String,
        /// The platform's id of the call.
        call_id: Option<String>,
    },
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Call");
        shown.field("bytes", &self.payload.len()).field("is_detached", &self.is_detached).finish_non_exhaustive()
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { body, call_id } => write!(formatter, "Answered({} bytes, {call_id:?})", body.len()),
            Self::Accepted { call_id } => write!(formatter, "Accepted({call_id:?})"),
            Self::Failed { code, call_id, .. } => write!(formatter, "Failed({code:?}, {call_id:?})"),
        }
    }
}

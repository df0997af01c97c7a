//! How a call can fail before the function's own answer counts, in the words of Fn's agent.

use serde_json::{Value, json};

/// A failed call: what the caller is told, and what helps the person at this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}", .detail.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// Exit status and last log lines of the process, when they tell more.
    pub detail: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FailureKind {
    /// Every process was busy for the whole queueing time.
    #[error("Timed out - server too busy")]
    Busy,
    /// The local cloud is being stopped.
    #[error("the local cloud is stopping")]
    Stopping,
    /// The process could not be created.
    #[error("the function's process could not be started")]
    NotStarted,
    /// It ended, or published something that is no socket, before the first call.
    #[error("Container failed to initialize, please ensure you are using the latest fdk and check the logs")]
    InitFailed,
    /// It was not ready in time.
    #[error("Container initialization timed out, please ensure you are using the latest fdk and check the logs")]
    InitTimedOut,
    /// It answered 502: the handler failed.
    #[error("function failed")]
    FunctionFailed,
    /// It answered 504, or it was stopped for overrunning its time.
    #[error("Timed out")]
    TimedOut,
    /// The connection broke before the response was complete.
    #[error("error receiving function response")]
    NoResponse,
    /// It answered with a status that the contract does not know.
    #[error("invalid function response")]
    InvalidResponse,
    /// The response body is over the limit.
    #[error("function response body too large")]
    BodyTooLarge,
    /// The response headers are over the limit.
    #[error("function response header too large")]
    HeaderTooLarge,
}

impl FailureKind {
    /// The HTTP status with which Fn reports it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Busy | Self::Stopping => 503,
            Self::NotStarted => 500,
            Self::InitTimedOut | Self::TimedOut => 504,
            _ => 502,
        }
    }

    /// With words for the person at this machine.
    pub(crate) fn because(self, detail: impl Into<String>) -> Failure {
        Failure { kind: self, detail: Some(detail.into()) }
    }
}

impl From<FailureKind> for Failure {
    fn from(kind: FailureKind) -> Self {
        Self { kind, detail: None }
    }
}

impl Failure {
    /// Fn's error body. `detail` is an addition: the platform's message alone helps nobody to debug.
    #[must_use]
    pub fn to_body(&self) -> Value {
        match &self.detail {
            Some(detail) => json!({ "message": self.kind.to_string(), "detail": detail }),
            None => json!({ "message": self.kind.to_string() }),
        }
    }
}

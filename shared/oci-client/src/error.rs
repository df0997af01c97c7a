//! Why a call brought no result.

use std::fmt;
use std::time::Duration;

use causeway_oci_auth::ServiceError;
use causeway_oci_auth::call::{CallError, Skew};
use causeway_oci_auth::effects::HttpError;
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;

/// A call that failed: of which operation, and why. Shows no credential, no body and no URL.
#[derive(Debug, Clone)]
pub struct Error {
    /// Name of the service, such as `object_storage`.
    pub service: &'static str,
    /// Name of the operation as in Oracle's API, such as `PutObject`.
    pub operation: &'static str,
    /// What went wrong.
    pub cause: Box<Cause>,
    /// Whether a try before the last one may have had an effect.
    uncertain: bool,
}

/// What went wrong with a call.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The request cannot be made of what was given. Nothing was sent.
    #[error("{0}")]
    Request(String),
    /// No credentials, no region, or a request that cannot be signed. Nothing was sent with them.
    #[error(transparent)]
    Credentials(#[from] causeway_oci_auth::Error),
    /// No answer came. For an operation that changes something it is unknown whether it took effect.
    #[error("{failure}, after {tries} tries")]
    Transport {
        /// What happened to the last try.
        failure: HttpError,
        /// How often it was tried.
        tries: u32,
    },
    /// The service refused.
    #[error("refused with {error} at try {tries}{}{}", Because(skew.as_ref()), Because(renewal.as_ref()))]
    Refused {
        /// What it said last.
        error: Box<ServiceError>,
        /// How often it was tried.
        tries: u32,
        /// After a 401: how far the clocks are apart, when that is more than the service tolerates.
        skew: Option<Skew>,
        /// After a 401: why there were no newer credentials.
        renewal: Option<Box<causeway_oci_auth::Error>>,
    },
    /// The service reported success in a form that cannot be used. What was asked for may have happened.
    #[error("the answer with status {status} cannot be used: {reason}")]
    Answer {
        /// HTTP status.
        status: u16,
        /// What is wrong with it, without its content.
        reason: String,
        /// The number to quote to support.
        opc_request_id: Option<String>,
    },
    /// Work that the service accepted and did later has failed.
    #[error("the accepted work ended as {status}{}", Because(code.as_ref()))]
    Work {
        /// How it ended, such as `FAILED`.
        status: String,
        /// Error code of the first report, when there is one.
        code: Option<String>,
    },
    /// The time ran out while something accepted was still under way.
    #[error("still under way when the time was up")]
    Unfinished,
}

struct Because<'a, T>(Option<&'a T>);

impl<T: fmt::Display> fmt::Display for Because<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |reason| write!(formatter, "; {reason}"))
    }
}

impl Error {
    pub(crate) fn new(service: &'static str, operation: &'static str, cause: Cause) -> Self {
        Self { service, operation, cause: Box::new(cause), uncertain: false }
    }

    /// The same after tries of which one may have had an effect.
    pub(crate) fn after_uncertain(self, uncertain: bool) -> Self {
        Self { uncertain: self.uncertain || uncertain, ..self }
    }

    pub(crate) fn of_call(service: &'static str, operation: &'static str, error: CallError) -> Self {
        let cause = match error {
            CallError::Auth(error) => Cause::Credentials(error),
            CallError::Transport { failure, tries, .. } => Cause::Transport { failure, tries },
            CallError::Refused { error, tries, skew, renewal, .. } => Cause::Refused { error, tries, skew, renewal },
            // The enumeration may grow; its text shows no credential.
            other => Cause::Request(other.to_string()),
        };
        Self::new(service, operation, cause)
    }

    /// HTTP status of the answer, when there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &*self.cause {
            Cause::Refused { error, .. } => Some(error.status),
            Cause::Answer { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// OCI's error code, such as `IncorrectState`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &*self.cause {
            Cause::Refused { error, .. } => error.code.as_deref(),
            Cause::Work { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// When the service asked to be called again, after all tries.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match &*self.cause {
            Cause::Refused { error, .. } => error.retry_after,
            _ => None,
        }
    }

    /// The number to quote to support.
    #[must_use]
    pub fn opc_request_id(&self) -> Option<&str> {
        match &*self.cause {
            Cause::Refused { error, .. } => error.opc_request_id.as_deref(),
            Cause::Answer { opc_request_id, .. } => opc_request_id.as_deref(),
            _ => None,
        }
    }

    /// 404: the thing is not there, or not to be seen by this principal. OCI does not tell which.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// 412: a condition of the request does not hold.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.status() == Some(412)
    }

    /// 429, after all tries.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.status() == Some(429)
    }

    /// Whether what was asked for may have been done all the same, by any of the tries. When not, it is certain that it
    /// was not done. Says nothing useful about calls that only read.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.uncertain
            || match &*self.cause {
                Cause::Request(_) | Cause::Credentials(_) => false,
                Cause::Transport { failure, .. } => !matches!(failure, HttpError::NotSent(_)),
                Cause::Refused { error, .. } => is_uncertain(error.status, error.retry_after.is_some()),
                Cause::Answer { .. } | Cause::Work { .. } | Cause::Unfinished => true,
            }
    }

    /// How often the request was tried; 0 when nothing was sent.
    #[must_use]
    pub fn tries(&self) -> u32 {
        match &*self.cause {
            Cause::Transport { tries, .. } | Cause::Refused { tries, .. } => *tries,
            Cause::Answer { .. } | Cause::Work { .. } | Cause::Unfinished => 1,
            Cause::Request(_) | Cause::Credentials(_) => 0,
        }
    }
}

/// In the words that do not depend on the cloud.
impl From<Error> for ServiceFailure {
    fn from(error: Error) -> Self {
        let failure = Self::new(kind(&error.cause), error.service, error.operation, error.cause.to_string());
        let failure = failure.with_answer(error.status(), error.code().map(str::to_owned));
        let failure = failure.with_unknown_effect(error.may_have_happened()).with_retry_after(error.retry_after());
        failure.with_request_id(error.opc_request_id().map(str::to_owned))
    }
}

fn kind(cause: &Cause) -> Kind {
    match cause {
        Cause::Request(_) => Kind::Invalid,
        Cause::Credentials(_) => Kind::Unauthenticated,
        Cause::Transport { failure: HttpError::TimedOut(_), .. } | Cause::Unfinished => Kind::Timeout,
        Cause::Transport { .. } => Kind::Unavailable,
        Cause::Refused { error, .. } => Kind::of_status(error.status),
        Cause::Answer { .. } | Cause::Work { .. } => Kind::BadAnswer,
    }
}

/// Whether a refusal leaves open what was done. One below 500 does not, but for 408, nor does 503 with a time to come
/// back, by which the service itself says that it is not serving (RFC 9110, section 10.2.3).
pub(crate) fn is_uncertain(status: u16, has_retry_after: bool) -> bool {
    match status {
        408 => true,
        503 => !has_retry_after,
        _ => status >= 500,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.service, self.operation, self.cause)
    }
}

impl std::error::Error for Error {}

//! Why a call of a service brought no result, in words that do not depend on whose service it was.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What kind of failure it was: the decisions that a caller can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The thing is not there, or not to be seen by this principal. OCI does not tell which.
    NotFound,
    /// A condition of the call does not hold, or the thing is in another state than the call needs.
    Conflict,
    /// Nobody knows who we are: no credentials, or ones that are not taken.
    Unauthenticated,
    /// The call is not allowed.
    Denied,
    /// The call can never succeed as it is.
    Invalid,
    /// Too many calls, after all tries.
    Throttled,
    /// The service failed, or could not be reached.
    Unavailable,
    /// The time was up.
    Timeout,
    /// The answer cannot be used, or the work that was accepted failed later.
    BadAnswer,
    /// This cloud has no such service, or the deployment does not say where it is.
    NotConfigured,
}

impl Kind {
    /// The kind that an HTTP status tells.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthenticated,
            403 => Self::Denied,
            404 | 410 => Self::NotFound,
            409 | 412 => Self::Conflict,
            408 => Self::Timeout,
            429 => Self::Throttled,
            400..=499 => Self::Invalid,
            500..=599 => Self::Unavailable,
            _ => Self::BadAnswer,
        }
    }

    /// Stable name in logs, replies and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "service_not_found",
            Self::Conflict => "service_conflict",
            Self::Unauthenticated => "service_unauthenticated",
            Self::Denied => "service_denied",
            Self::Invalid => "service_refused",
            Self::Throttled => "service_throttled",
            Self::Unavailable => "service_unavailable",
            Self::Timeout => "service_timeout",
            Self::BadAnswer => "service_bad_answer",
            Self::NotConfigured => "service_not_configured",
        }
    }

    /// Whether a circuit breaker counts it: the service is ill, not the call.
    #[must_use]
    pub const fn is_illness(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Timeout | Self::BadAnswer)
    }
}

/// A call that failed: of which service and operation, and why. Shows no credential, no body and no URL.
#[derive(Debug, Clone)]
pub struct ServiceFailure(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    service: String,
    operation: String,
    kind: Kind,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    may_have_happened: bool,
    reason: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl ServiceFailure {
    /// A failure of `operation` of `service`; `reason` is for an operator.
    pub fn new(
        kind: Kind,
        service: impl Into<String>,
        operation: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        let (service, operation, reason) = (service.into(), operation.into(), reason.into());
        let (status, code, request_id, retry_after, source) = (None, None, None, None, None);
        let may_have_happened = false;
        let inner = Inner {
            service,
            operation,
            kind,
            status,
            code,
            request_id,
            retry_after,
            may_have_happened,
            reason,
            source,
        };
        Self(Box::new(inner))
    }

    /// A service that this deployment does not have. `reason` says what would have to be set.
    pub fn not_configured(service: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(Kind::NotConfigured, service, "connect", reason)
    }

    /// Adds the HTTP status and the service's own error code.
    #[must_use]
    pub fn with_answer(mut self, status: Option<u16>, code: Option<String>) -> Self {
        (self.0.status, self.0.code) = (status, code);
        self
    }

    /// Adds the number to quote to support.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.0.request_id = id;
        self
    }

    /// Adds when the service said to come back.
    #[must_use]
    pub fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.0.retry_after = after;
        self
    }

    /// Says that what was asked for may have been done all the same.
    #[must_use]
    pub fn with_unknown_effect(mut self, may_have_happened: bool) -> Self {
        self.0.may_have_happened = may_have_happened;
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Name of the service, such as `monitoring`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.0.service
    }

    /// Name of the operation as the service's API has it.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// HTTP status of the answer, when there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's error code, such as `IncorrectState`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The number to quote to support: `opc-request-id`, or the request id of AWS.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// When the service said to come back.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Why, for an operator.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Whether what was asked for may have been done all the same. False only when that is certain not to be.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.0.may_have_happened
    }
}

impl fmt::Display for ServiceFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { service, operation, reason, .. } = &*self.0;
        write!(formatter, "{service} {operation}: {reason}")
    }
}

impl StdError for ServiceFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_tell_kinds() {
        for (status, kind) in [
            (400, Kind::Invalid),
            (401, Kind::Unauthenticated),
            (403, Kind::Denied),
            (404, Kind::NotFound),
            (408, Kind::Timeout),
            (409, Kind::Conflict),
            (410, Kind::NotFound),
            (412, Kind::Conflict),
            (422, Kind::Invalid),
            (429, Kind::Throttled),
            (500, Kind::Unavailable),
            (503, Kind::Unavailable),
            (200, Kind::BadAnswer),
            (302, Kind::BadAnswer),
        ] {
            assert_eq!(Kind::of_status(status), kind, "{status}");
        }
    }

    #[test]
    fn only_an_ill_service_counts_for_a_breaker() {
        let ill = [Kind::Throttled, Kind::Unavailable, Kind::Timeout, Kind::BadAnswer];
        let well = [Kind::NotFound, Kind::Conflict, Kind::Unauthenticated, Kind::Denied, Kind::Invalid];
        assert!(ill.iter().all(|kind| kind.is_illness()) && !well.iter().any(|kind| kind.is_illness()));
        assert!(!Kind::NotConfigured.is_illness());
    }

    #[test]
    fn shown_with_service_operation_and_reason() {
        let failure = ServiceFailure::new(Kind::Throttled, "monitoring", "PostMetricData", "429 after 4 tries")
            .with_answer(Some(429), Some("TooManyRequests".to_owned()))
            .with_retry_after(Some(Duration::from_secs(2)));
        assert_eq!(failure.to_string(), "monitoring PostMetricData: 429 after 4 tries");
        assert_eq!((failure.status(), failure.code()), (Some(429), Some("TooManyRequests")));
        assert!(!failure.may_have_happened());
    }
}

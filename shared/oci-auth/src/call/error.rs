//! How a call ended without success.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::HeaderMap;

use crate::Error;
use crate::effects::HttpError;
use crate::service_error::{self, ServiceError};

/// OCI refuses dates that are further from its own (Oracle's page "Request Signatures").
const TOLERATED: Duration = Duration::from_secs(300);

/// Why a call failed. No variant shows a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No credentials, or a request that cannot be signed. Nothing was sent with them.
    #[error(transparent)]
    Auth(#[from] Error),
    /// No answer came.
    #[error("{service}: {failure}, after {tries} tries")]
    Transport {
        /// Which service was called.
        service: &'static str,
        /// What happened to the last try.
        failure: HttpError,
        /// How often it was tried.
        tries: u32,
    },
    /// The service refused.
    #[error("{service} answered {error} to try {tries}{}{}", Because(skew.as_ref()), Because(renewal.as_ref()))]
    Refused {
        /// Which service was called.
        service: &'static str,
        /// What it said last.
        error: Box<ServiceError>,
        /// How often it was tried, the repeat after a 401 not counted.
        tries: u32,
        /// After a 401: how far the clocks are apart, when that is more than the service tolerates.
        skew: Option<Skew>,
        /// After a 401: why there were no newer credentials, when [`crate::Provider::renew`] failed.
        renewal: Option<Box<Error>>,
    },
}

/// Adds a reason to a message.
struct Because<'a, T>(Option<&'a T>);

impl<T: fmt::Display> fmt::Display for Because<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |reason| write!(formatter, "; {reason}"))
    }
}

/// How far this machine's clock is from a service's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    /// Difference, at a resolution of one second.
    pub by: Duration,
    /// Whether this machine's clock is the later one.
    pub ahead: bool,
}

impl Skew {
    /// Compares with the `Date` of an answer; `None` within the five minutes that OCI tolerates, and when the answer
    /// has no date.
    #[must_use]
    pub fn between(ours: SystemTime, headers: &HeaderMap) -> Option<Self> {
        let theirs = httpdate::parse_http_date(service_error::text(headers, "date")?).ok()?;
        let (by, ahead) = match ours.duration_since(theirs) {
            Ok(by) => (by, true),
            Err(error) => (error.duration(), false),
        };
        (by > TOLERATED).then_some(Self { by, ahead })
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.ahead { "ahead of" } else { "behind" };
        write!(formatter, "the clock of this machine is {} s {side} that of the service", self.by.as_secs())
    }
}

//! Looks that came to nothing.

use std::net::IpAddr;

use crate::health::Verdict;
use crate::target::Refusal;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The target did not answer in the check's time.
    #[error("no answer in {seconds} s")]
    Timeout {
        /// That time.
        seconds: u32,
    },
    /// The target refused the connection, or broke it.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// There is no encrypted connection to the target.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// What came was no HTTP.
    #[error("the answer is no HTTP: {0}")]
    Protocol(String),
    /// The name does not exist.
    #[error("the name does not exist")]
    NoName,
    /// More redirects than are followed.
    #[error("more than {0} redirects")]
    Redirects(u8),
    /// Our own resolver did not answer.
    #[error("the checker's resolver failed: {0}")]
    Resolver(String),
    /// We have no secret, or no right.
    #[error("the checker may not, or has no secret: {0}")]
    Access(String),
    /// We are slowed down.
    #[error("the checker is slowed down: {0}")]
    Throttled(String),
    /// A service that we need to look is not there.
    #[error("the checker's service failed: {0}")]
    Service(String),
    /// There was no time left.
    #[error("the tick had no time left")]
    Deadline,
    /// The target must not be connected to.
    #[error("{address} is {refusal}; allowed_hosts may name the host")]
    Refused {
        /// Where the name leads.
        address: IpAddr,
        /// Why not.
        refusal: Refusal,
    },
}

/// Who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The target, or the way there.
    Remote,
    /// The checker.
    Local,
}

impl Trouble {
    /// Who is to blame.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Timeout { .. }
            | Self::Connection(_)
            | Self::Tls(_)
            | Self::Protocol(_)
            | Self::NoName
            | Self::Redirects(_) => Origin::Remote,
            Self::Resolver(_)
            | Self::Access(_)
            | Self::Throttled(_)
            | Self::Service(_)
            | Self::Deadline
            | Self::Refused { .. } => Origin::Local,
        }
    }

    /// What the checker could not measure is unknown.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.origin() {
            Origin::Remote => Verdict::Fail,
            Origin::Local => Verdict::Unknown,
        }
    }

    /// As a word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "timeout",
            Self::Connection(_) => "connection",
            Self::Tls(_) => "tls",
            Self::Protocol(_) => "protocol",
            Self::NoName => "no_name",
            Self::Redirects(_) => "too_many_redirects",
            Self::Resolver(_) => "own_resolver",
            Self::Access(_) => "own_access",
            Self::Throttled(_) => "own_throttle",
            Self::Service(_) => "own_service",
            Self::Deadline => "own_deadline",
            Self::Refused { .. } => "target_refused",
        }
    }
}

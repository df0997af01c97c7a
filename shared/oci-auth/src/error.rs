//! What can go wrong, in the words of the person who has to mend it. No variant holds a token, a key or a
//! passphrase.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::call::Skew;
use crate::effects::HttpError;
use crate::key::KeyError;
use crate::token::TokenError;

/// Failure of a principal or of a signature. Cheap to clone: callers that waited for one refresh share its
/// failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A variable that the principal needs is not set.
    #[error("{0} is not set")]
    MissingVariable(String),
    /// A variable is set to something that cannot be used.
    #[error("{name}: {reason}")]
    BadVariable {
        /// Its name.
        name: String,
        /// Why it cannot be used; never its value when that is secret.
        reason: String,
    },
    /// `OCI_RESOURCE_PRINCIPAL_VERSION` names no mechanism that we know.
    #[error("unsupported OCI_RESOURCE_PRINCIPAL_VERSION {0:?}; known are 1.1, 2.1, 2.1.1, 2.1.2, 2.2 and 3.0")]
    UnsupportedVersion(String),
    /// The token is no token of the kind that OCI gives out.
    #[error("{origin}: {fault}")]
    BadToken {
        /// Variable or file that it came from.
        origin: String,
        /// What is wrong with it.
        fault: TokenError,
    },
    /// The token has run out and its source has no newer one.
    #[error("the token in {origin} expired {} s ago and there is no newer one", ago.as_secs())]
    Expired {
        /// Variable, file or service that it came from.
        origin: String,
        /// Time since its expiry.
        ago: Duration,
    },
    /// Token and private key belong to different pairs: the service would answer 401.
    #[error("the private key in {key} is not the one that the token in {token} names (claim jwk)")]
    KeyMismatch {
        /// Origin of the key.
        key: String,
        /// Origin of the token.
        token: String,
    },
    /// The private key cannot be used.
    #[error("{origin}: {fault}")]
    BadKey {
        /// Variable or file that it came from.
        origin: String,
        /// What is wrong with it.
        fault: KeyError,
    },
    /// A file cannot be read.
    #[error("cannot read {what} {}: {kind}", path.display())]
    Unreadable {
        /// Its purpose, such as `token file`.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// The operating system's reason.
        kind: io::ErrorKind,
    },
    /// The configuration file is malformed or lacks something.
    #[error("{}{}: {reason}", path.display(), line.map(|line| format!(" line {line}")).unwrap_or_default())]
    Config {
        /// The file.
        path: PathBuf,
        /// 1-based line where the fault has one.
        line: Option<usize>,
        /// What is wrong; names the profile and key, never a value.
        reason: String,
    },
    /// An endpoint is asked for and nobody said which region.
    #[error("no region: set OCI_REGION, or the region of the profile or principal")]
    RegionRequired,
    /// A text that cannot name a region; at most its first 64 characters.
    #[error("{0:?} is no region")]
    BadRegion(String),
    /// An endpoint is malformed, or plain http to something that is not this machine.
    #[error("endpoint {endpoint:?}: {reason}")]
    BadEndpoint {
        /// The endpoint as given; user information is removed.
        endpoint: String,
        /// Why it is refused.
        reason: String,
    },
    /// A service refused or failed.
    #[error("{service} answered {status}{}{}", code.as_deref().map(|code| format!(" {code}")).unwrap_or_default(), request_id.as_deref().map(|id| format!(" (opc-request-id {id})")).unwrap_or_default())]
    Service {
        /// Which, such as `federation`.
        service: &'static str,
        /// HTTP status.
        status: u16,
        /// OCI's error code, when the body had one.
        code: Option<String>,
        /// `opc-request-id` of the answer: the number to quote to support.
        request_id: Option<String>,
    },
    /// The clocks of this machine and of a service are further apart than the service accepts in a signature.
    #[error("{service} answered {status}; {skew}")]
    ClockSkew {
        /// Which, such as `federation`.
        service: &'static str,
        /// HTTP status.
        status: u16,
        /// How far.
        skew: Skew,
    },
    /// A service's answer was not what its documentation promises.
    #[error("{service} answered something unexpected: {reason}")]
    BadAnswer {
        /// Which.
        service: &'static str,
        /// What was missing or wrong, without the content.
        reason: String,
    },
    /// No answer came.
    #[error("{service}: {failure}")]
    Transport {
        /// Which service was called.
        service: &'static str,
        /// What happened on the way.
        failure: HttpError,
    },
    /// The instance's certificate names another tenancy than before.
    #[error("the tenancy of the instance certificate changed from {before} to {after}")]
    TenancyChanged {
        /// Tenancy of the first certificate.
        before: String,
        /// Tenancy of the present one.
        after: String,
    },
    /// A refresh took longer than it may.
    #[error("{provider}: no credentials within {} s", limit.as_secs())]
    TooSlow {
        /// The provider that was asked.
        provider: &'static str,
        /// Its limit.
        limit: Duration,
    },
    /// A refresh ended without saying how: its source panicked or its runtime went away.
    #[error("{provider}: the refresh was broken off")]
    BrokenOff {
        /// The provider that was asked.
        provider: &'static str,
    },
    /// The request cannot be signed as it is.
    #[error("cannot sign the request: {0}")]
    Unsignable(String),
    /// No provider of the chain could serve; what each said.
    #[error("no credentials: {0}")]
    NoProvider(String),
    /// An effect (files, HTTP, random numbers, ...) that was not supplied.
    #[error("this set-up has no access to {0}")]
    NoEffect(&'static str),
}

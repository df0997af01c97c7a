//! Whether a function's cloud calls can be signed.
//!
//! The type stands here because the port that finds out and the host that reports it must not know each other.

use serde_json::Value;

/// What came of trying the principal. The details are for an operator: never a token, a key or a passphrase.
///
/// Usual members of `detail`, where known: `provider`, `region`, `tenancy`, `compartment`, `seconds_to_expiry` of the
/// credentials, `clock_skew_seconds` (ours less theirs), and `chain`, a list of what was tried in order and why it was
/// left.
#[derive(Debug, Clone, PartialEq)]
pub enum PrincipalCheck {
    /// This deployment signs nothing: no credentials are configured.
    NotUsed {
        /// What was looked for and not found; null where nothing was.
        detail: Value,
    },
    /// There are credentials.
    Works {
        /// Kind of the credentials, such as `resource_principal_2.2`.
        principal: String,
        /// Provider, region, tenancy, compartment, seconds to expiry, clock skew, what was tried.
        detail: Value,
    },
    /// There are none.
    Fails {
        /// Why.
        reason: String,
        /// As far as it got.
        detail: Value,
    },
}

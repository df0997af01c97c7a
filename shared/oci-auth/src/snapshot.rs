//! What a signature is made with: a key and the id that names it, never one without the other.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::Secret;
use crate::key::PrivateKey;

/// Credentials at one moment. Immutable: a refresh makes a new one, so key and key id can never be of
/// different pairs.
#[derive(Clone)]
pub struct Snapshot {
    /// `keyId` of the signature: `tenancy/user/fingerprint`, or `ST$` and a token. Secret in the second form.
    pub key_id: Secret,
    /// The private half.
    pub key: Arc<PrivateKey>,
    /// When the token runs out; `None` for keys that do not.
    pub not_after: Option<SystemTime>,
    /// Tenancy OCID, when the principal says it.
    pub tenancy: Option<String>,
    /// Compartment OCID, when the principal says it.
    pub compartment: Option<String>,
    /// Region name, when the principal says it; short codes are expanded.
    pub region: Option<String>,
    /// Delegation token, sent and signed as header `opc-obo-token`.
    pub delegation: Option<Secret>,
}

impl Snapshot {
    /// Time until the token runs out, zero when it has; `None` for keys that do not run out.
    #[must_use]
    pub fn left(&self, now: SystemTime) -> Option<Duration> {
        Some(self.not_after?.duration_since(now).unwrap_or_default())
    }

    /// Whether a service would still take it. A token is over in the second of its expiry.
    #[must_use]
    pub fn is_valid(&self, now: SystemTime) -> bool {
        self.left(now).is_none_or(|left| !left.is_zero())
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Snapshot");
        shown.field("key", &self.key).field("not_after", &self.not_after).field("tenancy", &self.tenancy);
        shown.field("compartment", &self.compartment).field("region", &self.region).finish_non_exhaustive()
    }
}

//! Secrets that a vault keeps.

use std::fmt;

use async_trait::async_trait;
use causeway_resilience::{Deadline, ServiceFailure};

/// A vault.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The current version of a secret. `reference` is its OCID (OCI) or its name or ARN (AWS).
    ///
    /// Ask when it is needed and do not keep it: a secret that was rotated is then taken up.
    ///
    /// # Errors
    /// The service's.
    async fn secret(&self, reference: &str, deadline: Deadline) -> Result<SecretBytes, ServiceFailure>;
}

/// Content of a secret, which never shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Wraps it.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The content, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The content as text; `None` when it is none.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretBytes(hidden)")
    }
}

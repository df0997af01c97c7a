//! How an instance principal is obtained.

use std::time::Duration;

/// Which fingerprint of the instance's certificate stands in the key id of a federation request.
///
/// The service takes both. SHA-1 is the default because it is what the recorded exchanges of Oracle's Python SDK
/// show and every realm understands; it only says which certificate is meant, and the certificate itself is in the
/// request, so nothing rests on its strength. Oracle's Go SDK sends SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fingerprint {
    /// `fed-x509`, upper case.
    #[default]
    Sha1,
    /// `fed-x509-sha256`, lower case, and `fingerprintAlgorithm` in the body.
    Sha256,
}

/// Settings of an instance principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Form of the federation request.
    pub fingerprint: Fingerprint,
    /// `purpose` of the federation request; none is sent by default.
    pub purpose: Option<String>,
    /// Region name; asked from the metadata service by default.
    pub region: Option<String>,
    /// Longest time for all reads from the metadata service during one refresh, tries and pauses included. Oracle's
    /// SDKs go on for ten minutes; off OCI a caller would hang as long. A whole refresh ends after a minute.
    pub metadata_patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fingerprint: Fingerprint::default(),
            purpose: None,
            region: None,
            metadata_patience: Duration::from_secs(5),
        }
    }
}

//! What a breaker is for.

use std::fmt;

use causeway_resilience::Invalid;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longest name in bytes.
const MAX_NAME: usize = 200;
/// Longest part of a name that stays readable in the key of the document.
const READABLE: usize = 40;

/// A dependency as one tenant sees it. There is one breaker for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dependency {
    name: String,
    tenant: String,
}

impl Dependency {
    /// `name` such as `oci-object-storage`; `tenant` is empty where all callers are one.
    ///
    /// # Errors
    /// A name that is empty, or one of the two is longer than 200 bytes.
    pub fn new(name: impl Into<String>, tenant: impl Into<String>) -> Result<Self, Invalid> {
        let (name, tenant) = (name.into(), tenant.into());
        let problem = "is empty or longer than 200 bytes";
        if name.trim().is_empty() || name.len() > MAX_NAME {
            return Err(Invalid { setting: "dependency", problem });
        }
        if tenant.len() > MAX_NAME {
            return Err(Invalid { setting: "tenant", problem: "is longer than 200 bytes" });
        }
        Ok(Self { name, tenant })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whose; empty where all callers are one.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Name of its document: readable, and another one for every other dependency, whatever characters it has.
    pub(super) fn key(&self) -> String {
        let digest = Sha256::digest(format!("{}\0{}", self.name, self.tenant));
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' };
        let readable: String = self.name.chars().take(READABLE).map(safe).collect();
        format!("{readable}-{:.16}", format!("{digest:x}"))
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tenant.as_str() {
            "" => formatter.write_str(&self.name),
            tenant => write!(formatter, "{} of {tenant}", self.name),
        }
    }
}

//! What a breaker is for.

use std::fmt;

use causeway_resilience::Invalid;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longest name in bytes.
const MAX_NAME: usize = 200;
/// Longest part of a name that stays readable in the key of the document.
const READABLE: usize = 40;
/// Digits of the digest in it.
const DIGITS: usize = 16;

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
        format!("{}-{:.DIGITS$}", self.readable(), format!("{digest:x}"))
    }

    fn readable(&self) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' };
        self.name.chars().take(READABLE).map(safe).collect()
    }

    /// Whether the document of this key, as [`Tended::unknown`](super::Tended::unknown) has it, is its own.
    #[must_use]
    pub fn has_key(&self, key: &str) -> bool {
        last(key) == self.key()
    }

    /// Whether the document of this key may be that of a dependency of the same name, whosever it is.
    #[must_use]
    pub fn may_share_name(&self, key: &str) -> bool {
        let rest = last(key).strip_prefix(&self.readable()).and_then(|rest| rest.strip_prefix('-'));
        rest.is_some_and(|digest| digest.len() == DIGITS && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }
}

/// A key without its folder.
fn last(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, last)| last)
}

impl fmt::Display for Dependency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tenant.as_str() {
            "" => formatter.write_str(&self.name),
            tenant => write!(formatter, "{} of {tenant}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_key_tells_the_dependency_for_sure_and_the_name_perhaps() {
        let of = |name: &str, tenant: &str| Dependency::new(name, tenant).unwrap();
        let key = format!("state/{}", of("Object storage", "acme").key());
        let check = |name: &str, tenant: &str, expected: (bool, bool)| {
            let one = of(name, tenant);
            assert_eq!((one.has_key(&key), one.may_share_name(&key)), expected, "{name} {tenant} {key}");
        };
        check("Object storage", "acme", (true, true));
        check("Object storage", "other", (false, true));
        check("object-storage", "acme", (false, true));
        check("object", "acme", (false, false));
        check("object-storage-2", "acme", (false, false));
        assert!(!of("a", "").may_share_name("state/a") && !of("a", "").may_share_name("state/a-b"));
    }
}

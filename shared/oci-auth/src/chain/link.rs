//! What each kind of credentials said when it was looked at.

use serde::Serialize;

/// One kind of credentials and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Link {
    /// Its name, such as `resource_principal`.
    pub provider: &'static str,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of one kind of credentials. Reasons hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It is the chosen one, and nobody has asked it yet.
    Chosen,
    /// It is the chosen one and gave credentials.
    Served,
    /// It is not set up; the variable or file that would do it.
    NotConfigured(String),
    /// It is set up and does not work. Nothing after it was looked at: another identity than the one that is meant
    /// would be worse than none.
    Failed(String),
    /// An earlier one is the chosen one.
    NotReached,
}

impl Link {
    pub(super) fn new(provider: &'static str, outcome: Outcome) -> Self {
        Self { provider, outcome }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn as_json() {
        let check = |outcome: Outcome, expected: &str| {
            assert_eq!(serde_json::to_string(&Link::new("x", outcome)).unwrap(), expected);
        };
        check(Outcome::Served, r#"{"provider":"x","outcome":"served"}"#);
        let reason = "X is not set".to_owned();
        check(Outcome::NotConfigured(reason), r#"{"provider":"x","outcome":"not_configured","reason":"X is not set"}"#);
    }
}

//! Who was asked, how that ended and what it took.

use std::fmt;

use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use serde::{Serialize, Serializer};

/// How firmly a provider was held to the form of the answer, from the firmest down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StructuredOutput {
    /// The provider was given the schema and made to keep to it.
    JsonSchema,
    /// The provider was made to write JSON; the schema was described in words.
    JsonObject,
    /// The schema was described in words and nothing else.
    Text,
}

impl StructuredOutput {
    /// Stable name in results and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonSchema => "json_schema",
            Self::JsonObject => "json_object",
            Self::Text => "text",
        }
    }
}

/// One try of one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Provider and model, as [`ChatModel::name`](super::ChatModel::name) has it.
    pub provider: String,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// HTTP status of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How the answer was asked for; `None` when it was to have no form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured_output: Option<StructuredOutput>,
    /// Time that it took, in milliseconds.
    pub ms: u64,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// With an answer.
    Answered,
    /// The provider does not know this way to ask for a form; it was asked in a simpler one next.
    FormRefused,
    /// With a failure.
    Failed(Kind),
    /// Nothing was sent: this provider failed too often lately.
    Skipped,
}

impl AttemptOutcome {
    /// Stable name in results and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::FormRefused => "form_refused",
            Self::Failed(kind) => kind.name(),
            Self::Skipped => "skipped",
        }
    }
}

impl Serialize for StructuredOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for AttemptOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The tries behind a failure, as its cause. [`Attempts::of`] finds them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempts(pub Vec<Attempt>);

impl Attempts {
    /// The tries that a failure of a language model tells of; none when it tells of none.
    #[must_use]
    pub fn of(failure: &ServiceFailure) -> &[Attempt] {
        let found = std::error::Error::source(failure).and_then(|source| source.downcast_ref::<Self>());
        found.map_or(&[], |attempts| &attempts.0)
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Attempt { provider, outcome, status, ms, .. }) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { ", " };
            write!(formatter, "{between}{provider}: {}", outcome.name())?;
            if let Some(status) = status {
                write!(formatter, " ({status})")?;
            }
            write!(formatter, " in {ms} ms")?;
        }
        Ok(())
    }
}

impl std::error::Error for Attempts {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use serde_json::json;

    use super::*;

    fn attempts() -> Attempts {
        let attempt = |provider: &str, outcome, status, ms| Attempt {
            provider: provider.to_owned(),
            outcome,
            status,
            structured_output: Some(StructuredOutput::JsonObject),
            ms,
        };
        Attempts(vec![
            attempt("oci/a", AttemptOutcome::Failed(Kind::Throttled), Some(429), 20),
            attempt("openai/b", AttemptOutcome::Skipped, None, 0),
        ])
    }

    #[test]
    fn a_failure_keeps_its_tries() {
        let failure = ServiceFailure::new(Kind::Throttled, "chat", "Chat", "nobody answered");
        assert_eq!(Attempts::of(&failure), &[]);
        let failure = failure.with_source(attempts());
        assert_eq!(Attempts::of(&failure), attempts().0);
    }

    #[test]
    fn shown_in_one_line_and_as_json() {
        assert_eq!(attempts().to_string(), "oci/a: service_throttled (429) in 20 ms, openai/b: skipped in 0 ms");
        let first = json!({ "provider": "oci/a", "outcome": "service_throttled", "status": 429,
            "structured_output": "json_object", "ms": 20 });
        assert_eq!(json!(attempts().0[0]), first);
    }
}

//! The result of an agent, as it came and as conditions see it.

use std::collections::BTreeMap;

use bytes::Bytes;
use causeway_decisioning::result::{AgentResult, Status};
use serde_json::Value;
use serde_json::value::RawValue;

/// An agent's answer that is a result.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status that the agent gave.
    pub status: Status,
    /// The text as it came: what is stored and given out.
    pub text: Box<RawValue>,
    /// The same, parsed. Where partial results are accepted, `status` here is `success`.
    pub view: Value,
}

/// Why an answer is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerError {
    /// The agent answered with an error instead.
    Refused {
        /// Its code.
        code: String,
        /// Its message.
        message: String,
        /// Whether it says that another try may succeed.
        is_retryable: bool,
    },
    /// It is not the envelope of nine keys.
    NotAResult(String),
}

impl Answer {
    /// Reads an answer. `accepts_partial` is the flow's.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn read(body: &Bytes, accepts_partial: bool) -> Result<Self, AnswerError> {
        let malformed = |error: serde_json::Error| {
            let place = format!("{:?} at line {} column {}", error.classify(), error.line(), error.column());
            AnswerError::NotAResult(place)
        };
        let mut view: Value = serde_json::from_slice(body).map_err(malformed)?;
        if let Some(refused) = refusal(&view) {
            return Err(refused);
        }
        let envelope = serde_json::from_slice::<AgentResult>(body).map_err(malformed)?;
        if !(0.0..=1.0).contains(&envelope.confidence_score) || !envelope.data.is_object() {
            let what = "confidence_score must be 0 to 1, and data an object";
            return Err(AnswerError::NotAResult(what.to_owned()));
        }
        if accepts_partial && envelope.status == Status::Partial {
            view["status"] = Value::String("success".to_owned());
        }
        let text = serde_json::from_slice::<Box<RawValue>>(body).map_err(malformed)?;
        Ok(Self { status: envelope.status, text, view })
    }

    /// A list of texts of the envelope, such as `insights`.
    pub fn texts<'a>(&'a self, member: &str) -> impl Iterator<Item = &'a str> {
        self.view.get(member).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// When the agent's work ended, in Unix milliseconds: its time stamp and how long it took.
    #[must_use]
    pub fn ended_unix_ms(&self) -> Option<u64> {
        let started: jiff::Timestamp = self.view.get("timestamp")?.as_str()?.parse().ok()?;
        let seconds = self.view.get("execution_time")?.as_f64().filter(|seconds| (0.0..1e9).contains(seconds))?;
        u64::try_from(started.as_millisecond()).ok()?.checked_add((seconds * 1000.0).round() as u64)
    }
}

/// An error where a result was expected, which no result has: a handler's for direct callers, `{"error": {...}}`, or
/// `{"error": "text"}` of functions that are not ours.
fn refusal(view: &Value) -> Option<AnswerError> {
    const MAX_MESSAGE: usize = 500;
    let error = view.get("error")?;
    let text = |member: &str| error.get(member).and_then(Value::as_str).unwrap_or_default();
    let message = error.as_str().unwrap_or_else(|| text("message"));
    let path = error.get("path").and_then(Value::as_str).map(|path| format!(" at {path}")).unwrap_or_default();
    let message = format!("{}{path}", &message[..message.floor_char_boundary(MAX_MESSAGE)]);
    let code = Some(text("code")).filter(|code| !code.is_empty()).unwrap_or("agent_error");
    let is_retryable = error.get("retryable").and_then(Value::as_bool).unwrap_or(false);
    Some(AnswerError::Refused { code: code.to_owned(), message, is_retryable })
}

/// Answers by agent.
pub type Answers = BTreeMap<String, Answer>;

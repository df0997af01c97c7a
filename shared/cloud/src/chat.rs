//! Asking a language model that may see pictures.

mod attempt;
mod digest;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_resilience::{Deadline, ServiceFailure};
use serde_json::Value;

pub use attempt::{Attempt, AttemptOutcome, Attempts, StructuredOutput};

/// [`ChatModel::name`] of the model that is none: a deployment that says so is asked nothing.
pub const NONE: &str = "none";

/// A model that answers one question.
///
/// An answer is text that a machine made up: whoever uses it checks it.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Provider and model, such as `oci/meta.llama-3.2-90b-vision-instruct`; for logs and results. Of several, the one
    /// that is asked first.
    fn name(&self) -> &str;

    /// Asks, and waits for the whole answer until `deadline`.
    ///
    /// # Errors
    /// The service's. An answer that was cut for length or filtered is no error: see [`ChatReply::finish`]. What was
    /// tried is in [`Attempts::of`] the failure.
    async fn ask(&self, question: &ChatQuestion, deadline: Deadline) -> Result<ChatReply, ServiceFailure>;
}

/// What a model is asked. Its Debug form shows sizes only.
#[derive(Clone, Default, PartialEq)]
pub struct ChatQuestion {
    /// What the model is told about its task.
    pub instructions: Option<String>,
    /// Texts and pictures, in order.
    pub parts: Vec<Part>,
    /// The form that the answer is to have. Not every provider keeps it, so the answer is checked all the same.
    pub schema: Option<Schema>,
    /// Most tokens of the answer; the provider's default when absent.
    pub max_tokens: Option<u32>,
    /// From 0 (always the likeliest) on; the provider's default when absent.
    pub temperature: Option<f64>,
    /// For answers that can be repeated, where the provider has it.
    pub seed: Option<i64>,
}

/// A piece of a question.
#[derive(Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text(String),
    /// A picture.
    Image {
        /// Such as `image/jpeg`.
        media_type: String,
        /// The encoded file.
        bytes: Bytes,
    },
}

/// A JSON Schema that the answer is to fulfil.
#[derive(Clone, PartialEq)]
pub struct Schema {
    /// Letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// The schema.
    pub schema: Value,
}

/// What a model said. Its Debug form does not show the text.
#[derive(Clone, Default, PartialEq)]
pub struct ChatReply {
    /// The answer.
    pub text: String,
    /// Who answered, as [`ChatModel::name`] has it: with fallbacks not always the first.
    pub provider: String,
    /// Model that answered, as the provider names it.
    pub model: String,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the question, where the provider counts them.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
    /// What the provider says beside the answer, such as that the model will be withdrawn; for an operator.
    pub notices: Vec<String>,
    /// The number to quote to support.
    pub request_id: Option<String>,
    /// How the form was asked for when this answer came; `None` when the question had no schema.
    pub structured_output: Option<StructuredOutput>,
    /// Every try, in order; the last one brought this answer.
    pub attempts: Vec<Attempt>,
}

/// Why an answer ended. By default nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// It was complete.
    Complete,
    /// The limit on tokens was reached; the text is a piece.
    Length,
    /// The provider held it, or a part of it, back.
    Filtered,
    /// What the provider called it; `None` when it said nothing.
    Other(Option<String>),
}

impl Default for Finish {
    fn default() -> Self {
        Self::Other(None)
    }
}

impl fmt::Debug for ChatQuestion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("ChatQuestion");
        shown.field("parts", &self.parts).field("max_tokens", &self.max_tokens).finish_non_exhaustive()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "Text({} bytes)", text.len()),
            Self::Image { media_type, bytes } => write!(formatter, "Image({media_type}, {} bytes)", bytes.len()),
        }
    }
}

impl fmt::Debug for ChatReply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("ChatReply");
        shown.field("provider", &self.provider).field("model", &self.model).field("finish", &self.finish);
        shown.field("bytes", &self.text.len()).field("notices", &self.notices).field("request_id", &self.request_id);
        shown.field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_prompt_nor_answer_shows() {
        let parts = vec![
            Part::Text("hidden words".to_owned()),
            Part::Image { media_type: "image/png".to_owned(), bytes: Bytes::from_static(b"hidden") },
        ];
        let question = ChatQuestion { instructions: Some("hidden".to_owned()), parts, ..ChatQuestion::default() };
        let reply = ChatReply { text: "hidden".to_owned(), model: "m".to_owned(), ..ChatReply::default() };
        let shown = format!("{question:?} {reply:?}");
        assert!(!shown.contains("hidden") && shown.contains("12 bytes"), "{shown}");
    }
}

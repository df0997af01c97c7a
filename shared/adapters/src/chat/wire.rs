//! What a provider has to do: one request, one answer.

use std::time::Duration;

use async_trait::async_trait;
use causeway_cloud::chat::{ChatQuestion, ChatReply, StructuredOutput};

use super::Refused;

/// One model of one provider. Tries, pauses and fallbacks are not its business.
#[async_trait]
pub(crate) trait Wire: Send + Sync {
    /// Provider and model, such as `oci/meta.llama-4-maverick`.
    fn name(&self) -> &str;

    /// Name of the service in failures.
    fn service(&self) -> &'static str;

    /// The ways to ask for a form that this provider has, from the firmest down; those of OpenAI's interface and of
    /// Generative AI unless it says otherwise.
    fn forms(&self) -> &'static [StructuredOutput] {
        &[StructuredOutput::JsonSchema, StructuredOutput::JsonObject, StructuredOutput::Text]
    }

    /// Asks once, for at most `time`. `form` is there when the question has a schema, and is one of [`Wire::forms`].
    /// Who answered and what was tried are filled in by the caller.
    async fn once(
        &self,
        question: &ChatQuestion,
        form: Option<StructuredOutput>,
        time: Duration,
    ) -> Result<ChatReply, Refused>;
}

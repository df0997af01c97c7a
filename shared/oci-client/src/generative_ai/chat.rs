//! What is said in a chat.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

/// Which model answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "servingType", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServingMode {
    /// A shared model.
    #[serde(rename_all = "camelCase")]
    OnDemand {
        /// Such as `meta.llama-4-maverick-17b-128e-instruct-fp8`.
        model_id: String,
    },
    /// A model on machines of one's own.
    #[serde(rename_all = "camelCase")]
    Dedicated {
        /// OCID of the endpoint.
        endpoint_id: String,
    },
}

/// How requests and answers look. That depends on the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiFormat {
    /// Llama, Gemini, Grok and others.
    Generic,
    /// Cohere's models up to Command A: text only.
    Cohere,
    /// Cohere's models that see images or reason.
    CohereV2,
}

impl ServingMode {
    /// The format that goes with the name of a shared model. What an endpoint of one's own speaks does not show in its
    /// OCID; [`Chat::format`] says it where it is not the generic one.
    #[must_use]
    pub fn format(&self) -> ApiFormat {
        let Self::OnDemand { model_id } = self else { return ApiFormat::Generic };
        match model_id.strip_prefix("cohere.") {
            None => ApiFormat::Generic,
            Some(name) if name.contains("vision") || name.contains("reasoning") => ApiFormat::CohereV2,
            Some(_) => ApiFormat::Cohere,
        }
    }

    /// Most tokens of an answer, where the service has a limit of its own: 4,000 for shared models of Meta and Cohere
    /// (Oracle's pages of these models). `maxTokens` above it is refused.
    #[must_use]
    pub fn longest_answer(&self) -> Option<u32> {
        let Self::OnDemand { model_id } = self else { return None };
        ["meta.", "cohere."].iter().any(|vendor| model_id.starts_with(vendor)).then_some(4_000)
    }
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// The rules.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
    /// A tool.
    Tool,
    /// The one who wrote the program.
    Developer,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
pub enum Content {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// An image.
    #[serde(rename_all = "camelCase")]
    Image {
        /// The image itself, in a URL.
        image_url: ImageUrl,
    },
}

impl Content {
    /// Text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// An image of a media type such as `image/jpeg`. The bytes travel in the request, as base64.
    #[must_use]
    pub fn image(media_type: &str, bytes: &[u8]) -> Self {
        let mut url = format!("data:{media_type};base64,");
        BASE64_STANDARD.encode_string(bytes, &mut url);
        Self::Image { image_url: ImageUrl { url } }
    }
}

/// An image in a URL. `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ImageUrl {
    /// `data:image/jpeg;base64,...`.
    pub url: String,
}

impl fmt::Debug for ImageUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ImageUrl({} bytes)", self.url.len())
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChatMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: Vec<Content>,
}

/// Form of the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResponseFormat {
    /// Text.
    Text,
    /// A JSON object.
    JsonObject,
    /// JSON after a schema.
    #[serde(rename_all = "camelCase")]
    JsonSchema {
        /// The schema.
        json_schema: JsonSchema,
    },
}

/// A schema for the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonSchema {
    /// Its name.
    pub name: String,
    /// The schema itself.
    pub schema: serde_json::Value,
    /// Whether the model must keep to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_strict: Option<bool>,
}

/// A chat so far and how it goes on. What is absent is the model's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// What was said, in order.
    pub messages: Vec<ChatMessage>,
    /// Longest answer, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Longest answer with the thoughts before it, in tokens; OpenAI's models want this instead of `max_tokens`. In
    /// Cohere's formats it is sent as `maxTokens`, since they have no other limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
    /// How free the answer is; 0 is the least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Share of probability that words are chosen from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Number of words that one is chosen from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<i32>,
    /// For answers that repeat, where the model can do that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// Texts that end the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// Form of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<ResponseFormat>,
    /// Format of the request; that of the model's name when absent.
    #[serde(skip)]
    pub format: Option<ApiFormat>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatAnswer {
    /// The model.
    pub model_id: String,
    /// Its version.
    pub model_version: Option<String>,
    chat_response: Response,
    /// That the model will go, when the service says so.
    #[serde(skip)]
    pub model_deprecation_info: Option<String>,
    /// When the model will go: answers of deprecated models have it (Oracle's release note of July 2025).
    #[serde(skip)]
    pub model_retirement_info: Option<String>,
    /// The number to quote to support.
    #[serde(skip)]
    pub opc_request_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "WireResponse")]
struct Response {
    choices: Vec<ChatChoice>,
    usage: Option<Usage>,
}

/// All formats: `choices` of the generic one, `text` or `message` of the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireResponse {
    choices: Option<Vec<ChatChoice>>,
    text: Option<String>,
    message: Option<Delta>,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

impl TryFrom<WireResponse> for Response {
    type Error = &'static str;

    fn try_from(wire: WireResponse) -> Result<Self, Self::Error> {
        let usage = wire.usage;
        if let Some(choices) = wire.choices {
            return Ok(Self { choices, usage });
        }
        let finish_reason = wire.finish_reason.map(super::cohere::reason);
        let said = wire.text.map(Delta::of).or(wire.message);
        // Cut before its first word.
        let is_cut = finish_reason.as_deref() == Some("length");
        let message = said.or_else(|| is_cut.then(Delta::default)).ok_or("neither choices nor a text")?;
        Ok(Self { choices: vec![ChatChoice { index: 0, message, finish_reason }], usage })
    }
}

/// One of the answers; there is one unless more are asked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatChoice {
    /// Its number.
    pub index: u32,
    message: Delta,
    /// `stop`, `length` and others. After `length` the text is cut off. `COMPLETE` and `MAX_TOKENS` of Cohere's formats
    /// are told as these two.
    pub finish_reason: Option<String>,
}

/// What was used, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Of the chat so far.
    pub prompt_tokens: Option<u64>,
    /// Of the answer.
    pub completion_tokens: Option<u64>,
    /// Of both.
    pub total_tokens: Option<u64>,
}

/// A message of the model, or a piece of one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Delta {
    content: Option<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Piece {
    text: Option<String>,
}

impl Delta {
    fn of(text: String) -> Self {
        Self { content: Some(vec![Piece { text: Some(text) }]) }
    }

    /// All text of it; `None` when there is none, which is not an empty text.
    pub(super) fn text(&self) -> Option<String> {
        let mut pieces = self.content.iter().flatten().filter_map(|piece| piece.text.as_deref()).peekable();
        pieces.peek()?;
        Some(pieces.collect())
    }
}

impl ChatChoice {
    /// What the model said; `None` when there is no text, as with a call of a tool.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.message.text()
    }
}

impl ChatAnswer {
    /// The answers.
    #[must_use]
    pub fn choices(&self) -> &[ChatChoice] {
        &self.chat_response.choices
    }

    /// Text of the first answer.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.choices().first().and_then(ChatChoice::text)
    }

    /// What was used.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.chat_response.usage
    }
}

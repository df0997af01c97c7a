//! The two formats of Cohere's models, made from and read as the generic one.

use serde::Serialize;
use serde_json::{Value, json};

use super::chat::{Chat, ChatMessage, Content, ResponseFormat, Role};

/// Members that both formats have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_stream: Option<bool>,
}

impl<'a> Options<'a> {
    fn of(chat: &'a Chat, stream: bool) -> Self {
        // There is one form for JSON here, with or without a schema.
        let response_format = chat.response_format.as_ref().map(|format| match format {
            ResponseFormat::Text => json!({ "type": "TEXT" }),
            ResponseFormat::JsonObject => json!({ "type": "JSON_OBJECT" }),
            ResponseFormat::JsonSchema { json_schema } => {
                json!({ "type": "JSON_OBJECT", "schema": json_schema.schema })
            }
        });
        let Chat { max_tokens, max_completion_tokens, temperature, top_p, top_k, seed, .. } = *chat;
        let max_tokens = max_tokens.or(max_completion_tokens);
        let (stop_sequences, is_stream) = (chat.stop.as_slice(), stream.then_some(true));
        Self { max_tokens, temperature, top_p, top_k, seed, stop_sequences, response_format, is_stream }
    }
}

/// A request in the format `COHERE`: what was said last, and what was said before.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cohere<'a> {
    api_format: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    chat_history: Vec<Turn>,
    #[serde(skip_serializing_if = "String::is_empty")]
    preamble_override: String,
    #[serde(flatten)]
    options: Options<'a>,
}

#[derive(Serialize)]
struct Turn {
    role: &'static str,
    message: String,
}

impl<'a> Cohere<'a> {
    /// # Errors
    /// What this format cannot say.
    pub(super) fn of(chat: &'a Chat, stream: bool) -> Result<Self, String> {
        let (mut preamble, mut turns) = (Vec::new(), Vec::new());
        for said in &chat.messages {
            let message = text_of(said)?;
            match said.role {
                Role::System | Role::Developer => preamble.push(message),
                Role::User => turns.push(Turn { role: "USER", message }),
                Role::Assistant => turns.push(Turn { role: "CHATBOT", message }),
                Role::Tool => return Err("the format COHERE has no messages of tools".to_owned()),
            }
        }
        let last = turns.pop().filter(|turn| turn.role == "USER");
        let last = last.ok_or("the format COHERE needs a message of the user at the end")?;
        Ok(Self {
            api_format: "COHERE",
            message: last.message,
            chat_history: turns,
            preamble_override: preamble.join("\n"),
            options: Options::of(chat, stream),
        })
    }
}

fn text_of(said: &ChatMessage) -> Result<String, String> {
    let mut whole = String::new();
    for part in &said.content {
        match part {
            Content::Text { text } => whole.push_str(text),
            Content::Image { .. } => return Err("the format COHERE takes no images".to_owned()),
        }
    }
    Ok(whole)
}

/// A request in the format `COHEREV2`: messages as in the generic one, with images under another name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CohereV2<'a> {
    api_format: &'static str,
    messages: Vec<MessageV2<'a>>,
    #[serde(flatten)]
    options: Options<'a>,
}

#[derive(Serialize)]
struct MessageV2<'a> {
    role: &'static str,
    content: Vec<PartV2<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
enum PartV2<'a> {
    Text {
        text: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    ImageUrl {
        image_url: &'a super::ImageUrl,
    },
}

impl<'a> CohereV2<'a> {
    pub(super) fn of(chat: &'a Chat, stream: bool) -> Self {
        let messages = chat.messages.iter().map(|said| MessageV2 {
            role: match said.role {
                Role::System | Role::Developer => "SYSTEM",
                Role::User => "USER",
                Role::Assistant => "ASSISTANT",
                Role::Tool => "TOOL",
            },
            content: said.content.iter().map(part).collect(),
        });
        Self { api_format: "COHEREV2", messages: messages.collect(), options: Options::of(chat, stream) }
    }
}

fn part(part: &Content) -> PartV2<'_> {
    match part {
        Content::Text { text } => PartV2::Text { text },
        Content::Image { image_url } => PartV2::ImageUrl { image_url },
    }
}

/// The reasons of these formats in the words of the generic one; what it has no word for stays as it is.
pub(super) fn reason(reason: String) -> String {
    match reason.as_str() {
        "COMPLETE" | "STOP_SEQUENCE" => "stop".to_owned(),
        "MAX_TOKENS" => "length".to_owned(),
        "TOOL_CALL" => "tool_calls".to_owned(),
        _ => reason,
    }
}

//! Generative AI: chats with text and images, whole or as they are written.
//!
//! Requests and answers have the form of the `GENERIC` format, which Llama, Gemini and Grok models speak; for Cohere's
//! models they are translated, see [`ApiFormat`].

mod chat;
mod cohere;
mod events;

use std::time::Duration;

use causeway_oci_auth::endpoint::Service;
use futures_util::stream::BoxStream;
use http::Method;
use serde::Serialize;

pub use chat::{
    ApiFormat, Chat, ChatAnswer, ChatChoice, ChatMessage, Content, ImageUrl, JsonSchema, ResponseFormat, Role,
    ServingMode, Usage,
};
pub use events::{ChatEvent, ChatStream};

use self::cohere::{Cohere, CohereV2};
use crate::ask::Ask;
use crate::error::Cause;
use crate::site::Site;
use crate::{Client, Error};

/// Largest answer of a chat, in bytes: many times what the longest answers of the models have.
const MAX_ANSWER: usize = 1 << 20;
/// A model takes its time, above all with images. As long as Oracle's SDK for Python waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls of Generative AI inference.
#[derive(Debug, Clone)]
pub struct GenerativeAi {
    client: Client,
}

impl Client {
    /// Generative AI inference.
    #[must_use]
    pub fn generative_ai(&self) -> GenerativeAi {
        GenerativeAi { client: self.clone() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatDetails<'a, T> {
    compartment_id: &'a str,
    serving_mode: &'a ServingMode,
    chat_request: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    api_format: &'static str,
    #[serde(flatten)]
    chat: &'a Chat,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamOptions {
    is_include_usage: bool,
}

impl GenerativeAi {
    /// `Chat`: the whole answer.
    ///
    /// # Errors
    /// [`Error`]; 429 above the tenancy's rate, 400 or 404 for a model that is not there.
    pub async fn chat(&self, compartment_id: &str, model: &ServingMode, chat: &Chat) -> Result<ChatAnswer, Error> {
        let ask = self.ask(compartment_id, model, chat, false).header("accept", Some("application/json"));
        let answer = ask.max_bytes(MAX_ANSWER).send().await?;
        let mut whole: ChatAnswer = answer.json()?;
        whole.model_deprecation_info = answer.text("model-deprecation-info");
        whole.model_retirement_info = answer.text("model-retirement-info");
        whole.opc_request_id = answer.text("opc-request-id");
        Ok(whole)
    }

    /// `Chat`: the answer as it is written. It ends with the reason why it ended; a stream that breaks off before is
    /// an error, so partial text is never taken for an answer.
    ///
    /// # Errors
    /// As [`chat`](Self::chat), and [`Cause::Answer`] when the service does not stream.
    pub async fn stream(
        &self,
        compartment_id: &str,
        model: &ServingMode,
        chat: &Chat,
    ) -> Result<BoxStream<'static, Result<ChatEvent, Error>>, Error> {
        let ask = self.ask(compartment_id, model, chat, true).header("accept", Some("text/event-stream"));
        let (answer, body) = ask.open().await?;
        let media = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("text/event-stream") {
            return Err(answer.unusable("it is no stream of events"));
        }
        Ok(ChatStream::new(body, self.client.deadline(), answer.text("opc-request-id")).events())
    }

    fn ask(&self, compartment_id: &str, serving_mode: &ServingMode, chat: &Chat, stream: bool) -> Ask {
        let ask = self.client.ask(Site::Known(Service::GenerativeAi), "Chat", Method::POST);
        let mut ask = ask.path("/actions/chat", &[]).retry_token().takes(PATIENCE);
        let details = Details { compartment_id, serving_mode };
        match chat.format.unwrap_or_else(|| serving_mode.format()) {
            ApiFormat::Generic => {
                let stream_options = stream.then_some(StreamOptions { is_include_usage: true });
                let is_stream = stream.then_some(true);
                ask.json(&details.with(Request { api_format: "GENERIC", chat, is_stream, stream_options }))
            }
            ApiFormat::CohereV2 => ask.json(&details.with(CohereV2::of(chat, stream))),
            ApiFormat::Cohere => match Cohere::of(chat, stream) {
                Ok(request) => ask.json(&details.with(request)),
                Err(fault) => {
                    ask.wrong(fault);
                    ask
                }
            },
        }
    }
}

/// To whom a request goes, whatever its format.
struct Details<'a> {
    compartment_id: &'a str,
    serving_mode: &'a ServingMode,
}

impl<'a> Details<'a> {
    fn with<T>(self, chat_request: T) -> ChatDetails<'a, T> {
        ChatDetails { compartment_id: self.compartment_id, serving_mode: self.serving_mode, chat_request }
    }
}

/// A broken stream.
fn broken(cause: Cause) -> Error {
    Error::new(Service::GenerativeAi.name(), "Chat", cause)
}

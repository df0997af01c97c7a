//! What a chat request asks.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::bad;
use crate::error::Error;

/// Bytes of an image, at most.
const MAX_IMAGE: usize = 5 * 1024 * 1024;
/// Most tokens of an answer on demand.
const MAX_TOKENS: u64 = 4_000;
/// What the names of models that see images contain.
const VISION: [&str; 8] = ["vision", "llama-4", "gemini", "grok-4", "command-a-vision", "gpt-4o", "gpt-5", "dedicated"];
/// What the names of known models start with.
const VENDORS: [&str; 6] = ["meta.", "cohere.", "xai.", "google.", "openai.", "ocid1.generativeai"];

/// The three forms of requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Generic,
    Cohere,
    CohereV2,
}

/// One message, its parts put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) text: String,
    pub(super) images: usize,
}

/// A checked request.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    pub(super) compartment: String,
    pub(super) model: String,
    pub(super) format: Format,
    pub(super) messages: Vec<Message>,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    pub(super) max_tokens: u64,
    /// `JSON_OBJECT`, or `JSON_SCHEMA` with the schema.
    pub(super) json: Option<Value>,
}

impl Chat {
    pub(super) fn last_user_text(&self) -> &str {
        let last = self.messages.iter().rev().find(|message| message.role == "USER");
        last.map_or("", |message| &message.text)
    }

    pub(super) fn images(&self) -> usize {
        self.messages.iter().map(|message| message.images).sum()
    }

    /// Everything that is said, for matching scripts.
    pub(super) fn all_text(&self) -> String {
        self.messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Error> {
    value[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| Error::missing(name))
}

/// Checks a request.
pub(super) fn read(body: &Value) -> Result<Chat, Error> {
    let compartment = text(body, "compartmentId")?.to_owned();
    let model = model(&body["servingMode"])?;
    let request = body.get("chatRequest").and_then(Value::as_object).ok_or_else(|| Error::missing("chatRequest"))?;
    let format = match request.get("apiFormat").and_then(Value::as_str) {
        Some("GENERIC") => Format::Generic,
        Some("COHERE") => Format::Cohere,
        Some("COHEREV2") => Format::CohereV2,
        other => return Err(bad(format!("There is no apiFormat {}.", other.unwrap_or("null")))),
    };
    let messages = if format == Format::Cohere { cohere(request)? } else { messages(request)? };
    let chat = Chat {
        compartment,
        format,
        messages,
        stream: request.get("isStream").and_then(Value::as_bool).unwrap_or(false),
        include_usage: request.get("streamOptions").is_some_and(|options| options["isIncludeUsage"] == true),
        max_tokens: max_tokens(request)?,
        json: response_format(request)?,
        model,
    };
    check_numbers(request)?;
    if chat.images() > 0 && !VISION.iter().any(|part| chat.model.contains(part)) {
        return Err(bad(format!("The model {} does not take images.", chat.model)));
    }
    Ok(chat)
}

fn model(mode: &Value) -> Result<String, Error> {
    let model = match mode["servingType"].as_str() {
        Some("ON_DEMAND") => text(mode, "modelId")?,
        Some("DEDICATED") => return text(mode, "endpointId").map(|id| format!("dedicated:{id}")),
        _ => return Err(bad("servingMode.servingType must be ON_DEMAND or DEDICATED.")),
    };
    let known = VENDORS.iter().any(|vendor| model.starts_with(vendor));
    let missing = || Error::new(404, "NotAuthorizedOrNotFound", format!("Entity with key {model} not found"));
    known.then(|| model.to_owned()).ok_or_else(missing)
}

fn max_tokens(request: &Map<String, Value>) -> Result<u64, Error> {
    let given =
        request.get("maxTokens").or_else(|| request.get("maxCompletionTokens")).filter(|value| !value.is_null());
    match given.map(|value| value.as_u64().filter(|tokens| (1..=1_000_000).contains(tokens))) {
        None => Ok(MAX_TOKENS),
        Some(Some(tokens)) => Ok(tokens.min(MAX_TOKENS)),
        Some(None) => Err(bad("maxTokens must be a positive number.")),
    }
}

fn check_numbers(request: &Map<String, Value>) -> Result<(), Error> {
    for (name, low, high) in
        [("temperature", 0.0, 2.0), ("topP", 0.0, 1.0), ("frequencyPenalty", -2.0, 2.0), ("presencePenalty", -2.0, 2.0)]
    {
        let Some(value) = request.get(name).filter(|value| !value.is_null()) else { continue };
        if !value.as_f64().is_some_and(|value| (low..=high).contains(&value)) {
            return Err(bad(format!("{name} must be a number from {low} to {high}.")));
        }
    }
    Ok(())
}

fn response_format(request: &Map<String, Value>) -> Result<Option<Value>, Error> {
    let Some(format) = request.get("responseFormat").filter(|value| !value.is_null()) else { return Ok(None) };
    match format["type"].as_str() {
        Some("TEXT") => Ok(None),
        Some("JSON_OBJECT") => Ok(Some(format.get("schema").cloned().unwrap_or_else(|| Value::Object(Map::new())))),
        Some("JSON_SCHEMA") => {
            let schema = &format["jsonSchema"];
            text(schema, "name")?;
            Ok(Some(schema["schema"].clone()))
        }
        _ => Err(bad("responseFormat.type must be TEXT, JSON_OBJECT or JSON_SCHEMA.")),
    }
}

fn cohere(request: &Map<String, Value>) -> Result<Vec<Message>, Error> {
    let request = Value::Object(request.clone());
    let plain = |role: &str, text: &str| Message { role: role.to_owned(), text: text.to_owned(), images: 0 };
    let history = request["chatHistory"].as_array().cloned().unwrap_or_default();
    let mut messages: Vec<Message> = history
        .iter()
        .map(|one| plain(one["role"].as_str().unwrap_or("USER"), one["message"].as_str().unwrap_or_default()))
        .collect();
    messages.push(plain("USER", text(&request, "message")?));
    Ok(messages)
}

fn messages(request: &Map<String, Value>) -> Result<Vec<Message>, Error> {
    let messages = request.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
    messages.ok_or_else(|| Error::missing("messages"))?.iter().map(message).collect()
}

fn message(message: &Value) -> Result<Message, Error> {
    let role = text(message, "role")?;
    if !["SYSTEM", "USER", "ASSISTANT", "TOOL", "DEVELOPER"].contains(&role) {
        return Err(bad(format!("There is no role {role}.")));
    }
    let mut read = Message { role: role.to_owned(), text: String::new(), images: 0 };
    for part in message["content"].as_array().into_iter().flatten() {
        match part["type"].as_str() {
            Some("TEXT") => read.text.push_str(part["text"].as_str().unwrap_or_default()),
            Some("IMAGE" | "IMAGE_URL") => {
                check_image(&part["imageUrl"])?;
                read.images += 1;
            }
            other => return Err(bad(format!("There is no content of type {}.", other.unwrap_or("null")))),
        }
    }
    Ok(read)
}

/// An image comes in the request itself, as JPEG or PNG.
fn check_image(image: &Value) -> Result<(), Error> {
    if image["detail"].as_str().is_some_and(|detail| detail != "AUTO") {
        return Err(bad("imageUrl.detail can only be AUTO."));
    }
    let url = text(image, "url")?;
    let data = url.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"));
    let (kind, data) = data.ok_or_else(|| bad("imageUrl.url must be data:image/<type>;base64,<data>."))?;
    let bytes = BASE64_STANDARD.decode(data).map_err(|_| bad("The image is not valid base64."))?;
    if bytes.len() > MAX_IMAGE {
        return Err(bad("The image has more than 5 MB."));
    }
    let fits = match kind {
        "jpeg" | "jpg" => bytes.starts_with(&[0xFF, 0xD8, 0xFF]),
        "png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "webp" => bytes.starts_with(b"RIFF"),
        _ => return Err(bad(format!("Images of type {kind} are not taken."))),
    };
    fits.then_some(()).ok_or_else(|| bad(format!("The image is no {kind}.")))
}

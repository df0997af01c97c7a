//! Requests and answers of `POST /chat/completions`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use causeway_cloud::chat::{ChatQuestion, ChatReply, Finish, Part, StructuredOutput};
use causeway_oci_auth::ServiceError;
use http::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::chat::{code, instructions, notices, request_id};

/// The error code of an answer that was held back before it began.
const FILTERED: &str = "content_filter";

/// The body of a request.
pub(crate) fn request(question: &ChatQuestion, model: &str, form: Option<StructuredOutput>) -> Value {
    let system = instructions(question, form).map(|text| json!({ "role": "system", "content": text }));
    let user = json!({ "role": "user", "content": content(&question.parts) });
    let messages: Vec<Value> = system.into_iter().chain([user]).collect();
    let mut body = Map::from_iter([
        ("model".to_owned(), json!(model)),
        ("messages".to_owned(), json!(messages)),
        ("stream".to_owned(), json!(false)),
    ]);
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    let is_thinking = is_thinking(model);
    let limit = if is_thinking { "max_completion_tokens" } else { "max_tokens" };
    set(limit, question.max_tokens.map(|most| json!(most)));
    set("temperature", question.temperature.filter(|_| !is_thinking).map(|value| json!(value)));
    set("seed", question.seed.map(|value| json!(value)));
    set("response_format", response_format(question, form));
    Value::Object(body)
}

/// Whether a model of OpenAI's thinks before it answers. These count their thoughts, too, and refuse the older name of
/// that limit; and they refuse every temperature but their own (OpenAI's guide to reasoning models).
pub(crate) fn is_thinking(model: &str) -> bool {
    let name = ["openai.", "openai/"].iter().find_map(|vendor| model.strip_prefix(vendor)).unwrap_or(model);
    ["gpt-5", "o1", "o3", "o4"].iter().any(|start| name.starts_with(start))
}

/// One text where there is no picture: models that see none often take nothing else.
fn content(parts: &[Part]) -> Value {
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Image { .. } => None,
        })
        .collect();
    match texts {
        Some(texts) => json!(texts.join("\n")),
        None => parts.iter().map(part).collect(),
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        Part::Image { media_type, bytes } => {
            let mut url = format!("data:{media_type};base64,");
            BASE64_STANDARD.encode_string(bytes, &mut url);
            json!({ "type": "image_url", "image_url": { "url": url } })
        }
    }
}

fn response_format(question: &ChatQuestion, form: Option<StructuredOutput>) -> Option<Value> {
    let schema = question.schema.as_ref()?;
    match form? {
        StructuredOutput::JsonSchema => {
            let (name, schema) = (&schema.name, &schema.schema);
            Some(json!({
                "type": "json_schema",
                "json_schema": { "name": name, "schema": schema, "strict": true },
            }))
        }
        StructuredOutput::JsonObject => Some(json!({ "type": "json_object" })),
        StructuredOutput::Text => None,
    }
}

#[derive(Deserialize)]
struct Completion {
    id: Option<String>,
    model: Option<String>,
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<Content>,
    /// Why the model does not answer, in its words.
    refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Piece>),
}

#[derive(Deserialize)]
struct Piece {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

impl Content {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => parts.into_iter().filter_map(|piece| piece.text).collect(),
        }
    }
}

/// The reply in a successful answer.
///
/// # Errors
/// What is wrong with it, without its content.
pub(crate) fn reply(answer: &Response<Bytes>, model: &str) -> Result<ChatReply, &'static str> {
    let completion: Completion = serde_json::from_slice(answer.body()).map_err(|_| "no chat completion")?;
    let Completion { id, model: answered, choices, usage } = completion;
    let Choice { message, finish_reason } = choices.into_iter().next().ok_or("it has no choice")?;
    let finish = if message.refusal.is_some() { Finish::Filtered } else { finish(finish_reason) };
    let text = match message.content.map(Content::text) {
        Some(text) => text,
        // Held back, or the thoughts alone took all the tokens.
        None if matches!(finish, Finish::Filtered | Finish::Length) => String::new(),
        None => return Err("it has no text"),
    };
    let counts = usage.as_ref();
    Ok(ChatReply {
        text,
        model: answered.filter(|name| !name.is_empty()).unwrap_or_else(|| model.to_owned()),
        finish,
        prompt_tokens: counts.and_then(|usage| usage.prompt_tokens),
        completion_tokens: counts.and_then(|usage| usage.completion_tokens),
        notices: notices(answer.headers()),
        request_id: request_id(answer.headers()).or(id),
        ..ChatReply::default()
    })
}

fn finish(reason: Option<String>) -> Finish {
    match reason.as_deref() {
        Some("stop") => Finish::Complete,
        Some("length") => Finish::Length,
        Some("content_filter") => Finish::Filtered,
        _ => Finish::Other(reason),
    }
}

/// The error code of a refusal, in `error` or on its own.
pub(crate) fn error_code(answer: &Response<Bytes>) -> Option<String> {
    let error = ServiceError::read(answer, None);
    let inner = error.extras.get("error");
    let of = |name: &str| inner.and_then(|inner| code(&inner[name]));
    of("code").or_else(|| of("type")).or(error.code)
}

/// The reply that a refusal stands for when it says that the content was filtered.
pub(crate) fn filtered(failure: &causeway_resilience::ServiceFailure, model: &str) -> Option<ChatReply> {
    (failure.status() == Some(400) && failure.code() == Some(FILTERED)).then(|| ChatReply {
        model: model.to_owned(),
        finish: Finish::Filtered,
        request_id: failure.request_id().map(str::to_owned),
        ..ChatReply::default()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use causeway_cloud::chat::Schema;

    use super::*;

    fn question() -> ChatQuestion {
        let image = Part::Image { media_type: "image/png".to_owned(), bytes: Bytes::from_static(b"\x89PNG") };
        let schema = Schema { name: "s".to_owned(), schema: json!({ "type": "object" }) };
        ChatQuestion {
            instructions: Some("Be short.".to_owned()),
            parts: vec![Part::Text("What?".to_owned()), image],
            schema: Some(schema),
            max_tokens: Some(9),
            temperature: Some(0.0),
            seed: Some(7),
        }
    }

    #[test]
    fn the_request() {
        let body = request(&question(), "m", Some(StructuredOutput::JsonSchema));
        let expected = json!({
            "model": "m", "stream": false, "max_tokens": 9, "temperature": 0.0, "seed": 7,
            "messages": [
                { "role": "system", "content": "Be short." },
                { "role": "user", "content": [
                    { "type": "text", "text": "What?" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw==" } },
                ] },
            ],
            "response_format": { "type": "json_schema",
                "json_schema": { "name": "s", "schema": { "type": "object" }, "strict": true } },
        });
        assert_eq!(body, expected);
        let object = request(&question(), "m", Some(StructuredOutput::JsonObject));
        assert_eq!(object["response_format"], json!({ "type": "json_object" }));
        assert!(object["messages"][0]["content"].as_str().unwrap().contains("JSON Schema"));
        assert_eq!(request(&question(), "m", Some(StructuredOutput::Text)).get("response_format"), None);
        let plain = ChatQuestion { parts: vec![Part::Text("a".to_owned()), Part::Text("b".to_owned())], ..question() };
        assert_eq!(request(&plain, "gpt-5-mini", None)["messages"][1]["content"], "a\nb");
    }

    #[test]
    fn models_that_think() {
        let check = |model: &str, thinks: bool| {
            let body = request(&question(), model, None);
            let limits = ["max_completion_tokens", "max_tokens"].map(|name| body.get(name).is_some());
            assert_eq!(limits, [thinks, !thinks], "{model}");
            assert_eq!(body.get("temperature").is_none(), thinks, "{model}");
        };
        for model in ["gpt-5-mini", "o1", "o3-mini", "o4-mini", "openai.gpt-5", "openai/o3"] {
            check(model, true);
        }
        for model in ["gpt-4o", "openai.gpt-oss-120b", "meta.llama-4", "m"] {
            check(model, false);
        }
    }

    fn read(body: &Value) -> Result<ChatReply, &'static str> {
        reply(&Response::new(body.to_string().into()), "asked")
    }

    fn completion(message: &Value, reason: Option<&str>) -> Value {
        json!({ "choices": [{ "message": message, "finish_reason": reason }] })
    }

    #[test]
    fn replies() {
        let whole = json!({ "id": "c-1", "model": "m-2", "usage": { "prompt_tokens": 3, "completion_tokens": 4 },
            "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": "yes" } }] });
        let found = read(&whole).unwrap();
        assert_eq!((found.text.as_str(), found.model.as_str(), found.finish), ("yes", "m-2", Finish::Complete));
        assert_eq!((found.prompt_tokens, found.completion_tokens), (Some(3), Some(4)));
        assert_eq!(found.request_id.as_deref(), Some("c-1"));
        let check = |message: Value, reason: Option<&str>, expected: Result<(&str, Finish), &str>| {
            let found = read(&completion(&message, reason));
            let found = found.as_ref().map(|reply| (reply.text.as_str(), reply.finish.clone()));
            assert_eq!(found.map_err(|error| *error), expected, "{message} {reason:?}");
        };
        check(
            json!({ "content": [{ "type": "text", "text": "a" }, { "text": "b" }] }),
            None,
            Ok(("ab", Finish::Other(None))),
        );
        check(json!({ "content": "a" }), Some("length"), Ok(("a", Finish::Length)));
        check(json!({ "content": null }), Some("content_filter"), Ok(("", Finish::Filtered)));
        check(json!({ "content": null, "refusal": "I cannot." }), Some("stop"), Ok(("", Finish::Filtered)));
        check(json!({ "content": null }), Some("length"), Ok(("", Finish::Length)));
        check(json!({ "content": "" }), Some("length"), Ok(("", Finish::Length)));
        check(json!({ "content": null }), Some("stop"), Err("it has no text"));
        assert_eq!(read(&json!({ "choices": [] })), Err("it has no choice"));
        assert_eq!(read(&json!([])), Err("no chat completion"));
    }

    #[test]
    fn codes_of_refusals() {
        let check = |body: &str, expected: Option<&str>| {
            let answer = Response::new(Bytes::from(body.to_owned()));
            assert_eq!(error_code(&answer).as_deref(), expected, "{body}");
        };
        check(
            r#"{"error":{"message":"m","type":"invalid_request_error","code":"content_filter"}}"#,
            Some("content_filter"),
        );
        check(r#"{"error":{"message":"m","type":"invalid_request_error","code":null}}"#, Some("invalid_request_error"));
        check(r#"{"error":"model not found"}"#, None);
        check(r#"{"code":"InvalidParameter","message":"m"}"#, Some("InvalidParameter"));
        check("<html>", None);
    }
}

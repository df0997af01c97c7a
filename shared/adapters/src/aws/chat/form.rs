//! Requests and answers of `Converse`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use causeway_cloud::chat::{ChatQuestion, ChatReply, Finish, Part, StructuredOutput};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::chat::instructions;

/// The body of a request.
///
/// # Errors
/// A picture of a kind that Bedrock does not take.
pub(super) fn request(question: &ChatQuestion, form: Option<StructuredOutput>) -> Result<Value, String> {
    let content = question.parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    let mut body = json!({ "messages": [{ "role": "user", "content": content }] });
    if let Some(text) = instructions(question, form) {
        body["system"] = json!([{ "text": text }]);
    }
    let limits = [
        ("maxTokens", question.max_tokens.map(|most| json!(most))),
        ("temperature", question.temperature.map(|value| json!(value))),
    ];
    let limits: Map<_, _> = limits.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    if !limits.is_empty() {
        body["inferenceConfig"] = Value::Object(limits);
    }
    if let (Some(schema), Some(StructuredOutput::JsonSchema)) = (&question.schema, form) {
        let (name, description) = (&schema.name, "Gives the answer. It is to be called once, with the whole answer.");
        let tool = json!({ "name": name, "description": description, "inputSchema": { "json": schema.schema } });
        body["toolConfig"] =
            json!({ "tools": [{ "toolSpec": tool }], "toolChoice": { "tool": { "name": schema.name } } });
    }
    Ok(body)
}

fn part(part: &Part) -> Result<Value, String> {
    match part {
        Part::Text(text) => Ok(json!({ "text": text })),
        Part::Image { media_type, bytes } => {
            let format = media_type.strip_prefix("image/").filter(|kind| ["png", "jpeg", "gif", "webp"].contains(kind));
            let format = format.ok_or("Bedrock takes PNG, JPEG, GIF and WebP pictures")?;
            Ok(json!({ "image": { "format": format, "source": { "bytes": BASE64_STANDARD.encode(bytes) } } }))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversation {
    output: Output,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Output {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    content: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    text: Option<String>,
    tool_use: Option<ToolUse>,
}

#[derive(Deserialize)]
struct ToolUse {
    input: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

/// The reply in a successful answer; what the tool was called with where a tool was given.
///
/// # Errors
/// What is wrong with it, without its content.
pub(super) fn reply(body: &[u8], form: Option<StructuredOutput>) -> Result<ChatReply, &'static str> {
    let Conversation { output, stop_reason, usage } = serde_json::from_slice(body).map_err(|_| "no conversation")?;
    let blocks = output.message.map(|message| message.content).unwrap_or_default();
    let called = blocks.iter().find_map(|block| block.tool_use.as_ref()).map(|tool| tool.input.to_string());
    let texts: Vec<&str> = blocks.iter().filter_map(|block| block.text.as_deref()).collect();
    let said = (!texts.is_empty()).then(|| texts.concat());
    let text = if form == Some(StructuredOutput::JsonSchema) { called.or(said) } else { said };
    let finish = finish(stop_reason);
    let text = match text {
        Some(text) => text,
        // Held back, or the thoughts alone took all the tokens.
        None if matches!(finish, Finish::Filtered | Finish::Length) => String::new(),
        None => return Err("it has no text"),
    };
    let counts = usage.as_ref();
    Ok(ChatReply {
        text,
        finish,
        prompt_tokens: counts.and_then(|usage| usage.input_tokens),
        completion_tokens: counts.and_then(|usage| usage.output_tokens),
        ..ChatReply::default()
    })
}

fn finish(reason: Option<String>) -> Finish {
    match reason.as_deref() {
        Some("end_turn" | "tool_use" | "stop_sequence") => Finish::Complete,
        Some("max_tokens") => Finish::Length,
        Some("content_filtered" | "guardrail_intervened") => Finish::Filtered,
        _ => Finish::Other(reason),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use bytes::Bytes;
    use causeway_cloud::chat::Schema;

    use super::*;

    fn question(media_type: &str) -> ChatQuestion {
        let image = Part::Image { media_type: media_type.to_owned(), bytes: Bytes::from_static(b"\x89PNG") };
        let schema = Schema { name: "s".to_owned(), schema: json!({ "type": "object" }) };
        ChatQuestion {
            instructions: Some("Be short.".to_owned()),
            parts: vec![Part::Text("What?".to_owned()), image],
            schema: Some(schema),
            max_tokens: Some(9),
            ..ChatQuestion::default()
        }
    }

    #[test]
    fn requests() {
        let body = request(&question("image/png"), Some(StructuredOutput::JsonSchema)).unwrap();
        let image = json!({ "image": { "format": "png", "source": { "bytes": "iVBORw==" } } });
        assert_eq!(body["messages"], json!([{ "role": "user", "content": [{ "text": "What?" }, image] }]));
        assert_eq!(body["system"], json!([{ "text": "Be short." }]));
        assert_eq!(body["inferenceConfig"], json!({ "maxTokens": 9 }));
        assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"], json!({ "json": { "type": "object" } }));
        assert_eq!(body["toolConfig"]["toolChoice"], json!({ "tool": { "name": "s" } }));
        let words = request(&question("image/jpeg"), Some(StructuredOutput::Text)).unwrap();
        assert_eq!(words.get("toolConfig"), None);
        assert!(words["system"][0]["text"].as_str().unwrap().contains("JSON Schema"));
        assert!(request(&question("image/tiff"), None).is_err());
        let bare = request(&ChatQuestion::default(), None).unwrap();
        assert!(bare.get("system").is_none() && bare.get("inferenceConfig").is_none());
    }

    #[test]
    fn replies() {
        let firm = Some(StructuredOutput::JsonSchema);
        let check = |content: Value, stop: &str, form, expected: Result<(&str, Finish), &str>| {
            let body = json!({ "output": { "message": { "role": "assistant", "content": content } },
                "stopReason": stop, "usage": { "inputTokens": 5, "outputTokens": 6 } });
            let found = reply(body.to_string().as_bytes(), form);
            if let Ok(reply) = &found {
                assert_eq!((reply.prompt_tokens, reply.completion_tokens), (Some(5), Some(6)));
            }
            let found = found.as_ref().map(|reply| (reply.text.as_str(), reply.finish.clone()));
            assert_eq!(found.map_err(|error| *error), expected, "{content} {stop}");
        };
        let tool = json!({ "toolUse": { "toolUseId": "t", "name": "s", "input": { "a": 1 } } });
        check(json!([{ "text": "Well. " }, tool]), "tool_use", firm, Ok((r#"{"a":1}"#, Finish::Complete)));
        check(json!([{ "text": "{}" }]), "end_turn", firm, Ok(("{}", Finish::Complete)));
        check(
            json!([{ "text": "a" }, { "reasoningContent": {} }, { "text": "b" }]),
            "max_tokens",
            None,
            Ok(("ab", Finish::Length)),
        );
        check(json!([]), "guardrail_intervened", None, Ok(("", Finish::Filtered)));
        check(json!([]), "max_tokens", firm, Ok(("", Finish::Length)));
        check(json!([{ "reasoningContent": {} }]), "max_tokens", None, Ok(("", Finish::Length)));
        check(json!([]), "end_turn", None, Err("it has no text"));
        assert_eq!(reply(b"{}", None), Err("no conversation"));
    }
}

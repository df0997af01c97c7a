//! What requests of each route look like, and answers.

use serde_json::{Value, json};

use super::Asked;

/// The routes by their form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    OpenAi,
    Native,
    Bedrock,
}

pub(super) fn route(asked: &Asked) -> Option<Route> {
    let path = asked.path.as_str();
    match path {
        "/v1/chat/completions" | "/openai/v1/chat/completions" | "/20231130/actions/v1/chat/completions" => {
            Some(Route::OpenAi)
        }
        "/20231130/actions/chat" => Some(Route::Native),
        _ => (path.starts_with("/model/") && path.ends_with("/converse")).then_some(Route::Bedrock),
    }
}

/// The model that is asked; `None` for a path that there is not.
pub(super) fn model(asked: &Asked) -> Option<String> {
    let body = &asked.body;
    let named = match route(asked)? {
        Route::OpenAi => body["model"].as_str(),
        Route::Native => {
            let mode = &body["servingMode"];
            mode["modelId"].as_str().or(mode["endpointId"].as_str())
        }
        Route::Bedrock => asked.path.split('/').nth(2),
    };
    Some(named.unwrap_or_default().to_owned())
}

/// Every text of the question.
pub(super) fn said(asked: &Asked) -> String {
    let chat = asked.body.get("chatRequest").unwrap_or(&asked.body);
    chat["messages"].to_string()
}

/// How the form of the answer is asked for.
pub(super) fn of_answer(asked: &Asked) -> Option<&'static str> {
    let kind = match route(asked)? {
        Route::OpenAi => asked.body["response_format"]["type"].as_str(),
        Route::Native => asked.body["chatRequest"]["responseFormat"]["type"].as_str(),
        Route::Bedrock => asked.body.get("toolConfig").map(|_| "json_schema"),
    };
    ["json_schema", "json_object"].into_iter().find(|form| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(form)))
}

/// The words of a server that does not know a form.
pub(super) fn unknown(asked: &Asked) -> &'static str {
    match route(asked) {
        Some(Route::Bedrock) => r#"{"message":"This model doesn't support tool use."}"#,
        Some(Route::Native) => r#"{"code":"400","message":"Invalid responseFormat for this model"}"#,
        _ => r#"{"error":{"message":"response_format is not supported","type":"invalid_request_error","code":null}}"#,
    }
}

/// A whole answer with this text; `reason` in the words of the route in place of the usual one.
pub(super) fn whole(asked: &Asked, text: &str, reason: Option<&str>) -> Value {
    match route(asked) {
        Some(Route::Native) => native(asked, text, reason),
        Some(Route::Bedrock) => bedrock(asked, text, reason),
        _ => json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked.body["model"],
            "choices": [{ "index": 0, "finish_reason": reason.unwrap_or("stop"),
                "message": { "role": "assistant", "content": text } }],
            "usage": { "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18 },
        }),
    }
}

fn native(asked: &Asked, text: &str, reason: Option<&str>) -> Value {
    let format = &asked.body["chatRequest"]["apiFormat"];
    let message = json!({ "role": "ASSISTANT", "content": [{ "type": "TEXT", "text": text }] });
    let usage = json!({ "promptTokens": 11, "completionTokens": 7, "totalTokens": 18 });
    let response = match format.as_str() {
        Some("COHEREV2") => json!({ "apiFormat": format, "id": "1", "message": message,
            "finishReason": reason.unwrap_or("COMPLETE"), "usage": usage }),
        Some("COHERE") => json!({ "apiFormat": format, "text": text,
            "finishReason": reason.unwrap_or("COMPLETE"), "usage": usage }),
        _ => json!({ "apiFormat": "GENERIC", "timeCreated": "2026-09-05T02:00:00Z", "usage": usage,
            "choices": [{ "index": 0, "message": message, "finishReason": reason.unwrap_or("stop") }] }),
    };
    json!({ "modelId": model(asked), "modelVersion": "1", "chatResponse": response })
}

/// With a tool the answer is what the tool is called with.
fn bedrock(asked: &Asked, text: &str, reason: Option<&str>) -> Value {
    let tool = &asked.body["toolConfig"]["tools"][0]["toolSpec"]["name"];
    let input = serde_json::from_str::<Value>(text).ok().filter(|_| tool.is_string());
    let (content, usual) = match input {
        Some(input) => (json!([{ "toolUse": { "toolUseId": "t-1", "name": tool, "input": input } }]), "tool_use"),
        None => (json!([{ "text": text }]), "end_turn"),
    };
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": reason.unwrap_or(usual),
        "usage": { "inputTokens": 11, "outputTokens": 7, "totalTokens": 18 },
        "metrics": { "latencyMs": 1 },
    })
}

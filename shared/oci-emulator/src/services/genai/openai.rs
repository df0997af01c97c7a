//! Chat by the routes that OpenAI's clients speak. A request is put into the generic form and answered as that is.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::request::{self, Chat, Format};
use super::{bad, scripts};
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::reply::{self, Reply};
use crate::route::{Route, Service};

/// The service, under its present base and the older one.
pub(crate) const SERVICE: Service = Service {
    name: "generativeai",
    hosts: &["inference.generativeai"],
    bases: &["/openai/v1", "/20231130/actions/v1"],
    routes: &[Route::post("ChatCompletions", "/chat/completions", completions).max_body(32 * 1024 * 1024)],
};

/// Members that have another name in the generic form.
const RENAMED: [(&str, &str); 5] = [
    ("max_tokens", "maxTokens"),
    ("max_completion_tokens", "maxCompletionTokens"),
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("seed", "seed"),
];

fn completions(emulator: &Emulator, call: &Call) -> Reply {
    let body: Value = call.json()?;
    let compartment = call.header("opc-compartment-id").or_else(|| call.header("CompartmentId"));
    let compartment = compartment.ok_or_else(|| bad("The header opc-compartment-id is missing."))?;
    let chat = request::read(&generic(&body, compartment)?)?;
    emulator.check_compartment(&call.principal, &chat.compartment)?;
    let answer = scripts::answer(emulator, &chat)?;
    reply::json(&completion(&chat, &answer, &emulator.ids.etag(), call.now.as_second()))
}

fn completion(chat: &Chat, answer: &Answer, id: &str, created: i64) -> Value {
    let content = if answer.text.is_empty() && answer.tool_calls.is_some() { Value::Null } else { json!(answer.text) };
    let usage = answer.usage();
    json!({
        "id": format!("chatcmpl-{id}"),
        "object": "chat.completion",
        "created": created,
        "model": chat.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": content, "tool_calls": answer.tool_calls },
            "finish_reason": answer.finish_reason(Format::Generic),
        }],
        "usage": {
            "prompt_tokens": usage["promptTokens"],
            "completion_tokens": usage["completionTokens"],
            "total_tokens": usage["totalTokens"],
        },
    })
}

/// The same request in the generic form.
fn generic(body: &Value, compartment: &str) -> Result<Value, Error> {
    if body["stream"] == true {
        return Err(bad("Streams are not offered by this route."));
    }
    let messages = body["messages"].as_array().ok_or_else(|| Error::missing("messages"))?;
    let messages = messages.iter().map(message).collect::<Result<Vec<_>, _>>()?;
    let mut chat =
        Map::from_iter([("apiFormat".to_owned(), json!("GENERIC")), ("messages".to_owned(), json!(messages))]);
    for (theirs, ours) in RENAMED {
        if let Some(value) = body.get(theirs) {
            chat.insert(ours.to_owned(), value.clone());
        }
    }
    if let Some(format) = body.get("response_format").filter(|format| !format.is_null()) {
        chat.insert("responseFormat".to_owned(), response_format(format)?);
    }
    Ok(json!({
        "compartmentId": compartment,
        "servingMode": { "servingType": "ON_DEMAND", "modelId": body["model"] },
        "chatRequest": chat,
    }))
}

fn message(message: &Value) -> Result<Value, Error> {
    let role = message["role"].as_str().ok_or_else(|| Error::missing("role"))?.to_ascii_uppercase();
    let content = match &message["content"] {
        Value::String(text) => vec![json!({ "type": "TEXT", "text": text })],
        Value::Array(parts) => parts.iter().map(part).collect::<Result<_, _>>()?,
        _ => return Err(bad("content must be a text or a list.")),
    };
    Ok(json!({ "role": role, "content": content }))
}

fn part(part: &Value) -> Result<Value, Error> {
    match part["type"].as_str() {
        Some("text") => Ok(json!({ "type": "TEXT", "text": part["text"] })),
        Some("image_url") => Ok(json!({ "type": "IMAGE", "imageUrl": { "url": part["image_url"]["url"] } })),
        other => Err(bad(format!("There is no content of type {}.", other.unwrap_or("null")))),
    }
}

fn response_format(format: &Value) -> Result<Value, Error> {
    match format["type"].as_str() {
        Some("text") => Ok(json!({ "type": "TEXT" })),
        Some("json_object") => Ok(json!({ "type": "JSON_OBJECT" })),
        Some("json_schema") => {
            let schema = &format["json_schema"];
            Ok(json!({ "type": "JSON_SCHEMA", "jsonSchema": { "name": schema["name"], "schema": schema["schema"] } }))
        }
        _ => Err(bad("response_format.type must be text, json_object or json_schema.")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn requests_become_generic_ones() {
        let body = json!({
            "model": "meta.llama-4", "max_tokens": 7, "temperature": 0.5,
            "messages": [
                { "role": "system", "content": "Be short." },
                { "role": "user", "content": [{ "type": "text", "text": "Hi" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0KGgo=" } }] },
            ],
            "response_format": { "type": "json_schema", "json_schema": { "name": "s", "schema": { "type": "object" } } },
        });
        let chat = request::read(&generic(&body, "c").unwrap()).unwrap();
        assert_eq!((chat.model.as_str(), chat.images(), chat.max_tokens), ("meta.llama-4", 1, 7));
        assert_eq!((chat.last_user_text(), chat.json.as_ref()), ("Hi", Some(&json!({ "type": "object" }))));
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        let user = json!([{ "role": "user", "content": "Hi" }]);
        for body in [
            json!({}),
            json!({ "messages": user, "stream": true }),
            json!({ "messages": [{ "content": "Hi" }] }),
            json!({ "messages": [{ "role": "user", "content": 3 }] }),
            json!({ "messages": [{ "role": "user", "content": [{ "type": "IMAGE" }] }] }),
            json!({ "messages": user, "response_format": { "type": "JSON_SCHEMA" } }),
        ] {
            assert_eq!(generic(&body, "c").unwrap_err().status, 400, "{body}");
        }
    }
}

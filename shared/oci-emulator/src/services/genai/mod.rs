//! Generative AI inference: chat, whole or streamed. Answers come from scripts that the admin route has put
//! there, or else from a plain rule; no model runs.

mod answer;
pub(crate) mod openai;
mod request;
mod scripts;
mod stream;

use serde_json::{Value, json};

pub(crate) use scripts::seed;

use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339;
use crate::error::Error;
use crate::reply::{self, Reply, ReplyExt};
use crate::route::{Route, Service};
use answer::Answer;
use request::{Chat, Format};

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "generativeai",
    hosts: &["inference.generativeai"],
    bases: &["/20231130"],
    routes: &[Route::post("Chat", "/actions/chat", chat).max_body(32 * 1024 * 1024)],
};

fn chat(emulator: &Emulator, call: &Call) -> Reply {
    let chat = request::read(&call.json()?)?;
    emulator.check_compartment(&call.principal, &chat.compartment)?;
    let answer = scripts::answer(emulator, &chat)?;
    let time = rfc3339(call.now);
    match chat.stream {
        true => stream::reply(&chat, &answer),
        false => reply::json(&whole(&chat, &answer, &time)).header("etag", &emulator.ids.etag()),
    }
}

/// The body of an answer that is not streamed.
fn whole(chat: &Chat, answer: &Answer, time: &str) -> Value {
    let response = match chat.format {
        Format::Generic => json!({
            "apiFormat": "GENERIC",
            "timeCreated": time,
            "choices": [{
                "index": 0,
                "message": answer.message(),
                "finishReason": answer.finish_reason(chat.format),
            }],
            "usage": answer.usage(),
        }),
        Format::Cohere => json!({
            "apiFormat": "COHERE",
            "text": answer.text,
            "finishReason": answer.finish_reason(chat.format),
            "chatHistory": [
                { "role": "USER", "message": chat.last_user_text() },
                { "role": "CHATBOT", "message": answer.text },
            ],
            "usage": answer.usage(),
        }),
        Format::CohereV2 => json!({
            "apiFormat": "COHEREV2",
            "id": time,
            "message": { "role": "ASSISTANT", "content": [{ "type": "TEXT", "text": answer.text }] },
            "finishReason": answer.finish_reason(chat.format),
            "usage": answer.usage(),
        }),
    };
    json!({ "modelId": chat.model, "modelVersion": "1.0.0", "chatResponse": response })
}

fn bad(message: impl Into<String>) -> Error {
    Error::invalid(message)
}

//! Streamed answers: server-sent events that carry data only.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::Response;
use serde_json::{Value, json};

use super::answer::Answer;
use super::request::{Chat, Format};
use crate::reply::{Reply, ReplyExt};

/// The answer in pieces; the content type is exactly what SDKs compare it with.
pub(super) fn reply(chat: &Chat, answer: &Answer) -> Reply {
    let events = events(chat, answer).into_iter();
    let frames = events.map(|event| Ok::<_, Infallible>(Bytes::from(format!("data: {event}\n\n"))));
    Ok(Response::new(Body::from_stream(stream::iter(frames)))).header("content-type", "text/event-stream")
}

fn events(chat: &Chat, answer: &Answer) -> Vec<Value> {
    let reason = answer.finish_reason(chat.format);
    let mut events: Vec<Value> = pieces(&answer.text).map(|piece| delta(chat.format, piece)).collect();
    let mut end = match chat.format {
        Format::Generic => json!({ "finishReason": reason }),
        // The end repeats the whole text.
        Format::Cohere => json!({ "apiFormat": "COHERE", "text": answer.text, "finishReason": reason }),
        Format::CohereV2 => json!({ "apiFormat": "COHEREV2", "finishReason": reason }),
    };
    if let (Format::Generic, Some(calls)) = (chat.format, &answer.tool_calls) {
        events.push(json!({ "index": 0, "message": { "role": "ASSISTANT", "toolCalls": calls } }));
    }
    if chat.format != Format::Generic {
        end["usage"] = answer.usage();
    }
    events.push(end);
    if chat.format == Format::Generic && chat.include_usage {
        events.push(json!({ "usage": answer.usage() }));
    }
    events
}

fn delta(format: Format, piece: &str) -> Value {
    let content = json!([{ "type": "TEXT", "text": piece }]);
    match format {
        Format::Generic => json!({ "index": 0, "message": { "role": "ASSISTANT", "content": content }, "pad": "aa" }),
        Format::Cohere => json!({ "apiFormat": "COHERE", "text": piece, "pad": "aa" }),
        Format::CohereV2 => json!({ "apiFormat": "COHEREV2", "message": { "role": "ASSISTANT", "content": content } }),
    }
}

/// Words with the space before them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().skip(1).find(|(_, c)| *c == ' ').map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_text() {
        for text in ["", "one", "one two  three ", " \u{e9}t\u{e9} x"] {
            assert_eq!(pieces(text).collect::<String>(), text);
        }
        assert_eq!(pieces("one two").collect::<Vec<_>>(), ["one", " two"]);
    }
}

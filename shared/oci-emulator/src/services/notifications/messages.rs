//! Messages: publishing them, and reading them back by the admin route.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::topics::find;
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339;
use crate::error::Error;
use crate::reply::{self, Reply, ReplyExt};
use crate::store::{Read, Span, Table};

/// Bytes of a message, and messages of a topic in a minute.
const MAX_MESSAGE: usize = 64 * 1024;
const PER_MINUTE: usize = 60;
const MINUTE_MS: i64 = 60_000;

#[derive(Deserialize)]
struct Message {
    title: Option<String>,
    body: String,
}

fn message_key(topic: &str, at_ms: i64, number: u64) -> Vec<u8> {
    [topic.as_bytes(), &[0], &at_ms.max(0).to_be_bytes(), &number.to_be_bytes()].concat()
}

/// PublishMessage.
pub(super) fn publish(emulator: &Emulator, call: &Call) -> Reply {
    if call.body.len() > MAX_MESSAGE {
        return Err(Error::new(413, "PayloadTooLarge", "A message has at most 64 KB."));
    }
    let message: Message = call.json()?;
    if message.body.is_empty() {
        return Err(Error::missing("body"));
    }
    if call.header("messagetype") == Some("JSON") {
        let parsed: Option<Value> = serde_json::from_str(&message.body).ok();
        let fits = parsed.is_some_and(|parsed| parsed.get("default").is_some());
        fits.then_some(()).ok_or_else(|| Error::invalid("A JSON message needs the key default."))?;
    }
    let (id, now) = (emulator.ids.etag(), call.now.as_millisecond());
    let kept = json!({
        "messageId": id,
        "title": message.title,
        "body": message.body,
        "timeStamp": rfc3339(call.now),
        "publisher": call.principal.id,
    });
    emulator.store.write(|writer| {
        let topic = find(emulator, writer, call)?;
        let recent = Span::prefix(&[topic.topic_id.as_bytes(), &[0]].concat()).starting_at(&message_key(
            &topic.topic_id,
            now - MINUTE_MS + 1,
            0,
        ));
        if writer.list::<Value>(Table::Messages, &recent, PER_MINUTE, |_| true)?.len() >= PER_MINUTE {
            return Err(Error::new(429, "TooManyRequests", "A topic takes 60 messages a minute."));
        }
        Ok(writer.put(Table::Messages, &message_key(&topic.topic_id, now, emulator.ids.number()), &kept)?)
    })?;
    let answer = json!({ "messageId": id, "timeStamp": rfc3339(call.now) });
    reply::json(&answer).status(StatusCode::ACCEPTED)
}

/// What has been published to a topic, by the admin route.
pub(crate) fn published(emulator: &Emulator, topic: &str) -> Reply {
    let span = Span::prefix(&[topic.as_bytes(), &[0]].concat());
    let found: Vec<(_, Value)> = emulator.store.read()?.list(Table::Messages, &span, 10_000, |_| true)?;
    reply::json(&found.into_iter().map(|(_, message)| message).collect::<Vec<_>>())
}

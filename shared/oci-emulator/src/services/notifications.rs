//! Notifications: topics and messages. Nothing is delivered; the admin route shows what was published.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339;
use crate::documents;
use crate::error::Error;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::route::{Route, Service};
use crate::store::{Read, Span, Table};

const KIND: &str = "onstopic";
const PAGE: (usize, usize) = (10, 50);
/// Bytes of a message, and messages of a topic in a minute.
const MAX_MESSAGE: usize = 64 * 1024;
const PER_MINUTE: usize = 60;
const MINUTE_MS: i64 = 60_000;

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "notifications",
    hosts: &["notification"],
    bases: &["/20181201"],
    routes: &[
        Route::post("CreateTopic", "/topics", create).repeatable(),
        Route::get("ListTopics", "/topics", list),
        Route::get("GetTopic", "/topics/{id}", get),
        Route::delete("DeleteTopic", "/topics/{id}", delete),
        Route::post("PublishMessage", "/topics/{id}/messages", publish),
    ],
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Topic {
    topic_id: String,
    name: String,
    description: Option<String>,
    compartment_id: String,
    lifecycle_state: String,
    time_created: String,
    etag: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    name: String,
    compartment_id: String,
    description: Option<String>,
}

fn show(call: &Call, topic: &Topic) -> Value {
    let mut shown = json!(topic);
    shown["apiEndpoint"] = call.base_url.clone().into();
    shown["shortTopicId"] = Value::Null;
    shown["freeformTags"] = json!({});
    shown["definedTags"] = json!({});
    shown
}

fn create(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    emulator.check_compartment(&call.principal, &details.compartment_id)?;
    let plain = details.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if !plain || !(1..=256).contains(&details.name.len()) {
        return Err(Error::invalid("A topic's name has 1 to 256 letters, digits, hyphens and underscores."));
    }
    let topic = Topic {
        topic_id: emulator.ids.ocid(KIND),
        name: details.name,
        description: details.description,
        compartment_id: details.compartment_id,
        lifecycle_state: "ACTIVE".to_owned(),
        time_created: rfc3339(call.now),
        etag: emulator.ids.etag(),
    };
    emulator.store.write(|writer| {
        if !documents::all(writer, KIND, |other: &Topic| other.name == topic.name)?.is_empty() {
            return Err(Error::new(409, "NotAuthorizedOrResourceAlreadyExists", "A topic of this name exists."));
        }
        Ok(documents::put(writer, KIND, &topic.topic_id, &topic)?)
    })?;
    reply::json(&show(call, &topic)).header("etag", &topic.etag).status(StatusCode::CREATED)
}

fn find(emulator: &Emulator, reader: &impl Read, call: &Call) -> Result<Topic, Error> {
    let topic: Topic = documents::get(reader, KIND, call.param("id"))?;
    emulator.check_compartment(&call.principal, &topic.compartment_id)?;
    Ok(topic)
}

fn get(emulator: &Emulator, call: &Call) -> Reply {
    let topic = find(emulator, &emulator.store.read()?, call)?;
    reply::json(&show(call, &topic)).header("etag", &topic.etag)
}

fn list(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let same = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == value);
    let keep =
        |topic: &Topic| topic.compartment_id == compartment && same("id", &topic.topic_id) && same("name", &topic.name);
    documents::page(emulator, call, KIND, PAGE, keep)?.reply(|topic| show(call, topic))
}

fn delete(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let topic = find(emulator, writer, call)?;
        call.check_if_match(&topic.etag)?;
        Ok(documents::remove(writer, KIND, &topic.topic_id)?)
    })?;
    no_content()
}

#[derive(Deserialize)]
struct Message {
    title: Option<String>,
    body: String,
}

fn message_key(topic: &str, at_ms: i64, number: u64) -> Vec<u8> {
    [topic.as_bytes(), &[0], &at_ms.max(0).to_be_bytes(), &number.to_be_bytes()].concat()
}

fn publish(emulator: &Emulator, call: &Call) -> Reply {
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

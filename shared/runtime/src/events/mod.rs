//! Recognises what a payload is. Both clouds' shapes are told apart by their content, so the same events
//! work through every host, and on the command line.

mod aws;
mod aws_http;
mod object;
mod oci;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::invocation::{HttpRequest, Kind, Payload, Task, Work};
use crate::{Error, MAX_BODY_BYTES};

pub(crate) use aws_http::{Style, reply as aws_reply};

/// Longest id of a message, in bytes; the clouds' own have less than 100.
const MAX_ID_BYTES: usize = 512;

/// Something that happened, in the words of CloudEvents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// Who says so: an OCI service, `aws:s3`, `aws:sns`.
    pub source: String,
    /// What happened, such as `com.oraclecloud.objectstorage.createobject` or `ObjectCreated:Put`.
    pub event_type: String,
    /// Id for de-duplication, when the sender gives one.
    pub id: Option<String>,
    /// When, as the sender wrote it (RFC 3339).
    pub time: Option<String>,
    /// The object concerned, for events of an object store.
    pub object: Option<ObjectRef>,
    /// The sender's payload.
    pub data: Value,
}

impl Event {
    /// Whether an alarm of OCI Monitoring sent it, by way of Notifications. One that repeats is the clock of functions
    /// whose ticks are closer together than schedules can be.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        self.event_type.starts_with("alarm.")
    }

    /// The refusal of an event that is none of the function's business.
    #[must_use]
    pub fn unsupported(&self, function: &str) -> Error {
        let text = format!("{function} does not take events of type {}", self.event_type);
        Error::client(422, "unsupported_event", text)
    }

    /// The events that a payload brings, as every host recognises them: none of a payload that is no event, one for
    /// each record of a batch. Tests of handlers read their samples by it.
    #[must_use]
    pub fn read(payload: Value) -> Vec<Self> {
        let tasks = match detect(payload).work {
            Work::One(task) => vec![task],
            Work::All(tasks) => tasks,
            Work::Batch { items, .. } => items.into_iter().flat_map(|item| item.tasks).collect(),
        };
        let event = |task: Task| match task.payload {
            Payload::Event(event) => Some(*event),
            _ => None,
        };
        tasks.into_iter().filter_map(event).collect()
    }
}

/// An object that an event speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectRef {
    /// OCI Object Storage namespace.
    pub namespace: Option<String>,
    /// Bucket name.
    pub bucket: String,
    /// Object name, decoded.
    pub key: String,
    /// Entity tag.
    pub etag: Option<String>,
    /// Version id.
    pub version: Option<String>,
    /// Size in bytes.
    pub size_bytes: Option<u64>,
}

/// A payload after recognition.
#[derive(Debug, Clone)]
pub(crate) struct Detected {
    pub(crate) kind: Kind,
    pub(crate) work: Work,
    /// The request and the form of the reply, when AWS sent an HTTP request as an event.
    pub(crate) http: Option<(HttpRequest, Style)>,
}

impl Detected {
    fn one(kind: Kind, task: impl Into<Task>) -> Self {
        Self { kind, work: Work::One(task.into()), http: None }
    }

    /// A direct request that is not looked into further.
    pub(crate) fn direct(value: Value) -> Self {
        Self::one(Kind::Direct, Payload::Request(value))
    }
}

/// Finds out what a JSON payload is. Anything unknown is a direct request.
pub(crate) fn detect(value: Value) -> Detected {
    if is_tick(&value) {
        return Detected::one(Kind::Tick, tick(value));
    }
    let found = aws_http::detect(&value).or_else(|| aws::detect(&value)).or_else(|| oci::detect(&value));
    found.unwrap_or_else(|| Detected::direct(value))
}

/// Finds out what bytes are: not JSON, empty or too large means a direct request, whose reading reports
/// the error.
pub(crate) fn detect_bytes(body: &Bytes) -> Detected {
    if body.len() > MAX_BODY_BYTES {
        return Detected::one(Kind::Direct, Payload::Bytes(body.clone()));
    }
    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match serde_json::from_slice(text) {
        Ok(value) => detect(value),
        Err(_) => Detected::one(Kind::Direct, Payload::Bytes(body.clone())),
    }
}

/// `{"kind":"tick"}` is what both clouds' schedules are set up to send.
fn is_tick(value: &Value) -> bool {
    value.get("kind").and_then(Value::as_str) == Some("tick")
}

/// What is left beside `kind` is the schedule's request.
fn tick(mut value: Value) -> Payload {
    match value.as_object_mut() {
        Some(object) if object.len() > 1 => {
            object.remove("kind");
            Payload::Request(value)
        }
        _ => Payload::Tick,
    }
}

/// One level of unwrapping: what a queue message's text or value holds.
fn unwrap(value: Value) -> Vec<Task> {
    if is_tick(&value) {
        return vec![tick(value).into()];
    }
    match aws::unwrap(&value).or_else(|| oci::single(&value).map(|task| vec![task])) {
        Some(tasks) => tasks,
        None => vec![Payload::Request(value).into()],
    }
}

fn unwrap_text(text: &str) -> Vec<Task> {
    match serde_json::from_str(text) {
        Ok(value) => unwrap(value),
        Err(_) => vec![Payload::Bytes(Bytes::copy_from_slice(text.as_bytes())).into()],
    }
}

/// A text that may serve as the id of a message: it stands in logs and in keys of stored state.
pub(crate) fn message_id(text: &str) -> Option<&str> {
    let harmless = !text.chars().any(char::is_control);
    ((1..=MAX_ID_BYTES).contains(&text.len()) && harmless).then_some(text)
}

/// The id at `pointer`.
fn id_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    message_id(value.pointer(pointer)?.as_str()?)
}

/// One key or value of `application/x-www-form-urlencoded` (WHATWG URL, section 5): `+` is a blank, and a plus
/// sign is written as `%2B`.
fn decode_form(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;

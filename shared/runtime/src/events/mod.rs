//! Recognises what a payload is. Both clouds' shapes are told apart by their content, so the same events
//! work through every host, and on the command line.

mod aws;
mod aws_http;
mod oci;

use bytes::Bytes;
use serde_json::Value;

use crate::MAX_BODY_BYTES;
use crate::invocation::{HttpRequest, Kind, Payload, Work};

pub(crate) use aws_http::{Style, reply as aws_reply};

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
    fn one(kind: Kind, payload: Payload) -> Self {
        Self { kind, work: Work::One(payload), http: None }
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
fn unwrap(value: Value) -> Vec<Payload> {
    if is_tick(&value) {
        return vec![tick(value)];
    }
    match aws::unwrap(&value).or_else(|| oci::single(&value).map(|payload| vec![payload])) {
        Some(payloads) => payloads,
        None => vec![Payload::Request(value)],
    }
}

fn unwrap_text(text: &str) -> Vec<Payload> {
    match serde_json::from_str(text) {
        Ok(value) => unwrap(value),
        Err(_) => vec![Payload::Bytes(Bytes::copy_from_slice(text.as_bytes()))],
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;

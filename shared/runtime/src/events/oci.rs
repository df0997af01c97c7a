//! OCI's payloads: Events, CloudEvents 1.0, alarms, and Connector Hub's arrays.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Detected, Event, ObjectRef, text, unwrap};
use crate::invocation::{Item, Kind, Payload, Work};

pub(super) fn detect(value: &Value) -> Option<Detected> {
    if let Value::Array(items) = value {
        let records = !items.is_empty() && items.iter().all(Value::is_object);
        return records.then(|| batch(items));
    }
    Some(Detected::one(Kind::Event, single(value)?))
}

/// An event that stands alone.
pub(super) fn single(value: &Value) -> Option<Payload> {
    let event = events_rule(value).or_else(|| cloud_event(value)).or_else(|| alarm(value))?;
    Some(Payload::Event(Box::new(event)))
}

/// The Events service: CloudEvents 0.1 names.
fn events_rule(value: &Value) -> Option<Event> {
    value.get("cloudEventsVersion")?;
    let object = value.pointer("/data/additionalDetails/bucketName").and_then(|_| object(value));
    Some(Event {
        source: text(value, "/source").unwrap_or_default(),
        event_type: text(value, "/eventType")?,
        id: text(value, "/eventID"),
        time: text(value, "/eventTime"),
        object,
        data: value.get("data").cloned().unwrap_or_default(),
    })
}

fn object(value: &Value) -> Option<ObjectRef> {
    Some(ObjectRef {
        namespace: text(value, "/data/additionalDetails/namespace"),
        bucket: text(value, "/data/additionalDetails/bucketName")?,
        key: text(value, "/data/resourceName")?,
        etag: text(value, "/data/additionalDetails/eTag"),
        version: text(value, "/data/additionalDetails/versionId"),
        size_bytes: None,
    })
}

/// CloudEvents 1.0, structured mode; also what Logging records look like.
fn cloud_event(value: &Value) -> Option<Event> {
    value.get("specversion")?;
    Some(Event {
        source: text(value, "/source")?,
        event_type: text(value, "/type")?,
        id: text(value, "/id"),
        time: text(value, "/time"),
        object: None,
        data: value.get("data").cloned().unwrap_or_default(),
    })
}

/// A Monitoring alarm through Notifications.
fn alarm(value: &Value) -> Option<Event> {
    value.get("alarmMetaData")?.as_array()?;
    Some(Event {
        source: "oci.monitoring".to_owned(),
        event_type: format!("alarm.{}", text(value, "/type")?),
        id: text(value, "/dedupeKey"),
        time: text(value, "/timestamp"),
        object: None,
        data: value.clone(),
    })
}

/// Connector Hub sends arrays of records and repeats the whole array when the call fails. Arrays of anything
/// else are none of its doing.
fn batch(items: &[Value]) -> Detected {
    let item = |(index, value): (usize, &Value)| Item { id: index.to_string(), payloads: element(value), group: None };
    let items = items.iter().enumerate().map(item).collect();
    Detected { kind: Kind::Batch, work: Work::Batch { items, reports_items: false }, http: None }
}

fn element(value: &Value) -> Vec<Payload> {
    if let Some(message) = stream_message(value) {
        return message;
    }
    match metric(value) {
        Some(event) => vec![Payload::Event(Box::new(event))],
        None => unwrap(value.clone()),
    }
}

/// A Streaming record: the message is base64 in `value`.
fn stream_message(value: &Value) -> Option<Vec<Payload>> {
    value.get("stream")?;
    value.get("partition")?;
    let bytes = STANDARD.decode(value.get("value")?.as_str()?).ok()?;
    Some(match serde_json::from_slice(&bytes) {
        Ok(inner) => unwrap(inner),
        Err(_) => vec![Payload::Bytes(bytes.into())],
    })
}

/// A Monitoring record: one metric stream with its data points.
fn metric(value: &Value) -> Option<Event> {
    value.get("datapoints")?.as_array()?;
    Some(Event {
        source: text(value, "/namespace")?,
        event_type: format!("metric.{}", text(value, "/name")?),
        data: value.clone(),
        ..Event::default()
    })
}

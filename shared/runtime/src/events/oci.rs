//! OCI's payloads: Events, CloudEvents 1.0, alarms, and Connector Hub's arrays.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Detected, Event, ObjectRef, id_at, message_id, text, unwrap};
use crate::invocation::{Item, Kind, Payload, Task, Work};

pub(super) fn detect(value: &Value) -> Option<Detected> {
    if let Value::Array(items) = value {
        let records = !items.is_empty() && items.iter().all(Value::is_object);
        return records.then(|| batch(items));
    }
    Some(Detected::one(Kind::Event, single(value)?))
}

/// An event that stands alone.
pub(super) fn single(value: &Value) -> Option<Task> {
    let with_id = |event: Event, id: Option<String>| Task::new(id, Payload::Event(Box::new(event)));
    if let Some(event) = events_rule(value) {
        return Some(with_id(event, id_at(value, "/eventID").map(str::to_owned)));
    }
    if let Some(event) = cloud_event(value) {
        return Some(with_id(event, cloud_event_id(value)));
    }
    alarm(value).map(|event| with_id(event, alarm_id(value)))
}

/// CloudEvents promises that source and id together are unique, not the id alone.
fn cloud_event_id(value: &Value) -> Option<String> {
    joined(format!("{}#{}", value.get("source")?.as_str()?, value.get("id")?.as_str()?))
}

/// One state of an alarm has one key for all of its messages. Oracle's advice for de-duplication is to add the
/// time (Notifications, Best Practices for Subscriptions and Topics).
fn alarm_id(value: &Value) -> Option<String> {
    let time = value.get("timestampEpochMillis")?.as_u64()?;
    joined(format!("{}#{time}", value.get("dedupeKey")?.as_str()?))
}

fn joined(id: String) -> Option<String> {
    message_id(&id).is_some().then_some(id)
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
        data: data(value),
    })
}

/// What some senders put beside `data` is looked for in it, where Events has it.
fn data(value: &Value) -> Value {
    let mut data = value.get("data").cloned().unwrap_or_default();
    let beside = value.get("additionalDetails").and_then(Value::as_object);
    if let (Some(members), Some(beside)) = (data.as_object_mut(), beside) {
        let details = members.entry("additionalDetails").or_insert_with(|| Value::Object(serde_json::Map::new()));
        for (name, one) in beside {
            if let Some(details) = details.as_object_mut() {
                details.entry(name).or_insert_with(|| one.clone());
            }
        }
    }
    data
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
    let item = |(index, value): (usize, &Value)| Item { id: index.to_string(), tasks: element(value), group: None };
    let items = items.iter().enumerate().map(item).collect();
    Detected { kind: Kind::Batch, work: Work::Batch { items, reports_items: false }, http: None }
}

fn element(value: &Value) -> Vec<Task> {
    if let Some(message) = stream_message(value) {
        return message;
    }
    match metric(value) {
        Some(event) => vec![Payload::Event(Box::new(event)).into()],
        None => unwrap(value.clone()),
    }
}

/// A Streaming record: the message is base64 in `value`. Its place in the stream is its id.
fn stream_message(value: &Value) -> Option<Vec<Task>> {
    let stream = value.get("stream")?;
    let partition = value.get("partition")?;
    let bytes = STANDARD.decode(value.get("value")?.as_str()?).ok()?;
    let tasks = match serde_json::from_slice(&bytes) {
        Ok(inner) => unwrap(inner),
        Err(_) => vec![Payload::Bytes(bytes.into()).into()],
    };
    Some(Task::within(position(stream, partition, value).as_deref(), tasks))
}

fn position(stream: &Value, partition: &Value, record: &Value) -> Option<String> {
    let offset = record.get("offset")?.as_u64()?;
    joined(format!("{}#{}#{offset}", stream.as_str()?, partition.as_str()?))
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

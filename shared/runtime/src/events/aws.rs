//! AWS events that are not HTTP: EventBridge, SQS, SNS, S3.

use serde_json::Value;

use super::{Detected, Event, ObjectRef, decode_form, id_at, text, unwrap_text};
use crate::invocation::{Item, Kind, Payload, Task, Work};

pub(super) fn detect(value: &Value) -> Option<Detected> {
    if let Some(task) = event_bridge(value) {
        let kind = if task.payload == Payload::Tick { Kind::Tick } else { Kind::Event };
        return Some(Detected::one(kind, task));
    }
    if is_s3_test(value) {
        return Some(Detected::one(Kind::Event, Payload::Ignored));
    }
    let records = value.get("Records")?.as_array()?;
    match source_of(records.first()?)? {
        "aws:sqs" => Some(batch(records)),
        "aws:sns" => Some(all(records.iter().flat_map(sns).collect())),
        "aws:s3" => Some(all(records.iter().map(s3).collect())),
        source => unsupported(records, source),
    }
}

/// Records of another service: not a request, or a wrong trigger would go unnoticed.
fn unsupported(records: &[Value], source: &str) -> Option<Detected> {
    let all = records.iter().all(|record| source_of(record).is_some());
    all.then(|| Detected::one(Kind::Event, Payload::Unsupported(source.to_owned())))
}

/// What may be inside a queue message or a notification.
pub(super) fn unwrap(value: &Value) -> Option<Vec<Task>> {
    if value.get("Type").and_then(Value::as_str) == Some("Notification") {
        let tasks = unwrap_text(value.get("Message")?.as_str()?);
        return Some(Task::within(id_at(value, "/MessageId"), tasks));
    }
    match detect(value)?.work {
        Work::One(task) => Some(vec![task]),
        Work::All(tasks) => Some(tasks),
        Work::Batch { .. } => None,
    }
}

fn source_of(record: &Value) -> Option<&str> {
    // SNS alone writes its keys in capitals.
    record.get("eventSource").or_else(|| record.get("EventSource"))?.as_str()
}

fn all(tasks: Vec<Task>) -> Detected {
    Detected { kind: Kind::Event, work: Work::All(tasks), http: None }
}

fn batch(records: &[Value]) -> Detected {
    let items = records.iter().enumerate().map(|(index, record)| Item {
        id: text(record, "/messageId").unwrap_or_else(|| index.to_string()),
        tasks: Task::within(id_at(record, "/messageId"), queued(record)),
        group: text(record, "/attributes/MessageGroupId"),
    });
    Detected { kind: Kind::Batch, work: Work::Batch { items: items.collect(), reports_items: true }, http: None }
}

fn queued(record: &Value) -> Vec<Task> {
    record.get("body").and_then(Value::as_str).map_or_else(Vec::new, unwrap_text)
}

/// A schedule is a tick; its rule or scheduler may give no input. `detail` of the scheduler is text.
fn event_bridge(value: &Value) -> Option<Task> {
    let source = value.get("source")?.as_str()?;
    let event_type = value.get("detail-type")?.as_str()?;
    let message_id = id_at(value, "/id").map(str::to_owned);
    if source == "aws.scheduler" || (source == "aws.events" && event_type == "Scheduled Event") {
        return Some(Task::new(message_id, Payload::Tick));
    }
    let event = Event {
        source: source.to_owned(),
        event_type: event_type.to_owned(),
        id: text(value, "/id"),
        time: text(value, "/time"),
        object: (source == "aws.s3").then(|| bridged_object(value)).flatten(),
        data: value.get("detail").cloned().unwrap_or_default(),
    };
    Some(Task::new(message_id, Payload::Event(Box::new(event))))
}

/// Through EventBridge the key is not URL-encoded.
fn bridged_object(value: &Value) -> Option<ObjectRef> {
    Some(ObjectRef {
        bucket: text(value, "/detail/bucket/name")?,
        key: text(value, "/detail/object/key")?,
        etag: text(value, "/detail/object/etag"),
        version: text(value, "/detail/object/version-id"),
        size_bytes: value.pointer("/detail/object/size").and_then(Value::as_u64),
        namespace: None,
    })
}

fn is_s3_test(value: &Value) -> bool {
    value.get("Records").is_none() && value.get("Event").and_then(Value::as_str) == Some("s3:TestEvent")
}

fn sns(record: &Value) -> Vec<Task> {
    let message = record.pointer("/Sns/Message").and_then(Value::as_str).unwrap_or_default();
    Task::within(id_at(record, "/Sns/MessageId"), unwrap_text(message))
}

/// A record has no id of its own: the request's id is shared by all objects that the request touched.
fn s3(record: &Value) -> Task {
    let event = Event {
        source: "aws:s3".to_owned(),
        event_type: text(record, "/eventName").unwrap_or_default(),
        id: text(record, "/responseElements/x-amz-request-id"),
        time: text(record, "/eventTime"),
        object: s3_object(record),
        data: record.clone(),
    };
    Payload::Event(Box::new(event)).into()
}

fn s3_object(record: &Value) -> Option<ObjectRef> {
    Some(ObjectRef {
        bucket: text(record, "/s3/bucket/name")?,
        // S3's own notifications encode the key as a form does.
        key: decode_form(record.pointer("/s3/object/key")?.as_str()?),
        etag: text(record, "/s3/object/eTag"),
        version: text(record, "/s3/object/versionId"),
        size_bytes: record.pointer("/s3/object/size").and_then(Value::as_u64),
        namespace: None,
    })
}

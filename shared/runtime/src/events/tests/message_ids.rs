//! Which id stands for a message, whatever it is wrapped in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn ids(value: Value) -> Vec<Option<String>> {
    let id = |task: Task| task.message_id;
    match detect(value).work {
        Work::One(task) => vec![id(task)],
        Work::All(tasks) => tasks.into_iter().map(id).collect(),
        Work::Batch { items, .. } => items.into_iter().flat_map(|item| item.tasks).map(id).collect(),
    }
}

fn check(value: Value, expected: &[Option<&str>]) {
    let shown = value.to_string();
    let found = ids(value);
    assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{shown}");
}

fn sqs(id: &str, body: &Value) -> Value {
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    json!({"eventSource": "aws:sqs", "messageId": id, "body": body})
}

fn sns(id: &str, message: &Value) -> Value {
    json!({"EventSource": "aws:sns", "Sns": {"MessageId": id, "Message": message.to_string()}})
}

fn s3(keys: &[&str]) -> Value {
    let record = |key: &&str| {
        json!({"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": key}},
        "responseElements": {"x-amz-request-id": "shared"}})
    };
    json!({"Records": keys.iter().map(record).collect::<Vec<_>>()})
}

#[test]
fn aws_messages() {
    let records = |records: Value| json!({ "Records": records });
    check(records(json!([sqs("q1", &json!({"n": 1})), sqs("q2", &json!("text"))])), &[Some("q1"), Some("q2")]);
    check(records(json!([sns("n1", &json!({"n": 1}))])), &[Some("n1")]);
    check(records(json!([sns("n1", &json!({})), sns("n2", &json!({}))])), &[Some("n1"), Some("n2")]);
    check(json!({"source": "app", "detail-type": "Order", "id": "e1", "detail": {}}), &[Some("e1")]);
    check(json!({"source": "aws.events", "detail-type": "Scheduled Event", "id": "e2"}), &[Some("e2")]);
    check(records(json!([{"eventSource": "aws:sqs", "body": "{}"}])), &[None]);
    check(json!({"n": 1, "id": "mine", "messageId": "mine"}), &[None]);
}

#[test]
fn oci_messages() {
    let event = json!({"cloudEventsVersion": "0.1", "eventType": "t", "eventID": "e1", "source": "s"});
    check(event, &[Some("e1")]);
    let alarm = json!({"dedupeKey": "d", "type": "OK_TO_FIRING", "alarmMetaData": [], "timestampEpochMillis": 1500});
    check(alarm, &[Some("d#1500")]);
    check(json!({"dedupeKey": "d", "type": "REPEAT", "alarmMetaData": []}), &[None]);
    check(json!({"specversion": "1.0", "type": "t", "source": "s", "id": "1"}), &[Some("s#1")]);
    check(json!({"specversion": "1.0", "type": "t", "source": "s"}), &[None]);
    let stream = |offset: u64, text: &str| json!({"stream": "s", "partition": "0", "value": STANDARD.encode(text), "offset": offset});
    let inner = r#"{"cloudEventsVersion":"0.1","eventType":"t","eventID":"e1"}"#;
    check(json!([stream(7, "{}"), stream(8, "text"), stream(9, inner)]), &[Some("s#0#7"), Some("s#0#8"), Some("e1")]);
    check(json!([{"any": "thing"}, {"namespace": "n", "name": "m", "datapoints": []}]), &[None, None]);
}

#[test]
fn the_innermost_service_names_the_message() {
    let notification = json!({"Type": "Notification", "MessageId": "n1", "Message": "{\"a\":1}"});
    check(json!({"Records": [sqs("q1", &notification)]}), &[Some("n1")]);
    let bridged = json!({"source": "app", "detail-type": "Order", "id": "e1", "detail": {}});
    check(json!({"Records": [sqs("q1", &bridged), sqs("q2", &s3(&["k"]))]}), &[Some("e1"), Some("q2")]);
    check(json!({"Records": [sns("n1", &s3(&["k"]))]}), &[Some("n1")]);
    check(s3(&["k1", "k2"]), &[None, None]);
}

#[test]
fn things_of_one_message_are_told_apart() {
    check(
        json!({"Records": [sqs("q1", &s3(&["a", "b"])), sqs("q2", &s3(&["c"]))]}),
        &[Some("q1#0"), Some("q1#1"), Some("q2")],
    );
    check(json!({"Records": [sns("n1", &s3(&["a", "b"]))]}), &[Some("n1#0"), Some("n1#1")]);
    let found = |value: Value| detect(value).work.within("h");
    assert_eq!(found(json!({"n": 1})).message_id(), Some("h"));
    assert_eq!(found(json!({"cloudEventsVersion": "0.1", "eventType": "t", "eventID": "e"})).message_id(), Some("e"));
    let Work::Batch { items, .. } = found(json!([{"n": 1}, {"n": 2}])) else { panic!("no batch") };
    let ids: Vec<_> = items.iter().map(|item| item.tasks[0].message_id.as_deref()).collect();
    assert_eq!(ids, [Some("h#0"), Some("h#1")]);
}

#[test]
fn hostile_ids_are_no_ids() {
    let long = "a".repeat(513);
    for id in ["", "a\nb", "a\u{0}", "\u{1b}[2J", long.as_str()] {
        check(json!({"Records": [sqs(id, &json!({}))]}), &[None]);
        check(json!({"Records": [sns(id, &json!({}))]}), &[None]);
    }
    check(json!({"Records": [sqs(&"a".repeat(512), &json!({}))]}), &[Some("a".repeat(512).as_str())]);
    check(json!({"specversion": "1.0", "type": "t", "source": long, "id": "1"}), &[None]);
}

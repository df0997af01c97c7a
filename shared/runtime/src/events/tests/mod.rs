mod message_ids;
mod web_socket;

use serde_json::json;

use super::*;
use crate::invocation::Item;

/// The one payload of a call that is no batch.
fn payload(detected: &Detected) -> &Payload {
    match &detected.work {
        Work::One(task) => &task.payload,
        Work::All(tasks) if tasks.len() == 1 => &tasks[0].payload,
        other => panic!("{other:?}"),
    }
}

fn payloads(item: &Item) -> Vec<&Payload> {
    item.tasks.iter().map(|task| &task.payload).collect()
}

fn event(detected: &Detected) -> &Event {
    match payload(detected) {
        Payload::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

fn http(detected: &Detected) -> (&HttpRequest, Style) {
    let (request, style) = detected.http.as_ref().expect("http");
    (request, *style)
}

fn items(value: Value) -> Vec<Item> {
    match detect(value).work {
        Work::Batch { items, .. } => items,
        other => panic!("{other:?}"),
    }
}

#[test]
fn api_gateway_v2() {
    let detected = detect(json!({
        "version": "2.0", "rawPath": "/prod/run", "rawQueryString": "a=1&a=2&b=x%20y",
        "headers": {"content-type": "application/json", "x-request-id": "r1"}, "cookies": ["k=v", "l=w"],
        "requestContext": {"stage": "prod", "http": {"method": "POST", "path": "/prod/run"}},
        "body": "eyJhIjoxfQ==", "isBase64Encoded": true
    }));
    let (request, style) = http(&detected);
    assert_eq!((style, request.method.as_str(), request.path.as_str()), (Style::V2, "POST", "/run"));
    assert_eq!(request.query.len(), 3);
    assert_eq!(request.query[2], ("b".to_owned(), "x y".to_owned()));
    assert_eq!(request.headers["cookie"], "k=v; l=w");
    assert_eq!(*payload(&detected), Payload::Bytes(Bytes::from_static(b"{\"a\":1}")));
}

#[test]
fn api_gateway_v1_and_load_balancer() {
    let mut value = json!({
        "resource": "/run", "path": "/run", "httpMethod": "post",
        "headers": {"X-A": "last"}, "multiValueHeaders": {"X-A": ["one", "last"]},
        "queryStringParameters": {"q": "a%20b"}, "requestContext": {"stage": "prod"}, "body": null
    });
    let (request, style) = http(&detect(value.clone())).to_owned_pair();
    assert_eq!((style, request.method.as_str()), (Style::V1, "POST"));
    assert_eq!(request.headers.get_all("x-a").iter().count(), 2);
    assert_eq!(request.query, [("q".to_owned(), "a%20b".to_owned())]);
    value["requestContext"] = json!({"elb": {"targetGroupArn": "arn"}});
    let (request, style) = http(&detect(value)).to_owned_pair();
    assert_eq!((style, request.query), (Style::Alb, vec![("q".to_owned(), "a b".to_owned())]));
}

trait ToOwnedPair {
    fn to_owned_pair(self) -> (HttpRequest, Style);
}

impl ToOwnedPair for (&HttpRequest, Style) {
    fn to_owned_pair(self) -> (HttpRequest, Style) {
        (self.0.clone(), self.1)
    }
}

#[test]
fn a_load_balancers_query_is_decoded_as_a_form() {
    let query = |parameters: Value, context: Value| {
        let mut value = json!({"httpMethod": "GET", "path": "/", "requestContext": context});
        value.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        http(&detect(value)).0.query.clone()
    };
    let alb = json!({"elb": {"targetGroupArn": "arn"}});
    let check = |sent: &str, read: &str| {
        let expected = [(read.to_owned(), read.to_owned())];
        assert_eq!(query(json!({"queryStringParameters": {sent: sent}}), alb.clone()), expected, "{sent}");
        assert_eq!(query(json!({"multiValueQueryStringParameters": {sent: [sent]}}), alb.clone()), expected, "{sent}");
    };
    check("a+b", "a b");
    check("a%20b", "a b");
    check("a%2Bb", "a+b");
    check("1%2B1+%3D+2", "1+1 = 2");
    check("M%C3%BCller", "Müller");
    check("100%", "100%");
    check("%zz%e4", "%zz\u{fffd}");
    check("", "");
    // API Gateway has decoded it: a plus sign was meant, and a percent sign is one.
    let rest = query(json!({"queryStringParameters": {"q": "a+b%20c"}}), json!({"stage": "prod"}));
    assert_eq!(rest, [("q".to_owned(), "a+b%20c".to_owned())]);
}

#[test]
fn schedules_are_ticks() {
    let rule = json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    let scheduler = json!({"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"});
    for value in [rule, scheduler, json!({"kind": "tick"})] {
        let detected = detect(value);
        assert_eq!((detected.kind, payload(&detected)), (Kind::Tick, &Payload::Tick));
    }
}

#[test]
fn a_tick_may_bring_a_request() {
    let detected = detect(json!({"kind": "tick", "n": 3}));
    assert_eq!((detected.kind, payload(&detected)), (Kind::Tick, &Payload::Request(json!({"n": 3}))));
}

#[test]
fn records_of_unknown_services_are_unsupported_events() {
    let detected = detect(json!({"Records": [{"eventSource": "aws:kinesis", "kinesis": {}}]}));
    let unsupported = Payload::Unsupported("aws:kinesis".to_owned());
    assert_eq!((detected.kind, payload(&detected)), (Kind::Event, &unsupported));
}

#[test]
fn fifo_groups_are_read() {
    let fifo = json!({"messageId": "m", "eventSource": "aws:sqs", "body": "{}", "attributes": {"MessageGroupId": "g"}});
    assert_eq!(items(json!({ "Records": [fifo] }))[0].group.as_deref(), Some("g"));
}

#[test]
fn s3_keys_are_decoded_where_they_are_encoded() {
    let direct = detect(json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "b"}, "object": {"key": "in/a+b%2Bc.csv", "size": 7, "eTag": "e"}}}]}));
    let object = event(&direct).object.clone().expect("object");
    assert_eq!((object.key.as_str(), object.size_bytes), ("in/a b+c.csv", Some(7)));
    let bridged = detect(json!({"source": "aws.s3", "detail-type": "Object Created", "id": "1",
        "detail": {"bucket": {"name": "b"}, "object": {"key": "in/a+b.csv"}}}));
    assert_eq!(event(&bridged).object.as_ref().expect("object").key, "in/a+b.csv");
    let test = detect(json!({"Service": "Amazon S3", "Event": "s3:TestEvent"}));
    assert_eq!(*payload(&test), Payload::Ignored);
}

#[test]
fn sns_is_unwrapped() {
    let record = |message: &str| json!({"EventSource": "aws:sns", "Sns": {"Message": message, "MessageId": "m"}});
    let detected = detect(json!({"Records": [record("{\"a\":1}")]}));
    assert_eq!(*payload(&detected), Payload::Request(json!({"a": 1})));
    let detected = detect(json!({"Records": [record("plain text")]}));
    assert_eq!(*payload(&detected), Payload::Bytes(Bytes::from_static(b"plain text")));
}

#[test]
fn sqs_messages_are_unwrapped_one_level() {
    let body = |value: Value| json!({"messageId": "m", "eventSource": "aws:sqs", "body": value.to_string()});
    let s3 = json!({"Records": [
        {"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "k1"}}},
        {"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "k2"}}}]});
    let sns = json!({"Type": "Notification", "Message": "{\"a\":1}"});
    let records = [body(json!({"x": 1})), body(s3), body(sns), body(json!({"Event": "s3:TestEvent"}))];
    let items = items(json!({ "Records": records }));
    assert_eq!(payloads(&items[0]), [&Payload::Request(json!({"x": 1}))]);
    assert_eq!(payloads(&items[1]).len(), 2);
    assert_eq!(payloads(&items[2]), [&Payload::Request(json!({"a": 1}))]);
    assert_eq!(payloads(&items[3]), [&Payload::Ignored]);
}

#[test]
fn oci_events_rule() {
    let detected = detect(json!({
        "eventType": "com.oraclecloud.objectstorage.createobject", "cloudEventsVersion": "0.1",
        "source": "ObjectStorage", "eventID": "e1", "eventTime": "2026-11-01T00:00:00Z",
        "data": {"resourceName": "in/a b.csv", "additionalDetails": {"bucketName": "b", "namespace": "n", "eTag": "t"}}
    }));
    let event = event(&detected);
    assert_eq!(event.id.as_deref(), Some("e1"));
    let object = event.object.as_ref().expect("object");
    assert_eq!((object.key.as_str(), object.namespace.as_deref()), ("in/a b.csv", Some("n")));
}

#[test]
fn other_oci_shapes() {
    let alarm = detect(json!({"dedupeKey": "d", "type": "OK_TO_FIRING", "alarmMetaData": [{"dimensions": []}]}));
    assert_eq!(event(&alarm).event_type, "alarm.OK_TO_FIRING");
    assert!(event(&alarm).is_alarm());
    let cloud = detect(json!({"specversion": "1.0", "type": "t", "source": "s", "id": "i", "data": 1}));
    assert_eq!(event(&cloud).data, json!(1));
    let stream = json!({"stream": "s", "partition": "0", "value": "eyJhIjoxfQ==", "offset": 1});
    let metric = json!({"namespace": "oci_computeagent", "name": "CpuUtilization", "datapoints": []});
    let items = items(json!([stream, metric, {"any": "thing"}]));
    assert_eq!(payloads(&items[0]), [&Payload::Request(json!({"a": 1}))]);
    assert!(matches!(payloads(&items[1])[..], [Payload::Event(event)] if event.source == "oci_computeagent"));
    assert_eq!((items[2].id.as_str(), items[2].tasks.len()), ("2", 1));
}

#[test]
fn anything_else_is_direct() {
    for value in [
        json!({}),
        json!("text"),
        json!(null),
        json!({"Records": []}),
        json!({"requestContext": 5}),
        json!([]),
        json!([1, {}]),
        json!({"Records": [{"eventSource": "aws:new"}, 7]}),
    ] {
        let detected = detect(value.clone());
        assert_eq!((detected.kind, payload(&detected)), (Kind::Direct, &Payload::Request(value)));
    }
    assert_eq!(detect_bytes(&Bytes::from_static(b"{")).kind, Kind::Direct);
    assert_eq!(detect_bytes(&Bytes::from_static(b"\xEF\xBB\xBF{\"kind\":\"tick\"}")).kind, Kind::Tick);
}

#[test]
fn replies_are_explicit() {
    let v2 = aws_http::reply(Style::V2, 404, &[("retry-after", "2")], "{}");
    assert_eq!((v2["statusCode"].as_u64(), v2.get("multiValueHeaders")), (Some(404), None));
    let alb = aws_http::reply(Style::Alb, 200, &[("content-type", "application/json")], "{}");
    assert_eq!(
        (&v2["headers"]["retry-after"], &alb["multiValueHeaders"]["content-type"][0]),
        (&json!("2"), &json!("application/json"))
    );
    assert_eq!(alb["statusDescription"], "200 OK");
}

//! Forms of requests.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use serde_json::json;

use super::*;

fn read(value: Value) -> Request {
    serde_json::from_value(value).unwrap()
}

fn names() -> Names {
    Names { pictures: "deliveries".to_owned(), results: String::new(), blurred: "blurred".to_owned() }
}

#[test]
fn what_a_request_is_about() {
    let check = |request: Value, expected: Result<Target, &str>| {
        let found = read(request.clone()).target(2);
        let found = found.map_err(|error| error.path().unwrap_or_default().to_owned());
        assert_eq!(found, expected.map_err(str::to_owned), "{request}");
    };
    let object = |name: &str| Ok(Target::Object(name.to_owned()));
    check(json!({ "object_name": "a.jpg" }), object("a.jpg"));
    check(json!({ "objectName": "a.jpg", "operation": "blur" }), object("a.jpg"));
    check(json!({ "test_type": "extract", "object_name": "a.jpg" }), object("a.jpg"));
    check(json!({ "data": { "resourceName": "a.jpg" }, "eventTime": "2026-01-01T00:00:00Z" }), object("a.jpg"));
    check(json!({ "objects": ["a", "b"] }), Ok(Target::Objects(vec!["a".to_owned(), "b".to_owned()])));
    check(json!({ "objects": ["a", "a"] }), Ok(Target::Objects(vec!["a".to_owned()])));
    check(json!({ "prefix": "" }), Ok(Target::Prefix(String::new(), None)));
    check(json!({ "image": "AAAA" }), Ok(Target::Inline("AAAA".to_owned())));
    check(json!({}), Err("object_name"));
    check(json!({ "object_name": "a", "prefix": "b" }), Err("object_name"));
    check(json!({ "object_name": "" }), Err("object_name"));
    check(json!({ "object_name": "../a" }), Err("object_name"));
    check(json!({ "object_name": "a/" }), Err("object_name"));
    check(json!({ "objects": [] }), Err("objects"));
    check(json!({ "objects": ["a", "b", "c"] }), Err("objects"));
    check(json!({ "objects": ["a", "/b"] }), Err("objects[1]"));
    check(json!({ "prefix": "a//b" }), Err("prefix"));
}

#[test]
fn members_that_nobody_knows_are_refused() {
    for wrong in [json!({ "object": "a" }), json!({ "test_type": "other" }), json!({ "ignored": "x" })] {
        assert!(serde_json::from_value::<Request>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn expectations_come_from_three_places() {
    let request = read(json!({
        "eventTime": "2026-01-01T12:00:00Z",
        "data": { "resourceName": "a.jpg", "additionalDetails": { "promisedTime": "2026-01-01T11:00:00Z" } },
        "additionalDetails": { "expectedLatitude": "1.5", "expectedLongitude": 2, "promisedTime": "2026-01-01T10:00:00Z" },
    }));
    let expected = request.expected().unwrap();
    assert_eq!(expected.promised_time.as_deref(), Some("2026-01-01T10:00:00Z"));
    assert_eq!(expected.delivered_time, None, "the event's time comes last, and apart");
    assert_eq!(request.happened().unwrap().time.as_deref(), Some("2026-01-01T12:00:00Z"));
    let timeless = read(json!({ "object_name": "a", "eventTime": "soon" }));
    assert_eq!(timeless.happened().unwrap_err().path(), Some("eventTime"));
    assert_eq!(expected.expected_latitude, Some(1.5));
    let wrong = read(json!({ "object_name": "a", "expectations": { "promised_time": "soon" } }));
    assert_eq!(wrong.expected().unwrap_err().path(), Some("expectations.promised_time"));
}

fn event(value: Value) -> Result<Request, Error> {
    let mut events = Event::read(value);
    assert_eq!(events.len(), 1);
    Request::of_event(events.remove(0), &names(), Some("b"))
}

fn oci(event_type: &str, name: &str) -> Value {
    json!({
        "cloudEventsVersion": "0.1", "eventID": "e", "source": "ObjectStorage",
        "eventType": format!("com.oraclecloud.objectstorage.{event_type}"), "eventTime": "2026-01-01T12:00:00Z",
        "data": {
            "resourceName": name,
            "additionalDetails": { "bucketName": "b", "namespace": "n", "eTag": "t", "promisedTime": "2026-01-01T11:00:00Z" },
        },
    })
}

#[test]
fn events_of_both_clouds_name_their_object() {
    let request = event(oci("createobject", "deliveries/a.jpg")).unwrap();
    assert_eq!(request.target(1).unwrap(), Target::Object("deliveries/a.jpg".to_owned()));
    assert_eq!(request.expected().unwrap().promised_time.as_deref(), Some("2026-01-01T11:00:00Z"));
    let s3 = json!({ "Records": [{
        "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-01-01T12:00:00Z",
        "s3": { "bucket": { "name": "b" }, "object": { "key": "deliveries/a+b.jpg", "size": 3, "eTag": "t" } },
    }]});
    let request = event(s3).unwrap();
    assert_eq!(request.target(1).unwrap(), Target::Object("deliveries/a b.jpg".to_owned()));
    let happened = Happened { time: Some("2026-01-01T12:00:00Z".to_owned()), etag: Some("t".to_owned()) };
    assert_eq!(request.happened().unwrap(), happened);
    let mut of_the_original = oci("createobject", "deliveries/a.jpg");
    of_the_original["data"].as_object_mut().unwrap().remove("additionalDetails");
    let request = event(of_the_original).unwrap();
    assert_eq!(request.target(1).unwrap(), Target::Object("deliveries/a.jpg".to_owned()));
}

#[test]
fn events_of_other_objects_need_no_work() {
    let check = |name: &str, reason: &str| {
        assert_eq!(event(oci("createobject", name)).unwrap().ignored, Some(reason), "{name}");
    };
    check("deliveries/a.jpg.vision.json", "own_result");
    check("blurred/deliveries/a.jpg", "own_blurred_copy");
    check("other/a.jpg", "outside_of_delivery_prefix");
    check("deliveries/a.csv", "not_a_picture");
    let mut elsewhere = oci("createobject", "deliveries/a.jpg");
    elsewhere["data"]["additionalDetails"]["bucketName"] = json!("other");
    assert_eq!(event(elsewhere).unwrap().ignored, Some("other_bucket"));
    let gone = event(oci("deleteobject", "deliveries/a.jpg")).unwrap_err();
    assert_eq!((gone.http_status(), gone.code()), (422, "object_deleted"));
}

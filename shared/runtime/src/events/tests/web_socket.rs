//! API Gateway's WebSocket APIs.

use super::*;

fn sent(route: &str, event_type: &str, more: &Value) -> Value {
    let mut value = json!({"isBase64Encoded": false, "requestContext": {
        "routeKey": route, "eventType": event_type, "connectionId": "c1=", "stage": "prod", "apiId": "a",
        "messageId": if event_type == "MESSAGE" { json!("m1=") } else { json!(null) }, "messageDirection": "IN",
        "domainName": "a.execute-api.eu-west-1.amazonaws.com", "identity": {"sourceIp": "192.0.2.1"}}});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

#[test]
fn messages_are_requests() {
    for route in ["$default", "measure"] {
        let detected = detect(sent(route, "MESSAGE", &json!({"body": "{\"a\":1}"})));
        let (request, style) = http(&detected);
        assert_eq!((detected.kind, style), (Kind::Http, Style::V1));
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", route));
        assert_eq!(request.connection_id.as_deref(), Some("c1="));
        assert_eq!(*payload(&detected), Payload::Bytes(Bytes::from_static(b"{\"a\":1}")));
        assert_eq!(detected.work.message_id(), Some("m1="));
    }
    let binary = detect(sent("$default", "MESSAGE", &json!({"body": "eyJhIjoxfQ==", "isBase64Encoded": true})));
    assert_eq!(*payload(&binary), Payload::Bytes(Bytes::from_static(b"{\"a\":1}")));
}

#[test]
fn opening_and_closing_is_no_work() {
    let opened = detect(sent(
        "$connect",
        "CONNECT",
        &json!({"headers": {"Host": "a"}, "multiValueHeaders": {"Host": ["a"], "X-A": ["1", "2"]},
            "queryStringParameters": {"n": "4"}, "multiValueQueryStringParameters": {"n": ["4"]}}),
    ));
    let (request, style) = http(&opened);
    assert_eq!((opened.kind, style, payload(&opened)), (Kind::Http, Style::V1, &Payload::Ignored));
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "$connect"));
    assert_eq!(request.query, [("n".to_owned(), "4".to_owned())]);
    assert_eq!(request.headers.get_all("x-a").iter().count(), 2);
    let closed = detect(sent("$disconnect", "DISCONNECT", &json!({"headers": {"Host": "a"}})));
    assert_eq!((payload(&closed), closed.work.message_id()), (&Payload::Ignored, None));
}

#[test]
fn other_apis_with_a_route_key_are_none() {
    let v2 = detect(json!({"version": "2.0", "routeKey": "$default", "rawPath": "/", "requestContext": {
        "routeKey": "$default", "http": {"method": "GET"}}}));
    assert_eq!(http(&v2).1, Style::V2);
    for context in
        [json!({"connectionId": "c"}), json!({"routeKey": "$connect"}), json!({"connectionId": 1, "routeKey": 2})]
    {
        let value = json!({ "requestContext": context });
        assert_eq!(detect(value).kind, Kind::Direct);
    }
}

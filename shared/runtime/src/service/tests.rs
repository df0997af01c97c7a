mod once;
mod renewal;

use std::time::Duration;

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::events::detect_bytes;
use crate::metrics::Format;
use crate::{Budget, Event, HttpRequest, MAX_BODY_BYTES, Metrics, Settings, Trace, Unit, Vars};

struct Demo;

struct NoConfig;

impl Settings for NoConfig {
    const PREFIX: &'static str = "DEMO_";

    fn read(_: &mut Vars) -> Self {
        Self
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default)]
    n: u32,
    #[serde(default)]
    op: String,
}

#[derive(Serialize, JsonSchema)]
struct Twice {
    twice: u32,
}

impl Handler for Demo {
    const NAME: &'static str = "demo";
    const ABOUT: &'static str = "Doubles a number";
    type Config = NoConfig;
    type Request = Request;
    type Reply = Twice;

    async fn handle(&self, request: Request, context: &Context) -> Result<Twice, Error> {
        context.metrics.counter("Handled", 1, Unit::Count, &[]);
        match request.op.as_str() {
            "panic" => panic!("boom"),
            "hang" => std::future::pending().await,
            "busy" => Err(Error::client(429, "busy", "later")),
            "fail" => Err(Error::upstream("objectstorage", Some(500), "broken")),
            "message" => Err(Error::client(409, "message", context.message_id.as_deref().unwrap_or("none"))),
            _ => Ok(Twice { twice: request.n * 2 }),
        }
    }

    fn request_of_event(&self, event: Event) -> Result<Request, Error> {
        Ok(Request { n: 21, op: event.event_type })
    }
}

fn invocation(body: &'static [u8]) -> Invocation {
    let detected = detect_bytes(&Bytes::from_static(body));
    Invocation {
        kind: detected.kind,
        work: detected.work,
        headers: HeaderMap::new(),
        http: None,
        request_id: "r".to_owned(),
        call_id: None,
        trace: Trace::default(),
        budget: Budget::of(Instant::now(), Duration::from_secs(30)),
    }
}

fn function() -> Function<Demo> {
    Function::new(Demo, Emitter::new("demo", Format::Off, "causeway".to_owned()))
}

async fn call(invocation: Invocation) -> Result<Reply, Error> {
    function().call(invocation).await
}

async fn text(body: &'static [u8]) -> String {
    match call(invocation(body)).await {
        Ok(reply) => reply.text().to_owned(),
        Err(error) => format!("{} {} {error}", error.http_status(), error.code()),
    }
}

#[tokio::test]
async fn requests_of_every_kind() {
    assert_eq!(text(b"{\"n\":4}").await, "{\"twice\":8}");
    assert_eq!(text(b"").await, "{\"twice\":0}");
    assert_eq!(text(b" \n").await, "{\"twice\":0}");
    assert_eq!(text(b"{\"kind\":\"tick\"}").await, "{\"twice\":0}");
    assert_eq!(text(b"{\"kind\":\"tick\",\"n\":3}").await, "{\"twice\":6}");
    assert_eq!(text(br#"{"specversion":"1.0","type":"t","source":"s"}"#).await, "{\"twice\":42}");
    assert_eq!(text(br#"{"Event":"s3:TestEvent"}"#).await, "{\"ignored\":true}");
    assert!(text(br#"{"test_type":"basic"}"#).await.contains("\"function\":\"demo\""));
    assert!(text(br#"{"test_type":"auth"}"#).await.contains("not_used"));
}

#[tokio::test]
async fn wrong_requests_are_answers() {
    assert_eq!(text(b"{\"n\":\"x\"}").await, "400 invalid_request invalid type: string, expected u32 (at n)");
    assert!(text(b"{\"m\":1}").await.starts_with("400 invalid_request unknown field `m`"));
    assert!(text(b"{\"n\":").await.starts_with("400 invalid_json"));
    assert!(text(b"\xff\xfe").await.starts_with("400 invalid_json"));
    assert!(text(b"7").await.starts_with("400 invalid_request"));
    assert!(text(b"[]").await.starts_with("400 invalid_request invalid type: array"));
    assert!(text(b"[1]").await.starts_with("400 invalid_request invalid type: array"));
    assert!(text(br#"{"Records":[{"eventSource":"aws:dynamodb"}]}"#).await.starts_with("422 unsupported_event"));
    assert!(text(b"null").await.starts_with("400 invalid_request"));
    static LARGE: [u8; MAX_BODY_BYTES + 1] = [b' '; MAX_BODY_BYTES + 1];
    assert!(text(&LARGE).await.starts_with("413 payload_too_large"));
}

#[tokio::test]
async fn panics_and_failures_keep_their_inside() {
    assert_eq!(text(br#"{"op":"panic"}"#).await, "500 panic internal error");
    assert_eq!(text(br#"{"op":"fail"}"#).await, "502 broken objectstorage failed");
}

#[tokio::test(start_paused = true)]
async fn an_overrun_ends_before_the_deadline() {
    let error = call(invocation(br#"{"op":"hang"}"#)).await.unwrap_err();
    assert_eq!((error.http_status(), error.code()), (504, "timeout"));
}

#[tokio::test]
async fn a_get_brings_its_query() {
    let mut call_by_get = invocation(b"");
    let query = vec![("op".to_owned(), "none".to_owned())];
    call_by_get.http = Some(HttpRequest { query, ..HttpRequest::default() });
    assert_eq!(call(call_by_get).await.unwrap().text(), "{\"twice\":0}");
}

fn by_method(method: &str, query: &[(&str, &str)]) -> Invocation {
    let query = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let http = HttpRequest { method: method.to_owned(), query, ..HttpRequest::default() };
    Invocation { http: Some(http), ..invocation(b"") }
}

#[tokio::test]
async fn queries_hold_numbers_and_some_methods_do_no_work() {
    assert_eq!(call(by_method("GET", &[("n", "4")])).await.unwrap().text(), "{\"twice\":8}");
    assert!(call(by_method("GET", &[("test_type", "basic")])).await.unwrap().text().contains("demo"));
    assert_eq!(call(by_method("HEAD", &[("op", "fail")])).await.unwrap().text(), "{}");
    assert_eq!(call(by_method("OPTIONS", &[])).await.unwrap_err().http_status(), 405);
}

#[tokio::test]
async fn wrong_messages_do_not_fail_a_batch_without_item_reports() {
    let reply = call(invocation(br#"[{"n":1},{"n":"x"},{"m":1}]"#)).await.unwrap();
    let code = "invalid_request";
    let rejected = json!([{"item": "1", "code": code}, {"item": "2", "code": code}]);
    let batch = json!({"total": 3, "failed": 0, "deferred": 0, "rejected": rejected});
    assert_eq!((reply.value().unwrap(), reply.fails_call()), (json!({ "batch": batch }), false));
    for op in ["busy", "fail", "panic"] {
        let body = format!(r#"[{{"n":1}},{{"op":"{op}"}}]"#);
        let reply = call(invocation(body.leak().as_bytes())).await.unwrap();
        assert!(reply.fails_call() && reply.failed_items() == ["1"], "{op}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_overrun_does_not_undo_the_items_before_it() {
    let body = br#"{"Records":[
        {"eventSource":"aws:sqs","messageId":"good","body":"{\"n\":1}"},
        {"eventSource":"aws:sqs","messageId":"slow","body":"{\"op\":\"hang\"}"},
        {"eventSource":"aws:sqs","messageId":"last","body":"{\"n\":2}"}]}"#;
    let reply = call(invocation(body)).await.unwrap();
    assert_eq!(reply.failed_items(), ["slow", "last"]);
    assert_eq!(reply.value().unwrap()["batch"]["deferred"], 1);
}

#[tokio::test]
async fn a_failure_holds_up_its_fifo_group_only() {
    let record = |id: &str, group: &str, body: &str| {
        let attributes = json!({ "MessageGroupId": group });
        json!({"eventSource": "aws:sqs", "messageId": id, "body": body, "attributes": attributes})
    };
    let wrong = r#"{"n":"x"}"#;
    let records = [record("a1", "a", "{}"), record("a2", "a", wrong), record("b1", "b", "{}"), record("a3", "a", "{}")];
    let body = json!({ "Records": records }).to_string();
    let reply = call(invocation(body.leak().as_bytes())).await.unwrap();
    assert_eq!(reply.failed_items(), ["a2", "a3"]);
}

#[tokio::test]
async fn handlers_know_the_platforms_ids() {
    let mut call = invocation(b"");
    call.call_id = Some("call-1".to_owned());
    let (context, _) = function().split(call);
    assert_eq!(context.call_id(), Some("call-1"));
}

#[tokio::test]
async fn handlers_know_the_id_of_their_message() {
    let check = async |body: Value, id: &str| {
        let error = call(invocation(body.to_string().leak().as_bytes())).await.unwrap_err();
        assert_eq!((error.code(), error.message()), ("message", id), "{body}");
    };
    check(json!({"op": "message"}), "none").await;
    let sns = |id: &str| json!({"EventSource": "aws:sns", "Sns": {"MessageId": id, "Message": "{\"op\":\"message\"}"}});
    check(json!({"Records": [sns("n1")]}), "n1").await;
    check(json!({"cloudEventsVersion": "0.1", "eventType": "message", "eventID": "e1"}), "e1").await;
    check(json!({"specversion": "1.0", "type": "message", "source": "s", "id": "1"}), "s#1").await;
    let socket = json!({"connectionId": "c", "routeKey": "$default", "messageId": "m1"});
    check(json!({"requestContext": socket, "body": "{\"op\":\"message\"}"}), "m1").await;
}

#[tokio::test]
async fn each_message_of_a_batch_has_its_own_id() {
    let function = function();
    let record = |id: &str| json!({"eventSource": "aws:sqs", "messageId": id, "body": "{}"});
    let body = json!({"Records": [record("a"), record("b")]}).to_string();
    let (context, work) = function.split(invocation(body.leak().as_bytes()));
    let Work::Batch { items, .. } = work else { panic!("no batch") };
    assert_eq!(context.message_id, None);
    for (item, id) in items.into_iter().zip(["a", "b"]) {
        let task = item.tasks.into_iter().next().map(|task| Task { payload: op("message"), ..task });
        let error = function.one(task.unwrap(), &context).await.unwrap_err();
        assert_eq!(error.message(), id);
    }
}

fn op(op: &str) -> Payload {
    Payload::Request(json!({ "op": op }))
}

#[tokio::test]
async fn a_connection_is_opened_and_messages_are_answered() {
    let socket = |route: &str, body: &str| {
        let value = json!({"requestContext": {"connectionId": "c", "routeKey": route}, "body": body});
        value.to_string().leak().as_bytes()
    };
    assert_eq!(text(socket("$connect", "")).await, "{\"ignored\":true}");
    assert_eq!(text(socket("$disconnect", "")).await, "{\"ignored\":true}");
    assert_eq!(text(socket("$default", "{\"n\":4}")).await, "{\"twice\":8}");
    assert!(text(socket("double", "{\"n\":")).await.starts_with("400 invalid_json"));
}

#[tokio::test]
async fn handlers_record_into_their_call() {
    for body in [&b"{\"n\":4}"[..], br#"[{"n":1},{"n":2}]"#] {
        let (context, work) = function().split(invocation(body));
        let context = Context { metrics: Metrics::recording(), ..context };
        let calls = if matches!(work, Work::Batch { .. }) { 2.0 } else { 1.0 };
        function().guarded(&context, work).await.unwrap();
        let samples = context.metrics.samples();
        assert_eq!((samples[0].name, &samples[0].values), ("Handled", &vec![calls]));
    }
}

#[tokio::test]
async fn nothing_is_recorded_where_nothing_is_written() {
    let recorder = |format| {
        let function = Function::new(Demo, Emitter::new("demo", format, "causeway".to_owned()));
        let (context, _) = function.split(invocation(b""));
        context.metrics.counter("Handled", 1, Unit::Count, &[]);
        context.metrics.samples().len()
    };
    assert_eq!((recorder(Format::Off), recorder(Format::Emf), recorder(Format::Log)), (0, 1, 1));
}

#[tokio::test]
async fn batch_messages_fail_one_by_one() {
    let body = br#"{"Records":[
        {"eventSource":"aws:sqs","messageId":"good","body":"{\"n\":1}"},
        {"eventSource":"aws:sqs","messageId":"bad","body":"{\"n\":\"x\"}"},
        {"eventSource":"aws:sqs","messageId":"broken","body":"{\"op\":\"panic\"}"},
        {"eventSource":"aws:sqs","messageId":"last","body":"{\"n\":2}"}]}"#;
    let reply = call(invocation(body)).await.unwrap();
    assert_eq!(reply.failed_items(), ["bad", "broken"]);
    assert_eq!(reply.value().unwrap()["batch"]["total"], 4);
}

#[tokio::test]
async fn messages_that_time_does_not_reach_are_delivered_again() {
    let mut late = invocation(br#"[{"n":1},{"n":2}]"#);
    late.budget = Budget::of(Instant::now() - Duration::from_secs(9), Duration::from_secs(10));
    let reply = call(late).await.unwrap();
    assert_eq!(reply.failed_items(), ["0", "1"]);
    assert_eq!(reply.value().unwrap()["batch"]["deferred"], 2);
}

#[tokio::test]
async fn only_the_first_call_is_cold() {
    let function = function();
    let (context, _) = function.split(invocation(b""));
    assert!(context.cold_start);
    let (context, _) = function.split(invocation(b""));
    assert!(!context.cold_start);
}

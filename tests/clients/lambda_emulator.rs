//! The functions as Lambda bootstraps.

use std::path::Path;

use serde_json::{Value, json};
use tests::harness::programs;

use crate::rie::{Answer, Emulator};

/// A local bucket for the discovery agent.
fn bucket() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("orders.csv"), "id,amount\n1,2.50\n2,3.50\n").expect("file");
    folder
}

fn discovery(bucket: &Path) -> Option<Emulator> {
    let root = bucket.to_str().expect("text");
    Emulator::start(&programs::function("discovery-agent").path, &[("CAUSEWAY_LOCAL_ROOT", root)])
}

fn rows(result: &Value) -> &Value {
    &result["data"]["data_ecosystem"]["total_entities"]
}

/// The reply that a gateway passes on: status and the parsed body.
fn gateway(answer: &Answer) -> (u64, Value) {
    let reply = answer.json();
    let body = reply["body"].as_str().unwrap_or_else(|| panic!("no body: {reply}"));
    (reply["statusCode"].as_u64().expect("statusCode"), serde_json::from_str(body).expect("JSON body"))
}

#[test]
fn discovery_agent_answers_every_kind_of_event() {
    let bucket = bucket();
    let Some(lambda) = discovery(bucket.path()) else { return };
    let direct = lambda.invoke("{}").json();
    assert_eq!((&direct["status"], rows(&direct)), (&json!("success"), &json!(1)), "{direct}");

    let v1 = json!({"httpMethod": "POST", "path": "/", "resource": "/", "headers": {},
        "requestContext": {"stage": "prod"}, "body": "{}", "isBase64Encoded": false});
    let (status, body) = gateway(&lambda.invoke(&v1.to_string()));
    assert_eq!((status, rows(&body)), (200, &json!(1)));

    let v2 = json!({"version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": {"x-request-id": "mine"},
        "requestContext": {"http": {"method": "POST"}}, "body": "{\"data_sources\":7}"});
    let (status, body) = gateway(&lambda.invoke(&v2.to_string()));
    assert_eq!((status, &body["request_id"]), (400, &json!("mine")), "{body}");
    assert_eq!(body["errors"][0]["path"], "data_sources");

    let record = |id: &str, body: &str| json!({"eventSource": "aws:sqs", "messageId": id, "body": body});
    let sqs = json!({"Records": [record("good", "{}"), record("bad", "{\"unknown\":1}")]});
    let reply = lambda.invoke(&sqs.to_string()).json();
    assert_eq!(reply, json!({"batchItemFailures": [{"itemIdentifier": "bad"}]}));

    let schedule = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": []});
    let reply = lambda.invoke(&schedule.to_string()).json();
    assert_eq!((&reply["status"], rows(&reply)), (&json!("success"), &json!(1)));
}

#[test]
fn a_client_error_is_an_answer() {
    let bucket = bucket();
    let Some(lambda) = discovery(bucket.path()) else { return };
    let answer = lambda.invoke("{\"unknown\":1}");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["error"]["code"], "invalid_request");
    assert!(answer.json().get("errorType").is_none());
}

#[test]
fn errors_and_panics_have_stable_types_and_the_process_lives() {
    let Some(lambda) = Emulator::start(&programs::divider().path, &[]) else { return };
    let fail = |how: &str| lambda.invoke(&json!({"dividend": 1, "divisor": 1, "fail": how}).to_string()).json();
    let upstream = json!({"errorType": "calculator_unavailable", "errorMessage": "calculator failed"});
    assert_eq!(fail("upstream"), upstream);
    assert_eq!(fail("timeout")["errorType"], "timeout");
    assert_eq!(fail("panic"), json!({"errorType": "panic", "errorMessage": "internal error"}));
    let answer = lambda.invoke("{\"dividend\":7,\"divisor\":2}");
    assert_eq!(answer.json(), json!({"quotient": 3.5}));
    let log = lambda.log();
    assert!(log.contains("asked to"), "the log has the panic's text: {log}");
    assert_eq!(log.matches("INIT START").count(), 1, "one start: {log}");
}

#[test]
fn a_wrong_setting_is_told_at_start() {
    let Some(lambda) = Emulator::start(&programs::divider().path, &[("DIVIDER_DECIMALS", "many")]) else { return };
    let answer = lambda.invoke("{}");
    assert!(answer.body.contains("Runtime.invalid_config"), "{}", answer.body);
    assert!(lambda.log().contains("DIVIDER_DECIMALS"), "{}", lambda.log());
}

//! Lambda's `Invoke`, with a process that polls a Runtime API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use causeway_local_cloud::Limits;
use http::Response;
use serde_json::{Value, json};

use super::support::{Local, header, is_running, post, probe, seconds, spoiled, until, value};

const PATH: &str = "/2015-03-31/functions/probe/invocations";

async fn invoke(local: &Local, body: Value) -> Response<Bytes> {
    local.post(PATH, body.to_string()).await
}

async fn invoke_with(local: &Local, body: &Value, headers: &[(&'static str, &str)]) -> Response<Bytes> {
    let mut request = post(PATH, body.to_string());
    for (name, text) in headers {
        request.headers_mut().insert(*name, text.parse().unwrap());
    }
    local.send(request).await
}

async fn pid(local: &Local) -> u64 {
    value(&invoke(local, json!({ "op": "pid" })).await)["pid"].as_u64().unwrap()
}

fn is_function_error(response: &Response<Bytes>, kind: &str) {
    let (status, flag) = (response.status().as_u16(), header(response, "x-amz-function-error"));
    assert_eq!((status, flag, &value(response)["errorType"]), (200, "Unhandled", &json!(kind)), "{response:?}");
}

#[tokio::test]
async fn a_result_comes_back() {
    let local = Local::probe().await;
    let response = invoke(&local, json!({ "op": "pid" })).await;
    assert_eq!((response.status().as_u16(), header(&response, "x-amz-function-error")), (200, ""));
    assert_eq!(header(&response, "x-amz-executed-version"), "$LATEST");
    assert_eq!(value(&response)["request_id"].as_str(), Some(header(&response, "x-amzn-requestid")));
    let variables = value(&invoke(&local, json!({ "op": "environment" })).await);
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "probe");
    assert!(variables.get("FN_LISTENER").is_none());
    assert_ne!(pid(&local).await, local.pid().await, "the hosts do not share processes");
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn failures_are_function_errors_and_refusals_are_answers() {
    let local = Local::probe().await;
    let before = pid(&local).await;
    is_function_error(&invoke(&local, json!({ "op": "fail" })).await, "as_told");
    let response = invoke(&local, json!({ "op": "panic" })).await;
    assert_eq!((response.status().as_u16(), header(&response, "x-amz-function-error")), (200, "Unhandled"));
    let refused = invoke(&local, json!({ "op": "refuse" })).await;
    assert_eq!((header(&refused, "x-amz-function-error"), &value(&refused)["error"]["code"]), ("", &json!("as_told")));
    assert_eq!(pid(&local).await, before);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn dead_and_overrunning_processes_are_replaced() {
    let limits = Limits { call_timeout: seconds(1.0), ..Limits::default() };
    let local = Local::start(vec![probe()], limits).await;
    let first = pid(&local).await;
    let exited = invoke(&local, json!({ "op": "exit", "code": 3 })).await;
    is_function_error(&exited, "Runtime.ExitError");
    assert!(value(&exited)["errorMessage"].as_str().unwrap().ends_with("exit status 3"), "{exited:?}");
    let second = pid(&local).await;
    assert_ne!(second, first);
    let late = invoke(&local, json!({ "op": "block", "ms": 60_000 })).await;
    is_function_error(&late, "Sandbox.Timedout");
    assert!(value(&late)["errorMessage"].as_str().unwrap().ends_with("Task timed out after 1.00 seconds"));
    until("its end", || !is_running(second)).await;
    assert_ne!(pid(&local).await, second);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn a_start_that_fails_is_told() {
    let local = Local::start(vec![spoiled("fail-at-start")], Limits::default()).await;
    is_function_error(&invoke(&local, json!({})).await, "Runtime.ExitError");
    local.cloud.shutdown().await;
    let limits = Limits { lambda_init_timeout: seconds(0.3), ..Limits::default() };
    let local = Local::start(vec![spoiled("never-ready")], limits).await;
    is_function_error(&invoke(&local, json!({})).await, "Sandbox.Timedout");
    local.cloud.shutdown().await;
}

/// The runtime posts an init error when its configuration is wrong.
#[tokio::test]
async fn a_posted_init_error_is_passed_on() {
    let mut program = probe();
    program.environment.push(("PROBE_TYPO".to_owned(), "1".to_owned()));
    let local = Local::start(vec![program], Limits::default()).await;
    let response = invoke(&local, json!({})).await;
    is_function_error(&response, "Runtime.invalid_config");
    assert!(value(&response)["errorMessage"].as_str().unwrap().contains("PROBE_TYPO"), "{response:?}");
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn invocation_types() {
    let local = Local::probe().await;
    let say = json!({ "op": "say", "text": "event ran" });
    let dry = invoke_with(&local, &say, &[("x-amz-invocation-type", "DryRun")]).await;
    assert_eq!((dry.status().as_u16(), dry.body().len()), (204, 0));
    let event = invoke_with(&local, &say, &[("x-amz-invocation-type", "Event"), ("x-amz-log-type", "Tail")]).await;
    assert_eq!((event.status().as_u16(), event.body().len()), (202, 0));
    let wrong = invoke_with(&local, &say, &[("x-amz-invocation-type", "Other")]).await;
    assert_eq!((wrong.status().as_u16(), header(&wrong, "x-amzn-errortype")), (400, "InvalidParameterValueException"));
    let big = json!({ "op": "say", "text": "x".repeat(1_100_000) });
    let response = invoke_with(&local, &big, &[("x-amz-invocation-type", "Event")]).await;
    assert_eq!((response.status().as_u16(), header(&response, "x-amzn-errortype")), (413, "RequestTooLargeException"));
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn the_log_tail_is_the_calls_own() {
    let local = Local::probe().await;
    invoke(&local, json!({ "op": "say", "text": "earlier call" })).await;
    let response =
        invoke_with(&local, &json!({ "op": "say", "text": "this call" }), &[("x-amz-log-type", "Tail")]).await;
    let log = String::from_utf8(BASE64.decode(header(&response, "x-amz-log-result")).unwrap()).unwrap();
    let id = header(&response, "x-amzn-requestid");
    assert!(log.starts_with(&format!("START RequestId: {id} Version: $LATEST\n")), "{log}");
    assert!(log.contains("this call\n") && !log.contains("earlier call"), "{log}");
    assert!(
        log.contains("invocation.end") && log.contains("REPORT RequestId") && log.contains("Max Memory Used: "),
        "{log}"
    );
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn names_come_in_three_forms() {
    let local = Local::probe().await;
    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aprobe";
    for name in ["probe", "probe:$LATEST", "123456789012:function:probe", arn] {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        assert_eq!(local.post(&path, r#"{"op":"pid"}"#).await.status(), 200, "{name}");
    }
    let not_found = [("nothing", ""), ("probe:7", ""), ("probe", "?Qualifier=live")];
    for (name, query) in not_found {
        let response = local.post(&format!("/2015-03-31/functions/{name}/invocations{query}"), "{}").await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "x-amzn-errortype")),
            (404, "ResourceNotFoundException")
        );
        assert!(value(&response)["Message"].as_str().unwrap().starts_with("Function not found: arn:aws:lambda:"));
    }
    assert_eq!(local.post("/2015-03-31/functions/..%2fx/invocations", "{}").await.status(), 400);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn payloads_are_checked() {
    let local = Local::probe().await;
    let check = async |body: Vec<u8>, status: u16, kind: &str| {
        let response = local.post(PATH, body).await;
        assert_eq!((response.status().as_u16(), header(&response, "x-amzn-errortype")), (status, kind));
    };
    check(b"{".to_vec(), 400, "InvalidRequestContentException").await;
    check(b"\xff\xfe".to_vec(), 400, "InvalidRequestContentException").await;
    check(vec![b' '; 7_000_000], 413, "RequestTooLargeException").await;
    let headers = [("x-amz-client-context", "%%%")];
    assert_eq!(invoke_with(&local, &json!({}), &headers).await.status(), 400);
    let headers =
        [("x-amz-client-context", "eyJhIjoKMX0="), ("x-amzn-trace-id", "Root=1-00000000-000000000000000000000000")];
    assert_eq!(invoke_with(&local, &json!({ "op": "pid" }), &headers).await.status(), 200);
    is_function_error(
        &invoke(&local, json!({ "op": "big", "bytes": 6_300_000 })).await,
        "Function.ResponseSizeTooLarge",
    );
    assert_eq!(invoke(&local, json!({ "op": "pid" })).await.status(), 200);
    local.cloud.shutdown().await;
}

/// Shapes that only Lambda has are understood, since the process is a Lambda process.
#[tokio::test]
async fn events_are_answered_in_lambdas_form() {
    let local = Local::probe().await;
    let gateway = json!({
        "version": "2.0", "rawPath": "/x", "rawQueryString": "", "headers": { "content-type": "application/json" },
        "requestContext": { "http": { "method": "POST", "path": "/x" } }, "body": "{\"op\":\"refuse\"}", "isBase64Encoded": false,
    });
    let response = value(&invoke(&local, gateway).await);
    assert_eq!((&response["statusCode"], &response["isBase64Encoded"]), (&json!(422), &json!(false)));
    let message = |id: &str, op: &str| {
        json!({ "messageId": id, "receiptHandle": "r", "body": format!("{{\"op\":\"{op}\"}}"), "attributes": {},
            "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q" })
    };
    let batch = json!({ "Records": [message("a", "pid"), message("b", "fail")] });
    let response = value(&invoke(&local, batch).await);
    assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "b" }] }));
    local.cloud.shutdown().await;
}

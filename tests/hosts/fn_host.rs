//! The Fn host: how results and errors of a handler travel.

use serde_json::{Value, json};
use tests::harness::{Function, Reply, Request, Spec, programs};

fn divider() -> Function {
    Spec::new(&programs::divider()).start()
}

fn request(body: &Value) -> Request {
    Request::call(body.to_string()).header("Content-Type", "application/json")
}

fn failing(how: &str) -> Request {
    request(&json!({"dividend": 1, "divisor": 1, "fail": how}))
}

fn through_gateway(request: Request) -> Request {
    request.gateway("POST", "/v1/divide").header("Fn-Http-H-X-Request-Id", "mine-1")
}

#[test]
fn plain_results_and_client_errors_are_answers() {
    let function = divider();
    let reply = function.call(&request(&json!({"dividend": 7, "divisor": 2})));
    assert_eq!((reply.status, reply.json()), (200, json!({"quotient": 3.5})));
    assert_eq!(reply.value("Content-Type"), Some("application/json"));
    let reply = function.call(&request(&json!({"dividend": 7, "divisor": 0})));
    assert_eq!((reply.status, reply.value("Fn-Http-Status")), (200, None));
    let error = &reply.json()["error"];
    assert_eq!(
        (&error["code"], &error["kind"], &error["path"]),
        (&json!("division_by_zero"), &json!("client"), &json!("divisor"))
    );
    assert_eq!(error["request_id"], reply.value("X-Request-Id").expect("id"));
}

#[test]
fn plain_failures_have_a_status_and_no_body() {
    let mut function = divider();
    for (how, status) in [("upstream", 502), ("timeout", 504), ("panic", 502)] {
        let reply = function.call(&failing(how));
        assert_eq!((reply.status, reply.text()), (status, String::new()), "{how}");
    }
    function.assert_serves(&request(&json!({"dividend": 1, "divisor": 1})));
    let log = function.stderr();
    for text in ["calculator_unavailable", "asked to", "\"function_request_id\":\"01M7XXXAWMR00040J6M0000003\""] {
        assert!(log.contains(text), "{text} is not in {log}");
    }
    let ends = log.lines().filter(|line| line.contains("invocation.end")).count();
    assert_eq!(ends, 4, "one line per call: {log}");
}

#[test]
fn gateway_clients_get_problem_details() {
    let function = divider();
    let check = |request: Request, status: &str, code: &str| {
        let reply = function.call(&through_gateway(request));
        assert_eq!((reply.status, reply.value("Fn-Http-Status")), (200, Some(status)));
        assert_eq!(reply.value("Content-Type"), Some("application/problem+json"));
        assert_eq!(reply.value("Fn-Http-H-X-Request-Id"), Some("mine-1"));
        let problem = reply.json();
        assert_eq!((&problem["code"], &problem["request_id"]), (&json!(code), &json!("mine-1")));
    };
    check(request(&json!({"dividend": 7, "divisor": 0})), "422", "division_by_zero");
    check(Request::call("{"), "400", "invalid_json");
    check(Request::call(b"\xff\xfe".to_vec()), "400", "invalid_json");
    check(failing("upstream"), "502", "calculator_unavailable");
    check(failing("throttled"), "503", "calculator_busy");
    check(failing("timeout"), "504", "timeout");
    check(failing("panic"), "500", "panic");
}

#[test]
fn gateway_clients_learn_when_to_come_back() {
    let function = divider();
    let reply = function.call(&through_gateway(failing("throttled")));
    assert_eq!(reply.value("Fn-Http-H-Retry-After"), Some("7"), "{reply:?}");
    let reply = function.call(&through_gateway(failing("upstream")));
    assert_eq!(reply.value("Fn-Http-H-Retry-After"), None, "{reply:?}");
}

#[test]
fn logs_are_json_lines_without_bodies() {
    let function = divider();
    let call = request(&json!({"dividend": 7, "divisor": 2})).header("Traceparent", TRACEPARENT);
    assert_eq!(function.call(&call).status, 200);
    let log = function.stderr();
    let line = logged(&log, "invocation.end");
    let expected = json!({"level": "INFO", "function_name": "divider", "cold_start": true, "outcome": "ok",
        "message": "invocation.end", "kind": "direct", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"});
    for (key, value) in expected.as_object().expect("object") {
        assert_eq!(&line[key], value, "{key} in {line}");
    }
    assert!(!log.contains("dividend"), "{log}");
}

/// The one line with this message.
fn logged(log: &str, message: &str) -> Value {
    let lines =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("no JSON: {line}")));
    let lines: Vec<_> = lines.filter(|line| line["message"] == message).collect();
    let [line] = lines.try_into().unwrap_or_else(|_| panic!("not one line with {message}: {log}"));
    line
}

#[test]
fn every_line_has_the_platforms_ids() {
    let function = divider();
    let call = failing("upstream").header("Opc-Request-Id", "CSIDTEST/1/2").header("X-Oci-Ns-Messageid", "m-1");
    assert_eq!(function.call(&call.header("X-Request-Id", "mine-1")).status, 502);
    let log = function.stderr();
    for message in ["invocation.end", "metrics"] {
        let line = logged(&log, message);
        let expected = json!({"function_request_id": "01M7XXXAWMR00040J6M0000003", "correlation_id": "mine-1",
            "call_id": "01M7XXXAWMR00040J6M0000003", "opc_request_id": "CSIDTEST/1/2", "message_id": "m-1"});
        for (key, value) in expected.as_object().expect("object") {
            assert_eq!(&line[key], value, "{key} in {line}");
        }
    }
}

#[test]
fn an_unknown_id_is_not_invented() {
    let function = divider();
    assert_eq!(function.call(&request(&json!({"dividend": 7, "divisor": 2})).without("Fn-Call-Id")).status, 200);
    let line = logged(&function.stderr(), "invocation.end");
    for key in ["call_id", "opc_request_id", "message_id", "trace_id"] {
        assert_eq!(line.get(key), None, "{line}");
    }
    assert!(!line["function_request_id"].as_str().expect("text").is_empty(), "{line}");
}

#[test]
fn metrics_are_a_log_line_whatever_the_log_level() {
    let function = Spec::new(&programs::divider()).env("LOG_LEVEL", "error").start();
    assert_eq!(function.call(&request(&json!({"dividend": 7, "divisor": 2}))).status, 200);
    let line = logged(&function.stderr(), "metrics");
    assert_eq!(
        (&line["namespace"], &line["service"], &line["cold_start"]),
        (&json!("causeway"), &json!("divider"), &json!(true))
    );
    let metric = |name: &str| {
        let metrics = line["metrics"].as_array().expect("list");
        metrics.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("no {name}: {line}")).clone()
    };
    let service = json!({"service": "divider"});
    let one =
        |name: &str, dimensions: &Value| json!({"name": name, "unit": "Count", "value": 1, "dimensions": dimensions});
    assert_eq!(metric("Invocations"), one("Invocations", &service));
    assert_eq!(metric("ColdStart"), one("ColdStart", &service));
    assert_eq!(metric("Divisions"), one("Divisions", &json!({"service": "divider", "operands": "whole"})));
    assert!(metric("Duration")["value"].as_f64().expect("number") > 0.0);
    assert_eq!(line["metrics"].as_array().expect("list").len(), 4, "{line}");
}

#[test]
fn metrics_can_be_turned_off() {
    let function = Spec::new(&programs::divider()).env("CAUSEWAY_METRICS", "off").start();
    assert_eq!(function.call(&request(&json!({"dividend": 7, "divisor": 2}))).status, 200);
    assert!(!function.stderr().contains("Invocations"));
}

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn an_array_is_a_batch_that_wrong_records_do_not_fail() {
    let function = divider();
    let good = json!({"dividend": 1, "divisor": 1});
    let batch = |rejected| json!({"batch": {"total": 2, "failed": 0, "deferred": 0, "rejected": rejected}});
    let reply = function.call(&request(&json!([good, good])));
    assert_eq!(reply.json(), batch(json!([])));
    let reply = function.call(&request(&json!([good, {"dividend": 1, "divisor": 0}])));
    assert_eq!((reply.status, reply.json()), (200, batch(json!([{"item": "1", "code": "division_by_zero"}]))));
    let reply = function.call(&request(&json!([good, {"dividend": 1, "divisor": 1, "fail": "upstream"}])));
    assert_eq!((reply.status, reply.text()), (502, String::new()));
    assert!(function.stderr().contains("\"outcome\":\"batch_failed\""));
}

#[test]
fn a_body_over_the_limit_is_refused_and_the_next_call_served() {
    let mut function = divider();
    let large = Request::call(vec![b' '; 7_000_000]);
    let error = function.call(&large).json();
    assert_eq!(error["error"]["code"], "payload_too_large");
    let reply: Reply = function.call(&through_gateway(large));
    assert_eq!(reply.value("Fn-Http-Status"), Some("413"));
    function.assert_serves(&request(&json!({"dividend": 1, "divisor": 1})));
}

#[test]
fn probes_are_answered_without_the_handler() {
    let function = divider();
    for test in ["basic", "imports", "auth"] {
        let reply = function.call(&request(&json!({ "test_type": test }))).json();
        assert_eq!((&reply["test_type"], &reply["function"]), (&json!(test), &json!("divider")), "{reply}");
    }
}

#[test]
fn a_wrong_setting_ends_the_process_before_the_socket() {
    let spec = Spec::new(&programs::divider()).env("DIVIDER_DECIMALS", "many").env("DIVIDER_DIGITS", "3");
    let mut function = spec.spawn(tests::harness::Home::new());
    assert_eq!(function.wait_exit().code(), Some(64));
    let log = function.stderr();
    assert!(log.contains("DIVIDER_DECIMALS") && log.contains("DIVIDER_DIGITS"), "{log}");
    assert_eq!(function.published(), Vec::<String>::new());
}

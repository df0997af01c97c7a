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
    check(failing("timeout"), "504", "timeout");
    check(failing("panic"), "500", "panic");
}

#[test]
fn logs_are_json_lines_without_bodies() {
    let function = divider();
    let call = request(&json!({"dividend": 7, "divisor": 2})).header("Traceparent", TRACEPARENT);
    assert_eq!(function.call(&call).status, 200);
    let log = function.stderr();
    let line: Value = serde_json::from_str(log.lines().last().expect("a line")).expect("JSON");
    let expected = json!({"level": "INFO", "function_name": "divider", "cold_start": true, "outcome": "ok",
        "message": "invocation.end", "kind": "direct", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"});
    for (key, value) in expected.as_object().expect("object") {
        assert_eq!(&line[key], value, "{key} in {line}");
    }
    assert!(!log.contains("dividend"), "{log}");
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

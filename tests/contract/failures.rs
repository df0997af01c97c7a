//! Cases 20 to 23 and 36: a failing handler costs its own call and nothing else.

use jiff::Timestamp;
use serde_json::{Value, json};
use tests::harness::{Function, Reply, Request};

use crate::{assert_failure, probe};

/// Runs a failing command between two good calls on one connection.
fn fails_alone(function: &mut Function, command: &Value) -> Reply {
    let mut connection = function.connect();
    assert_eq!(connection.call(&Request::call("before")).text(), "before");
    let reply = connection.call(&Request::probe(command));
    assert_eq!(connection.call(&Request::call("after")).text(), "after");
    function.assert_serves(&Request::call("again"));
    reply
}

#[test]
fn case_20_handler_over_the_deadline() {
    let mut function = probe();
    let deadline = Timestamp::now().as_second() + 3;
    let text = Timestamp::from_second(deadline).expect("a time").to_string();
    let mut connection = function.connect();
    let reply = connection.call(&Request::probe(&json!({"op": "sleep", "ms": 600_000})).deadline(&text));
    let answered = Timestamp::now();
    assert_failure(&reply, 504);
    assert!(answered.as_second() < deadline, "{answered} is not before {text}");
    assert_eq!(connection.call(&Request::call("next")).text(), "next");
    function.assert_serves(&Request::call(""));
    assert_eq!(function.call(&Request::probe(&json!({"op": "dropped"}))).json()["dropped"], 1);
    assert!(function.stderr().contains("no answer before the deadline"), "{}", function.stderr());
}

#[test]
fn case_20_body_that_does_not_end_before_the_deadline() {
    let mut function = probe();
    let mut connection = function.connect();
    connection.send(&Request::call("x").deadline_in(2).head());
    connection.send(&Request::chunk(b"the rest never comes"));
    assert_failure(&connection.reply(), 504);
    function.assert_serves(&Request::call(""));
}

#[test]
fn case_21_handler_error() {
    let mut function = probe();
    let reply = fails_alone(&mut function, &json!({"op": "error", "text": "the database is on fire"}));
    assert_failure(&reply, 502);
    assert!(function.stderr().contains("the database is on fire"), "{}", function.stderr());
    assert!(function.stderr().contains("01M7XXXAWMR00040J6M0000003"), "{}", function.stderr());
    assert_eq!(function.stdout(), "");
}

#[test]
fn case_21_report_is_one_line() {
    let function = probe();
    let _ = function.call(&Request::probe(&json!({"op": "error", "text": "one\r\ntwo\nthree"})));
    assert_eq!(function.stderr().lines().count(), 1, "{:?}", function.stderr());
    assert!(function.stderr().contains(r"one\r\ntwo\nthree"), "{:?}", function.stderr());
}

#[test]
fn case_22_handler_panic() {
    let mut function = probe();
    let reply = fails_alone(&mut function, &json!({"op": "panic", "text": "out of cheese"}));
    assert_failure(&reply, 502);
    assert!(function.stderr().contains("the handler panicked: out of cheese"), "{}", function.stderr());
}

#[test]
fn case_22_many_panics() {
    let mut function = probe();
    let mut connection = function.connect();
    for round in 0..100 {
        assert_failure(&connection.call(&Request::probe(&json!({"op": "panic", "text": round.to_string()}))), 502);
    }
    function.assert_serves(&Request::call(""));
}

#[test]
fn case_23_no_byte_of_a_failed_call_in_the_next() {
    let function = probe();
    let mut connection = function.connect();
    for panic in [false, true] {
        let leak = Request::probe(&json!({"op": "leak-part", "text": "s3cret", "panic": panic}));
        let gateway = leak.clone().gateway("GET", "/");
        for request in [leak, gateway] {
            let failed = connection.call(&request);
            assert_failure(&failed, 502);
            let next = connection.call(&Request::call("next").gateway("GET", "/"));
            assert_eq!((next.text().as_str(), next.value("fn-http-status")), ("next", Some("200")));
            assert!(!format!("{failed:?} {next:?}").contains("s3cret"));
        }
    }
}

#[test]
fn case_36_line_breaks_in_headers_are_refused() {
    let mut function = probe();
    let bad = [
        ("X-A", "a\r\nX-Injected: 1"),
        ("X-A", "a\nX-Injected: 1"),
        ("X-A", "a\r"),
        ("X-A", "a\u{0}"),
        ("X-A\r\nX-Injected", "1"),
        ("X A", "1"),
        ("", "1"),
    ];
    for (name, value) in bad {
        let reply = fails_alone(&mut function, &json!({"op": "headers", "headers": [[name, value]]}));
        assert_failure(&reply, 502);
        assert_eq!(reply.value("x-injected"), None, "{name:?}");
    }
    let gateway = Request::probe(&json!({"op": "headers", "headers": [["X-A", "a\r\nX-Injected: 1"]]}));
    assert_failure(&function.call(&gateway.gateway("GET", "/")), 502);
}

//! Cases 49 and 52: sizes, tasks and descriptors.

use serde_json::json;
use tests::harness::{Function, Request, Spec, TASK_LIMIT, confine, programs};

use crate::{assert_failure, assert_success};

fn big(bytes: usize) -> Request {
    Request::probe(&json!({"op": "big", "bytes": bytes}))
}

/// The largest answer that passes, and that one byte more becomes a failure with a reason.
fn assert_limit(mut function: Function, limit: usize) {
    for request in [big(limit), big(limit).gateway("GET", "/")] {
        assert_eq!(function.call(&request).body.len(), limit);
    }
    for request in [big(limit + 1), big(limit + 1).gateway("GET", "/")] {
        assert_failure(&function.call(&request), 502);
    }
    let reason = format!("a response of {} bytes is over the limit of {limit}", limit + 1);
    assert!(function.stderr().contains(&reason), "{}", function.stderr());
    function.assert_serves(&Request::call(""));
}

#[test]
fn case_49_response_over_the_limit_of_the_platform() {
    for name in ["OCI_RESOURCE_PRINCIPAL_VERSION", "OCI_REGION_METADATA"] {
        assert_limit(Spec::new(&programs::probe()).env(name, "2.2").start(), 6 << 20);
    }
}

#[test]
fn case_49_response_over_a_limit_of_ones_own() {
    assert_limit(Spec::new(&programs::probe()).env("FDK_MAX_RESPONSE_BYTES", "1000").start(), 1000);
}

#[test]
fn case_49_no_limit_elsewhere() {
    let function = Spec::new(&programs::probe()).start();
    assert_eq!(function.call(&big(10 << 20)).body.len(), 10 << 20);
}

#[test]
fn case_49_request_over_a_limit() {
    let mut function = Spec::new(&programs::probe()).env("FDK_MAX_REQUEST_BYTES", "1000").start();
    let mut connection = function.connect();
    assert_eq!(connection.call(&Request::call(vec![b'a'; 1000])).body.len(), 1000);
    assert_failure(&connection.call(&Request::call(vec![b'a'; 1001])), 502);
    let reply = connection.call(&Request::call(vec![b'a'; 1001]).gateway("POST", "/"));
    assert_eq!((reply.status, reply.value("fn-http-status")), (200, Some("413")));
    function.assert_serves(&Request::call(""));
}

#[test]
fn case_52_fifty_tasks() {
    if !confine("case_52") {
        return;
    }
    let mut function = Spec::new(&programs::probe()).confined(true).start();
    let threads = function.call(&Request::probe(&json!({"op": "threads", "count": 200}))).json();
    let threads = threads["threads"].as_u64().expect("a count");
    assert!((1..TASK_LIMIT as u64).contains(&threads), "{threads} threads: the sandbox does not hold");
    function.assert_serves(&Request::call(""));
}

#[test]
fn case_52_descriptors_run_out_and_come_back() {
    if !confine("case_52") {
        return;
    }
    let mut function = Spec::new(&programs::probe()).confined(true).start();
    let files = function.call(&Request::probe(&json!({"op": "files", "count": 1000}))).json();
    let files = files["files"].as_u64().expect("a count");
    assert!((100..350).contains(&files), "{files} files: the sandbox does not hold");
    // More connections than descriptors, within the backlog of the socket.
    let connections: Vec<_> = (0..400).map(|_| function.connect()).collect();
    drop(connections);
    function.assert_serves(&Request::call(""));
}

#[test]
fn case_52_functions_serve_within_the_limits() {
    if !confine("case_52") {
        return;
    }
    for program in programs::all() {
        let mut function = Spec::new(&program).confined(true).start();
        let mut connection = function.connect();
        for _ in 0..20 {
            assert_success(&program, &connection.call(&program.request()));
        }
        function.assert_serves(&program.request());
    }
}

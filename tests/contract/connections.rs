//! Cases 40 to 44, 50 and 53: connections come, wait, break and go.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::harness::{Function, Request, WireError, notice};

use crate::{assert_failure, assert_success, each, probe};

/// Sleeps longer than any test; it ends when the connection does.
fn endless() -> Request {
    Request::probe(&json!({"op": "sleep", "ms": 600_000})).without("Fn-Deadline")
}

fn dropped(function: &Function) -> u64 {
    function.call(&Request::probe(&json!({"op": "dropped"}))).json()["dropped"].as_u64().expect("a count")
}

/// Polls, since the server notices a hang-up in its own time.
fn wait_for(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn case_40_pipelined_requests_are_answered_in_order() {
    each(|program, function| {
        let mut connection = function.connect();
        connection.send(&program.request().bytes().repeat(2));
        for _ in 0..2 {
            assert_success(program, &connection.reply());
        }
    });
    let function = probe();
    let mut connection = function.connect();
    let slow = Request::probe(&json!({"op": "sleep", "ms": 100})).bytes();
    let bad = Request::probe(&json!({"op": "panic", "text": "in a pipeline"})).bytes();
    connection.send(&[slow, Request::call("two").bytes(), bad, Request::call("four").bytes()].concat());
    assert_eq!(connection.reply().json()["slept_ms"], 100);
    assert_eq!(connection.reply().text(), "two");
    assert_failure(&connection.reply(), 502);
    assert_eq!(connection.reply().text(), "four");
}

#[test]
fn case_41_a_thousand_reconnects_leave_no_descriptor() {
    each(|program, function| {
        function.assert_serves(&program.request());
        let before = function.descriptors();
        for _ in 0..1000 {
            assert_success(program, &function.call(&program.request()));
        }
        wait_for("descriptors to be closed", || function.descriptors() <= before);
        assert_eq!(function.exited(), None, "{program}");
    });
}

#[test]
fn case_41_connections_that_say_nothing() {
    let mut function = probe();
    let before = function.descriptors();
    for _ in 0..200 {
        drop(function.connect());
    }
    function.assert_serves(&Request::call(""));
    wait_for("descriptors to be closed", || function.descriptors() <= before);
}

#[test]
fn case_42_a_busy_connection_does_not_hold_up_another() {
    each(|program, function| {
        let mut idle = function.connect();
        let mut half = function.connect();
        half.send(b"POST /call HTTP/1.1\r\nHost: local");
        assert_success(program, &function.call(&program.request()));
        assert_success(program, &idle.call(&program.request()));
    });
    let mut function = probe();
    let mut busy = function.connect();
    busy.send(&endless().bytes());
    function.assert_serves(&Request::call("meanwhile"));
    assert!(busy.is_silent_for(Duration::from_millis(1)));
}

#[test]
fn case_43_idle_connection_stays_open_and_costs_nothing() {
    let is = |name: &str, wanted: &str| std::env::var(name).is_ok_and(|value| value == wanted);
    let seconds = if is("TEST_SLOW", "1") {
        90
    } else if is("CI", "true") {
        20
    } else {
        4
    };
    notice(&format!("case_43: idle for {seconds} s (4; with CI=true 20; with TEST_SLOW=1 90)"));
    let idle = Duration::from_secs(seconds);
    let programs = tests::harness::programs::all();
    let functions: Vec<_> = programs.iter().map(|program| tests::harness::Spec::new(program).start()).collect();
    let mut waiting = Vec::new();
    for (program, function) in programs.iter().zip(&functions) {
        let mut connection = function.connect();
        assert_success(program, &connection.call(&program.request()));
        waiting.push((program, connection, function, function.cpu_ticks()));
    }
    std::thread::sleep(idle);
    for (program, mut connection, function, before) in waiting {
        // A tick is 10 ms. An idle loop would burn hundreds.
        let used = function.cpu_ticks() - before;
        assert!(used <= 2, "{program} used {used} ticks while idle");
        assert_success(program, &connection.call(&program.request()));
    }
}

#[test]
fn case_44_client_closes_while_it_sends() {
    each(|program, function| {
        let request = program.request().bytes();
        let head = program.request().head().len();
        for end in [1, 10, head - 1, head, head + 2, request.len() - 1] {
            let mut connection = function.connect();
            connection.send(&request[..end]);
            drop(connection);
            function.assert_serves(&program.request());
        }
    });
}

#[test]
fn case_44_client_closes_while_the_handler_runs() {
    let mut function = probe();
    for round in 1..=3 {
        let mut connection = function.connect();
        connection.send(&endless().bytes());
        // Its handler runs once a later call has been served.
        function.assert_serves(&Request::call(""));
        assert_eq!(dropped(&function), round - 1);
        drop(connection);
        wait_for("the handler to be dropped", || dropped(&function) == round);
    }
    assert_eq!(function.stderr(), "", "a hang-up is no news");
}

#[test]
fn case_44_client_closes_without_reading_the_answer() {
    let mut function = probe();
    for _ in 0..20 {
        let mut connection = function.connect();
        connection.send(&Request::probe(&json!({"op": "big", "bytes": 4 << 20})).bytes());
        drop(connection);
    }
    function.assert_serves(&Request::call(""));
}

#[test]
fn case_50_no_byte_of_an_answer_before_the_last_of_the_request() {
    each(|program, function| {
        let body = program.request().bytes().split_off(program.request().head().len());
        // Every target and every fate of the call, except that of the deadline.
        for line in ["POST /call HTTP/1.1", "POST /other HTTP/1.1"] {
            let mut connection = function.connect();
            connection.send(&program.request().line(line).head());
            for part in body.chunks(body.len().div_ceil(4)) {
                assert!(connection.is_silent_for(Duration::from_millis(50)), "{program}: an early byte");
                connection.send(part);
            }
            let expected = if line.contains("/call") { 200 } else { 502 };
            assert_eq!(connection.reply().status, expected, "{program}");
        }
    });
}

#[test]
fn case_50_failures_wait_for_the_whole_request_too() {
    let commands = [json!({"op": "panic", "text": "now"}), json!({"op": "error", "text": "now"})];
    let function = probe();
    for command in commands {
        let request = Request::probe(&command).body("x");
        let mut connection = function.connect();
        connection.send(&request.head());
        connection.send(&Request::chunk(b"part"));
        assert!(connection.is_silent_for(Duration::from_millis(50)));
        connection.send(b"0\r\n\r\n");
        assert_failure(&connection.reply(), 502);
    }
}

#[test]
fn case_53_freeze_and_thaw() {
    each(|program, function| {
        let mut connection = function.connect();
        assert_success(program, &connection.call(&program.request()));
        function.freeze();
        // Sent to a frozen process, on an old connection and on a new one.
        connection.send(&program.request().bytes());
        let mut second = function.connect();
        second.send(&program.request().bytes());
        assert!(connection.is_silent_for(Duration::from_secs(5)), "{program} is not frozen");
        function.thaw();
        assert_success(program, &connection.reply());
        assert_success(program, &second.reply());
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_53_deadline_that_passes_while_frozen() {
    let mut function = probe();
    let mut connection = function.connect();
    connection.send(&Request::probe(&json!({"op": "sleep", "ms": 600_000})).deadline_in(2).bytes());
    function.assert_serves(&Request::call(""));
    function.freeze();
    std::thread::sleep(Duration::from_millis(2500));
    function.thaw();
    match connection.try_reply() {
        Ok(reply) => assert_failure(&reply, 504),
        Err(WireError::Closed) => panic!("the connection was dropped: {}", function.stderr()),
        Err(error) => panic!("{error:?}"),
    }
    function.assert_serves(&Request::call(""));
}

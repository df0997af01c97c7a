//! Cases 45 to 48: requests that no agent sends. The listener survives all of them.

use std::time::Duration;

use serde_json::json;
use tests::harness::programs::Program;
use tests::harness::{Connection, Framing, Function, Reply, Request, WireError};

use crate::{assert_failure, assert_success, each, probe};

#[test]
fn case_45_other_targets_are_answered_without_a_fatal_status() {
    each(|program, function| {
        let mut connection = function.connect();
        for line in ["GET /call", "PUT /call", "POST /other", "POST /", "POST /call/", "OPTIONS *"] {
            let request = Request::call("").line(&format!("{line} HTTP/1.1"));
            assert_eq!(connection.call(&request).status, 502, "{program}: {line}");
        }
        assert_success(program, &connection.call(&program.request()));
        function.assert_serves(&program.request());
    });
}

/// The answer to HEAD has no body, whatever its headers say.
#[test]
fn case_45_head_is_refused() {
    each(|program, function| {
        let mut connection = function.connect();
        connection.send(&Request::call("").line("HEAD /call HTTP/1.1").header("Connection", "close").bytes());
        let answer = String::from_utf8(connection.rest()).expect("text");
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.ends_with("\r\n\r\n"), "{program}: {answer:?}");
        assert_eq!(answer.matches("\r\n\r\n").count(), 1, "{program}: {answer:?}");
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_45_query_is_ignored() {
    each(|program, function| {
        for target in ["/call?x=1", "/call?", "http://localhost/call"] {
            let reply = function.call(&program.request().line(&format!("POST {target} HTTP/1.1")));
            assert_success(program, &reply);
        }
    });
}

#[test]
fn case_45_refusals_name_the_target_on_stderr() {
    let function = probe();
    assert_failure(&function.call(&Request::call("ignored").line("POST /other HTTP/1.1")), 502);
    assert!(function.stderr().contains("POST /other"), "{}", function.stderr());
}

/// Sends bytes that are no request; the answer is 400 or nothing, then the connection ends.
fn assert_rejected(program: &Program, function: &mut Function, what: &str, bytes: &[u8]) {
    let mut connection = function.connect();
    // The peer may hang up before it has taken everything.
    let _ = connection.try_send(bytes);
    connection.finish_sending();
    match connection.try_reply() {
        Err(WireError::Closed) => {}
        Ok(reply) => {
            assert!([400, 414, 431].contains(&reply.status), "{program}: {what}: {reply:?}");
            assert_eq!(connection.rest(), b"", "{program}: {what}");
        }
        Err(error) => panic!("{program}: {what}: {error:?}"),
    }
    function.assert_serves(&program.request());
}

#[test]
fn case_46_garbage_bytes() {
    let call = |headers: &str| format!("POST /call HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\nabc").into_bytes();
    let garbage: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("zeros", vec![0; 4096]),
        ("all bytes", (0..=255).collect()),
        ("text", b"hello, is anybody there?\r\n\r\n".to_vec()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        ("version 9", b"POST /call HTTP/9.9\r\nHost: x\r\n\r\n".to_vec()),
        ("no version", b"POST /call\r\n\r\n".to_vec()),
        ("space in a name", call("A B: 1\r\nContent-Length: 3")),
        ("space before the colon", call("Content-Length : 3")),
        ("two lengths", call("Content-Length: 3\r\nContent-Length: 4")),
        ("negative length", call("Content-Length: -3")),
        ("huge length", call("Content-Length: 99999999999999999999999999")),
        ("folded header", call("X: 1\r\n 2\r\nContent-Length: 3")),
        ("NUL in a value", call("X: a\0b\r\nContent-Length: 3")),
        ("coding before chunked is not last", call("Transfer-Encoding: chunked, gzip")),
        ("bad chunk size", call("Transfer-Encoding: chunked\r\n\r\nxyz\r\n")),
        ("huge chunk size", call("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n")),
        ("chunk without its end", call("Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef")),
    ];
    each(|program, function| {
        for (what, bytes) in &garbage {
            assert_rejected(program, function, what, bytes);
        }
    });
}

/// A head with many or large headers; any answer or none is fine, as long as nothing hangs.
fn send_head(connection: &mut Connection, headers: &str) -> Result<Reply, WireError> {
    let request = format!("POST /call HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 2\r\n\r\nab");
    connection.try_send(request.as_bytes())?;
    connection.try_reply()
}

#[test]
fn case_46_hostile_heads() {
    let many = |count: usize| (0..count).map(|n| format!("X-{n}: {n}\r\n")).collect::<String>();
    let large = |bytes: usize| format!("X-Large: {}\r\n", "a".repeat(bytes));
    let heads = [
        ("500 headers", many(500), true),
        ("500 times one header", "X-Same: 1\r\n".repeat(500), true),
        ("10000 headers", many(10_000), false),
        ("a header of 64 KiB", large(64 << 10), true),
        ("a header of 900 KiB", large(900 << 10), true),
        ("a header of 2 MiB", large(2 << 20), false),
        ("a header of 8 MiB", large(8 << 20), false),
        ("no header at all", String::new(), true),
    ];
    let mut function = probe();
    // Around the limit of 1 MiB it depends on how the bytes arrive.
    let _ = send_head(&mut function.connect(), &large(1 << 20));
    for (what, headers, served) in heads {
        let result = send_head(&mut function.connect(), &headers);
        match result {
            Ok(reply) if served => assert_eq!((reply.status, reply.text().as_str()), (200, "ab"), "{what}"),
            Ok(reply) => assert_eq!(reply.status, 431, "{what}"),
            Err(WireError::Closed) if !served => {}
            Err(error) => panic!("{what}: {error:?}"),
        }
        function.assert_serves(&Request::call(""));
    }
}

#[test]
fn case_46_hostile_heads_to_functions() {
    let many: String = (0..10_000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let large = format!("X-Large: {}\r\n", "a".repeat(2 << 20));
    each(|program, function| {
        for headers in [&many, &large] {
            let result = send_head(&mut function.connect(), headers);
            assert!(matches!(&result, Ok(_) | Err(WireError::Closed)), "{program}: {result:?}");
            function.assert_serves(&program.request());
        }
    });
}

#[test]
fn case_46_request_without_host() {
    each(|program, function| {
        assert_success(program, &function.call(&program.request().without("Host")));
    });
}

#[test]
fn case_47_http_1_0_is_answered_and_closed() {
    each(|program, function| {
        let mut connection = function.connect();
        let request = program.request().line("POST /call HTTP/1.0").framing(Framing::Length);
        let reply = connection.call(&request);
        assert_eq!(reply.status, 200, "{program}: {reply:?}");
        assert_eq!(connection.rest(), b"", "{program}");
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_47_connection_close_is_honoured() {
    each(|program, function| {
        let mut connection = function.connect();
        let reply = connection.call(&program.request().header("Connection", "close"));
        assert_eq!(reply.status, 200, "{program}");
        assert_eq!(connection.rest(), b"", "{program}");
    });
}

#[test]
fn case_48_expectation_is_answered_before_the_body() {
    each(|program, function| {
        let request = program.request().header("Expect", "100-continue");
        let body = request.bytes().split_off(request.head().len());
        let mut connection = function.connect();
        connection.send(&request.head());
        let interim = connection.reply();
        assert_eq!((interim.status, interim.headers.len()), (100, 0), "{program}: {interim:?}");
        assert!(connection.is_silent_for(Duration::from_millis(20)), "{program}");
        connection.send(&body);
        assert_success(program, &connection.reply());
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_48_client_that_does_not_wait() {
    let function = probe();
    let mut connection = function.connect();
    connection.send(&Request::call("at once").header("Expect", "100-continue").bytes());
    let mut reply = connection.reply();
    if reply.status == 100 {
        reply = connection.reply();
    }
    assert_eq!((reply.status, reply.text().as_str()), (200, "at once"));
    let probe = Request::probe(&json!({"op": "unit"}));
    assert_eq!(connection.call(&probe).status, 200);
}

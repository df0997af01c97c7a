//! Cases 9 to 19 and 51: what goes in and comes out.

use jiff::Timestamp;
use serde_json::{Value, json};
use tests::harness::{Framing, Request};

use crate::{assert_failure, assert_success, each, probe};

/// The probe's view of a request.
fn context(request: &Request) -> Value {
    let request = request.clone().header("Probe", r#"{"op":"context"}"#);
    probe().call(&request).json()
}

/// Bytes without a pattern that framing could hide.
fn noise(length: usize) -> Vec<u8> {
    let step = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(state.to_be_bytes()[0])
    };
    std::iter::repeat_n((), length).scan(1_u32, |state, ()| step(state)).collect()
}

fn fnv1a(bytes: &[u8]) -> String {
    let digest = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{digest:016x}")
}

#[test]
fn case_09_content_length() {
    each(|program, function| {
        let reply = function.call(&program.request().framing(Framing::Length));
        assert_success(program, &reply);
        assert!(!reply.body.is_empty(), "{program}");
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_09_body_comes_back() {
    let request = Request::call("hello").header("Content-Type", "text/plain").framing(Framing::Length);
    let reply = probe().call(&request);
    assert_eq!((reply.text().as_str(), reply.value("content-type")), ("hello", Some("text/plain")));
}

#[test]
fn case_10_chunking_makes_no_difference() {
    each(|program, function| {
        let expected = function.call(&program.request().framing(Framing::Length));
        assert_success(program, &expected);
        for size in [1, 2, 7, 1024] {
            let request = program.request().framing(Framing::Chunks(size));
            // Timings may be part of a function's answer.
            let reply = function.call(&request);
            assert_success(program, &reply);
            if !program.is_function() {
                assert_eq!(reply, expected, "{program}: chunks of {size}");
            }
        }
    });
}

#[test]
fn case_10_chunk_by_chunk_and_byte_by_byte() {
    let body = noise(300);
    let request = Request::call(body.clone()).framing(Framing::Chunks(3));
    let function = probe();
    let mut connection = function.connect();
    for byte in request.bytes() {
        connection.send(&[byte]);
    }
    assert_eq!(connection.reply().body, body);
}

#[test]
fn case_10_chunk_extensions_and_trailers_are_not_data() {
    let mut bytes = Request::call("x").head();
    bytes.extend_from_slice(b"3;name=value\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n");
    let function = probe();
    let mut connection = function.connect();
    connection.send(&bytes);
    assert_eq!(connection.reply().text(), "abc");
    assert_eq!(connection.call(&Request::call("next")).text(), "next");
}

#[test]
fn case_11_empty_body() {
    let function = probe();
    for framing in [Framing::Length, Framing::Chunks(1), Framing::Bare] {
        let request = Request::probe(&json!({"op": "digest"})).framing(framing);
        assert_eq!(function.call(&request).json()["bytes"], 0, "{framing:?}");
    }
}

#[test]
fn case_11_empty_body_to_a_function() {
    each(|program, function| {
        for framing in [Framing::Length, Framing::Chunks(1), Framing::Bare] {
            let reply = function.call(&Request::call("").framing(framing));
            assert!([200, 502].contains(&reply.status), "{program}: {framing:?}: {reply:?}");
        }
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_12_growing_bodies_on_one_connection() {
    let function = probe();
    let mut connection = function.connect();
    for round in 0..200 {
        let body = noise(round * round * 7);
        let framing = if round % 2 == 0 { Framing::Length } else { Framing::Chunks(4096) };
        assert_eq!(connection.call(&Request::call(body.clone()).framing(framing)).body, body, "round {round}");
    }
}

#[test]
fn case_13_ten_mebibytes_there_and_back() {
    let body = noise(10 << 20);
    let function = probe();
    for framing in [Framing::Length, Framing::Chunks(32 * 1024)] {
        let request = Request::call(body.clone()).framing(framing);
        let told = function.call(&request.clone().header("Probe", r#"{"op":"digest"}"#)).json();
        assert_eq!(told, json!({"bytes": body.len(), "digest": fnv1a(&body)}), "{framing:?}");
        assert!(function.call(&request).body == body, "{framing:?}: the echo differs");
    }
}

#[test]
fn case_14_all_byte_values() {
    let body: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    for content_type in ["application/octet-stream", "text/plain", "application/json"] {
        let reply = probe().call(&Request::call(body.clone()).header("Content-Type", content_type));
        assert_eq!((reply.body.as_slice(), reply.value("content-type")), (body.as_slice(), Some(content_type)));
    }
}

#[test]
fn case_15_repeated_headers_stay_separate_and_in_order() {
    let request = Request::call("").header("X-Dup", "2").header("X-Other", "0").header("X-Dup", "1, 1");
    assert_eq!(context(&request)["headers"]["x-dup"], json!(["2", "1, 1"]));
}

#[test]
fn case_16_header_names_in_any_case() {
    let ids = ["FN-CALL-ID", "fn-call-id", "fN-cAlL-iD"];
    for name in ids {
        let request = Request::call("").without("Fn-Call-Id").header(name, "01MID");
        assert_eq!(context(&request)["call_id"], "01MID", "{name}");
    }
}

#[test]
fn case_17_missing_call_id_and_deadline() {
    each(|program, function| {
        let bare = program.request().without("Fn-Call-Id").without("Fn-Deadline");
        assert_success(program, &function.call(&bare));
        function.assert_serves(&program.request());
    });
    let told = context(&Request::call("").without("Fn-Call-Id").without("Fn-Deadline"));
    assert_eq!((&told["call_id"], &told["deadline_ms"]), (&Value::Null, &Value::Null));
}

#[test]
fn case_18_forms_of_a_deadline() {
    let forms = [
        ("2099-11-21T02:10:46Z", "2099-11-21T02:10:46Z"),
        ("2099-11-21T04:10:46+02:00", "2099-11-21T02:10:46Z"),
        ("2099-11-20T21:10:46-05:00", "2099-11-21T02:10:46Z"),
        ("2099-11-21T02:10:46.25Z", "2099-11-21T02:10:46.25Z"),
        ("2099-11-21T02:10:46.123456789+00:00", "2099-11-21T02:10:46.123Z"),
    ];
    for (text, meaning) in forms {
        let expected = meaning.parse::<Timestamp>().expect(meaning).as_millisecond();
        assert_eq!(context(&Request::call("").deadline(text))["deadline_ms"], expected, "{text}");
    }
}

#[test]
fn case_18_garbage_is_no_deadline_and_a_warning() {
    let function = probe();
    for text in ["soon", "2099-11-21", "1795227046", ""] {
        let request = Request::probe(&json!({"op": "context"})).deadline(text);
        assert_eq!(function.call(&request).json()["deadline_ms"], Value::Null, "{text}");
        let warning = format!("Fn-Deadline {text:?}");
        assert!(function.stderr().contains(&warning), "{warning}: {}", function.stderr());
    }
}

#[test]
fn case_18_every_form_is_served() {
    each(|program, function| {
        for text in ["2099-11-21T02:10:46Z", "2099-11-21T04:10:46.5+02:00", "soon", ""] {
            assert_success(program, &function.call(&program.request().deadline(text)));
        }
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_19_deadline_in_the_past_is_answered_at_once() {
    each(|program, function| {
        let mut connection = function.connect();
        assert_failure(&connection.call(&program.request().deadline("2020-01-01T00:00:00Z")), 504);
        assert_success(program, &connection.call(&program.request()));
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_19_late_call_with_a_large_body_keeps_its_connection() {
    let function = probe();
    let mut connection = function.connect();
    for framing in [Framing::Length, Framing::Chunks(32 * 1024)] {
        let late = Request::call(noise(4 << 20)).deadline("2020-01-01T00:00:00Z").framing(framing);
        assert_failure(&connection.call(&late), 504);
        assert_eq!(connection.call(&Request::call("next")).text(), "next", "{framing:?}");
    }
}

#[test]
fn case_19_late_call_whose_body_never_ends_is_answered() {
    let mut function = probe();
    let mut connection = function.connect();
    connection.send(&Request::call("x").deadline("2020-01-01T00:00:00Z").head());
    connection.send(&Request::chunk(b"the rest never comes"));
    assert_eq!(connection.reply().status, 504);
    function.assert_serves(&Request::call(""));
}

#[test]
fn case_51_unit_result() {
    let reply = probe().call(&Request::probe(&json!({"op": "unit"})));
    assert_eq!((reply.status, reply.body.as_slice()), (200, b"".as_slice()));
    assert_eq!(reply.value("content-length"), Some("0"));
    assert!(reply.value("fn-fdk-version").is_some());
}

//! Cases 37 to 39: log frames and trace context.

use serde_json::{Value, json};
use tests::harness::{Request, Spec, programs};

fn framed(program: &programs::Program) -> Spec {
    Spec::new(program).env("FN_LOGFRAME_NAME", "callID").env("FN_LOGFRAME_HDR", "X-Frame")
}

fn print() -> Request {
    Request::probe(&json!({"op": "print", "stdout": "to stdout\n", "stderr": "to stderr\n"}))
}

#[test]
fn case_37_log_frame_comes_before_user_output_on_both_streams() {
    let function = framed(&programs::probe()).start();
    for _ in 0..2 {
        assert_eq!(function.call(&print().header("X-Frame", "01MFRAME")).status, 200);
    }
    assert_eq!(function.stdout(), "\ncallID=01MFRAME\nto stdout\n".repeat(2));
    assert_eq!(function.stderr(), "\ncallID=01MFRAME\nto stderr\n".repeat(2));
}

#[test]
fn case_37_log_frame_of_functions() {
    for program in programs::all() {
        let function = framed(&program).start();
        assert_eq!(function.call(&program.request().header("x-frame", "01MFRAME")).status, 200, "{program}");
        for output in [function.stdout(), function.stderr()] {
            assert_eq!(output.matches("\ncallID=01MFRAME\n").count(), 1, "{program}: {output:?}");
        }
    }
}

#[test]
fn case_38_no_log_frame_without_its_header() {
    let function = framed(&programs::probe()).start();
    for request in [print(), print().header("X-Frame", "")] {
        assert_eq!(function.call(&request).status, 200);
    }
    assert_eq!(function.stdout(), "to stdout\n".repeat(2));
    assert_eq!(function.stderr(), "to stderr\n".repeat(2));
}

#[test]
fn case_38_no_log_frame_with_half_of_the_settings() {
    for (name, value) in [("FN_LOGFRAME_NAME", "callID"), ("FN_LOGFRAME_HDR", "X-Frame")] {
        let function = Spec::new(&programs::probe()).env(name, value).start();
        assert_eq!(function.call(&print().header("X-Frame", "01MFRAME")).status, 200);
        assert_eq!((function.stdout().as_str(), function.stderr().as_str()), ("to stdout\n", "to stderr\n"));
    }
}

/// The trace context of a call with B3 headers under this setting.
fn trace(enabled: Option<&str>, sampled: Option<&str>) -> Value {
    let spec = Spec::new(&programs::probe()).env("FN_APP_NAME", "Shop").env("FN_FN_NAME", "Pay");
    let spec = enabled.map_or(spec.clone(), |value| spec.env("OCI_TRACING_ENABLED", value));
    let request = Request::probe(&json!({"op": "context"})).header("X-B3-TraceId", "80f198ee56343ba8");
    let request = request.header("X-B3-SpanId", "e457b5a2e4d86bd1").header("X-B3-ParentSpanId", "05e3ac9a4f6e3b90");
    let request = sampled.map_or(request.clone(), |value| request.header("X-B3-Sampled", value));
    spec.start().call(&request).json()["trace"].take()
}

#[test]
fn case_39_trace_context_when_tracing_is_on() {
    for enabled in ["1", "true"] {
        let expected = json!({
            "trace_id": "80f198ee56343ba8",
            "span_id": "e457b5a2e4d86bd1",
            "parent_span_id": "05e3ac9a4f6e3b90",
            "sampled": true,
            "flags": null,
            "service_name": "shop::pay",
        });
        assert_eq!(trace(Some(enabled), None), expected);
    }
    assert_eq!(trace(Some("1"), Some("1"))["sampled"], true);
    assert_eq!(trace(Some("1"), Some("0"))["sampled"], false);
}

#[test]
fn case_39_no_trace_context_when_tracing_is_off() {
    for enabled in [Some("0"), Some("false"), Some(""), None] {
        assert_eq!(trace(enabled, Some("1")), Value::Null, "{enabled:?}");
    }
}

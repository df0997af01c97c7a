//! What became of a call of a function on Fn, whoever runs the server: OCI Functions tells it in the same way.

use bytes::Bytes;
use causeway_cloud::invoker::Outcome;
use http::Response;
use serde_json::{Value, json};

/// Longest message of a failed function that is kept, in bytes.
const MAX_MESSAGE: usize = 2000;
/// Longest id of a call that is kept, in bytes.
const MAX_ID: usize = 128;

/// The answer of a function that was called as if through a gateway, with the status that it set itself
/// (`Fn-Http-Status`).
pub(crate) fn answered(status: Option<u16>, body: Bytes, call_id: Option<String>) -> Outcome {
    match status {
        Some(status) if (400..500).contains(&status) => {
            Outcome::Answered { body: as_answer(&body).unwrap_or(body), call_id }
        }
        Some(status) if status >= 500 => {
            let message = bounded(&String::from_utf8_lossy(&body));
            Outcome::Failed { code: format!("http_{status}"), message, call_id }
        }
        _ => Outcome::Answered { body, call_id },
    }
}

/// A successful answer of the server.
pub(super) fn outcome(answer: Response<Bytes>) -> Outcome {
    let call_id = call_id(&answer);
    if answer.status() == 202 {
        return Outcome::Accepted { call_id };
    }
    let status = text(&answer, "fn-http-status").and_then(|status| status.trim().parse().ok());
    answered(status, answer.into_body(), call_id)
}

/// The function's own failure: with 502 and 504 the agent says in its JSON what became of the container. The same
/// statuses without it are those of a proxy before the server, and not of the function.
pub(super) fn failure(answer: &Response<Bytes>) -> Option<Outcome> {
    let code = match answer.status().as_u16() {
        502 => "function_failed",
        504 => "timeout",
        _ => return None,
    };
    let told: Value = serde_json::from_slice(answer.body()).ok()?;
    let message = bounded(told["message"].as_str()?);
    Some(Outcome::Failed { code: code.to_owned(), message, call_id: call_id(answer) })
}

/// Fn's id of the call. The agent's own comes before one that the function adds.
pub(super) fn call_id(answer: &Response<Bytes>) -> Option<String> {
    let id = text(answer, "fn-call-id").filter(|id| !id.is_empty())?;
    Some(id[..id.floor_char_boundary(MAX_ID)].to_owned())
}

fn text<'a>(answer: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

/// A function that is called as if through a gateway refuses with problem details (RFC 9457); callers of functions know
/// the `error` object of direct calls. `None` for what is no problem of ours.
fn as_answer(body: &[u8]) -> Option<Bytes> {
    let problem: Value = serde_json::from_slice(body).ok()?;
    let (status, code) = (problem["status"].as_u64()?, problem["code"].as_str()?);
    let retryable = status == 429 || code == "in_progress";
    let (message, path, id) = (&problem["detail"], &problem["errors"][0]["path"], &problem["request_id"]);
    let mut error = json!({
        "kind": "client", "code": code, "message": message, "request_id": id, "retryable": retryable,
    });
    if path.is_string() {
        error["path"] = path.clone();
    }
    Some(json!({ "error": error }).to_string().into())
}

/// A message, cut to its longest.
pub(crate) fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_MESSAGE)].to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn a_refusal_through_the_gateway_is_one_of_a_direct_call() {
        let problem = r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"unknown field","code":
            "invalid_request","request_id":"r","errors":[{"path":"a.b","detail":"unknown field"}]}"#;
        let answer: Value =
            serde_json::from_slice(&as_answer(problem.as_bytes()).unwrap_or_default()).unwrap_or_default();
        let expected = json!({ "error": {
            "kind": "client", "code": "invalid_request", "message": "unknown field", "path": "a.b", "request_id": "r",
            "retryable": false,
        } });
        assert_eq!(answer, expected);
        assert!(as_answer(b"<html>").is_none() && as_answer(b"{}").is_none());
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
        let head =
            headers.iter().fold(Response::builder().status(status), |head, (name, value)| head.header(*name, *value));
        head.body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn what_the_server_says_of_a_function() {
        let id = || Some("C1".to_owned());
        let check = |status: u16, own: Option<&str>, body: &str, expected: Outcome| {
            let mut headers = vec![("fn-call-id", "C1"), ("fn-call-id", "C2")];
            headers.extend(own.map(|own| ("fn-http-status", own)));
            assert!(outcome(response(status, &headers, body)) == expected, "{status} {own:?}");
        };
        let answered = |body: &str| Outcome::Answered { body: Bytes::from(body.to_owned()), call_id: id() };
        check(200, None, "{}", answered("{}"));
        check(200, Some("200"), "", answered(""));
        check(200, Some("no number"), "{}", answered("{}"));
        check(200, Some("404"), "plain", answered("plain"));
        let failed = Outcome::Failed { code: "http_503".to_owned(), message: "why".to_owned(), call_id: id() };
        check(200, Some(" 503"), "why", failed);
        check(202, None, "", Outcome::Accepted { call_id: id() });
    }

    #[test]
    fn failures_of_functions_and_those_of_proxies() {
        let check = |status: u16, body: &str, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(code, message)| Outcome::Failed {
                code: code.to_owned(),
                message: message.to_owned(),
                call_id: None,
            });
            assert!(failure(&response(status, &[], body)) == expected, "{status} {body:.40}");
        };
        check(502, r#"{"message":"function failed"}"#, Some(("function_failed", "function failed")));
        check(504, r#"{"message":"Timed out"}"#, Some(("timeout", "Timed out")));
        check(502, "<html>Bad Gateway</html>", None);
        check(504, "", None);
        check(502, "[]", None);
        check(503, r#"{"message":"Timed out - server too busy"}"#, None);
        check(500, r#"{"message":"internal server error"}"#, None);
        let long = "ü".repeat(1500);
        check(502, &json!({ "message": long }).to_string(), Some(("function_failed", &long[..2000])));
    }
}

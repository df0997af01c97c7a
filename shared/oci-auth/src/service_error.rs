//! What a service said when it refused (Oracle's page "API Errors"): `{"code": ..., "message": ...}` as a rule, but
//! a proxy's HTML, an empty body or an array as well.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use causeway_resilience::retry::retry_after;
use http::{HeaderMap, Response};
use serde_json::{Map, Value};

/// Longest message that is kept, in bytes.
const MAX_MESSAGE: usize = 4 << 10;
/// Longest request id that is kept, in bytes.
const MAX_NAME: usize = 256;
/// Longest code, in bytes.
const MAX_CODE: usize = 64;
/// Largest body that is parsed, in bytes.
const MAX_BODY: usize = 256 << 10;
/// Most bytes of further members that are kept, as JSON.
const MAX_EXTRAS: usize = 8 << 10;

/// A refusal. Bounded in size whatever the answer was.
///
/// 404 with `NotAuthorizedOrNotFound` means that the thing is not there or not to be seen; it never means plain
/// absence.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// HTTP status.
    pub status: u16,
    /// OCI's error code, such as `IncorrectState`, or the `error` of an OAuth answer (RFC 6749, section 5.2): up to 64
    /// letters, digits, `_`, `.` and `-`. None when there is nothing of that form: then the answer did not come from
    /// the service, or it repeats what was sent.
    pub code: Option<String>,
    /// The message for people, cut at 4 KiB: the body itself when it is not an error of OCI's form,
    /// empty when there is nothing.
    pub message: String,
    /// The number to quote to support: of the answer, else the one that was sent.
    pub opc_request_id: Option<String>,
    /// When the service asked to be called again, by the clock of whoever was refused.
    pub retry_after: Option<Duration>,
    /// Further members of the body, such as `originalMessage` and `messageArguments`; left out beyond 8 KiB.
    pub extras: Map<String, Value>,
}

impl ServiceError {
    /// Reads an answer. `sent` is the `opc-request-id` of the request.
    #[must_use]
    pub fn read(answer: &Response<Bytes>, sent: Option<&str>) -> Self {
        let status = answer.status().as_u16();
        let opc_request_id =
            text(answer.headers(), "opc-request-id").filter(|id| is_id(id)).or(sent).map(|id| cut(id, MAX_NAME));
        let (code, message, extras) = parts(answer.body());
        Self { status, code, message, opc_request_id, retry_after: None, extras }
    }

    /// The same with the time to come back that the answer asks for.
    #[must_use]
    pub(crate) fn with_retry_after(self, answer: &Response<Bytes>, now: SystemTime) -> Self {
        let retry_after = text(answer.headers(), "retry-after").and_then(|text| retry_after(text, now));
        Self { retry_after, ..self }
    }
}

impl fmt::Display for ServiceError {
    /// Without message and extras: what a service says may repeat what was sent to it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.status)?;
        if let Some(code) = &self.code {
            write!(formatter, " {code}")?;
        }
        match &self.opc_request_id {
            Some(id) => write!(formatter, " (opc-request-id {id})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ServiceError({self}, message of {} bytes)", self.message.len())
    }
}

/// A header's text, when it is one and not empty.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

/// Segments of letters, digits, `-` and `_`. What else an answer claims to be its id is not shown.
fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/".contains(&byte))
}

fn parts(body: &[u8]) -> (Option<String>, String, Map<String, Value>) {
    match parse(body) {
        Some(Value::Object(members)) => of_object(members),
        Some(Value::String(message)) => (None, cut(&message, MAX_MESSAGE), Map::new()),
        Some(Value::Null) => (None, String::new(), Map::new()),
        _ => (None, raw(body), Map::new()),
    }
}

fn parse(body: &[u8]) -> Option<Value> {
    if body.len() > MAX_BODY { None } else { serde_json::from_slice(body).ok() }
}

fn of_object(mut members: Map<String, Value>) -> (Option<String>, String, Map<String, Value>) {
    let own = members.remove("code").filter(|code| !code.is_null());
    let code = own.as_ref().or_else(|| members.get("error")).and_then(code);
    let message = members.remove("message").and_then(|message| words(&message, MAX_MESSAGE));
    let size = serde_json::to_vec(&members).map_or(usize::MAX, |text| text.len());
    let extras = if size > MAX_EXTRAS { Map::new() } else { members };
    (code, message.unwrap_or_default(), extras)
}

/// Codes are shown in messages and logs, so nothing else passes for one.
fn code(value: &Value) -> Option<String> {
    let fits = |text: &String| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        (1..=MAX_CODE).contains(&text.len()) && text.bytes().all(known)
    };
    words(value, MAX_NAME).filter(fits)
}

/// A text; JSON where something else stands in its place.
fn words(value: &Value, max: usize) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(cut(text, max)),
        other => Some(cut(&other.to_string(), max)),
    }
}

fn raw(body: &[u8]) -> String {
    // Up to three bytes more, so that the cut falls between characters.
    cut(&String::from_utf8_lossy(body.get(..MAX_MESSAGE + 3).unwrap_or(body)), MAX_MESSAGE)
}

fn cut(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: impl Into<Bytes>, answered: Option<&str>, sent: Option<&str>) -> ServiceError {
        let mut answer = Response::builder().status(409);
        if let Some(id) = answered {
            answer = answer.header("opc-request-id", id);
        }
        ServiceError::read(&answer.body(body.into()).unwrap(), sent)
    }

    #[test]
    fn bodies_of_every_kind() {
        let check = |body: &str, code: Option<&str>, message: &str, extras: Value| {
            let error = read(body.to_owned(), None, None);
            assert_eq!((error.code.as_deref(), error.message.as_str()), (code, message), "{body:?}");
            assert_eq!(Value::Object(error.extras), extras, "{body:?}");
        };
        check(r#"{"code":"IncorrectState","message":"Größe ✗"}"#, Some("IncorrectState"), "Größe ✗", json!({}));
        let extras = json!({"originalMessage": "om", "messageArguments": {"a": "b"}});
        check(
            r#"{"code":"A","message":"m","originalMessage":"om","messageArguments":{"a":"b"}}"#,
            Some("A"),
            "m",
            extras,
        );
        check(r#"{"message":"only text"}"#, None, "only text", json!({}));
        check(r#"{"code":404,"message":["x"]}"#, Some("404"), r#"["x"]"#, json!({}));
        check("null", None, "", json!({}));
        check(r#"{"code":null,"error":"x"}"#, Some("x"), "", json!({"error": "x"}));
        check(r#"{"error":"invalid_grant"}"#, Some("invalid_grant"), "", json!({"error": "invalid_grant"}));
        check(r#"{"code":"A","error":"x"}"#, Some("A"), "", json!({"error": "x"}));
        check(r#"{"code":"a b","error":"x"}"#, None, "", json!({"error": "x"}));
        check(r#"{"error":"Bearer abc"}"#, None, "", json!({"error": "Bearer abc"}));
        check("<html>Bad gateway</html>", None, "<html>Bad gateway</html>", json!({}));
        check("", None, "", json!({}));
        check(r#"[{"code":"A"}]"#, None, r#"[{"code":"A"}]"#, json!({}));
        check(r#""just text""#, None, "just text", json!({}));
        check(r#"{"code":"#, None, r#"{"code":"#, json!({}));
    }

    #[test]
    fn codes_have_a_form() {
        let longest = "c".repeat(MAX_CODE);
        for good in ["A", "Iam.Not-Authorized_1", longest.as_str()] {
            assert_eq!(read(json!({"code": good}).to_string(), None, None).code.as_deref(), Some(good));
        }
        let (longer, cut_inside) = (format!("{longest}c"), format!("{longest}ü"));
        for bad in ["", " ", "a b", "a\nb", "ST$a.b", "a/b", "a\"b", "ü", longer.as_str(), cut_inside.as_str()] {
            for name in ["code", "error"] {
                assert_eq!(read(json!({name: bad}).to_string(), None, None).code, None, "{name} {bad:?}");
            }
        }
        assert_eq!(read(r#"{"code":["A"]}"#, None, None).code, None);
    }

    #[test]
    fn the_request_id_of_the_answer_comes_first() {
        for (answered, sent, expected) in [
            (Some("a/b/c"), Some("s"), Some("a/b/c")),
            (None, Some("s"), Some("s")),
            (Some(""), Some("s"), Some("s")),
            (None, None, None),
        ] {
            assert_eq!(read("", answered, sent).opc_request_id.as_deref(), expected);
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let long = "ü".repeat(300_000);
        for body in [long.clone(), json!({"code": long, "message": long}).to_string()] {
            let error = read(body, Some(&"x".repeat(5000)), None);
            assert!(error.message.len() <= MAX_MESSAGE && error.opc_request_id.unwrap().len() == MAX_NAME);
        }
        let error = read(
            json!({"code": "c".repeat(999), "message": "ü".repeat(9999), "x": "y".repeat(9000)}).to_string(),
            None,
            None,
        );
        assert_eq!((error.code, error.message.len(), error.extras), (None, MAX_MESSAGE, Map::new()));
        let nested = "[".repeat(100_000);
        assert_eq!(read(nested.clone(), None, None).message, nested[..MAX_MESSAGE]);
    }

    #[test]
    fn messages_stay_out_of_logs() {
        let error = read(r#"{"code":"C","message":"canary","x":"canary"}"#, Some("id"), None);
        assert_eq!(error.to_string(), "409 C (opc-request-id id)");
        assert!(!format!("{error:?} {error:#?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body in proptest::collection::vec(any::<u8>(), 0..5000)) {
            prop_assert!(read(body, None, None).message.len() <= MAX_MESSAGE);
        }
    }
}

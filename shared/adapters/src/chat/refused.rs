//! One try that brought no answer, and what follows from it.

use std::time::Duration;

use causeway_oci_auth::effects::HttpError;
use causeway_resilience::ServiceFailure;
use causeway_resilience::retry::Failure;
use causeway_resilience::service::Kind;
use serde_json::Value;

/// How much of an explanation is looked through, in characters: what it is about comes first, and what it repeats of
/// the question later.
const LOOKED_AT: usize = 200;
/// Longest error code, in bytes.
const MAX_CODE: usize = 64;
/// Words by which a refusal says that it is about the form of the answer: members of requests, and what servers call
/// the machinery behind them. None of them is a word of ordinary prompts.
const OF_FORM: [&str; 15] = [
    "response_format",
    "responseformat",
    "json_schema",
    "jsonschema",
    "json schema",
    "json_object",
    "json mode",
    "isstrict",
    "structured output",
    "guided_json",
    "guided_decoding",
    "grammar",
    "toolconfig",
    "toolchoice",
    "tool use",
];

/// A try that failed.
#[derive(Debug)]
pub(crate) struct Refused {
    /// For the caller.
    pub(crate) failure: ServiceFailure,
    /// By which a repetition is judged; `None` when the same would come again.
    pub(crate) again: Option<Failure>,
    /// Whether the provider did not understand how the form was asked for.
    pub(crate) is_about_form: bool,
}

/// Of which service and operation a refusal is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Where {
    /// Name of the service in failures and logs.
    pub(crate) service: &'static str,
    /// Its name of the operation.
    pub(crate) operation: &'static str,
}

/// What an answer other than success says.
#[derive(Debug, Default)]
pub(crate) struct Said<'a> {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    /// The explanation, or the whole body. It may repeat the question and is never shown.
    pub(crate) message: &'a str,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Where {
    /// A failure of this operation.
    pub(crate) fn fails(self, kind: Kind, reason: impl Into<String>) -> ServiceFailure {
        ServiceFailure::new(kind, self.service, self.operation, reason)
    }

    /// Nothing came back, or not all of it.
    pub(crate) fn lost(self, error: &HttpError) -> Refused {
        let (kind, again) = match error {
            HttpError::NotSent(_) => (Kind::Unavailable, Some(Failure::NeverSent)),
            HttpError::TimedOut(_) => (Kind::Timeout, Some(Failure::Timeout { sent: true })),
            HttpError::TooLarge(_) => (Kind::BadAnswer, None),
            _ => (Kind::Unavailable, Some(Failure::Broken)),
        };
        let unknown = !matches!(error, HttpError::NotSent(_));
        let failure = self.fails(kind, error.to_string()).with_unknown_effect(unknown);
        Refused { failure, again, is_about_form: false }
    }

    /// The service said no.
    pub(crate) fn refused(self, said: Said<'_>) -> Refused {
        let Said { status, code, message, request_id, retry_after } = said;
        let reason = match &code {
            Some(code) => format!("refused with {status} {code}"),
            None => format!("refused with {status}"),
        };
        let uncertain = status == 408 || (status >= 500 && !(status == 503 && retry_after.is_some()));
        let failure = self.fails(Kind::of_status(status), reason).with_answer(Some(status), code.clone());
        let failure = failure.with_request_id(request_id).with_retry_after(retry_after).with_unknown_effect(uncertain);
        let is_about_form = matches!(status, 400 | 422) && names_form(message);
        Refused { failure, again: Some(Failure::Status { status, code, retry_after }), is_about_form }
    }

    /// A success in a form that cannot be used. Another try may bring a better one.
    pub(crate) fn unusable(self, reason: &str, request_id: Option<String>) -> Refused {
        let reason = format!("the answer cannot be used: {reason}");
        let failure = self.fails(Kind::BadAnswer, reason).with_answer(Some(200), None).with_unknown_effect(true);
        let failure = failure.with_request_id(request_id);
        Refused { failure, again: Some(Failure::Broken), is_about_form: false }
    }
}

impl From<ServiceFailure> for Refused {
    /// What happened before anything was sent, such as credentials that are not there.
    fn from(failure: ServiceFailure) -> Self {
        Self { failure, again: None, is_about_form: false }
    }
}

/// Whether a refusal is about the form of the answer. The member of the request that the error names decides; else
/// its code and type; else the words that its explanation begins with.
fn names_form(said: &str) -> bool {
    let whole: Value = serde_json::from_str(said).unwrap_or_default();
    if !whole.is_object() {
        return begins_with_form(said);
    }
    let error = Some(&whole["error"]).filter(|inner| inner.is_object() || inner.is_string()).unwrap_or(&whole);
    let text = |name: &str| error[name].as_str().filter(|text| !text.is_empty());
    if let Some(parameter) = text("param") {
        return has_form(parameter);
    }
    let place = &error["detail"][0]["loc"];
    if place.is_array() {
        // Of FastAPI: the path to the member that is wrong.
        return has_form(&place.to_string());
    }
    let is_named = ["code", "type"].into_iter().filter_map(text).any(has_form);
    is_named || error.as_str().or_else(|| text("message")).or_else(|| text("detail")).is_some_and(begins_with_form)
}

fn begins_with_form(message: &str) -> bool {
    let end = message.char_indices().nth(LOOKED_AT).map_or(message.len(), |(at, _)| at);
    has_form(&message[..end])
}

fn has_form(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    OF_FORM.iter().any(|word| text.contains(word))
}

/// A text that may pass for an error code: codes are shown.
pub(crate) fn code(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    (plain && (1..=MAX_CODE).contains(&text.len())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HERE: Where = Where { service: "chat", operation: "Chat" };

    fn refused(status: u16, message: &str) -> Refused {
        HERE.refused(Said { status, message, ..Said::default() })
    }

    #[test]
    fn refusals_of_a_form_are_told_from_others() {
        let check = |status: u16, message: &str, expected: bool| {
            assert_eq!(refused(status, message).is_about_form, expected, "{status} {message}");
        };
        check(400, r#"{"error":{"message":"'response_format' is not supported with this model"}}"#, true);
        check(400, "Invalid responseFormat JSON_SCHEMA", true);
        check(422, "guided_json needs outlines", true);
        check(400, "failed to parse grammar", true);
        check(400, "This model doesn't support tool use.", true);
        check(400, "Please pass in correct format of request", false);
        check(400, "the picture is too large", false);
        check(500, "response_format", false);
        check(400, &"x".repeat(1 << 20), false);
    }

    #[test]
    fn what_the_error_names_goes_before_words_that_it_repeats() {
        let error = |members: Value| json!({ "error": members }).to_string();
        let echo = format!("too long: {} response_format", "ä".repeat(LOOKED_AT));
        let check = |body: &str, expected: bool| assert_eq!(refused(400, body).is_about_form, expected, "{body}");
        check(&error(json!({ "param": "messages", "message": "response_format" })), false);
        check(&error(json!({ "param": "response_format.json_schema", "message": "no" })), true);
        check(&error(json!({ "param": "", "code": "unsupported_json_schema", "message": "no" })), true);
        check(&error(json!({ "param": null, "type": "response_format_error" })), true);
        check(&error(json!({ "code": "context_length_exceeded", "message": echo })), false);
        check(&error(json!("json mode is not supported")), true);
        check(&json!({ "code": "InvalidParameter", "message": "responseFormat is not known" }).to_string(), true);
        check(&json!({ "message": "no", "request": { "response_format": {} } }).to_string(), false);
        check(&json!({ "detail": [{ "loc": ["body", "response_format"], "input": "x" }] }).to_string(), true);
        check(&json!({ "detail": [{ "input": "json_schema", "loc": ["body", "messages", 0] }] }).to_string(), false);
        check(&json!({ "detail": "guided_json is off" }).to_string(), true);
        check(&echo, false);
    }

    #[test]
    fn nothing_of_the_explanation_shows() {
        let shown = format!("{:?}", refused(400, "canary"));
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn codes_have_a_form() {
        assert_eq!(code(&json!("context_length_exceeded")).as_deref(), Some("context_length_exceeded"));
        for bad in [json!("a b"), json!(""), json!("c".repeat(65)), json!(3), json!(null)] {
            assert_eq!(code(&bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_unknown_is_told() {
        for (failed, unknown) in [
            (HERE.lost(&HttpError::NotSent(String::new())), false),
            (HERE.lost(&HttpError::Broken(String::new())), true),
            (HERE.lost(&HttpError::TooLarge(1)), true),
            (refused(429, ""), false),
            (refused(503, ""), true),
            (HERE.refused(Said { status: 503, retry_after: Some(Duration::ZERO), ..Said::default() }), false),
            (HERE.unusable("no JSON", None), true),
        ] {
            assert_eq!(failed.failure.may_have_happened(), unknown, "{failed:?}");
        }
    }
}

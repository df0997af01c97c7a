//! One try that brought no answer, and what follows from it.

use std::time::Duration;

use causeway_oci_auth::effects::HttpError;
use causeway_resilience::ServiceFailure;
use causeway_resilience::retry::Failure;
use causeway_resilience::service::Kind;
use serde_json::Value;

/// Most of a refusal that is looked through, in bytes.
const MAX_LOOKED_AT: usize = 64 << 10;
/// Longest error code, in bytes.
const MAX_CODE: usize = 64;
/// Words by which a refusal says that it is about the form of the answer: members of requests, and what servers call
/// the machinery behind them. None of them is a word of ordinary prompts.
const OF_FORM: [&str; 14] = [
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

fn names_form(message: &str) -> bool {
    let end = message.floor_char_boundary(MAX_LOOKED_AT);
    let message = message[..end].to_ascii_lowercase();
    OF_FORM.iter().any(|word| message.contains(word))
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

//! The one error of a handler: four kinds, which are the decisions a caller can take.
//!
//! A client error is an answer; the other three are failures. `message` is for the caller, `detail` and the
//! source chain are for the log, and neither may hold a secret.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind as ServiceKind;
use serde_json::{Value, json};

/// Longest text of a client error, in bytes: what a caller sent must not fill replies and logs.
const MAX_CLIENT_TEXT: usize = 300;

/// Code of a call whose first delivery is at work.
const IN_PROGRESS: &str = "in_progress";

/// Who has to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The caller: the request is wrong. The status is one of 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429.
    Client {
        /// HTTP status for callers that speak HTTP.
        status: u16,
    },
    /// Whoever runs the service that we called.
    Upstream {
        /// Name of the service, such as `objectstorage`.
        service: String,
        /// Its HTTP status, when it answered.
        status: Option<u16>,
        /// Its `opc-request-id` or AWS request id.
        upstream_request_id: Option<String>,
        /// When it said to come back.
        retry_after: Option<Duration>,
    },
    /// Time ran out; whether the work was done is unknown.
    Timeout {
        /// What was going on.
        phase: String,
    },
    /// Us: a bug, a panic, an impossible state.
    Internal,
}

/// A failed call.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    code: &'static str,
    message: String,
    path: Option<String>,
    detail: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, code, message: message.into(), path: None, detail: None, source: None }))
    }

    /// The caller's mistake. `code` is a stable literal in snake case; the message is cut to 300 bytes.
    pub fn client(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Client { status }, code, bounded(message.into()))
    }

    /// A request that is not of the expected form: 400.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::client(400, "invalid_request", message)
    }

    /// A service that refused, broke or could not be reached.
    pub fn upstream(service: impl Into<String>, status: Option<u16>, code: &'static str) -> Self {
        let service = service.into();
        let message = format!("{service} failed");
        let kind = Kind::Upstream { service, status, upstream_request_id: None, retry_after: None };
        Self::new(kind, code, message)
    }

    /// Out of time in `phase`.
    pub fn timeout(phase: impl Into<String>) -> Self {
        let phase = phase.into();
        let message = format!("no result in time ({phase})");
        Self::new(Kind::Timeout { phase }, "timeout", message)
    }

    /// Our fault. The caller learns only that; `detail` goes to the log.
    pub fn internal(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Internal, code, "internal error").with_detail(detail)
    }

    /// Adds the JSON path of the wrong input, such as `data_sources[0]`.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(bounded(path.into()));
        self
    }

    /// Adds when an upstream service said to come back; without effect on the other kinds.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        if let Kind::Upstream { retry_after, .. } = &mut self.0.kind {
            *retry_after = Some(after);
        }
        self
    }

    /// Adds the number to quote to the upstream service's support; without effect on the other kinds.
    #[must_use]
    pub fn with_upstream_request_id(mut self, id: Option<&str>) -> Self {
        if let Kind::Upstream { upstream_request_id, .. } = &mut self.0.kind {
            *upstream_request_id = id.map(|id| bounded(id.to_owned()));
        }
        self
    }

    /// When to come back, in whole seconds, as the `Retry-After` header of an HTTP reply.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match &self.0.kind {
            Kind::Upstream { retry_after: Some(after), .. } => {
                Some(after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0)))
            }
            _ => None,
        }
    }

    /// Adds what only the log may say.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Which of the four.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// The stable code: log field, `errorType` on Lambda, `code` on the wire.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The text for the caller.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// JSON path of the wrong input.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// Whether this is the caller's mistake, hence an answer.
    #[must_use]
    pub fn is_client(&self) -> bool {
        matches!(self.0.kind, Kind::Client { .. })
    }

    /// The same call is being carried out, for `left` at the longest: 409, worth repeating.
    pub(crate) fn in_progress(left: Duration) -> Self {
        let text = format!("this call is being carried out; ask again in at most {} s", left.as_secs() + 1);
        Self::client(409, IN_PROGRESS, text)
    }

    /// Whether the same request may succeed later. The caller must know that it is idempotent.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.0.kind {
            Kind::Client { status } => *status == 429 || self.0.code == IN_PROGRESS,
            Kind::Upstream { .. } | Kind::Timeout { .. } => true,
            Kind::Internal => false,
        }
    }

    /// The status for callers that speak HTTP.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match &self.0.kind {
            Kind::Client { status } => *status,
            Kind::Upstream { retry_after: Some(_), .. } => 503,
            Kind::Upstream { .. } => 502,
            Kind::Timeout { .. } => 504,
            Kind::Internal => 500,
        }
    }

    /// Exit status of the command line, after `sysexits`.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match &self.0.kind {
            Kind::Client { .. } => 65,
            Kind::Upstream { .. } => 69,
            Kind::Timeout { .. } => 75,
            Kind::Internal => 70,
        }
    }

    /// Name of the kind on the wire and in logs.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match &self.0.kind {
            Kind::Client { .. } => "client",
            Kind::Upstream { .. } => "upstream",
            Kind::Timeout { .. } => "timeout",
            Kind::Internal => "internal",
        }
    }

    /// Body for direct callers: one `error` object, which no successful reply has.
    #[must_use]
    pub fn to_body(&self, request_id: &str) -> Value {
        let mut error = json!({
            "kind": self.kind_name(),
            "code": self.0.code,
            "message": self.0.message,
            "retryable": self.is_retryable(),
            "request_id": request_id,
        });
        if let Some(path) = &self.0.path {
            error["path"] = json!(path);
        }
        json!({ "error": error })
    }

    /// Body for HTTP callers: RFC 9457 problem details.
    #[must_use]
    pub fn to_problem(&self, request_id: &str) -> Value {
        let mut problem = json!({
            "type": "about:blank",
            "title": title(self.http_status()),
            "status": self.http_status(),
            "detail": self.0.message,
            "code": self.0.code,
            "request_id": request_id,
        });
        if let Some(path) = &self.0.path {
            problem["errors"] = json!([{ "path": path, "detail": self.0.message }]);
        }
        problem
    }

    /// Everything there is, for the log: message, detail, source chain. That of a client error is cut to
    /// 300 bytes, because it may repeat the request.
    #[must_use]
    pub fn log_text(&self) -> String {
        let mut text = self.to_string();
        if let Some(detail) = &self.0.detail {
            text = format!("{text}: {detail}");
        }
        let mut source = self.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        if self.is_client() { bounded(text) } else { text }
    }
}

/// Cuts a text to [`MAX_CLIENT_TEXT`] bytes, between characters.
fn bounded(mut text: String) -> String {
    if text.len() > MAX_CLIENT_TEXT {
        let limit = MAX_CLIENT_TEXT - '…'.len_utf8();
        let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

fn title(status: u16) -> &'static str {
    let status = http::StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("Error")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.path {
            Some(path) => write!(f, "{} (at {path})", self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

/// What a service did is for the log, with the number to quote to support; the caller learns which service it was.
impl From<ServiceFailure> for Error {
    fn from(failure: ServiceFailure) -> Self {
        let code = failure.kind().name();
        let error = match failure.kind() {
            ServiceKind::Timeout => Self::timeout(failure.service()),
            ServiceKind::NotConfigured => Self::internal(code, failure.to_string()),
            _ => Self::upstream(failure.service(), failure.status(), code),
        };
        let error = match failure.retry_after() {
            Some(after) => error.with_retry_after(after),
            None => error,
        };
        error.with_upstream_request_id(failure.request_id()).with_source(failure)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_decide_statuses() {
        let check = |error: &Error, status, exit, retryable| {
            assert_eq!((error.http_status(), error.exit_code(), error.is_retryable()), (status, exit, retryable));
        };
        check(&Error::client(404, "not_found", ""), 404, 65, false);
        check(&Error::client(429, "too_many_requests", ""), 429, 65, true);
        check(&Error::upstream("objectstorage", Some(500), "broken"), 502, 69, true);
        check(&Error::timeout("handler"), 504, 75, true);
        check(&Error::internal("panic", "x"), 500, 70, false);
    }

    #[test]
    fn the_inside_stays_inside() {
        let error = Error::internal("bad_state", "token abc").with_source(std::io::Error::other("secret path"));
        for text in [error.to_body("r").to_string(), error.to_problem("r").to_string(), error.to_string()] {
            assert!(!text.contains("abc") && !text.contains("secret"), "{text}");
        }
        assert_eq!(error.log_text(), "internal error: token abc: secret path");
    }

    #[test]
    fn client_texts_are_bounded() {
        let error = Error::invalid_request("ä".repeat(1000)).at("k".repeat(1000)).with_detail("d".repeat(1000));
        assert!(error.message().len() <= MAX_CLIENT_TEXT && error.message().ends_with('…'), "{error}");
        assert!(error.path().unwrap().len() <= MAX_CLIENT_TEXT);
        assert!(error.log_text().len() <= MAX_CLIENT_TEXT);
        assert_eq!(Error::invalid_request("ä".repeat(150)).message(), "ä".repeat(150));
        assert!(Error::internal("bad", "d".repeat(1000)).log_text().len() > 1000);
    }

    #[test]
    fn only_upstream_errors_say_when_to_come_back() {
        let after = Duration::from_millis(1500);
        let error = Error::upstream("s", Some(429), "throttled").with_retry_after(after);
        assert_eq!((error.http_status(), error.retry_after_seconds()), (503, Some(2)));
        assert_eq!(Error::timeout("x").with_retry_after(after).retry_after_seconds(), None);
    }

    #[test]
    fn failures_of_services() {
        let failure = |kind| ServiceFailure::new(kind, "monitoring", "PostMetricData", "secret detail");
        let check = |kind, status, code: &str| {
            let error = Error::from(failure(kind).with_request_id(Some("opc-1".to_owned())));
            assert_eq!((error.http_status(), error.code()), (status, code));
            assert!(
                !error.to_string().contains("detail") && error.log_text().contains("PostMetricData: secret detail")
            );
        };
        check(ServiceKind::NotFound, 502, "service_not_found");
        check(ServiceKind::Unavailable, 502, "service_unavailable");
        check(ServiceKind::Timeout, 504, "timeout");
        check(ServiceKind::NotConfigured, 500, "service_not_configured");
        let throttled = failure(ServiceKind::Throttled).with_retry_after(Some(Duration::from_secs(3)));
        let throttled = Error::from(throttled.with_request_id(Some("opc-1".to_owned())));
        assert_eq!((throttled.http_status(), throttled.retry_after_seconds()), (503, Some(3)));
        let Kind::Upstream { upstream_request_id, .. } = throttled.kind() else { panic!("{throttled:?}") };
        assert_eq!(upstream_request_id.as_deref(), Some("opc-1"));
    }

    #[test]
    fn wrong_input_is_located() {
        let error = Error::invalid_request("not a number").at("config.max_objects");
        assert_eq!(error.to_body("r")["error"]["path"], "config.max_objects");
        assert_eq!(error.to_problem("r")["errors"][0]["path"], "config.max_objects");
        assert_eq!(error.to_problem("r")["title"], "Bad Request");
    }
}

//! What a handler knows about a call besides its request.

use std::fmt;

use http::HeaderMap;

use crate::invocation::header_names;
use crate::{Budget, HttpRequest, Kind, Metrics};

/// Ids as they arrived; they go into every log line and into outgoing calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// W3C `traceparent`, passed on as it came.
    pub traceparent: Option<String>,
    /// Trace id: from `traceparent`, else from B3.
    pub trace_id: Option<String>,
    /// AWS X-Ray header.
    pub xray: Option<String>,
    /// The platform's id of this call: `Fn-Call-Id`, or the request id of Lambda.
    pub call_id: Option<String>,
    /// `opc-request-id`, which support of OCI asks for.
    pub opc_request_id: Option<String>,
}

impl Trace {
    /// Reads `traceparent`, then B3, from a request's headers.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        let traceparent = text("traceparent").filter(|value| trace_id_of(value).is_some());
        let trace_id = traceparent.as_deref().and_then(trace_id_of).map(str::to_owned);
        let trace_id = trace_id.or_else(|| text("x-b3-traceid").filter(|id| is_hex(id)));
        let opc_request_id = text("opc-request-id").filter(|id| id.len() <= 256);
        Self { traceparent, trace_id, xray: text("x-amzn-trace-id"), call_id: None, opc_request_id }
    }

    /// The platform's ids, and the client's where the platform gives none. The client's `traceparent` is
    /// passed on all the same: it is the client's trace that outgoing calls belong to.
    pub(crate) fn over(self, client: Self) -> Self {
        Self {
            traceparent: client.traceparent.or(self.traceparent),
            trace_id: self.trace_id.or(client.trace_id),
            xray: self.xray.or(client.xray),
            call_id: self.call_id.or(client.call_id),
            opc_request_id: self.opc_request_id.or(client.opc_request_id),
        }
    }
}

/// `00-<32 hex>-<16 hex>-<2 hex>`
fn trace_id_of(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let well_formed = version.len() == 2 && trace.len() == 32 && span.len() == 16;
    (well_formed && is_hex(trace) && is_hex(span)).then_some(trace)
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// One call's circumstances. Its Debug form shows names of headers only. Tests make one with [`Context::new`]
/// and set what they need.
#[derive(Clone)]
#[non_exhaustive]
pub struct Context {
    /// What kind of call this is.
    pub kind: Kind,
    /// Id to quote to whoever asks: the caller's `X-Request-Id`, else the platform's id.
    pub request_id: String,
    /// The call's headers; empty where the host has none.
    pub headers: HeaderMap,
    /// The HTTP request, on gateway calls.
    pub http: Option<HttpRequest>,
    /// Trace ids.
    pub trace: Trace,
    /// Time for this call.
    pub budget: Budget,
    /// Whether this is the first call of the process.
    pub cold_start: bool,
    /// What a messaging or event service calls the message that is being handled, to recognise one that is
    /// delivered twice; `None` where no service gave an id. It is at most 512 bytes, without control characters.
    ///
    /// It is the id of the innermost service: of an S3 event in an SNS notification in an SQS message it is that
    /// of SNS, because S3 names none and SQS may hold the same notification twice.
    ///
    /// | message | id |
    /// |---|---|
    /// | SQS | `messageId` |
    /// | SNS | `MessageId` |
    /// | EventBridge, schedules included | `id` |
    /// | API Gateway WebSocket | `requestContext.messageId` |
    /// | OCI Events | `eventID` |
    /// | OCI alarm | `dedupeKey#timestampEpochMillis` |
    /// | OCI Notifications, anything else | header `X-OCI-NS-MessageId` |
    /// | CloudEvents 1.0, OCI Logging | `source#id` |
    /// | OCI Streaming | `stream#partition#offset` |
    ///
    /// A message that holds several things to do gives each of them `id#0`, `id#1` and so on.
    pub message_id: Option<String>,
    /// Takes measurements of this call.
    pub metrics: Metrics,
}

impl Context {
    /// A call without headers, ids of its platform, message or recorded metrics.
    #[must_use]
    pub fn new(kind: Kind, request_id: impl Into<String>, budget: Budget) -> Self {
        Self {
            kind,
            request_id: request_id.into(),
            headers: HeaderMap::new(),
            http: None,
            trace: Trace::default(),
            budget,
            cold_start: false,
            message_id: None,
            metrics: Metrics::default(),
        }
    }

    /// The platform's id of this call: `Fn-Call-Id`, or the request id of Lambda.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        self.trace.call_id.as_deref()
    }

    /// `opc-request-id` of the call, on OCI.
    #[must_use]
    pub fn opc_request_id(&self) -> Option<&str> {
        self.trace.opc_request_id.as_deref()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("kind", &self.kind)
            .field("request_id", &self.request_id)
            .field("headers", &header_names(&self.headers))
            .field("http", &self.http)
            .field("call_id", &self.trace.call_id)
            .field("message_id", &self.message_id)
            .field("budget", &self.budget)
            .field("cold_start", &self.cold_start)
            .finish_non_exhaustive()
    }
}

/// The caller's id when it is harmless in logs and headers: 1 to 64 characters of `[A-Za-z0-9._-]`.
pub(crate) fn caller_request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    ((1..=64).contains(&id.len()) && id.bytes().all(harmless)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let value = HeaderValue::from_str(value).unwrap();
        [(HeaderName::from_static(name), value)].into_iter().collect()
    }

    #[test]
    fn harmless_request_ids_are_kept() {
        let check = |value: &str, kept: bool| {
            let id = caller_request_id(&headers("x-request-id", value));
            assert_eq!(id.is_some(), kept, "{value}");
        };
        check("a.b_c-1", true);
        check("", false);
        check("a b", false);
        check("{\"x\":1}", false);
        check(&"a".repeat(64), true);
        check(&"a".repeat(65), false);
    }

    #[test]
    fn the_platform_wins_over_the_client() {
        let mut platform = headers("x-b3-traceid", "aaaa");
        platform.insert("opc-request-id", HeaderValue::from_static("opc-1"));
        let trace = Trace::read(&platform).over(Trace::read(&headers("x-b3-traceid", "bbbb")));
        assert_eq!((trace.trace_id.as_deref(), trace.opc_request_id.as_deref()), (Some("aaaa"), Some("opc-1")));
        let trace = Trace::default().over(Trace::read(&headers("x-b3-traceid", "bbbb")));
        assert_eq!(trace.trace_id.as_deref(), Some("bbbb"));
    }

    #[test]
    fn debug_shows_names_of_headers_only() {
        let secret = headers("authorization", "hidden-value");
        let http = HttpRequest {
            query: vec![("token".to_owned(), "hidden-value".to_owned())],
            headers: secret.clone(),
            ..HttpRequest::default()
        };
        let budget = Budget::unlimited(std::time::Instant::now());
        let context = Context { headers: secret, http: Some(http), ..Context::new(Kind::Http, "r", budget) };
        let shown = format!("{context:?}");
        assert!(shown.contains("authorization") && shown.contains("token"), "{shown}");
        assert!(!shown.contains("hidden-value"), "{shown}");
    }

    #[test]
    fn traceparent_wins_over_b3() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let mut both = headers("traceparent", &format!("00-{id}-00f067aa0ba902b7-01"));
        both.insert("x-b3-traceid", HeaderValue::from_static("463ac35c9f6413ad"));
        assert_eq!(Trace::read(&both).trace_id.as_deref(), Some(id));
        assert_eq!(Trace::read(&headers("x-b3-traceid", "463ac")).trace_id.as_deref(), Some("463ac"));
        assert_eq!(Trace::read(&headers("traceparent", "00-zz-1-1")), Trace::default());
    }
}

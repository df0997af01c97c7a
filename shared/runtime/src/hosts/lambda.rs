//! AWS Lambda: the binary is a bootstrap that asks the Runtime API for work.

use std::fmt;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, header};
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::{App, EXIT_CONFIG, StartError, http_reply, new_request_id, runtime};
use crate::context::{Trace, caller_request_id};
use crate::events::{Detected, Style, aws_reply, detect};
use crate::invocation::{Invocation, Kind};
use crate::{Budget, Error, MAX_BODY_BYTES, Reply};

/// Longest run of a Lambda function.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// What a gateway's caller can wait for: API Gateway waits 29 s for an integration of a REST or WebSocket API and 30 s
/// for one of an HTTP API (Amazon API Gateway, "Quotas"), and no longer whatever the function's timeout is.
const GATEWAY_WAITS: Duration = Duration::from_secs(29);
/// What the host of a function URL contains. No gateway is in front of it.
const FUNCTION_URL: &str = ".lambda-url.";
/// Variables without which the library would panic.
const REQUIRED: [&str; 3] =
    ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"];

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unusable(String);

pub(super) fn run(app: App) -> Result<(), StartError> {
    check_environment().map_err(|error| StartError::config(&error))?;
    let app = Arc::new(app);
    let handler = move |event: LambdaEvent<Value>| {
        let app = Arc::clone(&app);
        async move { app.lambda(event).await }
    };
    // The last error of the loop; the platform starts a new process.
    let outcome = runtime()?.block_on(Runtime::new(service_fn(handler)).run());
    outcome.map_err(|error| StartError::new("runtime_api", &*error))
}

fn check_environment() -> Result<(), Unusable> {
    let missing: Vec<_> = REQUIRED.into_iter().filter(|name| std::env::var(name).is_err()).collect();
    if !missing.is_empty() {
        return Err(Unusable(format!("{} must be set by the platform", missing.join(", "))));
    }
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    if api.contains('/') && !api.contains("://") {
        return Err(Unusable(format!("AWS_LAMBDA_RUNTIME_API is {api:?}; with a path it needs a scheme")));
    }
    Ok(())
}

/// A failure as Lambda shows it: a stable type and the external message.
struct Failure(Error);

/// The library logs failures by their Debug form; the whole of it stands at the invocation's end already.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reported to Lambda as {}", self.0.code())
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.0.code().to_owned(), error_message: failure.0.to_string() }
    }
}

impl App {
    async fn lambda(&self, event: LambdaEvent<Value>) -> Result<Box<RawValue>, Failure> {
        let (payload, context) = event.into_parts();
        let Detected { kind, work, http } = detect(payload);
        let (http, style) = http.unzip();
        let headers = http.as_ref().map(|request| request.headers.clone()).unwrap_or_default();
        let call_id = Some(context.request_id).filter(|id| !id.is_empty());
        let request_id = caller_request_id(&headers).or_else(|| call_id.clone()).unwrap_or_else(new_request_id);
        let trace = trace(&headers, context.xray_trace_id);
        let budget = self.lambda_budget(context.deadline, longest(style, &headers));
        let id = request_id.clone();
        let invocation = Invocation { kind, work, headers, http, request_id, call_id, trace, budget };
        let outcome = self.service.call(invocation).await;
        match style {
            Some(style) => http_response(style, &outcome.and_then(check_size), &id),
            None => plain_response(outcome, kind, &id),
        }
    }

    fn lambda_budget(&self, deadline_ms: u64, longest: Duration) -> Budget {
        budget(deadline_ms, longest, Duration::from_secs(self.common.default_timeout_seconds))
    }
}

/// Until Lambda's deadline, in milliseconds since 1970, but at most `longest`; `fallback` stands for a deadline that
/// cannot be meant.
fn budget(deadline_ms: u64, longest: Duration, fallback: Duration) -> Budget {
    let deadline = SystemTime::UNIX_EPOCH + Duration::from_millis(deadline_ms.min(1 << 48));
    Budget::until(Instant::now(), deadline, SystemTime::now(), longest, fallback.min(longest))
}

/// How long somebody waits for the answer to a call with these headers.
fn longest(style: Option<Style>, headers: &HeaderMap) -> Duration {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match style {
        Some(Style::V1 | Style::V2) if !host.contains(FUNCTION_URL) => GATEWAY_WAITS,
        _ => LONGEST,
    }
}

/// Lambda refuses a larger reply. Direct callers then get its own `Function.ResponseSizeTooLarge`; through
/// a gateway that would be an opaque 502, so the caller gets an answer of ours.
fn check_size(reply: Reply) -> Result<Reply, Error> {
    let bytes = reply.text().len();
    if bytes <= MAX_BODY_BYTES {
        return Ok(reply);
    }
    let error =
        Error::internal("response_too_large", format!("the reply has {bytes} bytes, the limit is {MAX_BODY_BYTES}"));
    tracing::error!(code = error.code(), error = error.log_text(), "the reply cannot be sent");
    Err(error)
}

fn trace(headers: &HeaderMap, xray: Option<String>) -> Trace {
    let trace = Trace::read(headers);
    Trace { xray: xray.or(trace.xray), ..trace }
}

/// HTTP callers get every error as a status: a failed invocation would become an opaque 502.
fn http_response(style: Style, outcome: &Result<Reply, Error>, id: &str) -> Result<Box<RawValue>, Failure> {
    let reply = http_reply::of(outcome, id);
    let retry_after = reply.retry_after.map(|seconds| seconds.to_string());
    let mut headers = vec![("content-type", reply.content_type), ("x-request-id", id)];
    headers.extend(retry_after.as_deref().map(|seconds| ("retry-after", seconds)));
    raw(&aws_reply(style, reply.status, &headers, &reply.body))
}

/// A client error is an answer to those who wait for one. Events and schedules come from services that do not:
/// for them, as anything else for everyone, it fails the invocation, so that retries and dead-letter queues work.
fn plain_response(outcome: Result<Reply, Error>, kind: Kind, id: &str) -> Result<Box<RawValue>, Failure> {
    match outcome {
        Ok(reply) if reply.reports_items => raw(&item_failures(&reply)),
        Ok(reply) if reply.fails_call() => {
            let count = reply.failed_items().len();
            Err(Failure(Error::internal("batch_failed", format!("{count} messages failed"))))
        }
        Ok(reply) => Ok(reply.body),
        Err(error) if error.is_client() && !is_async(kind) => raw(&error.to_body(id)),
        Err(error) => Err(Failure(error)),
    }
}

/// Whether the caller is a service that drops the answer.
fn is_async(kind: Kind) -> bool {
    matches!(kind, Kind::Event | Kind::Tick)
}

fn item_failures(reply: &Reply) -> Value {
    let failures = reply.failed_items().iter().map(|id| json!({ "itemIdentifier": id }));
    json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
}

fn raw(value: &Value) -> Result<Box<RawValue>, Failure> {
    to_raw_value(value).map_err(|error| Failure(Error::internal("reply_not_json", error.to_string())))
}

/// Tells Lambda why the function did not start; otherwise callers see only `Runtime.ExitError`.
pub(super) fn report_init_error(error: &StartError) {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    // The names of wrong settings help whoever calls; anything else stays in the log.
    let message = if error.exit == EXIT_CONFIG { &error.text } else { "the function cannot start; its log says why" };
    let body = json!({ "errorType": format!("Runtime.{}", error.code), "errorMessage": message, "stackTrace": [] });
    if let Err(failure) = post_init_error(&api, &body.to_string()) {
        tracing::warn!(error = failure.to_string(), "Lambda could not be told");
    }
}

fn post_init_error(api: &str, body: &str) -> std::io::Result<()> {
    let api = api.strip_prefix("http://").unwrap_or(api).trim_end_matches('/');
    let (address, path) = api.split_once('/').map_or((api, String::new()), |(host, path)| (host, format!("/{path}")));
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let length = body.len();
    write!(
        stream,
        "POST {path}/2018-06-01/runtime/init/error HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: Runtime.InitError\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Error {
        Error::client(422, "unsupported_event", "not mine")
    }

    #[test]
    fn client_errors_of_events_fail_the_invocation() {
        assert!(plain_response(Err(client()), Kind::Direct, "r").is_ok());
        for kind in [Kind::Event, Kind::Tick] {
            let failure = plain_response(Err(client()), kind, "r").unwrap_err();
            assert_eq!(Diagnostic::from(failure).error_type, "unsupported_event");
        }
    }

    #[test]
    fn failed_items_are_listed_or_fail_the_invocation() {
        let batch = |reports_items| {
            let reply = Reply::json(&json!({})).unwrap();
            plain_response(Ok(Reply { failed_items: vec!["a".to_owned()], reports_items, ..reply }), Kind::Batch, "r")
        };
        assert_eq!(batch(true).unwrap().get(), "{\"batchItemFailures\":[{\"itemIdentifier\":\"a\"}]}");
        assert_eq!(Diagnostic::from(batch(false).unwrap_err()).error_type, "batch_failed");
    }

    #[test]
    fn a_reply_over_the_limit_is_an_error_with_a_name() {
        let reply = |bytes: usize| check_size(Reply::json(&"a".repeat(bytes)).unwrap());
        assert!(reply(MAX_BODY_BYTES - 2).is_ok());
        assert_eq!(reply(MAX_BODY_BYTES).unwrap_err().code(), "response_too_large");
    }

    #[test]
    fn a_gateway_is_answered_before_it_gives_up() {
        let check = |style, host: &str, expected: Duration| {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(longest(style, &headers), expected, "{style:?} {host}");
        };
        check(Some(Style::V1), "a1.execute-api.us-east-1.amazonaws.com", GATEWAY_WAITS);
        check(Some(Style::V2), "api.example.com", GATEWAY_WAITS);
        check(Some(Style::V2), "a1.lambda-url.us-east-1.on.aws", LONGEST);
        check(Some(Style::Alb), "balancer.example.com", LONGEST);
        check(None, "", LONGEST);
        assert_eq!(longest(Some(Style::V1), &HeaderMap::new()), GATEWAY_WAITS, "a host that is not told");
    }

    #[test]
    fn the_nearer_deadline_counts() {
        let check = |seconds: u64, longest: Duration, fallback: u64, expected: u64| {
            let deadline =
                SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_secs(seconds);
            let deadline = u64::try_from(deadline.as_millis()).unwrap();
            let total = budget(deadline, longest, Duration::from_secs(fallback)).remaining().unwrap();
            let below = Duration::from_secs(expected).saturating_sub(total);
            // The clock moves on; whole seconds are what is compared.
            assert!(below < Duration::from_secs(1), "{seconds}: {total:?}");
            assert!(total <= Duration::from_secs(expected), "{seconds}: {total:?}");
        };
        check(300, GATEWAY_WAITS, 30, 29);
        check(10, GATEWAY_WAITS, 30, 10);
        check(300, LONGEST, 30, 300);
        check(3600, LONGEST, 30, 900);
        // An emulator's deadline of a month.
        check(30 * 24 * 3600, GATEWAY_WAITS, 30, 29);
        check(30 * 24 * 3600, LONGEST, 30, 30);
    }

    #[test]
    fn http_replies_say_when_to_come_back() {
        let error = Error::upstream("s", Some(429), "throttled").with_retry_after(Duration::from_secs(3));
        let reply = http_response(Style::V2, &Err(error), "r").unwrap();
        let reply: Value = serde_json::from_str(reply.get()).unwrap();
        assert_eq!((&reply["statusCode"], &reply["headers"]["retry-after"]), (&json!(503), &json!("3")));
    }
}

//! Lambda's `Invoke`. The function runs as a Lambda process behind a Runtime API, so that the event, the
//! reply and every failure mean what they mean on Lambda.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::lambda_name::FunctionName;
use super::{Api, DEFAULT_REGION, header, read_body};
use crate::cloud::Deployment;
use crate::failure::{Failure, FailureKind};
use crate::ids;
use crate::supervisor::lambda_worker::{LambdaReply, LambdaRequest};
use crate::supervisor::runtime_api::Event;

/// Largest payload of an asynchronous call.
const MAX_EVENT_BYTES: usize = 1024 * 1024;
/// Largest log tail.
const MAX_LOG_BYTES: usize = 4 * 1024;
/// Largest client context, in its encoded form.
const MAX_CONTEXT_BYTES: usize = 3583;

#[derive(Debug, Deserialize)]
pub(super) struct Qualifier {
    #[serde(rename = "Qualifier")]
    qualifier: Option<String>,
}

/// A refused call: status, error type, message.
struct Refused(StatusCode, &'static str, String);

impl Refused {
    fn invalid(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, kind, message) = self;
        let side = if status.is_server_error() { "Service" } else { "User" };
        let body = json!({ "Type": side, "Message": message, "message": message }).to_string();
        (status, [("x-amzn-errortype", kind), ("content-type", "application/json")], body).into_response()
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            FailureKind::Busy => {
                Self(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.".to_owned())
            }
            _ => Self(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", failure.to_string()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

pub(super) async fn invoke(
    State(api): State<Api>,
    Path(name): Path<String>,
    Query(query): Query<Qualifier>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let request_id = ids::uuid();
    let outcome = answer(&api, &name, query.qualifier, &headers, body, &request_id).await;
    let mut response = outcome.unwrap_or_else(Refused::into_response);
    put(&mut response, "x-amzn-requestid", &request_id);
    response
}

async fn answer(
    api: &Api,
    name: &str,
    qualifier: Option<String>,
    headers: &HeaderMap,
    body: Body,
    request_id: &str,
) -> Result<Response, Refused> {
    let (function, name) = find(api, name, qualifier)?;
    let kind = invocation_type(headers)?;
    let payload = payload(body, kind).await?;
    let event = event(headers, payload, &name, request_id)?;
    match kind {
        InvocationType::DryRun => Ok(StatusCode::NO_CONTENT.into_response()),
        InvocationType::Event => {
            function.accept(event)?;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        InvocationType::RequestResponse => {
            let wants_log = header(headers, "x-amz-log-type").is_some_and(|kind| kind.eq_ignore_ascii_case("Tail"));
            let process = function.lambda_process().await?;
            Ok(response(process.run(LambdaRequest { event, wants_log }).await?, wants_log))
        }
    }
}

fn find<'a>(api: &'a Api, text: &str, qualifier: Option<String>) -> Result<(&'a Deployment, FunctionName), Refused> {
    let parsed = FunctionName::parse(text);
    let Some(mut name) = parsed else { return Err(Refused::invalid(format!("{text:?} is not a function name"))) };
    name.qualifier = name.qualifier.or(qualifier);
    match api.cloud.get(&name.name).filter(|_| name.is_latest()) {
        Some(function) => Ok((function, name)),
        None => {
            let message = format!("Function not found: {}", name.arn(DEFAULT_REGION));
            Err(Refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", message))
        }
    }
}

fn invocation_type(headers: &HeaderMap) -> Result<InvocationType, Refused> {
    match header(headers, "x-amz-invocation-type").unwrap_or("RequestResponse") {
        "RequestResponse" => Ok(InvocationType::RequestResponse),
        "Event" => Ok(InvocationType::Event),
        "DryRun" => Ok(InvocationType::DryRun),
        other => Err(Refused::invalid(format!("{other:?} is no InvocationType: RequestResponse, Event or DryRun"))),
    }
}

/// Nothing counts as an empty object.
async fn payload(body: Body, kind: InvocationType) -> Result<Bytes, Refused> {
    let body = read_body(body).await.map_err(|_| Refused::invalid("the request body is incomplete"))?;
    let limit = if kind == InvocationType::Event { MAX_EVENT_BYTES } else { super::MAX_REQUEST_BYTES };
    let Some(body) = body.filter(|body| body.len() <= limit) else {
        let message = format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
        return Err(Refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message));
    };
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<IgnoredAny>(&body) {
        Ok(_) => Ok(body),
        Err(error) => {
            let message = format!("Could not parse request body into json: {error}");
            Err(Refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message))
        }
    }
}

fn event(headers: &HeaderMap, body: Bytes, name: &FunctionName, request_id: &str) -> Result<Event, Refused> {
    let trace_id = header(headers, "x-amzn-trace-id").map_or_else(new_trace, str::to_owned);
    let client_context = header(headers, "x-amz-client-context").map(client_context).transpose()?;
    Ok(Event { request_id: request_id.to_owned(), body, arn: name.arn(DEFAULT_REGION), trace_id, client_context })
}

fn client_context(encoded: &str) -> Result<String, Refused> {
    let decoded = BASE64.decode(encoded).ok().filter(|_| encoded.len() <= MAX_CONTEXT_BYTES);
    let value = decoded.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    // Written anew it has no line breaks, which a header could not hold.
    let value = value.map(|value| value.to_string());
    value.ok_or_else(|| Refused::invalid("X-Amz-Client-Context must be JSON in base64, at most 3583 bytes"))
}

fn new_trace() -> String {
    let id = ids::uuid().replace('-', "");
    let seconds = jiff::Timestamp::now().as_second();
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &id[..24], &id[8..24])
}

fn response(reply: LambdaReply, wants_log: bool) -> Response {
    let mut response = Response::new(Body::from(reply.payload));
    put(&mut response, "content-type", "application/json");
    put(&mut response, "x-amz-executed-version", "$LATEST");
    if reply.is_error {
        put(&mut response, "x-amz-function-error", "Unhandled");
    }
    if wants_log {
        put(&mut response, "x-amz-log-result", &BASE64.encode(tail(&reply.log)));
    }
    response
}

/// The last 4 KB.
fn tail(lines: &[String]) -> Vec<u8> {
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes();
    let from = text.len().saturating_sub(MAX_LOG_BYTES);
    text[from..].to_vec()
}

fn put(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

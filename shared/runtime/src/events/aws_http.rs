//! HTTP requests as AWS sends them to a function: API Gateway 1.0 and 2.0, WebSocket, function URLs, load
//! balancers; and the replies that each of them understands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value, json};

use super::{Detected, decode_form, id_at, text};
use crate::invocation::{HttpRequest, Kind, Payload, Task, Work};

/// Form of the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// REST API, HTTP API with format 1.0, WebSocket API.
    V1,
    /// HTTP API with format 2.0, function URL.
    V2,
    /// Application load balancer.
    Alb,
}

pub(super) fn detect(value: &Value) -> Option<Detected> {
    let context = value.get("requestContext")?;
    let is_v2 = value.get("version").and_then(Value::as_str) == Some("2.0") && context.get("http").is_some();
    let (style, request) = if is_v2 {
        (Style::V2, v2(value)?)
    } else if let Some(detected) = web_socket(value, context) {
        return Some(detected);
    } else if context.get("elb").is_some() {
        (Style::Alb, v1(value, true)?)
    } else {
        (Style::V1, v1(value, false)?)
    };
    Some(detected(request, style, Payload::Bytes(body(value)).into()))
}

fn detected(request: HttpRequest, style: Style, task: Task) -> Detected {
    Detected { kind: Kind::Http, work: Work::One(task), http: Some((request, style)) }
}

/// A WebSocket API. A message is a request; its reply reaches the client where the route has a route response.
/// Opening and closing a connection is no work: who may connect is up to the route's authorizer, as for HTTP,
/// and any status but 2xx would refuse the connection.
fn web_socket(value: &Value, context: &Value) -> Option<Detected> {
    let connection_id = context.get("connectionId")?.as_str()?.to_owned();
    let route = context.get("routeKey")?.as_str()?;
    let opens_or_closes = route == "$connect" || route == "$disconnect";
    let request = HttpRequest {
        method: if opens_or_closes { "GET" } else { "POST" }.to_owned(),
        path: route.to_owned(),
        query: v1_query(value, false),
        headers: v1_headers(value),
        connection_id: Some(connection_id),
    };
    let payload = if opens_or_closes { Payload::Ignored } else { Payload::Bytes(body(value)) };
    let message_id = id_at(context, "/messageId").map(str::to_owned);
    Some(detected(request, Style::V1, Task::new(message_id, payload)))
}

/// Text that is not the base64 it claims to be is passed on; reading it as a request reports the error.
fn body(value: &Value) -> Bytes {
    let text = value.get("body").and_then(Value::as_str).unwrap_or_default();
    let encoded = value.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or(false);
    let decoded = if encoded { STANDARD.decode(text).ok() } else { None };
    decoded.unwrap_or_else(|| text.as_bytes().to_vec()).into()
}

fn v2(value: &Value) -> Option<HttpRequest> {
    let query = value.get("rawQueryString").and_then(Value::as_str).unwrap_or_default();
    let mut headers = single_headers(value.get("headers"));
    if let Some(cookies) = value.get("cookies").and_then(Value::as_array) {
        let cookies: Vec<_> = cookies.iter().filter_map(Value::as_str).collect();
        add(&mut headers, header::COOKIE.as_str(), &cookies.join("; "));
    }
    let stage = text(value, "/requestContext/stage").filter(|stage| stage != "$default");
    Some(HttpRequest {
        method: text(value, "/requestContext/http/method")?.to_ascii_uppercase(),
        path: without_stage(&text(value, "/rawPath").unwrap_or_default(), stage.as_deref()),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers,
        connection_id: None,
    })
}

/// The path of format 2.0 starts with the stage, unless the stage is the default one.
fn without_stage(path: &str, stage: Option<&str>) -> String {
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path);
    if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }
}

fn v1(value: &Value, encoded_query: bool) -> Option<HttpRequest> {
    Some(HttpRequest {
        method: text(value, "/httpMethod")?.to_ascii_uppercase(),
        path: text(value, "/path").unwrap_or_else(|| "/".to_owned()),
        query: v1_query(value, encoded_query),
        headers: v1_headers(value),
        connection_id: None,
    })
}

fn v1_headers(value: &Value) -> HeaderMap {
    let multi = value.get("multiValueHeaders").filter(|map| map.is_object());
    multi.map_or_else(|| single_headers(value.get("headers")), multi_headers)
}

/// A load balancer leaves keys and values encoded as they came (Elastic Load Balancing, "Lambda functions as
/// targets"); API Gateway decodes them.
fn v1_query(value: &Value, encoded: bool) -> Vec<(String, String)> {
    let decode = |text: &str| if encoded { decode_form(text) } else { text.to_owned() };
    let multi = value.get("multiValueQueryStringParameters").and_then(Value::as_object);
    let single = value.get("queryStringParameters").and_then(Value::as_object);
    let mut pairs = Vec::new();
    for (key, values) in multi.or(single).into_iter().flatten() {
        let values = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        pairs.extend(values.iter().filter_map(Value::as_str).map(|text| (decode(key), decode(text))));
    }
    pairs
}

fn single_headers(map: Option<&Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in map.and_then(Value::as_object).into_iter().flatten() {
        add(&mut headers, name, value.as_str().unwrap_or_default());
    }
    headers
}

fn multi_headers(map: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in map.as_object().into_iter().flatten() {
        for value in values.as_array().into_iter().flatten() {
            add(&mut headers, name, value.as_str().unwrap_or_default());
        }
    }
    headers
}

/// A header that HTTP does not allow cannot have come from a client; it is left out.
fn add(headers: &mut HeaderMap, name: &str, value: &str) {
    let pair = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
    if let Some((name, value)) = pair {
        headers.append(name, value);
    }
}

/// An explicit reply object. Without one, a gateway guesses.
pub(crate) fn reply(style: Style, status: u16, headers: &[(&str, &str)], body: &str) -> Value {
    let single: Map<_, _> = headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut reply = json!({ "statusCode": status, "headers": single, "body": body, "isBase64Encoded": false });
    if style == Style::Alb {
        let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        reply["statusDescription"] = json!(format!("{status} {}", reason.unwrap_or("Unknown")));
        // A target group with multi-value headers reads only these, one without only the others.
        let multi: Map<_, _> = headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
        reply["multiValueHeaders"] = multi.into();
    }
    reply
}

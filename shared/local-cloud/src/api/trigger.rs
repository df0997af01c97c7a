//! HTTP triggers, `/t/<app>/<function>` and everything below: the function sees the request as a gateway
//! shows it, and sets status and headers of the response.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header as names};

use super::{APP, Api, error, failed, fn_api, fn_body, header};
use crate::ids;
use crate::supervisor::fn_wire::is_hop_by_hop;
use crate::supervisor::fn_worker::{FnReply, FnRequest};

const PREFIX: &str = "fn-http-h-";

pub(super) async fn call(State(api): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match fn_body(body).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let function = function_of(parts.uri.path()).and_then(|name| api.cloud.get(name));
    let Some(function) = function else { return error(StatusCode::NOT_FOUND, "Trigger not found") };
    let call_id = ids::call_id();
    let request = FnRequest { call_id: call_id.clone(), headers: gateway_headers(&parts, &api.base_url), body };
    match fn_api::call(function, request).await {
        Ok(reply) => gateway_response(reply, &call_id),
        Err(failure) => failed(&failure, &call_id),
    }
}

/// The path is taken as it came: neither dots nor escapes in it mean anything here.
fn function_of(path: &str) -> Option<&str> {
    let mut segments = path.strip_prefix("/t/")?.split('/');
    (segments.next()? == APP).then(|| segments.next())?
}

fn gateway_headers(parts: &Parts, base_url: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("fn-intent", "httprequest".to_owned());
    put("fn-http-method", parts.method.to_string());
    put("fn-http-request-url", absolute_url(parts, base_url));
    for (name, value) in &parts.headers {
        if let Some(name) = gateway_name(name) {
            headers.append(name, value.clone());
        }
    }
    headers
}

/// Under which name a client's header goes in, if it does. The length of the body is known to the function
/// only from here, for on the socket it comes in chunks.
fn gateway_name(name: &HeaderName) -> Option<HeaderName> {
    match name {
        name if name == names::CONTENT_TYPE => Some(name.clone()),
        name if name == names::HOST => None,
        name if is_hop_by_hop(name.as_str()) && name != names::CONTENT_LENGTH => None,
        name => HeaderName::try_from(format!("{PREFIX}{name}")).ok(),
    }
}

fn absolute_url(parts: &Parts, base_url: &str) -> String {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    match header(&parts.headers, "host") {
        Some(host) => format!("http://{host}{path}"),
        None => format!("{base_url}{path}"),
    }
}

/// Only what the function marked for the client, and the content type.
fn gateway_response(reply: FnReply, call_id: &str) -> Response {
    let status = header(&reply.headers, "fn-http-status").and_then(|status| status.trim().parse().ok());
    let status = status.filter(|status| (200..=999).contains(status)).unwrap_or(200_u16);
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    for (name, value) in &reply.headers {
        if name == names::CONTENT_TYPE {
            headers.insert(names::CONTENT_TYPE, value.clone());
        } else if let Some(name) = name.as_str().strip_prefix(PREFIX).filter(|name| !is_hop_by_hop(name))
            && let Ok(name) = HeaderName::try_from(name)
        {
            headers.append(name, value.clone());
        }
    }
    if let Ok(value) = HeaderValue::from_str(call_id) {
        headers.insert(HeaderName::from_static("fn-call-id"), value);
    }
    response
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;

    fn reply(headers: &[(&'static str, &'static str)]) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        gateway_response(FnReply { headers: map, body: Bytes::new() }, "id")
    }

    #[test]
    fn functions_are_found_by_the_second_segment() {
        let check = |path: &str, name: Option<&str>| assert_eq!(function_of(path), name, "{path}");
        check("/t/causeway/discovery-agent", Some("discovery-agent"));
        check("/t/causeway/discovery-agent/a/../b", Some("discovery-agent"));
        check("/t/causeway/../x", Some(".."));
        check("/t/causeway//x", Some(""));
        check("/t/other/x", None);
        check("/t/causeway", None);
    }

    #[test]
    fn statuses_outside_http_are_ignored() {
        let check = |status: &'static str, expected: u16| {
            assert_eq!(reply(&[("fn-http-status", status)]).status(), expected, "{status}");
        };
        check("404", 404);
        check(" 700 ", 700);
        ["99", "1000", "abc", "-5", "101"].iter().for_each(|status| check(status, 200));
    }

    #[test]
    fn only_marked_headers_come_back() {
        let response = reply(&[
            ("fn-http-h-x-dup", "1"),
            ("fn-http-h-x-dup", "2"),
            ("x-plain", "no"),
            ("fn-fdk-version", "no"),
            ("content-type", "text/plain"),
            ("fn-http-h-content-length", "99"),
            ("fn-http-h-transfer-encoding", "chunked"),
            ("fn-http-h-fn-call-id", "forged"),
            ("fn-http-h-", "nameless"),
        ]);
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let mut names: Vec<_> =
            response.headers().iter().map(|(name, value)| format!("{name}: {}", text(value))).collect();
        names.sort();
        assert_eq!(names, ["content-type: text/plain", "fn-call-id: id", "x-dup: 1", "x-dup: 2"]);
    }

    #[test]
    fn clients_cannot_forge_the_gateway() {
        let request = Request::get("http://x/t/causeway/f?q=1&q=2")
            .header("host", "my.host")
            .header("fn-intent", "cloudevent")
            .header("connection", "close")
            .header("content-type", "text/plain")
            .header("content-length", "5")
            .body(())
            .unwrap();
        let headers = gateway_headers(&request.into_parts().0, "http://base");
        let mut lines: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        let expected = [
            "content-type: text/plain",
            "fn-http-h-content-length: 5",
            "fn-http-h-fn-intent: cloudevent",
            "fn-http-method: GET",
            "fn-http-request-url: http://my.host/t/causeway/f?q=1&q=2",
            "fn-intent: httprequest",
        ];
        assert_eq!(lines, expected);
    }
}

//! What a handler answers, and how that travels through the agent.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::Full;
use serde::Serialize;

use crate::{BoxError, FDK_RUNTIME, FDK_VERSION};

const PREFIX: &str = "fn-http-h-";

/// A status that the front end would not survive: open-source Fn panics on 99 and 1000, and sends
/// 101 to 199 as informational.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("status {0} is outside 200 to 599")]
pub struct InvalidStatus(pub u16);

/// A header name or value that HTTP does not allow, such as one with a line break.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("header {name:?} has an invalid name or value")]
pub struct InvalidHeader {
    /// The name as given. The value may be a secret and is left out.
    pub name: String,
}

/// A complete answer: status and headers for a gateway's client, and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Response {
    /// Status 200 with these bytes and no `Content-Type` of its own (`application/octet-stream` is sent).
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self { status: 200, headers: HeaderMap::new(), body: body.into() }
    }

    /// Sets the status that a gateway's client gets. A plain invocation does not carry it.
    ///
    /// # Errors
    /// Statuses outside 200 to 599.
    pub fn status(mut self, status: u16) -> Result<Self, InvalidStatus> {
        if !(200..=599).contains(&status) {
            return Err(InvalidStatus(status));
        }
        self.status = status;
        Ok(self)
    }

    /// Adds a header; repeated names stay separate lines. `Content-Type` replaces the one before.
    ///
    /// Framing and hop-by-hop headers, `Fn-Call-Id`, `Fn-Http-Status` and `Fn-Fdk-*` belong to the
    /// transport and are not sent.
    ///
    /// # Errors
    /// Names and values that HTTP does not allow, such as those with CR or LF.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidHeader> {
        let invalid = || InvalidHeader { name: name.to_owned() };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid())?;
        if key == header::CONTENT_TYPE {
            self.headers.insert(key, value);
        } else {
            self.headers.append(key, value);
        }
        Ok(self)
    }

    /// Bytes of the body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The status for a gateway's client.
    #[must_use]
    pub fn status_code(&self) -> u16 {
        self.status
    }

    /// Headers set so far.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn with_type(body: impl Into<Bytes>, content_type: &'static str) -> Self {
        let mut response = Self::new(body);
        response.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }

    /// The wire form: always 200; the status and headers are wrapped on gateway calls.
    pub(crate) fn into_wire(mut self, gateway: bool) -> http::Response<Full<Bytes>> {
        let content_type = self.headers.remove(header::CONTENT_TYPE);
        let mut wire = http::Response::new(Full::new(self.body));
        let headers = wire.headers_mut();
        let fallback = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, content_type.unwrap_or(fallback));
        headers.insert("fn-fdk-version", HeaderValue::from_static(FDK_VERSION));
        headers.insert("fn-fdk-runtime", HeaderValue::from_static(FDK_RUNTIME));
        if gateway {
            headers.insert("fn-http-status", HeaderValue::from(self.status));
        }
        for (name, value) in &self.headers {
            if let Some(name) = wire_name(name, gateway) {
                headers.append(name, value.clone());
            }
        }
        wire
    }
}

/// The name under which a header leaves; `None` when it must not.
fn wire_name(name: &HeaderName, gateway: bool) -> Option<HeaderName> {
    let text = name.as_str();
    let bare = text.strip_prefix(PREFIX).unwrap_or(text);
    // A prefixed Content-Type beside the plain one: which of them wins is random in the agent.
    if is_transport(bare) || (bare.len() < text.len() && (bare.is_empty() || bare == "content-type")) {
        return None;
    }
    if !gateway || bare.len() < text.len() {
        return Some(name.clone());
    }
    HeaderName::from_bytes([PREFIX, text].concat().as_bytes()).ok()
}

fn is_transport(name: &str) -> bool {
    const HOP: [&str; 9] = [
        "connection",
        "content-length",
        "fn-call-id",
        "fn-http-status",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    HOP.contains(&name) || name.starts_with("proxy-") || name.starts_with("fn-fdk-")
}

/// Conversion of a handler's result into a [`Response`].
pub trait IntoResponse {
    /// Makes the response.
    ///
    /// # Errors
    /// When the value cannot be written, for instance as JSON.
    fn into_response(self) -> Result<Response, BoxError>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response, BoxError> {
        Ok(self)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Result<Response, BoxError> {
        Ok(Response::new(Bytes::new()))
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Result<Response, BoxError> {
        Ok(Response::new(self))
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Result<Response, BoxError> {
        Ok(Response::new(self))
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Result<Response, BoxError> {
        Ok(Response::with_type(self, "text/plain; charset=utf-8"))
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Result<Response, BoxError> {
        Ok(Response::with_type(self, "text/plain; charset=utf-8"))
    }
}

/// Answers with `T` as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Result<Response, BoxError> {
        Ok(Response::with_type(serde_json::to_vec(&self.0)?, "application/json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(headers: &[(&str, &str)], gateway: bool) -> Vec<String> {
        let mut response = Response::new("x");
        for (name, value) in headers {
            response = response.header(name, value).expect("header");
        }
        let wire = response.into_wire(gateway);
        let own = |name: &HeaderName| name.as_str().starts_with("fn-fdk-");
        let lines = wire.headers().iter().filter(|(name, _)| !own(name));
        let mut lines: Vec<_> = lines.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    #[test]
    fn plain_headers_pass_unprefixed() {
        assert_eq!(
            wire(&[("X-A", "1"), ("X-A", "2")], false),
            ["content-type: application/octet-stream", "x-a: 1", "x-a: 2"]
        );
    }

    #[test]
    fn gateway_headers_are_prefixed_once() {
        let headers =
            [("X-A", "1"), ("X-A", "2"), ("Fn-Http-H-B", "3"), ("Content-Type", "a/b"), ("Content-Type", "c/d")];
        assert_eq!(
            wire(&headers, true),
            ["content-type: c/d", "fn-http-h-b: 3", "fn-http-h-x-a: 1", "fn-http-h-x-a: 2", "fn-http-status: 200"]
        );
    }

    #[test]
    fn transport_headers_are_not_sent() {
        let names = [
            "Connection",
            "Keep-Alive",
            "Proxy-Authenticate",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
            "Content-Length",
            "Fn-Call-Id",
            "Fn-Http-Status",
            "Fn-Fdk-Runtime",
            "Fn-Http-H-Content-Length",
            "Fn-Http-H-Content-Type",
            "Fn-Http-H-",
        ];
        let headers: Vec<_> = names.iter().map(|name| (*name, "1")).collect();
        assert_eq!(wire(&headers, false), ["content-type: application/octet-stream"]);
        assert_eq!(wire(&headers, true), ["content-type: application/octet-stream", "fn-http-status: 200"]);
    }

    #[test]
    fn line_breaks_are_refused() {
        for (name, value) in [("X", "a\r\nSet-Cookie: b"), ("X\n", "a"), ("X", "a\0"), ("", "a"), ("X Y", "a")] {
            let expected = InvalidHeader { name: name.to_owned() };
            assert_eq!(Response::new("").header(name, value), Err(expected), "{name:?}");
        }
    }

    #[test]
    fn statuses_that_break_the_front_end_are_refused() {
        for status in [0, 99, 100, 103, 199, 600, 1000] {
            assert_eq!(Response::new("").status(status), Err(InvalidStatus(status)));
        }
        for status in [200, 204, 404, 502, 599] {
            assert_eq!(Response::new("").status(status).map(|response| response.status_code()), Ok(status));
        }
    }
}

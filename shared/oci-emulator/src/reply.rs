//! Building responses.

use axum::body::Body;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::error::Error;

/// What a handler gives back.
pub(crate) type Reply = Result<Response<Body>, Error>;

/// A body in JSON with status 200.
pub(crate) fn json(value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value).map_err(|e| Error::internal(e.to_string()))?;
    let mut response = Response::new(Body::from(body));
    // Exactly this: SDKs compare the whole value before they parse a body.
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// No body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    Ok(response)
}

/// No body, status 204.
pub(crate) fn no_content() -> Reply {
    empty(StatusCode::NO_CONTENT)
}

/// Changes to a response under construction; refusals pass through unchanged.
pub(crate) trait ReplyExt {
    /// Adds a header; a value that no header can carry is left out.
    fn header(self, name: &'static str, value: &str) -> Self;
    /// Adds a header when there is a value.
    fn maybe(self, name: &'static str, value: Option<&str>) -> Self;
    /// Sets the status.
    fn status(self, status: StatusCode) -> Self;
}

impl ReplyExt for Reply {
    fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(response) = &mut self
            && let Ok(value) = HeaderValue::from_bytes(value.as_bytes())
        {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self
    }

    fn maybe(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    fn status(mut self, status: StatusCode) -> Self {
        if let Ok(response) = &mut self {
            *response.status_mut() = status;
        }
        self
    }
}

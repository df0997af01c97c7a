//! What a service refuses, in OCI's form: a status, a stable code and a sentence.

use std::borrow::Cow;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::store::StoreError;

/// A refusal. Codes are those of Oracle's page "API Errors" and of the service in question.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub(crate) struct Error {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// One more response header, such as `content-range` on 416.
    pub(crate) header: Option<(&'static str, String)>,
}

impl Error {
    pub(crate) fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code: code.into(), message: message.into(), header: None }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.header = Some((name, value));
        self
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameter", message)
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::new(400, "MissingParameter", format!("Missing {name}"))
    }

    pub(crate) fn unparsable(message: impl Into<String>) -> Self {
        Self::new(400, "CannotParseRequest", message)
    }

    pub(crate) fn not_authenticated(message: impl Into<String>) -> Self {
        Self::new(401, "NotAuthenticated", message)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")
    }

    pub(crate) fn incorrect_state(message: impl Into<String>) -> Self {
        Self::new(409, "IncorrectState", message)
    }

    pub(crate) fn no_etag_match() -> Self {
        Self::new(412, "NoEtagMatch", "The if-match header does not match the etag of the resource.")
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalServerError", message)
    }

    /// The response; its content type is exactly `application/json`, which SDKs compare as a whole.
    pub(crate) fn into_response(self) -> Response<Body> {
        let body = json!({ "code": self.code, "message": self.message }).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the emulator's store failed");
        Self::internal("The emulator could not read or write its store.")
    }
}

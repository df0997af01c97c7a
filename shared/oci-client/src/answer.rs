//! A successful answer.

use bytes::Bytes;
use http::{HeaderMap, Response};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::{Cause, Error};

/// An answer with a status of 200 to 299.
pub(crate) struct Answer {
    service: &'static str,
    operation: &'static str,
    response: Response<Bytes>,
}

impl Answer {
    pub(crate) fn new(service: &'static str, operation: &'static str, response: Response<Bytes>) -> Self {
        Self { service, operation, response }
    }

    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub(crate) fn body(&self) -> &Bytes {
        self.response.body()
    }

    /// A header's text, when there is one that is not empty.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.header(name).map(str::to_owned)
    }

    /// An HTTP date.
    pub(crate) fn date(&self, name: &str) -> Option<Timestamp> {
        let date = httpdate::parse_http_date(self.header(name)?).ok()?;
        Timestamp::try_from(date).ok()
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.header(name).and_then(|text| text.parse().ok())
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.body()).map_err(|error| self.unusable(malformed(&error)))
    }

    /// The body as JSON; nothing when it is empty.
    pub(crate) fn maybe_json<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        if self.body().is_empty() { Ok(None) } else { self.json().map(Some) }
    }

    /// An error about this answer.
    pub(crate) fn unusable(&self, reason: impl Into<String>) -> Error {
        let (status, opc_request_id) = (self.status(), self.text("opc-request-id"));
        Error::new(self.service, self.operation, Cause::Answer { status, reason: reason.into(), opc_request_id })
    }

    pub(crate) fn required(&self, name: &str) -> Result<String, Error> {
        self.text(name).ok_or_else(|| self.unusable(format!("header {name} is missing")))
    }
}

/// Where the JSON is wrong, never what stands there: it may be a secret.
fn malformed(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data => "JSON of another shape",
        Category::Eof => "JSON that is cut off",
        Category::Syntax | Category::Io => "no JSON",
    };
    format!("{what} at line {}, column {}", error.line(), error.column())
}

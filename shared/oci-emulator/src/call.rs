//! One request as a handler sees it: routed, authenticated, its body checked.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::auth::Principal;
use crate::error::Error;
use crate::route::{Params, Route};

/// A request after authentication.
pub(crate) struct Call {
    pub(crate) route: &'static Route,
    pub(crate) params: Params,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) principal: Arc<Principal>,
    /// The service clock when the request arrived.
    pub(crate) now: Timestamp,
    /// Empty for a streamed operation.
    pub(crate) body: Bytes,
    /// How the client addressed this server, such as `http://127.0.0.1:8080`.
    pub(crate) base_url: String,
    /// The base64 SHA-256 that the signature vouches for, for a streamed operation.
    pub(crate) signed_sha256: Option<String>,
}

impl Call {
    /// A value of the path; the route's pattern has it.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
    }

    /// A query value; the first when it is repeated.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A query value that must be there and not be empty.
    pub(crate) fn required_query(&self, name: &str) -> Result<&str, Error> {
        self.query(name).filter(|value| !value.is_empty()).ok_or_else(|| Error::missing(name))
    }

    /// A query value that must be a number within bounds.
    pub(crate) fn number(&self, name: &str, range: std::ops::RangeInclusive<usize>) -> Result<Option<usize>, Error> {
        let Some(text) = self.query(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (low, high) = (range.start(), range.end());
        number.map(Some).ok_or_else(|| Error::invalid(format!("{name} must be a number from {low} to {high}.")))
    }

    /// How many entries a page may have. A larger wish is cut to what the service gives.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Error> {
        let Some(text) = self.query("limit") else { return Ok(default.min(most)) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a number of the machine has are a larger wish, too.
        let wish = if digits { text.parse().unwrap_or(usize::MAX) } else { 0 };
        let refused = || format!("limit must be a whole number from 1; a page has at most {most} entries.");
        (wish > 0).then_some(wish.min(most)).ok_or_else(|| Error::invalid(refused()))
    }

    /// `true` or `false` in the query; absent is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.query(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::invalid(format!("{name} must be true or false."))),
        }
    }

    /// A header's text; `None` when it is absent or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        parse_json(&self.body)
    }

    /// Refuses when `if-match` names another etag than the present one; `*` stands for any.
    pub(crate) fn check_if_match(&self, etag: &str) -> Result<(), Error> {
        match self.header("if-match") {
            Some(wanted) if !names_etag(wanted, etag) => Err(Error::no_etag_match()),
            _ => Ok(()),
        }
    }
}

/// Reads JSON; the refusal names the place.
pub(crate) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    if body.is_empty() {
        return Err(Error::unparsable("The request body is missing."));
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Error::invalid(format!("Invalid request body: {error}")),
        _ => Error::unparsable(format!("Incorrectly formatted request: {error}")),
    })
}

/// Whether a conditional header's value names the etag; quotes and several values are allowed.
pub(crate) fn names_etag(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim).any(|one| one == "*" || one.trim_matches('"') == etag)
}

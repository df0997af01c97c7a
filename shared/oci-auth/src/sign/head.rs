//! A request's head together with the headers that the signature adds.

use std::borrow::Cow;
use std::time::SystemTime;

use http::header::{self, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Uri};
use ring::digest::{SHA256, digest};

use super::fields::{DATE, HOST, X_DATE};
use super::{Body, CONTENT_SHA256, Fields, bad_value, unsignable, values};
use crate::Error;

/// Most headers that one signature sets.
const MOST: usize = 7;

pub(super) struct Head<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    present: &'a HeaderMap,
    /// Whether `x-date` stands for `date`.
    x_date: bool,
    added: Vec<(HeaderName, HeaderValue)>,
}

impl<'a> Head<'a> {
    pub(super) fn new(method: &'a Method, uri: &'a Uri, present: &'a HeaderMap, x_date: bool) -> Self {
        Self { method, uri, present, x_date, added: Vec::with_capacity(MOST) }
    }

    pub(super) fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.added.push((name, value));
    }

    pub(super) fn into_added(self) -> Vec<(HeaderName, HeaderValue)> {
        self.added
    }

    /// The one value that will be sent under this name.
    fn value(&self, name: &str) -> Result<&HeaderValue, Error> {
        if let Some((_, value)) = self.added.iter().find(|(added, _)| added.as_str() == name) {
            return Ok(value);
        }
        let mut values = self.present.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            (None, _) => Err(unsignable(format!("header {name} is missing"))),
            (Some(_), Some(_)) => Err(unsignable(format!("header {name} is there twice"))),
        }
    }

    /// The text to sign for a header.
    pub(super) fn text(&self, name: &str) -> Result<&str, Error> {
        values::visible(self.value(name)?.as_bytes()).ok_or_else(|| bad_value(name))
    }

    /// The name under which a field is signed in this request.
    pub(super) fn name<'f>(&self, field: &'f str) -> &'f str {
        if self.x_date && field == DATE { X_DATE } else { field }
    }

    /// Path and query as they are written on the wire: an empty path is sent as `/`, a fragment never.
    pub(super) fn target(&self) -> Result<(&'static str, &'a str), Error> {
        let text = self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unsignable("the URL is not percent-encoded: it has bytes that are not visible ASCII"));
        }
        match text.bytes().next() {
            Some(b'/') => Ok(("", text)),
            Some(b'?') | None => Ok(("/", text)),
            Some(_) => Err(unsignable("the URL has no path")),
        }
    }

    /// A request that brings its own date keeps it: what is sent is what is signed.
    pub(super) fn add_date(&mut self, fields: &Fields<'_>, now: SystemTime) -> Result<(), Error> {
        let signed = fields.iter().any(|field| self.name(field) == DATE);
        if signed && !self.present.contains_key(DATE) {
            let date = values::date(now);
            self.set(
                header::DATE,
                date.ok_or_else(|| unsignable("header date: the clock is outside of 1970 to 9999"))?,
            );
        }
        Ok(())
    }

    /// Host and port in lower case. Added also where it is not signed, because the transport would add it.
    pub(super) fn add_host(&mut self) -> Result<(), Error> {
        let authority = self.uri.authority().map(http::uri::Authority::as_str);
        if authority.is_some_and(|authority| authority.contains('@')) {
            return Err(unsignable("the URL carries user information"));
        }
        let present = if self.present.contains_key(HOST) { Some(self.text(HOST)?) } else { None };
        let text = present.or(authority).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| unsignable("header host is missing and the URL names none"))?;
        let has_upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
        let text = if has_upper { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
        if present.is_none() || has_upper {
            let value = HeaderValue::from_str(&text).map_err(|_| bad_value(HOST))?;
            self.set(header::HOST, value);
        }
        Ok(())
    }

    pub(super) fn set_content(&mut self, body: Body<'_>) {
        let (hash, len) = match body {
            Body::Hashed(bytes) => (values::base64(digest(&SHA256, bytes).as_ref()), bytes.len() as u64),
            Body::Precomputed { sha256, len } => (values::base64(&sha256), len),
            Body::None | Body::Exempt => (values::base64(digest(&SHA256, &[]).as_ref()), 0),
        };
        self.set(CONTENT_LENGTH, len.into());
        if !self.present.contains_key(CONTENT_TYPE) {
            self.set(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(hash) = hash {
            self.set(CONTENT_SHA256, hash);
        }
    }
}

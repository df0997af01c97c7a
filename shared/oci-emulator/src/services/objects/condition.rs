//! Conditional requests.

use axum::body::Body;
use http::{Response, StatusCode};

use super::model::Object;
use crate::call::{Call, names_etag};
use crate::error::Error;
use crate::reply::{ReplyExt, empty};

fn if_match_failed() -> Error {
    Error::new(412, "IfMatchFailed", "The If-Match header does not match the entity tag of the object.")
}

fn if_none_match_failed() -> Error {
    Error::new(412, "IfNoneMatchFailed", "The If-None-Match header is '*' but there is an existing entity.")
}

/// Conditions on what is about to be replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Precondition {
    /// Entity tag that the present object must have.
    pub(super) if_match: Option<String>,
    /// Whether there must be no object.
    pub(super) absent: bool,
}

impl Precondition {
    /// From the headers of a request that writes.
    pub(super) fn of(call: &Call) -> Result<Self, Error> {
        Self::new(call.header("if-match"), call.header("if-none-match"))
    }

    /// From the values of the two conditions.
    pub(super) fn new(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, Error> {
        match if_none_match {
            None | Some("*") => Ok(Self { if_match: if_match.map(str::to_owned), absent: if_none_match.is_some() }),
            Some(_) => Err(Error::invalid("If-None-Match can only be '*' here.")),
        }
    }

    /// Whether it holds for the present object.
    pub(super) fn check(&self, present: Option<&Object>) -> Result<(), Error> {
        if self.absent && present.is_some() {
            return Err(if_none_match_failed());
        }
        let matches = |wanted: &String| present.is_some_and(|object| names_etag(wanted, &object.etag));
        match &self.if_match {
            Some(wanted) if !matches(wanted) => Err(if_match_failed()),
            _ => Ok(()),
        }
    }
}

/// The condition of a request that changes a bucket.
pub(super) fn check_bucket(call: &Call, etag: &str) -> Result<(), Error> {
    let fits = call.header("if-match").is_none_or(|wanted| names_etag(wanted, etag));
    fits.then_some(()).ok_or_else(if_match_failed)
}

/// The conditions of a request that reads; gives the answer 304 when the client has the thing already.
pub(super) fn unchanged(call: &Call, etag: &str) -> Result<Option<Response<Body>>, Error> {
    if call.header("if-match").is_some_and(|wanted| !names_etag(wanted, etag)) {
        return Err(if_match_failed());
    }
    match call.header("if-none-match") {
        Some("*") => Err(Error::invalid("If-None-Match can not be '*' here.")),
        Some(known) if names_etag(known, etag) => empty(StatusCode::NOT_MODIFIED).header("etag", etag).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{Texts, Tier};
    use super::*;

    fn object(etag: &str) -> Object {
        Object {
            size: 0,
            etag: etag.to_owned(),
            md5: None,
            multipart_md5: None,
            texts: Texts::default(),
            tier: Tier::Standard,
            readable: None,
            created_ms: 0,
            modified_ms: 0,
            version: String::new(),
            body: Some(1),
            checksums: Vec::new(),
            customer_key: None,
        }
    }

    #[test]
    fn writes_are_conditional_on_the_present_object() {
        let check = |if_match: Option<&str>, none: Option<&str>, present: Option<&str>, code: Option<&str>| {
            let present = present.map(object);
            let result = Precondition::new(if_match, none).unwrap().check(present.as_ref());
            assert_eq!(result.err().map(|error| error.code.into_owned()).as_deref(), code, "{if_match:?} {none:?}");
        };
        check(None, None, None, None);
        check(None, None, Some("a"), None);
        check(Some("a"), None, Some("a"), None);
        check(Some("\"a\""), None, Some("a"), None);
        check(Some("a, b"), None, Some("b"), None);
        check(Some("*"), None, Some("a"), None);
        check(Some("*"), None, None, Some("IfMatchFailed"));
        check(Some("a"), None, None, Some("IfMatchFailed"));
        check(Some("a"), None, Some("b"), Some("IfMatchFailed"));
        check(None, Some("*"), None, None);
        check(None, Some("*"), Some("a"), Some("IfNoneMatchFailed"));
        assert!(Precondition::new(None, Some("a")).is_err());
    }
}

//! What a signature covers, by name.

use std::borrow::Cow;
use std::collections::HashSet;

use http::HeaderName;

use super::unsignable;
use crate::Error;

/// A header's name in lower case, or [`REQUEST_TARGET`].
pub(super) type Field = Cow<'static, str>;

/// The pseudo-header for method and target.
pub(super) const REQUEST_TARGET: &str = "(request-target)";
pub(super) const DATE: &str = "date";
/// Replaces `date` where a client cannot set that.
pub(super) const X_DATE: &str = "x-date";
pub(super) const HOST: &str = "host";

const fn known(name: &'static str) -> Field {
    Cow::Borrowed(name)
}

pub(super) const STANDARD: &[Field] = &[known(DATE), known(REQUEST_TARGET), known(HOST)];
pub(super) const WITHOUT_HOST: &[Field] = &[known(DATE), known(REQUEST_TARGET)];
pub(super) const OBO: &[Field] = &[known("opc-obo-token")];
pub(super) const CONTENT: &[Field] = &[known("content-length"), known("content-type"), known("x-content-sha256")];

pub(super) fn parse(names: &[&str]) -> Result<Vec<Field>, Error> {
    names.iter().map(|name| field(name)).collect()
}

fn field(name: &str) -> Result<Field, Error> {
    if name == REQUEST_TARGET {
        return Ok(known(REQUEST_TARGET));
    }
    let header = HeaderName::from_bytes(name.as_bytes());
    let header = header.map_err(|_| unsignable("a name in the list of signed headers is no header name"))?;
    Ok(Cow::Owned(header.as_str().to_owned()))
}

pub(super) fn unique(generic: &[Field], content: &[Field]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    if generic.iter().chain(content).all(|field| seen.insert(field)) {
        return Ok(());
    }
    Err(unsignable("a name is twice in the list of signed headers"))
}

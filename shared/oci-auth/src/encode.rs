//! Request targets: path templates filled in, queries built, every octet that RFC 3986 does not call unreserved
//! percent-encoded in upper case. What comes out is valid in an [`http::Uri`], is left alone by the URL types of
//! HTTP clients, and is signed as it is.
//!
//! ```
//! use causeway_oci_auth::encode::{Query, Slash, path};
//!
//! let names = [("ns", "axns"), ("bucket", "b"), ("object", "a/b c")];
//! let object = path("/n/{ns}/b/{bucket}/o/{object}", &names, Slash::Escape)?;
//! assert_eq!(object, "/n/axns/b/b/o/a%2Fb%20c");
//! let list = Query::new().text("prefix", "a b").flag("subtree", true).append_to("/n/axns/b/b/o");
//! assert_eq!(list, "/n/axns/b/b/o?prefix=a%20b&subtree=true");
//! # Ok::<(), causeway_oci_auth::encode::PathError>(())
//! ```

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

#[cfg(test)]
mod tests;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a path cannot be built. Messages name the template's parameter, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The template names a parameter that was not given.
    #[error("path parameter {0:?} is missing")]
    Missing(String),
    /// A parameter was given that the template does not name.
    #[error("the path has no parameter {0:?}")]
    Unknown(String),
    /// An empty value would make another path: `/b//o` instead of `/b/{bucket}/o`.
    #[error("path parameter {0:?} is empty")]
    Empty(String),
    /// A segment would be `.` or `..`. HTTP clients and proxies resolve those, escaped or not, and the request would
    /// reach something else. No escape saves a name that is nothing but dots.
    #[error("a path segment would be \".\" or \"..\", which is resolved on the way and would name something else")]
    DotSegment,
    /// The template is not one: a brace without its partner, no leading slash, or characters that are no URL.
    #[error("malformed path template")]
    Template,
}

/// What becomes of `/` in a path parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slash {
    /// It stays: for parameters that span segments. A value with a dot segment in it (`a/../b`) is escaped all the
    /// same; both forms name the same object.
    Keep,
    /// It becomes `%2F`: what Oracle's SDKs do for the names of Object Storage.
    Escape,
}

/// Fills in a template such as `/n/{namespaceName}/b/{bucketName}`.
///
/// # Errors
/// [`PathError`].
pub fn path(template: &str, parameters: &[(&str, &str)], slash: Slash) -> Result<String, PathError> {
    if !template.starts_with('/') || !template.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\\".contains(&byte))
    {
        return Err(PathError::Template);
    }
    let unknown = parameters.iter().find(|(name, _)| !template.contains(&format!("{{{name}}}")));
    if let Some((name, _)) = unknown {
        return Err(PathError::Unknown((*name).to_owned()));
    }
    let path = fill(template, parameters, slash)?;
    if path.split('/').any(is_dots) { Err(PathError::DotSegment) } else { Ok(path) }
}

fn fill(template: &str, parameters: &[(&str, &str)], slash: Slash) -> Result<String, PathError> {
    let mut path = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((text, tail)) = rest.split_once('{') {
        let (name, tail) = tail.split_once('}').ok_or(PathError::Template)?;
        push_text(&mut path, text)?;
        push_value(&mut path, name, parameters, slash)?;
        rest = tail;
    }
    push_text(&mut path, rest)?;
    Ok(path)
}

fn push_text(path: &mut String, text: &str) -> Result<(), PathError> {
    if text.contains('}') {
        return Err(PathError::Template);
    }
    path.push_str(text);
    Ok(())
}

fn push_value(path: &mut String, name: &str, parameters: &[(&str, &str)], slash: Slash) -> Result<(), PathError> {
    let value = parameters.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
    let value = value.ok_or_else(|| PathError::Missing(name.to_owned()))?;
    if value.is_empty() {
        return Err(PathError::Empty(name.to_owned()));
    }
    let separator = if slash == Slash::Keep && !value.split('/').any(is_dots) { "/" } else { "%2F" };
    for (at, part) in value.split('/').enumerate() {
        path.push_str(if at == 0 { "" } else { separator });
        path.extend(utf8_percent_encode(part, ESCAPED));
    }
    Ok(())
}

fn is_dots(segment: &str) -> bool {
    segment == "." || segment == ".."
}

/// A query in the order in which it was put together.
///
/// A space becomes `%20`, which every reader of a URL understands; [`Query::form`] writes `+`, as HTML forms and
/// Oracle's SDKs do, which only readers of forms understand. The services take both.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    text: String,
    space: &'static str,
}

impl std::fmt::Debug for Query {
    /// Values may be names of customers' things.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Query({} bytes)", self.text.len())
    }
}

impl Default for Query {
    fn default() -> Self {
        Self::new()
    }
}

impl Query {
    /// Empty; spaces become `%20`.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: String::new(), space: "%20" }
    }

    /// Empty; spaces become `+`.
    #[must_use]
    pub const fn form() -> Self {
        Self { text: String::new(), space: "+" }
    }

    /// Adds `key=value`; numbers and times come as text.
    #[must_use]
    pub fn text(mut self, key: &str, value: &str) -> Self {
        if !self.text.is_empty() {
            self.text.push('&');
        }
        self.push(key);
        self.text.push('=');
        self.push(value);
        self
    }

    /// Adds the parameter when there is a value. An empty one is a value.
    #[must_use]
    pub fn maybe(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// Adds `key=true` or `key=false`.
    #[must_use]
    pub fn flag(self, key: &str, value: bool) -> Self {
        self.text(key, if value { "true" } else { "false" })
    }

    /// Adds the key once per value; nothing for no values.
    #[must_use]
    pub fn list<'a>(self, key: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        values.into_iter().fold(self, |query, value| query.text(key, value))
    }

    /// Adds `key.member=value` for each pair, such as `definedTagsEquals.team.name=ops`.
    #[must_use]
    pub fn map<'a>(self, key: &str, members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        members.into_iter().fold(self, |query, (member, value)| query.text(&format!("{key}.{member}"), value))
    }

    /// The query without its `?`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Path and query; the path alone when the query is empty.
    #[must_use]
    pub fn append_to(&self, path: &str) -> String {
        if self.text.is_empty() { path.to_owned() } else { format!("{path}?{}", self.text) }
    }

    fn push(&mut self, part: &str) {
        for (at, word) in part.split(' ').enumerate() {
            self.text.push_str(if at == 0 { "" } else { self.space });
            self.text.extend(utf8_percent_encode(word, ESCAPED));
        }
    }
}

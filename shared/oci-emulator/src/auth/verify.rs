//! Is this request signed as Oracle demands?

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use http::request::Parts;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::keys::Known;
use super::{Principal, header};
use crate::error::Error;

/// How far a request's date may be from the service's clock.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Which headers beyond date and target the signature must cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRule {
    /// `host`; for POST, PUT and PATCH also the length, type and hash of the body.
    ByMethod,
    /// `host` alone (PutObject, UploadPart, Streaming PutMessages).
    Unsigned,
    /// Length, type and hash of the body but not `host` (federation).
    WithoutHost,
}

/// A signed request whose signature fits.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) principal: Arc<Principal>,
    /// The base64 SHA-256 that the body must have, when the signature covers it.
    pub(crate) sha256: Option<String>,
}

/// What a signature needs to be judged.
pub(crate) struct Signed<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) rule: BodyRule,
    pub(crate) now: Timestamp,
}

/// Verifies a request's date, signed headers and signature; `find` knows the key for a key id.
///
/// # Errors
///
/// 401 `NotAuthenticated`, always, with OCI's wording and without a hint which check has failed, except
/// for the date.
pub(crate) fn verify(request: &Signed<'_>, find: impl FnOnce(&str) -> Option<Arc<Known>>) -> Result<Verified, Error> {
    let headers = &request.parts.headers;
    let mut given = headers.get_all("authorization").iter();
    let text = given.next().and_then(|value| value.to_str().ok());
    let text = text.filter(|_| given.next().is_none()).ok_or_else(absent)?;
    let authorization = header::parse(text).ok_or_else(incorrect)?;
    let date_name = check_date(headers, request.now)?;
    let signs = |name: &str| authorization.headers.iter().any(|signed| signed.eq_ignore_ascii_case(name));
    let required = required(request.parts, request.rule);
    if !signs(date_name) || !required.iter().all(|name| signs(name)) {
        return Err(incorrect());
    }
    let text = signing_string(request.parts, &authorization.headers).ok_or_else(incorrect)?;
    let signature = BASE64_STANDARD.decode(authorization.signature).map_err(|_| incorrect())?;
    let known = find(authorization.key_id).ok_or_else(incorrect)?;
    if !known.key.verifies(text.as_bytes(), &signature) {
        return Err(incorrect());
    }
    let sha256 = signs("x-content-sha256").then(|| single(headers, "x-content-sha256")).flatten();
    Ok(Verified { principal: known.principal.clone(), sha256: sha256.map(str::to_owned) })
}

fn absent() -> Error {
    Error::not_authenticated("The required information to complete authentication was not provided.")
}

fn incorrect() -> Error {
    Error::not_authenticated("The required information to complete authentication was not provided or was incorrect.")
}

fn required(parts: &Parts, rule: BodyRule) -> Vec<&'static str> {
    let mut names = vec!["(request-target)"];
    if rule != BodyRule::WithoutHost {
        names.push("host");
    }
    if rule != BodyRule::Unsigned && ["POST", "PUT", "PATCH"].contains(&parts.method.as_str()) {
        names.extend(["content-length", "content-type", "x-content-sha256"]);
    }
    names
}

/// Checks the date and says which header carries it; `x-date` wins over `date`.
fn check_date(headers: &HeaderMap, now: Timestamp) -> Result<&'static str, Error> {
    let name = if headers.contains_key("x-date") { "x-date" } else { "date" };
    let date = single(headers, name).and_then(parse_date).ok_or_else(incorrect)?;
    if date.duration_since(now).abs() > MAX_SKEW {
        return Err(skewed(date, now));
    }
    Ok(name)
}

/// The day's name is not compared: Oracle's own sample has a wrong one.
fn parse_date(text: &str) -> Option<Timestamp> {
    let (_, rest) = text.split_once(", ")?;
    let rest = rest.strip_suffix(" GMT")?;
    let parsed = BrokenDownTime::parse("%d %b %Y %H:%M:%S", rest).ok()?;
    parsed.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn skewed(date: Timestamp, now: Timestamp) -> Error {
    let show = |time: Timestamp| time.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string();
    let bound = |by: SignedDuration| show(now.saturating_add(by).unwrap_or(now));
    // The service rounds the upper bound up.
    let (low, high) = (bound(-MAX_SKEW), bound(MAX_SKEW + SignedDuration::from_secs(1)));
    Error::not_authenticated(format!(
        "Date '{}' is not within allowed clock skew. Current '{}', valid datetime range: ['{low}', '{high}']",
        show(date),
        show(now)
    ))
}

/// The one value of a header; several would leave open which of them counts.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The text under the signature: one line for each signed header, in the order of the signature.
fn signing_string(parts: &Parts, names: &[&str]) -> Option<String> {
    let mut text = String::with_capacity(512);
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let name = name.to_ascii_lowercase();
        text.push_str(&name);
        text.push_str(": ");
        if name == "(request-target)" {
            text.push_str(&parts.method.as_str().to_ascii_lowercase());
            text.push(' ');
            text.push_str(parts.uri.path_and_query().map_or("/", |target| target.as_str()));
        } else {
            let values: Option<Vec<&str>> =
                parts.headers.get_all(&name).iter().map(|value| value.to_str().ok().map(str::trim)).collect();
            let values = values.filter(|values| !values.is_empty())?;
            text.push_str(&values.join(", "));
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_whatever_their_weekday() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse_date(text).map(|t| t.to_string()).as_deref(), expected, "{text}");
        };
        check("Thu, 05 Jan 2014 21:31:40 GMT", Some("2014-01-05T21:31:40Z"));
        check("Sun, 05 Jan 2014 21:31:40 GMT", Some("2014-01-05T21:31:40Z"));
        check("Sun, 05 Jan 2014 21:31:40 UTC", None);
        check("2014-01-05T21:31:40Z", None);
        check("Sun, 32 Jan 2014 21:31:40 GMT", None);
        check("", None);
    }

    #[test]
    fn the_message_about_skew_names_the_range() {
        let now: Timestamp = "2018-03-11T16:39:04Z".parse().unwrap();
        let date: Timestamp = "2018-03-11T16:32:46Z".parse().unwrap();
        assert_eq!(
            skewed(date, now).message,
            "Date 'Sun, 11 Mar 2018 16:32:46 UTC' is not within allowed clock skew. Current 'Sun, 11 Mar 2018 \
             16:39:04 UTC', valid datetime range: ['Sun, 11 Mar 2018 16:34:04 UTC', 'Sun, 11 Mar 2018 16:44:05 UTC']"
        );
    }
}

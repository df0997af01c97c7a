//! What a case with credentials expects, and whether a failure is the one that it names.

use causeway_oci_auth::token::TokenError;
use causeway_oci_auth::{Error, REFRESH_BEFORE, Snapshot};
use std::time::{Duration, SystemTime};

use super::case::{Case, Check, same};
use super::key;
use super::wire;

/// What has to come out, by the SDK's behaviour or the recommendation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Expected<'a> {
    /// As the SDK.
    Same,
    /// Credentials, described in words.
    Success(&'a str),
    /// A failure, described in words.
    Failure(&'a str),
    /// Either, described in words.
    Either(&'a str),
}

impl<'a> Expected<'a> {
    pub(crate) fn of(case: &Case<'a>) -> Result<Self, String> {
        let as_sdk = match case.expects_success()? {
            true => Self::Same,
            false if is_slip(case) => Self::Either(""),
            false => Self::Failure(""),
        };
        Ok(match case.maybe_text("recommended") {
            None => as_sdk,
            Some(words) if words.starts_with("same as") => as_sdk,
            Some(words) if words.starts_with("error or") => Self::Either(words),
            Some(words) if words.starts_with("error") => Self::Failure(words),
            Some("treat as expired") => Self::Failure("expired"),
            Some(words) => Self::Success(words),
        })
    }
}

/// Whether the SDK failed over its own code and not over the input.
fn is_slip(case: &Case<'_>) -> bool {
    let error = case.at("expect").and_then(|expect| expect.at("python_error"));
    let kind = error.as_ref().ok().and_then(|error| error.maybe_text("type"));
    kind.is_some_and(|kind| ["AttributeError", "NameError", "UnboundLocalError"].contains(&kind))
}

/// Compares credentials with the SDK's expectation, apart from what the recommendation says otherwise.
pub(crate) fn compare(snapshot: &Snapshot, now: SystemTime, expect: &Case<'_>, region: Option<&str>) -> Check {
    same("key id", &snapshot.key_id.expose(), &expect.text("key_id")?)?;
    same("region", &snapshot.region.as_deref(), &region.or(expect.maybe_text("region")))?;
    let claims = [("tenancy_id", &snapshot.tenancy), ("compartment_id", &snapshot.compartment)];
    for (name, found) in claims {
        // The SDK's signers of some kinds do not tell: then there is nothing to compare with.
        if let Some(expected) = expect.maybe_text(name) {
            same(name, &found.as_deref(), &Some(expected))?;
        }
    }
    if let Some(valid) = expect.flag("valid_now") {
        same("validity", &snapshot.is_valid(now), &valid)?;
    }
    if let Some(valid) = expect.flag("valid_in_60s") {
        let left = snapshot.left(now).unwrap_or(Duration::MAX);
        same("validity in 60 s", &(left >= Duration::from_secs(60)), &valid)?;
    }
    Ok(())
}

/// Signs the expectation's request and compares string and signature.
pub(crate) fn signs(snapshot: &Snapshot, date: SystemTime, expect: &Case<'_>) -> Check {
    let (Some(url), Some(_)) = (expect.maybe_text("request_url"), expect.get("signed")) else { return Ok(()) };
    let signed = expect.at("signed")?;
    let method = signed.text("request_target")?.split(' ').next().unwrap_or_default().to_ascii_uppercase();
    let request = http::Request::builder().method(method.as_str()).uri(url).body(());
    let mut request = request.map_err(|error| error.to_string())?;
    let done = causeway_oci_auth::sign::sign(&mut request, causeway_oci_auth::sign::Body::None, snapshot, date);
    done.map_err(|error| error.to_string())?;
    wire::compare(&request, &signed)
}

/// What the words of a recommendation demand of credentials.
pub(crate) fn fits(snapshot: &Snapshot, now: SystemTime, words: &str) -> Check {
    if words.contains("refresh due") {
        let left = snapshot.left(now).ok_or("credentials without an end")?;
        same("refresh due", &(snapshot.is_valid(now) && left < REFRESH_BEFORE), &true)?;
    }
    if words.contains("tenancy unknown") {
        same("tenancy", &snapshot.tenancy, &None)?;
    }
    Ok(())
}

/// Whether a failure is the one that the words mean. Words that say nothing mean any failure.
pub(crate) fn is_that(error: &Error, words: &str) -> Check {
    let text = words.to_lowercase();
    let found = match error {
        Error::BadKey { fault, .. } if !says_other(&text) => return key::is_that(*fault, words),
        Error::MissingVariable(name) => text.contains("missing") && words.contains(name.as_str()),
        Error::UnsupportedVersion(_) => text.contains("unsupported version"),
        Error::BadToken { fault: TokenError::Malformed(_), .. } => text.contains("malformed token"),
        Error::BadToken { fault: TokenError::MissingClaim(name), .. } => {
            text.contains(&format!("claim {name} missing"))
        }
        Error::BadToken { .. } => text.contains("claim"),
        Error::Expired { .. } => text.contains("expired"),
        Error::KeyMismatch { .. } => text.contains("jwk") || text.contains("does not match"),
        Error::Unreadable { what, .. } => text.contains("cannot read") && text.contains(what),
        Error::BadVariable { .. } => text.contains("both"),
        _ => false,
    };
    if found || words.is_empty() { Ok(()) } else { Err(format!("found: {error}; expected: {words}")) }
}

/// Whether words speak of something that is no bad key.
fn says_other(words: &str) -> bool {
    ["missing oci", "unsupported version", "malformed token", "claim", "expired", "jwk", "cannot read", "both"]
        .iter()
        .any(|other| words.contains(other))
}

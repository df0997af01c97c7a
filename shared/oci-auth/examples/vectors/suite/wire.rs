//! A signed request as a server reads it: from the request alone, not from the code that signed it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Request};
use serde_json::Value;

use super::case::{Case, Check, same};

/// Parameters of an `Authorization` header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authorization(BTreeMap<String, String>);

impl Authorization {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("Signature ").ok_or("the scheme is not Signature")?;
        let mut parameters = BTreeMap::new();
        for part in rest.split("\",") {
            let (name, value) = part.split_once("=\"").ok_or("a parameter without =\"")?;
            let value = value.strip_suffix('"').unwrap_or(value);
            if parameters.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(format!("parameter {name} twice"));
            }
        }
        Ok(Self(parameters))
    }

    pub(crate) fn of<B>(request: &Request<B>) -> Result<Self, String> {
        let mut values = request.headers().get_all("authorization").iter();
        let value = values.next().ok_or("no Authorization header")?;
        if values.next().is_some() {
            return Err("two Authorization headers".to_owned());
        }
        if !value.is_sensitive() {
            return Err("the Authorization header is not marked as sensitive".to_owned());
        }
        Self::parse(value.to_str().map_err(|_| "the Authorization header is not visible ASCII")?)
    }

    pub(crate) fn get(&self, name: &str) -> Result<&str, String> {
        self.0.get(name).map(String::as_str).ok_or_else(|| format!("no parameter {name}"))
    }

    pub(crate) fn signature(&self) -> Result<Vec<u8>, String> {
        STANDARD.decode(self.get("signature")?).map_err(|_| "the signature is no base64".to_owned())
    }
}

/// The target that goes into the request line.
pub(crate) fn target<B>(request: &Request<B>) -> String {
    let uri = request.uri();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{} {}{query}", request.method().as_str().to_lowercase(), uri.path())
}

/// The signing string of a request, from what it says about itself.
pub(crate) fn message<B>(request: &Request<B>) -> Result<String, String> {
    let authorization = Authorization::of(request)?;
    let lines = authorization.get("headers")?.split(' ').map(|name| line(request, name));
    Ok(lines.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn line<B>(request: &Request<B>, name: &str) -> Result<String, String> {
    if name == "(request-target)" {
        return Ok(format!("{name}: {}", target(request)));
    }
    let mut values = request.headers().get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (Some(Ok(value)), None) => Ok(format!("{name}: {}", value.trim())),
        _ => Err(format!("header {name} is not there once as text")),
    }
}

/// Compares a signed request with `signing_string`, `signature` and the like; what is not in `expect` is not
/// compared, except for the signing string and the signature.
pub(crate) fn compare<B>(request: &Request<B>, expect: &Case<'_>) -> Check {
    compare_unsigned(request, expect)?;
    let authorization = Authorization::of(request)?;
    same("signature", &authorization.get("signature")?, &expect.text("signature")?)
}

/// The same without the signature, for keys that cannot sign.
pub(crate) fn compare_unsigned<B>(request: &Request<B>, expect: &Case<'_>) -> Check {
    same("signing string", &message(request)?.as_str(), &expect.text("signing_string")?)?;
    let authorization = Authorization::of(request)?;
    same("version", &authorization.get("version")?, &"1")?;
    same("algorithm", &authorization.get("algorithm")?, &"rsa-sha256")?;
    same("number of parameters", &authorization.0.len(), &5)?;
    if let Some(key_id) = expect.maybe_text("key_id") {
        same("keyId", &authorization.get("keyId")?, &key_id)?;
    }
    let signed = expect.texts("signed_headers");
    if !signed.is_empty() {
        same("headers", &authorization.get("headers")?, &signed.join(" ").as_str())?;
    }
    if let Some(expected) = expect.maybe_text("request_target") {
        same("request target", &target(request).as_str(), &expected)?;
    }
    let host = request.headers().get("host").and_then(|host| host.to_str().ok());
    expect.maybe_text("host").map_or(Ok(()), |expected| same("host", &host, &Some(expected)))?;
    compare_added(request, &expect.members("headers_added_by_sdk").collect::<Vec<_>>())?;
    compare_whole(&authorization, expect)
}

/// The whole header, where the case has it; the signature is compared by itself.
fn compare_whole(found: &Authorization, expect: &Case<'_>) -> Check {
    let unsigned = |authorization: &Authorization| {
        let mut parameters = authorization.0.clone();
        parameters.remove("signature");
        parameters
    };
    for name in ["authorization_python_order", "authorization_go_order"] {
        if let Some(text) = expect.maybe_text(name) {
            let expected = Authorization::parse(text)?;
            same(name, &unsigned(found), &unsigned(&expected))?;
            same(name, &expected.get("signature")?, &expect.text("signature")?)?;
        }
    }
    Ok(())
}

/// Headers that the SDK added, where we add them, too.
pub(crate) fn compare_added<B>(request: &Request<B>, added: &[(&str, &Value)]) -> Check {
    added.iter().try_for_each(|(name, expected)| match request.headers().get(*name) {
        Some(found) => same(name, &found.to_str().ok(), &expected.as_str()),
        None => Ok(()),
    })
}

/// A request made of a case's `method`, `headers` and body, without the headers that `skip` names.
pub(crate) fn request(case: &Case<'_>, url: &str, skip: &[&str]) -> Result<Request<Option<Vec<u8>>>, String> {
    let method = case.text("method")?.to_ascii_uppercase();
    let mut request = Request::builder().method(method.as_str()).uri(url).body(case.bytes("body_b64")?);
    if let Ok(request) = &mut request {
        for (name, value) in case.members("headers") {
            if !skip.contains(&name.to_ascii_lowercase().as_str()) {
                let (name, value) = header(name, value.as_str().ok_or("a header that is no text")?)?;
                request.headers_mut().append(name, value);
            }
        }
    }
    request.map_err(|error| format!("{url:?}: {error}"))
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|error| format!("header {name:?}: {error}"))?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| format!("header {name}: {error}"))?;
    Ok((parsed, value))
}

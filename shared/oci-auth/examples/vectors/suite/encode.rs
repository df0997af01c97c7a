//! Group `encode`: templates and parameters to request targets, in the form of the Python SDK (`+` for a space).
//!
//! A name with dot segments does not survive the SDK's HTTP library. Ours must either refuse it or give a target that
//! no URL type rewrites and that still holds the whole name; the SDK's text is not looked at then.

use causeway_oci_auth::encode::{PathError, Query, Slash, path};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::case::{Case, Check, same};
use super::order::{Ordered, Parameter};

pub(crate) fn check(case: &Case<'_>, order: &Ordered) -> Check {
    let strict = case.flag("strict").unwrap_or(false);
    let slash = if strict { Slash::Escape } else { Slash::Keep };
    let parameters: Vec<_> = case.members("path_params").map(|(name, value)| (name, plain(value))).collect();
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let encoded = path(case.text("template")?, &parameters, slash);
    let dotted = parameters.iter().find(|(_, value)| value.split('/').any(|part| part == "." || part == ".."));
    if let Some((_, name)) = dotted {
        return survives(encoded, name);
    }
    if !case.expects_success()? {
        return encoded.map_or(Ok(()), |path| Err(format!("encoded as {path}, although the SDK refuses")));
    }
    let path = encoded.map_err(|error| error.to_string())?;
    let expected = case.at("expect")?.text("request_target")?;
    same("request target", &query(order).append_to(&path).as_str(), &expected)
}

fn survives(encoded: Result<String, PathError>, name: &str) -> Check {
    let path = match encoded {
        Ok(path) => path,
        Err(PathError::DotSegment) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let url = format!("https://host{path}");
    let parsed = reqwest::Url::parse(&url).map_err(|error| error.to_string())?;
    same("URL after a URL type", &parsed.as_str(), &url.as_str())?;
    let whole = percent_decode_str(&path).decode_utf8_lossy().contains(name);
    if whole { Ok(()) } else { Err(format!("{path} does not hold {name:?}")) }
}

fn query(order: &Ordered) -> Query {
    order.query().iter().fold(Query::form(), |query, (key, value)| match value {
        Parameter::Members(members) => {
            let pairs =
                members.iter().flat_map(|(member, value)| flat(value).into_iter().map(move |value| (member, value)));
            pairs.fold(query, |query, (member, value)| query.map(key, [(member.as_str(), value.as_str())]))
        }
        Parameter::Plain(Value::Null) => query,
        Parameter::Plain(Value::Bool(value)) => query.flag(key, *value),
        Parameter::Plain(Value::Array(values)) => {
            let values: Vec<_> = values.iter().map(nested).collect();
            query.list(key, values.iter().map(String::as_str))
        }
        Parameter::Plain(value) => query.text(key, &plain(value)),
    })
}

fn flat(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(nested).collect(),
        value => vec![nested(value)],
    }
}

/// Inside of lists and maps the SDK hands over Python's own words; our API takes text there.
fn nested(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        value => plain(value),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

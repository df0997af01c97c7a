//! Reading of cases.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::stub::{DIR, HOME};

/// Outcome of a case: nothing, or why it failed.
pub(crate) type Check = Result<(), String>;

/// A case, or an object inside of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a>(&'a Value);

impl<'a> Case<'a> {
    pub(crate) fn new(value: &'a Value) -> Self {
        Self(value)
    }

    pub(crate) fn id(&self) -> &'a str {
        self.maybe_text("id").unwrap_or("(a case without id)")
    }

    pub(crate) fn group(&self) -> &'a str {
        self.maybe_text("group").unwrap_or("(a case without group)")
    }

    pub(crate) fn value(&self) -> &'a Value {
        self.0
    }

    /// A member that is there and not null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn at(&self, name: &str) -> Result<Case<'a>, String> {
        self.get(name).map(Case).ok_or_else(|| format!("the case has no {name:?}"))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, String> {
        self.maybe_text(name).ok_or_else(|| format!("the case has no text {name:?}"))
    }

    pub(crate) fn maybe_text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = Case<'a>> + use<'a> {
        self.get(name).and_then(Value::as_array).into_iter().flatten().map(Case)
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, name: &str) -> Vec<&'a str> {
        self.list(name).filter_map(|item| item.0.as_str()).collect()
    }

    pub(crate) fn members(&self, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let members = self.get(name).and_then(Value::as_object).into_iter().flat_map(Map::iter);
        members.map(|(name, value)| (name.as_str(), value))
    }

    /// Bytes in base64; `None` when it is null or not there.
    pub(crate) fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let text = self.maybe_text(name);
        text.map(|text| STANDARD.decode(text).map_err(|_| format!("{name:?} is no base64"))).transpose()
    }

    /// Seconds since 1970.
    pub(crate) fn time(&self, name: &str) -> Option<SystemTime> {
        let seconds = self.get(name)?.as_f64().filter(|seconds| *seconds >= 0.0)?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
    }

    /// A date of HTTP, seen as a clock.
    pub(crate) fn date(&self, name: &str) -> Option<SystemTime> {
        httpdate::parse_http_date(self.maybe_text(name)?).ok()
    }

    /// Whether the expectation of the SDK is success.
    pub(crate) fn expects_success(&self) -> Result<bool, String> {
        let expect = self.at("expect")?;
        Ok(expect.flag("ok").unwrap_or_else(|| expect.get("python_error").is_none()))
    }
}

/// The case's variables, with its places filled in, and a home directory.
pub(crate) fn variables(case: &Case<'_>) -> HashMap<String, String> {
    let home = ("HOME".to_owned(), HOME.to_owned());
    let given = case.members("env").filter_map(|(name, value)| Some((name.to_owned(), placed(value.as_str()?))));
    [home].into_iter().chain(given).collect()
}

/// A text with the case's places filled in.
pub(crate) fn placed(text: &str) -> String {
    text.replace("{DIR}", DIR).replace("{HOME}", HOME)
}

/// Compares, and says what was found.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Check {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}")) }
}

/// Puts the file's `texts` in the place of their names, written `<<name>>`: tokens and keys occur many times.
pub(crate) fn expand(mut file: Value) -> Result<Value, String> {
    let Some(texts) = file.get_mut("texts").map(Value::take) else { return Ok(file) };
    let texts = texts.as_object().ok_or("\"texts\" is no object")?;
    expand_in(&mut file, texts)?;
    Ok(file)
}

fn expand_in(value: &mut Value, texts: &Map<String, Value>) -> Check {
    match value {
        Value::String(text) => *text = expand_text(text, texts)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| expand_in(item, texts))?,
        Value::Object(members) => members.values_mut().try_for_each(|member| expand_in(member, texts))?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

fn expand_text(text: &str, texts: &Map<String, Value>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once("<<") {
        let (name, tail) = tail.split_once(">>").ok_or_else(|| format!("<< without >> in {text:?}"))?;
        let named = texts.get(name).and_then(Value::as_str);
        expanded.push_str(before);
        expanded.push_str(named.ok_or_else(|| format!("no text named {name:?}"))?);
        rest = tail;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

//! Reading a handler's request from JSON or from a query.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::fit::{self, Misfit};
use crate::{Error, HttpRequest, MAX_BODY_BYTES};

/// Forms that a parameter is tried in: text, JSON scalar, list of texts, list of scalars.
const FORMS: u8 = 4;
/// Attempts at one query; each of them changes the form of one parameter.
const MAX_ATTEMPTS: usize = 64;

pub(super) fn is_blank(bytes: &[u8]) -> bool {
    without_mark(bytes).iter().all(u8::is_ascii_whitespace)
}

/// The JSON of a body.
pub(super) fn parse(bytes: &Bytes) -> Result<Value, Error> {
    serde_json::from_slice(without_mark(bytes)).map_err(|error| Error::client(400, "invalid_json", error.to_string()))
}

pub(super) fn check_size(bytes: &Bytes) -> Result<(), Error> {
    if bytes.len() <= MAX_BODY_BYTES {
        return Ok(());
    }
    let text = format!("the body has {} bytes; the limit is {MAX_BODY_BYTES}", bytes.len());
    Err(Error::client(413, "payload_too_large", text))
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// A request is never an array; serde would read one as the fields in order, and `[]` as all defaults.
pub(super) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    if value.is_array() {
        return Err(Error::invalid_request("invalid type: array, expected an object"));
    }
    read(value).map_err(|(_, error)| error)
}

/// The error comes with the top-level key that it is about.
fn read<T: DeserializeOwned>(value: Value) -> Result<T, (String, Error)> {
    fit::read(value).map_err(|Misfit { path, error }| {
        let key = path.split(['.', '[']).next().unwrap_or_default().to_owned();
        let invalid = Error::invalid_request(without_value(&error.to_string()));
        (key, if path.is_empty() { invalid } else { invalid.at(path) })
    })
}

/// serde quotes a wrong text, which may be long or secret: `string "…", expected` loses the quotation.
fn without_value(text: &str) -> String {
    let is_quoted = text.starts_with("invalid type: string \"") || text.starts_with("invalid value: string \"");
    let cut = text.find(" \"").zip(text.rfind("\", expected ")).filter(|(start, end)| is_quoted && start < end);
    cut.map_or_else(|| text.to_owned(), |(start, end)| format!("{}{}", &text[..start], &text[end + 1..]))
}

/// A query is text, and a request is not. Parameters are texts first, the last of repeated ones; one that does
/// not fit is tried as a number or a truth value, then as a list.
pub(super) fn from_query<T: DeserializeOwned>(http: &HttpRequest) -> Result<T, Error> {
    let mut forms = BTreeMap::new();
    // What is told is how the text itself did not fit, not the last form that was tried.
    let mut told = (String::new(), Error::invalid_request("too many parameters"));
    for _ in 0..MAX_ATTEMPTS {
        let (key, error) = match read(query_object(&http.query, &forms)) {
            Ok(request) => return Ok(request),
            Err(failure) => failure,
        };
        let form = forms.entry(key.clone()).or_insert(0_u8);
        *form += 1;
        let is_last = *form == FORMS || !http.query.iter().any(|(name, _)| *name == key);
        if told.0 != key {
            told = (key, error);
        }
        if is_last {
            break;
        }
    }
    Err(told.1)
}

/// The query as a JSON object; `forms` says how to read the parameters that are not plain text.
pub(super) fn query_object(query: &[(String, String)], forms: &BTreeMap<String, u8>) -> Value {
    let mut object = Map::new();
    for (key, text) in query {
        let form = forms.get(key).copied().unwrap_or(0);
        let one = if form % 2 == 1 { scalar(text) } else { text.as_str().into() };
        match object.get_mut(key) {
            Some(Value::Array(list)) if form >= 2 => list.push(one),
            _ => drop(object.insert(key.clone(), if form >= 2 { Value::Array(vec![one]) } else { one })),
        }
    }
    Value::Object(object)
}

fn scalar(text: &str) -> Value {
    let parsed = serde_json::from_str(text).ok();
    parsed.filter(|value: &Value| value.is_number() || value.is_boolean()).unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Search {
        name: String,
        limit: u32,
        deep: bool,
        tags: Vec<String>,
        ids: Vec<u32>,
    }

    fn search(query: &str) -> Result<Search, String> {
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        from_query(&HttpRequest { query, ..HttpRequest::default() }).map_err(|error| error.to_string())
    }

    #[test]
    fn queries_are_read_as_what_is_wanted() {
        let found = search("name=5&limit=7&deep=true&tags=1&tags=b&ids=3&ids=4").expect("valid");
        let tags = vec!["1".to_owned(), "b".to_owned()];
        assert_eq!(found, Search { name: "5".to_owned(), limit: 7, deep: true, tags, ids: vec![3, 4] });
        assert_eq!(search("ids=3").expect("valid").ids, [3]);
        assert_eq!(search("name=a&name=b&limit=1&limit=2").expect("valid").limit, 2);
        assert_eq!(search("limit=x").unwrap_err(), "invalid type: string, expected u32 (at limit)");
        assert!(search("other=1").unwrap_err().starts_with("unknown field `other`"));
    }

    #[test]
    fn wrong_texts_are_not_repeated() {
        let cut = |text| without_value(text);
        assert_eq!(
            cut("invalid type: string \"a\\\", expected b\", expected u32"),
            "invalid type: string, expected u32"
        );
        assert_eq!(cut("invalid value: string \"a\", expected a date"), "invalid value: string, expected a date");
        assert_eq!(cut("missing field `a \", expected `"), "missing field `a \", expected `");
    }

    #[test]
    fn arrays_are_no_requests() {
        let error = from_value::<Search>(serde_json::json!([])).unwrap_err();
        assert_eq!(error.message(), "invalid type: array, expected an object");
    }
}

//! Documents that people write: YAML, of which JSON is a part, with line and column of everything that is wrong.
//!
//! Start at [`read`]. What only the reader of the value can find wrong gets its place by [`Document::problem`].

use std::collections::BTreeMap;
use std::fmt;

use crate::fit;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Location, Spanned};

/// Longest text about a problem, in characters; parsers may quote the document.
const MAX_TEXT: usize = 300;

/// Where something stands in a text; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the member, such as `checks[1].timeout_seconds`; empty for the whole document.
    pub path: String,
    /// What is wrong with it.
    pub text: String,
    /// Its place, or that of the nearest member around it.
    pub place: Option<Place>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}

/// A value and where its members stood.
#[derive(Debug, Clone)]
pub struct Document<T> {
    /// The value.
    pub value: T,
    places: Places,
}

/// Places by path.
#[derive(Debug, Clone, Default)]
struct Places(BTreeMap<String, Place>);

/// Reads a document; an empty one is an empty object.
///
/// # Errors
/// The first thing that is wrong: the text is longer than `max_bytes`, no YAML, or no `T`.
pub fn read<T: DeserializeOwned>(text: &str, max_bytes: usize) -> Result<Document<T>, Problem> {
    if text.len() > max_bytes {
        let text = format!("is longer than {max_bytes} bytes");
        return Err(Problem { path: String::new(), text, place: None });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // As in YAML 1.2: a country or a namespace may have the name `no` or `n`.
    let options = serde_saphyr::options! { strict_booleans: true };
    let root: Spanned<Content> = serde_saphyr::from_str_with_options(text, options).map_err(|error| syntax(&error))?;
    let mut places = Places::default();
    // Values in between, so that paths and messages are the same for YAML and JSON.
    let value = match places.settle(root, "") {
        Value::Null => Value::Object(Map::new()),
        value => value,
    };
    match of_value(value) {
        Ok(value) => Ok(Document { value, places }),
        Err(problem) => Err(places.problem(problem.path, problem.text)),
    }
}

/// Reads a value; the problem has a path, and no place.
///
/// # Errors
/// The first thing that is wrong.
pub fn of_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    fit::read(value).map_err(|misfit| {
        let text = brief(&misfit.error.to_string());
        Problem { path: misfit.path, text, place: None }
    })
}

impl<T> Document<T> {
    /// A problem that was found in the value, with its place.
    #[must_use]
    pub fn problem(&self, path: impl Into<String>, text: impl Into<String>) -> Problem {
        self.places.problem(path.into(), text.into())
    }
}

impl Places {
    fn settle(&mut self, node: Spanned<Content>, path: &str) -> Value {
        self.note(path, node.referenced);
        match node.value {
            Content::Scalar(value) => value,
            Content::List(items) => {
                let settle = |(index, item)| self.settle(item, &format!("{path}[{index}]"));
                Value::Array(items.into_iter().enumerate().map(settle).collect())
            }
            Content::Members(members) => {
                let mut map = Map::new();
                for (name, value) in members {
                    let inside = if path.is_empty() { name.value.clone() } else { format!("{path}.{}", name.value) };
                    // A member is found by its name; its value may stand on another line.
                    self.note(&inside, name.referenced);
                    let value = self.settle(value, &inside);
                    map.insert(name.value, value);
                }
                Value::Object(map)
            }
        }
    }

    fn note(&mut self, path: &str, location: Location) {
        if let Some(place) = place(location) {
            self.0.entry(path.to_owned()).or_insert(place);
        }
    }

    fn problem(&self, path: String, text: String) -> Problem {
        let place = self.nearest(&path);
        Problem { path, text, place }
    }

    /// The place of a path, or of the next one around it.
    fn nearest(&self, path: &str) -> Option<Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.0.get(path) {
                return Some(*place);
            }
            if path.is_empty() {
                return None;
            }
            path = &path[..path.rfind(['.', '[']).unwrap_or(0)];
        }
    }
}

fn place(location: Location) -> Option<Place> {
    (location.line() > 0).then(|| Place { line: location.line(), column: location.column() })
}

fn syntax(error: &serde_saphyr::Error) -> Problem {
    let error = error.without_snippet();
    Problem { path: String::new(), text: brief(&error.to_string()), place: error.location().and_then(place) }
}

/// The first line; parsers add an excerpt below.
fn brief(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(MAX_TEXT).collect()
}

/// A node of a document.
enum Content {
    Scalar(Value),
    List(Vec<Spanned<Content>>),
    Members(Vec<(Spanned<String>, Spanned<Content>)>),
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Scalar(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        Content::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(member) = members.next_entry()? {
            list.push(member);
        }
        Ok(Content::Members(list))
    }
}

#[cfg(test)]
mod tests;

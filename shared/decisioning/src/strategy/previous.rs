//! Results of earlier agents: where they are, and reading figures out of them.
//!
//! They come over the wire and are trusted no further than their form: a figure that is not there, or is not a
//! number, is absent with a reason, and never 0.

use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{self, ObjectStoreExt};
use causeway_cloud::{Objects, object_path};
use causeway_resilience::InputError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::discovery::RequestError;
use crate::result::Status;

/// Largest earlier result that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// Where an earlier result is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Previous {
    /// The name of an object relative to the bucket that holds it.
    Name(String),
    /// The same, written out.
    Object {
        /// The object.
        object: String,
    },
    /// Here, written out.
    Result {
        /// The result.
        result: Box<Reply>,
    },
    /// Here.
    Reply(Box<Reply>),
}

/// What an earlier agent answered; other members are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// How its work ended.
    #[serde(default)]
    pub status: Option<Status>,
    /// Its findings.
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub data: Value,
    /// How far they can be relied on, 0 to 1.
    #[serde(default)]
    pub confidence_score: Option<f64>,
}

impl From<RequestError> for InputError {
    fn from(error: RequestError) -> Self {
        Self::Wrong { path: error.path, message: error.message }
    }
}

fn wrong(path: &str, message: &str) -> RequestError {
    RequestError { path: path.to_owned(), message: message.to_owned() }
}

impl Previous {
    /// The object that holds it, unless it is here; `member` is its place in the request.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when that is no object name within the bucket.
    pub fn place(&self, member: &str) -> Result<Option<Path>, RequestError> {
        let text = match self {
            Self::Name(name) => name,
            Self::Object { object } => object,
            Self::Result { .. } | Self::Reply(_) => return Ok(None),
        };
        let path = object_path(text).map_err(|error| wrong(member, &error.to_string()))?;
        if path.as_ref().is_empty() { Err(wrong(member, "names no object")) } else { Ok(Some(path)) }
    }

    /// Reads the result.
    ///
    /// # Errors
    ///
    /// [`InputError::Wrong`] when it is not there, too large or no agent's result; [`InputError::Store`] when the
    /// store failed.
    pub async fn load(&self, objects: &Objects, member: &str) -> Result<Reply, InputError> {
        let reply = match (self, self.place(member)?) {
            (_, Some(place)) => read(objects, &place, member).await?,
            (Self::Result { result: reply } | Self::Reply(reply), _) => (**reply).clone(),
            _ => return Err(wrong(member, "names no result").into()),
        };
        if !reply.data.is_object() {
            return Err(wrong(member, "is no agent's result: `data` is not an object").into());
        }
        Ok(reply)
    }
}

async fn read(objects: &Objects, place: &Path, member: &str) -> Result<Reply, InputError> {
    let failed = |error: object_store::Error| match error {
        object_store::Error::NotFound { .. } => wrong(member, "names an object that is not there").into(),
        object_store::Error::PermissionDenied { .. } => wrong(member, "names an object that may not be read").into(),
        other => InputError::Store(Box::new(other)),
    };
    let meta = objects.head(place).await.map_err(failed)?;
    if meta.size > MAX_BYTES {
        return Err(wrong(member, "names an object larger than 16 MiB").into());
    }
    let bytes = objects.get_range(place, 0..meta.size).await.map_err(failed)?;
    serde_json::from_slice(&bytes).map_err(|_| wrong(member, "names an object that holds no agent's result").into())
}

/// Why there is no figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// It could not be computed.
    Unknown(String),
    /// The data are not about it.
    NotApplicable(String),
}

impl Missing {
    /// Why, in words.
    #[must_use]
    pub fn reason(self) -> String {
        match self {
            Self::Unknown(reason) | Self::NotApplicable(reason) => reason,
        }
    }
}

impl From<String> for Missing {
    fn from(reason: String) -> Self {
        Self::Unknown(reason)
    }
}

impl From<&str> for Missing {
    fn from(reason: &str) -> Self {
        Self::Unknown(reason.to_owned())
    }
}

/// Figures of one earlier result.
#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    /// The agent that it comes from.
    pub agent: &'static str,
    data: Option<&'a Value>,
}

impl<'a> Figures<'a> {
    /// Figures of a reply that may be absent.
    #[must_use]
    pub fn of(agent: &'static str, reply: Option<&'a Reply>) -> Self {
        Self { agent, data: reply.map(|reply| &reply.data) }
    }

    /// Whether there is a result at all.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.data.is_some()
    }

    /// What stands at a JSON pointer; `None` for null as well.
    #[must_use]
    pub fn value(&self, pointer: &str) -> Option<&'a Value> {
        self.data?.pointer(pointer).filter(|value| !value.is_null())
    }

    /// The number at a JSON pointer.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn number(&self, pointer: &str) -> Result<f64, Missing> {
        match self.value(pointer) {
            Some(value) => value
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(|| format!("{} has no number at {pointer}", self.agent).into()),
            None => Err(self.missing(pointer)),
        }
    }

    /// The text at a JSON pointer.
    #[must_use]
    pub fn text(&self, pointer: &str) -> Option<&'a str> {
        self.value(pointer)?.as_str()
    }

    /// The list at a JSON pointer; empty when there is none.
    #[must_use]
    pub fn list(&self, pointer: &str) -> &'a [Value] {
        self.value(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Why there is nothing at a JSON pointer, in the words of the agent where it gave any.
    #[must_use]
    pub fn missing(&self, pointer: &str) -> Missing {
        if self.data.is_none() {
            return format!("there is no result of {}", self.agent).into();
        }
        let record = |record: &'a Value| {
            let at = word(record, "pointer")?;
            let reason = word(record, "reason")?;
            let is_above = pointer.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            is_above.then_some((at.len(), reason, word(record, "status")))
        };
        let nearest = self.list("/coverage/metrics").iter().filter_map(record).max_by_key(|(length, ..)| *length);
        match nearest {
            None => format!("{} has nothing at {pointer}", self.agent).into(),
            Some((_, reason, Some("not_applicable"))) => Missing::NotApplicable(format!("{}: {reason}", self.agent)),
            Some((_, reason, _)) => format!("{}: {reason}", self.agent).into(),
        }
    }

    /// The pointer with the agent before it, as evidence names it.
    #[must_use]
    pub fn source(&self, pointer: &str) -> String {
        format!("{}#{pointer}", self.agent)
    }
}

/// The number of a member of a JSON object.
pub(crate) fn member(value: &Value, name: &str) -> Option<f64> {
    value.get(name)?.as_f64().filter(|number| number.is_finite())
}

/// The text of a member of a JSON object.
pub(crate) fn word<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use causeway_cloud::local::Store;
    use futures_executor::block_on;
    use serde_json::json;

    use super::*;

    fn load(text: &str) -> Result<Reply, String> {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("good.json"), r#"{"data":{"a":1},"status":"partial"}"#).unwrap();
        std::fs::write(root.path().join("bad.json"), "{").unwrap();
        let objects: Objects = Arc::new(Store::open(root.path()).unwrap());
        let previous: Previous = serde_json::from_str(text).unwrap();
        block_on(previous.load(&objects, "intelligence")).map_err(|error| error.to_string())
    }

    #[test]
    fn results_are_here_or_in_the_bucket() {
        for text in [
            r#""good.json""#,
            r#"{"object":"good.json"}"#,
            r#"{"data":{"a":1},"status":"partial","insights":[]}"#,
            r#"{"result":{"data":{"a":1},"status":"partial"}}"#,
        ] {
            let reply = load(text).unwrap();
            assert_eq!((reply.data, reply.status), (json!({"a": 1}), Some(Status::Partial)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        for (text, message) in [
            (r#""none.json""#, "is not there"),
            (r#""bad.json""#, "no agent's result"),
            (r#""../x.json""#, "intelligence: "),
            (r#""""#, "names no object"),
            (r#"{"data":[1]}"#, "not an object"),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert!(serde_json::from_str::<Previous>("5").is_err());
    }

    #[test]
    fn figures_are_there_or_have_a_reason() {
        let data = json!({
            "a": {"b": 2.5, "c": null, "d": "x"},
            "coverage": {"metrics": [
                {"pointer": "/a/c", "reason": "no column plays the part of c", "status": "absent"},
                {"pointer": "/f", "reason": "no invoices", "status": "not_applicable"}]},
        });
        let reply = Reply { status: None, data, confidence_score: None };
        let figures = Figures::of("intelligence", Some(&reply));
        assert_eq!(figures.number("/a/b"), Ok(2.5));
        assert_eq!(figures.number("/a/c"), Err("intelligence: no column plays the part of c".into()));
        assert_eq!(figures.number("/a/d"), Err("intelligence has no number at /a/d".into()));
        assert_eq!(figures.number("/e"), Err("intelligence has nothing at /e".into()));
        let apart = Missing::NotApplicable("intelligence: no invoices".to_owned());
        assert_eq!(figures.number("/f/g"), Err(apart));
        let none = Figures::of("discovery", None);
        assert_eq!(none.number("/e"), Err("there is no result of discovery".into()));
    }
}

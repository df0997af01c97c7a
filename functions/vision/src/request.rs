//! What a caller may ask for.

mod expectations;
mod happened;

use causeway_cloud::object_path;
use causeway_runtime::{Error, Event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::names::{Names, Role};
use crate::report::settings::Scoring;

pub use expectations::Expectations;
pub(crate) use happened::Happened;

/// Largest picture inside a request, in bytes after decoding: the bodies of both clouds have 6 MB.
pub const MAX_INLINE_BYTES: usize = 4 << 20;
/// Longest name of an object, in bytes (Object Storage and S3: 1,024).
const MAX_NAME_BYTES: usize = 1_024;

/// A request. It names one of: an object (`object_name`), several (`objects`), a folder (`prefix`), or brings a
/// picture (`image`). The original tool's forms are read too: `objectName`, and an event with `data.resourceName`,
/// `eventTime` and `additionalDetails` beside `data` or in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// `extract`: the file, its EXIF and its measures, without a model. `basic`, `imports` and `auth` are answered by
    /// every function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_type: Option<TestType>,
    /// What is to be done; `assess` when absent.
    pub operation: Operation,
    /// Name of an object. Also `objectName`.
    #[serde(alias = "objectName", skip_serializing_if = "Option::is_none")]
    pub object_name: Option<String>,
    /// Names of several objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<String>>,
    /// All pictures of a folder, up to the deployment's limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// With `prefix`: only names after this one, which the reply to the request before told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_after: Option<String>,
    /// A picture of at most 4 MB: base64, or a `data:` address. It is not stored, there is no result, nobody is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its name, for the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_name: Option<String>,
    /// An earlier picture of the same thing, such as at dispatch: the reply tells what changed. Also
    /// `referenceObjectName`.
    #[serde(alias = "referenceObjectName", skip_serializing_if = "Option::is_none")]
    pub reference_object_name: Option<String>,
    /// What was expected of the delivery; before that in the event, before that in the object's metadata.
    pub expectations: Expectations,
    /// Whether the reply and the result tell where the picture was taken.
    pub include_gps: bool,
    /// How damage becomes a score; the deployment's way when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scoring: Option<Scoring>,
    /// How many answers the model is asked for, 1 to 5; the deployment's number when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<u32>,
    /// Looks again at an object whose result is there.
    pub overwrite: bool,
    /// The original's event: `resourceName` and `additionalDetails`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// The original's event: when it happened. It is the time of the delivery where nothing else tells one.
    #[serde(rename = "eventTime", skip_serializing_if = "Option::is_none")]
    pub event_time: Option<String>,
    /// The original's event: `expectedLatitude`, `expectedLongitude`, `promisedTime`.
    #[serde(rename = "additionalDetails", skip_serializing_if = "Option::is_none")]
    pub additional_details: Option<Value>,
    /// The original's event: not used.
    #[serde(rename = "eventType", skip_serializing)]
    pub event_type: Option<Value>,
    /// Why an event needs no work; no caller can set it.
    #[serde(skip)]
    pub(crate) ignored: Option<&'static str>,
    /// Entity tag of the version that an event is about.
    #[serde(skip)]
    pub(crate) event_etag: Option<String>,
}

/// A test that is this function's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestType {
    /// The file, its EXIF and its measures.
    Extract,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Describe, judge, store.
    #[default]
    Assess,
    /// The file, its EXIF and its measures, without a model; nothing is stored.
    Extract,
    /// Store a copy with blurred faces.
    Blur,
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// One object.
    Object(String),
    /// Several.
    Objects(Vec<String>),
    /// All below a folder, after a name.
    Prefix(String, Option<String>),
    /// A picture in base64.
    Inline(String),
}

impl Request {
    /// What is asked about one object.
    #[must_use]
    pub fn of_object(name: impl Into<String>) -> Self {
        Self { object_name: Some(name.into()), ..Self::default() }
    }

    /// One that needs no work.
    pub(crate) fn ignored(reason: &'static str) -> Self {
        Self { ignored: Some(reason), ..Self::default() }
    }

    /// What to do; the test is another word for it.
    pub(crate) fn operation(&self) -> Operation {
        if self.test_type == Some(TestType::Extract) { Operation::Extract } else { self.operation }
    }

    /// What it is about.
    ///
    /// # Errors
    /// 400 with the member that is wrong.
    pub(crate) fn target(&self, most: usize) -> Result<Target, Error> {
        let event_name = self.data.as_ref().and_then(|data| data.get("resourceName")).and_then(Value::as_str);
        let named = self.object_name.as_deref().or(event_name);
        let given = [named.is_some(), self.objects.is_some(), self.prefix.is_some(), self.image.is_some()];
        if given.iter().filter(|is_given| **is_given).count() != 1 {
            let text = "expected one of object_name, objects, prefix and image";
            return Err(Error::invalid_request(text).at("object_name"));
        }
        if let Some(name) = named {
            checked(name, "object_name")?;
            return Ok(Target::Object(name.to_owned()));
        }
        if let Some(names) = &self.objects {
            return several(names, most);
        }
        if let Some(prefix) = &self.prefix {
            object_path(prefix).map_err(|error| Error::invalid_request(error.to_string()).at("prefix"))?;
            return Ok(Target::Prefix(prefix.clone(), self.start_after.clone()));
        }
        Ok(Target::Inline(self.image.clone().unwrap_or_default()))
    }

    /// What was expected, from the request and the event that it may be.
    ///
    /// # Errors
    /// 400 with the member that is wrong.
    pub(crate) fn expected(&self) -> Result<Expectations, Error> {
        self.expectations.check("expectations")?;
        let mut all = self.expectations.clone();
        if let Some(details) = &self.additional_details {
            all = all.or(Expectations::of_details(details).map_err(|error| error.at("additionalDetails"))?);
        }
        if let Some(details) = self.data.as_ref().and_then(|data| data.get("additionalDetails")) {
            all = all.or(Expectations::of_details(details).map_err(|error| error.at("data.additionalDetails"))?);
        }
        Ok(all)
    }

    /// When the event happened that this request may be, and to which version.
    ///
    /// # Errors
    /// 400 when its time is none.
    pub(crate) fn happened(&self) -> Result<Happened, Error> {
        let time = Expectations { delivered_time: self.event_time.clone(), ..Expectations::default() };
        time.check("").map_err(|error| error.at("eventTime"))?;
        let inside = || self.data.as_ref()?.pointer("/additionalDetails/eTag")?.as_str().map(str::to_owned);
        Ok(Happened { time: self.event_time.clone(), etag: self.event_etag.clone().or_else(inside) })
    }

    /// The request that an event of an object store is.
    ///
    /// # Errors
    /// 422 when the object is gone, or there is none.
    pub(crate) fn of_event(event: Event, names: &Names, bucket: Option<&str>) -> Result<Self, Error> {
        if let Some((theirs, ours)) = other_bucket(&event, bucket) {
            tracing::warn!(bucket = theirs, configured = ours, "an event of another bucket is ignored");
            return Ok(Self::ignored("other_bucket"));
        }
        let (event_time, data) = (event.time.clone(), event.data.clone());
        let event_etag = event.object.as_ref().and_then(|object| object.etag.clone());
        let resource = data.get("resourceName").and_then(Value::as_str).map(str::to_owned);
        let name = match (&event.object, resource) {
            // The original's event names no bucket.
            (None, Some(name)) => name,
            _ => event.written_object()?.key,
        };
        match names.role(&name) {
            Role::Picture => Ok(Self { event_time, event_etag, data: Some(data), ..Self::of_object(name) }),
            other => Ok(Self::ignored(other.word())),
        }
    }
}

/// The bucket of an event and ours, when both are known and differ.
fn other_bucket<'a>(event: &'a Event, ours: Option<&'a str>) -> Option<(&'a str, &'a str)> {
    let theirs = event.object.as_ref().map(|object| object.bucket.as_str()).filter(|bucket| !bucket.is_empty())?;
    Some((theirs, ours.filter(|ours| *ours != theirs)?))
}

fn several(names: &[String], most: usize) -> Result<Target, Error> {
    if names.is_empty() || names.len() > most {
        return Err(Error::invalid_request(format!("expected 1 to {most} names of objects")).at("objects"));
    }
    let mut kept: Vec<String> = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        checked(name, &format!("objects[{at}]"))?;
        // Twice the same name is the same work once.
        if !kept.contains(name) {
            kept.push(name.clone());
        }
    }
    Ok(Target::Objects(kept))
}

/// Refuses what can be no object of the bucket.
pub(crate) fn checked(name: &str, at: &str) -> Result<(), Error> {
    if name.is_empty() || name.ends_with('/') || name.len() > MAX_NAME_BYTES {
        let text = format!("expected the name of an object, at most {MAX_NAME_BYTES} bytes");
        return Err(Error::invalid_request(text).at(at));
    }
    object_path(name).map(drop).map_err(|error| Error::invalid_request(error.to_string()).at(at))
}

#[cfg(test)]
mod tests;

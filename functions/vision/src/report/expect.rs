//! What a delivery was expected to be: where, and until when.
//!
//! It comes from the original's `additionalDetails`, from metadata of the object, or from fields of a request.
//! What is absent stays so; what is malformed is the caller's mistake and never passed over.

use causeway_resilience::InputError;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Longest text of a number or a time.
const MAX_TEXT: usize = 64;

/// What precedes the names of an object's metadata on the wire.
const METADATA_PREFIXES: [&str; 2] = ["opc-meta-", "x-amz-meta-"];

/// A place on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinates {
    /// Degrees north, from -90 to 90.
    pub latitude: f64,
    /// Degrees east, from -180 to 180.
    pub longitude: f64,
}

impl Coordinates {
    /// Whether a camera can have been there. Cameras without a fix write 0 and 0, a point in the sea.
    #[must_use]
    pub fn is_plausible(self) -> bool {
        self.is_on_earth() && (self.latitude != 0.0 || self.longitude != 0.0)
    }

    fn is_on_earth(self) -> bool {
        (-90.0..=90.0).contains(&self.latitude) && (-180.0..=180.0).contains(&self.longitude)
    }
}

/// What is expected; all of it may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Expect {
    /// Where.
    pub place: Option<Coordinates>,
    /// Until when.
    pub promised_time: Option<Timestamp>,
    /// When it was delivered, if whoever asks says so; else the time of the event counts.
    pub delivered_time: Option<Timestamp>,
}

/// The same as fields, as a request or `additionalDetails` have them. Numbers may be written as text, as the
/// original allowed; a time without an offset is UTC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Fields {
    /// Degrees north.
    #[serde(rename = "expectedLatitude", alias = "expected_latitude")]
    #[schemars(with = "Option<f64>")]
    pub latitude: Option<Value>,
    /// Degrees east.
    #[serde(rename = "expectedLongitude", alias = "expected_longitude")]
    #[schemars(with = "Option<f64>")]
    pub longitude: Option<Value>,
    /// Until when, RFC 3339.
    #[serde(rename = "promisedTime", alias = "promised_time")]
    #[schemars(with = "Option<String>")]
    pub promised_time: Option<Value>,
    /// When it was delivered, RFC 3339.
    #[serde(rename = "deliveredTime", alias = "delivered_time")]
    #[schemars(with = "Option<String>")]
    pub delivered_time: Option<Value>,
}

impl Fields {
    /// What the fields expect. `at` is where they stand, such as `data.additionalDetails`; empty at the top.
    ///
    /// # Errors
    /// [`InputError::Wrong`] with the path of the field that is malformed or lacks its other half.
    pub fn read(&self, at: &str) -> Result<Expect, InputError> {
        let latitude = number(self.latitude.as_ref(), at, "expectedLatitude", 90.0)?;
        let longitude = number(self.longitude.as_ref(), at, "expectedLongitude", 180.0)?;
        let place = match (latitude, longitude) {
            (Some(latitude), Some(longitude)) => Some(Coordinates { latitude, longitude }),
            (None, None) => None,
            (Some(_), None) => return Err(wrong(at, "expectedLongitude", "is missing beside expectedLatitude")),
            (None, Some(_)) => return Err(wrong(at, "expectedLatitude", "is missing beside expectedLongitude")),
        };
        let promised_time = time(self.promised_time.as_ref(), at, "promisedTime")?;
        let delivered_time = time(self.delivered_time.as_ref(), at, "deliveredTime")?;
        Ok(Expect { place, promised_time, delivered_time })
    }
}

impl Expect {
    /// What an event expects: its `additionalDetails` inside of `data`, as OCI sends them, or at the top, as the
    /// original wanted them. A real event has other keys there, or nothing.
    ///
    /// # Errors
    /// [`InputError::Wrong`] as [`Fields::read`], and when both are given and differ.
    pub fn from_event(event: &Value) -> Result<Self, InputError> {
        let top = from_details(event.get("additionalDetails"), "additionalDetails")?;
        let inside = event.get("data").and_then(|data| data.get("additionalDetails"));
        let inside = from_details(inside, "data.additionalDetails")?;
        if top != Self::default() && inside != Self::default() && top != inside {
            return Err(wrong("", "additionalDetails", "differs from data.additionalDetails"));
        }
        Ok(top.or(inside))
    }

    /// What an object's metadata expect, given as names and values. Names may carry their prefix, and are compared
    /// without case, `-` and `_`, because stores change them.
    ///
    /// # Errors
    /// [`InputError::Wrong`] with the path `metadata.<name>`.
    pub fn from_metadata<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, InputError> {
        let mut fields = Fields::default();
        for (name, value) in pairs {
            let field = match bare(name).as_str() {
                "expectedlatitude" => &mut fields.latitude,
                "expectedlongitude" => &mut fields.longitude,
                "promisedtime" => &mut fields.promised_time,
                "deliveredtime" => &mut fields.delivered_time,
                _ => continue,
            };
            *field = Some(Value::String(value.to_owned()));
        }
        fields.read("metadata")
    }

    /// This, and where it says nothing, `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            place: self.place.or(other.place),
            promised_time: self.promised_time.or(other.promised_time),
            delivered_time: self.delivered_time.or(other.delivered_time),
        }
    }
}

fn from_details(details: Option<&Value>, at: &str) -> Result<Expect, InputError> {
    match details {
        None | Some(Value::Null) => Ok(Expect::default()),
        Some(Value::Object(members)) => {
            let field = |names: [&str; 2]| names.iter().find_map(|name| members.get(*name)).cloned();
            let fields = Fields {
                latitude: field(["expectedLatitude", "expected_latitude"]),
                longitude: field(["expectedLongitude", "expected_longitude"]),
                promised_time: field(["promisedTime", "promised_time"]),
                delivered_time: field(["deliveredTime", "delivered_time"]),
            };
            fields.read(at)
        }
        Some(_) => Err(wrong("", at, "is not an object")),
    }
}

fn bare(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = METADATA_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(&name);
    name.chars().filter(|c| !['-', '_'].contains(c)).collect()
}

fn number(value: Option<&Value>, at: &str, name: &str, bound: f64) -> Result<Option<f64>, InputError> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) if text.len() <= MAX_TEXT => text.trim().parse().ok(),
        Some(_) => None,
    };
    match number {
        Some(number) if (-bound..=bound).contains(&number) => Ok(Some(number)),
        _ => Err(wrong(at, name, &format!("is not a number from -{bound} to {bound}"))),
    }
}

fn time(value: Option<&Value>, at: &str, name: &str) -> Result<Option<Timestamp>, InputError> {
    let time = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.len() <= MAX_TEXT => instant(text.trim()),
        Some(_) => None,
    };
    time.map(Some).ok_or_else(|| wrong(at, name, "is not a time such as 2025-03-31T16:00:00Z"))
}

/// An instant; without an offset it is in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let in_utc = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(in_utc)
}

fn wrong(at: &str, name: &str, message: &str) -> InputError {
    let path = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    InputError::Wrong { path, message: message.to_owned() }
}

//! What was expected of a delivery, in the words of callers, events and metadata of objects.

use causeway_runtime::Error;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::report::expect::{Coordinates, Expect};

/// Where a delivery was expected, and until when. Times are RFC 3339; without an offset they are UTC, as in the
/// original. Numbers may be texts, as in metadata of objects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expectations {
    /// Degrees north. Also `expectedLatitude`.
    #[serde(alias = "expectedLatitude", deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub expected_latitude: Option<f64>,
    /// Degrees east. Also `expectedLongitude`.
    #[serde(alias = "expectedLongitude", deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub expected_longitude: Option<f64>,
    /// Until when. Also `promisedTime`.
    #[serde(alias = "promisedTime", skip_serializing_if = "Option::is_none")]
    pub promised_time: Option<String>,
    /// When it was delivered; the time of the event when absent. Also `deliveredTime`.
    #[serde(alias = "deliveredTime", skip_serializing_if = "Option::is_none")]
    pub delivered_time: Option<String>,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    let Some(value) = value else { return Ok(None) };
    let read = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite());
    read.map(Some).ok_or_else(|| serde::de::Error::custom("expected a number"))
}

impl Expectations {
    /// From `additionalDetails` of an event, which holds other things too.
    ///
    /// # Errors
    /// 400 when one of ours is wrong.
    pub fn of_details(details: &Value) -> Result<Self, Error> {
        const OURS: [(&str, &str); 4] = [
            ("expectedlatitude", "expected_latitude"),
            ("expectedlongitude", "expected_longitude"),
            ("promisedtime", "promised_time"),
            ("deliveredtime", "delivered_time"),
        ];
        let Some(members) = details.as_object() else { return Ok(Self::default()) };
        let mut ours = serde_json::Map::new();
        for (name, value) in members {
            let plain: String =
                name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
            if let Some((_, known)) = OURS.iter().find(|(known, _)| *known == plain) {
                ours.insert((*known).to_owned(), value.clone());
            }
        }
        let read: Self = serde_json::from_value(ours.into())
            .map_err(|_| Error::invalid_request("expectations that are no numbers or times"))?;
        read.check("")?;
        Ok(read)
    }

    /// These, and the other ones where there is none. A place is taken as a whole.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let has_place = self.expected_latitude.is_some() || self.expected_longitude.is_some();
        let place = if has_place {
            (self.expected_latitude, self.expected_longitude)
        } else {
            (other.expected_latitude, other.expected_longitude)
        };
        Self {
            expected_latitude: place.0,
            expected_longitude: place.1,
            promised_time: self.promised_time.or(other.promised_time),
            delivered_time: self.delivered_time.or(other.delivered_time),
        }
    }

    /// Whether nothing is expected; the time of an event alone expects nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expected_latitude.is_none() && self.expected_longitude.is_none() && self.promised_time.is_none()
    }

    /// # Errors
    /// 400 with the member that is wrong.
    pub(crate) fn check(&self, at: &str) -> Result<(), Error> {
        self.read().map(drop).map_err(|(member, text)| {
            let path = if at.is_empty() { member.to_owned() } else { format!("{at}.{member}") };
            Error::invalid_request(text).at(path)
        })
    }

    /// In the report's terms; a member that cannot be read is as if it were not there, and [`Self::check`] tells it.
    pub(crate) fn expect(&self) -> Expect {
        self.read().unwrap_or_default()
    }

    fn read(&self) -> Result<Expect, (&'static str, &'static str)> {
        const DEGREES: &str = "expected degrees: latitude from -90 to 90 and longitude from -180 to 180, both or none";
        let place = match (self.expected_latitude, self.expected_longitude) {
            (None, None) => None,
            (Some(latitude), Some(longitude))
                if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) =>
            {
                Some(Coordinates { latitude, longitude })
            }
            _ => return Err(("expected_latitude", DEGREES)),
        };
        let time = |text: &Option<String>, member: &'static str| match text.as_deref().map(moment) {
            None => Ok(None),
            Some(Some(time)) => Ok(Some(time)),
            Some(None) => Err((member, "expected a time such as 2026-01-31T17:00:00Z")),
        };
        Ok(Expect {
            place,
            promised_time: time(&self.promised_time, "promised_time")?,
            delivered_time: time(&self.delivered_time, "delivered_time")?,
        })
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let without_offset = || Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    text.parse::<Timestamp>().ok().or_else(without_offset)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_and_events_have_other_spellings() {
        let check = |details: Value, place: Option<(f64, f64)>, promised: Option<&str>| {
            let found = Expectations::of_details(&details).unwrap().expect();
            assert_eq!(found.place.map(|place| (place.latitude, place.longitude)), place, "{details}");
            assert_eq!(found.promised_time.map(|time| time.to_string()).as_deref(), promised, "{details}");
        };
        check(json!({}), None, None);
        check(json!(null), None, None);
        check(json!({ "bucketName": "b", "expectedLatitude": 1, "expectedLongitude": -2.5 }), Some((1.0, -2.5)), None);
        check(json!({ "expected-latitude": "1", "expectedlongitude": " 2 " }), Some((1.0, 2.0)), None);
        check(json!({ "promised_time": "2026-01-01T10:00:00" }), None, Some("2026-01-01T10:00:00Z"));
        check(json!({ "promisedTime": "2026-01-01T10:00:00+02:00" }), None, Some("2026-01-01T08:00:00Z"));
    }

    #[test]
    fn wrong_ones_are_named() {
        for (details, at) in [
            (json!({ "expectedLatitude": 91, "expectedLongitude": 0 }), "expected_latitude"),
            (json!({ "expectedLatitude": 1 }), "expected_latitude"),
            (json!({ "promisedTime": "soon" }), "promised_time"),
        ] {
            let error = Expectations::of_details(&details).unwrap_err();
            assert_eq!(error.path(), Some(at), "{details}");
        }
        assert!(Expectations::of_details(&json!({ "expectedLatitude": "NaN" })).is_err());
        assert!(Expectations::of_details(&json!({ "promisedTime": 5 })).is_err());
    }

    #[test]
    fn what_is_nearer_to_the_caller_counts() {
        let ours = Expectations { expected_latitude: Some(1.0), ..Expectations::default() };
        let theirs = Expectations {
            expected_longitude: Some(2.0),
            promised_time: Some("x".to_owned()),
            ..Expectations::default()
        };
        let both = ours.or(theirs);
        assert_eq!((both.expected_latitude, both.expected_longitude), (Some(1.0), None), "no place of two halves");
        assert_eq!(both.promised_time.as_deref(), Some("x"));
    }
}

//! What the camera wrote: orientation, time and position. Only these fields are looked at.

use std::ops::Range;

use exif::{DateTime, Error, Field, In, Reader, Tag, Value};
use jiff::civil;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Issue, IssueCode, Orientation};

/// Four times what a JPEG can hold; the parser keeps a record for each entry, so more would be memory for nothing.
const MAX_BYTES: usize = 256 << 10;

/// What the camera wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exif {
    /// Whether the file has any EXIF that can be read.
    pub present: bool,
    /// When the picture was taken, `YYYY-MM-DDTHH:MM:SS`, with the offset from UTC if the camera wrote one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Whether the file has a position, readable or not.
    pub gps_present: bool,
    /// The position; personal data: for computing a distance, and in the reply only where asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gps: Option<Gps>,
}

/// A position (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gps {
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
    /// Metres above the sea.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altitude: Option<f64>,
}

/// Reads the fields; broken ones are left out and told.
pub(super) fn read(bytes: &[u8], at: Option<&Range<usize>>) -> (Exif, Orientation, Option<Issue>) {
    let Some(raw) = at.and_then(|at| bytes.get(at.clone())) else {
        return (Exif::default(), Orientation::default(), None);
    };
    match parse(raw) {
        Ok((fields, issue)) => (facts(&fields), orientation(&fields), issue),
        Err(detail) => {
            let issue = Issue::new(IssueCode::ExifUnreadable, detail);
            (Exif::default(), Orientation::default(), Some(issue))
        }
    }
}

fn parse(raw: &[u8]) -> Result<(exif::Exif, Option<Issue>), String> {
    if raw.len() > MAX_BYTES {
        return Err(format!("the EXIF has {} bytes, read are up to {MAX_BYTES}", raw.len()));
    }
    match Reader::new().continue_on_error(true).read_raw(raw.to_vec()) {
        Ok(fields) => Ok((fields, None)),
        Err(Error::PartialResult(partial)) => {
            let (fields, errors) = partial.into_inner();
            let detail = format!("{} parts of the EXIF cannot be read", errors.len());
            Ok((fields, Some(Issue::new(IssueCode::ExifUnreadable, detail))))
        }
        Err(error) => Err(format!("the EXIF cannot be read: {error}")),
    }
}

fn orientation(fields: &exif::Exif) -> Orientation {
    let stored = fields.get_field(Tag::Orientation, In::PRIMARY).and_then(|field| field.value.get_uint(0));
    stored.and_then(Orientation::from_exif).unwrap_or_default()
}

fn facts(fields: &exif::Exif) -> Exif {
    let position = [Tag::GPSLatitude, Tag::GPSLongitude].map(|tag| fields.get_field(tag, In::PRIMARY));
    Exif {
        present: fields.fields().next().is_some(),
        timestamp: timestamp(fields),
        gps_present: position.iter().any(Option::is_some),
        gps: gps(fields),
    }
}

/// When it was taken; else when it was digitised, else when the file was changed.
fn timestamp(fields: &exif::Exif) -> Option<String> {
    let pairs = [
        (Tag::DateTimeOriginal, Tag::OffsetTimeOriginal),
        (Tag::DateTimeDigitized, Tag::OffsetTimeDigitized),
        (Tag::DateTime, Tag::OffsetTime),
    ];
    pairs.iter().find_map(|(time, offset)| {
        let mut time = DateTime::from_ascii(text(fields, *time)?).ok()?;
        let offset = text(fields, *offset).and_then(|offset| time.parse_offset(offset).ok()).and(time.offset);
        iso(&time, offset)
    })
}

fn iso(time: &DateTime, offset_minutes: Option<i16>) -> Option<String> {
    let small = |value: u8| i8::try_from(value).ok();
    let year = i16::try_from(time.year).ok().filter(|year| *year > 0)?;
    let (month, day) = (small(time.month)?, small(time.day)?);
    let (hour, minute, second) = (small(time.hour)?, small(time.minute)?, small(time.second)?);
    let civil = civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let offset = offset_minutes.filter(|minutes| minutes.abs() <= 14 * 60).map(|minutes| {
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    });
    Some(format!("{civil}{}", offset.unwrap_or_default()))
}

fn gps(fields: &exif::Exif) -> Option<Gps> {
    let latitude = degrees(fields, Tag::GPSLatitude)? * sign(fields, Tag::GPSLatitudeRef, b'N', b'S')?;
    let longitude = degrees(fields, Tag::GPSLongitude)? * sign(fields, Tag::GPSLongitudeRef, b'E', b'W')?;
    let inside = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    inside.then(|| Gps { latitude, longitude, altitude: altitude(fields) })
}

/// Degrees, minutes and seconds as one number; a camera without a fix writes denominators of 0.
fn degrees(fields: &exif::Exif, tag: Tag) -> Option<f64> {
    let parts = rationals(fields, tag)?;
    let value = match parts[..] {
        [degrees, minutes, seconds] => degrees + minutes / 60.0 + seconds / 3600.0,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

fn altitude(fields: &exif::Exif) -> Option<f64> {
    let metres = *rationals(fields, Tag::GPSAltitude)?.first()?;
    let below = match fields.get_field(Tag::GPSAltitudeRef, In::PRIMARY).map(|field| &field.value) {
        Some(Value::Byte(bytes)) => bytes.first() == Some(&1),
        _ => false,
    };
    metres.is_finite().then_some(if below { -metres } else { metres })
}

fn rationals(fields: &exif::Exif, tag: Tag) -> Option<Vec<f64>> {
    match &fields.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(values) => Some(values.iter().take(3).map(exif::Rational::to_f64).collect()),
        _ => None,
    }
}

fn sign(fields: &exif::Exif, tag: Tag, positive: u8, negative: u8) -> Option<f64> {
    match text(fields, tag)?.first()?.to_ascii_uppercase() {
        letter if letter == positive => Some(1.0),
        letter if letter == negative => Some(-1.0),
        _ => None,
    }
}

fn text(fields: &exif::Exif, tag: Tag) -> Option<&[u8]> {
    let field: &Field = fields.get_field(tag, In::PRIMARY)?;
    match &field.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

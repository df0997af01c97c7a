//! Days and times that people name for a place.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// The same in the calendar.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

/// When a local time of a day is. One that the clocks skip is at the moment of the change; one that comes twice is the
/// first. `None` beyond the calendar.
#[must_use]
pub fn start_of(zone: &TimeZone, date: Date, time: Time) -> Option<Timestamp> {
    let local = zone.to_ambiguous_timestamp(date.to_datetime(time));
    let is_skipped = matches!(local.offset(), AmbiguousOffset::Gap { .. });
    let earlier = local.earlier().ok()?;
    if !is_skipped {
        return Some(earlier);
    }
    zone.following(earlier).next().map(|transition| transition.timestamp())
}

//! Windows of time, in the local time of a place.

use std::borrow::Cow;

use causeway_runtime::local_time::Day;
use jiff::civil::{Time, Weekday, time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Schedule;

/// A time of day on some days of the week. Where its floor is above a machine's size, the machine grows; its end
/// takes the floor away and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Window {
    /// Name, unique in its list.
    pub id: String,
    /// IANA name of the time zone. Default `UTC`.
    pub zone: String,
    /// Days on which it starts, by local time. Default all.
    pub days: Vec<Day>,
    /// Local start. One that the clocks skip is at the moment of the change, one that comes twice is the first.
    /// Default 08:00.
    pub start: Time,
    /// Local end, on the next day unless it is after the start. Default 18:00.
    pub end: Time,
    /// Fewest OCPUs in it.
    pub floor_ocpus: Option<f64>,
    /// Least memory in it, in GB.
    pub floor_memory_gb: Option<f64>,
    /// Most OCPUs in it; a machine that has more keeps them.
    pub ceiling_ocpus: Option<f64>,
    /// Most memory in it, in GB; a machine that has more keeps it.
    pub ceiling_memory_gb: Option<f64>,
    /// Whether a machine that grew for it goes back at its end, as far as the last minutes allow. Default false.
    pub enforce_end: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            id: String::new(),
            zone: "UTC".to_owned(),
            days: Vec::new(),
            start: time(8, 0, 0, 0),
            end: time(18, 0, 0, 0),
            floor_ocpus: None,
            floor_memory_gb: None,
            ceiling_ocpus: None,
            ceiling_memory_gb: None,
            enforce_end: false,
        }
    }
}

/// Windows that are ready made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Which.
    pub name: PresetName,
    /// IANA name of the time zone. Default `UTC`.
    #[serde(default = "utc")]
    pub zone: String,
    /// Days on which the higher floor holds, by local time. Default all.
    #[serde(default)]
    pub days: Vec<Day>,
}

/// The presets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresetName {
    /// 32 OCPUs at least from 08:00 to 18:00, and 16 at least at all other times (R12).
    BusinessDay,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Preset {
    /// Its windows.
    #[must_use]
    pub fn windows(&self) -> Vec<Window> {
        let window = |id: &str, days: &[Day], floor, start, end| Window {
            id: id.to_owned(),
            zone: self.zone.clone(),
            days: days.to_vec(),
            start,
            end,
            floor_ocpus: Some(floor),
            ..Window::default()
        };
        let (morning, evening) = (time(8, 0, 0, 0), time(18, 0, 0, 0));
        match self.name {
            // The lower floor is never off, so that a day without the higher one has it too.
            PresetName::BusinessDay => vec![
                window("business_day", &self.days, 32.0, morning, evening),
                window("business_night", &[], 16.0, evening, evening),
            ],
        }
    }
}

impl Schedule {
    /// The windows of the preset and the others.
    #[must_use]
    pub fn all_windows(&self) -> Cow<'_, [Window]> {
        match &self.preset {
            None => Cow::Borrowed(&self.windows),
            Some(preset) => Cow::Owned([&preset.windows()[..], &self.windows].concat()),
        }
    }
}

impl Window {
    /// Whether it starts on this day of the week.
    #[must_use]
    pub fn starts_on(&self, day: Weekday) -> bool {
        self.days.is_empty() || self.days.iter().any(|own| own.weekday() == day)
    }
}

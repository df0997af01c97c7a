//! Windows of time, in the local time of a place.

use causeway_runtime::local_time::Day;
use jiff::civil::{Time, Weekday, time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

impl Window {
    /// 32 OCPUs at least from 08:00 to 18:00 and 16 else, in the zone of this name.
    #[must_use]
    pub fn business_day(zone: &str) -> Vec<Self> {
        let window = |id: &str, floor, start, end| Self {
            id: id.to_owned(),
            zone: zone.to_owned(),
            start,
            end,
            floor_ocpus: Some(floor),
            ..Self::default()
        };
        let (morning, evening) = (time(8, 0, 0, 0), time(18, 0, 0, 0));
        vec![window("day", 32.0, morning, evening), window("night", 16.0, evening, morning)]
    }

    /// Whether it starts on this day of the week.
    #[must_use]
    pub fn starts_on(&self, day: Weekday) -> bool {
        self.days.is_empty() || self.days.iter().any(|own| own.weekday() == day)
    }
}

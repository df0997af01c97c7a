//! Windows of maintenance, in the local time of a place.

use causeway_runtime::local_time::{Day, start_of};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A time in which something is worked on. People are told of nothing that it covers before it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Name, unique.
    pub id: String,
    /// IANA name of the time zone. Default `UTC`.
    #[serde(default = "utc")]
    pub zone: String,
    /// Days of the week on which it starts, by local time; all when this and `dates` are empty.
    #[serde(default)]
    pub days: Vec<Day>,
    /// Dates on which it starts, by local time.
    #[serde(default)]
    pub dates: Vec<Date>,
    /// Local start. One that the clocks skip is at the moment of the change, one that comes twice is the first.
    pub start: Time,
    /// How long it takes, in minutes that really pass; at most a day.
    pub minutes: u32,
    /// Components and tenants that it covers; all when empty.
    #[serde(default)]
    pub covers: Vec<String>,
    /// Whether no traffic moves while it lasts. Default false: a rollback is no alert.
    #[serde(default)]
    pub holds_rollback: bool,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Window {
    /// Whether it lasts at `now`.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        let Ok(zone) = TimeZone::get(&self.zone) else { return false };
        let today = now.to_zoned(zone.clone()).date();
        // One of at most a day that lasts now began today or yesterday, or where a day has 23 hours the day before.
        let yesterday = today.yesterday().ok();
        let before = yesterday.and_then(|day| day.yesterday().ok());
        let begun = [before, yesterday, Some(today)].into_iter().flatten();
        begun.filter(|date| self.starts_on(*date)).filter_map(|date| start_of(&zone, date, self.start)).any(|start| {
            let lasts = SignedDuration::from_mins(i64::from(self.minutes));
            start <= now && now.duration_since(start) < lasts
        })
    }

    /// Whether it is about this component or tenant.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        self.covers.is_empty() || self.covers.iter().any(|own| own == name)
    }

    fn starts_on(&self, date: Date) -> bool {
        let every = self.days.is_empty() && self.dates.is_empty();
        every || self.dates.contains(&date) || self.days.iter().any(|day| day.weekday() == date.weekday())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(window: &Value, at: &[(&str, bool)]) {
        let window: Window = serde_json::from_value(window.clone()).unwrap();
        for (moment, expected) in at {
            assert_eq!(window.is_in_force(moment.parse().unwrap()), *expected, "{window:?} at {moment}");
        }
    }

    #[test]
    fn windows_are_in_local_time_and_may_pass_midnight() {
        let friday = json!({"id": "a", "zone": "Europe/Berlin", "days": ["fri"], "start": "23:00", "minutes": 120});
        check(
            &friday,
            &[
                ("2026-02-06T21:59:59Z", false),
                ("2026-02-06T22:00:00Z", true),
                ("2026-02-06T23:59:59Z", true),
                ("2026-02-07T00:00:00Z", false),
                ("2026-02-07T22:30:00Z", false),
            ],
        );
        let once = json!({"id": "a", "dates": ["2026-02-03"], "start": "01:00", "minutes": 1440});
        check(&once, &[("2026-02-04T00:59:59Z", true), ("2026-02-04T01:00:00Z", false)]);
        check(&json!({"id": "a", "start": "00:00", "minutes": 1440}), &[("2026-02-04T00:59:59Z", true)]);
    }

    #[test]
    fn a_start_that_the_clocks_skip_is_at_the_change() {
        // Berlin has no 02:30 on this day: at 01:00 UTC the clocks go from 02:00 to 03:00.
        let window = json!({"id": "a", "zone": "Europe/Berlin", "start": "02:30", "minutes": 60});
        check(
            &window,
            &[
                ("2026-03-29T00:59:59Z", false),
                ("2026-03-29T01:00:00Z", true),
                ("2026-03-29T01:59:59Z", true),
                ("2026-03-29T02:00:00Z", false),
            ],
        );
    }

    #[test]
    fn a_day_of_23_hours_does_not_end_a_window_early() {
        // On the 29th the clocks go forward: a day after the 28th, 23:30, is the 30th, 00:30.
        let window =
            json!({"id": "a", "zone": "Europe/Berlin", "dates": ["2026-03-28"], "start": "23:30", "minutes": 1440});
        check(
            &window,
            &[
                ("2026-03-28T22:29:59Z", false),
                ("2026-03-28T22:30:00Z", true),
                ("2026-03-29T22:15:00Z", true),
                ("2026-03-29T22:30:00Z", false),
            ],
        );
    }

    #[test]
    fn a_start_that_comes_twice_is_the_first() {
        // 02:30 is at 00:30 UTC and again at 01:30 UTC.
        let window = json!({"id": "a", "zone": "Europe/Berlin", "start": "02:30", "minutes": 30});
        check(
            &window,
            &[("2026-10-25T00:30:00Z", true), ("2026-10-25T01:00:00Z", false), ("2026-10-25T01:30:00Z", false)],
        );
        // Two hours really pass, although the local clock shows one.
        let long = json!({"id": "a", "zone": "Europe/Berlin", "start": "02:00", "minutes": 120});
        check(&long, &[("2026-10-25T01:59:59Z", true), ("2026-10-25T02:00:00Z", false)]);
    }

    #[test]
    fn it_covers_what_it_names() {
        let window = |covers: Value| -> Window {
            serde_json::from_value(json!({"id": "a", "start": "00:00", "minutes": 1, "covers": covers})).unwrap()
        };
        assert!(window(json!([])).covers("api") && window(json!(["api"])).covers("api"));
        assert!(!window(json!(["api"])).covers("db"));
    }
}

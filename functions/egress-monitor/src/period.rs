//! The month that is paid for, in UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Days from one invoice to the next. Days are those of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    /// First day.
    pub first: Date,
    /// Day after the last.
    pub end: Date,
}

/// There is no such period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Invoices do not start on such a day.
    #[error("the day on which an invoice starts must be from 1 to 31, not {0}")]
    StartDay(u8),
    /// The calendar ends.
    #[error("{0} is at the end of the calendar")]
    OutOfRange(Timestamp),
}

/// The day of UTC that `at` is in.
#[must_use]
pub fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// Midnight UTC at which `day` begins; the ends of the calendar where that is out of its range.
#[must_use]
pub fn midnight(day: Date) -> Timestamp {
    let limit = if day.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).unwrap_or(limit)
}

/// The whole hour that `at` is in.
#[must_use]
pub fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(3600) * 3600).unwrap_or(Timestamp::MIN)
}

/// Days from `from` to `to`; negative when `to` is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i64 {
    (midnight(to).as_second() - midnight(from).as_second()).div_euclid(86_400)
}

/// `days` later, or earlier when negative; the ends of the calendar where that is out of its range.
#[must_use]
pub fn plus_days(day: Date, days: i64) -> Date {
    let limit = if days < 0 { Date::MIN } else { Date::MAX };
    Span::new().try_days(days).and_then(|span| day.checked_add(span)).unwrap_or(limit)
}

impl Period {
    /// The period that data of the moment `at` belongs to. Months that are shorter than `start_day` start on their
    /// last day, as OCI Budgets have it.
    ///
    /// # Errors
    /// [`PeriodError`].
    pub fn of(at: Timestamp, start_day: u8) -> Result<Self, PeriodError> {
        if !(1..=31).contains(&start_day) {
            return Err(PeriodError::StartDay(start_day));
        }
        let day = day_of(at);
        let out_of_range = |_| PeriodError::OutOfRange(at);
        let this = start_in(day, start_day);
        let (first, end) = if day >= this {
            (this, start_in(month_after(day, 1).map_err(out_of_range)?, start_day))
        } else {
            (start_in(month_after(day, -1).map_err(out_of_range)?, start_day), this)
        };
        Ok(Self { first, end })
    }

    /// Number of its days.
    #[must_use]
    pub fn days(&self) -> i64 {
        days_between(self.first, self.end)
    }

    /// Name of it: `2026-09`, or `2026-09-15` when it does not begin with the month.
    #[must_use]
    pub fn id(&self) -> String {
        if self.first.day() == 1 { self.first.strftime("%Y-%m").to_string() } else { self.first.to_string() }
    }

    /// First moment.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        midnight(self.first)
    }

    /// Whether the day is one of it.
    #[must_use]
    pub fn has(&self, day: Date) -> bool {
        (self.first..self.end).contains(&day)
    }
}

/// The start day in the month of `day`.
fn start_in(day: Date, start_day: u8) -> Date {
    let start_day = i8::try_from(start_day).unwrap_or(i8::MAX).min(day.days_in_month());
    plus_days(day.first_of_month(), i64::from(start_day) - 1)
}

fn month_after(day: Date, months: i32) -> Result<Date, jiff::Error> {
    day.first_of_month().checked_add(Span::new().months(months))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(at: &str, start_day: u8) -> Period {
        Period::of(at.parse().unwrap(), start_day).unwrap()
    }

    #[test]
    fn e_09_the_month_is_that_of_utc() {
        let period = period("2026-03-01T01:30:00+02:00", 1);
        assert_eq!(period.id(), "2026-02");
    }

    #[test]
    fn e_20_days_of_a_period_are_exact() {
        for (at, days) in [
            ("2026-01-15T00:00:00Z", 31),
            ("2026-02-28T23:59:59Z", 28),
            ("2028-02-29T00:00:00Z", 29),
            ("2100-02-01T00:00:00Z", 28),
            ("2026-04-30T12:00:00Z", 30),
        ] {
            assert_eq!(period(at, 1).days(), days, "{at}");
        }
    }

    #[test]
    fn the_start_day_is_clipped_to_short_months() {
        for (at, start_day, first, end) in [
            ("2026-02-27T12:00:00Z", 31, "2026-01-31", "2026-02-28"),
            ("2026-02-28T00:00:00Z", 31, "2026-02-28", "2026-03-31"),
            ("2028-02-29T00:00:00Z", 30, "2028-02-29", "2028-03-30"),
            ("2026-01-05T00:00:00Z", 15, "2025-12-15", "2026-01-15"),
            ("2026-12-31T00:00:00Z", 31, "2026-12-31", "2027-01-31"),
        ] {
            let found = period(at, start_day);
            assert_eq!((found.first, found.end), (first.parse().unwrap(), end.parse().unwrap()), "{at} {start_day}");
        }
        assert_eq!(period("2026-01-05T00:00:00Z", 15).id(), "2025-12-15");
    }

    #[test]
    fn days_that_no_month_has_are_refused() {
        for day in [0, 32, 255] {
            assert_eq!(Period::of(Timestamp::UNIX_EPOCH, day), Err(PeriodError::StartDay(day)));
        }
        for at in [Timestamp::MIN, Timestamp::MAX] {
            let _ = Period::of(at, 31);
        }
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_gap(second in 0_i64..4_102_444_800, start_day in 1_u8..=31) {
            let at = Timestamp::from_second(second).unwrap();
            let period = Period::of(at, start_day).unwrap();
            prop_assert!(period.has(day_of(at)) && (28..=31).contains(&period.days()));
            let next = Period::of(midnight(period.end), start_day).unwrap();
            prop_assert_eq!(next.first, period.end);
            let before = Period::of(midnight(plus_days(period.first, -1)), start_day).unwrap();
            prop_assert_eq!(before.end, period.first);
        }
    }
}

//! Rows of usage as the service keeps them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) const NORTH_AMERICA: &str = "B88327";
pub(crate) const ASIA: &str = "B93455";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

pub(crate) fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

pub(crate) fn later(day: Date, days: i64) -> Date {
    day.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

/// What a SKU transferred on a day; the service shows it as soon as the day is over.
pub(crate) fn row(day: Date, sku: &str, gb: f64) -> Value {
    json!({
        "timeUsageStarted": midnight(day), "timeUsageEnded": midnight(later(day, 1)), "lagHours": 0,
        "service": "Networking", "skuPartNumber": sku, "skuName": "Outbound Data Transfer Zone 1",
        "unit": "GB Months", "computedQuantity": gb, "currency": "USD", "region": "us-ashburn-1",
        "compartmentId": "ocid1.compartment.oc1..shop", "compartmentName": "shop",
    })
}

/// The same with other members.
pub(crate) fn with(mut row: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

/// GB of days from `first` on.
pub(crate) fn days(first: &str, gb: &[f64]) -> Vec<Value> {
    let first = first.parse().unwrap();
    (0..).zip(gb).map(|(offset, gb)| row(later(first, offset), NORTH_AMERICA, *gb)).collect()
}

/// The same of days up to yesterday.
pub(crate) fn until_yesterday(gb: &[f64]) -> Vec<Value> {
    let first = later(day_of(Timestamp::now()), -i64::try_from(gb.len()).unwrap());
    days(&first.to_string(), gb)
}

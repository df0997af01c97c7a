//! Points of a metric as JSON: one by one, or many minutes in a row in one text.
//!
//! The text is what makes a recording of a thousand machines small, and its numbers come back to the last bit, which those
//! of a JSON document need not.

use causeway_cloud::metrics::Point;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// What stands for a value that is no number.
const NONE: &str = "-";

/// One value with `at` and `value`, or a value for each minute with `from` and `values`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    /// Beginning of the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// The value in percent; `null`, as JSON has it for what is no number, is an invalid point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// Beginning of the first minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    /// The values in percent of this minute and those that follow, with a space between them; `-` is an invalid point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<String>,
}

impl Item {
    fn read_into(self, points: &mut Vec<Point>) -> Result<(), String> {
        match self {
            Self { at: Some(at), value, from: None, values: None } => {
                points.push(Point { at, value: value.unwrap_or(f64::NAN) });
                Ok(())
            }
            Self { at: None, value: None, from: Some(from), values: Some(values) } => run(from, &values, points),
            Self { from: None, values: None, .. } => Err("missing field `at`".to_owned()),
            _ => Err("a point has `at` and `value`, many have `from` and `values`".to_owned()),
        }
    }
}

fn run(from: Timestamp, values: &str, points: &mut Vec<Point>) -> Result<(), String> {
    let mut at = from;
    for (number, text) in values.split_ascii_whitespace().enumerate() {
        if number > 0 {
            at = at.checked_add(MINUTE).map_err(|error| error.to_string())?;
        }
        let value = match text {
            NONE => f64::NAN,
            number => number.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| not_a_number(text))?,
        };
        points.push(Point { at, value });
    }
    Ok(())
}

fn not_a_number(text: &str) -> String {
    format!("{:?} among the values is no number", text.chars().take(20).collect::<String>())
}

/// Reads points of either form. What is no number stays a point, and an invalid one.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Point>, D::Error> {
    let mut points = Vec::new();
    for item in Vec::<Item>::deserialize(deserializer)? {
        item.read_into(&mut points).map_err(Error::custom)?;
    }
    Ok(points)
}

/// Writes points as runs of minutes without a gap.
pub(super) fn serialize<S: Serializer>(points: &[Point], serializer: S) -> Result<S::Ok, S::Error> {
    let follows = |one: &Point, next: &Point| one.at.checked_add(MINUTE).is_ok_and(|at| at == next.at);
    serializer.collect_seq(points.chunk_by(follows).map(|points| {
        let text = |point: &Point| if point.value.is_finite() { point.value.to_string() } else { NONE.to_owned() };
        let values = points.iter().map(text).collect::<Vec<_>>().join(" ");
        Item { at: None, value: None, from: points.first().map(|first| first.at), values: Some(values) }
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Points(#[serde(with = "super")] Vec<Point>);

    /// Bits, since what is no number is never equal.
    fn bits(points: &[Point]) -> Vec<(Timestamp, u64)> {
        let bits = |value: f64| if value.is_finite() { value.to_bits() } else { f64::NAN.to_bits() };
        points.iter().map(|point| (point.at, bits(point.value))).collect()
    }

    proptest! {
        #[test]
        fn every_bit_of_a_point_comes_back(seconds in prop::collection::vec(0_i64..600, 0..40), values in prop::collection::vec(any::<f64>(), 40)) {
            let at = |second: i64| Timestamp::from_second(second * 20).unwrap();
            let points: Vec<Point> = seconds.iter().zip(values).map(|(second, value)| Point { at: at(*second), value }).collect();
            let text = serde_json::to_string(&Points(points.clone())).unwrap();
            let read: Points = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(bits(&read.0), bits(&points));
        }
    }

    #[test]
    fn a_minute_costs_little() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let points: Vec<Point> = (0..180).map(|minute| Point { at: at(minute), value: 50.5 }).collect();
        assert!(serde_json::to_string(&Points(points)).unwrap().len() < 180 * 5 + 60);
    }

    #[test]
    fn forms() {
        let check = |value: serde_json::Value, expected: Result<usize, &str>| {
            let read = serde_json::from_value::<Points>(value.clone());
            let read = read.map(|points| points.0.len()).map_err(|error| error.to_string());
            match (&read, expected) {
                (Err(told), Err(part)) => assert!(told.contains(part), "{value}: {told}"),
                _ => assert_eq!(read, expected.map_err(str::to_owned), "{value}"),
            }
        };
        let at = "2026-03-11T12:00:00Z";
        check(json!([]), Ok(0));
        check(json!([{"at": at, "value": 1.0}, {"at": at, "value": null}, {"from": at, "values": "1 - 2.5"}]), Ok(5));
        check(json!([{"from": at, "values": ""}]), Ok(0));
        check(json!([{"at": at}]), Ok(1));
        check(json!([{"value": 1.0}]), Err("missing field `at`"));
        check(json!([{"at": at, "values": "1"}]), Err("a point has"));
        check(json!([{"from": at, "values": "1 inf"}]), Err("\"inf\""));
        check(json!([{"from": at, "values": "1,2"}]), Err("\"1,2\""));
        check(json!([{"from": "9999-12-30T22:00:00Z", "values": "1 2 3"}]), Err(""));
        check(json!([{"at": at, "value": 1.0, "unit": "%"}]), Err("unit"));
    }
}

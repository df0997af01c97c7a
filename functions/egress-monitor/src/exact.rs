//! Numbers as text, for `#[serde(with)]`: those of JSON go through floats, and not every reader of floats is exact.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(crate) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("{text:.40} is no such number")))
}

/// The same of values in a list or a map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Display", deserialize = "T: FromStr"))]
pub(crate) struct Exact<T>(#[serde(with = "crate::exact")] pub(crate) T);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_number_is_refused() {
        for wrong in ["7", "\"\"", "\"x\"", "\"1.5\"", "null"] {
            assert!(serde_json::from_str::<Exact<i128>>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(float in any::<f64>().prop_filter("finite", |float| float.is_finite()), whole in any::<i128>()) {
            let text = serde_json::to_string(&(Exact(float), Exact(whole))).unwrap();
            let read: (Exact<f64>, Exact<i128>) = serde_json::from_str(&text).unwrap();
            prop_assert_eq!((read.0.0.to_bits(), read.1.0), (float.to_bits(), whole));
        }
    }
}

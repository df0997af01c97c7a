//! Times on the wire: RFC 3339 in UTC with microseconds, as Oracle's SDKs write them.

use jiff::Timestamp;
use serde::Serializer;

/// `2026-09-05T01:00:00.000000Z`.
pub(crate) fn text(time: Timestamp) -> String {
    format!("{time:.6}")
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
pub(crate) fn write<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*time))
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
pub(crate) fn write_some<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => write(time, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn microseconds_are_always_there() {
        for (time, expected) in [
            ("2026-09-05T01:00:00Z", "2026-09-05T01:00:00.000000Z"),
            ("2026-09-05T03:00:00.1234567+02:00", "2026-09-05T01:00:00.123456Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"),
        ] {
            assert_eq!(super::text(time.parse().unwrap_or_else(|error| panic!("{error}"))), expected);
        }
    }
}

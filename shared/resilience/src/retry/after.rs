//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// Longest value that is looked at, in bytes; the longest date has 33.
const MAX_LEN: usize = 64;

/// Reads a `Retry-After` header: seconds or an HTTP date (RFC 9110, section 10.2.3), as time from `now` on.
///
/// A date in the past is zero, more seconds than 64 bits hold are the longest duration, and what is neither
/// form is `None`.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use causeway_resilience::retry::retry_after;
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
/// assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
/// assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
/// assert_eq!(retry_after("soon", now), None);
/// ```
#[must_use]
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if value.is_empty() || value.len() > MAX_LEN {
        return None;
    }
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let moment = httpdate::parse_http_date(value).ok()?;
    Some(moment.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(value: &str, expected: Option<u64>) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value:?}");
    }

    #[test]
    fn seconds() {
        check("0", Some(0));
        check(" 7\t", Some(7));
        check("18446744073709551615", Some(u64::MAX));
        for neither in ["", " ", "-1", "+1", "1.5", "1 2", "1s", "٣", "0x10"] {
            check(neither, None);
        }
    }

    #[test]
    fn endless_seconds_are_the_longest_duration() {
        assert_eq!(retry_after("18446744073709551616", SystemTime::UNIX_EPOCH), Some(Duration::MAX));
        assert_eq!(retry_after(&"9".repeat(65), SystemTime::UNIX_EPOCH), None);
    }

    #[test]
    fn dates_in_the_three_forms_of_rfc_9110() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(7));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(7));
        check("Sun Nov  6 08:49:37 1994", Some(7));
        check("Sun, 06 Nov 1994 08:49:00 GMT", Some(0));
        check("Sun, 36 Nov 1994 08:49:37 GMT", None);
        check("Sun, 06 Nov 1994 08:49:37 CET", None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,70}", seconds in 0_u64..1 << 40) {
            let _ = retry_after(&text, SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        }
    }
}

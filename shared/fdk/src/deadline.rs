//! `Fn-Deadline`: reading it, and how much of it a handler gets.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// Most that is kept back before the deadline for sending the 504 ourselves.
const MAX_MARGIN: Duration = Duration::from_millis(100);

/// Parses an RFC 3339 time with any offset and an optional fraction.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let timestamp: Timestamp = text.trim().parse().ok()?;
    Some(timestamp.into())
}

/// Time that a handler may run: what is left, less a tenth or 100 ms, whichever is smaller.
/// `None`: the deadline has passed.
pub(crate) fn run_time(deadline: SystemTime, now: SystemTime) -> Option<Duration> {
    let left = deadline.duration_since(now).ok().filter(|left| !left.is_zero())?;
    Some(left - MAX_MARGIN.min(left / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_deadline() {
        let at = |seconds: u64, nanos: u32| Some(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos));
        let check = |text: &str, expected: Option<SystemTime>| assert_eq!(parse(text), expected, "{text}");
        check("2026-11-21T02:10:46Z", at(1_795_227_046, 0));
        check("2026-11-21T04:10:46+02:00", at(1_795_227_046, 0));
        check("2026-11-21T02:10:46.5Z", at(1_795_227_046, 500_000_000));
        check(" 2026-11-21T02:10:46Z ", at(1_795_227_046, 0));
        check("tomorrow", None);
        check("2026-11-21T02:10:46", None);
        check("", None);
    }

    #[test]
    fn run_time_ends_before_the_deadline() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let left = |ms: u64| run_time(start + Duration::from_millis(ms), start);
        assert_eq!(left(30_000), Some(Duration::from_millis(29_900)));
        assert_eq!(left(100), Some(Duration::from_millis(90)));
        assert_eq!(left(0), None);
        assert_eq!(run_time(start - Duration::from_secs(1), start), None);
    }
}

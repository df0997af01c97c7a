//! How long work may go on, as a point in time that is passed along.

use std::time::{Duration, Instant};

/// The moment by which everything must be over, or none.
///
/// ```
/// use std::time::{Duration, Instant};
/// use causeway_resilience::Deadline;
///
/// let now = Instant::now();
/// let deadline = Deadline::within(now, Some(Duration::from_secs(10)));
/// let later = now + Duration::from_secs(4);
/// assert_eq!(deadline.remaining(later), Some(Duration::from_secs(6)));
/// assert_eq!(deadline.share(later, 3), Some(Duration::from_secs(2)));
/// assert_eq!(Deadline::NONE.remaining(later), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No deadline.
    pub const NONE: Self = Self(None);

    /// At this moment.
    #[must_use]
    pub fn at(moment: Instant) -> Self {
        Self(Some(moment))
    }

    /// When `left` has passed from `now` on; none without a limit, or with one that no clock can express.
    #[must_use]
    pub fn within(now: Instant, left: Option<Duration>) -> Self {
        Self(left.and_then(|left| now.checked_add(left)))
    }

    /// The moment itself.
    #[must_use]
    pub fn moment(self) -> Option<Instant> {
        self.0
    }

    /// Time left, zero when it is over; `None` without a deadline, which is not the same as no time.
    #[must_use]
    pub fn remaining(self, now: Instant) -> Option<Duration> {
        Some(self.0?.saturating_duration_since(now))
    }

    /// Whether no time is left.
    #[must_use]
    pub fn is_over(self, now: Instant) -> bool {
        self.0.is_some_and(|moment| now >= moment)
    }

    /// The earlier of the two.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        Self([self.0, other.0].into_iter().flatten().min())
    }

    /// An equal part of the time left for each of `parts` pieces of work; `parts` of 0 counts as 1.
    #[must_use]
    pub fn share(self, now: Instant, parts: u32) -> Option<Duration> {
        Some(self.remaining(now)? / parts.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn none_is_not_zero() {
        let now = Instant::now();
        assert_eq!(Deadline::NONE.remaining(now), None);
        assert_eq!(Deadline::NONE.share(now, 2), None);
        assert!(!Deadline::NONE.is_over(now));
        assert_eq!(Deadline::within(now, None), Deadline::NONE);
        assert_eq!(Deadline::within(now, Some(Duration::MAX)), Deadline::NONE);
    }

    #[test]
    fn over_means_nothing_left() {
        let now = Instant::now();
        let deadline = Deadline::at(now + SECOND);
        for (at, left) in [(now, SECOND), (now + SECOND, Duration::ZERO), (now + 2 * SECOND, Duration::ZERO)] {
            assert_eq!(deadline.remaining(at), Some(left));
            assert_eq!(deadline.is_over(at), left.is_zero());
        }
    }

    #[test]
    fn the_earlier_one_counts_and_none_is_the_latest() {
        let now = Instant::now();
        let (near, far) = (Deadline::at(now), Deadline::at(now + SECOND));
        assert_eq!((near.earlier(far), far.earlier(near)), (near, near));
        assert_eq!((near.earlier(Deadline::NONE), Deadline::NONE.earlier(near)), (near, near));
    }

    #[test]
    fn shares_need_no_care_for_zero() {
        let now = Instant::now();
        assert_eq!(Deadline::at(now + SECOND).share(now, 0), Some(SECOND));
        assert_eq!(Deadline::at(now + SECOND).share(now, 4), Some(SECOND / 4));
    }
}

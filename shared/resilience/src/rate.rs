//! How fast calls may go out: a token bucket, and a rate that follows the answers.
//!
//! A [`Bucket`] is two whole numbers that can be kept in a document, as the state of a breaker can. [`Adaptive`] finds
//! the rate by itself once a service starts to refuse.

mod adaptive;

#[cfg(test)]
mod laws;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use adaptive::Adaptive;

use crate::Invalid;

/// A token is so many parts; so every refill is a whole number and nothing is lost to rounding.
const TOKEN: u64 = 1_000_000_000;
/// Parts per millisecond that are one token per second.
const PER_SECOND: f64 = 1_000_000.0;
/// Highest rate, in tokens per second.
const MAX_PER_SECOND: f64 = 1e9;
/// How far ahead of now a bucket's last moment may be; further off, it is wrong. OCI refuses requests whose date is
/// more than five minutes off, so no clock that works with it is.
const MAX_AHEAD_MS: u64 = 300_000;

/// How many tokens come in, and how many a bucket holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    parts_per_ms: u64,
    burst_parts: u64,
}

impl Rate {
    /// `per_second` tokens per second, and at most `burst` at once.
    ///
    /// # Errors
    ///
    /// The rate is not from one in a million seconds to a billion per second, or the bucket would hold nothing.
    pub fn new(per_second: f64, burst: u32) -> Result<Self, Invalid> {
        let fits = (1.0 / PER_SECOND..=MAX_PER_SECOND).contains(&per_second);
        Invalid::unless(fits, "per_second", "is not from 0.000001 to 1000000000")?;
        Invalid::unless(burst > 0, "burst", "must be at least 1")?;
        Ok(Self::within(per_second, f64::from(burst)))
    }

    /// The nearest rate that can be expressed.
    fn within(per_second: f64, burst: f64) -> Self {
        // Both numbers are in range, so that the conversions round and do nothing else.
        let parts_per_ms = (per_second.clamp(1.0 / PER_SECOND, MAX_PER_SECOND) * PER_SECOND).round() as u64;
        let burst_parts = (burst.clamp(1.0, f64::from(u32::MAX)) * TOKEN as f64).round() as u64;
        Self { parts_per_ms, burst_parts }
    }

    /// Time in which so many parts come in, rounded up.
    fn time_for(self, parts: u64) -> Duration {
        Duration::from_millis(parts.div_ceil(self.parts_per_ms.max(1)))
    }
}

/// Tokens that were not used yet. Each call takes some; they come back with time.
///
/// ```
/// use std::time::Duration;
/// use causeway_resilience::rate::{Bucket, Rate, Take};
///
/// let rate = Rate::new(10.0, 2)?; // ten a second, two at once
/// let mut now = 1_700_000_000_000;
/// let mut bucket = Bucket::full(rate, now);
/// assert_eq!(bucket.take(rate, 2, now), Take::Taken);
/// assert_eq!(bucket.take(rate, 1, now), Take::Wait(Duration::from_millis(100)));
/// now += 100;
/// assert_eq!(bucket.take(rate, 1, now), Take::Taken);
/// # Ok::<(), causeway_resilience::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    parts: u64,
    at_ms: u64,
}

/// The answer of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// The tokens were there and are gone.
    Taken,
    /// They will be there after this time, unless somebody else takes them; none were taken.
    Wait(Duration),
    /// The bucket never holds so many.
    Never,
}

impl Bucket {
    /// As many tokens as it holds.
    #[must_use]
    pub fn full(rate: Rate, now_ms: u64) -> Self {
        Self { parts: rate.burst_parts, at_ms: now_ms }
    }

    /// No tokens: for a bucket whose document was lost.
    #[must_use]
    pub fn empty(now_ms: u64) -> Self {
        Self { parts: 0, at_ms: now_ms }
    }

    /// Takes tokens at `now_ms`, in Unix milliseconds.
    ///
    /// Of several clocks the one ahead counts: for the others time stands still until they have caught up, and a wait
    /// includes that. A moment more than five minutes ahead is a mistake, and time begins anew.
    pub fn take(&mut self, rate: Rate, tokens: u32, now_ms: u64) -> Take {
        self.refill(rate, now_ms);
        let parts = u64::from(tokens).saturating_mul(TOKEN);
        if parts > rate.burst_parts {
            return Take::Never;
        }
        match parts.checked_sub(self.parts).filter(|missing| *missing > 0) {
            Some(missing) => {
                let behind = Duration::from_millis(self.at_ms.saturating_sub(now_ms));
                Take::Wait(rate.time_for(missing).saturating_add(behind))
            }
            None => {
                self.parts -= parts;
                Take::Taken
            }
        }
    }

    /// Whole tokens that are there at `now_ms`.
    #[must_use]
    pub fn tokens(mut self, rate: Rate, now_ms: u64) -> u32 {
        self.refill(rate, now_ms);
        u32::try_from(self.parts / TOKEN).unwrap_or(u32::MAX)
    }

    fn refill(&mut self, rate: Rate, now_ms: u64) {
        let more = now_ms.saturating_sub(self.at_ms).saturating_mul(rate.parts_per_ms);
        self.parts = self.parts.saturating_add(more).min(rate.burst_parts);
        if now_ms > self.at_ms || self.at_ms - now_ms > MAX_AHEAD_MS {
            self.at_ms = now_ms;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: u64 = 1_700_000_000_000;

    fn wait(ms: u64) -> Take {
        Take::Wait(Duration::from_millis(ms))
    }

    #[test]
    fn tokens_come_back_with_time_up_to_the_burst() {
        let rate = Rate::new(2.0, 3).unwrap();
        let mut bucket = Bucket::full(rate, T);
        for (after_ms, tokens, expected) in [
            (0, 3, Take::Taken),
            (0, 1, wait(500)),
            (499, 1, wait(1)),
            (500, 1, Take::Taken),
            (600, 3, wait(1_400)),
            (100_000, 4, Take::Never),
            (100_000, 3, Take::Taken),
            (100_000, 0, Take::Taken),
            (100_000, 1, wait(500)),
        ] {
            assert_eq!(bucket.take(rate, tokens, T + after_ms), expected, "{after_ms} {tokens}");
        }
    }

    #[test]
    fn slow_rates_do_not_starve_when_asked_often() {
        let rate = Rate::new(0.001, 1).unwrap();
        let mut bucket = Bucket::empty(T);
        let taken = (1..=1_000_000).filter(|ms| bucket.take(rate, 1, T + ms) == Take::Taken).count();
        assert_eq!(taken, 1);
    }

    #[test]
    fn of_two_clocks_the_one_ahead_counts() {
        let rate = Rate::new(1.0, 10).unwrap();
        let mut bucket = Bucket::full(rate, T);
        let taken: usize = (0..10)
            .map(|second| {
                let now_ms = T + second * 1_000;
                let ahead = (0..20).filter(|_| bucket.take(rate, 1, now_ms + 90_000) == Take::Taken).count();
                ahead + (0..20).filter(|_| bucket.take(rate, 1, now_ms) == Take::Taken).count()
            })
            .sum();
        assert_eq!(taken, 10 + 9, "burst and nine seconds");
        assert_eq!(bucket.take(rate, 1, T + 9_000), wait(91_000));
    }

    #[test]
    fn a_clock_far_behind_begins_anew() {
        let rate = Rate::new(1.0, 1).unwrap();
        let mut bucket = Bucket::empty(u64::MAX);
        assert_eq!(bucket.take(rate, 1, T), wait(1_000));
        assert_eq!(bucket.take(rate, 1, T + 1_000), Take::Taken);
    }

    #[test]
    fn a_smaller_bucket_keeps_no_more_than_it_holds() {
        let bucket = Bucket::full(Rate::new(1.0, 100).unwrap(), T);
        assert_eq!(bucket.tokens(Rate::new(1.0, 5).unwrap(), T), 5);
        let damaged: Bucket = serde_json::from_str(r#"{"parts":18446744073709551615,"at_ms":0}"#).unwrap();
        assert_eq!(damaged.tokens(Rate::new(1e9, u32::MAX).unwrap(), T), u32::MAX);
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        for (per_second, burst, setting) in [
            (0.0, 1, "per_second"),
            (-1.0, 1, "per_second"),
            (f64::NAN, 1, "per_second"),
            (f64::INFINITY, 1, "per_second"),
            (1e-7, 1, "per_second"),
            (1.0, 0, "burst"),
        ] {
            assert_eq!(Rate::new(per_second, burst).unwrap_err().setting, setting, "{per_second} {burst}");
        }
    }
}

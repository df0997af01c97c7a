//! A rate that follows the answers.

use super::{Bucket, MAX_PER_SECOND, Rate, Take};

/// Lowest rate, in calls per second.
const MIN_RATE: f64 = 0.5;
/// What remains of the rate after a refusal.
const BETA: f64 = 0.7;
/// How fast the rate grows again, in calls per second per cubic second.
const SCALE: f64 = 0.4;
/// Weight of the newest measurement.
const SMOOTHING: f64 = 0.8;
/// Length of a measurement.
const MEASURE_MS: u64 = 500;
/// The rate may be at most so many times what is really sent.
const HEADROOM: f64 = 2.0;

/// Client-side rate limiting as in the `adaptive` retry mode of the AWS SDKs (botocore, `retries/adaptive.py` and
/// `retries/throttling.py`), after the CUBIC congestion control of RFC 9438.
///
/// Nothing is held back until a service refuses for the first time. Then the rate falls to 70 % of what was sent; it
/// grows back to where it was, stays near it for a while, and then tries more, up to twice what is really sent.
///
/// ```
/// use causeway_resilience::rate::{Adaptive, Take};
///
/// let mut now = 1_700_000_000_000;
/// let mut adaptive = Adaptive::new(now);
/// for _ in 0..100 {
///     now += 20;
///     assert_eq!(adaptive.send(now), Take::Taken);
///     adaptive.answer(false, now);
/// }
/// adaptive.answer(true, now);
/// assert!((30.0..40.0).contains(&adaptive.per_second().unwrap()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Adaptive {
    per_second: f64,
    is_limited: bool,
    bucket: Bucket,
    cubic: Cubic,
    measured: Measured,
}

impl Adaptive {
    /// Without a limit yet.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self {
            per_second: MIN_RATE,
            is_limited: false,
            bucket: Bucket::full(rate(MIN_RATE), now_ms),
            cubic: Cubic { last_max: 0.0, throttled_ms: now_ms },
            measured: Measured { per_second: 0.0, calls: 0, since_ms: now_ms - now_ms % 1_000 },
        }
    }

    /// Whether a call may go out at `now_ms`; [`Take::Never`] does not occur.
    pub fn send(&mut self, now_ms: u64) -> Take {
        if self.is_limited { self.bucket.take(rate(self.per_second), 1, now_ms) } else { Take::Taken }
    }

    /// Counts an answer: `throttled` when the service asked to slow down, see
    /// [`Failure::is_throttled`](crate::retry::Failure::is_throttled).
    pub fn answer(&mut self, throttled: bool, now_ms: u64) {
        let measured = self.measured.count(now_ms);
        let target = if throttled {
            let sent = if self.is_limited { measured.min(self.per_second) } else { measured };
            self.is_limited = true;
            self.cubic.throttled(sent, now_ms)
        } else {
            self.cubic.passed(now_ms)
        };
        // What came in so far came in at the old rate.
        self.bucket.refill(rate(self.per_second), now_ms);
        self.per_second = target.min(HEADROOM * measured).clamp(MIN_RATE, MAX_PER_SECOND);
    }

    /// The rate, in calls per second, once there is one.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        self.is_limited.then_some(self.per_second)
    }
}

/// A bucket holds what comes in within a second, and at least one.
fn rate(per_second: f64) -> Rate {
    Rate::within(per_second, per_second)
}

/// How the rate falls and grows.
#[derive(Debug, Clone, PartialEq)]
struct Cubic {
    last_max: f64,
    throttled_ms: u64,
}

impl Cubic {
    fn passed(&mut self, now_ms: u64) -> f64 {
        // After a jump backwards the growth begins anew; it would stand still until then otherwise.
        self.throttled_ms = self.throttled_ms.min(now_ms);
        let seconds = (now_ms - self.throttled_ms) as f64 / 1_000.0;
        let back_at_max = (self.last_max * (1.0 - BETA) / SCALE).cbrt();
        SCALE * (seconds - back_at_max).powi(3) + self.last_max
    }

    fn throttled(&mut self, sent: f64, now_ms: u64) -> f64 {
        *self = Self { last_max: sent, throttled_ms: now_ms };
        sent * BETA
    }
}

/// How many calls are really sent.
#[derive(Debug, Clone, PartialEq)]
struct Measured {
    per_second: f64,
    calls: u32,
    since_ms: u64,
}

impl Measured {
    fn count(&mut self, now_ms: u64) -> f64 {
        self.calls = self.calls.saturating_add(1);
        let bucket_ms = now_ms - now_ms % MEASURE_MS;
        if bucket_ms < self.since_ms {
            // The clock went back: this measurement is lost.
            (self.calls, self.since_ms) = (0, bucket_ms);
        } else if bucket_ms > self.since_ms {
            let newest = f64::from(self.calls) * 1_000.0 / (bucket_ms - self.since_ms) as f64;
            self.per_second = newest * SMOOTHING + self.per_second * (1.0 - SMOOTHING);
            (self.calls, self.since_ms) = (0, bucket_ms);
        }
        self.per_second
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn near(actual: f64, expected: f64) -> bool {
        (actual - expected).abs() < 1e-6
    }

    /// The known answers of the specification that the AWS SDKs share: time in seconds, whether throttled, rate.
    #[test]
    fn cubic_rates_of_the_specification() {
        let check = |steps: &[(u64, bool, f64)]| {
            let mut cubic = Cubic { last_max: 10.0, throttled_ms: 5_000 };
            let mut sent = 10.0;
            for (seconds, throttled, expected) in steps {
                let now_ms = seconds * 1_000;
                sent = if *throttled { cubic.throttled(sent, now_ms) } else { cubic.passed(now_ms) };
                assert!(near(sent, *expected), "{seconds} s: {sent}, not {expected}");
            }
        };
        check(&[
            (5, false, 7.0),
            (6, false, 9.648_936_009_66),
            (7, false, 10.000_030_849_917_364),
            (8, false, 10.453_284_520_772_092),
            (9, false, 13.408_697_022_224_185),
            (10, false, 21.266_268_354_273_64),
            (11, false, 36.425_998_516_920_465),
        ]);
        check(&[
            (5, false, 7.0),
            (6, false, 9.648_936_009_66),
            (7, true, 6.754_255_206_761_999),
            (8, true, 4.727_978_644_733_399),
            (9, false, 6.606_547_753_887_045),
            (10, false, 6.763_279_816_944_947),
            (11, false, 7.598_174_833_907_107),
            (12, false, 11.511_232_804_773_524),
        ]);
    }

    /// The same specification: answers every 200 ms, measured rate, rate.
    #[test]
    fn measured_and_allowed_rates_of_the_specification() {
        let mut adaptive = Adaptive::new(0);
        for (step, (throttled, measured, expected)) in (1_u64..).zip([
            (false, 0.0, 0.5),
            (false, 0.0, 0.5),
            (false, 4.8, 0.5),
            (false, 4.8, 0.5),
            (false, 4.16, 0.5),
            (false, 4.16, 0.6912),
            (false, 4.16, 1.0976),
            (false, 5.632, 1.6384),
            (false, 5.632, 2.3328),
            (true, 4.3264, 3.028_48),
            (false, 4.3264, 3.486_639),
            (false, 4.3264, 3.821_874),
            (false, 5.665_28, 4.053_386),
            (false, 5.665_28, 4.200_373),
            (false, 4.333_056, 4.282_037),
            (true, 4.333_056, 2.997_426),
            (false, 4.333_056, 3.452_226),
        ]) {
            adaptive.answer(throttled, step * 200);
            assert!(near(adaptive.measured.per_second, measured), "{step}: {adaptive:?}");
            assert!(near(adaptive.per_second, expected), "{step}: {adaptive:?}");
            assert_eq!(adaptive.per_second().is_some(), step >= 10, "{step}");
        }
    }

    #[test]
    fn a_refused_client_waits_and_one_that_never_was_does_not() {
        let mut adaptive = Adaptive::new(0);
        assert!((0..1_000).all(|_| adaptive.send(1) == Take::Taken));
        adaptive.answer(true, 2);
        assert_eq!(adaptive.per_second(), Some(MIN_RATE));
        assert_eq!((adaptive.send(2), adaptive.send(2)), (Take::Taken, Take::Wait(Duration::from_millis(2_000))));
    }

    #[test]
    fn what_came_in_before_a_change_came_in_at_the_old_rate() {
        let mut adaptive = Adaptive { is_limited: true, bucket: Bucket::empty(0), ..Adaptive::new(0) };
        adaptive.cubic.last_max = 100.0;
        adaptive.measured.per_second = 100.0;
        adaptive.answer(false, 1_000);
        assert!(adaptive.per_second > 30.0, "{adaptive:?}");
        assert!(matches!(adaptive.send(1_000), Take::Wait(_)), "half a token came in");
    }

    #[test]
    fn growth_begins_anew_when_the_clock_went_back() {
        let mut cubic = Cubic { last_max: 10.0, throttled_ms: 100_000_000 };
        assert!(near(cubic.passed(5_000), 7.0));
        assert!(near(cubic.passed(6_000), 9.648_936_009_66));
    }

    #[test]
    fn measuring_begins_anew_when_the_clock_went_back() {
        let mut measured = Measured { per_second: 100.0, calls: 7, since_ms: 100_000_000 };
        assert!(near(measured.count(5_000), 100.0));
        assert!(near(measured.count(5_500), 2.0 * 0.8 + 100.0 * 0.2));
    }

    #[test]
    fn the_rate_stays_near_what_is_really_sent() {
        let mut adaptive = Adaptive::new(0);
        for second in 1..100 {
            adaptive.answer(second == 10, second * 1_000);
        }
        assert!(near(adaptive.per_second, 2.0), "{adaptive:?}");
    }

    #[test]
    fn converges_near_what_the_service_takes() {
        let mut adaptive = Adaptive::new(0);
        let service = Rate::new(20.0, 5).unwrap();
        let mut allowed = Bucket::full(service, 0);
        let (mut accepted, mut refused) = (0_u32, 0_u32);
        for now_ms in 0..120_000 {
            // Somebody who would send a hundred a second.
            if now_ms % 10 == 0 && adaptive.send(now_ms) == Take::Taken {
                let throttled = allowed.take(service, 1, now_ms) != Take::Taken;
                adaptive.answer(throttled, now_ms);
                *(if throttled { &mut refused } else { &mut accepted }) += 1;
            }
        }
        assert!(accepted > 120 * 20 * 7 / 10, "{accepted} accepted, {refused} refused");
        assert!(refused < accepted / 10, "{accepted} accepted, {refused} refused");
    }
}

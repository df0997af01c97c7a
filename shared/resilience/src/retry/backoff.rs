//! How the waits between tries grow.

use std::time::Duration;

use crate::chance::part;

/// How chance enters a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Anything from zero to the step ("full jitter", AWS Architecture Blog, "Exponential Backoff and Jitter";
    /// also botocore's `standard` mode).
    Full,
    /// The step plus up to this much, both together under the cap. The OCI SDK for Python adds up to one second
    /// (`retry_sleep_utils.py`, there called decorrelated jitter).
    Added(Duration),
}

/// Exponential growth up to a cap: the step after the n-th failed try is `base * growth^(n-1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first step.
    pub base: Duration,
    /// The factor from step to step; 0 counts as 1.
    pub growth: u32,
    /// No wait is longer.
    pub cap: Duration,
    /// How chance enters.
    pub jitter: Jitter,
}

impl Backoff {
    /// The wait after the `failed`-th failed try. `random01` is from 0 to 1; anything else counts as 1.
    ///
    /// ```
    /// use std::time::Duration;
    /// use causeway_resilience::retry::Policy;
    ///
    /// let backoff = Policy::oci_default().backoff;
    /// assert_eq!(backoff.delay(3, 0.0), Duration::from_secs(4));
    /// assert_eq!(backoff.delay(3, 1.0), Duration::from_secs(5));
    /// assert_eq!(backoff.delay(9, 0.5), Duration::from_secs(30));
    /// ```
    #[must_use]
    pub fn delay(&self, failed: u32, random01: f64) -> Duration {
        let step = self.step(failed);
        match self.jitter {
            Jitter::None => step,
            Jitter::Full => part(step, random01),
            Jitter::Added(most) => step.saturating_add(part(most, random01)).min(self.cap),
        }
    }

    /// Without chance, at most the cap.
    fn step(&self, failed: u32) -> Duration {
        let factor = self.growth.max(1).checked_pow(failed.saturating_sub(1));
        factor.and_then(|factor| self.base.checked_mul(factor)).map_or(self.cap, |step| step.min(self.cap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn growth_ends_at_the_cap_without_overflow() {
        let backoff = Backoff { base: SECOND, growth: 2, cap: 20 * SECOND, jitter: Jitter::None };
        let steps: Vec<_> = [0, 1, 2, 3, 4, 5, 6, 33, u32::MAX].map(|n| backoff.delay(n, 0.0).as_secs()).into();
        assert_eq!(steps, [1, 1, 2, 4, 8, 16, 20, 20, 20]);
        let constant = Backoff { growth: 0, ..backoff };
        assert_eq!(constant.delay(u32::MAX, 0.0), SECOND);
        let endless = Backoff { base: Duration::MAX, cap: Duration::MAX, ..backoff };
        assert_eq!(endless.delay(7, 0.0), Duration::MAX);
    }

    #[test]
    fn full_jitter_reaches_from_zero_to_the_step() {
        let backoff = Backoff { base: SECOND, growth: 2, cap: 20 * SECOND, jitter: Jitter::Full };
        for (random01, expected) in [(0.0, 0), (0.25, 1), (1.0, 4), (f64::NAN, 4), (-1.0, 4), (2.0, 4)] {
            assert_eq!(backoff.delay(3, random01), expected * SECOND, "{random01}");
        }
        let endless = Backoff { base: Duration::MAX, cap: Duration::MAX, ..backoff };
        assert_eq!(endless.delay(1, 1.0), Duration::MAX);
    }

    #[test]
    fn added_jitter_stays_under_the_cap() {
        let backoff = Backoff { base: SECOND, growth: 2, cap: 3 * SECOND, jitter: Jitter::Added(2 * SECOND) };
        for (failed, random01, expected) in [(1, 0.0, 1), (1, 1.0, 3), (2, 0.5, 3), (2, 1.0, 3)] {
            assert_eq!(backoff.delay(failed, random01), expected * SECOND, "{failed} {random01}");
        }
    }
}

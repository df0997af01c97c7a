//! A number of calls at once that follows the answers.

use crate::Invalid;

/// How the number grows and shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Where it begins.
    pub initial: u32,
    /// It never falls below this, and this is at least 1.
    pub min: u32,
    /// It never grows above this.
    pub max: u32,
    /// How much it grows at a time.
    pub grow_by: u32,
    /// Shortest time between two changes upwards, and after one downwards.
    pub grow_every_ms: u64,
    /// How many percent remain after an overload.
    pub shrink_to_pct: u32,
    /// Overloads within this time after a change downwards are the same one: calls that were already under way.
    pub shrink_every_ms: u64,
}

impl Rules {
    /// For transfers in parallel: from 16 up to 256, one more every quarter of a second, half after an overload.
    #[must_use]
    pub fn transfers() -> Self {
        Self {
            initial: 16,
            min: 1,
            max: 256,
            grow_by: 1,
            grow_every_ms: 250,
            shrink_to_pct: 50,
            shrink_every_ms: 1_000,
        }
    }

    /// Whether the settings make sense.
    ///
    /// # Errors
    ///
    /// The first setting that does not, by name.
    pub fn check(&self) -> Result<(), Invalid> {
        Invalid::unless(self.min > 0, "min", "must be at least 1")?;
        Invalid::unless(self.min <= self.max, "max", "is less than the minimum")?;
        Invalid::unless((self.min..=self.max).contains(&self.initial), "initial", "is not from min to max")?;
        Invalid::unless((1..100).contains(&self.shrink_to_pct), "shrink_to_pct", "is not from 1 to 99")
    }
}

/// Additive increase, multiplicative decrease, as in TCP (RFC 5681) and the AIMD limit of Netflix's
/// `concurrency-limits`. Give [`Aimd::limit`] to [`Limit::set_max`](super::Limit::set_max).
///
/// ```
/// use causeway_resilience::limit::{Aimd, Rules};
///
/// let mut aimd = Aimd::new(Rules::transfers(), 0);
/// aimd.passed(16, 250);
/// assert_eq!(aimd.limit(), 17);
/// aimd.overloaded(300);
/// aimd.overloaded(301);
/// assert_eq!(aimd.limit(), 8);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aimd {
    rules: Rules,
    limit: u32,
    changed_ms: u64,
    shrunk_ms: Option<u64>,
}

impl Aimd {
    /// Begins at [`Rules::initial`].
    #[must_use]
    pub fn new(rules: Rules, now_ms: u64) -> Self {
        let min = rules.min.max(1);
        let rules = Rules { min, max: rules.max.max(min), ..rules };
        Self { rules, limit: rules.initial.clamp(min, rules.max), changed_ms: now_ms, shrunk_ms: None }
    }

    /// How many calls may be under way.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Counts a call that went well while `in_flight` were under way. A limit that is not even half used does not grow:
    /// nobody knows whether more would go well.
    pub fn passed(&mut self, in_flight: u32, now_ms: u64) {
        self.changed_ms = self.changed_ms.min(now_ms);
        let is_used = in_flight.saturating_mul(2) >= self.limit;
        if is_used && now_ms - self.changed_ms >= self.rules.grow_every_ms {
            self.limit = self.limit.saturating_add(self.rules.grow_by).min(self.rules.max);
            self.changed_ms = now_ms;
        }
    }

    /// Counts a sign of overload: a refusal, a timeout.
    pub fn overloaded(&mut self, now_ms: u64) {
        let since = self.shrunk_ms.map(|shrunk_ms| now_ms.saturating_sub(shrunk_ms));
        // A moment in the future comes from a clock that went back; it says nothing.
        let is_same = since.is_some_and(|since| since < self.rules.shrink_every_ms)
            && self.shrunk_ms.is_some_and(|shrunk_ms| shrunk_ms <= now_ms);
        if is_same {
            return;
        }
        let less = u64::from(self.limit) * u64::from(self.rules.shrink_to_pct.min(100)) / 100;
        self.limit = u32::try_from(less).unwrap_or(u32::MAX).clamp(self.rules.min, self.rules.max);
        (self.changed_ms, self.shrunk_ms) = (now_ms, Some(now_ms));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn grows_slowly_when_used_and_shrinks_once_per_overload() {
        let mut aimd = Aimd::new(Rules::transfers(), 0);
        for (now_ms, in_flight, expected) in [
            (249, Some(16), 16),
            (250, Some(7), 16),
            (250, Some(8), 17),
            (499, Some(17), 17),
            (500, Some(17), 18),
            (600, None, 9),
            (700, None, 9),
            (1_599, None, 9),
            (1_600, None, 4),
            (1_700, Some(4), 4),
            (1_850, Some(4), 5),
        ] {
            match in_flight {
                Some(in_flight) => aimd.passed(in_flight, now_ms),
                None => aimd.overloaded(now_ms),
            }
            assert_eq!(aimd.limit(), expected, "{now_ms} {in_flight:?}");
        }
    }

    /// A service that takes 16 at once: the limit stays around that.
    #[test]
    fn converges_near_what_the_service_takes() {
        let mut aimd = Aimd::new(Rules { initial: 200, ..Rules::transfers() }, 0);
        let limits: Vec<_> = (0..120_000_u64)
            .step_by(50)
            .map(|now_ms| {
                if aimd.limit() > 16 {
                    aimd.overloaded(now_ms)
                } else {
                    aimd.passed(aimd.limit(), now_ms)
                }
                aimd.limit()
            })
            .skip(400)
            .collect();
        assert!(limits.iter().all(|limit| (8..=17).contains(limit)), "{limits:?}");
    }

    #[test]
    fn nonsense_is_named_and_survived() {
        let good = Rules::transfers();
        assert_eq!(good.check(), Ok(()));
        for (rules, setting) in [
            (Rules { min: 0, ..good }, "min"),
            (Rules { max: 0, ..good }, "max"),
            (Rules { initial: 257, ..good }, "initial"),
            (Rules { shrink_to_pct: 100, ..good }, "shrink_to_pct"),
        ] {
            assert_eq!(rules.check().unwrap_err().setting, setting);
            let mut aimd = Aimd::new(rules, 0);
            aimd.overloaded(1);
            assert!(aimd.limit() >= 1);
        }
    }

    proptest! {
        #[test]
        fn stays_within_bounds_whatever_the_clock_does(
            initial in any::<u32>(), min in 0_u32..20, max in 0_u32..40,
            steps in proptest::collection::vec((any::<bool>(), 0_u32..50, 0_u64..10_000), 0..60),
        ) {
            let rules = Rules { initial, min, max, ..Rules::transfers() };
            let mut aimd = Aimd::new(rules, 5_000);
            for (passed, in_flight, now_ms) in steps {
                if passed { aimd.passed(in_flight, now_ms) } else { aimd.overloaded(now_ms) }
                prop_assert!(aimd.limit() >= min.max(1) && aimd.limit() <= max.max(min).max(1));
            }
        }

        #[test]
        fn a_clock_that_went_back_stops_neither_growth_nor_shrinking(back in 0_u64..1_000_000) {
            let now_ms = 2_000_000;
            let mut aimd = Aimd::new(Rules::transfers(), now_ms);
            aimd.overloaded(now_ms);
            aimd.overloaded(now_ms - back - 1);
            prop_assert_eq!(aimd.limit(), 4);
            aimd.passed(4, now_ms - back - 1 + 250);
            prop_assert_eq!(aimd.limit(), 5);
        }
    }
}

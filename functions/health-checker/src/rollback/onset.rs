//! L1's look at all calls since errors began.
//!
//! Five minutes that slide along forget what came before them. Where the past of this side is known and good, the moment
//! from which on calls look like something else is known too, and every call since then can count: the bound rises with
//! each minute, and a service that stays below the limit is not looked at afresh in each of them.

use super::evidence::wilson_lower;
use super::series::{Minute, Pool, Series};
use super::trigger::Figure;
use crate::settings::ErrorRules;

/// Calls since errors began.
pub(super) struct Onset {
    /// Minutes with calls since then.
    pub(super) minutes: usize,
    /// Their calls.
    pub(super) pool: Pool,
    lower: f64,
    /// Whether the newest minute is more like the limit than like the past.
    is_going_on: bool,
}

impl Onset {
    /// Since when calls look like the limit rather than like the past: the stretch that ends now and speaks most for it by
    /// its likelihood ratio, which is where the sum of E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954),
    /// was last 0. It goes back no further than the past that it is compared with. `None` where that is not known, or is
    /// no better than the limit.
    pub(super) fn find(series: &Series, window: &[Minute], usual: Pool, rules: &ErrorRules) -> Option<Self> {
        let ratio = Ratio::of(usual, rules)?;
        let newest: Vec<&Minute> = series.after(window.first()?, rules.usual_skip_minutes).rev().collect();
        let sums = newest.iter().scan(0.0, |sum, minute| {
            *sum += ratio.of_minute(minute);
            Some(*sum)
        });
        let best = sums.enumerate().max_by(|one, other| one.1.total_cmp(&other.1)).map(|(index, _)| index)?;
        let since = &newest[..=best];
        let pool = Pool::of(since.iter().copied());
        let quantile = if since.len() < rules.minutes as usize { rules.early_quantile } else { rules.onset_quantile };
        let lower = wilson_lower(pool, quantile) * 100.0;
        let is_going_on = newest.first().is_some_and(|minute| ratio.of_minute(minute) > 0.0);
        Some(Self { minutes: since.len(), pool, lower, is_going_on })
    }

    /// Whether the calls since then are too bad, with `bad` of the window's minutes above the limit: most of them have to
    /// be, so that one bad minute is none that lasts.
    pub(super) fn is_too_bad(&self, bad: usize, rules: &ErrorRules) -> bool {
        let least = rules.minutes_when_certain as usize;
        let is_enough = self.pool.calls >= rules.few_calls.max(rules.min_calls).into()
            && self.pool.errors >= rules.min_errors.into()
            && self.minutes >= least;
        is_enough && bad >= least && self.is_going_on && self.lower > rules.above_percent
    }

    pub(super) fn figures(&self, rules: &ErrorRules) -> [Figure; 2] {
        [
            Figure::new("minutes since it began", self.minutes as f64, f64::from(rules.minutes_when_certain)),
            Figure::new("lower bound since it began in percent", self.lower, rules.above_percent),
        ]
    }
}

/// What a call that failed, and one that did not, say for the limit and against the past, in nats.
struct Ratio {
    failed: f64,
    ok: f64,
}

impl Ratio {
    fn of(usual: Pool, rules: &ErrorRules) -> Option<Self> {
        if usual.calls < rules.usual_min_calls.into() {
            return None;
        }
        // Half an error more: a past without one does not say that there cannot be any.
        let past = (usual.errors as f64 + 0.5) / (usual.calls as f64 + 1.0);
        let limit = rules.above_percent / 100.0;
        (past < limit).then(|| Self { failed: (limit / past).ln(), ok: ((1.0 - limit) / (1.0 - past)).ln() })
    }

    fn of_minute(&self, minute: &Minute) -> f64 {
        minute.failed as f64 * self.failed + minute.ok as f64 * self.ok
    }
}

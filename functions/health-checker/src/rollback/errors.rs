//! L1, errors that last, and L6, a cliff.
//!
//! L1 asks three questions of the last minutes. Are there enough calls? Are they too bad: each of the minutes above the
//! limit, or most of them with a lower bound of all above it ([`super::onset`])? And can it be chance? A service that
//! always has 4 % errors shows five minutes above 5 % once in two days at 100 calls a minute, so once its past is known,
//! the errors have to be far above what is usual for it, or far above what is tolerated in minutes of any number.

use super::evidence::{score, score_between, wilson_lower};
use super::onset::Onset;
use super::series::{Minute, Pool, Series};
use super::trigger::{Figure, Standing, Trigger};
use crate::settings::{CliffRules, ErrorRules};

const ID: &str = "L1";
const NAME: &str = "errors";
/// Lengths in minutes of the stretches that are compared with what is tolerated.
const STRETCHES: [u32; 4] = [10, 15, 30, 60];

/// What L1 looks at.
struct Look<'a> {
    rules: &'a ErrorRules,
    series: &'a Series,
    /// The newest minutes with calls, oldest first.
    window: Vec<Minute>,
    pool: Pool,
    /// How many of them are above the limit.
    bad: usize,
    /// Lower bound of their errors in percent.
    lower: f64,
    usual: Pool,
    onset: Option<Onset>,
}

/// L1.
pub(super) fn lasting(series: &Series, rules: &ErrorRules) -> Trigger {
    let look = Look::new(series, rules);
    let figures = look.figures();
    let is_newest_bad = look.window.last().is_some_and(|minute| minute.is_above(rules.above_percent));
    let of = |standing, figures, why: String| Trigger::new(ID, NAME, standing, figures, why);
    if look.window.is_empty() {
        return of(Standing::TooLittle, figures, "no minute was measured".to_owned());
    }
    let is_whole = look.window.len() >= rules.minutes as usize;
    let onset = look.onset.as_ref().filter(|onset| is_whole && onset.is_too_bad(look.bad, rules));
    if onset.is_none() {
        if !is_newest_bad {
            return of(Standing::Clear, figures, "the newest minute is below the limit".to_owned());
        }
        if look.pool.calls < rules.min_calls.into() || look.pool.errors < rules.min_errors.into() {
            let why = "low volume: too few calls or errors to prove anything";
            return of(Standing::TooLittle, figures, why.to_owned());
        }
        if let Some(why) = look.still_building() {
            return of(Standing::Building, figures, why);
        }
    }
    let (is_out, of_chance, why) = look.chance(onset);
    let standing = if is_out { Standing::Met } else { Standing::Building };
    of(standing, figures.into_iter().chain(of_chance).collect(), why.to_owned())
}

impl<'a> Look<'a> {
    fn new(series: &'a Series, rules: &'a ErrorRules) -> Self {
        let window = series.newest(rules.minutes, rules.span_minutes);
        let pool = Pool::of(&window);
        let before = |first| Pool::of(series.before(first, rules.usual_skip_minutes, rules.usual_minutes));
        let usual = window.first().map(before).unwrap_or_default();
        let bad = window.iter().filter(|minute| minute.is_above(rules.above_percent)).count();
        let lower = wilson_lower(pool, rules.lower_bound_quantile) * 100.0;
        let onset = Onset::find(series, &window, usual, rules);
        Self { rules, series, window, pool, bad, lower, usual, onset }
    }

    fn figures(&self) -> Vec<Figure> {
        let (rules, pool) = (self.rules, self.pool);
        let mut figures = vec![
            Figure::new("minutes above the limit", self.bad as f64, f64::from(rules.minutes)),
            Figure::new("errors in percent", pool.share().map(|share| share * 100.0), rules.above_percent),
            Figure::new("lower bound in percent", (pool.calls > 0).then_some(self.lower), rules.above_percent),
            Figure::new("calls", pool.calls as f64, f64::from(rules.min_calls)),
            Figure::new("errors", pool.errors as f64, f64::from(rules.min_errors)),
        ];
        figures.extend(self.onset.iter().filter(|_| self.bad > 0).flat_map(|onset| onset.figures(rules)));
        figures
    }

    /// What is missing until the minutes are too bad.
    fn still_building(&self) -> Option<String> {
        let (rules, needed) = (self.rules, self.rules.minutes as usize);
        let (is_few, is_certain) = (self.pool.calls < rules.few_calls.into(), self.lower > rules.above_percent);
        if self.window.len() < needed {
            return Some(format!("{} of {needed} minutes are measured", self.window.len()));
        }
        if is_few && !is_certain {
            return Some(format!("with {} calls the lower bound has to be above the limit", self.pool.calls));
        }
        // Where it is known when errors began, calls since then are the better proof.
        let is_mostly =
            self.onset.is_none() && !is_few && is_certain && self.bad >= rules.minutes_when_certain as usize;
        (self.bad < needed && !is_mostly).then(|| format!("{} of {needed} minutes are above the limit", self.bad))
    }

    /// Whether chance is ruled out for the calls since errors began, and for those of the window at least.
    fn chance(&self, onset: Option<&Onset>) -> (bool, Vec<Figure>, &'static str) {
        let (rules, usual) = (self.rules, self.usual);
        if usual.calls < rules.usual_min_calls.into() {
            let figure = Figure::new("calls of the past", usual.calls as f64, f64::from(rules.usual_min_calls));
            let why = "above the limit for all the minutes; what is usual is not known, so chance is not ruled out";
            return (true, vec![figure], why);
        }
        let since = onset.filter(|onset| onset.minutes >= self.window.len()).map_or(self.pool, |onset| onset.pool);
        let above_usual = score_between(since, usual);
        let tolerated = rules.tolerated_percent / 100.0;
        let long = STRETCHES.map(|minutes| score(Pool::of(self.series.back(0, minutes)), tolerated));
        let above_tolerated = long.into_iter().fold(score(since, tolerated), f64::max);
        let figures = vec![
            Figure::new("usual errors in percent", usual.share().map(|share| share * 100.0), None),
            Figure::new("standard deviations above the usual", above_usual, rules.noise_quantile),
            Figure::new("standard deviations above what is tolerated", above_tolerated, rules.noise_quantile),
        ];
        if above_usual >= rules.noise_quantile || above_tolerated >= rules.noise_quantile {
            return (true, figures, "above the limit for long enough, and far above what chance explains");
        }
        (false, figures, "above the limit, but no more than chance explains of a service with these errors")
    }
}

/// L6.
pub(super) fn cliff(series: &Series, rules: &CliffRules, lag_minutes: u32) -> Trigger {
    // The newest minute that metrics are expected to have, or the one before: a tick may read in one and decide in the next.
    let newest = series.newest(1, lag_minutes.saturating_add(2)).pop();
    let pool = Pool::of(&newest);
    let share = pool.share().map(|share| share * 100.0);
    let figures = vec![
        Figure::new("errors of one minute in percent", share, rules.at_percent),
        Figure::new("calls", pool.calls as f64, f64::from(rules.min_calls)),
    ];
    let is_high = share.is_some_and(|share| share >= rules.at_percent);
    let is_enough = pool.calls >= rules.min_calls.into();
    let (standing, why) = match (newest.is_some(), is_high, is_enough) {
        (false, ..) => (Standing::TooLittle, "no minute was measured"),
        (_, true, true) => (Standing::Met, "so many errors in one minute that nobody waits"),
        (_, true, false) => (Standing::TooLittle, "low volume: too few calls to prove anything"),
        (_, false, _) => (Standing::Clear, "below the limit"),
    };
    Trigger::new("L6", "cliff", standing, figures, why)
}

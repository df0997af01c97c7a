//! L1, errors that last, and L6, a cliff.
//!
//! L1 asks three questions of the last minutes. Are there enough calls? Are they too bad: each of the minutes above the
//! limit, or most of them with a lower bound of all above it? And can it be chance? A service that always has 4 % errors
//! shows five minutes above 5 % once in two days at 100 calls a minute, so once its past is known, the errors have to be
//! far above what is usual for it, or far above what is tolerated in minutes of any number.

use super::evidence::{score, score_between, wilson_lower};
use super::series::{Minute, Pool, Series};
use super::trigger::{Figure, Standing, Trigger};
use crate::settings::{CliffRules, ErrorRules};

const ID: &str = "L1";
const NAME: &str = "errors";
/// Lengths in minutes of the stretches that are compared with what is tolerated.
const STRETCHES: [u32; 4] = [10, 15, 30, 60];

/// L1.
pub(super) fn lasting(series: &Series, rules: &ErrorRules) -> Trigger {
    let window = series.newest(rules.minutes, rules.span_minutes);
    let pool = Pool::of(&window);
    let is_bad = |minute: &Minute| minute.is_above(rules.above_percent);
    let bad = window.iter().filter(|minute| is_bad(minute)).count();
    let lower = wilson_lower(pool, rules.lower_bound_quantile) * 100.0;
    let mut figures = vec![
        Figure::new("minutes above the limit", bad as f64, f64::from(rules.minutes)),
        Figure::new("errors in percent", pool.share().map(|share| share * 100.0), rules.above_percent),
        Figure::new("lower bound in percent", (pool.calls > 0).then_some(lower), rules.above_percent),
        Figure::new("calls", pool.calls as f64, f64::from(rules.min_calls)),
        Figure::new("errors", pool.errors as f64, f64::from(rules.min_errors)),
    ];
    let of = |standing, figures, why: String| Trigger::new(ID, NAME, standing, figures, why);
    let is_newest_bad = window.last().is_some_and(is_bad);
    if bad == 0 || !is_newest_bad {
        let why = if window.is_empty() { "no minute was measured" } else { "the newest minute is below the limit" };
        let standing = if window.is_empty() { Standing::TooLittle } else { Standing::Clear };
        return of(standing, figures, why.to_owned());
    }
    if pool.calls < rules.min_calls.into() || pool.errors < rules.min_errors.into() {
        return of(Standing::TooLittle, figures, "low volume: too few calls or errors to prove anything".to_owned());
    }
    if let Some(why) = still_building(&window, bad, pool, lower, rules) {
        return of(Standing::Building, figures, why);
    }
    let chance = chance(series, &window, pool, rules);
    figures.extend(chance.figures);
    match chance.is_out {
        true => of(Standing::Met, figures, chance.why),
        false => of(Standing::Building, figures, chance.why),
    }
}

/// What is missing until the minutes are too bad.
fn still_building(window: &[Minute], bad: usize, pool: Pool, lower: f64, rules: &ErrorRules) -> Option<String> {
    let needed = rules.minutes as usize;
    let (is_few, is_certain) = (pool.calls < rules.few_calls.into(), lower > rules.above_percent);
    if window.len() < needed {
        return Some(format!("{} of {needed} minutes are measured", window.len()));
    }
    if is_few && !is_certain {
        return Some(format!("with {} calls the lower bound has to be above the limit", pool.calls));
    }
    let is_mostly = !is_few && is_certain && bad >= rules.minutes_when_certain as usize;
    (bad < needed && !is_mostly).then(|| format!("{bad} of {needed} minutes are above the limit"))
}

/// Whether chance is ruled out.
struct Chance {
    is_out: bool,
    figures: Vec<Figure>,
    why: String,
}

fn chance(series: &Series, window: &[Minute], pool: Pool, rules: &ErrorRules) -> Chance {
    let out = |is_out, figures, why: &str| Chance { is_out, figures, why: why.to_owned() };
    let Some(first) = window.first() else { return out(false, Vec::new(), "no minute was measured") };
    let usual = Pool::of(series.before(first, rules.usual_skip_minutes, rules.usual_minutes));
    if usual.calls < rules.usual_min_calls.into() {
        let figure = Figure::new("calls of the past", usual.calls as f64, f64::from(rules.usual_min_calls));
        let why = "above the limit for all the minutes; what is usual is not known, so chance is not ruled out";
        return out(true, vec![figure], why);
    }
    let above_usual = score_between(pool, usual);
    let tolerated = rules.tolerated_percent / 100.0;
    let long = STRETCHES.map(|minutes| score(Pool::of(series.back(0, minutes)), tolerated));
    let above_tolerated = long.into_iter().fold(score(pool, tolerated), f64::max);
    let figures = vec![
        Figure::new("usual errors in percent", usual.share().map(|share| share * 100.0), None),
        Figure::new("standard deviations above the usual", above_usual, rules.noise_quantile),
        Figure::new("standard deviations above what is tolerated", above_tolerated, rules.noise_quantile),
    ];
    if above_usual >= rules.noise_quantile || above_tolerated >= rules.noise_quantile {
        return out(true, figures, "above the limit for long enough, and far above what chance explains");
    }
    out(false, figures, "above the limit, but no more than chance explains of a service with these errors")
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

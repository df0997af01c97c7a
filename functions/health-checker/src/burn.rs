//! How fast the budget for errors is used up: pairs of a long and a short window.
//!
//! The long one says that it matters, the short one that it still goes on (Site Reliability Workbook, chapter 5). With
//! few calls one error would be a fire, so both need calls, and a window that was measured in part says nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rollback::{Pool, Series};
use crate::settings::{BurnRules, Objective};

/// A pair of windows, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Burn {
    /// How many times faster than the budget allows is too fast.
    pub factor: f64,
    /// Length of the long window in minutes.
    pub long_minutes: u32,
    /// Length of the short window in minutes.
    pub short_minutes: u32,
    /// How many times faster in the long window; absent where too little is known.
    pub long_rate: Option<f64>,
    /// How many times faster in the short window.
    pub short_rate: Option<f64>,
    /// How it stands.
    pub pace: Pace,
    /// Whether it is a reason to think of going back.
    pub suggests_rollback: bool,
    /// Why it stands so.
    pub why: String,
}

/// How fast the budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Too fast, in both windows.
    Burning,
    /// Not too fast.
    Fine,
    /// Nobody knows.
    TooLittle,
}

/// All pairs, in the order of the rules. Windows end at the newest measured minute, as far as metrics may be late.
#[must_use]
pub fn burns(series: &Series, rules: &BurnRules, lag_minutes: u32) -> Vec<Burn> {
    let skip = series.lag().min(lag_minutes);
    rules.objectives.iter().map(|objective| one(series, objective, rules, skip)).collect()
}

fn one(series: &Series, objective: &Objective, rules: &BurnRules, skip: u32) -> Burn {
    let rate = |minutes: u32| rate(series, minutes, rules, skip);
    let (long, short) = (rate(objective.long_minutes), rate(objective.short_minutes));
    let (pace, why) = match (&long, &short) {
        (Ok(long), Ok(short)) if *long >= objective.factor && *short >= objective.factor => {
            let text = format!(
                "errors use up the budget {long:.1} times too fast in {} min and {short:.1} times in {} min",
                objective.long_minutes, objective.short_minutes
            );
            (Pace::Burning, text)
        }
        (Ok(_), Ok(_)) => (Pace::Fine, "the budget lasts".to_owned()),
        (Err(why), _) | (_, Err(why)) => (Pace::TooLittle, why.clone()),
    };
    // The same inputs give the same text on every machine.
    let round = |rate: f64| (rate * 1e4).round() / 1e4;
    Burn {
        factor: objective.factor,
        long_minutes: objective.long_minutes,
        short_minutes: objective.short_minutes,
        long_rate: long.ok().map(round),
        short_rate: short.ok().map(round),
        pace,
        suggests_rollback: objective.suggests_rollback,
        why,
    }
}

/// How many times faster than the budget allows, or why nobody knows.
fn rate(series: &Series, minutes: u32, rules: &BurnRules, skip: u32) -> Result<f64, String> {
    let measured = series.back(skip, minutes).count();
    let share = measured as f64 * 100.0 / f64::from(minutes);
    if share < rules.min_measured_percent {
        return Err(format!("{measured} of {minutes} minutes are measured"));
    }
    let pool = Pool::of(series.back(skip, minutes));
    let least = rules.min_calls_per_hour * f64::from(minutes) / 60.0;
    match pool.share() {
        Some(share) if pool.calls as f64 >= least => Ok(share * 100.0 / (100.0 - rules.objective_percent)),
        _ => Err(format!("{} calls in {minutes} minutes are too few", pool.calls)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::rollback::Minute;

    fn now() -> Timestamp {
        "2026-03-11T12:00:00Z".parse().unwrap()
    }

    /// Newest last: how many minutes, and calls and errors of each.
    fn series(stretches: &[(i64, u64, u64)]) -> Series {
        let mut minutes = Vec::new();
        let mut back: i64 = stretches.iter().map(|(count, ..)| count).sum();
        for (count, calls, failed) in stretches {
            for _ in 0..*count {
                let at = now() - SignedDuration::from_mins(back);
                minutes.push(Minute { at, ok: calls - failed, failed: *failed, p95_ms: None });
                back -= 1;
            }
        }
        Series::new(&minutes, now())
    }

    #[track_caller]
    fn check(stretches: &[(i64, u64, u64)], expected: [Pace; 2]) {
        let burns = burns(&series(stretches), &BurnRules::default(), 2);
        assert_eq!([burns[0].pace, burns[1].pace], expected, "{burns:#?}");
    }

    #[test]
    fn both_windows_have_to_burn() {
        use Pace::{Burning, Fine, TooLittle};
        // 1.44 % is 14.4 times a budget of 0.1 %.
        check(&[(360, 1000, 15)], [Burning, Burning]);
        check(&[(360, 1000, 14)], [Fine, Burning]);
        check(&[(360, 1000, 5)], [Fine, Fine]);
        // It is over: the short windows are clean.
        check(&[(330, 1000, 40), (30, 1000, 0)], [Fine, Fine]);
        check(&[(355, 1000, 40), (5, 1000, 0)], [Fine, Burning]);
        // It has just begun: the long windows have seen nothing yet.
        check(&[(358, 1000, 0), (2, 1000, 100)], [Fine, Fine]);
        check(&[(60, 1000, 15)], [Burning, TooLittle]);
    }

    #[test]
    fn few_calls_and_missing_minutes_say_nothing() {
        use Pace::{Fine, TooLittle};
        check(&[(360, 1, 1)], [TooLittle, TooLittle]);
        check(&[(360, 2, 0)], [Fine, Fine]);
        check(&[], [TooLittle, TooLittle]);
        check(&[(10, 100, 5)], [TooLittle, TooLittle]);
        check(&[(47, 1000, 15)], [TooLittle, TooLittle]);
        assert!(burns(&series(&[]), &BurnRules::default(), 2)[0].why.contains("0 of 60"));
    }

    #[test]
    fn metrics_that_are_late_do_not_hide_a_fire() {
        let late: Vec<Minute> = (0..60)
            .map(|back| Minute { at: now() - SignedDuration::from_mins(back + 3), ok: 0, failed: 100, p95_ms: None })
            .collect();
        let pace = |lag_minutes: u32| burns(&Series::new(&late, now()), &BurnRules::default(), lag_minutes)[0].pace;
        assert_eq!((pace(2), pace(0)), (Pace::Burning, Pace::TooLittle));
    }
}

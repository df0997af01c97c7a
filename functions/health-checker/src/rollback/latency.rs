//! L2: response times that last.

use super::series::{Pool, Series};
use super::trigger::{Figure, Standing, Trigger};
use crate::settings::LatencyRules;

/// The longest time that is not too long, in milliseconds; `None` where the usual one is not known.
pub(super) fn limit(baseline_p95_ms: Option<f64>, rules: &LatencyRules) -> Option<f64> {
    let baseline = baseline_p95_ms.filter(|baseline| baseline.is_finite() && *baseline > 0.0)?;
    Some(baseline.max(rules.floor_ms) * rules.factor)
}

/// L2, against the usual 95th percentile.
pub(super) fn lasting(series: &Series, baseline_p95_ms: Option<f64>, rules: &LatencyRules) -> Trigger {
    let of = |standing, figures, why: &str| Trigger::new("L2", "latency", standing, figures, why);
    let Some((baseline, limit)) = baseline_p95_ms.zip(limit(baseline_p95_ms, rules)) else {
        return of(Standing::Off, Vec::new(), "no baseline is known, so response times are compared with nothing");
    };
    let window = series.newest(rules.minutes, rules.span_minutes);
    let times: Vec<f64> = window.iter().filter_map(|minute| minute.p95_ms).filter(|ms| ms.is_finite()).collect();
    let slow = times.iter().filter(|ms| **ms > limit).count();
    let calls = Pool::of(&window).calls;
    let figures = vec![
        Figure::new("usual 95th percentile in ms", baseline, None),
        Figure::new("newest 95th percentile in ms", times.last().copied(), limit),
        Figure::new("minutes above the limit", slow as f64, f64::from(rules.minutes)),
        Figure::new("calls", calls as f64, f64::from(rules.min_calls)),
    ];
    let is_newest_slow = times.last().is_some_and(|ms| *ms > limit);
    match () {
        () if times.is_empty() => of(Standing::TooLittle, figures, "no response time was measured"),
        () if !is_newest_slow => of(Standing::Clear, figures, "the newest minute is below the limit"),
        () if calls < rules.min_calls.into() => of(Standing::TooLittle, figures, "low volume: too few calls"),
        () if slow < rules.minutes as usize => of(Standing::Building, figures, "not for long enough yet"),
        () => of(Standing::Met, figures, "above the limit for long enough"),
    }
}

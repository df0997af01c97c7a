//! The rules as a deployment writes them down.

use serde::{Deserialize, Serialize};

use super::config::{Config, Consecutive, HalfOpen, LostProbe, OpenTime, Slow, Span};
use crate::Invalid;

const SECOND_MS: u64 = 1_000;
/// Buckets of the window: it moves on in steps of a sixth.
const BUCKETS: u32 = 6;

/// Rules of a breaker that functions share, with the units in the names. What is left out is as in
/// [`Config::shared`]; a name that is not known is an error.
///
/// ```
/// use causeway_resilience::breaker::{Config, Settings};
///
/// let settings: Settings = serde_json::from_str(r#"{"failure_pct": 30}"#)?;
/// assert_eq!(settings.config()?, Config { failure_pct: Some(30), ..Config::shared() });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The calls of so many seconds are looked at.
    pub window_seconds: u32,
    /// Fewest calls for a verdict by percentage.
    pub min_calls: u32,
    /// Opens when so many percent of the calls failed.
    pub failure_pct: u32,
    /// Opens when so many percent of the calls were slow.
    pub slow_pct: u32,
    /// The usual 95th percentile of a call, in milliseconds; without it no call is slow.
    pub slow_baseline_p95_ms: Option<u64>,
    /// A call is slow from so many times the baseline on.
    pub slow_factor: u32,
    /// Opens after so many failures one after the other, while there are fewer calls than `min_calls`.
    pub consecutive_failures: u32,
    /// Open time of the first opening.
    pub open_seconds: u32,
    /// Factor from one open time to the next.
    pub open_growth: u32,
    /// Longest open time, before jitter.
    pub open_cap_seconds: u32,
    /// Percent by which an open time may be longer or shorter.
    pub open_jitter_pct: u32,
    /// Probes of a half-open breaker; all of them have to pass.
    pub half_open_permits: u32,
    /// Time for a probe to be reported.
    pub permit_seconds: u32,
    /// What becomes of one that is not: `freed`, `freed_at_once` or `failed`.
    pub lost_permit: LostProbe,
    /// Time without a call after which somebody has to send the probes.
    pub idle_probe_seconds: u32,
    /// Closed time after which the next opening is the first again.
    pub reset_after_seconds: u32,
    /// Longest time that a `Retry-After` of the dependency keeps it open.
    pub retry_after_cap_seconds: u32,
    /// How far clocks may be apart.
    pub skew_seconds: u32,
    /// Longest time of an operator's order.
    pub forced_cap_hours: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window_seconds: 60,
            min_calls: 20,
            failure_pct: 50,
            slow_pct: 80,
            slow_baseline_p95_ms: None,
            slow_factor: 3,
            consecutive_failures: 5,
            open_seconds: 30,
            open_growth: 2,
            open_cap_seconds: 300,
            open_jitter_pct: 10,
            half_open_permits: 5,
            permit_seconds: 30,
            lost_permit: LostProbe::Freed,
            idle_probe_seconds: 600,
            reset_after_seconds: 600,
            retry_after_cap_seconds: 300,
            skew_seconds: 5,
            forced_cap_hours: 7 * 24,
        }
    }
}

impl Settings {
    /// The rules of breakers in front of language models: as others, with one probe. A model takes its time, up to three
    /// minutes, and the other calls of a batch have a fallback.
    #[must_use]
    pub fn of_models() -> Self {
        let lost_permit = LostProbe::FreedAtOnce;
        Self { half_open_permits: 1, permit_seconds: 180, lost_permit, ..Self::default() }
    }

    /// The rules that these settings describe.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn config(&self) -> Result<Config, Invalid> {
        Invalid::unless(self.window_seconds > 0, "window_seconds", "must be at least 1")?;
        Invalid::unless(self.slow_factor > 0, "slow_factor", "must be at least 1")?;
        let base = Config::shared();
        let config = Config {
            span: Span::Time { bucket_ms: ms(self.window_seconds) / u64::from(BUCKETS), buckets: BUCKETS },
            min_calls: self.min_calls,
            failure_pct: Some(self.failure_pct),
            slow: self.slow(),
            consecutive: Some(Consecutive { failures: self.consecutive_failures, below_min_calls_only: true }),
            open: self.open(),
            half_open: HalfOpen {
                permits: self.half_open_permits,
                passes_to_close: self.half_open_permits,
                lease_ms: ms(self.permit_seconds),
                lost: self.lost_permit,
            },
            idle_ms: ms(self.idle_probe_seconds),
            throttle_cap_ms: Some(ms(self.retry_after_cap_seconds)),
            skew_ms: ms(self.skew_seconds),
            max_forced_ms: ms(self.forced_cap_hours).saturating_mul(3_600),
            ..base
        };
        config.check().map(|()| config)
    }

    fn slow(&self) -> Option<Slow> {
        let after = |baseline: u64| baseline.saturating_mul(u64::from(self.slow_factor));
        self.slow_baseline_p95_ms.map(|baseline| Slow { after_ms: after(baseline), pct: self.slow_pct })
    }

    fn open(&self) -> OpenTime {
        OpenTime {
            base_ms: ms(self.open_seconds),
            growth: self.open_growth,
            cap_ms: ms(self.open_cap_seconds),
            jitter: f64::from(self.open_jitter_pct) / 100.0,
            reset_after_ms: ms(self.reset_after_seconds),
        }
    }
}

fn ms(seconds: u32) -> u64 {
    u64::from(seconds) * SECOND_MS
}

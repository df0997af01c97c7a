//! Breakers with known rules.

use super::config::{Config, Consecutive, Counted, HalfOpen, LostProbe, OpenTime, Span};
use crate::status::Table;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

impl Config {
    /// For functions that share a breaker: 50 % of at least 20 calls in a minute, or 5 failures in a row while there
    /// are fewer calls; open for 30 s, doubled up to 300 s, give or take 10 %; 5 probes, which must all pass. A probe that is
    /// not reported within 30 s is unknown: neither passed nor failed, and its permit goes to another.
    ///
    /// Timeouts, 408, 429 and everything from 500 on except 501 are failures, other answers say nothing, and a 429 with
    /// `Retry-After` opens at once. Where a baseline is known, [`Settings`](super::Settings) say what is slow.
    #[must_use]
    pub fn shared() -> Self {
        Self {
            span: Span::Time { bucket_ms: 10 * SECOND, buckets: 6 },
            min_calls: 20,
            failure_pct: Some(50),
            slow: None,
            consecutive: Some(Consecutive { failures: 5, below_min_calls_only: true }),
            open: OpenTime {
                base_ms: 30 * SECOND,
                growth: 2,
                cap_ms: 300 * SECOND,
                jitter: 0.1,
                reset_after_ms: 10 * MINUTE,
            },
            half_open: HalfOpen { permits: 5, passes_to_close: 5, lease_ms: 30 * SECOND, lost: LostProbe::Freed },
            idle_ms: 10 * MINUTE,
            throttle_cap_ms: Some(300 * SECOND),
            counted: Counted { failed: Table::OVERLOADED_OR_BROKEN, refusals_pass: false, transport_fails: true },
            skew_ms: 5 * SECOND,
            max_forced_ms: 7 * 24 * 60 * MINUTE,
        }
    }

    /// The OCI SDK for Python (`oci.circuit_breaker`): 10 failures in a row, open for 30 s, one probe.
    ///
    /// Failures are 409 with `IncorrectState` or `LockConflict`, 429, 500, 502, 503 and 504. Where the SDK takes a
    /// network error for a success, here it says nothing.
    #[must_use]
    pub fn python_sdk() -> Self {
        Self {
            span: Span::Calls(10),
            min_calls: 10,
            failure_pct: None,
            consecutive: Some(Consecutive { failures: 10, below_min_calls_only: false }),
            ..Self::sdk()
        }
    }

    /// The same SDK at the federation endpoint: 3 failures in a row, open for 30 to 49 s.
    #[must_use]
    pub fn python_sdk_federation() -> Self {
        Self {
            consecutive: Some(Consecutive { failures: 3, below_min_calls_only: false }),
            open: Self::federation_open(),
            ..Self::python_sdk()
        }
    }

    /// The OCI SDK for Go (`common.DefaultCircuitBreakerSetting`): 80 % of at least 10 calls in 120 s, open for 30 s,
    /// one probe. The SDK counts from one full 120 s to the next; here the span moves on in steps of 10 s.
    #[must_use]
    pub fn go_sdk() -> Self {
        Self { min_calls: 10, failure_pct: Some(80), ..Self::sdk() }
    }

    /// The same SDK at the federation endpoint: 65 % of at least 3 calls, open for 30 to 49 s.
    #[must_use]
    pub fn go_sdk_federation() -> Self {
        Self { min_calls: 3, failure_pct: Some(65), open: Self::federation_open(), ..Self::sdk() }
    }

    /// What the breakers of both SDKs have in common.
    fn sdk() -> Self {
        Self {
            span: Span::Time { bucket_ms: 10 * SECOND, buckets: 12 },
            consecutive: None,
            open: OpenTime {
                base_ms: 30 * SECOND,
                growth: 1,
                cap_ms: 30 * SECOND,
                jitter: 0.0,
                reset_after_ms: 10 * MINUTE,
            },
            half_open: HalfOpen { permits: 1, passes_to_close: 1, lease_ms: 60 * SECOND, lost: LostProbe::FreedAtOnce },
            throttle_cap_ms: None,
            counted: Counted { failed: Table::OCI_TRANSIENT, refusals_pass: true, transport_fails: false },
            ..Self::shared()
        }
    }

    /// Both SDKs draw from 30 to 49 s so that a fleet does not come back at once: 39.5 s, give or take 9.5 s.
    fn federation_open() -> OpenTime {
        OpenTime { base_ms: 39_500, cap_ms: 39_500, jitter: 9.5 / 39.5, ..Self::sdk().open }
    }
}

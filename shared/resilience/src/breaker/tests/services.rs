//! Settings of a deployment, and failures of ports.

use super::*;
use crate::ServiceFailure;
use crate::service::Kind;

#[test]
fn settings_left_out_are_those_of_a_shared_breaker() {
    assert_eq!(Settings::default().config().unwrap(), Config::shared());
    assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
    let unknown = serde_json::from_str::<Settings>(r#"{"open_second": 3}"#).unwrap_err().to_string();
    assert!(unknown.contains("open_second") && unknown.contains("open_seconds"), "{unknown}");
    let failed: Settings = serde_json::from_str(r#"{"lost_permit": "failed"}"#).unwrap();
    assert_eq!(failed.config().unwrap().half_open.lost, LostProbe::Failed);
}

#[test]
fn settings_without_sense_are_named() {
    let check = |json: &str, setting: &str| {
        let settings: Settings = serde_json::from_str(json).unwrap();
        assert_eq!(settings.config().unwrap_err().setting, setting, "{json}");
    };
    check(r#"{"window_seconds": 0}"#, "window_seconds");
    check(r#"{"slow_factor": 0}"#, "slow_factor");
    check(r#"{"failure_pct": 101}"#, "failure_pct");
    check(r#"{"slow_pct": 0, "slow_baseline_p95_ms": 1}"#, "slow.pct");
    check(r#"{"open_seconds": 0}"#, "open.base_ms");
    check(r#"{"open_cap_seconds": 29}"#, "open.base_ms");
    check(r#"{"open_jitter_pct": 101}"#, "open.jitter");
    check(r#"{"half_open_permits": 0}"#, "half_open.permits");
}

#[test]
fn an_ill_service_counts_and_a_refusal_does_not() {
    let check = |kind: Kind, status: u16, seconds: Option<u64>, expected: Outcome| {
        let failure = ServiceFailure::new(kind, "objects", "GetObject", "no")
            .with_answer(Some(status), None)
            .with_retry_after(seconds.map(Duration::from_secs));
        assert_eq!(Outcome::of(&failure), expected, "{kind:?} {status}");
    };
    check(Kind::Throttled, 429, Some(7), Outcome::Throttled { retry_after_ms: 7_000 });
    // One machine behind a load balancer must not take all callers off for as long as it likes.
    check(Kind::Unavailable, 503, Some(7), BAD);
    check(Kind::Unavailable, 501, None, Outcome::Ignored);
    check(Kind::Throttled, 429, None, BAD);
    check(Kind::Unavailable, 500, Some(7), BAD);
    check(Kind::Timeout, 408, None, BAD);
    check(Kind::NotFound, 404, None, Outcome::Ignored);
    check(Kind::Denied, 403, Some(7), Outcome::Ignored);
    check(Kind::NotConfigured, 0, None, Outcome::Ignored);
}

//! Tables of decisions, and the rules of the official SDK as vectors.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn retry(policy: Policy, idempotency: Idempotency) -> (Retry, Instant) {
    let now = Instant::now();
    (Retry::new(policy, idempotency, now, Deadline::NONE), now)
}

fn gives_up(reason: Reason) -> Decision {
    Decision::GiveUp { reason }
}

/// What the vector file expects of one case of the group `retry`.
fn expected(id: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("oci_vectors.json")).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap();
    case["expect"].clone()
}

fn presets() -> [(&'static str, Policy); 3] {
    [("default", Policy::oci_default()), ("federation", Policy::federation()), ("imds", Policy::imds())]
}

#[test]
fn vector_status() {
    let rows = expected("retry/status");
    assert_eq!(rows.as_array().unwrap().len(), 12);
    for row in rows.as_array().unwrap() {
        let status = u16::try_from(row["status"].as_u64().unwrap()).unwrap();
        let code = row["code"].as_str();
        let mut failure = Failure::status(status);
        if let Some(code) = code {
            failure = failure.with_code(code);
        }
        for (name, policy) in presets() {
            assert_eq!(policy.retries(&failure), row[name].as_bool().unwrap(), "{name} {row}");
            let (mut retry, now) = retry(policy, Idempotency::Idempotent);
            let again = matches!(retry.next(&failure, now, 0.0), Decision::Retry { .. });
            assert_eq!(again, row[name].as_bool().unwrap(), "{name} {row}");
        }
    }
}

#[test]
fn vector_limits() {
    let limits = expected("retry/limits");
    for (name, policy) in presets() {
        let row = &limits[name];
        let checks = &row["limits"];
        assert_eq!(checks["LimitBasedRetryChecker"]["max_attempts"], policy.attempts, "{name}");
        assert_eq!(checks["TotalTimeExceededRetryChecker"]["time_limit_seconds"], policy.total.as_secs(), "{name}");
        let any_5xx = (500..600).filter(|status| *status != 501).all(|status| policy.statuses.holds(status, None));
        assert_eq!(checks["TimeoutConnectionAndServiceErrorRetryChecker"]["retry_any_5xx"], any_5xx, "{name}");
        assert_eq!(row["base"], policy.backoff.base.as_secs(), "{name}");
        assert_eq!(row["growth"], policy.backoff.growth, "{name}");
        assert_eq!(row["max_wait"], policy.backoff.cap.as_secs(), "{name}");
        assert_eq!(row["kind"], "ExponentialBackOffWithDecorrelatedJitterRetryStrategy");
        assert_eq!(policy.backoff.jitter, Jitter::Added(SECOND), "{name}");
    }
}

#[test]
fn vector_backoff() {
    let rows = expected("retry/backoff");
    assert_eq!(rows.as_array().unwrap().len(), 8);
    for row in rows.as_array().unwrap() {
        let failed = u32::try_from(row["after_attempt"].as_u64().unwrap()).unwrap();
        for (random01, bound) in [(0.0, "min_s"), (1.0, "max_s")] {
            let delay = Policy::oci_default().backoff.delay(failed, random01);
            assert_eq!(row[bound], delay.as_secs(), "{row}");
            assert_eq!(delay.subsec_nanos(), 0, "{row}");
        }
    }
}

#[test]
fn attempts_are_used_up() {
    for (name, policy) in presets() {
        let (mut retry, now) = retry(policy.clone(), Idempotency::Idempotent);
        for attempt in 1..policy.attempts {
            assert_eq!(retry.attempt(), attempt, "{name}");
            let decision = retry.next(&Failure::NeverSent, now, 0.0);
            assert_eq!(decision, Decision::Retry { after: policy.backoff.delay(attempt, 0.0) }, "{name}");
        }
        assert_eq!(retry.next(&Failure::NeverSent, now, 0.0), gives_up(Reason::Attempts), "{name}");
        assert_eq!(retry.next(&Failure::NeverSent, now, 0.0), gives_up(Reason::Attempts), "{name}");
    }
}

#[test]
fn one_try_means_one() {
    for attempts in [0, 1] {
        let (mut retry, now) = retry(Policy { attempts, ..Policy::oci_default() }, Idempotency::Idempotent);
        assert_eq!(retry.next(&Failure::NeverSent, now, 0.0), gives_up(Reason::Attempts));
    }
    assert_eq!(Policy::never().attempts, 1);
}

#[test]
fn what_may_have_happened_is_not_repeated() {
    let check = |failure: Failure, expected: Option<Reason>| {
        let (mut retry, now) = retry(Policy::oci_default(), Idempotency::NotIdempotent);
        let decision = retry.next(&failure, now, 0.0);
        let expected = expected.map_or(Decision::Retry { after: SECOND }, gives_up);
        assert_eq!(decision, expected, "{failure:?}");
    };
    check(Failure::NeverSent, None);
    check(Failure::Timeout { sent: false }, None);
    check(Failure::CircuitOpen { retry_after: None }, None);
    check(Failure::status(429), None);
    check(Failure::status(409).with_code("IncorrectState"), None);
    check(Failure::status(503).with_retry_after(Some(Duration::ZERO)), None);
    for failure in [Failure::Timeout { sent: true }, Failure::Broken, Failure::status(500), Failure::status(503)] {
        check(failure, Some(Reason::MayHaveHappened));
    }
    // What is permanent anyway is reported as that.
    check(Failure::status(400), Some(Reason::Permanent));
    check(Failure::status(409).with_code("Conflict"), Some(Reason::Permanent));
}

#[test]
fn an_open_breaker_is_waited_for_or_not() {
    let failure = Failure::CircuitOpen { retry_after: Some(12 * SECOND) };
    let (mut patient, now) = retry(Policy::oci_default(), Idempotency::NotIdempotent);
    assert_eq!(patient.next(&failure, now, 0.0), Decision::Retry { after: 12 * SECOND });
    let (mut hurried, now) = retry(Policy::function(), Idempotency::Idempotent);
    assert_eq!(hurried.next(&failure, now, 0.0), gives_up(Reason::Permanent));
}

#[test]
fn retry_after_is_kept_up_to_the_deadline() {
    let check = |left: u64, asked: u64, expected: Result<u64, u64>| {
        let now = Instant::now();
        let deadline = Deadline::within(now, Some(Duration::from_secs(left)));
        let mut retry = Retry::new(Policy::oci_default(), Idempotency::Idempotent, now, deadline);
        let failure = Failure::status(429).with_retry_after(Some(Duration::from_secs(asked)));
        let expected = match expected {
            Ok(seconds) => Decision::Retry { after: Duration::from_secs(seconds) },
            Err(seconds) => gives_up(Reason::Deadline { after: Duration::from_secs(seconds) }),
        };
        assert_eq!(retry.next(&failure, now, 0.0), expected, "{left} {asked}");
    };
    check(60, 20, Ok(20));
    check(60, 59, Ok(59));
    check(60, 60, Err(60));
    check(60, u64::MAX, Err(u64::MAX));
    // It lengthens the own wait and never shortens it.
    check(60, 0, Ok(1));
    check(1, 0, Err(1));
    // The policy's 600 s hold where the caller has longer.
    check(100_000, 599, Ok(599));
    check(100_000, 600, Err(600));
}

#[test]
fn time_per_try() {
    let check = |policy: Policy, left: u64, failures: u32, passed: u64, expected_ms: u64| {
        let now = Instant::now();
        let deadline = Deadline::within(now, Some(Duration::from_secs(left)));
        let mut retry = Retry::new(policy, Idempotency::Idempotent, now, deadline);
        for _ in 0..failures {
            retry.next(&Failure::NeverSent, now, 0.0);
        }
        let time = retry.try_time(now + Duration::from_secs(passed));
        assert_eq!(time, Duration::from_millis(expected_ms), "{left} {failures} {passed}");
    };
    check(Policy::oci_default(), 300, 0, 0, 60_000);
    check(Policy::oci_default(), 25, 0, 0, 25_000);
    check(Policy::oci_default(), 25, 0, 24, 1_000);
    check(Policy::oci_default(), 25, 0, 25, 0);
    check(Policy::oci_default(), 25, 0, 99, 0);
    // Room for two: half for the first, all that is left for the others.
    check(Policy::federation(), 25, 0, 0, 12_500);
    check(Policy::federation(), 25, 1, 13, 12_000);
    check(Policy::federation(), 25, 2, 13, 12_000);
    check(Policy::federation(), 900, 0, 0, 50_000);
    // A single try needs to leave no room.
    check(Policy { attempts: 1, ..Policy::federation() }, 25, 0, 0, 25_000);
    check(Policy { room_for: 0, attempts: 0, ..Policy::federation() }, 25, 0, 0, 25_000);
}

#[test]
fn presets_make_sense() {
    for policy in [Policy::never(), Policy::oci_default(), Policy::federation(), Policy::imds(), Policy::function()] {
        assert_eq!(policy.check(), Ok(()));
    }
    let policy = Policy::oci_default();
    let wrong = Backoff { base: Duration::from_secs(31), ..policy.backoff };
    for (policy, setting) in [
        (Policy { attempts: 0, ..policy.clone() }, "attempts"),
        (Policy { total: Duration::ZERO, ..policy.clone() }, "total"),
        (Policy { per_try: Duration::ZERO, ..policy.clone() }, "per_try"),
        (Policy { room_for: 0, ..policy.clone() }, "room_for"),
        (Policy { backoff: wrong, ..policy.clone() }, "backoff.base"),
        (Policy { backoff: Backoff { growth: 0, ..policy.backoff }, ..policy.clone() }, "backoff.growth"),
    ] {
        assert_eq!(policy.check().unwrap_err().setting, setting);
    }
}

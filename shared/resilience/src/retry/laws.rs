//! What holds for every policy and every course of failures.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::status::Table;

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        6 => (0_u64..120_000).prop_map(Duration::from_millis),
        1 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
    ]
}

fn backoffs() -> impl Strategy<Value = Backoff> {
    let jitter = prop_oneof![Just(Jitter::None), Just(Jitter::Full), durations().prop_map(Jitter::Added)];
    (durations(), any::<u32>(), durations(), jitter).prop_map(|(base, growth, cap, jitter)| Backoff {
        base,
        growth: growth % 5,
        cap,
        jitter,
    })
}

fn policies() -> impl Strategy<Value = Policy> {
    let tables = prop_oneof![Just(Table::OCI_RETRIED), Just(Table::OCI_METADATA), Just(Table::NONE)];
    (0_u32..12, backoffs(), durations(), durations(), 0_u32..4, tables, any::<bool>()).prop_map(
        |(attempts, backoff, total, per_try, room_for, statuses, circuit_open)| Policy {
            attempts,
            backoff,
            total,
            per_try,
            room_for,
            statuses,
            circuit_open,
        },
    )
}

fn failures() -> impl Strategy<Value = Failure> {
    let codes = prop_oneof![Just(None), Just(Some("IncorrectState".to_owned())), Just(Some("SlowDown".to_owned()))];
    let statuses =
        prop_oneof![Just(400_u16), Just(404), Just(409), Just(429), Just(500), Just(501), Just(503), any::<u16>()];
    prop_oneof![
        2 => Just(Failure::NeverSent),
        1 => any::<bool>().prop_map(|sent| Failure::Timeout { sent }),
        1 => Just(Failure::Broken),
        1 => proptest::option::of(durations()).prop_map(|retry_after| Failure::CircuitOpen { retry_after }),
        4 => (statuses, codes, proptest::option::of(durations()))
            .prop_map(|(status, code, retry_after)| Failure::Status { status, code, retry_after }),
    ]
}

fn idempotencies() -> impl Strategy<Value = Idempotency> {
    use Idempotency::{Idempotent, NotIdempotent, WithRetryToken};
    prop_oneof![Just(Idempotent), Just(WithRetryToken), Just(NotIdempotent)]
}

/// A failure, how long its try took, and the random number drawn after it; the clock may also stand still.
fn courses() -> impl Strategy<Value = Vec<(Failure, Duration, f64)>> {
    let random = prop_oneof![9 => 0.0..=1.0, 1 => any::<f64>()];
    let took = (0_u64..20_000).prop_map(Duration::from_millis);
    proptest::collection::vec((failures(), took, random), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_wait_never_exceeds_the_cap(backoff in backoffs(), failed in any::<u32>(), random01 in any::<f64>()) {
        prop_assert!(backoff.delay(failed, random01) <= backoff.cap);
    }

    #[test]
    fn waits_grow_with_the_tries(backoff in backoffs(), failed in 0_u32..64, random01 in 0.0..=1.0) {
        prop_assert!(backoff.delay(failed, random01) <= backoff.delay(failed + 1, random01));
    }

    #[test]
    fn tries_and_time_are_bounded(
        policy in policies(), idempotency in idempotencies(), left in proptest::option::of(durations()), course in courses(),
    ) {
        let start = Instant::now();
        let mut now = start;
        let mut retry = Retry::new(policy.clone(), idempotency, start, Deadline::within(start, left));
        let end = retry.deadline();
        let mut tries = 0;
        for (failure, took, random01) in course {
            tries += 1;
            let allowed = retry.try_time(now);
            prop_assert!(allowed <= policy.per_try);
            prop_assert!(end.remaining(now).is_none_or(|left| allowed <= left));
            now += took;
            match retry.next(&failure, now, random01) {
                Decision::GiveUp { .. } => break,
                Decision::Retry { after } => {
                    prop_assert!(end.remaining(now).is_none_or(|left| after < left), "sleeps past the deadline");
                    prop_assert!(after <= policy.backoff.cap.max(failure.retry_after().unwrap_or_default()));
                    prop_assert!(failure.retry_after().is_none_or(|asked| after >= asked), "comes back too early");
                    let Some(later) = now.checked_add(after) else { break };
                    now = later;
                    prop_assert!(!retry.try_time(now).is_zero() || policy.per_try.is_zero());
                }
            }
        }
        prop_assert!(tries <= policy.attempts.max(1));
    }

    #[test]
    fn what_was_sent_and_may_have_happened_is_never_sent_twice(policy in policies(), course in courses()) {
        let now = Instant::now();
        let mut retry = Retry::new(policy, Idempotency::NotIdempotent, now, Deadline::NONE);
        for (failure, _, random01) in course {
            let Decision::Retry { .. } = retry.next(&failure, now, random01) else { break };
            let unsure = match &failure {
                Failure::Timeout { sent } => *sent,
                Failure::Broken => true,
                Failure::Status { status, retry_after, .. } => {
                    !matches!(status, 409 | 429) && (*status != 503 || retry_after.is_none() && !failure.is_throttled())
                }
                Failure::NeverSent | Failure::CircuitOpen { .. } => false,
            };
            prop_assert!(!unsure, "{failure:?}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_is_survived(policy in policies(), failure in failures(), back in 0_u64..10_000) {
        let start = Instant::now() + Duration::from_secs(20_000);
        let mut retry = Retry::new(policy, Idempotency::Idempotent, start, Deadline::NONE);
        let earlier = start - Duration::from_secs(back);
        let _ = (retry.next(&failure, earlier, 0.5), retry.try_time(earlier));
    }
}

//! What holds for every rate and every clock.

use proptest::prelude::*;

use super::*;

const T: u64 = 1_700_000_000_000;

fn rates() -> impl Strategy<Value = (Rate, f64, u32)> {
    (prop_oneof![0.001..5.0, 1.0..2_000.0], 1_u32..50)
        .prop_map(|(per_second, burst)| (Rate::new(per_second, burst).unwrap(), per_second, burst))
}

/// Moments that mostly go on and sometimes jump, and tokens asked for.
fn course() -> impl Strategy<Value = Vec<(i64, u32)>> {
    let step = prop_oneof![20 => 0_i64..500, 1 => -1_000_000_000..1_000_000_000_i64];
    proptest::collection::vec((step, 0_u32..6), 1..120)
}

proptest! {
    #[test]
    fn never_more_than_burst_and_what_came_in(
        (rate, per_second, burst) in rates(), steps in proptest::collection::vec((0_u64..500, 0_u32..6), 1..120),
    ) {
        let (mut bucket, mut now_ms, mut taken) = (Bucket::full(rate, T), T, 0.0);
        for (step, tokens) in steps {
            now_ms += step;
            match bucket.take(rate, tokens, now_ms) {
                Take::Taken => taken += f64::from(tokens),
                Take::Wait(after) => {
                    let mut then = bucket;
                    let later = now_ms + u64::try_from(after.as_millis()).unwrap();
                    prop_assert_eq!(then.take(rate, tokens, later), Take::Taken, "the wait is long enough");
                    let mut before = bucket;
                    prop_assert!(before.take(rate, tokens, later - 1) != Take::Taken, "and no longer than needed");
                }
                Take::Never => prop_assert!(tokens > burst),
            }
            prop_assert!(bucket.tokens(rate, now_ms) <= burst);
            let came_in = f64::from(burst) + (now_ms - T) as f64 / 1_000.0 * per_second;
            prop_assert!(taken <= came_in * (1.0 + 1e-3) + 1e-3, "{} of {}", taken, came_in);
        }
    }

    #[test]
    fn jumping_clocks_neither_fill_above_the_burst_nor_lock((rate, _, burst) in rates(), steps in course()) {
        let (mut bucket, mut now_ms) = (Bucket::full(rate, T), T);
        for (step, tokens) in steps {
            now_ms = now_ms.saturating_add_signed(step);
            let _ = bucket.take(rate, tokens, now_ms);
            prop_assert!(bucket.tokens(rate, now_ms) <= burst);
            if let Take::Wait(after) = bucket.take(rate, 1, now_ms) {
                prop_assert!(after <= rate.time_for(TOKEN) + Duration::from_millis(MAX_AHEAD_MS));
            }
        }
    }

    #[test]
    fn a_stored_bucket_behaves_like_the_bucket((rate, ..) in rates(), steps in course()) {
        let (mut here, mut stored, mut now_ms) = (Bucket::full(rate, T), Bucket::full(rate, T), T);
        for (step, tokens) in steps {
            now_ms = now_ms.saturating_add_signed(step);
            stored = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
            prop_assert_eq!(here.take(rate, tokens, now_ms), stored.take(rate, tokens, now_ms));
            prop_assert_eq!(here, stored);
        }
    }

    #[test]
    fn an_adaptive_rate_stays_within_its_bounds(
        steps in proptest::collection::vec((-5_000_i64..5_000, any::<bool>(), any::<bool>()), 1..200),
    ) {
        let (mut adaptive, mut now_ms) = (Adaptive::new(T), T);
        for (step, jump, throttled) in steps {
            now_ms = now_ms.saturating_add_signed(if jump { step * 100_000 } else { step });
            prop_assert!(adaptive.send(now_ms) != Take::Never);
            adaptive.answer(throttled, now_ms);
            if let Some(per_second) = adaptive.per_second() {
                prop_assert!((0.5..=1e9).contains(&per_second), "{per_second}");
            }
            if let Take::Wait(after) = adaptive.send(now_ms) {
                prop_assert!(after <= Duration::from_millis(2_000 + MAX_AHEAD_MS));
            }
        }
    }
}

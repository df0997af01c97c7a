//! Bands and states.

use proptest::prelude::*;

use super::*;

#[test]
fn bands_of_the_health_score() {
    for (health, word) in [(100.0, "strong"), (85.0, "strong"), (84.9, "good"), (75.0, "good"), (60.0, "fair"), (59.9, "weak"), (0.0, "weak")] {
        assert_eq!(band(health), word, "{health}");
    }
}

#[test]
fn the_state_of_the_money() {
    let check = |margin: Option<f64>, risk: Option<&str>, health: Option<f64>, expected: CurrentState| {
        let detail = StateDetail { gross_margin: margin, liquidity_risk: risk.map(str::to_owned), ..StateDetail::default() };
        assert_eq!(state_of(&detail, health), expected, "{margin:?} {risk:?} {health:?}");
    };
    check(None, None, None, CurrentState::Unknown);
    check(Some(0.0), None, None, CurrentState::Stable);
    check(Some(-0.1), None, Some(99.0), CurrentState::Critical);
    check(None, Some("critical"), None, CurrentState::Critical);
    check(Some(50.0), Some("high"), None, CurrentState::AtRisk);
    check(None, Some("medium"), None, CurrentState::Stable);
    check(None, None, Some(59.9), CurrentState::AtRisk);
    check(None, None, Some(60.0), CurrentState::Stable);
}

proptest! {
    /// A better score never makes matters more urgent.
    #[test]
    fn urgency_falls_as_health_rises(one in 0.0_f64..=100.0, other in 0.0_f64..=100.0) {
        let (worse, better) = if one < other { (one, other) } else { (other, one) };
        prop_assert!(rank_of_health(better) <= rank_of_health(worse));
    }
}

//! Bands and states.

use super::*;

#[test]
fn bands_of_the_health_score() {
    for (health, word) in [
        (100.0, "excellent"),
        (85.0, "excellent"),
        (84.9, "good"),
        (75.0, "good"),
        (60.0, "fair"),
        (59.9, "poor"),
        (0.0, "poor"),
    ] {
        assert_eq!(band(health), word, "{health}");
    }
}

#[test]
fn the_state_of_the_money() {
    let check = |margin: Option<f64>, risk: Option<&str>, health: Option<f64>, expected: CurrentState| {
        let detail =
            StateDetail { gross_margin: margin, liquidity_risk: risk.map(str::to_owned), ..StateDetail::default() };
        assert_eq!(state_of(&detail, health), expected, "{margin:?} {risk:?} {health:?}");
    };
    check(None, None, None, CurrentState::Unknown);
    check(Some(0.0), None, None, CurrentState::Unknown);
    check(Some(-0.1), None, Some(99.0), CurrentState::Critical);
    check(None, Some("critical"), None, CurrentState::Critical);
    check(Some(50.0), Some("high"), None, CurrentState::AtRisk);
    check(None, Some("medium"), None, CurrentState::Unknown);
    check(Some(50.0), Some("low"), None, CurrentState::Unknown);
    check(None, None, Some(42.5), CurrentState::Critical);
    check(None, Some("low"), Some(59.9), CurrentState::Critical);
    check(Some(50.0), None, Some(60.0), CurrentState::AtRisk);
    check(None, None, Some(74.9), CurrentState::AtRisk);
    check(None, None, Some(75.0), CurrentState::Stable);
    check(None, Some("high"), Some(75.0), CurrentState::AtRisk);
}

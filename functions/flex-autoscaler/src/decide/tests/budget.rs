//! The month's money.

use serde_json::json;

use super::fixture::*;

/// A floor of 32 OCPUs with money for so many. The month is at its last 10 hours.
fn with_money_for(ocpus: f64) -> Fixture {
    let mut fixture = Fixture::at("2026-03-31T14:00:00Z");
    let windows = json!([{"id": "w", "start": "08:00", "end": "18:00", "floor_ocpus": 32.0}]);
    fixture.policy("schedule.windows", windows);
    fixture.policy("budget", json!({"tenant": "retail", "month_cap": 100.0 + ocpus * 0.062 * 10.0}));
    fixture.0["spend"] = json!({"retail": {"month_to_date": 100.0}});
    fixture
}

#[test]
fn t27_a_floor_goes_as_far_as_the_money() {
    let outcome = check(&with_money_for(24.0), "SCHEDULED_UP 24/384");
    assert_eq!((clamps(&outcome), alerts(&outcome)), (vec!["budget"], vec!["budget"]));
    let outcome = check(&with_money_for(16.0), "BLOCKED(budget) 16/256");
    assert_eq!(alerts(&outcome), ["budget"]);
    assert!(clamps(&check(&with_money_for(32.0), "SCHEDULED_UP 32/512")).is_empty());
}

/// The worse news are not taken for the lesser ones of a moment ago.
#[test]
fn that_nothing_is_left_is_told_after_that_little_was() {
    let little = check(&with_money_for(24.0), "SCHEDULED_UP 24/384");
    let mut next = with_money_for(16.0).after(&little.state, "2026-03-31T14:00:30Z");
    next.known()["commanded"] = json!(null);
    let outcome = next.cpu(&flat(65.0)).memory(&flat(40.0)).decide();
    assert_eq!((said(&outcome).as_str(), alerts(&outcome)), ("BLOCKED(budget) 16/256", vec!["budget"]));
}

/// Money is the same whichever machines a request names.
#[test]
fn machines_that_were_not_asked_about_cost_too() {
    let mut fixture = with_money_for(24.0);
    fixture.0["spend"] = json!({});
    // 0.062 an hour for each OCPU: 16 for the whole month are 738.
    fixture.policy("budget.month_cap", json!(1600.0));
    check(&fixture, "SCHEDULED_UP 32/512");
    for (minutes, expected) in [(5.0, "BLOCKED(budget) 16/256"), (61.0, "SCHEDULED_UP 32/512")] {
        let mut other = fixture.known().clone();
        other["seen_at"] = json!(before("2026-03-31T14:00:00Z", minutes));
        other["size"] = json!({"ocpus": 64.0, "memory_gb": 1024.0});
        fixture.0["state"]["instances"]["vn"] = other;
        check(&fixture, expected);
    }
}

#[test]
fn an_emergency_may_take_a_tenth_more_and_shrinking_is_never_blocked() {
    // 10 % of the cap of 110 are 11 for 10 hours: 17 OCPUs with their memory.
    let mut fixture = with_money_for(16.0);
    fixture.policy("schedule.windows", json!([])).cpu(&flat(99.0));
    check(&fixture, "EMERGENCY_UP 28/448");
    check(fixture.cpu(&ending(40.0, &[76.0; 15])), "BLOCKED(budget) 16/256");
    let mut spent = with_money_for(0.0);
    spent.policy("schedule.windows", json!([])).cpu(&flat(10.0)).memory(&flat(10.0));
    check(&spent, "DOWN 8/128");
}

#[test]
fn unknown_spending_is_not_none() {
    // As if it had been like now since the first of the month: far beyond the cap.
    let mut fixture = with_money_for(32.0);
    fixture.0["spend"] = json!({});
    check(&fixture, "BLOCKED(budget) 16/256");
}

#[test]
fn what_cannot_be_is_refused() {
    let mut fixture = with_money_for(32.0);
    fixture.0["spend"]["retail"]["month_to_date"] = json!(-1e9);
    assert!(serde_json::from_value::<crate::input::Inputs>(fixture.0.clone()).is_err());
    let mut inputs = with_money_for(16.0).inputs();
    inputs.spend.get_mut("retail").unwrap().month_to_date = -1e9;
    assert_eq!(said(&crate::decide::decide(&inputs)), "BLOCKED(budget) 16/256");
    let mut fixture = Fixture::new();
    fixture.set("size", json!({"ocpus": 16.0, "memory_gb": 256.0, "gpus": 1.0}));
    assert!(serde_json::from_value::<crate::input::Inputs>(fixture.0).is_err());
}

#[test]
fn machines_of_a_tenant_share_the_money_and_the_quota() {
    let mut fixture = with_money_for(0.0);
    fixture.policy("fleet.max_resizes_percent", json!(100.0));
    let mut other = fixture.machine().clone();
    other["id"] = json!("vn");
    fixture.0["instances"].as_array_mut().unwrap().push(other);
    fixture.policy("budget.month_cap", json!(100.0 + 56.0 * 0.062 * 10.0));
    let outcome = fixture.decide();
    assert_eq!(
        (said_of(&outcome, "vm").as_str(), said_of(&outcome, "vn").as_str()),
        ("SCHEDULED_UP 32/512", "SCHEDULED_UP 24/384")
    );
    fixture.policy("budget", json!({}));
    fixture.0["quotas"] = json!([{"ocpus": 16.0}]);
    let outcome = fixture.decide();
    assert_eq!(
        (said_of(&outcome, "vm").as_str(), said_of(&outcome, "vn").as_str()),
        ("SCHEDULED_UP 32/512", "BLOCKED(quota) 16/256")
    );
}

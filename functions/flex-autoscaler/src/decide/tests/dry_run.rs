//! T45: a dry run of every vector decides the same to the byte and does nothing. [`Fixture::decide`] holds every
//! fixture of these tests to that; here are the modes against each other.

use serde_json::json;

use super::fixture::*;
use crate::record::table;

#[test]
fn t45_only_enforce_acts_and_all_decide_alike() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(82.0));
    let enforced = fixture.decide();
    for mode in ["dry_run", "recommend"] {
        let outcome = fixture.policy("mode", json!(mode)).decide();
        assert_eq!(outcome.record.decisions, enforced.record.decisions, "{mode}");
        assert_eq!(outcome.record.config_hash, enforced.record.config_hash);
        assert!(outcome.actions.is_empty());
        let entry = &outcome.state.instances["vm"];
        assert!(entry.commanded.is_none());
        assert_eq!(entry.recommendation.unwrap().to.ocpus, 22.0);
    }
    let off = fixture.policy("mode", json!("off")).cpu(&flat(99.0)).decide();
    assert_eq!((said(&off).as_str(), off.actions.len()), ("HOLD(off) 16/256", 0));
}

#[test]
fn without_a_mode_nothing_is_changed() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(99.0));
    fixture.0["policy"] = json!({});
    let outcome = fixture.decide();
    assert_eq!(said(&outcome), "EMERGENCY_UP 28/448");
    assert!(outcome.actions.is_empty());
}

#[test]
fn the_table_is_for_people() {
    let mut fixture = Fixture::new();
    fixture.cpu(&flat(82.0)).set("name", json!("web\u{1b}[31m-1"));
    let text = table(&fixture.decide().record);
    let expected = "machine    decision  from    to      reason   per hour\nweb[31m-1  UP        16/256  22/352  cpu_hot  +0.372\n";
    assert_eq!(text, expected);
}

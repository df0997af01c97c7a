//! Rules that need more than one look.

use super::*;

#[test]
fn two_failures_of_three_are_found_although_they_are_never_three_in_a_row() {
    // One result a minute: twenty since it was healthy take twenty minutes, not the ten that count where more come.
    let results = "pp".to_owned() + &"ffp".repeat(7);
    let (changes, health) = play(&settings(&json!([{"id": "a"}])), &results);
    assert_eq!((changes.first(), health.checks[0].status), (Some(&(22, Failed)), Fail), "{changes:?}");
    // One of three is below the share.
    check(&("pp".to_owned() + &"fpp".repeat(19)), &[], Pass);
}

#[test]
fn results_that_come_faster_count_in_their_minutes_alone() {
    let mut settings = settings(&json!([{"id": "a", "interval_seconds": 10}]));
    settings.rollback.moving.tick_seconds = 10;
    settings.health.unhealthy_after = 100;
    let mut states = BTreeMap::new();
    let mut at = start();
    let mut look = |seconds: i64, verdict: Verdict| {
        at += SignedDuration::from_secs(seconds);
        assess(&settings, &mut states, &[finding("a", at, verdict)], &[], at).events.len()
    };
    (0..9).for_each(|_| assert_eq!(look(10, Fail), 0));
    // Eleven minutes later those are too old.
    assert_eq!(look(660, Fail), 0);
    let changes: Vec<usize> = (0..19).map(|_| look(10, Fail)).collect();
    assert_eq!(changes.iter().position(|count| *count == 1), Some(18), "{changes:?}");
}

#[test]
fn a_clock_that_was_ahead_does_not_stop_the_counting() {
    let settings = settings(&json!([{"id": "a"}]));
    let mut states = BTreeMap::new();
    let mut look = |minutes: i64, verdict: Verdict| {
        let at = start() + SignedDuration::from_mins(minutes);
        assess(&settings, &mut states, &[finding("a", at, verdict)], &[], at).events
    };
    (60..63).for_each(|minute| assert_eq!(look(minute, Fail).is_empty(), minute < 62));
    (0..2).for_each(|minute| assert_eq!(look(minute, Pass).len(), minute as usize));
    // A little behind is the same look, delivered again.
    assert!(look(0, Fail).is_empty());
    assert_eq!((2..5).map(|minute| look(minute, Fail).len()).sum::<usize>(), 1);
}

#[test]
fn a_vantage_point_that_agrees_with_nobody_confirms_nothing() {
    let (mut settings, findings) = many(4, 4);
    for check in &mut settings.checks {
        // Settings refuse it; recorded inputs may have it.
        check.quorum = Some(serde_json::from_value(json!({"needed": 1, "vantages": []})).unwrap());
    }
    let health = assess(&settings, &mut BTreeMap::new(), &findings, &[], start());
    assert_eq!(health.suspects.len(), 4);
}

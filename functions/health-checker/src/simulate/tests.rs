#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use super::*;
use crate::rollback::{Cloud, Decision, Reason};

fn played(text: &str) -> Vec<Played> {
    play(&read(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}")))
}

fn first(played: &[Played], decision: Decision) -> Option<u32> {
    played.iter().find(|one| one.decision == decision).map(|one| one.minute)
}

const OUTAGE: &str = "
seed: 7
stretches:
  - { minutes: 30, calls: 100, error_percent: 0.5, p95_ms: 120 }
  - { minutes: 15, calls: 100, error_percent: 20, p95_ms: 400 }
";

#[test]
fn an_outage_moves_traffic_once_and_the_rest_is_played_on_the_other_side() {
    let played = played(OUTAGE);
    let rollback = first(&played, Decision::Rollback(Reason::Errors)).unwrap();
    assert!((33..=36).contains(&rollback), "{}", table(&played));
    let signals = played.iter().filter(|one| matches!(one.decision, Decision::Rollback(_))).count();
    // It stands until the three minutes are over that DNS takes.
    assert_eq!(signals, 4);
    let moved: Vec<&Played> = played.iter().filter(|one| one.serving == Cloud::Aws).collect();
    assert!(
        moved.len() as u32 == 45 - rollback - 3 && moved.iter().all(|one| one.errors == Some(0)),
        "{}",
        table(&played)
    );
}

#[test]
fn a_lucky_minute_while_the_signal_is_followed_does_not_take_it_back() {
    let side = |rules: &str| {
        let text = format!(
            "exact: true\nrollback: {{ moving: {{ {rules} }} }}\nstretches: [{{ minutes: 6, calls: 100, error_percent: 8 }}, \
             {{ minutes: 1, calls: 100, error_percent: 4 }}, {{ minutes: 5, calls: 100, error_percent: 8 }}]"
        );
        played(&text).last().map(|one| one.serving)
    };
    assert_eq!(side(""), Some(Cloud::Aws));
    assert_eq!(side("clear_minutes: 1"), Some(Cloud::Oci), "withdrawn, and blocked for half an hour");
}

#[test]
fn metrics_that_are_late_make_the_signal_as_much_later() {
    let at = |lag: u32| {
        let text =
            format!("lag_minutes: {lag}\nexact: true\nstretches: [{{ minutes: 12, calls: 100, error_percent: 6 }}]");
        first(&played(&text), Decision::Rollback(Reason::Errors))
    };
    assert_eq!([at(0), at(2)], [Some(5), Some(7)]);
}

#[test]
fn the_worst_case_of_an_outage_is_within_the_budget_that_is_published() {
    // The onset is at the beginning of a minute, the tick right after the minute that decides; a tick that has just
    // been missed costs another minute.
    let text = "lag_minutes: 2\nexact: true\nstretches: [{ minutes: 12, calls: 100, error_percent: 6 }]";
    let decided = first(&played(text), Decision::Rollback(Reason::Errors)).unwrap() * 60;
    let rules = crate::settings::RollbackRules::default();
    let moved = rules.moving.dns_change_seconds + rules.moving.dns_ttl_seconds + rules.moving.dns_tail_seconds;
    let worst = decided + rules.moving.tick_seconds + moved;
    assert_eq!(worst, crate::rollback::Budget::of(&rules).errors_seconds);
}

#[test]
fn the_scenarios_of_this_folder_end_as_they_say() {
    let outage = played(include_str!("../../scenarios/outage.yaml"));
    let at = first(&outage, Decision::Rollback(Reason::Errors)).unwrap();
    assert!((33..=40).contains(&at), "{}", table(&outage));
    let noise = played(include_str!("../../scenarios/noise.yaml"));
    assert!(noise.iter().all(|one| !matches!(one.decision, Decision::Rollback(_))));
    let down = played(include_str!("../../scenarios/both_down.yaml"));
    assert_eq!(first(&down, Decision::Hold(Reason::BothDown)), Some(11), "{}", table(&down));
    // Two of the last three looks have to have passed: the first minute in which the other side works has two.
    assert_eq!(first(&down, Decision::Rollback(Reason::Cliff)), Some(15), "{}", table(&down));
    let silence = played(include_str!("../../scenarios/silence.yaml"));
    assert_eq!(first(&silence, Decision::Unknown(Reason::NoData)), Some(15), "{}", table(&silence));
    assert_eq!(silence.last().map(|one| one.decision), Some(Decision::None));
}

#[test]
fn obstacles_are_played_too() {
    let verdict = |rest: &str| {
        let text = format!(
            "{rest}\nexact: true\nstretches: [{{ minutes: 6, calls: 100, error_percent: 9, target_works: WORKS }}]"
        );
        let works = if rest.contains("# dead") { "false" } else { "true" };
        played(&text.replace("WORKS", works)).pop().unwrap().decision
    };
    assert_eq!(verdict("# dead"), Decision::Hold(Reason::BothDown));
    assert_eq!(verdict("divergence: null"), Decision::Blocked(Reason::NeedsHuman));
    assert_eq!(verdict("minutes_since_cutover: 1440"), Decision::Blocked(Reason::NoTarget));
    let silence = "stretches: [{ minutes: 5, calls: 100 }, { minutes: 6 }]";
    assert_eq!(played(silence).pop().unwrap().decision, Decision::Unknown(Reason::NoData));
}

#[test]
fn the_same_seed_plays_the_same_and_another_does_not() {
    assert_eq!(played(OUTAGE), played(OUTAGE));
    let other = OUTAGE.replace("seed: 7", "seed: 8");
    let counts = |played: &[Played]| played.iter().map(|one| one.errors).collect::<Vec<_>>();
    assert_ne!(counts(&played(OUTAGE)), counts(&played(&other)));
}

#[test]
fn the_picture_names_its_verdicts_and_stands_alone() {
    let outage = played(OUTAGE);
    let picture = svg("a <b> & c", &outage, 5.0);
    assert_eq!(picture, svg("a <b> & c", &outage, 5.0));
    for part in [
        "<svg",
        "ROLLBACK(errors)",
        "class=\"limit\"",
        "prefers-color-scheme:dark",
        "a &lt;b&gt; &amp; c",
        "class=\"move\"",
    ] {
        assert!(picture.contains(part), "{part} in {picture}");
    }
    assert!(!picture.contains("<script") && !picture.contains("NaN"));
    // Minutes that were not measured leave a gap in the line.
    let gap = played("stretches: [{ minutes: 3, calls: 9 }, { minutes: 2 }, { minutes: 3, calls: 9 }]");
    assert_eq!(svg("gap", &gap, 5.0).matches("<polyline").count(), 2);
    assert!(svg("none", &[], 5.0).contains("<svg"));
}

#[test]
fn wrong_scenarios_have_their_place() {
    let check = |text: &str, expected: &str| {
        let told: Vec<String> = read(text).unwrap_err().iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|told| told.contains(expected)), "{text}: {told:?}");
    };
    check("seed: 1\n", "missing field `stretches`");
    check("stretches: []\n", "line 1, column 1: stretches: must have 1 to 2880 minutes");
    check("stretches:\n  - minutes: 5\n    error_percent: 101\n", "line 3, column 5: stretches[0].error_percent");
    check("stretches: [{ minutes: 5, calls: 9000000 }]\n", "stretches[0].calls");
    check("start: 9999-12-30T00:00:00Z\nstretches: [{ minutes: 5 }]\n", "start: is too near");
    check("stretches: [{ minutes: 5 }]\nrollback: { errors: { minutes: 9 } }\n", "rollback.errors.minutes");
}

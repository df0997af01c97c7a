#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use super::*;

fn alert(key: &str) -> Alert {
    let ends = key.ends_with("/recovered") || key.ends_with("/sees") || key.ends_with("/over");
    Alert {
        key: key.to_owned(),
        severity: if ends { Severity::Resolved } else { Severity::Page },
        subject: "shop".to_owned(),
        title: String::new(),
        text: String::new(),
        at: Timestamp::UNIX_EPOCH,
        // A test marks what follows something that was told.
        follows: key.contains("/HOLD"),
    }
}

/// What is told after a window in which these came, one after the other.
#[track_caller]
fn check(came: &[&str], expected: &[&str]) {
    let mut held = Vec::new();
    for key in came {
        let (now, waiting) = sorted(vec![alert(key)], held, |_| true);
        assert!(now.is_empty(), "{key}");
        held = waiting;
    }
    let (told, held) = sorted(Vec::new(), held, |_| false);
    let told: Vec<&str> = told.iter().map(|alert| alert.key.as_str()).collect();
    assert!(told == expected && held.is_empty(), "{came:?}: {told:?}");
}

#[test]
fn what_began_and_ended_in_a_window_is_never_told() {
    check(&["check/shop/1/failed", "check/shop/2/recovered"], &[]);
    check(&["check/shop/1/blind", "check/shop/1/sees"], &[]);
    check(&["tenant/acme/3/BLOCKED(needs_human)", "tenant/acme/4/over"], &[]);
}

#[test]
fn an_end_ends_its_own_beginning_alone() {
    let (failed, blind, sees) = ("check/shop/1/failed", "check/shop/1/blind", "check/shop/1/sees");
    check(&[failed, blind, sees], &[failed]);
    let blocked = "tenant/acme/5/BLOCKED(needs_human)";
    check(&[blocked, "tenant/acme/burn-60m/9-1/over"], &[blocked, "tenant/acme/burn-60m/9-1/over"]);
    check(
        &["tenant/acme/burn-60m/9-1/burning", "tenant/acme/burn-360m/9-1/over"],
        &["tenant/acme/burn-60m/9-1/burning", "tenant/acme/burn-360m/9-1/over"],
    );
}

#[test]
fn the_end_of_what_people_were_told_before_is_told() {
    // It failed before the window.
    let recovered = "check/shop/2/recovered";
    check(&[recovered, "check/shop/3/failed", "check/shop/4/recovered"], &[recovered]);
    // The page that came first was told; the one in the window followed it.
    check(&["tenant/acme/6/HOLD(both_down)", "tenant/acme/7/over"], &["tenant/acme/7/over"]);
}

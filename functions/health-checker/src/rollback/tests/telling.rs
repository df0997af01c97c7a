//! What people are told, and how often.

use super::*;

#[test]
fn what_comes_and_goes_is_told_once_in_a_while() {
    let mut world = World::new();
    world.tenant.divergence = None;
    let mut told = Vec::new();
    for index in 0..60 {
        // Ten bad minutes, then two that are better than the limit.
        let failed = if index % 12 < 10 { 20 } else { 0 };
        let (report, now) = world.minute(index, 100, failed);
        told.extend(now.into_iter().map(|told| (told.key, told.kind, report.decision)));
    }
    let pages = told.iter().filter(|(_, kind, _)| *kind == ToldKind::Page).count();
    assert!((1..=6).contains(&pages), "{told:#?}");
    let keys: std::collections::BTreeSet<_> = told.iter().map(|(key, ..)| key).collect();
    assert_eq!(keys.len(), told.len(), "{told:#?}");
}

#[test]
fn a_signal_that_nobody_followed_is_given_again_after_the_pause() {
    // Nobody calls AWS, so it was not followed.
    let mut world = World::new();
    world.input.aws = Some(Vec::new());
    let told = |world: &mut World, index: i64| world.minute(index, 100, 20).1;
    let signals: Vec<(i64, String)> = (0..40)
        .flat_map(|index| told(&mut world, index).into_iter().map(move |told| (index, told)))
        .filter_map(|(index, told)| (told.kind == ToldKind::Rollback).then_some((index, told.key)))
        .collect();
    assert_eq!(signals.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [4, 34], "{signals:?}");
    assert_ne!(signals[0].1, signals[1].1);
}

#[test]
fn a_page_is_followed_by_the_message_that_it_is_over() {
    let mut world = World::with(&[(100, 20); 5]);
    world.tenant.divergence = None;
    assert_eq!(world.check(Decision::Blocked(Reason::NeedsHuman)), [ToldKind::Page]);
    let told: Vec<ToldKind> = (1..=3).flat_map(|index| world.minute(index, 100, 0).1).map(|told| told.kind).collect();
    assert_eq!(told, [ToldKind::Over]);
}

#[test]
fn a_burning_budget_wakes_people_and_moves_nothing() {
    let mut world = World::with(&[(100, 4); 360]);
    let kinds = world.check(Decision::Watch(Reason::BurnRate));
    assert_eq!(kinds, [ToldKind::Page, ToldKind::Page]);
    assert_eq!(world.check(Decision::Watch(Reason::BurnRate)), []);
    world.input.oci = minutes(noon(), &[(100, 0); 360]);
    assert_eq!(world.check(Decision::None), [ToldKind::Over, ToldKind::Over]);
}

#[test]
fn a_report_has_every_number_and_survives_json() {
    let mut world = World::with(&[(100, 6); 5]);
    let (report, _) = world.decide(noon());
    let text = serde_json::to_value(&report).unwrap();
    assert_eq!((text["verdict"].as_str(), text["reason"].as_str()), (Some("ROLLBACK"), Some("errors")));
    let figure = |name: &str| {
        let figures = text["triggers"][0]["figures"].as_array().unwrap();
        let found = figures.iter().find(|figure| figure["name"] == name).unwrap();
        (found["value"].as_f64(), found["limit"].as_f64())
    };
    assert_eq!(figure("errors in percent"), (Some(6.0), Some(5.0)));
    assert_eq!(figure("calls"), (Some(500.0), Some(20.0)));
    assert_eq!(text["budget"]["errors_seconds"], 660);
    assert_eq!(serde_json::from_value::<TenantReport>(text).unwrap(), report);
    let state = serde_json::to_string(&world.state).unwrap();
    assert_eq!(serde_json::from_str::<TenantState>(&state).unwrap(), world.state);
}

//! L1 where it is known when errors began.

use super::*;

/// An hour and a quarter with one error in 200 calls.
fn known() -> World {
    let past: Vec<(u64, u64)> = (0..75).map(|minute| (100, minute % 2)).collect();
    let mut world = World::new();
    world.input.oci = minutes(noon(), &past);
    world
}

/// The decision after each of these minutes of 100 calls.
fn played(failed: &[u64]) -> Vec<Decision> {
    let mut world = known();
    let minute = |(index, failed): (usize, &u64)| world.minute(1 + index as i64, 100, *failed).0.decision;
    failed.iter().enumerate().map(minute).collect()
}

/// The minute at whose end traffic moves.
#[track_caller]
fn check(failed: &[u64], expected: Option<usize>) {
    let decisions = played(failed);
    let found = decisions.iter().position(|decision| matches!(decision, Decision::Rollback(_)));
    assert_eq!(found.map(|index| index + 1), expected, "{failed:?}: {decisions:?}");
}

#[test]
fn r_1_r_2_and_r_3_hold_after_a_known_past() {
    check(&[6, 6, 6, 6, 6], Some(5));
    check(&[6, 6, 6, 6, 4, 4, 4, 4, 4, 4], None);
    check(&[6, 6, 6, 6, 4, 6, 6, 6, 6, 6], Some(10));
    check(&[5; 10], None);
    check(&[5; 60], None);
}

#[test]
fn a_lucky_minute_is_made_up_for_by_the_others() {
    // 37 of 500 calls; the rule that forgets waits for five that are all above the limit.
    check(&[8, 9, 8, 4, 8], Some(5));
    // The newest may be the lucky one, as long as it is nothing like the past.
    check(&[8, 8, 8, 8, 4], Some(5));
    check(&[8, 8, 8, 8, 1], None);
    // The bound of 36 of 600 calls is below the limit at 90 %, that of 45 of 700 is above it.
    check(&[6, 7, 4, 6, 7, 6], None);
    check(&[6, 7, 4, 6, 7, 6, 9], Some(7));
}

#[test]
fn strong_errors_move_traffic_after_three_minutes_and_one_minute_never_does() {
    check(&[9, 9, 9], Some(3));
    check(&[8, 8, 8], None);
    check(&[12, 12], None);
    check(&[49, 0, 0, 0, 0, 0, 0, 0], None);
    check(&[49, 4, 4, 4, 4, 4, 4, 4], None);
}

#[test]
fn what_it_is_based_on_is_told() {
    let mut world = known();
    [8, 9, 8, 4].iter().enumerate().for_each(|(index, failed)| drop(world.minute(1 + index as i64, 100, *failed)));
    let (report, _) = world.minute(5, 100, 8);
    let figure = |name: &str| {
        let all = &report.triggers[0].figures;
        all.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("no {name} in {all:?}")).value
    };
    assert_eq!(figure("minutes since it began"), Some(5.0));
    assert!(figure("lower bound since it began in percent").unwrap() > 5.0);
    assert!(figure("standard deviations above the usual").unwrap() > 6.0);
}

#[test]
fn a_past_above_the_limit_says_nothing_of_a_beginning() {
    let mut world = World::new();
    world.input.oci = minutes(noon(), &[(100, 6); 75]);
    let (report, _) = world.minute(1, 100, 9);
    assert!(report.triggers[0].figures.iter().all(|figure| !figure.name.contains("since it began")), "{report:#?}");
}

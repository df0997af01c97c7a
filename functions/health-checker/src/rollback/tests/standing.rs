//! A rollback that was told and not carried out yet.

use super::*;

/// A minute with these calls and looks at the other side: the decision, and what is told.
fn minute(world: &mut World, index: i64, failed: u64, works: bool) -> (Decision, Vec<ToldKind>) {
    let now = noon() + SignedDuration::from_mins(index);
    world.input.oci = minutes(now, &[(100, failed); 5]);
    let at = now - SignedDuration::from_secs(10);
    world.input.target.probes = vec![TargetProbe { at, is_ok: works }; 3];
    let (report, told) = world.decide(now);
    (report.decision, told.into_iter().map(|told| told.kind).collect())
}

const BACK: Decision = Decision::Rollback(Reason::Errors);
const DOWN: Decision = Decision::Hold(Reason::BothDown);

#[test]
fn it_is_held_while_the_other_side_fails_and_given_again_a_few_times_at_most() {
    let mut world = World::new();
    assert_eq!(minute(&mut world, 0, 20, true), (BACK, vec![ToldKind::Rollback]));
    assert_eq!(minute(&mut world, 1, 20, true), (BACK, vec![]));
    for round in 0..2 {
        assert_eq!(minute(&mut world, 2 + 2 * round, 20, false), (DOWN, vec![ToldKind::Page]));
        assert_eq!(minute(&mut world, 3 + 2 * round, 20, true), (BACK, vec![ToldKind::Rollback]));
    }
    assert_eq!(minute(&mut world, 6, 20, true), (BACK, vec![]));
    assert_eq!(minute(&mut world, 7, 20, false).0, DOWN);
    assert_eq!(minute(&mut world, 8, 20, true).0, Decision::Blocked(Reason::Cooldown));
}

#[test]
fn one_whose_reason_was_gone_is_not_given_again_before_it_has_cooled_down() {
    let mut world = World::new();
    assert_eq!(minute(&mut world, 0, 20, true).0, BACK);
    assert_eq!(minute(&mut world, 1, 0, true), (Decision::None, vec![ToldKind::Over]));
    assert_eq!(minute(&mut world, 2, 20, true), (Decision::Blocked(Reason::Cooldown), vec![ToldKind::Page]));
    assert_eq!(minute(&mut world, 31, 20, true).0, BACK);
}

#[test]
fn an_operators_word_outlives_what_comes_in_its_way() {
    let mut world = World::new();
    let word = Escalation { id: "1".to_owned(), at: ago(5), author: "kim".to_owned(), is_verified: true };
    world.input.escalations = Some(vec![word]);
    let asked = Decision::Rollback(Reason::Escalation);
    assert_eq!(minute(&mut world, 0, 0, true), (asked, vec![ToldKind::Rollback]));
    assert_eq!(minute(&mut world, 1, 0, true), (asked, vec![]));
    assert_eq!(minute(&mut world, 2, 0, false).0, DOWN);
    assert_eq!(minute(&mut world, 3, 0, true), (asked, vec![ToldKind::Rollback]));
    // What operators ask for cannot be read for a while.
    world.input.escalations = None;
    assert_eq!(minute(&mut world, 4, 0, true), (asked, vec![]));
    assert_eq!(minute(&mut world, 31, 0, true).0, Decision::None);
}

#[test]
fn words_that_nobody_verified_are_not_done_and_push_nothing_out() {
    let mut world = World::new();
    let word = |id: String, is_verified: bool| Escalation { id, at: ago(5), author: "kim".to_owned(), is_verified };
    let mut words = vec![word("real".to_owned(), true)];
    words.extend((0..60).map(|number| word(format!("noise-{number}"), false)));
    world.input.escalations = Some(words);
    assert_eq!(minute(&mut world, 0, 0, true).0, Decision::Rollback(Reason::Escalation));
    assert!(world.state.is_done("real") && !world.state.is_done("noise-0"));
    assert_eq!(minute(&mut world, 40, 0, true).0, Decision::None);
}

#[test]
fn nothing_moves_from_where_nobody_knows_it_to_be() {
    let mut world = World::new();
    world.input.serving = None;
    let unknown = Decision::Blocked(Reason::ServingUnknown);
    assert_eq!(minute(&mut world, 0, 20, true), (unknown, vec![ToldKind::Page]));
}

#[test]
fn a_second_signal_needs_to_know_that_the_first_was_not_followed() {
    let again = |aws: Option<Vec<Minute>>| {
        let mut world = World::new();
        assert_eq!(minute(&mut world, 0, 20, true).0, BACK);
        world.input.aws = aws;
        (1..30).for_each(|index| assert_eq!(minute(&mut world, index, 20, true), (BACK, vec![]), "{index}"));
        minute(&mut world, 30, 20, true)
    };
    let unknown = (Decision::Blocked(Reason::ServingUnknown), vec![ToldKind::Page]);
    assert_eq!(again(None), unknown);
    assert_eq!(again(Some(minutes(noon() + SignedDuration::from_mins(30), &[(100, 0); 5]))), unknown);
    assert_eq!(again(Some(Vec::new())), (BACK, vec![ToldKind::Rollback]));
}

#[test]
fn a_clock_that_was_a_day_ahead_blocks_no_rollback_for_a_day() {
    let mut world = World::new();
    world.input.target.retained_until = Some(noon() + SignedDuration::from_hours(48));
    assert_eq!(minute(&mut world, 24 * 60, 20, true).0, BACK);
    assert_eq!(minute(&mut world, 0, 0, true).0, Decision::None);
    assert_eq!(minute(&mut world, 31, 20, true).0, BACK);
}

#[test]
fn an_epoch_at_its_end_does_not_panic() {
    let mut world = World::new();
    world.state.epoch = u64::MAX;
    world.state.first_at = Some(noon());
    assert_eq!(minute(&mut world, 0, 20, true).0, BACK);
}

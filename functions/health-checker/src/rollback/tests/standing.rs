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
    let word = Escalation { id: "1".to_owned(), at: ago(5), author: "oncall".to_owned(), is_verified: true };
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
    let word = |id: String, is_verified: bool| Escalation { id, at: ago(5), author: "oncall".to_owned(), is_verified };
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

#[test]
fn a_read_that_failed_takes_no_signal_back_and_an_obstacle_does() {
    let mut world = World::new();
    assert_eq!(minute(&mut world, 0, 20, true).0, BACK);
    let mut unread = |index: i64, works: bool| {
        let now = noon() + SignedDuration::from_mins(index);
        let at = now - SignedDuration::from_secs(10);
        (world.input.oci, world.input.aws) = (Vec::new(), None);
        world.input.target.probes = vec![TargetProbe { at, is_ok: works }; 3];
        let (report, told) = world.decide(now);
        let told: Vec<ToldKind> = told.into_iter().map(|told| told.kind).collect();
        (report.decision, told, report.warnings.iter().any(|warning| warning.contains("no trigger is met")))
    };
    for index in 1..10 {
        assert_eq!(unread(index, true), (BACK, vec![], true), "minute {index}");
    }
    assert_eq!(unread(10, false).0, DOWN);
    assert_eq!(unread(11, true), (BACK, vec![ToldKind::Rollback], true));
    // After half an hour it is no signal any more, and somebody has to know that nothing is known.
    let (decision, told, _) = unread(30, true);
    assert_eq!((decision, told), (Decision::Unknown(Reason::NoData), vec![ToldKind::Page]));
}

#[test]
fn lucky_minutes_take_no_signal_back_and_five_in_a_row_do() {
    let mut world = World::new();
    (0..5).for_each(|index| drop(world.minute(index, 100, 20)));
    assert_eq!(world.state.decision, Some(BACK));
    for (index, failed) in [5, 0, 20, 5, 0, 0, 0].into_iter().enumerate() {
        let (report, told) = world.minute(5 + index as i64, 100, failed);
        assert_eq!((report.decision, told.len()), (BACK, 0), "minute {index}");
    }
    let (report, told) = world.minute(12, 100, 0);
    assert_eq!((report.decision, told[0].kind), (Decision::None, ToldKind::Over));
}

#[test]
fn a_cliff_and_slow_answers_stand_as_long() {
    let mut cliff = World::new();
    assert_eq!(cliff.minute(0, 100, 60).0.decision, Decision::Rollback(Reason::Cliff));
    for index in 1..5 {
        assert_eq!(cliff.minute(index, 100, 0).0.decision, Decision::Rollback(Reason::Cliff), "minute {index}");
    }
    assert_eq!(cliff.minute(5, 100, 0).0.decision, Decision::None);

    let mut slow = World::new();
    slow.tenant.baseline_p95_ms = Some(100.0);
    let mut timed = |index: i64, ms: Option<f64>| {
        let now = noon() + SignedDuration::from_mins(index);
        slow.input.oci.extend(minutes(now, &[(100, 0)]).into_iter().map(|minute| Minute { p95_ms: ms, ..minute }));
        let at = now - SignedDuration::from_secs(10);
        slow.input.target.probes = vec![TargetProbe { at, is_ok: true }; 2];
        slow.decide(now).0.decision
    };
    let back = Decision::Rollback(Reason::Latency);
    for index in 0..4 {
        timed(index, Some(400.0));
    }
    assert_eq!(timed(4, Some(400.0)), back);
    // A minute whose times are not known is no clear one.
    for (index, ms) in [Some(90.0), None, Some(90.0), None, Some(90.0), Some(90.0)].into_iter().enumerate() {
        assert_eq!(timed(5 + index as i64, ms), back, "minute {index}");
    }
    assert_eq!(timed(11, Some(90.0)), Decision::None);
}

//! Known inputs and the only right answer to each.

use super::*;

const SIX: (u64, u64) = (100, 6);

#[test]
fn r_1_six_percent_moves_at_the_end_of_the_fifth_minute_and_not_before() {
    let mut world = World::new();
    for index in 1..=4 {
        let (report, told) = world.minute(index, 100, 6);
        assert_eq!((report.decision, told.len()), (Decision::Watch(Reason::Errors), 0), "minute {index}");
    }
    let (report, told) = world.minute(5, 100, 6);
    assert_eq!(report.decision, Decision::Rollback(Reason::Errors), "{report:#?}");
    assert_eq!(told.len(), 1);
}

#[test]
fn r_2_a_minute_below_the_limit_begins_the_wait_anew() {
    let mut world = World::new();
    for (index, failed) in [6, 6, 6, 6, 4, 6, 6, 6, 6].into_iter().enumerate() {
        let (report, _) = world.minute(index as i64, 100, failed);
        assert!(!matches!(report.decision, Decision::Rollback(_)), "minute {index}: {report:#?}");
    }
    assert_eq!(world.minute(9, 100, 6).0.decision, Decision::Rollback(Reason::Errors));
}

#[test]
fn r_3_exactly_five_percent_is_not_above_five_percent() {
    World::with(&[(100, 5); 10]).check(Decision::None);
    World::with(&[(20, 1); 10]).check(Decision::None);
}

#[test]
fn r_4_one_error_of_two_calls_proves_nothing() {
    for count in [1, 5, 8, 60] {
        World::with(&vec![(2, 1); count]).check(Decision::Watch(Reason::LowVolume));
    }
}

#[test]
fn r_5_a_cliff_does_not_wait() {
    World::with(&[(200, 120)]).check(Decision::Rollback(Reason::Cliff));
    World::with(&[(200, 100)]).check(Decision::Rollback(Reason::Cliff));
    World::with(&[(200, 99)]).check(Decision::Watch(Reason::Errors));
    World::with(&[(19, 19)]).check(Decision::Watch(Reason::LowVolume));
    World::with(&[(200, 120), (200, 0)]).check(Decision::None);
}

#[test]
fn r_6_slow_answers_move_traffic_where_the_usual_is_known() {
    let slow = |baseline: Option<f64>, times: &[f64]| {
        let mut world = World::with(&vec![(12, 0); times.len()]);
        for (minute, ms) in world.input.oci.iter_mut().zip(times) {
            minute.p95_ms = Some(*ms);
        }
        world.tenant.baseline_p95_ms = baseline;
        world
    };
    slow(Some(100.0), &[310.0; 5]).check(Decision::Rollback(Reason::Latency));
    slow(Some(100.0), &[300.0; 5]).check(Decision::None);
    slow(Some(100.0), &[290.0, 310.0, 310.0, 310.0, 310.0]).check(Decision::Watch(Reason::Latency));
    slow(Some(100.0), &[310.0, 310.0, 310.0, 310.0, 290.0]).check(Decision::None);
    // A usual time below 50 ms counts as 50 ms.
    slow(Some(10.0), &[149.0; 5]).check(Decision::None);
    slow(Some(10.0), &[151.0; 5]).check(Decision::Rollback(Reason::Latency));
    let mut unset = slow(None, &[310.0; 5]);
    unset.check(Decision::None);
    let (report, _) = unset.decide(noon());
    assert!(report.warnings.iter().any(|warning| warning.contains("baseline_p95_ms")), "{report:?}");
    assert_eq!(report.triggers[1].standing, Standing::Off);
}

#[test]
fn r_7_a_dead_side_gets_no_traffic() {
    for probes in [vec![probe(5, false), probe(35, false)], vec![probe(5, false), probe(20, true), probe(40, false)]] {
        let mut world = World::with(&[SIX; 5]);
        world.input.target.probes = probes;
        assert_eq!(world.check(Decision::Hold(Reason::BothDown)), [ToldKind::Page]);
    }
}

#[test]
fn r_8_a_side_that_is_gone_gets_no_traffic() {
    let mut world = World::with(&[SIX; 5]);
    world.input.target.cutover_at = Some(ago(25 * 3600));
    world.input.target.probes.clear();
    assert_eq!(world.check(Decision::Blocked(Reason::NoTarget)), [ToldKind::Page]);
    world = World::with(&[SIX; 5]);
    world.input.target.is_removed = true;
    world.check(Decision::Blocked(Reason::NoTarget));
    world = World::with(&[SIX; 5]);
    world.input.target.cutover_at = Some(ago(25 * 3600));
    world.input.target.retained_until = Some(noon() + SignedDuration::from_hours(1));
    world.check(Decision::Rollback(Reason::Errors));
    let (report, _) = world.decide(noon());
    assert!(report.warnings.iter().any(|warning| warning.contains("is kept until")), "{report:?}");
}

#[test]
fn r_9_nobody_has_said_what_becomes_of_writes() {
    let mut world = World::with(&[SIX; 5]);
    world.tenant.divergence = None;
    assert_eq!(world.check(Decision::Blocked(Reason::NeedsHuman)), [ToldKind::Page]);
}

#[test]
fn r_10_a_tick_that_comes_three_times_moves_and_tells_once() {
    let mut world = World::with(&[SIX; 5]);
    assert_eq!(world.check(Decision::Rollback(Reason::Errors)), [ToldKind::Rollback]);
    let first = world.state.clone();
    for _ in 0..2 {
        assert_eq!(world.check(Decision::Rollback(Reason::Errors)), []);
        assert_eq!(world.state, first);
    }
    // Before the state was written, the repetition has the same key.
    let keys: Vec<String> = (0..2).map(|_| World::with(&[SIX; 5]).decide(noon()).1.remove(0).key).collect();
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn r_11_nothing_moves_to_and_fro() {
    let mut world = World::with(&[SIX; 5]);
    world.check(Decision::Rollback(Reason::Errors));
    world.input.serving = Some(Cloud::Aws);
    let check = |world: &mut World, index: i64, expected: Decision, told: &[ToldKind]| {
        let now = noon() + SignedDuration::from_mins(index);
        world.input.aws = Some(minutes(now, &[(100, 60); 5]));
        let (report, kinds) = world.decide(now);
        let kinds: Vec<ToldKind> = kinds.into_iter().map(|told| told.kind).collect();
        assert_eq!((report.decision, kinds.as_slice()), (expected, told), "minute {index}");
    };
    check(&mut world, 6, Decision::Blocked(Reason::Cooldown), &[ToldKind::Page]);
    check(&mut world, 7, Decision::Blocked(Reason::Cooldown), &[]);
    check(&mut world, 29, Decision::Blocked(Reason::Cooldown), &[]);
    check(&mut world, 31, Decision::Blocked(Reason::AlreadyThere), &[ToldKind::Page]);
}

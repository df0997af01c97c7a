//! What has to be so before traffic moves, and what is not known.

use super::*;
use crate::settings::Window;

const BAD: [(u64, u64); 5] = [(100, 20); 5];

#[test]
fn a_target_of_which_nothing_is_known_is_not_taken_for_one_that_works() {
    let check = |probes: Vec<TargetProbe>, expected: Decision| {
        let mut world = World::with(&BAD);
        world.input.target.probes = probes;
        world.check(expected);
    };
    let unverified = Decision::Blocked(Reason::TargetUnverified);
    check(vec![], unverified);
    check(vec![probe(10, true)], unverified);
    check(vec![probe(61, true), probe(90, true)], unverified);
    check(vec![probe(-10, true), probe(-5, true)], unverified);
    check(vec![probe(10, true), probe(20, false)], unverified);
    check(vec![probe(60, true), probe(0, true)], Decision::Rollback(Reason::Errors));
    check(vec![probe(5, true), probe(20, false), probe(40, true)], Decision::Rollback(Reason::Errors));
    // Only the newest three count.
    check(vec![probe(5, false), probe(20, false), probe(40, true), probe(50, true)], Decision::Hold(Reason::BothDown));
    let mut world = World::with(&BAD);
    world.input.target.cutover_at = None;
    world.check(Decision::Blocked(Reason::RetentionUnknown));
}

#[test]
fn writes_are_lost_only_where_somebody_agreed() {
    let check = |divergence: Divergence, lag: Option<u32>, expected: Decision| {
        let mut world = World::with(&BAD);
        world.tenant.divergence = Some(divergence);
        world.input.replication_lag_seconds = lag;
        world.check(expected);
    };
    check(Divergence::AcceptLoss, None, Decision::Rollback(Reason::Errors));
    check(Divergence::ReplicateBack, Some(300), Decision::Rollback(Reason::Errors));
    check(Divergence::ReplicateBack, Some(301), Decision::Blocked(Reason::ReplicationLate));
    check(Divergence::ReplicateBack, None, Decision::Blocked(Reason::ReplicationUnknown));
}

#[test]
fn maintenance_holds_moves_only_where_it_says_so() {
    let check = |covers: &str, holds: bool, expected: Decision| {
        let mut world = World::with(&BAD);
        let window = serde_json::json!({
            "id": "w", "start": "11:30", "minutes": 60, "covers": [covers], "holds_rollback": holds,
        });
        world.settings.maintenance = vec![serde_json::from_value::<Window>(window).unwrap()];
        world.check(expected);
    };
    check("acme", true, Decision::Hold(Reason::Maintenance));
    check("acme", false, Decision::Rollback(Reason::Errors));
    check("other", true, Decision::Rollback(Reason::Errors));
}

#[test]
fn clusters_need_two_ticks_without_a_quorum() {
    let mut world = World::with(&[(100, 0); 5]);
    let mut tick = |index: i64, running: Option<u32>, expected: Decision| {
        let now = noon() + SignedDuration::from_mins(index);
        let at = now - SignedDuration::from_secs(1);
        world.input.clusters = vec![ClusterReading { id: "c1".to_owned(), at, running, quorum: 2 }];
        world.input.oci = minutes(now, &[(100, 0); 5]);
        world.input.target.probes = vec![TargetProbe { at, is_ok: true }; 2];
        assert_eq!(world.decide(now).0.decision, expected, "tick {index}");
        // The same reading again is no second tick.
        assert_eq!(world.decide(now).0.decision, expected, "tick {index} again");
    };
    tick(0, Some(2), Decision::None);
    tick(1, Some(1), Decision::Watch(Reason::Cluster));
    tick(2, None, Decision::Watch(Reason::Cluster));
    tick(3, Some(2), Decision::None);
    tick(4, Some(1), Decision::Watch(Reason::Cluster));
    tick(5, Some(1), Decision::Rollback(Reason::Cluster));
}

#[test]
fn a_component_that_fails_is_a_cluster_that_fails() {
    let check = |status: Option<Verdict>, expected: Decision| {
        let mut world = World::with(&[(100, 0); 5]);
        world.tenant.component = Some("shop".to_owned());
        world.component = status;
        world.check(expected);
    };
    check(Some(Verdict::Fail), Decision::Rollback(Reason::Cluster));
    check(Some(Verdict::Unknown), Decision::None);
    check(Some(Verdict::Degraded), Decision::None);
    check(None, Decision::None);
}

#[test]
fn an_operators_word_counts_once_and_only_when_it_is_verified() {
    let word = |id: &str, seconds_ago: i64, is_verified: bool| Escalation {
        id: id.to_owned(),
        at: ago(seconds_ago),
        author: "oncall".to_owned(),
        is_verified,
    };
    let check = |escalations: Vec<Escalation>, expected: Decision| {
        let mut world = World::with(&[(100, 0); 5]);
        world.input.escalations = Some(escalations);
        world.check(expected);
        world
    };
    check(vec![word("1", 5, false)], Decision::None);
    check(vec![word("1", 3601, true)], Decision::None);
    check(vec![word("1", -60, true)], Decision::None);
    let mut world = check(vec![word("1", 5, true)], Decision::Rollback(Reason::Escalation));
    assert!(world.state.is_done("1"));
    // It stands until traffic has moved or half an hour is over, and is told once.
    let soon = noon() + SignedDuration::from_mins(1);
    world.input.target.probes = vec![probe(-50, true), probe(-40, true)];
    let (report, told) = world.decide(soon);
    assert_eq!((report.decision, told), (Decision::Rollback(Reason::Escalation), Vec::new()));
    world.input.target.probes = vec![probe(-100, false), probe(-110, false)];
    assert_eq!(world.decide(soon + SignedDuration::from_mins(1)).0.decision, Decision::Hold(Reason::BothDown));
    let later = noon() + SignedDuration::from_mins(40);
    world.input.oci = minutes(later, &[(100, 0); 5]);
    assert_eq!(world.decide(later).0.decision, Decision::None);
}

#[test]
fn silence_is_not_health() {
    // Metrics are two minutes late at most; three more without calls are silence.
    let silent = |count: usize| {
        let mut calls = vec![(100, 0); 5];
        calls.extend(vec![(0, 0); count]);
        World::with(&calls)
    };
    silent(4).check(Decision::None);
    assert_eq!(silent(5).check(Decision::Unknown(Reason::NoData)), []);
    assert_eq!(silent(7).check(Decision::Unknown(Reason::NoData)), [ToldKind::Page]);
    let mut elsewhere = silent(7);
    elsewhere.input.serving = None;
    assert_eq!(elsewhere.check(Decision::Unknown(Reason::NoData)), []);
    let mut moved = silent(7);
    moved.input.aws = Some(minutes(noon(), &[(100, 0); 5]));
    moved.input.serving = None;
    moved.check(Decision::None);
    // Nothing was ever measured: the first ticks wait.
    let mut world = World::new();
    world.check(Decision::None);
    let (report, told) = world.decide(noon() + SignedDuration::from_mins(7));
    assert_eq!((report.decision, told.len()), (Decision::Unknown(Reason::NoData), 1));
}

#[test]
fn late_missing_and_nonsensical_minutes() {
    let mut late = World::with(&BAD);
    for minute in &mut late.input.oci {
        minute.at -= SignedDuration::from_mins(2);
    }
    late.check(Decision::Rollback(Reason::Errors));
    let mut old = World::with(&BAD);
    for minute in &mut old.input.oci {
        minute.at -= SignedDuration::from_mins(4);
    }
    old.check(Decision::Watch(Reason::Errors));
    let mut mixed = World::with(&BAD);
    let ahead = Minute { at: noon() + SignedDuration::from_mins(3), ok: 0, failed: 1000, p95_ms: None };
    let unfinished = Minute { at: ago(5), ..ahead };
    mixed.input.oci.extend([ahead, unfinished]);
    mixed.input.oci.reverse();
    mixed.check(Decision::Rollback(Reason::Errors));
    let mut huge = World::with(&[(100, 0); 5]);
    huge.input.oci.push(Minute { at: ago(65), ok: u64::MAX, failed: u64::MAX, p95_ms: Some(f64::NAN) });
    huge.input.oci.extend((30..60).map(|back| Minute {
        at: ago(back * 60 + 5),
        ok: 1,
        failed: u64::MAX,
        p95_ms: None,
    }));
    let (report, _) = huge.decide(noon());
    assert!(serde_json::to_string(&report).is_ok());
}

#[test]
fn gaps_do_not_end_the_wait() {
    let mut world = World::with(&[(100, 6), (100, 6), (0, 0), (100, 6), (0, 0), (100, 6), (0, 0), (100, 6)]);
    world.check(Decision::Rollback(Reason::Errors));
    let mut longer = World::with(&[(100, 6), (100, 6), (0, 0), (0, 0), (0, 0), (0, 0), (100, 6), (100, 6), (100, 6)]);
    longer.check(Decision::Watch(Reason::Errors));
}

#[test]
fn a_rollback_that_stands_gives_way_to_what_comes_in_its_way() {
    let check = |change: fn(&mut World), expected: Decision| {
        let mut world = World::with(&BAD);
        world.check(Decision::Rollback(Reason::Errors));
        let later = noon() + SignedDuration::from_mins(1);
        world.input.oci = minutes(later, &BAD);
        world.input.target.probes = vec![probe(-50, true), probe(-40, true)];
        change(&mut world);
        let (report, told) = world.decide(later);
        assert_eq!(
            (report.decision, told.len()),
            (expected, usize::from(expected != Decision::Rollback(Reason::Errors)))
        );
    };
    check(|_| (), Decision::Rollback(Reason::Errors));
    check(|world| world.input.target.is_removed = true, Decision::Blocked(Reason::NoTarget));
    check(
        |world| world.input.target.probes.iter_mut().for_each(|probe| probe.is_ok = false),
        Decision::Hold(Reason::BothDown),
    );
    check(|world| world.tenant.divergence = None, Decision::Blocked(Reason::NeedsHuman));
}

#[test]
fn a_side_that_should_serve_and_says_nothing_is_told_of_whatever_is_left_on_the_other() {
    let mut world = World::with(&[(100, 0); 5]);
    world.input.oci = minutes(ago(8 * 60), &[(100, 0); 5]);
    world.input.aws = Some(minutes(noon(), &[(1, 0); 5]));
    assert_eq!(world.check(Decision::Unknown(Reason::NoData)), [ToldKind::Page]);
    let mut moved = World::with(&[(100, 0); 5]);
    moved.input.serving = Some(Cloud::Aws);
    moved.check(Decision::None);
    let later = noon() + SignedDuration::from_mins(7);
    let (report, told) = moved.decide(later);
    assert_eq!((report.decision, told.len()), (Decision::Unknown(Reason::NoData), 1));
    moved.input.aws = Some(minutes(noon(), &[(100, 0); 5]));
    assert_eq!(moved.decide(later).0.decision, Decision::Unknown(Reason::NoData));
    moved.input.aws = Some(minutes(later, &[(100, 0); 5]));
    assert_eq!(moved.decide(later).0.decision, Decision::None);
    // One read that failed is no silence; several are.
    moved.input.aws = None;
    assert_eq!(moved.decide(later).0.decision, Decision::None);
    let after = |minutes: i64| later + SignedDuration::from_mins(minutes);
    let (report, told) = moved.decide(after(5));
    assert_eq!((report.decision, told.len()), (Decision::Unknown(Reason::NoData), 0));
    moved.tenant.aws_calls = serde_json::from_str(r#"{"namespace": "n", "total": "c", "failed": "f"}"#).unwrap();
    let (report, told) = moved.decide(after(7));
    assert_eq!((report.decision, told.len()), (Decision::Unknown(Reason::NoData), 1));
}

#[test]
fn calls_that_could_not_be_read_are_no_silence_before_their_time() {
    let mut world = World::with(&[(100, 0); 5]);
    world.input.aws = Some(minutes(noon(), &[(1, 0); 5]));
    world.check(Decision::None);
    let mut unread = |minutes: i64, aws: Option<Vec<Minute>>, expected: Decision, told: usize| {
        (world.input.oci, world.input.aws) = (Vec::new(), aws);
        let (report, news) = world.decide(noon() + SignedDuration::from_mins(minutes));
        assert_eq!((report.decision, news.len()), (expected, told), "minute {minutes}");
    };
    let unknown = Decision::Unknown(Reason::NoData);
    unread(1, None, Decision::None, 0);
    unread(4, Some(Vec::new()), Decision::None, 0);
    // Three minutes beyond the lag: nothing is known of either side. Five: somebody is told.
    unread(5, Some(Vec::new()), unknown, 0);
    unread(6, Some(Vec::new()), unknown, 0);
    unread(7, None, unknown, 1);
}

#[test]
fn an_other_side_that_could_not_be_read_has_calls_as_it_had() {
    let mut world = World::with(&[(100, 0); 5]);
    (world.input.serving, world.input.aws) = (None, Some(minutes(noon(), &[(100, 0); 5])));
    world.check(Decision::None);
    let at = |minutes: i64| noon() + SignedDuration::from_mins(minutes);
    world.input.aws = Some(minutes(at(4), &[(100, 0); 5]));
    world.decide(at(4));
    world.input.aws = None;
    assert_eq!(world.decide(at(6)).0.decision, Decision::None);
    assert_eq!(world.decide(at(9)).0.decision, Decision::Unknown(Reason::NoData));
}

#[test]
fn what_was_told_is_not_over_because_a_read_failed() {
    let mut world = World::with(&BAD);
    world.tenant.divergence = None;
    let asked = Decision::Blocked(Reason::NeedsHuman);
    assert_eq!(world.check(asked), [ToldKind::Page]);
    world.input.oci.clear();
    let (report, told) = world.decide(noon() + SignedDuration::from_mins(1));
    assert_eq!((report.decision, told), (asked, Vec::new()));
}

//! What holds whatever comes in.

use proptest::prelude::*;

use super::*;

fn calls() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let minute = (0_u64..300).prop_flat_map(|calls| (Just(calls), 0..=calls));
    prop::collection::vec(minute, 0..20)
}

fn probes() -> impl Strategy<Value = Vec<TargetProbe>> {
    prop::collection::vec((-30_i64..200, any::<bool>()).prop_map(|(seconds, is_ok)| probe(seconds, is_ok)), 0..5)
}

proptest! {
    #[test]
    fn traffic_moves_only_to_a_side_that_was_seen_working_is_kept_and_loses_no_writes(
        calls in calls(), probes in probes(), is_agreed in any::<bool>(), is_removed in any::<bool>(),
        hours_since_cutover in 0_i64..48, serving in prop::sample::select(vec![None, Some(Cloud::Oci), Some(Cloud::Aws)]),
    ) {
        let mut world = World::with(&calls);
        world.input.target.probes.clone_from(&probes);
        world.input.target.is_removed = is_removed;
        world.input.target.cutover_at = Some(ago(hours_since_cutover * 3600));
        world.input.serving = serving;
        world.tenant.divergence = is_agreed.then_some(Divergence::AcceptLoss);
        let (report, told) = world.decide(noon());
        let signals = told.iter().filter(|told| told.kind == ToldKind::Rollback).count();
        if let Decision::Rollback(_) = report.decision {
            let fresh = probes.iter().filter(|probe| probe.is_ok && (ago(60)..=noon()).contains(&probe.at)).count();
            prop_assert!(fresh >= 2 && is_agreed && !is_removed && hours_since_cutover < 24);
            prop_assert!(serving == Some(Cloud::Oci) && report.triggers.iter().any(Trigger::is_met));
            prop_assert_eq!(signals, 1);
        } else {
            prop_assert_eq!(signals, 0);
        }
        // The same tick again changes nothing and tells nothing.
        let before = world.state.clone();
        let (again, told) = world.decide(noon());
        prop_assert_eq!((again.decision, again.epoch, told.len()), (report.decision, report.epoch, 0));
        prop_assert_eq!(&world.state, &before);
    }

    #[test]
    fn the_order_and_repetition_of_minutes_do_not_matter(calls in calls(), seed in any::<u64>()) {
        let mut world = World::with(&calls);
        let (report, _) = world.decide(noon());
        let mut shuffled = World::with(&calls);
        let count = shuffled.input.oci.len().max(1);
        shuffled.input.oci.rotate_left(seed as usize % count);
        let twice = shuffled.input.oci.clone();
        shuffled.input.oci.extend(twice);
        prop_assert_eq!(shuffled.decide(noon()).0, report);
    }
}

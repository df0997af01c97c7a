use proptest::prelude::*;

use crate::replay::model::{Prices, Sizes, tally};
use crate::replay::oracle::cheapest;
use crate::replay::race::{Gaps, Racer, race};
use crate::replay::trace::Trace;

/// Half a day of any load, with holes.
fn loads() -> impl Strategy<Value = Trace> {
    let sample = prop_oneof![1 => Just(None), 9 => (0.0_f64..=120.0).prop_map(Some)];
    let stretch = (sample, 1_usize..24).prop_map(|(sample, length)| vec![sample; length]);
    let percent = proptest::collection::vec(stretch, 1..16).prop_map(|stretches| stretches.concat());
    percent.prop_map(|percent| Trace { name: "any".to_owned(), start: 1_704_067_200, percent })
}

fn prices() -> impl Strategy<Value = Prices> {
    let pair = (0.0_f64..2.0, prop_oneof![Just(0.0), 0.0_f64..20.0]);
    pair.prop_map(|(violation_minute, reboot_minutes)| Prices { violation_minute, reboot_minutes, ..Prices::default() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nobody_beats_the_oracle(load in loads(), prices in prices(), percent in 0.0_f64..20.0) {
        let heats = race(std::slice::from_ref(&load), &Racer::ALL, &[prices], &Gaps { percent, seed: 1 }.into());
        for (racer, tally) in &heats[0].results {
            prop_assert!(tally.cost(prices) >= heats[0].least() - 1e-6, "{}", racer.name());
        }
    }

    #[test]
    fn every_policy_keeps_to_the_sizes(load in loads(), prices in prices(), percent in 0.0_f64..20.0) {
        let sizes: Vec<u32> = Sizes::default().all().collect();
        for racer in Racer::ALL {
            let played = racer.run(&load, &Gaps { percent, seed: 1 }.into(), prices);
            prop_assert_eq!(played.len(), load.percent.len());
            prop_assert_eq!(played[0], Sizes::default().start);
            prop_assert!(played.iter().all(|size| sizes.contains(size)), "{}", racer.name());
        }
    }

    #[test]
    fn the_same_load_gives_the_same_sizes(load in loads(), prices in prices()) {
        for racer in Racer::ALL {
            let gaps = Gaps { percent: 2.0, seed: 3 }.into();
            prop_assert_eq!(racer.run(&load, &gaps, prices), racer.run(&load, &gaps, prices));
        }
    }

    #[test]
    fn no_single_change_improves_the_oracle(
        demand in proptest::collection::vec(0.0_f64..60.0, 1..40), prices in prices(), at in 1_usize..40, size in 0_u32..29,
    ) {
        let demand: Vec<Option<f64>> = demand.into_iter().map(Some).collect();
        let best = cheapest(&demand, Sizes::default(), prices);
        let mut other = best.clone();
        other.iter_mut().skip(at).for_each(|played| *played = 8 + 2 * size);
        let cost = |sizes: &[u32]| tally(&demand, sizes).cost(prices);
        prop_assert!(cost(&other) >= cost(&best) - 1e-9);
    }
}

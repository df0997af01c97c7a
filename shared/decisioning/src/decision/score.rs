//! Scores, ranks, the Pareto front, and how ranks depend on the weights. Pure.

use super::data::Sensitivity;
use super::request::Weights;

/// Changes of each weight that the sensitivity is over.
const CHANGES: [f64; 3] = [0.8, 1.0, 1.2];

/// What a score is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Parts {
    /// Money at stake, above 0.
    pub(super) impact: f64,
    /// 0 to 1.
    pub(super) probability: f64,
    /// Above 0.
    pub(super) effort: f64,
}

impl Parts {
    /// Impact x probability / effort, each to the power of its weight.
    pub(super) fn score(&self, weights: &Weights) -> f64 {
        self.impact.powf(weights.impact) * self.probability.powf(weights.probability) / self.effort.powf(weights.effort)
    }

    /// The logarithm of the score, which does not overflow; -infinity where the probability is 0.
    fn order(&self, weights: &Weights) -> f64 {
        let impact = weights.impact * self.impact.ln();
        impact + weights.probability * self.probability.ln() - weights.effort * self.effort.ln()
    }

    /// Whether it is at least as good in everything and better in something.
    fn dominates(&self, other: &Self) -> bool {
        let no_worse =
            self.impact >= other.impact && self.probability >= other.probability && self.effort <= other.effort;
        no_worse && self != other
    }
}

/// Places in falling order of score; equal scores stay in the given order.
pub(super) fn ranking(all: &[Parts], weights: &Weights) -> Vec<usize> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| all[*b].order(weights).total_cmp(&all[*a].order(weights)));
    order
}

/// Whether no other is better in everything.
pub(super) fn is_on_front(place: usize, all: &[Parts]) -> bool {
    !all.iter().any(|other| other.dominates(&all[place]))
}

/// Number of changes of the weights.
pub(super) const VARIATIONS: usize = CHANGES.len() * CHANGES.len() * CHANGES.len();

/// How each rank depends on the weights.
pub(super) fn sensitivity(all: &[Parts], weights: &Weights) -> Vec<Sensitivity> {
    let base = ranks(all, weights);
    let mut found: Vec<Sensitivity> =
        base.iter().map(|rank| Sensitivity { best_rank: *rank, worst_rank: *rank, stability: 0.0 }).collect();
    for impact in CHANGES {
        for probability in CHANGES {
            for effort in CHANGES {
                let changed = Weights {
                    impact: weights.impact * impact,
                    probability: weights.probability * probability,
                    effort: weights.effort * effort,
                };
                for ((one, rank), before) in found.iter_mut().zip(ranks(all, &changed)).zip(&base) {
                    one.best_rank = one.best_rank.min(rank);
                    one.worst_rank = one.worst_rank.max(rank);
                    one.stability += f64::from(u8::from(rank == *before));
                }
            }
        }
    }
    found.iter_mut().for_each(|one| one.stability /= VARIATIONS as f64);
    found
}

fn ranks(all: &[Parts], weights: &Weights) -> Vec<u64> {
    let mut ranks = vec![0; all.len()];
    for (rank, place) in ranking(all, weights).into_iter().enumerate() {
        ranks[place] = rank as u64 + 1;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(impact: f64, probability: f64, effort: f64) -> Parts {
        Parts { impact, probability, effort }
    }

    #[test]
    fn scores_ranks_and_front() {
        let all = [parts(100.0, 0.5, 2.0), parts(90.0, 0.9, 1.0), parts(1_000.0, 0.1, 16.0), parts(80.0, 0.5, 1.0)];
        let weights = Weights::default();
        assert_eq!(all.map(|p| p.score(&weights)), [25.0, 81.0, 6.25, 40.0]);
        assert_eq!(ranking(&all, &weights), [1, 3, 0, 2]);
        assert_eq!([0, 1, 2, 3].map(|place| is_on_front(place, &all)), [true, true, true, false]);
        let found = sensitivity(&all, &weights);
        assert_eq!((found[1].best_rank, found[1].worst_rank), (1, 1));
        assert_eq!(found[1].stability, 1.0);
        assert!(found[2].stability < 1.0 || found[2].best_rank == 4);
        assert!(sensitivity(&[], &weights).is_empty());
    }

    #[test]
    fn equals_do_not_dominate_each_other() {
        let all = [parts(1.0, 1.0, 1.0); 2];
        assert!(is_on_front(0, &all) && is_on_front(1, &all));
    }

    proptest! {
        #[test]
        fn more_at_stake_never_lowers_a_score(
            impact in 0.01_f64..1e12, more in 0.0_f64..1e12, probability in 0.0_f64..=1.0, effort in 1.0_f64..16.0,
            weight in 0.1_f64..3.0,
        ) {
            let weights = Weights { impact: weight, ..Weights::default() };
            let (low, high) = (parts(impact, probability, effort), parts(impact + more, probability, effort));
            prop_assert!(low.score(&weights) <= high.score(&weights));
            let surer = parts(impact, (probability + 0.1).min(1.0), effort);
            prop_assert!(low.score(&weights) <= surer.score(&weights));
            let harder = parts(impact, probability, effort * 2.0);
            prop_assert!(low.score(&weights) >= harder.score(&weights));
        }

        #[test]
        fn ranks_are_bounded_by_their_range(all in proptest::collection::vec((1.0_f64..1e6, 0.0_f64..=1.0, 1_u8..17), 1..12)) {
            let all: Vec<Parts> = all.into_iter().map(|(i, p, e)| parts(i, p, f64::from(e))).collect();
            for (rank, one) in ranks(&all, &Weights::default()).into_iter().zip(sensitivity(&all, &Weights::default())) {
                prop_assert!(one.best_rank <= rank && rank <= one.worst_rank);
                prop_assert!((0.0..=1.0).contains(&one.stability));
            }
        }
    }
}

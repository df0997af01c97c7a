//! How unevenly a whole is spread over its members.

use super::describe::compensated;

/// Points of the share curve, as shares of the members.
const CURVE: [f64; 9] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0];

/// Concentration of a whole over members with positive parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Concentration {
    /// Members with a positive part.
    pub members: usize,
    /// Sum of the positive parts.
    pub total: f64,
    /// Gini coefficient, 0 (all equal) to 1 - 1/n (one has all).
    pub gini: f64,
    /// Herfindahl-Hirschman index, 0 to 10,000: the sum of squared percentage shares.
    pub herfindahl: f64,
    /// Share of the largest member.
    pub largest: f64,
    /// Share of the ten largest members.
    pub ten_largest: f64,
    /// Share of the largest tenth of the members, rounded up to whole members.
    pub largest_tenth: f64,
    /// Members that together have 80 % of the whole, as a share of all members.
    pub members_for_80_percent: f64,
    /// Share of the whole that the largest members have, by share of the members.
    pub curve: Vec<(f64, f64)>,
}

/// Measures concentration; parts that are not positive are left out. `None` without any positive part.
#[must_use]
pub fn of(parts: &[f64]) -> Option<Concentration> {
    let mut falling: Vec<f64> = parts.iter().copied().filter(|p| *p > 0.0 && p.is_finite()).collect();
    falling.sort_unstable_by(|a, b| b.total_cmp(a));
    let total = compensated(falling.iter().rev().copied());
    if falling.is_empty() || !total.is_finite() {
        return None;
    }
    let members = falling.len();
    let mut running = 0.0;
    let cumulated: Vec<f64> = falling
        .iter()
        .map(|p| {
            running += p;
            (running / total).min(1.0)
        })
        .collect();
    let of_first = |count: usize| if count >= members { 1.0 } else { cumulated[count.max(1) - 1] };
    let of_share = |share: f64| of_first((share * members as f64).ceil() as usize);
    let needed = cumulated.iter().position(|share| *share >= 0.8).map_or(members, |place| place + 1);
    Some(Concentration {
        members,
        total,
        gini: gini(&falling, total),
        herfindahl: compensated(falling.iter().rev().map(|p| (p / total * 100.0) * (p / total * 100.0))),
        largest: falling[0] / total,
        ten_largest: of_first(10),
        largest_tenth: of_share(0.1),
        members_for_80_percent: needed as f64 / members as f64,
        curve: CURVE.iter().map(|share| (*share, of_share(*share))).collect(),
    })
}

/// The Gini coefficient of parts in falling order.
fn gini(falling: &[f64], total: f64) -> f64 {
    let n = falling.len() as f64;
    let weighted = falling.iter().rev().zip(1..).map(|(part, rank)| part * f64::from(rank));
    let raw = 2.0 * compensated(weighted) / (n * total) - (n + 1.0) / n;
    raw.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_and_unequal_parts() {
        let equal = of(&[5.0; 4]).unwrap();
        assert_eq!((equal.gini, equal.herfindahl, equal.largest), (0.0, 2500.0, 0.25));
        let one = of(&[100.0, 0.0, -3.0]).unwrap();
        assert_eq!((one.members, one.gini, one.herfindahl, one.members_for_80_percent), (1, 0.0, 10_000.0, 1.0));
        let uneven = of(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((uneven.gini - 0.25).abs() < 1e-12 && (uneven.herfindahl - 3000.0).abs() < 1e-9);
        assert_eq!(uneven.curve.last(), Some(&(1.0, 1.0)));
        assert_eq!(of(&[0.0, -1.0]), None);
    }
}

//! Composite health: five axes, each the mean of figures mapped to 0-100 by written corners.

use std::collections::BTreeMap;

use super::data::{Axis, AxisPart, Health};
use super::figures::{Agent, Replies};
use super::ledger::Ledger;
use crate::strategy::previous::Missing;
use crate::strategy::scale::Scale;

/// Labels and the numbers from which they begin.
pub(super) const BANDS: [(&str, f64); 4] = [("excellent", 85.0), ("good", 75.0), ("fair", 60.0), ("poor", 0.0)];

/// A figure and its map.
type Part = (&'static str, Scale);

/// Shares where all is best.
const SHARE: Scale = Scale(&[(0.5, 0.0), (0.8, 50.0), (0.95, 90.0), (1.0, 100.0)]);
/// Yearly growth.
const GROWTH: Scale = Scale(&[(-0.3, 0.0), (-0.1, 25.0), (0.0, 50.0), (0.1, 75.0), (0.3, 100.0)]);

/// The axes; all figures are the intelligence agent's.
const AXES: [(&str, &[Part]); 5] = [
    (
        "profitability",
        &[(
            "/financial_intelligence/revenue_analysis/gross_margin",
            Scale(&[(-20.0, 0.0), (0.0, 25.0), (30.0, 60.0), (50.0, 80.0), (70.0, 100.0)]),
        )],
    ),
    (
        "cash_flow",
        &[
            (
                "/financial_intelligence/working_capital/ar_to_revenue_ratio",
                Scale(&[(0.0, 100.0), (0.2, 80.0), (0.4, 60.0), (0.6, 30.0), (1.0, 0.0)]),
            ),
            (
                "/financial_intelligence/cash_flow_intelligence/overdue_share",
                Scale(&[(0.0, 100.0), (0.2, 75.0), (0.8, 0.0)]),
            ),
            (
                "/financial_intelligence/cash_flow_intelligence/collection_efficiency",
                Scale(&[(0.0, 0.0), (50.0, 30.0), (80.0, 65.0), (95.0, 90.0), (100.0, 100.0)]),
            ),
        ],
    ),
    (
        "operations",
        &[
            ("/operational_intelligence/on_time_share", SHARE),
            ("/operational_intelligence/fill_rate", SHARE),
            (
                "/operational_intelligence/return_rate/row_share",
                Scale(&[(0.0, 100.0), (0.05, 75.0), (0.2, 25.0), (0.4, 0.0)]),
            ),
            ("/operational_intelligence/project_performance/completion_rate", SHARE),
            (
                "/operational_intelligence/project_performance/budget_variance",
                Scale(&[(0.0, 100.0), (0.1, 70.0), (0.25, 30.0), (0.5, 0.0)]),
            ),
        ],
    ),
    (
        "customer_risk",
        &[
            (
                "/customer_intelligence/concentration/hhi",
                Scale(&[(0.0, 100.0), (1_500.0, 75.0), (2_500.0, 50.0), (10_000.0, 0.0)]),
            ),
            ("/customer_intelligence/repeat_rate", Scale(&[(0.0, 0.0), (0.2, 40.0), (0.5, 75.0), (0.8, 100.0)])),
        ],
    ),
    (
        "growth",
        &[
            ("/financial_intelligence/growth/trailing_12/change", GROWTH),
            ("/financial_intelligence/growth/compound_annual_rate", GROWTH),
        ],
    ),
];

/// Computes every axis, leaves out those without data, and weighs the others alike.
pub(super) fn health(replies: &Replies<'_>, ledger: &mut Ledger) -> Health {
    let mut axes: Vec<Axis> = AXES.iter().map(|(name, parts)| axis(name, parts, replies)).collect();
    let there = axes.iter().filter(|axis| axis.score.is_some()).count();
    for (place, axis) in axes.iter_mut().enumerate() {
        axis.weight = if axis.score.is_some() { 1.0 / there as f64 } else { 0.0 };
        let (name, at) = (format!("health.{}", axis.axis), format!("/business_health/axes/{place}/score"));
        let why = || axis.parts.iter().find_map(|part| part.reason.clone()).unwrap_or_default();
        match axis.score {
            None if is_not_applicable(AXES[place].1, replies) => ledger.not_applicable(&name, &at, why()),
            score => ledger.enter(&name, &at, score.map(drop).ok_or_else(why)),
        }
    }
    let scores = || axes.iter().filter_map(|axis| axis.score);
    let number = (there > 0).then(|| scores().sum::<f64>() / there as f64);
    Health {
        business_health_numeric: number,
        label: number.map_or("unknown", label).to_owned(),
        axes,
        bands: BANDS.iter().map(|(name, from)| ((*name).to_owned(), *from)).collect::<BTreeMap<_, _>>(),
    }
}

/// Whether the data are not about any figure of an axis.
fn is_not_applicable(parts: &[Part], replies: &Replies<'_>) -> bool {
    let figures = replies.figures(Agent::Intelligence);
    parts.iter().all(|(pointer, _)| matches!(figures.number(pointer), Err(Missing::NotApplicable(_))))
}

/// The label of a number.
pub(super) fn label(number: f64) -> &'static str {
    BANDS.iter().find(|(_, from)| number >= *from).map_or("poor", |(name, _)| name)
}

/// The state of the business by its health score: `stable` from 75, `at_risk` from 60, below that `critical`, and
/// `unknown` without one.
#[must_use]
pub fn state_of_health(health: Option<f64>) -> &'static str {
    match health.map(label) {
        Some("excellent" | "good") => "stable",
        Some("fair") => "at_risk",
        Some(_) => "critical",
        None => "unknown",
    }
}

fn axis(name: &str, parts: &[Part], replies: &Replies<'_>) -> Axis {
    let parts: Vec<AxisPart> = parts.iter().map(|(pointer, scale)| part(pointer, *scale, replies)).collect();
    let scores: Vec<f64> = parts.iter().filter_map(|part| part.score).collect();
    let score = (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64);
    Axis { axis: name.to_owned(), score, weight: 0.0, parts }
}

fn part(pointer: &str, scale: Scale, replies: &Replies<'_>) -> AxisPart {
    let figures = replies.figures(Agent::Intelligence);
    let found = figures.number(pointer);
    AxisPart {
        source: figures.source(pointer),
        value: found.as_ref().ok().copied(),
        score: found.as_ref().ok().map(|value| scale.at(*value)),
        map: scale.describe(),
        reason: found.err().map(Missing::reason),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_by_band() {
        assert_eq!(
            [85.0, 84.9, 75.0, 60.0, 59.9, 0.0].map(label),
            ["excellent", "good", "good", "fair", "poor", "poor"]
        );
    }

    #[test]
    fn states_by_band() {
        for (health, state) in [
            (Some(100.0), "stable"),
            (Some(75.0), "stable"),
            (Some(74.9), "at_risk"),
            (Some(60.0), "at_risk"),
            (Some(59.9), "critical"),
            (Some(42.5), "critical"),
            (None, "unknown"),
        ] {
            assert_eq!(state_of_health(health), state, "{health:?}");
        }
    }

    #[test]
    fn every_map_has_rising_corners_within_0_and_100() {
        for (_, scale) in AXES.iter().flat_map(|(_, parts)| parts.iter()) {
            assert!(scale.0.windows(2).all(|pair| pair[0].0 < pair[1].0));
            assert!(scale.0.iter().all(|(_, score)| (0.0..=100.0).contains(score)));
        }
    }

    proptest! {
        #[test]
        fn every_map_is_monotone(a in -50.0_f64..11_000.0, b in -50.0_f64..11_000.0, place in 0_usize..13) {
            let maps: Vec<Scale> = AXES.iter().flat_map(|(_, parts)| parts.iter().map(|(_, scale)| *scale)).collect();
            let scale = maps[place % maps.len()];
            let corners = scale.0;
            let rises = corners[corners.len() - 1].1 > corners[0].1;
            let (low, high) = (scale.at(a.min(b)), scale.at(a.max(b)));
            let keeps_order = if rises { low <= high } else { low >= high };
            prop_assert!(keeps_order);
        }
    }
}

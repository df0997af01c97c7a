//! The original's formula on its own cases. The expected figures come from running the original's code on them, with
//! the indicators in the order of its prompt.

use super::super::cross_check::{Checked, Settled};
use super::super::observed::Indicators;
use super::super::score::score;
use super::super::settings::{Scoring, Settings};
use super::super::words::{Severity, Tri};
use super::{answer, checked};

/// Damage in short: a letter for the kind and a digit for the severity, as in `l3 c1`.
fn with_damage(short: &str) -> Checked {
    let mut whole = checked(&answer());
    for damage in short.split_whitespace() {
        let severity = match &damage[1..] {
            "0" => Severity::None,
            "1" => Severity::Minor,
            "2" => Severity::Moderate,
            _ => Severity::Severe,
        };
        let settled = Settled { present: Tri::Yes, severity, set_aside: None };
        match &damage[..1] {
            "b" => whole.indicators.box_deformation = settled,
            "c" => whole.indicators.corner_damage = settled,
            "l" => whole.indicators.leakage = settled,
            _ => whole.indicators.packaging_integrity = settled,
        }
    }
    whole
}

fn weights(leakage: f64, box_deformation: f64, packaging_integrity: f64, corner_damage: f64) -> Indicators<f64> {
    Indicators { box_deformation, corner_damage, leakage, packaging_integrity }
}

#[test]
fn the_weighted_mean_is_the_original_s_with_its_faults() {
    let default = weights(0.4, 0.3, 0.2, 0.1);
    let electronics = weights(0.5, 0.25, 0.15, 0.1);
    let food = weights(0.4, 0.4, 0.15, 0.05);
    let cases = [
        ("", 1.0, 1.0, 1.0),
        ("l1", 0.65, 0.65, 0.65),
        ("l1 b1 c1", 0.65, 0.65, 0.65),
        ("c3", 0.1, 0.1, 0.1),
        ("l3", 0.1, 0.1, 0.1),
        ("c3 b1", 0.512, 0.493, 0.589),
        ("l3 c1", 0.21, 0.192, 0.161),
        ("b2", 0.35, 0.35, 0.35),
        ("b2 p2", 0.35, 0.35, 0.35),
        ("l1 b2 c3 p1", 0.505, 0.52, 0.503),
        ("l3 b3 c3 p3", 0.1, 0.1, 0.1),
        ("c1", 0.65, 0.65, 0.65),
        ("p2 c2", 0.35, 0.35, 0.35),
        ("b1 p3", 0.43, 0.444, 0.5),
        ("l2 c1 p1", 0.479, 0.45, 0.45),
        ("b0", 0.95, 0.95, 0.95),
        ("b0 l3", 0.464, 0.383, 0.525),
        // Ties, where the last bit decides.
        ("b2 c3", 0.288, 0.279, 0.322),
        ("b2 c1 l3", 0.263, 0.238, 0.25),
    ];
    for (short, by_default, by_electronics, by_food) in cases {
        for (damage_weights, expected) in [(default, by_default), (electronics, by_electronics), (food, by_food)] {
            let settings = Settings { scoring: Scoring::LegacyWeighted, damage_weights, ..Settings::default() };
            assert_eq!(score(&with_damage(short), &settings).quality, Some(expected), "{short} {damage_weights:?}");
        }
    }
}

#[test]
fn the_monotone_formula_on_the_same_cases() {
    let cases = [
        ("", 0.95),
        ("l1", 0.65),
        ("c1", 0.912),
        ("l3", 0.1),
        ("c3", 0.775),
        // .65 * (1 - .75 * .35) * (1 - .25 * .35)
        ("l1 b1 c1", 0.437),
        ("l3 c1", 0.091),
        // .1 * (1 - .75 * .9) * (1 - .25 * .9) * (1 - .5 * .9)
        ("l3 b3 c3 p3", 0.014),
    ];
    for (short, expected) in cases {
        assert_eq!(score(&with_damage(short), &Settings::default()).quality, Some(expected), "{short}");
    }
}

#[test]
fn the_model_s_own_score_counts_only_when_its_indicators_bear_it_out() {
    let settings = Settings { scoring: Scoring::LegacyOverall, ..Settings::default() };
    let quality = |severity, stated_score, short| {
        let mut answer = with_damage(short);
        answer.observed.damage.overall.severity = severity;
        answer.observed.damage.overall.score = stated_score;
        score(&answer, &settings).quality
    };
    assert_eq!(quality(Severity::None, 0.0, ""), Some(1.0));
    assert_eq!(quality(Severity::None, 0.08, ""), Some(0.92));
    assert_eq!(quality(Severity::Moderate, 0.65, "l2"), Some(0.35));
    assert_eq!(quality(Severity::None, 0.0, "l2"), None, "a severity that its indicators deny");
    assert_eq!(quality(Severity::Severe, 0.0, "l3"), None, "a score that its severity denies");
    assert_eq!(quality(Severity::Unknown, 0.0, ""), None);
}

#[test]
fn no_scoring_has_a_number_when_anything_is_missing() {
    for scoring in [Scoring::NoisyOr, Scoring::LegacyWeighted, Scoring::LegacyOverall] {
        let settings = Settings { scoring, ..Settings::default() };
        let quality = |change: fn(&mut Checked)| {
            let mut answer = with_damage("");
            change(&mut answer);
            score(&answer, &settings).quality
        };
        assert!(quality(|_| ()).is_some());
        assert_eq!(quality(|answer| answer.gate_passed = false), None);
        assert_eq!(quality(|answer| answer.package_visible = Tri::No), None);
        assert_eq!(quality(|answer| answer.package_visible = Tri::Unknown), None);
        assert_eq!(quality(|answer| answer.injection_suspected = true), None);
        assert_eq!(quality(|answer| answer.indicators.leakage = Settled::UNKNOWN), None);
        assert_eq!(
            quality(|answer| {
                answer.indicators.leakage = Settled { present: Tri::Yes, severity: Severity::Unknown, set_aside: None };
            }),
            None
        );
    }
}

#[test]
fn known_damage_bounds_the_score_from_above_when_something_is_unknown() {
    let mut answer = with_damage("l3");
    answer.indicators.cornerless();
    let bounded = score(&answer, &Settings::default());
    assert_eq!((bounded.quality, bounded.at_most), (None, Some(0.1)));
    let mut nothing_known = with_damage("");
    nothing_known.indicators.cornerless();
    assert_eq!(score(&nothing_known, &Settings::default()).at_most, None, "no damage is no bound");
}

impl Indicators<Settled> {
    fn cornerless(&mut self) {
        self.corner_damage = Settled::UNKNOWN;
    }
}

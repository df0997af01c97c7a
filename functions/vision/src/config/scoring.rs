//! Weights and scores, under the names of the original tool.

use causeway_runtime::Vars;

use crate::report::observed::Indicators;
use crate::report::settings::{DamageBands, Scoring, Settings, SeverityScores};

/// Reads what is set; every problem is told by the variable's name.
pub(super) fn read(vars: &mut Vars) -> Settings {
    let default = Settings::default();
    let mut settings = Settings {
        weight_timeliness: weight(vars, "WEIGHT_TIMELINESS", default.weight_timeliness),
        weight_location: weight(vars, "WEIGHT_LOCATION", default.weight_location),
        weight_damage: weight(vars, "WEIGHT_DAMAGE", default.weight_damage),
        max_distance_meters: vars.number(
            "MAX_DISTANCE_METERS",
            default.max_distance_meters,
            0.1..=1e6,
            "distance from the expected place at which its score is 0, in metres",
        ),
        max_late_hours: vars.number(
            "VISION_MAX_LATE_HOURS",
            default.max_late_hours,
            0.01..=1e4,
            "hours after the promised time at which the score of timeliness is 0",
        ),
        damage_weights: damage_weights(vars, &default.damage_weights),
        severity_scores: severity_scores(vars, default.severity_scores),
        damage_bands: damage_bands(vars, default.damage_bands),
        scoring: scoring(vars),
    };
    const WEIGHTED: &str = "false: the model's own score counts, as in the original; true: VISION_SCORING says how";
    settings.set_use_weighted_scoring(vars.flag("DAMAGE_USE_WEIGHTED_SCORING", true, WEIGHTED));
    for problem in settings.problems() {
        vars.reject(problem);
    }
    settings
}

fn scoring(vars: &mut Vars) -> Scoring {
    const MEANING: &str = "noisy_or (more damage never scores better) or legacy_weighted (the original's formula)";
    match vars.choice("VISION_SCORING", &["noisy_or", "legacy_weighted"], "noisy_or", MEANING) {
        "legacy_weighted" => Scoring::LegacyWeighted,
        _ => Scoring::NoisyOr,
    }
}

fn weight(vars: &mut Vars, name: &'static str, default: f64) -> f64 {
    vars.number(name, default, 0.0..=1e3, "weight in the quality index; those of unknown parts count for the others")
}

fn damage_weights(vars: &mut Vars, default: &Indicators<f64>) -> Indicators<f64> {
    let mut one = |name, default| vars.number(name, default, 0.0..=1e3, "weight of this kind of damage");
    Indicators {
        leakage: one("DAMAGE_WEIGHT_LEAKAGE", default.leakage),
        box_deformation: one("DAMAGE_WEIGHT_BOX_DEFORMATION", default.box_deformation),
        packaging_integrity: one("DAMAGE_WEIGHT_PACKAGING_INTEGRITY", default.packaging_integrity),
        corner_damage: one("DAMAGE_WEIGHT_CORNER_DAMAGE", default.corner_damage),
    }
}

fn severity_scores(vars: &mut Vars, default: SeverityScores) -> SeverityScores {
    let mut one = |name, default| vars.number(name, default, 0.0..=1.0, "what damage of this severity costs, 0 to 1");
    SeverityScores {
        none: one("SEVERITY_SCORE_NONE", default.none),
        minor: one("SEVERITY_SCORE_MINOR", default.minor),
        moderate: one("SEVERITY_SCORE_MODERATE", default.moderate),
        severe: one("SEVERITY_SCORE_SEVERE", default.severe),
    }
}

fn damage_bands(vars: &mut Vars, default: DamageBands) -> DamageBands {
    let mut one =
        |name, default| vars.number(name, default, 0.0..=1.0, "end of the band that a model's own score is to keep");
    DamageBands {
        none_max: one("DAMAGE_SCORE_NONE_MAX", default.none_max),
        minor_min: one("DAMAGE_SCORE_MINOR_MIN", default.minor_min),
        minor_max: one("DAMAGE_SCORE_MINOR_MAX", default.minor_max),
        moderate_min: one("DAMAGE_SCORE_MODERATE_MIN", default.moderate_min),
        moderate_max: one("DAMAGE_SCORE_MODERATE_MAX", default.moderate_max),
        severe_min: one("DAMAGE_SCORE_SEVERE_MIN", default.severe_min),
    }
}

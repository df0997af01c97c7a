//! Weights, scores and limits. The names of the variables are those of the original tool, so that a deployment
//! moves over; whoever reads the environment fills the struct.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::observed::Indicators;
use super::words::Severity;

/// How far a model's own score may stand outside of the band of its severity.
const BAND_SLACK: f64 = 0.05;

/// How the damage of several indicators becomes one number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// `1 - prod(1 - w s / w_max)` over the damage that is there: one more or a worse one never helps.
    #[default]
    NoisyOr,
    /// The original's weighted mean over the damage that is there. One more minor damage can help.
    LegacyWeighted,
    /// The original's other way, `DAMAGE_USE_WEIGHTED_SCORING=false`: what the model says of the whole.
    LegacyOverall,
}

/// All settings of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Weight of timeliness in the index: `WEIGHT_TIMELINESS`.
    pub weight_timeliness: f64,
    /// Weight of the place: `WEIGHT_LOCATION`.
    pub weight_location: f64,
    /// Weight of the package: `WEIGHT_DAMAGE`.
    pub weight_damage: f64,
    /// Distance from the expected place at which its score is 0, in metres: `MAX_DISTANCE_METERS`.
    pub max_distance_meters: f64,
    /// Lateness at which the score of timeliness is 0, in hours. The original had no variable for it.
    pub max_late_hours: f64,
    /// Weight of each kind of damage: `DAMAGE_WEIGHT_LEAKAGE` and so on.
    pub damage_weights: Indicators<f64>,
    /// What each severity costs: `SEVERITY_SCORE_NONE` and so on.
    pub severity_scores: SeverityScores,
    /// The bands that a model's own score is to keep: `DAMAGE_SCORE_NONE_MAX` and so on.
    pub damage_bands: DamageBands,
    /// How the damage becomes one number; [`Settings::set_use_weighted_scoring`] maps the original's flag.
    pub scoring: Scoring,
}

/// What each severity costs, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeverityScores {
    /// `SEVERITY_SCORE_NONE`: what remains in doubt of a package without visible damage.
    pub none: f64,
    /// `SEVERITY_SCORE_MINOR`.
    pub minor: f64,
    /// `SEVERITY_SCORE_MODERATE`.
    pub moderate: f64,
    /// `SEVERITY_SCORE_SEVERE`.
    pub severe: f64,
}

/// The bands of a model's own damage score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DamageBands {
    /// `DAMAGE_SCORE_NONE_MAX`.
    pub none_max: f64,
    /// `DAMAGE_SCORE_MINOR_MIN`.
    pub minor_min: f64,
    /// `DAMAGE_SCORE_MINOR_MAX`.
    pub minor_max: f64,
    /// `DAMAGE_SCORE_MODERATE_MIN`.
    pub moderate_min: f64,
    /// `DAMAGE_SCORE_MODERATE_MAX`.
    pub moderate_max: f64,
    /// `DAMAGE_SCORE_SEVERE_MIN`.
    pub severe_min: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            weight_timeliness: 0.3,
            weight_location: 0.3,
            weight_damage: 0.4,
            max_distance_meters: 50.0,
            max_late_hours: 4.0,
            damage_weights: Indicators {
                leakage: 0.4,
                box_deformation: 0.3,
                packaging_integrity: 0.2,
                corner_damage: 0.1,
            },
            severity_scores: SeverityScores { none: 0.05, minor: 0.35, moderate: 0.65, severe: 0.9 },
            damage_bands: DamageBands {
                none_max: 0.1,
                minor_min: 0.3,
                minor_max: 0.4,
                moderate_min: 0.6,
                moderate_max: 0.7,
                severe_min: 0.9,
            },
            scoring: Scoring::NoisyOr,
        }
    }
}

impl SeverityScores {
    /// What this severity costs; `None` for an unknown one.
    #[must_use]
    pub fn of(&self, severity: Severity) -> Option<f64> {
        match severity {
            Severity::None => Some(self.none),
            Severity::Minor => Some(self.minor),
            Severity::Moderate => Some(self.moderate),
            Severity::Severe => Some(self.severe),
            Severity::Unknown => None,
        }
    }
}

impl DamageBands {
    /// Whether a model's score fits its severity, with a little slack at both ends. Nothing fits an unknown one.
    #[must_use]
    pub fn fit(&self, severity: Severity, score: f64) -> bool {
        let (least, most) = match severity {
            Severity::None => (0.0, self.none_max),
            Severity::Minor => (self.minor_min, self.minor_max),
            Severity::Moderate => (self.moderate_min, self.moderate_max),
            Severity::Severe => (self.severe_min, 1.0),
            Severity::Unknown => return false,
        };
        (least - BAND_SLACK..=most + BAND_SLACK).contains(&score)
    }
}

impl Settings {
    /// The original's `DAMAGE_USE_WEIGHTED_SCORING`: `false` takes the model's own score, `true` changes nothing.
    pub fn set_use_weighted_scoring(&mut self, use_it: bool) {
        if !use_it {
            self.scoring = Scoring::LegacyOverall;
        }
    }

    /// Every setting that makes no sense, by the name of its variable. Empty when all do.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.wrong_weights();
        problems.extend(self.wrong_scores());
        problems.extend(self.wrong_sums());
        problems.extend(self.wrong_orders());
        problems
    }

    fn wrong_weights(&self) -> Vec<String> {
        let weights = &self.damage_weights;
        let at_least_zero = [
            ("WEIGHT_TIMELINESS", self.weight_timeliness),
            ("WEIGHT_LOCATION", self.weight_location),
            ("WEIGHT_DAMAGE", self.weight_damage),
            ("DAMAGE_WEIGHT_LEAKAGE", weights.leakage),
            ("DAMAGE_WEIGHT_BOX_DEFORMATION", weights.box_deformation),
            ("DAMAGE_WEIGHT_PACKAGING_INTEGRITY", weights.packaging_integrity),
            ("DAMAGE_WEIGHT_CORNER_DAMAGE", weights.corner_damage),
        ];
        let above_zero = [("MAX_DISTANCE_METERS", self.max_distance_meters), ("max_late_hours", self.max_late_hours)];
        let wrong = at_least_zero.iter().filter(|(_, value)| !(value.is_finite() && *value >= 0.0));
        let mut problems: Vec<_> =
            wrong.map(|(name, value)| format!("{name} is {value}, not a number from 0 on")).collect();
        let wrong = above_zero.iter().filter(|(_, value)| !(value.is_finite() && *value > 0.0));
        problems.extend(wrong.map(|(name, value)| format!("{name} is {value}, not a number above 0")));
        problems
    }

    /// From the least on.
    fn severities(&self) -> [(&'static str, f64); 4] {
        let scores = &self.severity_scores;
        [
            ("SEVERITY_SCORE_NONE", scores.none),
            ("SEVERITY_SCORE_MINOR", scores.minor),
            ("SEVERITY_SCORE_MODERATE", scores.moderate),
            ("SEVERITY_SCORE_SEVERE", scores.severe),
        ]
    }

    /// From the least on.
    fn band_ends(&self) -> [(&'static str, f64); 6] {
        let bands = &self.damage_bands;
        [
            ("DAMAGE_SCORE_NONE_MAX", bands.none_max),
            ("DAMAGE_SCORE_MINOR_MIN", bands.minor_min),
            ("DAMAGE_SCORE_MINOR_MAX", bands.minor_max),
            ("DAMAGE_SCORE_MODERATE_MIN", bands.moderate_min),
            ("DAMAGE_SCORE_MODERATE_MAX", bands.moderate_max),
            ("DAMAGE_SCORE_SEVERE_MIN", bands.severe_min),
        ]
    }

    fn wrong_scores(&self) -> Vec<String> {
        let (severities, ends) = (self.severities(), self.band_ends());
        let wrong = severities.iter().chain(&ends).filter(|(_, value)| !(0.0..=1.0).contains(value));
        wrong.map(|(name, value)| format!("{name} is {value}, not a number from 0 to 1")).collect()
    }

    fn wrong_sums(&self) -> Vec<String> {
        let weights = self.damage_weights.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
        let mut problems = Vec::new();
        if weights == 0.0 {
            problems.push("DAMAGE_WEIGHT_*: at least one is to be above 0".to_owned());
        }
        if [self.weight_timeliness, self.weight_location, self.weight_damage].iter().all(|weight| *weight == 0.0) {
            problems.push("WEIGHT_*: at least one is to be above 0".to_owned());
        }
        problems
    }

    fn wrong_orders(&self) -> Vec<String> {
        let (severities, ends) = (self.severities(), self.band_ends());
        let falls = |pair: &&[(&str, f64)]| pair[0].1 > pair[1].1;
        let wrong = severities.windows(2).chain(ends.windows(2)).filter(falls);
        wrong.map(|pair| format!("{} is above {}", pair[0].0, pair[1].0)).collect()
    }
}

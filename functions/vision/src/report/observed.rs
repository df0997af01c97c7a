//! What a model answered, once it has the right form. Whether it is true is another matter: see
//! [`cross_check`](super::cross_check::cross_check).

use serde::{Deserialize, Serialize};

use super::words::{Cell, Indicator, Kind, Place, SceneType, Severity, TimeOfDay, Tri, Weather, Word};

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// What the picture shows.
    pub scene: Scene,
    /// The things that were delivered.
    pub items: Vec<Item>,
    /// Their damage.
    pub damage: Damage,
}

/// What the picture shows, under the names of the original tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// The scene as a whole.
    pub scene_type: SceneType,
    /// Whether a package can be seen.
    pub package_visible: Tri,
    /// The package in words.
    pub package_description: String,
    /// Where it lies.
    pub location: Location,
    /// Weather and light.
    pub environment: Environment,
    /// How safe it lies there.
    pub safety_assessment: Safety,
    /// The scene in a sentence or two.
    pub overall_description: String,
}

/// Where a package lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Kind of place.
    #[serde(rename = "type")]
    pub place: Place,
    /// The place in words.
    pub description: String,
}

/// Weather and light.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// The weather.
    pub weather: Weather,
    /// The time of the day.
    pub time_of_day: TimeOfDay,
    /// Both in words.
    pub conditions: String,
}

/// How safe a package lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Safety {
    /// From rain and sun.
    pub protected: Tri,
    /// From the street.
    pub visible: Tri,
    /// From theft.
    pub secure: Tri,
    /// The same in words.
    pub notes: String,
}

/// A thing that was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Name by which damage refers to it, such as `item1`.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The thing in words.
    pub description: String,
    /// Where it is in the picture.
    #[serde(rename = "where")]
    pub position: Position,
}

/// A place in the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The ninth of the picture.
    pub cell: Cell,
    /// Left, top, right and bottom in thousandths of the width and height; empty when there is none.
    #[serde(rename = "box")]
    pub frame: Vec<f64>,
}

/// Damage, under the names of the original tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Damage {
    /// Whether a package can be seen well enough to judge it.
    pub package_visible: Tri,
    /// All indicators together.
    pub overall: Overall,
    /// Each kind of damage.
    pub indicators: Indicators<Finding>,
    /// What could not be judged.
    pub uncertainties: String,
    /// How sure the model says it is, from 0 to 1. Kept, and never used alone.
    #[serde(rename = "stated_confidence")]
    pub stated_confidence: f64,
}

/// All indicators together, in a model's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Overall {
    /// The worst severity.
    pub severity: Severity,
    /// How likely the package is damaged, from 0 to 1.
    pub score: f64,
    /// Why.
    pub rationale: String,
}

/// One value for each kind of damage, under the names of the original tool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Indicators<T> {
    /// [`Indicator::BoxDeformation`].
    pub box_deformation: T,
    /// [`Indicator::CornerDamage`].
    pub corner_damage: T,
    /// [`Indicator::Leakage`].
    pub leakage: T,
    /// [`Indicator::PackagingIntegrity`].
    pub packaging_integrity: T,
}

/// What a model found of one kind of damage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether the surfaces can be seen on which this damage would show.
    pub evidence_visible: bool,
    /// Whether it is there.
    pub present: Tri,
    /// How bad it is.
    pub severity: Severity,
    /// The item that has it; empty without one.
    pub item: String,
    /// Where in the picture.
    #[serde(rename = "where")]
    pub position: Position,
    /// What can be seen of it.
    pub evidence: String,
}

impl<T> Indicators<T> {
    /// Makes one of each.
    pub fn from_fn(mut make: impl FnMut(Indicator) -> T) -> Self {
        Self {
            box_deformation: make(Indicator::BoxDeformation),
            corner_damage: make(Indicator::CornerDamage),
            leakage: make(Indicator::Leakage),
            packaging_integrity: make(Indicator::PackagingIntegrity),
        }
    }

    /// The one of this kind.
    pub fn get(&self, indicator: Indicator) -> &T {
        match indicator {
            Indicator::BoxDeformation => &self.box_deformation,
            Indicator::CornerDamage => &self.corner_damage,
            Indicator::Leakage => &self.leakage,
            Indicator::PackagingIntegrity => &self.packaging_integrity,
        }
    }

    /// The one of this kind, to be changed.
    pub fn get_mut(&mut self, indicator: Indicator) -> &mut T {
        match indicator {
            Indicator::BoxDeformation => &mut self.box_deformation,
            Indicator::CornerDamage => &mut self.corner_damage,
            Indicator::Leakage => &mut self.leakage,
            Indicator::PackagingIntegrity => &mut self.packaging_integrity,
        }
    }

    /// All four with their names.
    pub fn iter(&self) -> impl Iterator<Item = (Indicator, &T)> {
        Indicator::ALL.iter().map(|indicator| (*indicator, self.get(*indicator)))
    }
}

impl<T> Indicators<Option<T>> {
    /// All four, if none is missing.
    #[must_use]
    pub fn complete(self) -> Option<Indicators<T>> {
        Some(Indicators {
            box_deformation: self.box_deformation?,
            corner_damage: self.corner_damage?,
            leakage: self.leakage?,
            packaging_integrity: self.packaging_integrity?,
        })
    }
}

//! What a trigger says, with its numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A reason to go back, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// L1 to L6.
    pub id: String,
    /// What it looks at.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// Its numbers, each with what it is compared with.
    pub figures: Vec<Figure>,
    /// Why it stands so.
    pub why: String,
}

/// How a trigger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is met.
    Met,
    /// Part of what it needs is there.
    Building,
    /// It is not met.
    Clear,
    /// There is too little to say so or otherwise.
    TooLittle,
    /// It cannot be met: something that it needs is not set.
    Off,
}

/// A number, and what it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// What it is, with its unit.
    pub name: String,
    /// The number; absent where it is not known.
    pub value: Option<f64>,
    /// What it is compared with.
    pub limit: Option<f64>,
}

impl Trigger {
    pub(super) fn new(id: &str, name: &str, standing: Standing, figures: Vec<Figure>, why: impl Into<String>) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), standing, figures, why: why.into() }
    }

    /// Whether it is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.standing == Standing::Met
    }
}

impl Figure {
    pub(super) fn new(name: &str, value: impl Into<Option<f64>>, limit: impl Into<Option<f64>>) -> Self {
        // Documents and pages need no more digits, and the same inputs must give the same text.
        let round = |number: f64| (number * 1e4).round() / 1e4;
        let number = |value: Option<f64>| value.filter(|value| value.is_finite()).map(round);
        Self { name: name.to_owned(), value: number(value.into()), limit: number(limit.into()) }
    }
}

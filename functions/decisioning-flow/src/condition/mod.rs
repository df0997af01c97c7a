//! Conditions of stages: comparisons over the results of agents that ran before.
//!
//! ```text
//! condition  = "always" | "never" | any
//! any        = all { "OR" all }
//! all        = negated { "AND" negated }
//! negated    = "NOT" negated | "(" any ")" | comparison
//! comparison = operand ("==" | "!=" | "<" | "<=" | ">" | ">=") operand
//! operand    = path | number | 'text' | "text" | true | false | null
//! path       = agent { "." name | "[" index "]" }
//! ```
//!
//! Keywords may be written in lower case. A path starts with the name of an agent and goes on in its result:
//! `discovery.data.data_ecosystem.data_quality_score >= 0.8`. An agent that failed has the status `error`, one that was
//! not run has `skipped`. What is absent is neither true nor false: see [`Verdict`].

mod evaluate;
mod parser;
mod tokens;

use serde_json::Value;

pub use evaluate::Verdict;
pub use parser::parse;

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {}: {message}", .at + 1)]
pub struct ConditionError {
    /// Characters before the place that is wrong.
    pub at: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

/// A parsed condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Holds.
    Always,
    /// Does not hold.
    Never,
    /// A comparison.
    Compare {
        /// Left side.
        left: Operand,
        /// How they are compared.
        comparator: Comparator,
        /// Right side.
        right: Operand,
    },
    /// The opposite.
    Not(Box<Condition>),
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A place in an agent's result.
    Path(Path),
    /// A number, text, truth value or null.
    Literal(Value),
}

/// A place in an agent's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The agent.
    pub agent: String,
    /// The way from the top of its result.
    pub steps: Vec<Step>,
    /// Characters before it in the condition.
    pub at: usize,
}

/// One step of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Member(String),
    /// An element of a list, from 0.
    Index(usize),
}

/// How two sides are compared. Only numbers have an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Condition {
    /// Every path in it, in the order of the text.
    #[must_use]
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Always | Self::Never => Vec::new(),
            Self::Compare { left, right, .. } => [left, right].into_iter().filter_map(Operand::path).collect(),
            Self::Not(inner) => inner.paths(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::paths).collect(),
        }
    }

    /// The condition without the agents that `replacement` knows something else for: a comparison about such an agent
    /// is replaced, or dropped where there is nothing in its place or below a `NOT`. `None` when nothing is left.
    #[must_use]
    pub fn replacing(&self, replacement: &dyn Fn(&str) -> Replaced) -> Option<Self> {
        match self {
            Self::Always | Self::Never => Some(self.clone()),
            Self::Compare { left, right, .. } => {
                let agents = [left, right].into_iter().filter_map(Operand::path).map(|path| path.agent.as_str());
                let replaced = agents.map(replacement).find(|replaced| *replaced != Replaced::Kept);
                match replaced {
                    None => Some(self.clone()),
                    Some(Replaced::By(other)) => Some(other),
                    Some(_) => None,
                }
            }
            Self::Not(inner) => {
                let dropped = |agent: &str| match replacement(agent) {
                    Replaced::By(_) => Replaced::Dropped,
                    other => other,
                };
                inner.replacing(&dropped).map(|inner| Self::Not(Box::new(inner)))
            }
            Self::All(parts) => joined(parts, replacement, Self::All),
            Self::Any(parts) => joined(parts, replacement, Self::Any),
        }
    }
}

/// What stands in the place of comparisons about an agent.
#[derive(Debug, Clone, PartialEq)]
pub enum Replaced {
    /// They stay.
    Kept,
    /// This.
    By(Condition),
    /// Nothing.
    Dropped,
}

fn joined(
    parts: &[Condition],
    replacement: &dyn Fn(&str) -> Replaced,
    join: fn(Vec<Condition>) -> Condition,
) -> Option<Condition> {
    let mut kept: Vec<_> = parts.iter().filter_map(|part| part.replacing(replacement)).collect();
    match kept.len() {
        0 => None,
        1 => kept.pop(),
        _ => Some(join(kept)),
    }
}

impl Operand {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Literal(_) => None,
        }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.agent)?;
        for step in &self.steps {
            match step {
                Step::Member(name) => write!(formatter, ".{name}")?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

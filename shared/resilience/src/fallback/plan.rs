//! Which fallbacks a dependency has, as a deployment says it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Most fallbacks after a primary, those of its second provider counted in.
pub const MOST_FALLBACKS: usize = 3;
/// Longest name of a dependency, in bytes.
const MAX_NAME: usize = 100;

/// The chain of one dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name of the dependency.
    pub primary: String,
    /// Oldest answer of earlier that may be given again, in seconds; without it none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_max_age_seconds: Option<u64>,
    /// Name of the dependency that can do the same. It may have a plan of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<String>,
    /// Whether there is a lesser answer.
    #[serde(default)]
    pub degraded: bool,
    /// Most calls of one link that are under way at once in one process.
    #[serde(default = "ten")]
    pub concurrency: u32,
    /// A link is begun only when so much time is left, in milliseconds.
    #[serde(default = "a_second_ms")]
    pub least_ms: u64,
}

fn ten() -> u32 {
    10
}

fn a_second_ms() -> u64 {
    1_000
}

impl Plan {
    /// A dependency without fallbacks.
    #[must_use]
    pub fn new(primary: impl Into<String>) -> Self {
        Self {
            primary: primary.into(),
            cached_max_age_seconds: None,
            secondary: None,
            degraded: false,
            concurrency: ten(),
            least_ms: a_second_ms(),
        }
    }

    /// The same with an answer of earlier, up to that age.
    #[must_use]
    pub fn with_cached(self, max_age_seconds: u64) -> Self {
        Self { cached_max_age_seconds: Some(max_age_seconds), ..self }
    }

    /// The same with somebody else who can do it.
    #[must_use]
    pub fn with_secondary(self, name: impl Into<String>) -> Self {
        Self { secondary: Some(name.into()), ..self }
    }

    /// The same with a lesser answer.
    #[must_use]
    pub fn with_degraded(self) -> Self {
        Self { degraded: true, ..self }
    }

    /// Fallbacks of its own, the second provider without those that it has itself.
    fn fallbacks(&self) -> usize {
        let kinds = [self.cached_max_age_seconds.is_some(), self.secondary.is_some(), self.degraded];
        kinds.into_iter().filter(|is_there| *is_there).count()
    }
}

/// Why plans cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A chain comes back to where it was.
    #[error("the fallbacks go in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    /// A chain is too long.
    #[error("{0} has {1} fallbacks in all, at most {MOST_FALLBACKS} are allowed")]
    TooLong(String, usize),
    /// A dependency has two plans.
    #[error("{0} has two plans")]
    Twice(String),
    /// A name that cannot be one.
    #[error("a dependency has a name that is empty or longer than {MAX_NAME} bytes")]
    Name,
    /// A number that lets nothing through.
    #[error("concurrency of {0} must be at least 1")]
    Concurrency(String),
}

/// Whether the plans of a deployment can be used together: for the time when its configuration is read.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(plans: &[Plan]) -> Result<(), ChainError> {
    let mut known = BTreeMap::new();
    for plan in plans {
        for name in [Some(&plan.primary), plan.secondary.as_ref()].into_iter().flatten() {
            if name.trim().is_empty() || name.len() > MAX_NAME {
                return Err(ChainError::Name);
            }
        }
        if plan.concurrency == 0 {
            return Err(ChainError::Concurrency(plan.primary.clone()));
        }
        if known.insert(plan.primary.as_str(), plan).is_some() {
            return Err(ChainError::Twice(plan.primary.clone()));
        }
    }
    plans.iter().try_for_each(|plan| check_chain(plan, &known))
}

/// Follows the second providers from this plan on.
fn check_chain(first: &Plan, known: &BTreeMap<&str, &Plan>) -> Result<(), ChainError> {
    let mut path = vec![first.primary.clone()];
    let mut seen = BTreeSet::from([first.primary.as_str()]);
    let (mut at, mut fallbacks) = (first, first.fallbacks());
    while let Some(next) = at.secondary.as_deref() {
        path.push(next.to_owned());
        if !seen.insert(next) {
            return Err(ChainError::Cycle(path));
        }
        let Some(plan) = known.get(next) else { break };
        fallbacks += plan.fallbacks();
        at = plan;
    }
    if fallbacks > MOST_FALLBACKS {
        return Err(ChainError::TooLong(first.primary.clone(), fallbacks));
    }
    Ok(())
}

//! What serves a call when the dependency that should cannot: as pure decisions.
//!
//! A [`Plan`] says which fallbacks there are, and always in this order: an answer that was kept, a second provider, a
//! lesser answer. [`check`] refuses plans that lead in a circle. [`moves_on`] decides after a failure whether the next
//! link may be asked, and [`ServedBy`] tells the caller who answered in the end: a lesser answer is not a success.

mod plan;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

pub use plan::{ChainError, MOST_FALLBACKS, Plan, check};

use crate::retry::Idempotency;
use crate::service::Kind;
use crate::{Deadline, ServiceFailure};

/// One link of a chain, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The dependency itself.
    Primary,
    /// An answer that it gave earlier.
    Cached,
    /// Somebody else who can do the same, such as the other cloud.
    Secondary,
    /// Less than was asked for, made without any dependency.
    Degraded,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedBy {
    /// The link.
    pub link: Link,
    /// Name of the dependency that gave the answer, or whose answer it is or replaces.
    pub name: String,
    /// Age of an answer that was kept, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
}

impl ServedBy {
    /// Whether the answer may differ from the one that the dependency would give now: it is old, or less.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        matches!(self.link, Link::Cached | Link::Degraded)
    }
}

/// Whether the next link may be asked after `link` failed so.
///
/// The caller's mistakes are answers: nobody else would give a better one. What an ill service may have done is not
/// done again elsewhere unless doing it twice is the same as once; a retry token is known to one side only. A fallback
/// that is not set up, or may not be used, is a gap in the deployment, and the next link is asked.
#[must_use]
pub fn moves_on(link: Link, failure: &ServiceFailure, idempotency: Idempotency) -> bool {
    if failure.may_have_happened() && idempotency != Idempotency::Idempotent {
        return false;
    }
    let is_gap = matches!(failure.kind(), Kind::NotConfigured | Kind::Unauthenticated | Kind::Denied);
    failure.kind().is_illness() || (is_gap && link != Link::Primary)
}

/// The time of one link, so that those after it have some too: an equal part for each provider that is left. `None`
/// when less than `least` is left, and the link is not begun.
#[must_use]
pub fn share(deadline: Deadline, now: Instant, providers_left: u32, least: Duration) -> Option<Deadline> {
    match deadline.remaining(now) {
        None => Some(Deadline::NONE),
        Some(left) if left < least || left.is_zero() => None,
        Some(left) => {
            let part = deadline.share(now, providers_left).unwrap_or(left).max(least).min(left);
            Some(Deadline::within(now, Some(part)))
        }
    }
}

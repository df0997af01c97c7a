//! What a caller is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::breaker::BreakerReport;
use crate::decide::Report;

/// Problems in a reply, and warnings in a report.
pub(crate) const MOST_PROBLEMS: usize = 100;

/// Leaves out what is too much, and says how much that is.
pub(crate) fn shorten(texts: &mut Vec<String>, most: usize, what: &str) {
    let more = texts.len().saturating_sub(most);
    if more > 0 {
        texts.truncate(most);
        texts.push(format!("{more} more {what} are left out"));
    }
}

/// The reply to a request of either kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// To a tick.
    Tick(Box<Reply>),
    /// To a request about circuit breakers.
    Breakers(BreakersReply),
}

/// Circuit breakers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakersReply {
    /// Those that were asked for, as they are now.
    pub breakers: Vec<BreakerReport>,
    /// Whether an order was given or taken back.
    pub changed: bool,
    /// Not all could be read: see `problems`.
    pub partial: bool,
    /// What could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// The reply: what is known, and how the tick went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// What is known.
    #[serde(flatten)]
    pub report: Report,
    /// Something of the tick was not done: see `published`, `deferred` and `problems`.
    pub partial: bool,
    /// Nothing was written and nobody was told.
    pub dry_run: bool,
    /// What became of each message that waited, also of those that earlier ticks have left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
    /// Checks that there was no time for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<String>,
    /// What went wrong with the tick itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Published {
    /// Its key.
    pub key: String,
    /// What became of it.
    pub outcome: Told,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is out.
    Sent,
    /// It was out before.
    AlreadySent,
    /// It is in the log alone: no topic is configured.
    Logged,
    /// Another tick is at it, or nobody knows whether it is out: a later tick looks again.
    Pending,
    /// It is not out: the next tick sends it.
    Failed,
}

impl Told {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_out(self) -> bool {
        matches!(self, Self::Sent | Self::AlreadySent | Self::Logged)
    }
}

impl Reply {
    pub(crate) fn of(report: Report, dry_run: bool) -> Self {
        Self { report, partial: false, dry_run, published: Vec::new(), deferred: Vec::new(), problems: Vec::new() }
    }

    /// Partial is not success.
    pub(crate) fn finished(mut self) -> Self {
        shorten(&mut self.problems, MOST_PROBLEMS, "problems");
        let is_told = self.published.iter().all(|published| published.outcome.is_out());
        self.partial = !(is_told && self.deferred.is_empty() && self.problems.is_empty());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let shortened = |count: usize| {
            let mut all: Vec<String> = (0..count).map(|number| number.to_string()).collect();
            shorten(&mut all, 3, "problems");
            all
        };
        assert_eq!(shortened(3), ["0", "1", "2"]);
        assert_eq!(shortened(5), ["0", "1", "2", "2 more problems are left out"]);
    }
}

//! What loading has done, and why it stopped.

use std::collections::BTreeMap;
use std::fmt;

use crate::oci::target::SendError;

/// What became of one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It was not there.
    New,
    /// It was there in another form.
    Changed,
    /// It was there.
    Unchanged,
}

/// How many of what.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    counts: BTreeMap<(&'static str, Outcome), usize>,
}

impl Report {
    pub(super) fn count(&mut self, what: &'static str, outcome: Outcome, number: usize) {
        *self.counts.entry((what, outcome)).or_default() += number;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((what, outcome), number) in &self.counts {
            let word = match outcome {
                Outcome::New => "new",
                Outcome::Changed => "changed",
                Outcome::Unchanged => "unchanged",
            };
            lines.entry(what).or_default().push(format!("{number} {word}"));
        }
        if lines.is_empty() {
            return f.write_str("nothing");
        }
        let lines: Vec<_> = lines.into_iter().map(|(what, parts)| format!("{what}: {}", parts.join(", "))).collect();
        f.write_str(&lines.join("; "))
    }
}

/// Why a file was not loaded, or only in part.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeedError {
    /// The file is wrong; nothing was sent.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    /// It stopped halfway.
    #[error("{place}: {reason}\nloaded before that: {loaded}")]
    Halfway {
        /// File and place in it.
        place: String,
        /// Why.
        reason: String,
        /// What was.
        loaded: Report,
    },
    /// No server.
    #[error(transparent)]
    Unreachable(#[from] SendError),
}

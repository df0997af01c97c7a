//! When the checker doubts itself: things that have nothing to do with each other seldom fail at once.

use std::collections::BTreeMap;

use super::{Heard, Verdict};
use crate::judge::Finding;
use crate::settings::SuspectRules;

/// The components of which a check failed by this checker's word alone, when they are so many that the checker is the
/// likelier cause; else none. Those that were not looked at now say nothing.
pub(super) fn suspects(rules: &SuspectRules, heard: &[Heard<'_>]) -> Vec<String> {
    let mut failing: BTreeMap<&str, bool> = BTreeMap::new();
    for Heard { check, finding, is_confirmed } in heard {
        // Whom others agree with does not speak for or against this checker's own sight.
        if *is_confirmed || finding.verdict == Verdict::Unknown {
            continue;
        }
        let fails = failing.entry(check.component()).or_default();
        *fails |= finding.verdict == Verdict::Fail;
    }
    let bad: Vec<&str> = failing.iter().filter(|(_, fails)| **fails).map(|(name, _)| *name).collect();
    let is_enough = failing.len() >= rules.min_components as usize;
    let is_much = bad.len() as f64 * 100.0 >= rules.at_percent * failing.len() as f64;
    if is_enough && is_much { bad.into_iter().map(str::to_owned).collect() } else { Vec::new() }
}

/// A failure that the checker does not believe.
pub(super) fn doubted(finding: Finding) -> Finding {
    let detail = finding.detail.unwrap_or_default();
    Finding {
        verdict: Verdict::Unknown,
        code: Some("self_suspect".to_owned()),
        detail: Some(format!("too much fails at once to be believed: {detail}")),
        ..finding
    }
}

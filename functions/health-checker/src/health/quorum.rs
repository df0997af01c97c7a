//! Vantage points: this checker and others that look at the same thing from elsewhere.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::judge::Finding;
use crate::settings::{Check, Quorum};

/// What somebody else has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Name of the check that it is about.
    pub check: String,
    /// Name of the vantage point, as the check's quorum has it.
    pub vantage: String,
    /// When it looked.
    pub at: Timestamp,
    /// What it found.
    pub verdict: Verdict,
}

/// This checker's result after the others were heard, and whether one of them says the same: what `needed` of them say, or
/// unknown. A word that is older than two intervals, or ahead of now, is none.
pub(super) fn agreed(
    check: &Check,
    quorum: &Quorum,
    own: Finding,
    reports: &[Report],
    now: Timestamp,
) -> (Finding, bool) {
    let oldest = SignedDuration::from_secs(2 * i64::from(check.interval_seconds));
    let newest = |vantage: &String| {
        let of_it = |report: &&Report| report.check == check.id && report.vantage == *vantage && report.at <= now;
        let newest = reports.iter().filter(of_it).max_by_key(|report| report.at);
        newest.filter(|report| now.duration_since(report.at) <= oldest).map(|report| report.verdict)
    };
    let fresh = (now.duration_since(own.at) <= oldest).then_some(own.verdict);
    let others: Vec<Verdict> = quorum.vantages.iter().filter_map(newest).collect();
    let all: Vec<Verdict> = others.iter().copied().chain(fresh).collect();
    let count = |is_so: fn(Verdict) -> bool| all.iter().filter(|verdict| is_so(**verdict)).count();
    let needed = quorum.needed as usize;
    let fails = count(|verdict| verdict == Verdict::Fail);
    let works = count(|verdict| matches!(verdict, Verdict::Pass | Verdict::Degraded));
    let text = format!("{fails} of {} vantage points see a failure, {works} none", quorum.vantages.len() + 1);
    // Where both are enough, a failure that several see is one.
    let (verdict, code) = match () {
        () if fails >= needed => (Verdict::Fail, "quorum"),
        () if works >= needed && count(|verdict| verdict == Verdict::Degraded) == 0 => (Verdict::Pass, "quorum"),
        () if works >= needed => (Verdict::Degraded, "quorum"),
        () => (Verdict::Unknown, "no_quorum"),
    };
    let fails_or_not = |one: Verdict| (one == Verdict::Fail, one == Verdict::Unknown);
    let is_confirmed = others.iter().any(|other| fails_or_not(*other) == fails_or_not(verdict));
    if verdict == own.verdict && verdict != Verdict::Unknown {
        return (own, is_confirmed);
    }
    let (code, detail) = match verdict {
        Verdict::Pass => (None, None),
        _ => (Some(code.to_owned()), Some(text)),
    };
    (Finding { verdict, code, detail, ..own }, is_confirmed)
}

//! From results to states: what is healthy, what is not, and what nobody knows.
//!
//! Start at [`assess`]. Unknown counts neither as a failure nor as a pass: it moves no count, and a check that stays
//! unknown raises an alert about the checker.

mod places;
mod quorum;
mod roll_up;
mod standing;
mod suspect;

#[cfg(test)]
mod tests;

pub(crate) use places::of_places;
pub use quorum::Report as VantageReport;
pub use roll_up::{Part, roll_up};
pub use standing::{CheckState, Sample, Standing};

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::Finding;
use crate::settings::{Check, Settings};

/// What a result says, and what is known of a component.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It works.
    Pass,
    /// It works, and not well.
    Degraded,
    /// It does not work.
    Fail,
    /// Nobody knows.
    #[default]
    Unknown,
}

impl Verdict {
    /// Failures first, and what is not known before what is degraded.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Fail => 0,
            Self::Unknown => 1,
            Self::Degraded => 2,
            Self::Pass => 3,
        }
    }

    /// As a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Degraded => "degraded",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// What a result has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is unhealthy from now on.
    Failed,
    /// It is healthy again.
    Recovered,
    /// The checker has not been able to look for long.
    Blind,
    /// It can look again.
    Sees,
}

/// A change of a check, once for each epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Name of the check.
    pub check: String,
    /// Its component.
    pub component: String,
    /// What has changed.
    pub change: Change,
    /// The epoch of the check that it began or, for what the checker sees, the number of the time.
    pub epoch: u32,
    /// The result that did it.
    pub detail: String,
}

/// A check for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    /// Its name.
    pub id: String,
    /// Its component.
    pub component: String,
    /// What is known of it.
    pub status: Verdict,
    /// Since when, where it was ever known.
    pub since: Option<Timestamp>,
    /// What the last look has found, after all vantage points were heard; absent when there was none.
    pub last: Option<Finding>,
    /// 95th percentile of the last response times in milliseconds.
    pub p95_ms: Option<u32>,
}

impl CheckReport {
    /// Why the last result was no pass.
    pub(crate) fn last_text(&self) -> String {
        match &self.last {
            None => "not looked at".to_owned(),
            Some(last) => last.detail.clone().unwrap_or_else(|| last.verdict.word().to_owned()),
        }
    }
}

/// A component for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentReport {
    /// Its name.
    pub id: String,
    /// What is known of it.
    pub status: Verdict,
}

/// What is known of everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The whole.
    pub overall: Verdict,
    /// Components in which so much failed at once that the checker doubts itself; empty when it does not.
    pub suspects: Vec<String>,
    /// By name.
    pub components: Vec<ComponentReport>,
    /// In the order of the settings.
    pub checks: Vec<CheckReport>,
    /// What has changed.
    pub events: Vec<Event>,
    /// What cannot be used of the inputs.
    pub warnings: Vec<String>,
}

/// Counts results and says what is known then. Results of checks that the settings do not have are left out, with a
/// warning.
pub fn assess(
    settings: &Settings,
    states: &mut BTreeMap<String, CheckState>,
    findings: &[Finding],
    vantage: &[VantageReport],
    now: Timestamp,
) -> Health {
    states.retain(|id, _| settings.find(id).is_some());
    let (own, warnings) = sorted(settings, findings, now);
    let heard: Vec<Heard<'_>> = own.into_iter().map(|(check, own)| hear(check, own, vantage, now)).collect();
    let suspects = suspect::suspects(&settings.health.suspect, &heard);
    let mut events = Vec::new();
    let mut last = BTreeMap::new();
    for Heard { check, finding, is_confirmed } in heard {
        let is_doubted = !suspects.is_empty() && finding.verdict == Verdict::Fail && !is_confirmed;
        let finding = if is_doubted { suspect::doubted(finding) } else { finding };
        let state = states.entry(check.id.clone()).or_insert_with(|| CheckState::begun(now));
        events.extend(state.count(&finding, check, &settings.health, settings.rollback.moving.tick_seconds));
        last.insert(check.id.as_str(), finding);
    }
    let checks: Vec<CheckReport> = settings.checks.iter().map(|check| report(check, states, &last, settings)).collect();
    let (overall, components) = rolled(settings, &checks);
    Health { overall, suspects, components, checks, events, warnings }
}

/// A result after all vantage points were heard.
struct Heard<'a> {
    check: &'a Check,
    finding: Finding,
    /// Whether somebody else says the same.
    is_confirmed: bool,
}

fn hear<'a>(check: &'a Check, own: Finding, vantage: &[VantageReport], now: Timestamp) -> Heard<'a> {
    match &check.quorum {
        Some(quorum) => {
            let (finding, is_confirmed) = quorum::agreed(check, quorum, own, vantage, now);
            Heard { check, finding, is_confirmed }
        }
        None => Heard { check, finding: own, is_confirmed: false },
    }
}

/// The newest result of each check, in order of the settings, and what cannot be used.
fn sorted<'a>(
    settings: &'a Settings,
    findings: &[Finding],
    now: Timestamp,
) -> (Vec<(&'a Check, Finding)>, Vec<String>) {
    let mut warnings = Vec::new();
    let mut newest: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in findings {
        if settings.find(&finding.check).is_none() {
            warnings.push(format!("a result of {:?} was left out: there is no such check", finding.check));
        } else if finding.at > now {
            warnings.push(format!("a result of {} was left out: it is ahead of now", finding.check));
        } else if newest.get(finding.check.as_str()).is_none_or(|known| known.at < finding.at) {
            newest.insert(&finding.check, finding);
        }
    }
    let of = |check: &'a Check| Some((check, (*newest.get(check.id.as_str())?).clone()));
    (settings.checks.iter().filter_map(of).collect(), warnings)
}

fn report(
    check: &Check,
    states: &BTreeMap<String, CheckState>,
    last: &BTreeMap<&str, Finding>,
    settings: &Settings,
) -> CheckReport {
    let state = states.get(&check.id);
    CheckReport {
        id: check.id.clone(),
        component: check.component().to_owned(),
        status: state.map_or(Verdict::Unknown, |state| state.status(check, &settings.health)),
        since: state.and_then(|state| state.since),
        last: last.get(check.id.as_str()).cloned(),
        p95_ms: state.and_then(|state| state.p95_ms(1)),
    }
}

fn rolled(settings: &Settings, checks: &[CheckReport]) -> (Verdict, Vec<ComponentReport>) {
    let at = settings.health.component_fails_at_percent;
    let names: BTreeSet<&str> = settings.checks.iter().map(Check::component).collect();
    let mut components = Vec::new();
    let mut parts = Vec::new();
    for name in names {
        let inside = settings.checks.iter().zip(checks).filter(|(check, _)| check.component() == name);
        let inside = inside.map(|(check, report)| Part {
            status: report.status,
            weight: check.weight,
            is_critical: check.critical,
        });
        let status = roll_up(inside, at);
        let own = settings.components.iter().find(|component| component.id == name);
        let (weight, is_critical) = own.map_or((1, false), |own| (own.weight, own.critical));
        parts.push(Part { status, weight, is_critical });
        components.push(ComponentReport { id: name.to_owned(), status });
    }
    (roll_up(parts.into_iter(), at), components)
}

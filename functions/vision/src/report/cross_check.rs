//! Whether an answer agrees with itself and with the picture. What does not is set aside, never mended: a finding
//! that contradicts itself becomes unknown, not harmless.

use std::collections::BTreeSet;

use super::issue::{self, Issue};
use super::language::{says, says_of_any};
use super::observed::{Finding, Indicators, Observed, Position};
use super::picture_facts::Picture;
use super::settings::DamageBands;
use super::words::{Indicator, Severity, Tri, Word};
use super::{injection, language};

/// Numbers of a frame are thousandths of the picture.
const FRAME_END: f64 = 1000.0;

/// An answer after the checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What the model said, with frames outside of the picture taken out.
    pub observed: Observed,
    /// Whether a package can be seen, by both parts of the answer.
    pub package_visible: Tri,
    /// What is left of its findings.
    pub indicators: Indicators<Settled>,
    /// Everything that was found.
    pub issues: Vec<Issue>,
    /// Whether the picture is good enough to be judged.
    pub gate_passed: bool,
    /// Whether the answer repeats words that try to direct the model.
    pub injection_suspected: bool,
}

/// A kind of damage after the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Whether it is there.
    pub present: Tri,
    /// How bad it is; `none` when it is not there.
    pub severity: Severity,
    /// The code of the issue for which the model's answer does not count.
    pub set_aside: Option<&'static str>,
}

impl Settled {
    /// What is not known.
    pub const UNKNOWN: Self = Self { present: Tri::Unknown, severity: Severity::Unknown, set_aside: None };

    fn aside(code: &'static str) -> Self {
        Self { set_aside: Some(code), ..Self::UNKNOWN }
    }
}

impl Checked {
    /// The worst severity of the damage that is known to be there; `none` only when nothing is unknown.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let worst = Severity::worst(self.indicators.iter().map(|(_, settled)| settled.severity));
        if worst == Severity::None && self.is_open() { Severity::Unknown } else { worst }
    }

    /// Whether something could not be judged, so that it may be worse.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.indicators.iter().any(|(_, settled)| settled.severity == Severity::Unknown)
    }
}

/// Checks an answer against itself and against what is known of the picture.
#[must_use]
pub fn cross_check(mut observed: Observed, picture: &Picture, bands: &DamageBands) -> Checked {
    let mut issues = Vec::new();
    if !picture.gate_passed {
        issues.push(Issue::new(issue::INSUFFICIENT_IMAGE, "the picture is too poor to be judged"));
    }
    let injection_suspected = texts(&observed).any(injection::is_suspect);
    if injection_suspected {
        let detail = "the answer repeats words that try to direct whoever reads the picture";
        issues.push(Issue::new(issue::INJECTION_SUSPECTED, detail));
    }
    let package_visible = visibility(&observed, &mut issues);
    let indicators = Indicators::from_fn(|indicator| {
        let settled = settle(indicator, observed.damage.indicators.get(indicator), &mut issues);
        hidden(settled, package_visible)
    });
    check_items(&observed, &mut issues);
    check_frames(&mut observed, &mut issues);
    let checked = Checked {
        observed,
        package_visible,
        indicators,
        issues,
        gate_passed: picture.gate_passed,
        injection_suspected,
    };
    check_overall(checked, bands)
}

/// Whether a package can be seen: only when both parts of the answer say so and an item is listed.
fn visibility(observed: &Observed, issues: &mut Vec<Issue>) -> Tri {
    let (scene, damage) = (observed.scene.package_visible, observed.damage.package_visible);
    let listed = if observed.items.is_empty() { Tri::No } else { Tri::Yes };
    let (found, code, detail) = match (scene, damage) {
        (Tri::Yes, Tri::Yes) if listed == Tri::Yes => return Tri::Yes,
        (Tri::No, Tri::No) if listed == Tri::No => (Tri::No, issue::PACKAGE_NOT_VISIBLE, "no package can be seen"),
        (Tri::Unknown, _) | (_, Tri::Unknown) => {
            (Tri::Unknown, issue::PACKAGE_VISIBILITY_UNKNOWN, "whether a package can be seen is not known")
        }
        _ => {
            let detail = "description, list of items and damage report differ on whether a package can be seen";
            (Tri::Unknown, issue::VISIBILITY_DISAGREES, detail)
        }
    };
    issues.push(Issue::new(code, detail));
    found
}

/// What is left of a finding.
fn settle(indicator: Indicator, finding: &Finding, issues: &mut Vec<Issue>) -> Settled {
    let name = indicator.word();
    if let Some((code, detail)) = contradiction(indicator, finding) {
        issues.push(Issue::new(code, format!("{name}: {detail}")));
        return Settled::aside(code);
    }
    match (finding.present, finding.severity) {
        (Tri::Unknown, _) => {
            issues.push(Issue::new(issue::INDICATOR_UNKNOWN, format!("{name} could not be judged")));
            Settled::UNKNOWN
        }
        (Tri::Yes, Severity::Unknown) => {
            issues.push(Issue::new(issue::SEVERITY_UNKNOWN, format!("{name} is there; how bad it is, is not known")));
            Settled { present: Tri::Yes, severity: Severity::Unknown, set_aside: None }
        }
        (present, severity) => Settled { present, severity, set_aside: None },
    }
}

/// Why a finding cannot be true as it stands.
fn contradiction(indicator: Indicator, finding: &Finding) -> Option<(&'static str, &'static str)> {
    let damage = [Severity::Minor, Severity::Moderate, Severity::Severe].contains(&finding.severity);
    let severity_fits = match finding.present {
        Tri::Yes => damage || finding.severity == Severity::Unknown,
        Tri::No => finding.severity == Severity::None,
        Tri::Unknown => return None,
    };
    if !finding.evidence_visible {
        return Some((issue::EVIDENCE_NOT_VISIBLE, "is judged although its surfaces cannot be seen"));
    }
    if !severity_fits {
        return Some((issue::SEVERITY_CONTRADICTS, "severity and presence contradict each other"));
    }
    let contradicted = if finding.present == Tri::Yes {
        says(&finding.evidence, indicator).denies && !says_of_any(&finding.evidence).asserts
    } else {
        says(&finding.evidence, indicator) == language::Says { asserts: true, denies: false }
    };
    contradicted.then_some((issue::EVIDENCE_CONTRADICTS, "the evidence says the contrary"))
}

/// Without a package in sight the absence of damage is no finding; its presence is.
fn hidden(settled: Settled, package_visible: Tri) -> Settled {
    if package_visible == Tri::Yes || settled.present == Tri::Yes || settled.set_aside.is_some() {
        return settled;
    }
    match package_visible {
        Tri::No => Settled::aside(issue::PACKAGE_NOT_VISIBLE),
        _ => Settled::aside(issue::PACKAGE_VISIBILITY_UNKNOWN),
    }
}

fn check_items(observed: &Observed, issues: &mut Vec<Issue>) {
    let mut ids = BTreeSet::new();
    for item in &observed.items {
        if !ids.insert(item.id.as_str()) {
            issues.push(Issue::new(issue::ITEM_REPEATED, "two items have the same id"));
        }
    }
    for (indicator, finding) in observed.damage.indicators.iter() {
        if finding.present == Tri::Yes && !ids.contains(finding.item.as_str()) {
            let detail = format!("{} is on an item that is not listed", indicator.word());
            issues.push(Issue::new(issue::ITEM_UNKNOWN, detail));
        }
    }
}

/// Takes out frames that are not within the picture.
fn check_frames(observed: &mut Observed, issues: &mut Vec<Issue>) {
    let mut check = |position: &mut Position, what: &str| {
        if !position.frame.is_empty() && !is_within(&position.frame) {
            position.frame.clear();
            issues.push(Issue::new(issue::BOX_OUTSIDE, format!("the box of {what} is not within the picture")));
        }
    };
    for item in &mut observed.items {
        check(&mut item.position, "an item");
    }
    for indicator in Indicator::ALL {
        check(&mut observed.damage.indicators.get_mut(*indicator).position, indicator.word());
    }
}

fn is_within(frame: &[f64]) -> bool {
    let [left, top, right, bottom] = frame else { return false };
    frame.iter().all(|end| (0.0..=FRAME_END).contains(end)) && left < right && top < bottom
}

/// Compares what the model says of the whole with its own parts.
fn check_overall(mut checked: Checked, bands: &DamageBands) -> Checked {
    let stated = &checked.observed.damage.overall;
    let findings = checked.observed.damage.indicators.iter();
    let parts =
        Severity::worst(findings.filter(|(_, found)| found.present == Tri::Yes).map(|(_, found)| found.severity));
    let parts = if parts == Severity::Unknown { Severity::None } else { parts };
    let mut issues = Vec::new();
    if stated.severity != Severity::Unknown && stated.severity != parts {
        let detail = format!("overall severity is {}, the worst indicator is {}", stated.severity.word(), parts.word());
        issues.push(Issue::new(issue::OVERALL_DISAGREES, detail));
    }
    if stated.severity != Severity::Unknown && !bands.fit(stated.severity, stated.score) {
        let detail = format!("overall score {} does not fit severity {}", stated.score, stated.severity.word());
        issues.push(Issue::new(issue::OVERALL_SCORE_OFF, detail));
    }
    checked.issues.extend(issues);
    checked
}

/// Every text of an answer that the model could choose freely.
fn texts(observed: &Observed) -> impl Iterator<Item = &str> {
    let (scene, damage) = (&observed.scene, &observed.damage);
    let own = [
        &scene.package_description,
        &scene.location.description,
        &scene.environment.conditions,
        &scene.safety_assessment.notes,
        &scene.overall_description,
        &damage.overall.rationale,
        &damage.uncertainties,
    ];
    let of_items = observed.items.iter().flat_map(|item| [&item.id, &item.description]);
    let of_findings = damage.indicators.iter().flat_map(|(_, finding)| [&finding.evidence, &finding.item]);
    own.into_iter().chain(of_items).chain(of_findings).map(String::as_str)
}

//! The damage report: what is left of the findings, with what the model said beside it.

use super::agree::Agreed;
use super::caption::reported;
use super::contract::{DamageReport, ReportedIndicator, ReportedOverall, Status};
use super::cross_check::{Checked, Settled};
use super::observed::{Finding, Indicators};
use super::score::{Score, thousandths};
use super::words::{Indicator, Severity, Tri, Word};

/// What came of an answer.
pub(super) fn assessed(agreed: &Agreed, score: Score) -> DamageReport {
    let checked = &agreed.checked;
    let damage = &checked.observed.damage;
    DamageReport {
        status: Status::Assessed,
        overall: overall(checked, score),
        model_overall: Some(damage.overall.clone()),
        indicators: Indicators::from_fn(|indicator| {
            let (finding, settled) = (damage.indicators.get(indicator), checked.indicators.get(indicator));
            reported_indicator(finding, *settled, *agreed.agreement.get(indicator))
        }),
        package_visible: checked.package_visible.known(),
        uncertainties: damage.uncertainties.clone(),
    }
}

/// A report without findings, and why.
pub(super) fn without_findings(status: Status, why: &str) -> DamageReport {
    let unknown = |_| ReportedIndicator {
        present: None,
        severity: Severity::Unknown,
        evidence: String::new(),
        item: None,
        position: None,
        model_present: Tri::Unknown,
        set_aside: None,
        agreement: None,
    };
    DamageReport {
        status,
        overall: ReportedOverall {
            severity: Severity::Unknown,
            score: None,
            rationale: format!("Not assessed: {why}."),
            at_least: false,
        },
        model_overall: None,
        indicators: Indicators::from_fn(unknown),
        package_visible: None,
        uncertainties: format!("The damage is not known: {why}."),
    }
}

fn overall(checked: &Checked, score: Score) -> ReportedOverall {
    let severity = checked.severity();
    let is_damage = ![Severity::None, Severity::Unknown].contains(&severity);
    ReportedOverall {
        severity,
        score: score.quality.map(|quality| thousandths(1.0 - quality)),
        rationale: rationale(checked),
        at_least: is_damage && checked.is_open(),
    }
}

/// The damage that is there and what is not known, by their names.
fn rationale(checked: &Checked) -> String {
    let named = |wanted: Tri| {
        let settled = checked.indicators.iter().filter(move |(_, settled)| settled.present == wanted);
        settled.map(move |(indicator, settled)| name(indicator, *settled, wanted)).collect::<Vec<_>>().join(", ")
    };
    let (there, unknown) = (named(Tri::Yes), named(Tri::Unknown));
    let there = if there.is_empty() { "No damage is known".to_owned() } else { format!("There is {there}") };
    let unknown = if unknown.is_empty() { String::new() } else { format!(" Not known: {unknown}.") };
    format!("{there}.{unknown}")
}

fn name(indicator: Indicator, settled: Settled, wanted: Tri) -> String {
    match wanted {
        Tri::Yes => format!("{} ({})", indicator.word(), settled.severity.word()),
        _ => indicator.word().to_owned(),
    }
}

fn reported_indicator(finding: &Finding, settled: Settled, agreement: Option<f64>) -> ReportedIndicator {
    let is_there = settled.present == Tri::Yes;
    ReportedIndicator {
        present: settled.present.known(),
        severity: settled.severity,
        evidence: finding.evidence.clone(),
        item: (is_there && !finding.item.is_empty()).then(|| finding.item.clone()),
        position: is_there.then(|| reported(&finding.position)),
        model_present: finding.present,
        set_aside: settled.set_aside.map(str::to_owned),
        agreement: agreement.map(thousandths),
    }
}

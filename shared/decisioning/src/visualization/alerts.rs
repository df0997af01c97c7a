//! Thresholds over figures: an alert, no alert, or unknown where there is no figure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::doc::Doc;
use super::format::Unit;
use super::page::{DECISION, DISCOVERY, INTELLIGENCE};

/// Which side of the threshold is an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// Below it.
    Below,
    /// Above it.
    Above,
}

impl Comparison {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::Above => "above",
        }
    }
}

/// What a threshold says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The figure is on the right side.
    Ok,
    /// The figure is on the wrong side.
    Alert,
    /// There is no figure.
    Unknown,
}

/// A threshold and its figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// A stable name.
    pub name: String,
    /// The figure, as a JSON pointer into the export.
    pub pointer: String,
    /// What the figure is in: `share`, `percent` or `points`.
    pub unit: String,
    /// The figure; `null` where there is none.
    pub value: Option<f64>,
    /// Which side is an alert.
    pub comparison: Comparison,
    /// The threshold, in the unit of the figure.
    pub threshold: f64,
    /// What the threshold says.
    pub state: State,
    /// Why there is no figure.
    pub reason: Option<String>,
}

/// All thresholds of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlertSystem {
    /// Figures on the wrong side.
    pub active: u64,
    /// Thresholds without a figure.
    pub unknown: u64,
    /// The thresholds.
    pub rules: Vec<Rule>,
}

impl Rule {
    pub(crate) fn unit(&self) -> Unit {
        match self.unit.as_str() {
            "share" => Unit::Share,
            "percent" => Unit::Percent,
            _ => Unit::Points,
        }
    }
}

/// Name, place, unit, side and threshold. Collection, overdue share and cash flow are those of the original system's
/// settings; the health score's is the lowest band of its gauge.
const RULES: [(&str, &str, &str, Unit, Comparison, f64); 6] = [
    ("business_health", DECISION, "/business_health/business_health_numeric", Unit::Points, Comparison::Below, 60.0),
    ("cash_flow_health", DECISION, "/business_health/axes/cash_flow/score", Unit::Points, Comparison::Below, 30.0),
    (
        "gross_margin",
        INTELLIGENCE,
        "/financial_intelligence/revenue_analysis/gross_margin",
        Unit::Percent,
        Comparison::Below,
        0.0,
    ),
    (
        "collection_rate",
        INTELLIGENCE,
        "/financial_intelligence/cash_flow_intelligence/collection_efficiency",
        Unit::Percent,
        Comparison::Below,
        50.0,
    ),
    (
        "overdue_receivables",
        INTELLIGENCE,
        "/financial_intelligence/cash_flow_intelligence/overdue_share",
        Unit::Share,
        Comparison::Above,
        0.8,
    ),
    ("data_quality", DISCOVERY, "/data_ecosystem/data_quality_score", Unit::Share, Comparison::Below, 0.8),
];

/// Axes are a list: the one of a name stands at its index.
fn resolved(doc: &Doc<'_>, pointer: &str) -> String {
    let Some((list, name)) = pointer.strip_suffix("/score").and_then(|axis| axis.rsplit_once('/')) else {
        return pointer.to_owned();
    };
    let index = doc.list(list).iter().position(|axis| axis["axis"] == name);
    index.map_or_else(|| pointer.to_owned(), |index| format!("{list}/{index}/score"))
}

/// Holds every threshold against its figure.
pub(crate) fn alerts(doc: &Doc<'_>) -> AlertSystem {
    let rule = |(name, agent, place, unit, comparison, threshold): &(&str, &str, &str, Unit, Comparison, f64)| {
        let pointer = resolved(doc, &format!("{agent}{place}"));
        let value = doc.number(&pointer).filter(|value| value.is_finite());
        let is_alert = |value: f64| match comparison {
            Comparison::Below => value < *threshold,
            Comparison::Above => value > *threshold,
        };
        let state = value.map_or(State::Unknown, |value| if is_alert(value) { State::Alert } else { State::Ok });
        let reason = value.is_none().then(|| doc.reason(&pointer));
        let (name, unit) = ((*name).to_owned(), unit.name().to_owned());
        Rule { name, pointer, unit, value, comparison: *comparison, threshold: *threshold, state, reason }
    };
    let rules: Vec<Rule> = RULES.iter().map(rule).collect();
    let count = |state: State| rules.iter().filter(|rule| rule.state == state).count() as u64;
    AlertSystem { active: count(State::Alert), unknown: count(State::Unknown), rules }
}

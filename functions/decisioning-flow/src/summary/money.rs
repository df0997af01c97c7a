//! The financial part of the summary.

use causeway_decisioning::decision::state_of_health;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::finder::Finder;

/// Money: where the business is, and where it could be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FinancialProjections {
    /// One word, so that SQL can read it.
    pub current_state: CurrentState,
    /// The figures behind the word.
    pub current_state_detail: StateDetail,
    /// What the decision agent's scenarios come to, with their assumptions; null when nothing supports one.
    pub projected_improvement: Option<Value>,
}

/// The state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CurrentState {
    /// The health score is 75 or more, and no figure speaks against it.
    Stable,
    /// The health score is 60 or more, or receivables weigh heavily.
    AtRisk,
    /// The health score is lower, or sales lose money, or receivables endanger the liquidity.
    Critical,
    /// There is no health score, and no figure speaks against the business: that alone says nothing for it.
    Unknown,
}

/// The figures behind the state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StateDetail {
    /// Sum of the amounts.
    pub total_revenue: Option<f64>,
    /// Percent.
    pub gross_margin: Option<f64>,
    /// Amounts that are not paid.
    pub outstanding_ar: Option<f64>,
    /// Percent of what was due.
    pub collection_efficiency: Option<f64>,
    /// `low`, `medium`, `high` or `critical`.
    pub liquidity_risk: Option<String>,
}

pub(super) fn projections(finder: &mut Finder<'_>, health: Option<f64>) -> FinancialProjections {
    const PLACE: &str = "financial_projections";
    let detail = detail(finder, &format!("{PLACE}.current_state_detail"));
    let said = finder.peek("decision", "/data/executive/financial_projections/current_state");
    let said = said.and_then(|word| serde_json::from_value(word.clone()).ok());
    let said = said.filter(|state| *state != CurrentState::Unknown);
    let current_state = said.unwrap_or_else(|| state_of(&detail, health));
    if current_state == CurrentState::Unknown {
        let reason = "there is no health score, and no known figure is bad enough to tell without one";
        finder.explain(&format!("{PLACE}.current_state"), reason);
    }
    let place = format!("{PLACE}.projected_improvement");
    let projected_improvement = improvement(finder, &place);
    FinancialProjections { current_state, current_state_detail: detail, projected_improvement }
}

/// A scenario that nothing supports is no gap: the agent says why there is none.
fn improvement(finder: &mut Finder<'_>, place: &str) -> Option<Value> {
    const AT: &str = "/data/executive/financial_projections/projected_improvement";
    let reason = finder.peek("decision", &format!("{AT}_reason")).and_then(Value::as_str);
    match (finder.peek("decision", AT), reason) {
        (None, Some(reason)) => finder.explain(place, reason),
        _ => return finder.value(place, "decision", AT).cloned(),
    }
    None
}

fn detail(finder: &mut Finder<'_>, place: &str) -> StateDetail {
    const REVENUE: &str = "/financial_intelligence/revenue_analysis";
    const CASH: &str = "/financial_intelligence/cash_flow_intelligence";
    let mut number = |member: &str, group: &str| {
        let (path, figure) = (format!("{place}.{member}"), format!("{group}/{member}"));
        // That there are no invoices is not that something is missing.
        if finder.is_accounted_for(&path, "intelligence", &figure, &figure) {
            return None;
        }
        finder.number(&path, "intelligence", &format!("/data{figure}"), f64::MIN..=f64::MAX)
    };
    let total_revenue = number("total_revenue", REVENUE);
    let gross_margin = number("gross_margin", REVENUE);
    let outstanding_ar = number("outstanding_ar", CASH);
    let collection_efficiency = number("collection_efficiency", CASH);
    let liquidity_risk = liquidity_risk(finder, &format!("{place}.liquidity_risk"), &format!("{CASH}/liquidity_risk"));
    StateDetail { total_revenue, gross_margin, outstanding_ar, collection_efficiency, liquidity_risk }
}

/// A word for a ratio, so that the ratio's record accounts for it.
fn liquidity_risk(finder: &mut Finder<'_>, path: &str, figure: &str) -> Option<String> {
    const RATIO: &str = "/financial_intelligence/working_capital/ar_to_revenue_ratio";
    if finder.is_accounted_for(path, "intelligence", figure, RATIO) {
        return None;
    }
    finder.text(path, "intelligence", &format!("/data{figure}"))
}

/// The state by figures, where the decision agent has no word for it: the worst that one of them says. A negative gross
/// margin and a critical liquidity risk are `critical`, a high one is `at_risk`, and the health score has the decision
/// agent's bands ([`state_of_health`]). Good news needs the score: one figure that is not bad is none.
#[must_use]
pub fn state_of(detail: &StateDetail, health: Option<f64>) -> CurrentState {
    let risk = detail.liquidity_risk.as_deref();
    let by_health = state_of_health(health);
    let loses = detail.gross_margin.is_some_and(|margin| margin < 0.0);
    if loses || risk == Some("critical") || by_health == "critical" {
        return CurrentState::Critical;
    }
    if risk == Some("high") || by_health == "at_risk" {
        return CurrentState::AtRisk;
    }
    if health.is_some() { CurrentState::Stable } else { CurrentState::Unknown }
}

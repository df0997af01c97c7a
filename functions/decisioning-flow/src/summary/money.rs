//! The financial part of the summary.

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
    /// Nothing speaks against it.
    Stable,
    /// Receivables weigh heavily, or the health score is weak.
    AtRisk,
    /// Sales lose money, or receivables endanger the liquidity.
    Critical,
    /// No figure says anything.
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
    let current_state = state_of(&detail, health);
    if current_state == CurrentState::Unknown {
        let reason = "neither gross margin, nor liquidity risk, nor a health score is known";
        finder.explain(&format!("{PLACE}.current_state"), reason);
    }
    let place = format!("{PLACE}.projected_improvement");
    let projected_improvement = finder.value(&place, "decision", "/data/projected_improvement").cloned();
    FinancialProjections { current_state, current_state_detail: detail, projected_improvement }
}

fn detail(finder: &mut Finder<'_>, place: &str) -> StateDetail {
    const MONEY: &str = "/data/financial_intelligence";
    let mut number = |member: &str, group: &str| {
        let any = f64::MIN..=f64::MAX;
        finder.number(&format!("{place}.{member}"), "intelligence", &format!("{MONEY}/{group}/{member}"), any)
    };
    let total_revenue = number("total_revenue", "revenue_analysis");
    let gross_margin = number("gross_margin", "revenue_analysis");
    let outstanding_ar = number("outstanding_ar", "cash_flow_intelligence");
    let collection_efficiency = number("collection_efficiency", "cash_flow_intelligence");
    let risk = format!("{MONEY}/cash_flow_intelligence/liquidity_risk");
    let liquidity_risk = finder.text(&format!("{place}.liquidity_risk"), "intelligence", &risk);
    StateDetail { total_revenue, gross_margin, outstanding_ar, collection_efficiency, liquidity_risk }
}

/// `critical` when the gross margin is negative or the liquidity risk critical; else `at_risk` when the liquidity risk
/// is high or the health score below 60; else `stable`; `unknown` when none of the three is known.
#[must_use]
pub fn state_of(detail: &StateDetail, health: Option<f64>) -> CurrentState {
    let risk = detail.liquidity_risk.as_deref();
    if detail.gross_margin.is_none() && risk.is_none() && health.is_none() {
        return CurrentState::Unknown;
    }
    if detail.gross_margin.is_some_and(|margin| margin < 0.0) || risk == Some("critical") {
        return CurrentState::Critical;
    }
    let is_weak = risk == Some("high") || health.is_some_and(|health| health < 60.0);
    if is_weak { CurrentState::AtRisk } else { CurrentState::Stable }
}

//! The parts of the page and what each needs.

use std::collections::BTreeMap;

use super::data::Component;
use super::doc::Doc;
use super::page::{DECISION, DISCOVERY, INTELLIGENCE, STRATEGY};

/// Name, type, anchor, agent and places of what is shown; the part has content when one of the places has.
const PARTS: [(&str, &str, &str, &str, &[&str]); 14] = [
    ("business_health", "gauge", "health", DECISION, &["/business_health/business_health_numeric"]),
    ("health_axes", "bar_chart", "health", DECISION, &["/business_health/axes"]),
    (
        "decisions",
        "table",
        "decisions",
        DECISION,
        &["/strategic_decision_framework/immediate_decisions", "/strategic_decision_framework/strategic_decisions"],
    ),
    (
        "headline",
        "kpi_cards",
        "headline",
        INTELLIGENCE,
        &[
            "/financial_intelligence/revenue_analysis/total_revenue",
            "/financial_intelligence/revenue_analysis/gross_margin",
            "/financial_intelligence/growth/trailing_12/change",
            "/financial_intelligence/growth/compound_annual_rate",
            "/customer_intelligence/customers",
            "/operational_intelligence/billing_intelligence/orders",
            "/operational_intelligence/billing_intelligence/order_value/mean",
        ],
    ),
    ("revenue_trend", "line_chart", "revenue", INTELLIGENCE, &["/series"]),
    ("revenue_forecast", "line_chart", "revenue", STRATEGY, &["/trend_analysis/series"]),
    ("contribution", "bar_chart", "contribution", INTELLIGENCE, &["/financial_intelligence/contribution"]),
    (
        "margin_drivers",
        "bar_chart",
        "margin",
        INTELLIGENCE,
        &["/financial_intelligence/discount_effect", "/financial_intelligence/price_volume_mix"],
    ),
    ("customer_segments", "bar_chart", "customers", INTELLIGENCE, &["/customer_intelligence/rfm/segments"]),
    ("concentration", "curve", "customers", INTELLIGENCE, &["/customer_intelligence/concentration/curve"]),
    ("cohorts", "heat_table", "customers", INTELLIGENCE, &["/customer_intelligence/cohorts/rows"]),
    ("risks", "matrix", "risks", STRATEGY, &["/risk_assessment/risks"]),
    (
        "opportunities",
        "table",
        "opportunities",
        STRATEGY,
        &[
            "/transformation_opportunities/quick_wins",
            "/transformation_opportunities/strategic_initiatives",
            "/transformation_opportunities/innovation_opportunities",
        ],
    ),
    ("data_quality", "bar_chart", "quality", DISCOVERY, &["/quality/parts", "/tables"]),
];

/// The parts of the page by name.
pub(crate) fn components(doc: &Doc<'_>) -> BTreeMap<String, Component> {
    PARTS
        .iter()
        .map(|(name, kind, anchor, agent, places)| {
            let metrics: Vec<String> = places.iter().map(|place| format!("{agent}{place}")).collect();
            let has = |pointer: &String| {
                doc.at(pointer).is_some_and(|found| found.as_array().is_none_or(|list| !list.is_empty()))
            };
            let is_available = metrics.iter().any(has);
            let reason = metrics.first().filter(|_| !is_available).map(|pointer| doc.reason(pointer));
            let (kind, anchor) = ((*kind).to_owned(), format!("#{anchor}"));
            ((*name).to_owned(), Component { kind, anchor, metrics, is_available, reason })
        })
        .collect()
}

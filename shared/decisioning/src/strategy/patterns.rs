//! How the business works, grows and is at risk, in a few figures.

use std::collections::BTreeMap;

use super::data::{BusinessModel, GrowthPatterns, RiskAssessment, RiskPatterns, StrategicPatterns, TrendAnalysis};
use super::ledger::Ledger;
use super::previous::{Figures, Missing, member};
use super::series::Periods;

/// Repeat rates from which a business lives by repetition, and from which in part.
const REPEAT: (f64, f64) = (0.5, 0.2);
const MODEL: &str = "/strategic_patterns/business_model_analysis";
const GROWTH: &str = "/strategic_patterns/growth_patterns";

pub(super) fn find(
    figures: Figures<'_>,
    months: &Result<Periods, String>,
    trends: Option<&TrendAnalysis>,
    risks: Option<&RiskAssessment>,
    ledger: &mut Ledger,
) -> StrategicPatterns {
    StrategicPatterns {
        business_model_analysis: business_model(figures, ledger),
        growth_patterns: growth(figures, months, trends, ledger),
        risk_patterns: risks.map(risk_patterns).unwrap_or_default(),
    }
}

fn business_model(figures: Figures<'_>, ledger: &mut Ledger) -> BusinessModel {
    let mut take = |name: &str, pointer: &str| ledger.figure(name, &format!("{MODEL}/{name}"), figures.number(pointer));
    let revenue = take("total_revenue", "/financial_intelligence/revenue_analysis/total_revenue");
    let repeat = take("repeat_rate", "/customer_intelligence/repeat_rate");
    BusinessModel {
        model: repeat.map(|rate| model(rate).to_owned()),
        total_revenue: revenue,
        gross_margin: take("gross_margin", "/financial_intelligence/revenue_analysis/gross_margin"),
        profitability_tier: figures
            .text("/financial_intelligence/revenue_analysis/profitability_tier")
            .map(str::to_owned),
        customers: take("customers", "/customer_intelligence/customers"),
        repeat_rate: repeat,
        order_value_median: take(
            "order_value_median",
            "/operational_intelligence/billing_intelligence/order_value/median",
        ),
        revenue_per_customer: take("revenue_per_customer", "/customer_intelligence/lifetime_value/historical_mean"),
    }
}

fn model(repeat_rate: f64) -> &'static str {
    match repeat_rate {
        rate if rate >= REPEAT.0 => "repeat",
        rate if rate >= REPEAT.1 => "mixed",
        _ => "one_off",
    }
}

fn growth(
    figures: Figures<'_>,
    months: &Result<Periods, String>,
    trends: Option<&TrendAnalysis>,
    ledger: &mut Ledger,
) -> GrowthPatterns {
    const AT: &str = "/financial_intelligence/growth";
    let years = figures.list(&format!("{AT}/years"));
    let last_year = years.last().and_then(|year| member(year, "change"));
    let last_year = last_year.ok_or_else(|| match years.len() {
        0 => figures.missing(&format!("{AT}/years")),
        _ => "there is no earlier whole year to compare with".into(),
    });
    let mut enter = |name: &str, found: Result<f64, Missing>| ledger.figure(name, &format!("{GROWTH}/{name}"), found);
    let mut found = GrowthPatterns {
        last_year_change: enter("last_year_change", last_year),
        trailing_12_change: enter("trailing_12_change", figures.number(&format!("{AT}/trailing_12/change"))),
        compound_annual_rate: enter("compound_annual_rate", figures.number(&format!("{AT}/compound_annual_rate"))),
        ..GrowthPatterns::default()
    };
    let revenue = trends.and_then(|trends| trends.series.iter().find(|series| series.measure == "revenue"));
    let Some(series) = revenue else { return found };
    found.direction = Some(series.direction.clone());
    found.slope_share = series.slope.share_of_median;
    found.level_changed_at =
        series.change_point.as_ref().filter(|change| change.is_significant).map(|change| change.at.clone());
    let parts = series.decomposition.as_ref();
    found.seasonal_strength = parts.and_then(|parts| parts.seasonal_strength);
    let is_seasonal = series.test.method.starts_with("seasonal") && series.period == "month" && series.season == 12;
    let first = months.as_ref().ok().and_then(|months| months.names.first()).and_then(|name| calendar_month(name));
    if let (Some(parts), Some(first), true) = (parts, first, is_seasonal) {
        let month = |place: usize| ((usize::from(first) - 1 + place) % 12 + 1) as u8;
        let extreme = |sign: f64| {
            let places = parts.season.iter().enumerate();
            places.max_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1))).map(|(place, _)| month(place))
        };
        (found.peak_month, found.trough_month) = (extreme(1.0), extreme(-1.0));
    }
    found
}

/// The month of `2017-03`.
fn calendar_month(name: &str) -> Option<u8> {
    name.get(5..7)?.parse().ok().filter(|month| (1..=12).contains(month))
}

fn risk_patterns(assessment: &RiskAssessment) -> RiskPatterns {
    let mut by_level: BTreeMap<String, u64> = BTreeMap::new();
    for risk in &assessment.risks {
        *by_level.entry(risk.level.clone()).or_default() += 1;
    }
    RiskPatterns { highest: assessment.risks.first().map(|risk| risk.id.clone()), by_level }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_bounds() {
        assert_eq!([0.0, 0.2, 0.5, 1.0].map(model), ["one_off", "mixed", "repeat", "repeat"]);
        assert_eq!(["2017-03", "2017-13", "x", ""].map(calendar_month), [Some(3), None, None, None]);
    }
}

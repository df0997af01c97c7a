//! What could be done, each with the money at stake where that can be computed.

use serde_json::Value;

use super::data::{Evidence, Opportunities, Opportunity, TrendAnalysis};
use super::ledger::Ledger;
use super::losses::largest_losses;
use super::money::{percent, round};
use super::previous::{Figures, Missing, member, word};

/// Strength from which a season is worth planning for (Hyndman's bound for seasonal differences).
const STRONG_SEASON: f64 = 0.64;
/// Share of the ten largest customers from which spreading is worth an effort.
const MUCH_FOR_TEN: f64 = 0.5;
/// Share of shipments on time below which they are worth an effort.
const ON_TIME: f64 = 0.95;
/// Segments that used to buy and no longer do.
const LAPSING: [&str; 2] = ["at_risk", "cannot_lose"];

/// An opportunity, `None` when it does not apply, or why it cannot be computed.
type Found = Result<Option<Opportunity>, Missing>;

/// Looks for every opportunity.
pub(super) fn find(figures: Figures<'_>, trends: Option<&TrendAnalysis>, ledger: &mut Ledger) -> Opportunities {
    const AT: &str = "/transformation_opportunities";
    let mut list = |kind: &str, found: Vec<(&str, Found)>| {
        let mut kept = Vec::new();
        for (id, found) in found {
            let (name, at) = (format!("opportunity.{id}"), format!("{AT}/{kind}"));
            match found {
                Ok(None) => ledger.not_applicable(&name, &at, "the figures give no occasion"),
                found => kept.extend(ledger.figure(&name, &at, found).flatten()),
            }
        }
        sorted(kept)
    };
    let quick = vec![
        ("stop_loss_making_discounts", discounts(figures)),
        ("collect_overdue", collect(figures)),
        ("win_back_customers", win_back(figures)),
    ];
    let strategic = vec![
        ("turn_loss_making_members", members(figures)),
        ("spread_customers", spread(figures)),
        ("deliver_on_time", on_time(figures)),
        ("plan_for_the_season", season(trends)),
    ];
    let new = vec![("plan_by_forecast", plan(trends)), ("serve_by_expected_value", by_value(figures))];
    Opportunities {
        quick_wins: list("quick_wins", quick),
        strategic_initiatives: list("strategic_initiatives", strategic),
        innovation_opportunities: list("innovation_opportunities", new),
    }
}

/// The dearest first, those without an amount last.
fn sorted(mut list: Vec<Opportunity>) -> Vec<Opportunity> {
    let key = |one: &Opportunity| one.amount.unwrap_or(f64::NEG_INFINITY);
    list.sort_by(|a, b| key(b).total_cmp(&key(a)).then_with(|| a.id.cmp(&b.id)));
    list
}

fn from(figures: Figures<'_>, pointers: &[&str]) -> Evidence {
    Evidence { sources: pointers.iter().map(|pointer| figures.source(pointer)).collect(), ..Evidence::default() }
}

fn opportunity(id: &str, lever: &str, text: String, amount: Option<(f64, &str)>, evidence: Evidence) -> Opportunity {
    Opportunity {
        id: id.to_owned(),
        text,
        lever: lever.to_owned(),
        amount: amount.map(|(amount, _)| amount),
        amount_basis: amount.map_or("no amount can be computed", |(_, basis)| basis).to_owned(),
        evidence,
    }
}

fn discounts(figures: Figures<'_>) -> Found {
    const AT: &str = "/financial_intelligence/discount_effect";
    if figures.value(AT).is_none() {
        return Err(figures.missing(AT));
    }
    let Ok(loss_from) = figures.number(&format!("{AT}/loss_from")) else { return Ok(None) };
    let bands = figures.list(&format!("{AT}/bands"));
    let above = bands.iter().filter(|band| member(band, "above").is_some_and(|above| above >= loss_from));
    let lost: f64 = above.filter_map(|band| member(band, "profit")).filter(|profit| *profit < 0.0).sum();
    if lost >= 0.0 {
        return Ok(None);
    }
    let text = format!("Sales with a discount above {} lost {}.", percent(loss_from), round(-lost));
    let evidence = from(figures, &[&format!("{AT}/loss_from"), &format!("{AT}/bands")]);
    let basis = "losses of the discount bands from which on every band loses money, over all data";
    Ok(Some(opportunity("stop_loss_making_discounts", "profit", text, Some((-lost, basis)), evidence)))
}

fn collect(figures: Figures<'_>) -> Found {
    const OVERDUE: &str = "/financial_intelligence/cash_flow_intelligence/overdue_amount";
    let amount = figures.number(OVERDUE)?;
    if amount <= 0.0 {
        return Ok(None);
    }
    let text = format!("{} of receivables are past their due day.", round(amount));
    let basis = Some((amount, "open amounts past their due day"));
    Ok(Some(opportunity("collect_overdue", "cash", text, basis, from(figures, &[OVERDUE]))))
}

fn win_back(figures: Figures<'_>) -> Found {
    const AT: &str = "/customer_intelligence/rfm/segments";
    let segments = figures.list(AT);
    if segments.is_empty() {
        return Err(figures.missing(AT));
    }
    let lapsing = |segment: &&Value| word(segment, "name").is_some_and(|name| LAPSING.contains(&name));
    let sum = |name: &str| segments.iter().filter(lapsing).filter_map(|segment| member(segment, name)).sum::<f64>();
    let (customers, revenue) = (sum("customers"), sum("revenue"));
    if customers <= 0.0 || revenue <= 0.0 {
        return Ok(None);
    }
    let text =
        format!("{customers:.0} customers who used to buy often have not come back; they brought {}.", round(revenue));
    let basis = Some((revenue, "revenue so far of the segments at_risk and cannot_lose"));
    Ok(Some(opportunity("win_back_customers", "revenue", text, basis, from(figures, &[AT]))))
}

fn members(figures: Figures<'_>) -> Found {
    let Some(losses) = largest_losses(figures)? else { return Ok(None) };
    let worst = losses.worst.as_ref().map_or_else(String::new, |name| format!("; the most: {name}"));
    let text =
        format!("{} members of {} lose {} together{worst}.", losses.count, losses.dimension, round(losses.amount));
    let basis = Some((losses.amount, "losses of the members that lose money, over all data"));
    Ok(Some(opportunity("turn_loss_making_members", "profit", text, basis, from(figures, &[&losses.pointer]))))
}

fn spread(figures: Figures<'_>) -> Found {
    const TEN: &str = "/customer_intelligence/concentration/top_10_share";
    const REVENUE: &str = "/financial_intelligence/revenue_analysis/total_revenue";
    let share = figures.number(TEN)?;
    let is_small = figures.number("/customer_intelligence/concentration/customers").is_ok_and(|count| count <= 10.0);
    if share < MUCH_FOR_TEN || is_small {
        return Ok(None);
    }
    let text = format!("Ten customers bring {} of revenue.", percent(share));
    let amount = figures.number(REVENUE).ok().map(|revenue| (revenue * share, "revenue of the ten largest customers"));
    Ok(Some(opportunity("spread_customers", "revenue", text, amount, from(figures, &[TEN]))))
}

fn on_time(figures: Figures<'_>) -> Found {
    const AT: &str = "/operational_intelligence/on_time_share";
    let share = figures.number(AT)?;
    let text = format!("{} of shipments leave by the promised day.", percent(share));
    Ok((share < ON_TIME).then(|| opportunity("deliver_on_time", "revenue", text, None, from(figures, &[AT]))))
}

fn season(trends: Option<&TrendAnalysis>) -> Found {
    let (place, series) = revenue(trends)?;
    let strength = series.decomposition.as_ref().and_then(|parts| parts.seasonal_strength);
    let strength = strength.ok_or("revenue has no season that could be measured")?;
    if strength < STRONG_SEASON || !series.test.method.starts_with("seasonal") {
        return Ok(None);
    }
    let text = format!("Revenue is seasonal with a strength of {strength:.3} of 1.");
    let at = format!("/trend_analysis/series/{place}/decomposition");
    let evidence = Evidence { pointers: vec![at], n: Some(series.n), ..Evidence::default() };
    Ok(Some(opportunity("plan_for_the_season", "planning", text, None, evidence)))
}

fn plan(trends: Option<&TrendAnalysis>) -> Found {
    let (place, series) = revenue(trends)?;
    let forecast = series.forecast.as_ref().ok_or("revenue has no forecast")?;
    let errors = forecast.mase.zip(forecast.baseline_mase).filter(|(_, baseline)| *baseline > 0.0);
    let (mase, baseline) = errors.ok_or("the forecast's error cannot be measured")?;
    if mase >= baseline {
        return Ok(None);
    }
    let text = format!(
        "A forecast by {} was {} nearer than the last season over {} origins.",
        forecast.method,
        percent(1.0 - mase / baseline),
        forecast.origins
    );
    let at = format!("/trend_analysis/series/{place}/forecast");
    let evidence = Evidence { pointers: vec![at], n: Some(series.n), ..Evidence::default() };
    Ok(Some(opportunity("plan_by_forecast", "planning", text, None, evidence)))
}

fn revenue(trends: Option<&TrendAnalysis>) -> Result<(usize, &super::data::SeriesTrend), Missing> {
    let trends = trends.ok_or("trends were not asked for")?;
    let found = trends.series.iter().enumerate().find(|(_, series)| series.measure == "revenue");
    found.ok_or_else(|| "revenue has no trend".into())
}

fn by_value(figures: Figures<'_>) -> Found {
    const AT: &str = "/customer_intelligence/lifetime_value/model";
    let expected = figures.number(&format!("{AT}/expected_value"))?;
    let weeks = figures.number(&format!("{AT}/horizon_weeks"))?;
    let text = format!("Customers are expected to bring {} within {weeks:.0} weeks.", round(expected));
    let basis = Some((expected, "purchases x value that the fitted models expect, not discounted"));
    Ok(Some(opportunity("serve_by_expected_value", "revenue", text, basis, from(figures, &[AT]))))
}

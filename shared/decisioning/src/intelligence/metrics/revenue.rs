//! Revenue, cost, margin.

use super::definitions::{GROSS_MARGIN, PROFITABILITY_TIER, REVENUE_QUALITY, TOTAL_COST, TOTAL_REVENUE};
use super::{Inputs, basis};
use crate::intelligence::data::{CurrencyTotal, Data, FinancialIntelligence, NamedShare};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Basis, Ledger, Why, absent, missing};
use crate::intelligence::parts::sales::Sales;
use crate::intelligence::request::Group;
use crate::intelligence::role::Role;
use crate::statistics::describe::mean;

const MONEY: [Role; 3] = [Role::Amount, Role::Quantity, Role::Price];
const MARGIN: [Role; 3] = [Role::Amount, Role::Profit, Role::Cost];

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut FinancialIntelligence) {
    out.by_currency = by_currency(inputs);
    let money = inputs.money();
    let rows = inputs.sales().map_or(0, |(_, sales)| sales.total.valued);
    let analysis = &mut out.revenue_analysis;
    analysis.rows = rows;
    let roles: &[Role] =
        if inputs.sales_read().is_some_and(|r| r.gather.of(Role::Amount).is_some()) { &MONEY[..1] } else { &MONEY };
    let total = money.clone().map(|(_, sales)| to_f64(sales.total.amount));
    analysis.total_revenue = ledger.enter(&TOTAL_REVENUE, basis(inputs, roles, rows), total);
    analysis.negative_amount = money.as_ref().ok().map(|(_, sales)| to_f64(sales.negative.amount));
    let costed_rows = inputs.sales().map_or(0, |(_, sales)| sales.total.costed_rows);
    let costed = money.and_then(|(_, sales)| costed(inputs, sales));
    analysis.gross_profit = costed.as_ref().ok().map(|sales| to_f64(sales.total.profit));
    analysis.costed_share = costed.as_ref().ok().and_then(|s| super::share(s.total.costed, s.total.amount));
    let cost = costed.clone().map(|sales| to_f64(sales.total.costed - sales.total.profit));
    analysis.total_cost = ledger.enter(&TOTAL_COST, basis(inputs, &MARGIN, costed_rows), cost);
    let margin = costed.and_then(|sales| {
        let margin = sales.total.margin().ok_or_else(|| absent("revenue is not positive"))?;
        Ok(margin * 100.0)
    });
    let named = margin.clone().map(|margin| tier(margin).to_owned());
    analysis.gross_margin = ledger.enter(&GROSS_MARGIN, basis(inputs, &MARGIN, costed_rows), margin);
    analysis.profitability_tier = ledger.enter(&PROFITABILITY_TIER, basis(inputs, &MARGIN, costed_rows), named);
}

/// The sales, if the profit of some of them is known.
fn costed<'a>(inputs: &Inputs<'_>, sales: &'a Sales) -> Result<&'a Sales, Why> {
    if sales.total.costed_rows > 0 {
        return Ok(sales);
    }
    let has = |role| inputs.sales_read().is_some_and(|read| read.gather.of(role).is_some());
    Err(if has(Role::Profit) || has(Role::Cost) {
        absent("no row has both an amount and a profit or cost")
    } else {
        missing(&[Role::Profit, Role::Cost])
    })
}

fn tier(margin: f64) -> &'static str {
    match margin {
        m if m >= 70.0 => "high",
        m if m >= 50.0 => "solid",
        m if m >= 30.0 => "moderate",
        m if m >= 0.0 => "low",
        _ => "loss",
    }
}

fn by_currency(inputs: &Inputs<'_>) -> Vec<CurrencyTotal> {
    let Some((read, sales)) = inputs.sales() else { return Vec::new() };
    let Some(currency) = read.gather.of(Role::Currency) else { return Vec::new() };
    let of = |(member, totals): (&Option<i64>, &crate::intelligence::parts::days::Totals)| CurrencyTotal {
        currency: member.map(|member| currency.members.name(member as usize).to_owned()),
        revenue: to_f64(totals.amount),
        profit: super::profit(totals),
        rows: totals.rows,
    };
    let mut totals: Vec<CurrencyTotal> = sales.currencies.iter().map(of).collect();
    totals.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.currency.cmp(&b.currency)));
    totals.truncate(50);
    totals
}

/// Judges the revenue by what else was found.
pub(crate) fn quality(ledger: &mut Ledger, data: &mut Data) {
    if !ledger.wants(Group::FinancialHealth) {
        return;
    }
    let financial = &data.financial_intelligence;
    let total = financial.revenue_analysis.total_revenue.filter(|total| *total > 0.0);
    let lost = financial.contribution.iter().find_map(|part| Some((&part.dimension, part.loss_making_revenue?)));
    let sound = lost.zip(total).map(|((_, lost), total)| 1.0 - lost / total);
    let parts = [
        ("from_repeat_customers", None, data.customer_intelligence.repeat_revenue_share),
        ("outside_loss_making_members", lost.map(|(dimension, _)| dimension.clone()), sound),
        ("diversification", None, data.customer_intelligence.diversification_score),
    ];
    let part = |(name, dimension, value): (&str, Option<String>, Option<f64>)| {
        Some(NamedShare { name: name.to_owned(), dimension, value: value?.clamp(0.0, 1.0) })
    };
    let parts: Vec<NamedShare> = parts.into_iter().filter_map(part).collect();
    let values: Vec<f64> = parts.iter().map(|part| part.value).collect();
    let found = mean(&values).ok_or_else(|| absent("none of its parts could be computed"));
    let basis = Basis::new(None, &[], parts.len() as u64);
    let score = ledger.enter(&REVENUE_QUALITY, basis, found);
    data.financial_intelligence.revenue_analysis.revenue_quality_score = score;
    data.financial_intelligence.revenue_analysis.revenue_quality_parts = parts;
}

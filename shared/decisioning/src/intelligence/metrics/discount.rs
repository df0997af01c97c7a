//! What discounts cost.

use super::definitions::DISCOUNT_EFFECT;
use super::{Inputs, basis};
use crate::intelligence::data::{DiscountBand, DiscountEffect, FinancialIntelligence};
use crate::intelligence::fixed::{PARTS, to_f64};
use crate::intelligence::ledger::{Ledger, Why, absent, missing};
use crate::intelligence::parts::days::Totals;
use crate::intelligence::parts::sales::Sales;
use crate::intelligence::role::Role;

/// Upper ends of the bands, as shares.
const BANDS: [f64; 7] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0];

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut FinancialIntelligence) {
    let discounted = |sales: &Sales| sales.discounts.values().map(|totals| totals.valued).sum();
    let rows = inputs.sales().map_or(0, |(_, sales)| discounted(sales));
    let found = inputs.money().and_then(|(read, sales)| {
        if read.gather.of(Role::Discount).is_none() { Err(missing(&[Role::Discount])) } else { effect(sales) }
    });
    let roles = [Role::Discount, Role::Amount, Role::Profit, Role::Cost];
    out.discount_effect = ledger.enter(&DISCOUNT_EFFECT, basis(inputs, &roles, rows), found);
}

fn effect(sales: &Sales) -> Result<DiscountEffect, Why> {
    if sales.too_many_discounts {
        return Err(absent("discounts have too many different values for rates"));
    }
    let (smallest, largest) = sales.discount_range().ok_or_else(|| absent("no row has a discount"))?;
    let (unit, parts) = match largest {
        _ if smallest < 0.0 => return Err(absent("discounts are negative, so they are no rates")),
        l if l <= 1.0 => ("share", PARTS as f64),
        l if l <= 100.0 => ("percent", 100.0 * PARTS as f64),
        _ => return Err(absent("discounts are above 100, so they are no rates")),
    };
    let rates = || sales.discounts.iter().map(|(discount, totals)| (*discount as f64 / parts, totals));
    let revenue: i128 = rates().map(|(_, totals)| totals.amount).sum();
    // At a discount of 100 % nothing tells what the list price was.
    let list = |(rate, totals): (f64, &Totals)| if rate < 1.0 { to_f64(totals.amount) / (1.0 - rate) } else { 0.0 };
    let list_revenue: f64 = rates().map(list).sum();
    let discounted: i128 = rates().filter(|(rate, _)| *rate > 0.0).map(|(_, totals)| totals.amount).sum();
    let given = list_revenue - to_f64(revenue);
    let bands = bands(rates());
    Ok(DiscountEffect {
        unit: unit.to_owned(),
        list_revenue,
        discount_given: given,
        effective_rate: (list_revenue > 0.0).then(|| given / list_revenue),
        discounted_share: super::share(discounted, revenue),
        loss_from: loss_from(&bands),
        bands,
    })
}

fn bands<'a>(rates: impl Iterator<Item = (f64, &'a Totals)>) -> Vec<DiscountBand> {
    let mut totals = [Totals::default(); BANDS.len()];
    for (rate, of_rate) in rates {
        let band = BANDS.iter().position(|up_to| rate <= up_to + 1e-9).unwrap_or(BANDS.len() - 1);
        totals[band].add(of_rate);
    }
    let band = |(place, totals): (usize, &Totals)| DiscountBand {
        above: if place == 0 { 0.0 } else { BANDS[place - 1] },
        up_to: BANDS[place],
        rows: totals.rows,
        revenue: to_f64(totals.amount),
        profit: super::profit(totals),
        margin_percent: totals.margin().map(|margin| margin * 100.0),
    };
    totals.iter().enumerate().map(band).filter(|band| band.rows > 0).collect()
}

/// The lower end of the first band from which on all lose money.
fn loss_from(bands: &[DiscountBand]) -> Option<f64> {
    let loses = |band: &&DiscountBand| band.profit.is_some_and(|profit| profit < 0.0);
    bands.iter().rev().take_while(loses).last().map(|band| band.above)
}

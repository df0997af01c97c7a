//! Why the last whole year differs from the one before: price, volume, mix, products that came and went.

use super::definitions::PRICE_VOLUME_MIX;
use super::{Inputs, basis};
use crate::intelligence::data::{FinancialIntelligence, PriceVolumeMix};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Ledger, Why, absent, missing};
use crate::intelligence::parts::sales::ProductYear;
use crate::intelligence::role::Role;
use crate::statistics::describe::compensated;

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut FinancialIntelligence) {
    let found = decompose(inputs);
    let compared = found.as_ref().map_or(0, |effects| effects.compared);
    let roles = [Role::Product, Role::Category, Role::Quantity, Role::Amount, Role::OrderDate, Role::Date];
    out.price_volume_mix = ledger.enter(&PRICE_VOLUME_MIX, basis(inputs, &roles, compared), found);
}

fn decompose(inputs: &Inputs<'_>) -> Result<PriceVolumeMix, Why> {
    let (read, sales) = inputs.money()?;
    let place = sales.compares_products().ok_or_else(|| missing(&[Role::Product, Role::Category]))?;
    if read.gather.of(Role::Quantity).is_none() {
        return Err(missing(&[Role::Quantity]));
    }
    if !sales.product_years.is_whole() || read.gather.wanted[place].members.refused > 0 {
        return Err(absent("there are too many products to compare each over the years"));
    }
    let years = inputs.calendar()?.years();
    let [.., (before, _), (after, _)] = years[..] else {
        return Err(absent("there are no two whole calendar years"));
    };
    let pairs = pairs(sales.product_years.entries(), before, after);
    if pairs.is_empty() {
        return Err(absent("no row of the last two whole years has product, quantity and amount"));
    }
    Ok(effects(&pairs, &read.gather.wanted[place].column, before, after))
}

/// Amount and quantity of a product in the earlier and in the later year; `None` where it was not sold.
type Pair = (Option<(i64, i64)>, Option<(i64, i64)>);

fn pairs(entries: &[ProductYear], before: i64, after: i64) -> Vec<Pair> {
    let of_years = |entry: &&ProductYear| i64::from(entry.year) == before || i64::from(entry.year) == after;
    let wanted: Vec<&ProductYear> = entries.iter().filter(of_years).collect();
    let same = |a: &&ProductYear, b: &&ProductYear| a.product() == b.product();
    let of = |group: &[&ProductYear]| {
        let year = |year: i64| {
            group.iter().find(|entry| i64::from(entry.year) == year).map(|entry| (entry.amount, entry.quantity))
        };
        (year(before), year(after))
    };
    wanted.chunk_by(same).map(of).collect()
}

fn effects(pairs: &[Pair], dimension: &str, before: i64, after: i64) -> PriceVolumeMix {
    let amount = |side: Option<(i64, i64)>| i128::from(side.map_or(0, |(amount, _)| amount));
    let sum = |of: &dyn Fn(&Pair) -> i128| to_f64(pairs.iter().map(of).sum());
    let is_priced = |pair: &&Pair| matches!(pair, (Some((_, q0)), Some((_, q1))) if *q0 > 0 && *q1 > 0);
    let priced: Vec<[f64; 4]> = pairs
        .iter()
        .filter(is_priced)
        .filter_map(|pair| Some([pair.0?.0, pair.0?.1, pair.1?.0, pair.1?.1].map(|v| to_f64(v.into()))))
        .collect();
    let total = |of: &dyn Fn(&[f64; 4]) -> f64| compensated(priced.iter().map(of));
    let (units0, units1) = (total(&|p| p[1]), total(&|p| p[3]));
    let volume = if units0 > 0.0 { (units1 - units0) * total(&|p| p[0]) / units0 } else { 0.0 };
    let at_old_prices = total(&|p| p[0] / p[1] * (p[3] - p[1]));
    PriceVolumeMix {
        dimension: dimension.to_owned(),
        from: format!("{before:04}"),
        to: format!("{after:04}"),
        change: sum(&|p| amount(p.1) - amount(p.0)),
        volume_effect: volume,
        mix_effect: at_old_prices - volume,
        price_effect: total(&|p| p[2] - p[0] / p[1] * p[3]),
        compared: priced.len() as u64,
        new_products: sum(&|p| if p.0.is_none() { amount(p.1) } else { 0 }),
        discontinued_products: sum(&|p| if p.1.is_none() { -amount(p.0) } else { 0 }),
        without_price: sum(&|p| {
            let unpriced = p.0.is_some() && p.1.is_some() && !is_priced(&p);
            if unpriced { amount(p.1) - amount(p.0) } else { 0 }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_add_up_to_the_change() {
        const ONE: i64 = 1_000_000;
        let side = |amount: i64, quantity: i64| Some((amount * ONE, quantity * ONE));
        let pairs = [
            (side(100, 10), side(240, 20)),
            (side(50, 5), side(45, 5)),
            (None, side(30, 1)),
            (side(20, 2), None),
            (side(5, 1), side(-5, -1)),
        ];
        let e = effects(&pairs, "p", 2019, 2020);
        assert_eq!((e.price_effect, e.volume_effect, e.mix_effect), (35.0, 100.0, 0.0));
        assert_eq!((e.new_products, e.discontinued_products, e.without_price, e.compared), (30.0, -20.0, -10.0, 2));
        let parts = e.price_effect + e.volume_effect + e.mix_effect + e.new_products + e.discontinued_products;
        assert!((parts + e.without_price - e.change).abs() < 1e-9);
    }
}

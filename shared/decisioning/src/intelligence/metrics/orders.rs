//! How large orders are and how many come.

use super::definitions::{ORDER_SIZE, THROUGHPUT};
use super::{Inputs, basis};
use crate::intelligence::data::{OperationalIntelligence, Spread, Throughput};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Ledger, Why, absent, missing};
use crate::intelligence::parts::orders::{NO_DAY, Order, Orders};
use crate::intelligence::periods::{Month, month_of};
use crate::intelligence::role::Role;
use crate::statistics::describe::{mean, median};

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut OperationalIntelligence) {
    let orders = inputs.sales_read().and_then(|read| read.gather.parts.orders.as_ref());
    let billing = &mut out.billing_intelligence;
    if let Some(orders) = orders {
        billing.orders = Some((orders.found.entries().len() as f64 / orders.found.share()).round() as u64);
        billing.orders_exact = Some(orders.found.is_whole());
        billing.order_lines = spread(orders.found.entries(), |order| Some(i128::from(order.lines) * 1_000_000));
        let has_units = inputs.sales_read().is_some_and(|read| read.gather.of(Role::Quantity).is_some());
        billing.order_units =
            spread(orders.found.entries(), |order| Some(i128::from(order.quantity))).filter(|_| has_units);
    }
    let valued = |order: &Order| (order.valued > 0).then(|| i128::from(order.amount));
    let size = inputs.money().and_then(|_| {
        let orders = orders.ok_or_else(|| missing(&[Role::OrderId]))?;
        spread(orders.found.entries(), valued).ok_or_else(|| absent("no order has an amount"))
    });
    let n = size.as_ref().map_or(0, |size| size.count);
    let roles = [Role::OrderId, Role::Amount, Role::Quantity];
    billing.order_value = ledger.enter(&ORDER_SIZE, basis(inputs, &roles, n), size);
    let found = throughput(inputs, orders);
    let months = found.as_ref().map_or(0, |found| found.months);
    let roles = [Role::OrderId, Role::OrderDate, Role::Date];
    billing.throughput = ledger.enter(&THROUGHPUT, basis(inputs, &roles, months), found);
}

/// Figures of the values of orders, which are millionths.
fn spread(orders: &[Order], value: impl Fn(&Order) -> Option<i128>) -> Option<Spread> {
    let mut values: Vec<i128> = orders.iter().filter_map(value).collect();
    values.sort_unstable();
    let count = values.len();
    let at = |share: f64| {
        let place = ((share * count as f64).ceil() as usize).clamp(1, count) - 1;
        values.get(place).map(|value| to_f64(*value))
    };
    if values.is_empty() {
        return None;
    }
    let mean = to_f64(values.iter().sum()) / count as f64;
    Some(Spread { count: count as u64, mean, median: at(0.5)?, p95: at(0.95)? })
}

fn throughput(inputs: &Inputs<'_>, orders: Option<&Orders>) -> Result<Throughput, Why> {
    let calendar = inputs.calendar()?;
    let months = calendar.months();
    if months.is_empty() {
        return Err(absent("there is no whole month"));
    }
    let counts: Vec<f64> = match orders {
        Some(orders) => by_month(orders, &months.iter().map(|(month, _)| *month).collect::<Vec<_>>()),
        None => months.iter().map(|(_, totals)| totals.rows as f64).collect(),
    };
    let last = |skip: usize| -> Option<f64> {
        let end = counts.len().checked_sub(skip)?;
        Some(counts[end.checked_sub(12)?..end].iter().sum())
    };
    let (last_12, before) = (last(0), last(12));
    Ok(Throughput {
        months: months.len() as u64,
        unit: if orders.is_some() { "orders" } else { "rows" }.to_owned(),
        mean_per_month: mean(&counts).unwrap_or_default(),
        median_per_month: median(&counts).unwrap_or_default(),
        last_12,
        change: last_12.zip(before.filter(|before| *before > 0.0)).map(|(last, before)| last / before - 1.0),
        active_day_share: calendar.days().len() as f64 / (calendar.last - calendar.first + 1) as f64,
    })
}

fn by_month(orders: &Orders, months: &[Month]) -> Vec<f64> {
    let mut counts = vec![0_u64; months.len()];
    for order in orders.found.entries().iter().filter(|order| order.day != NO_DAY) {
        if let Ok(place) = months.binary_search(&month_of(order.day.into())) {
            counts[place] += 1;
        }
    }
    counts.into_iter().map(|count| count as f64 / orders.found.share()).collect()
}

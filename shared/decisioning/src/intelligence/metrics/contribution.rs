//! Revenue and profit by the members of each dimension, and the members that lose money.

use super::definitions::{CONTRIBUTION, LOSS_MAKING_MEMBERS};
use super::{Inputs, basis};
use crate::intelligence::analyse::Read;
use crate::intelligence::data::{Contribution, FinancialIntelligence, Member};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Ledger, Why, absent, missing};
use crate::intelligence::parts::days::Totals;
use crate::intelligence::parts::sales::{Dimension, Sales};
use crate::intelligence::role::Role;

/// Members that are listed by revenue and by loss.
const LISTED: usize = 25;
const DIMENSIONS: [Role; 3] = [Role::Category, Role::Region, Role::Product];

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut FinancialIntelligence) {
    let rows = inputs.sales().map_or(0, |(_, sales)| sales.total.valued);
    let roles = [Role::Category, Role::Region, Role::Product, Role::Amount, Role::Profit, Role::Cost];
    let found = inputs.money().and_then(|(read, sales)| all(read, sales));
    let losses = found.as_ref().map_err(Why::clone).and_then(|parts| {
        let costed = inputs.sales().map_or(0, |(_, sales)| sales.total.costed_rows);
        let known = parts.iter().any(|part| part.loss_making_count.is_some());
        if known { Ok(costed) } else { Err(missing(&[Role::Profit, Role::Cost])) }
    });
    out.contribution = ledger.enter(&CONTRIBUTION, basis(inputs, &roles, rows), found).unwrap_or_default();
    let costed = losses.as_ref().copied().unwrap_or(0);
    ledger.enter(&LOSS_MAKING_MEMBERS, basis(inputs, &roles, costed), losses);
}

fn all(read: &Read, sales: &Sales) -> Result<Vec<Contribution>, Why> {
    if sales.dimensions.is_empty() {
        return Err(missing(&DIMENSIONS));
    }
    let whole = |dimension: &&Dimension| read.gather.wanted[dimension.place].members.refused == 0;
    let found: Vec<Contribution> = sales.dimensions.iter().filter(whole).map(|d| one(read, sales, d)).collect();
    if found.is_empty() { Err(absent("the columns have more different members than max_members")) } else { Ok(found) }
}

fn one(read: &Read, sales: &Sales, dimension: &Dimension) -> Contribution {
    let wanted = &read.gather.wanted[dimension.place];
    let total = sales.total.amount;
    let member = |place: usize, totals: &Totals| {
        let name = if wanted.is_personal { "[masked]" } else { wanted.members.name(place) };
        shown(name.to_owned(), totals, total)
    };
    let order_of = |place: &usize| wanted.members.hash(*place);
    let mut by_revenue: Vec<usize> = (0..dimension.members.len()).filter(|p| dimension.members[*p].rows > 0).collect();
    by_revenue.sort_by_key(|place| (std::cmp::Reverse(dimension.members[*place].amount), order_of(place)));
    let losing = |place: &usize| dimension.members[*place].costed_rows > 0 && dimension.members[*place].profit < 0;
    let mut by_loss: Vec<usize> = by_revenue.iter().copied().filter(losing).collect();
    by_loss.sort_by_key(|place| (dimension.members[*place].profit, order_of(place)));
    let mut other = dimension.rest;
    by_revenue.iter().skip(LISTED).for_each(|place| other.add(&dimension.members[*place]));
    let listed = by_revenue.iter().take(LISTED).map(|place| member(*place, &dimension.members[*place]));
    let parts: i128 = dimension.members.iter().map(|totals| totals.amount).sum::<i128>() + dimension.rest.amount;
    let is_costed = sales.total.costed_rows > 0;
    let lost: i128 = by_loss.iter().map(|place| dimension.members[*place].amount).sum();
    let loss: i128 = by_loss.iter().map(|place| dimension.members[*place].profit).sum();
    Contribution {
        dimension: wanted.column.clone(),
        role: wanted.role.name().to_owned(),
        member_count: by_revenue.len() as u64,
        members: listed.collect(),
        other: (other.rows > 0).then(|| shown("other".to_owned(), &other, total)),
        sum_of_parts: to_f64(parts),
        reconciliation_error: if total == 0 { 0.0 } else { (parts - total) as f64 / total as f64 },
        loss_making_count: is_costed.then_some(by_loss.len() as u64),
        loss_making_sum: is_costed.then(|| to_f64(loss)),
        loss_making_revenue: is_costed.then(|| to_f64(lost)),
        loss_making: by_loss.iter().take(LISTED).map(|place| member(*place, &dimension.members[*place])).collect(),
    }
}

fn shown(name: String, totals: &Totals, total: i128) -> Member {
    Member {
        name,
        revenue: to_f64(totals.amount),
        share: super::share(totals.amount, total),
        profit: super::profit(totals),
        margin_percent: totals.margin().map(|margin| margin * 100.0),
        rows: totals.rows,
    }
}

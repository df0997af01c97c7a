//! How much depends on few customers.

use super::definitions::{CONCENTRATION, DIVERSIFICATION};
use super::people::{People, Person};
use super::rfm::{Scales, segment};
use super::{Inputs, basis};
use crate::intelligence::data::{ConcentrationReport, CurvePoint, CustomerIntelligence, LargeCustomer};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Ledger, Why, absent};
use crate::intelligence::role::Role;
use crate::statistics::concentration;

/// Customers that are listed.
const LISTED: usize = 10;

pub(crate) fn compute(
    inputs: &Inputs<'_>,
    people: Result<&People<'_>, &Why>,
    ledger: &mut Ledger,
    out: &mut CustomerIntelligence,
) {
    let found = people.map_err(Why::clone).and_then(|people| {
        inputs.money()?;
        people.whole()?;
        report(inputs, people).ok_or_else(|| absent("no customer has positive revenue"))
    });
    let n = found.as_ref().map_or(0, |found| found.customers);
    let roles = [Role::Customer, Role::Amount];
    let score = found.as_ref().map(|found| 1.0 - found.hhi / 10_000.0).map_err(Why::clone);
    out.concentration = ledger.enter(&CONCENTRATION, basis(inputs, &roles, n), found);
    out.diversification_score = ledger.enter(&DIVERSIFICATION, basis(inputs, &roles, n), score);
}

fn report(inputs: &Inputs<'_>, people: &People<'_>) -> Option<ConcentrationReport> {
    let parts: Vec<f64> = people.persons.iter().map(|person| to_f64(person.net)).collect();
    let found = concentration::of(&parts)?;
    Some(ConcentrationReport {
        customers: found.members as u64,
        top_1_share: found.largest,
        top_10_share: found.ten_largest,
        top_10_percent_share: found.largest_tenth,
        customers_for_80_percent: found.members_for_80_percent,
        gini: found.gini,
        hhi: found.herfindahl,
        curve: found
            .curve
            .iter()
            .map(|(customers, revenue)| CurvePoint { customers: *customers, revenue: *revenue })
            .collect(),
        largest: largest(inputs, people, found.total),
    })
}

fn largest(inputs: &Inputs<'_>, people: &People<'_>, total: f64) -> Vec<LargeCustomer> {
    let customer = inputs.sales_read().and_then(|read| read.gather.of(Role::Customer));
    let scales = Scales::new(people);
    let mut order: Vec<&Person> = people.persons.iter().filter(|person| person.net > 0).collect();
    order.sort_by_key(|person| (std::cmp::Reverse(person.net), person.hash));
    let of = |person: &&Person| {
        let is_dated = person.visits > 0;
        let (recency, frequency, _) = if is_dated { scales.scores(person) } else { (1, 1, 1) };
        LargeCustomer {
            customer: customer.and_then(|wanted| wanted.names.get(person.hash)).map(str::to_owned),
            revenue: to_f64(person.net),
            share: to_f64(person.net) / total,
            purchases: person.visits.into(),
            recency_days: people.as_of.filter(|_| is_dated).map(|as_of| as_of - person.last),
            segment: is_dated.then(|| segment(recency, frequency).to_owned()),
        }
    };
    order.iter().take(LISTED).map(of).collect()
}

//! Customers one by one, from what each bought on which day.

use super::definitions::{CUSTOMERS, INTER_PURCHASE_DAYS, REPEAT_RATE};
use super::operations::spread;
use super::{Inputs, basis};
use crate::intelligence::data::{CustomerIntelligence, Note};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Ledger, Why, absent, missing};
use crate::intelligence::parts::customers::Purchase;
use crate::intelligence::parts::days::Histogram;
use crate::intelligence::role::Role;

/// One customer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) hash: u64,
    start: usize,
    end: usize,
    /// Revenue less what was given back, in millionths.
    pub(crate) net: i128,
    /// Days with a purchase.
    pub(crate) visits: u32,
    /// First and last of these.
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// All customers in the order of their hashes, which is the same for every order of rows.
pub(crate) struct People<'a> {
    entries: &'a [Purchase],
    pub(crate) persons: Vec<Person>,
    /// The share of the customers that is here, by hash.
    pub(crate) share: f64,
    /// The day against which recency is measured: that of the request, else the last purchase.
    pub(crate) as_of: Option<i64>,
}

/// What a customer bought on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Visit {
    pub(crate) day: i64,
    pub(crate) amount: i64,
}

/// The customers of the table of sales; those who bought after the day of the request alone are left out.
pub(crate) fn of<'a>(inputs: &Inputs<'a>) -> Result<People<'a>, Why> {
    let (read, _) = inputs.needed_sales()?;
    let part = read.gather.parts.customers.as_ref().ok_or_else(|| missing(&[Role::Customer]))?;
    let entries = part.purchases.entries();
    let mut persons = Vec::new();
    let mut start = 0;
    while start < entries.len() {
        let hash = entries[start].customer;
        let end = start + entries[start..].partition_point(|entry| entry.customer == hash);
        persons.extend(person(entries, start, end, inputs.as_of));
        start = end;
    }
    if persons.is_empty() {
        return Err(absent("no row has a customer"));
    }
    let last = persons.iter().filter(|p| p.visits > 0).map(|person| person.last).max();
    Ok(People { entries, persons, share: part.purchases.share(), as_of: inputs.as_of.or(last) })
}

fn person(entries: &[Purchase], start: usize, end: usize, as_of: Option<i64>) -> Option<Person> {
    let mut person = Person { hash: entries[start].customer, start, end, net: 0, visits: 0, first: 0, last: 0 };
    let mut seen = 0;
    let happened = |entry: &&Purchase| entry.day().zip(as_of).is_none_or(|(day, as_of)| day <= as_of);
    for entry in entries[start..end].iter().filter(happened) {
        seen += 1;
        person.net += i128::from(entry.amount);
        if let Some(day) = entry.day().filter(|_| !entry.is_return()) {
            person.first = if person.visits == 0 { day } else { person.first };
            person.last = day;
            person.visits += 1;
        }
    }
    (seen > 0).then_some(person)
}

impl People<'_> {
    /// The days with purchases of a customer, in order.
    pub(crate) fn visits(&self, person: &Person) -> impl Iterator<Item = Visit> {
        let last = self.as_of.unwrap_or(i64::MAX);
        self.entries[person.start..person.end]
            .iter()
            .filter(|entry| !entry.is_return())
            .filter_map(move |entry| Some(Visit { day: entry.day().filter(|day| *day <= last)?, amount: entry.amount }))
    }

    /// As many as there are of all customers, by the number of those that are here.
    pub(crate) fn of_all(&self, here: u64) -> u64 {
        if self.share < 1.0 { (here as f64 / self.share).round() as u64 } else { here }
    }

    /// The money of all customers, by that of those that are here.
    pub(crate) fn money_of_all(&self, here: i128) -> f64 {
        if self.share < 1.0 { to_f64(here) / self.share } else { to_f64(here) }
    }

    /// Refuses figures that the largest customers decide, who may be missing in a sample.
    pub(crate) fn whole(&self) -> Result<(), Why> {
        let percent = self.share * 100.0;
        let reason = || format!("customers are a sample of {percent:.2} %, in which the largest ones may be missing");
        if self.share < 1.0 { Err(Why::Absent(reason())) } else { Ok(()) }
    }

    /// Customers with a dated purchase.
    pub(crate) fn dated(&self) -> impl Iterator<Item = &Person> {
        self.persons.iter().filter(|person| person.visits > 0)
    }

    /// The day against which recency is measured, where any purchase has a date.
    pub(crate) fn needed_day(&self) -> Result<i64, Why> {
        let undated = "no purchase has a plausible date";
        self.as_of.filter(|_| self.dated().next().is_some()).ok_or_else(|| absent(undated))
    }
}

/// What there is to know besides the figures: that there are more customers than are kept.
pub(crate) fn notes(inputs: &Inputs<'_>) -> Option<Note> {
    let (read, _) = inputs.sales()?;
    let purchases = &read.gather.parts.customers.as_ref()?.purchases;
    let message = "customers or their purchases are too many to keep: figures of customers are estimated from a sample";
    (!purchases.is_whole()).then(|| Note {
        object: read.table.object.clone(),
        code: "customers_sampled".to_owned(),
        message: message.to_owned(),
        count: 1,
        loses_data: true,
    })
}

pub(crate) fn compute(
    inputs: &Inputs<'_>,
    people: Result<&People<'_>, &Why>,
    ledger: &mut Ledger,
    out: &mut CustomerIntelligence,
) {
    let people = people.map_err(Why::clone);
    out.sampled_share = people.as_ref().ok().map(|people| people.share);
    let count = people.clone().map(|people| people.of_all(people.persons.len() as u64));
    let n = people.as_ref().map_or(0, |people| people.persons.len() as u64);
    out.customers = ledger.enter(&CUSTOMERS, basis(inputs, &[Role::Customer], n), count);
    let roles = [Role::Customer, Role::OrderDate, Role::Date];
    let repeats = people.clone().and_then(|people| {
        people.needed_day()?;
        let (all, again) = people.dated().fold((0_u64, 0_u64), |sum, p| (sum.0 + 1, sum.1 + u64::from(p.visits > 1)));
        Ok((again as f64 / all as f64, all))
    });
    let n = repeats.as_ref().map_or(0, |(_, all)| *all);
    out.repeat_rate = ledger.enter(&REPEAT_RATE, basis(inputs, &roles, n), repeats.map(|(rate, _)| rate));
    out.repeat_revenue_share = people.as_ref().ok().and_then(|people| repeat_revenue(inputs, people));
    let pauses = people.and_then(|people| {
        people.needed_day()?;
        spread(&pauses(people)).ok_or_else(|| absent("no customer bought on more than one day"))
    });
    let n = pauses.as_ref().map_or(0, |pauses| pauses.count);
    out.inter_purchase_days = ledger.enter(&INTER_PURCHASE_DAYS, basis(inputs, &roles, n), pauses);
}

/// The share of the revenue that customers with purchases on more than one day brought, of those with a dated purchase.
fn repeat_revenue(inputs: &Inputs<'_>, people: &People<'_>) -> Option<f64> {
    inputs.money().ok()?;
    let sum =
        |least: u32| people.dated().filter(|person| person.visits >= least).map(|person| person.net).sum::<i128>();
    super::share(sum(2), sum(1))
}

fn pauses(people: &People<'_>) -> Histogram {
    let mut pauses = Histogram::default();
    for person in people.dated() {
        let mut before = None;
        for visit in people.visits(person) {
            if let Some(before) = before.replace(visit.day) {
                pauses.add(visit.day - before);
            }
        }
    }
    pauses
}

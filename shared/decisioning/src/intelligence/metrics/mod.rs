//! Figures from what was added up.

pub(crate) mod definitions;

mod cohorts;
mod concentration;
mod contribution;
mod discount;
mod growth;
mod lifetime;
mod operations;
mod orders;
mod outside;
mod people;
mod price_volume_mix;
mod receivables;
mod revenue;
mod rfm;
mod series;

use super::analyse::Read;
use super::data::{Data, Note};
use super::fixed;
use super::ledger::{Basis, Ledger, Why, absent, missing};
use super::limits::Limits;
use super::parts::days::Totals;
use super::parts::sales::Sales;
use super::periods::Calendar;
use super::request::Group;
use super::role::Role;

/// What figures are computed from.
pub(crate) struct Inputs<'a> {
    pub(crate) reads: &'a [Read],
    /// The day as of which receivables and recency are judged, if the request names one.
    pub(crate) as_of: Option<i64>,
    pub(crate) limits: &'a Limits,
}

impl<'a> Inputs<'a> {
    pub(crate) fn sales(&self) -> Option<(&'a Read, &'a Sales)> {
        self.reads.iter().find_map(|read| Some((read, read.gather.parts.sales.as_ref()?)))
    }

    pub(crate) fn sales_read(&self) -> Option<&'a Read> {
        self.sales().map(|(read, _)| read)
    }

    /// The table of sales, or that there is none.
    pub(crate) fn needed_sales(&self) -> Result<(&'a Read, &'a Sales), Why> {
        self.sales().ok_or_else(|| absent("no table holds sales: amounts, or customers with dates"))
    }

    /// The table of sales whose amounts may be added up.
    pub(crate) fn money(&self) -> Result<(&'a Read, &'a Sales), Why> {
        let (read, sales) = self.needed_sales()?;
        addable(read)?;
        if sales.total.valued == 0 {
            let has_column = read.gather.of(Role::Amount).is_some() || read.gather.of(Role::Price).is_some();
            return Err(if has_column { absent("no row has an amount") } else { missing(&[Role::Amount]) });
        }
        Ok((read, sales))
    }

    /// The days with sales.
    pub(crate) fn calendar(&self) -> Result<Calendar, Why> {
        let (read, sales) = self.needed_sales()?;
        if read.gather.of(Role::OrderDate).is_none() && read.gather.of(Role::Date).is_none() {
            return Err(missing(&[Role::OrderDate, Role::Date]));
        }
        Calendar::new(sales.days.sorted()).ok_or_else(|| absent("no row has a plausible date"))
    }
}

/// Whether the amounts of a table may be added up: they must not be in several currencies.
pub(crate) fn addable(read: &Read) -> Result<(), Why> {
    let mixed = "amounts are in several currencies, which are not added up; name one in `currency`";
    let named = match &read.gather.parts.sales {
        Some(sales) => sales.currencies.keys().flatten().count(),
        None => read.gather.of(Role::Currency).map_or(0, |wanted| wanted.members.len()),
    };
    let is_filtered = read.is_filtered && read.gather.of(Role::Currency).is_some();
    if named > 1 && !is_filtered {
        return Err(absent(mixed));
    }
    let money = read.gather.wanted.iter().filter(|wanted| wanted.role.is_money());
    let signs: std::collections::BTreeSet<char> =
        money.flat_map(|w| w.signs.iter().copied()).filter(|s| *s != ' ').collect();
    if signs.len() > 1 && !is_filtered {
        return Err(absent("amounts carry different currency signs, so they are not added up"));
    }
    Ok(())
}

/// The profit of some rows, if any of them has one.
pub(crate) fn profit(totals: &Totals) -> Option<f64> {
    (totals.costed_rows > 0).then(|| fixed::to_f64(totals.profit))
}

/// A part of a whole; `None` unless the whole is positive.
pub(crate) fn share(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A change as a share of what was before; `None` unless that was positive.
pub(crate) fn change(before: i128, after: i128) -> Option<f64> {
    (before > 0).then(|| (after - before) as f64 / before as f64)
}

/// Computes every figure that is asked for.
pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger) -> Data {
    let mut data = Data::default();
    if ledger.wants(Group::FinancialHealth) {
        let financial = &mut data.financial_intelligence;
        revenue::compute(inputs, ledger, financial);
        contribution::compute(inputs, ledger, financial);
        discount::compute(inputs, ledger, financial);
        price_volume_mix::compute(inputs, ledger, financial);
        growth::compute(inputs, ledger, financial);
        receivables::compute(inputs, ledger, financial);
    }
    if ledger.wants(Group::OperationalEfficiency) {
        operations::compute(inputs, ledger, &mut data.operational_intelligence);
        orders::compute(inputs, ledger, &mut data.operational_intelligence);
    }
    if ledger.wants(Group::CustomerAnalytics) {
        let people = people::of(inputs);
        let customers = &mut data.customer_intelligence;
        people::compute(inputs, people.as_ref(), ledger, customers);
        rfm::compute(inputs, people.as_ref(), ledger, customers);
        cohorts::compute(inputs, people.as_ref(), ledger, customers);
        concentration::compute(inputs, people.as_ref(), ledger, customers);
        lifetime::compute(inputs, people.as_ref(), ledger, customers);
        receivables::payments(inputs, ledger, customers);
    }
    revenue::quality(ledger, &mut data);
    outside::enter(ledger);
    data.series = series::of(inputs);
    data
}

/// What there is to know besides the figures that were asked for.
pub(crate) fn notes(inputs: &Inputs<'_>, ledger: &Ledger) -> Vec<Note> {
    let mut notes = Vec::new();
    if ledger.wants(Group::FinancialHealth) {
        notes.extend(receivables::notes(inputs));
    }
    if ledger.wants(Group::CustomerAnalytics) {
        notes.extend(people::notes(inputs));
    }
    notes
}

/// What a figure over sales comes from.
pub(crate) fn basis(inputs: &Inputs<'_>, roles: &[Role], n: u64) -> Basis {
    Basis::new(inputs.sales_read(), roles, n)
}

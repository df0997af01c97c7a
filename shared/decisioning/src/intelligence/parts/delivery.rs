//! How long deliveries took, whether they came as promised and in full, and what came back.

use super::days::{Histogram, Totals};
use super::{Places, Worth, at};
use crate::intelligence::role::Role;

/// The deliveries of a table.
#[derive(Debug)]
pub(crate) struct Delivery {
    date: Option<usize>,
    shipped: Option<usize>,
    promised: Option<usize>,
    delivered: Option<usize>,
    returned: Option<usize>,
    worth: Worth,
    /// Days from order to shipping.
    pub(crate) lead: Histogram,
    /// Rows that were shipped before they were ordered.
    pub(crate) reversed: u64,
    /// Days from the promised day to shipping; up to 0 is on time.
    pub(crate) lateness: Histogram,
    /// Units ordered and units delivered, of the rows with both.
    pub(crate) ordered: i128,
    pub(crate) supplied: i128,
    pub(crate) filled_rows: u64,
    /// Rows that say whether they came back, and those that did.
    pub(crate) flagged: Totals,
    pub(crate) returns: Totals,
    /// Rows with an amount or a quantity, and those where it is negative.
    pub(crate) signed: Totals,
    pub(crate) negative: Totals,
}

impl Delivery {
    pub(crate) fn new(places: &Places, worth: Worth, date: Option<usize>) -> Self {
        Self {
            date,
            shipped: places.of(Role::ShipDate),
            promised: places.of(Role::PromisedDate),
            delivered: places.of(Role::DeliveredQuantity),
            returned: places.of(Role::Returned),
            worth,
            lead: Histogram::default(),
            reversed: 0,
            lateness: Histogram::default(),
            ordered: 0,
            supplied: 0,
            filled_rows: 0,
            flagged: Totals::default(),
            returns: Totals::default(),
            signed: Totals::default(),
            negative: Totals::default(),
        }
    }

    #[inline]
    pub(crate) fn row(&mut self, row: &[i64]) {
        let (amount, quantity) = (self.worth.amount(row), self.worth.quantity(row));
        if let Some(shipped) = at(row, self.shipped) {
            self.add_shipping(row, shipped);
        }
        if let (Some(ordered), Some(delivered)) = (quantity, at(row, self.delivered)) {
            self.ordered += i128::from(ordered);
            self.supplied += i128::from(delivered.min(ordered));
            self.filled_rows += 1;
        }
        if let Some(returned) = at(row, self.returned) {
            self.flagged.add_row(amount, None, quantity);
            if returned == 1 {
                self.returns.add_row(amount, None, quantity);
            }
        }
        if amount.is_some() || quantity.is_some() {
            self.signed.add_row(amount, None, quantity);
            if amount.or(quantity).is_some_and(|value| value < 0) {
                self.negative.add_row(amount, None, quantity);
            }
        }
    }

    fn add_shipping(&mut self, row: &[i64], shipped: i64) {
        match at(row, self.date) {
            Some(ordered) if shipped < ordered => self.reversed += 1,
            Some(ordered) => self.lead.add(shipped - ordered),
            None => {}
        }
        if let Some(promised) = at(row, self.promised) {
            self.lateness.add(shipped - promised);
        }
    }
}

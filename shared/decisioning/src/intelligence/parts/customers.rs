//! Who bought on which day, for how much.

use super::{Places, Worth, at};
use crate::intelligence::compact::{Compact, Entry};
use crate::intelligence::limits::Limits;
use crate::intelligence::role::Role;
use crate::intelligence::wanted::FIRST_DAY;

/// Purchases at hand: a customer of a day mostly buys several things at once.
const RECENT: usize = 1 << 6;

/// What one customer bought, or gave back, on one day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purchase {
    pub(crate) customer: u64,
    /// Twice the day counted from the first plausible one, 0 and 1 being unknown days; odd for what was given back.
    mark: u32,
    pub(crate) rows: u32,
    pub(crate) amount: i64,
}

impl Purchase {
    /// The day counted from 1970-01-01.
    pub(crate) fn day(&self) -> Option<i64> {
        (self.mark > 1).then(|| i64::from(self.mark / 2) - 1 + FIRST_DAY)
    }

    /// Whether the customer gave something back.
    pub(crate) fn is_return(&self) -> bool {
        self.mark % 2 == 1
    }
}

impl Entry for Purchase {
    type Key = (u64, u32);
    fn key(&self) -> (u64, u32) {
        (self.customer, self.mark)
    }
    fn hash(&self) -> u64 {
        self.customer
    }
    fn spread(&self) -> u64 {
        self.customer.wrapping_add(u64::from(self.mark))
    }
    fn add(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.amount = self.amount.saturating_add(other.amount);
    }
}

/// The customers of a table.
#[derive(Debug)]
pub(crate) struct Customers {
    customer: usize,
    date: Option<usize>,
    worth: Worth,
    /// Rows with a customer.
    pub(crate) rows: u64,
    pub(crate) purchases: Compact<Purchase>,
    max_customers: usize,
}

impl Customers {
    pub(crate) fn new(places: &Places, worth: Worth, date: Option<usize>, limits: &Limits) -> Option<Self> {
        let customer = places.of(Role::Customer)?;
        let purchases = Compact::new(limits.max_purchases, RECENT);
        Some(Self { customer, date, worth, rows: 0, purchases, max_customers: limits.max_customers })
    }

    pub(crate) fn close(&mut self) {
        self.purchases.close();
        self.purchases.thin_to(self.max_customers);
    }

    #[inline]
    pub(crate) fn row(&mut self, row: &[i64]) {
        let Some(customer) = at(row, Some(self.customer)) else { return };
        let amount = self.worth.amount(row).unwrap_or(0);
        let day = at(row, self.date).map_or(0, |day| (day - FIRST_DAY + 1) as u32);
        self.rows += 1;
        let mark = day * 2 + u32::from(amount < 0);
        self.purchases.add(Purchase { customer: customer.cast_unsigned(), mark, rows: 1, amount });
    }
}

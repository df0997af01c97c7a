//! Orders: what each is worth, how many lines it has, on which day it began.

use super::{Places, Worth, at};
use crate::intelligence::compact::{Compact, Entry};
use crate::intelligence::limits::Limits;
use crate::intelligence::role::Role;

/// Orders at hand: the lines of an order mostly follow each other.
const RECENT: usize = 1 << 6;
/// No day is known.
pub(crate) const NO_DAY: i32 = i32::MAX;

/// One order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    hash: u64,
    /// The first day of its lines, or [`NO_DAY`].
    pub(crate) day: i32,
    pub(crate) lines: u32,
    /// Lines with an amount.
    pub(crate) valued: u32,
    pub(crate) amount: i64,
    pub(crate) quantity: i64,
}

impl Entry for Order {
    type Key = u64;
    fn key(&self) -> u64 {
        self.hash
    }
    fn hash(&self) -> u64 {
        self.hash
    }
    fn add(&mut self, other: &Self) {
        self.day = self.day.min(other.day);
        self.lines = self.lines.saturating_add(other.lines);
        self.valued = self.valued.saturating_add(other.valued);
        self.amount = self.amount.saturating_add(other.amount);
        self.quantity = self.quantity.saturating_add(other.quantity);
    }
}

/// The orders of a table.
#[derive(Debug)]
pub(crate) struct Orders {
    order: usize,
    date: Option<usize>,
    worth: Worth,
    pub(crate) found: Compact<Order>,
}

impl Orders {
    pub(crate) fn new(places: &Places, worth: Worth, date: Option<usize>, limits: &Limits) -> Option<Self> {
        let order = places.of(Role::OrderId)?;
        Some(Self { order, date, worth, found: Compact::new(limits.max_orders, RECENT) })
    }

    #[inline]
    pub(crate) fn row(&mut self, row: &[i64]) {
        let Some(hash) = at(row, Some(self.order)) else { return };
        let amount = self.worth.amount(row);
        self.found.add(Order {
            hash: hash.cast_unsigned(),
            day: at(row, self.date).map_or(NO_DAY, |day| day as i32),
            lines: 1,
            valued: u32::from(amount.is_some()),
            amount: amount.unwrap_or(0),
            quantity: self.worth.quantity(row).unwrap_or(0),
        });
    }
}

//! Invoices: what was billed, what is open and since when, how fast the rest was paid.

use std::collections::BTreeMap;

use super::days::{ByDay, Histogram};
use super::{Places, Worth, at};
use crate::intelligence::role::Role;

/// Money that is open, in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Open {
    pub(crate) rows: u64,
    pub(crate) amount: i128,
}

impl Open {
    fn add(&mut self, amount: i64) {
        self.rows += 1;
        self.amount += i128::from(amount);
    }
}

/// The invoices of a table.
#[derive(Debug)]
pub(crate) struct Receivables {
    worth: Worth,
    invoiced: Option<usize>,
    due: Option<usize>,
    paid: Option<usize>,
    paid_amount: Option<usize>,
    open_amount: Option<usize>,
    /// Judged as of this day; payments and invoices after it have not happened. The data's last day when absent.
    as_of: Option<i64>,
    /// The last day on which something was invoiced or paid.
    pub(crate) last_day: Option<i64>,
    /// Billed by day; undated invoices are in `undated`.
    pub(crate) billed: ByDay<Open>,
    pub(crate) undated: Open,
    /// Open amounts by the day they are due.
    pub(crate) open: BTreeMap<Option<i64>, Open>,
    /// Rows whose open amount is unknown.
    pub(crate) unknown: u64,
    /// Invoices after the day as of which all is judged.
    pub(crate) later: u64,
    /// Days from invoice to payment.
    pub(crate) days_to_pay: Histogram,
    /// Days from the due day to payment; above 0 is late.
    pub(crate) lateness: Histogram,
    /// Paid before it was invoiced.
    pub(crate) reversed: u64,
}

impl Receivables {
    pub(crate) fn new(places: &Places, worth: Worth, date: Option<usize>) -> Self {
        Self {
            worth,
            invoiced: date,
            due: places.of(Role::DueDate),
            paid: places.of(Role::PaidDate),
            paid_amount: places.of(Role::PaidAmount),
            open_amount: places.of(Role::OpenAmount),
            as_of: None,
            last_day: None,
            billed: ByDay::default(),
            undated: Open::default(),
            open: BTreeMap::new(),
            unknown: 0,
            later: 0,
            days_to_pay: Histogram::default(),
            lateness: Histogram::default(),
            reversed: 0,
        }
    }

    /// Judges as of a day.
    pub(crate) fn as_of(&mut self, day: Option<i64>) {
        self.as_of = day;
    }

    #[inline]
    pub(crate) fn row(&mut self, row: &[i64]) {
        let invoiced = at(row, self.invoiced);
        if invoiced.zip(self.as_of).is_some_and(|(day, as_of)| day > as_of) {
            self.later += 1;
            return;
        }
        let paid = at(row, self.paid).filter(|paid| self.as_of.is_none_or(|as_of| *paid <= as_of));
        self.last_day = self.last_day.max(invoiced).max(paid);
        let amount = self.worth.amount(row);
        if let Some(amount) = amount {
            match invoiced {
                Some(day) => self.billed.at(day).add(amount),
                None => self.undated.add(amount),
            }
        }
        match self.open_of(row, amount, paid) {
            Some(open) if open != 0 => self.open.entry(at(row, self.due)).or_default().add(open),
            Some(_) => {}
            None => self.unknown += 1,
        }
        if let Some(paid) = paid {
            self.add_payment(row, invoiced, paid);
        }
    }

    /// What is open: the column that says so, else the amount less what was paid, else all of it while unpaid.
    fn open_of(&self, row: &[i64], amount: Option<i64>, paid: Option<i64>) -> Option<i64> {
        if self.open_amount.is_some() {
            return at(row, self.open_amount);
        }
        if self.paid_amount.is_some() {
            return amount?.checked_sub(at(row, self.paid_amount).unwrap_or(0));
        }
        self.paid?;
        if paid.is_some() { Some(0) } else { amount }
    }

    fn add_payment(&mut self, row: &[i64], invoiced: Option<i64>, paid: i64) {
        match invoiced {
            Some(invoiced) if paid < invoiced => self.reversed += 1,
            Some(invoiced) => self.days_to_pay.add(paid - invoiced),
            None => {}
        }
        if let Some(due) = at(row, self.due) {
            self.lateness.add(paid - due);
        }
    }

    /// Whether open amounts can be told from the columns that there are.
    pub(crate) fn tells_open(&self) -> bool {
        self.open_amount.is_some() || self.paid_amount.is_some() || self.paid.is_some()
    }
}
